"""Money that moves at head office: invoices, adjustments, transfers."""

from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Annotated, Literal

import typer

from meterpos.cli import show
from meterpos.cli.headoffice.notes import ask, tell_note
from meterpos.cli.headoffice.opened import Day, day, opened, tell
from meterpos.cli.rendering import COLUMNS, Columns, PaperSize, check_columns, rendered
from meterpos.cli.style import Json, example, new_group

invoice_app = new_group(help="Invoices: what accounts are asked to pay, by when.")

Account = Annotated[str, typer.Argument(metavar="ACCOUNT", help="The account's number.")]
Amount = Annotated[str, typer.Option("--amount", metavar="A", help="How much, for example 2500 or 2,500.50.")]
Reason = Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why; it stands on the statement.")]
AskedBy = Annotated[str, typer.Option("--by", metavar="USER", help="Who asks for it.")]


def add_to(group: typer.Typer) -> None:
    """Add this file's commands to the group."""
    group.command("adjust", epilog=example("meterpos headoffice adjust A00107 --amount -150 --reason 'meter misread'"))(
        adjust
    )
    group.command(
        "transfer",
        epilog=example("meterpos headoffice transfer SUSPENSE-KSM01 A00107 --amount 1000 --reason 'meter found'"),
    )(transfer)


def adjust(
    context: typer.Context,
    account: Account,
    *,
    amount: Annotated[str, typer.Option("--amount", metavar="±A", help="Above zero charges, below zero credits.")],
    reason: Reason,
    by: AskedBy = "head office",
    on: Day = None,
    json: Json = False,
) -> None:
    """Charge or credit an account; from approval_from_minor on, a second person agrees with `note approve`."""
    from meterpos.headoffice.billing import notes
    from meterpos.headoffice.books import NothingToMove
    from meterpos.ledger.money import format_amount, parse_amount

    amount_minor = parse_amount(amount, signed=True)
    if not amount_minor:
        raise NothingToMove("An adjustment of nothing changes nothing. Give an amount.", field="amount")
    with opened(context) as office, office.write() as (conn, outgoing):
        note = notes.ask(
            conn,
            outgoing,
            kind="debit-note" if amount_minor > 0 else "credit-note",
            account_no=account,
            amount_minor=abs(amount_minor),
            reason=reason,
            by=by,
            on=day(office, on),
            at=office.moment().at,
        )
    if note.status == "waiting":
        tell_note(note, json=json)
        return
    tell(
        f"{note.adjustment_no}: {format_amount(amount_minor)} on account {account}.",
        {"number": note.adjustment_no, "account": account, "amount_minor": amount_minor},
        json=json,
    )


def transfer(
    context: typer.Context,
    from_account: Annotated[str, typer.Argument(metavar="FROM_ACCOUNT", help="The account that holds the money.")],
    to_account: Annotated[str, typer.Argument(metavar="TO_ACCOUNT", help="The account it belongs to.")],
    *,
    amount: Amount,
    reason: Reason,
    by: AskedBy = "head office",
    on: Day = None,
    json: Json = False,
) -> None:
    """Move money one account holds to another; from approval_from_minor on, a second person agrees to it."""
    from meterpos.ledger.money import format_amount

    note = ask(context, "transfer", from_account, amount, reason, by, on, to_account=to_account)
    if note.status == "waiting":
        tell_note(note, json=json)
        return
    tell(
        f"{note.adjustment_no}: {format_amount(note.amount_minor)} moved from {from_account} to {to_account}.",
        {"number": note.adjustment_no, "from": from_account, "to": to_account, "amount_minor": note.amount_minor},
        json=json,
    )


@invoice_app.command(
    "add", epilog=example("meterpos headoffice invoice add INV-2026-00456 --account A00107 --amount 2300")
)
def add_invoice(
    context: typer.Context,
    number: Annotated[str, typer.Argument(metavar="NUMBER", help="The invoice's number.")],
    *,
    account: Annotated[str, typer.Option("--account", metavar="ACCOUNT", help="The account's number.")],
    amount: Amount,
    on: Day = None,
    due: Annotated[
        datetime | None,
        typer.Option("--due", metavar="D", formats=["%Y-%m-%d"], help="When it is due; else due_days after."),
    ] = None,
    json: Json = False,
) -> None:
    """Issue one invoice."""
    from meterpos.headoffice import books
    from meterpos.ledger.money import format_amount, parse_amount
    from meterpos.ledger.queries.settings import utility_settings

    amount_minor = parse_amount(amount)
    with opened(context) as office:
        made_on = day(office, on)
        with office.store.read() as conn:
            due_after = timedelta(days=utility_settings(conn).due_days)
        invoice = books.Invoice(
            invoice_no=number,
            account_no=account,
            invoice_date=made_on,
            due_date=due.date() if due else made_on + due_after,
            amount_minor=amount_minor,
        )
        with office.write() as (conn, outgoing):
            books.add_invoices(conn, outgoing, [invoice], at=office.moment().at)
    tell(
        f"Invoice {number}: {format_amount(amount_minor)} on account {account}, due {invoice.due_date:%d %b %Y}.",
        {"invoice": number, "account": account, "amount_minor": amount_minor, "due_date": invoice.due_date},
        json=json,
    )


@invoice_app.command("show", epilog=example("meterpos headoffice invoice show INV-000456 --format pdf > invoice.pdf"))
def show_invoice(
    context: typer.Context,
    number: Annotated[str, typer.Argument(metavar="NUMBER", help="The invoice's number.")],
    *,
    format_: Annotated[
        Literal["text", "pdf", "escpos"],
        typer.Option("--format", metavar="text|pdf|escpos", help="text, A4 (or --paper), printer bytes."),
    ] = "text",
    columns: Columns = None,
    paper_size: PaperSize = None,
    json: Json = False,
) -> None:
    """Write an invoice to the standard output: what it is for, what it comes to, and the code the tills find it by."""
    from meterpos.headoffice.billing.papers import find_invoice
    from meterpos.printing.invoice import compose_invoice

    check_columns(columns)
    with opened(context) as office, office.store.read() as conn:
        found = find_invoice(conn, number)
    if json:
        show.as_json({**asdict(found), "total_minor": found.total_minor})
        return
    size = paper_size or (None if columns else "a4")
    show.as_bytes(rendered(compose_invoice(found), format_, columns=columns or COLUMNS[-1], size=size))
