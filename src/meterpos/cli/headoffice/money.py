"""Money that moves at head office: invoices, adjustments, transfers, and what becomes of payments."""

from dataclasses import asdict
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, Literal

import typer

from meterpos.cli import show
from meterpos.cli.headoffice.notes import tell_note
from meterpos.cli.headoffice.opened import Day, day, opened, tell
from meterpos.cli.rendering import COLUMNS, Columns, PaperSize, check_columns, rendered
from meterpos.cli.style import Json, example, new_group

if TYPE_CHECKING:
    from meterpos.headoffice.books import Event

payments_app = new_group(help="What becomes of payments that are not cash.")
invoice_app = new_group(help="Invoices: what accounts are asked to pay, by when.")

Account = Annotated[str, typer.Argument(metavar="ACCOUNT", help="The account's number.")]
Amount = Annotated[str, typer.Option("--amount", metavar="A", help="How much, for example 2500 or 2,500.50.")]
Reason = Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why; it stands on the statement.")]
AskedBy = Annotated[str, typer.Option("--by", metavar="USER", help="Who asks for it.")]
Receipt = Annotated[str, typer.Argument(metavar="RECEIPT_NO", help="The receipt's number.")]
Number = Annotated[str, typer.Argument(metavar="NUMBER", help="The receipt's number, or the payment's reference.")]


def add_to(group: typer.Typer) -> None:
    """Add this file's commands to the group."""
    group.command("adjust", epilog=example("meterpos headoffice adjust A00107 --amount -150 --reason 'meter misread'"))(
        adjust
    )
    group.command("match", epilog=example("meterpos headoffice match statement.csv --dry-run"))(match)
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
    from meterpos.headoffice.billing import notes
    from meterpos.ledger.money import format_amount, parse_amount

    amount_minor = parse_amount(amount)
    with opened(context) as office, office.write() as (conn, outgoing):
        note = notes.ask(
            conn,
            outgoing,
            kind="transfer",
            account_no=from_account,
            to_account=to_account,
            amount_minor=amount_minor,
            reason=reason,
            by=by,
            on=day(office, on),
            at=office.moment().at,
        )
    if note.status == "waiting":
        tell_note(note, json=json)
        return
    tell(
        f"{note.adjustment_no}: {format_amount(amount_minor)} moved from {from_account} to {to_account}.",
        {"number": note.adjustment_no, "from": from_account, "to": to_account, "amount_minor": amount_minor},
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


@payments_app.command("confirm", epilog=example("meterpos headoffice payments confirm SKJ3XY71AB"))
def confirm(context: typer.Context, number: Number, on: Day = None, json: Json = False) -> None:
    """Note that an M-Pesa or bank payment was found in the statement."""
    _say(context, "confirmation", number, on, None, json=json)


@payments_app.command("clear", epilog=example("meterpos headoffice payments clear KSM01-B7K-000123"))
def clear(context: typer.Context, number: Number, on: Day = None, json: Json = False) -> None:
    """Note that a cheque was paid; it counts from now."""
    _say(context, "clearing", number, on, None, json=json)


@payments_app.command("bounce", epilog=example("meterpos headoffice payments bounce 104482 --reason 'no funds'"))
def bounce(context: typer.Context, number: Number, *, reason: Reason, on: Day = None, json: Json = False) -> None:
    """Note that a cheque, transfer or M-Pesa payment was not honoured; it counts no more."""
    _say(context, "bounce", number, on, reason, json=json)


@payments_app.command(
    "reverse", epilog=example("meterpos headoffice payments reverse KSM01-B7K-000123 --reason 'paid twice'")
)
def reverse(context: typer.Context, number: Receipt, *, reason: Reason, on: Day = None, json: Json = False) -> None:
    """Take back all payments of a receipt, whichever till made it; every till hears of it."""
    from meterpos.headoffice import putting_right
    from meterpos.ledger.money import format_amount

    with opened(context) as office, office.write() as (conn, outgoing):
        made_by, amount_minor = putting_right.reverse_receipt(
            conn, outgoing, number=number.strip().upper(), reason=reason, on=day(office, on), at=office.moment().at
        )
    tell(
        f"{made_by}: {format_amount(amount_minor)} of receipt {number} taken back. Give back what is due to its payer.",
        {"number": made_by, "receipt": number, "amount_minor": amount_minor},
        json=json,
    )


@payments_app.command(
    "move", epilog=example("meterpos headoffice payments move KSM01-B7K-000123 --to MTR-010 --reason 'wrong meter'")
)
def move(
    context: typer.Context,
    number: Receipt,
    *,
    to: Annotated[str, typer.Option("--to", metavar="M", help="The meter or account it was meant for.")],
    reason: Reason,
    on: Day = None,
    json: Json = False,
) -> None:
    """Move what a receipt paid to the account it was meant for, whichever till made it."""
    from meterpos.headoffice import putting_right
    from meterpos.ledger.money import format_amount
    from meterpos.ledger.queries.accounts import resolve

    with opened(context) as office, office.write() as (conn, outgoing):
        account_no = resolve(conn, to).account_no
        made_by, amount_minor = putting_right.move_receipt(
            conn,
            outgoing,
            number=number.strip().upper(),
            to_account=account_no,
            reason=reason,
            on=day(office, on),
            at=office.moment().at,
        )
    tell(
        f"{made_by}: {format_amount(amount_minor)} of receipt {number} moved to {account_no}.",
        {"number": made_by, "receipt": number, "to": account_no, "amount_minor": amount_minor},
        json=json,
    )


@payments_app.command(
    "place", epilog=example("meterpos headoffice payments place SKJ3XY71AB --to MTR-010 --reason 'payer called'")
)
def place(
    context: typer.Context,
    number: Number,
    *,
    to: Annotated[str, typer.Option("--to", metavar="M", help="The meter or account it is for.")],
    reason: Reason,
    on: Day = None,
    json: Json = False,
) -> None:
    """Place money that waits: in suspense, or on a statement without a payment that names it."""
    from meterpos.headoffice.matching import desk
    from meterpos.ledger.money import format_amount
    from meterpos.ledger.queries.accounts import resolve

    with opened(context) as office, office.write() as (conn, outgoing):
        account_no = resolve(conn, to).account_no
        done = desk.place(
            conn,
            outgoing,
            number=number,
            to_account=account_no,
            reason=reason,
            on=day(office, on),
            at=office.moment().at,
        )
    tell(
        f"{done.number}: {format_amount(done.amount_minor)} placed on {account_no}.",
        {"number": done.number, "account": account_no, "amount_minor": done.amount_minor},
        json=json,
    )


@payments_app.command("waiting", epilog=example("meterpos headoffice payments waiting --method cheque"))
def waiting(
    context: typer.Context,
    *,
    method: Annotated[
        str | None, typer.Option("--method", metavar="mpesa|bank|cheque", help="Only those by this method.")
    ] = None,
    json: Json = False,
) -> None:
    """List payments whose money was not seen yet, cheques in hand, and money whose payment is not known."""
    from dataclasses import asdict

    from meterpos.headoffice.matching.waiting import waiting as listed
    from meterpos.ledger.money import format_amount

    with opened(context) as office, office.store.read() as conn:
        found = listed(conn, method=method)
        today = office.moment().today
    if json:
        show.as_json({"waiting": [asdict(one) for one in found]})
        return
    rows = [
        (
            one.state,
            one.number,
            show.METHOD_NAMES[one.method],
            one.reference,
            one.account_no,
            f"{(today - one.on).days} d",
            format_amount(one.amount_minor),
        )
        for one in found
    ]
    columns = ("state", "number", "method", "reference", "account", "age", "amount")
    show.as_table(columns, rows, right=("age", "amount"))
    total_minor = sum(one.amount_minor for one in found)
    show.tell(f"{len(found):,} wait, {format_amount(total_minor)} in all.")


@payments_app.command("callback", epilog=example("meterpos headoffice payments callback"))
def callback(context: typer.Context, json: Json = False) -> None:
    """Show the addresses to give M-Pesa for payments by paybill; whoever knows them can tell of payments."""
    from meterpos.headoffice.matching import callbacks

    with opened(context) as office:
        secret = callbacks.secret(office.settings.home)
    paths = {f"{what}_path": f"/v1/c2b/{secret}/{what}" for what in ("confirmation", "validation")}
    tell(
        f"Give M-Pesa these addresses of this server, and nobody else: {' and '.join(paths.values())}",
        {**paths, "secret": secret},
        json=json,
    )


def match(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A statement of M-Pesa or of a bank, as CSV.")],
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be done.")] = False,
    json: Json = False,
) -> None:
    """Match a statement with payments: confirm what it shows, post paybill money, and name what does not fit."""
    from meterpos.headoffice.matching.statements import read_statement
    from meterpos.headoffice.matching.taking import COUNTED, take_statement

    statement = read_statement(file)
    with opened(context) as office:
        moment = office.moment()
        with office.rehearse() if dry_run else office.write() as (conn, outgoing):
            done = take_statement(conn, outgoing, statement, at=moment.at, today=moment.today)
    counts = {name: getattr(done, name) for name in COUNTED}
    if json:
        show.as_json({"kind": statement.kind, "dry_run": dry_run, "left_out": statement.left_out, **counts})
        return
    show.as_pairs([(_MATCHED[name], f"{count:,}") for name, count in counts.items() if count])
    what = "would be matched; nothing was changed" if dry_run else "matched"
    looked = "" if dry_run else " What has to be looked at: meterpos headoffice exceptions list"
    show.tell(f"{len(statement.lines):,} lines {what}, {statement.left_out:,} left out.{looked}")


_MATCHED: Final = {
    "confirmed": "confirmed or cleared",
    "posted": "posted to their meters",
    "in_suspense": "posted to suspense, account unknown",
    "waiting": "wait for their payment",
    "wrong_amount": "with another amount than paid",
    "known": "known already",
    "doubled": "with a reference twice",
    "taken_back": "taken back (bounced)",
    "not_found": "taken back, payment unknown",
    "unseen_payments": "payments the statement does not show",
    "unseen_callbacks": "callbacks the statement does not show",
}


_SAID: Final = {"confirmation": "confirmed", "clearing": "cleared", "bounce": "bounced"}


def _say(
    context: typer.Context, event: "Event", number: str, on: datetime | None, text: str | None, *, json: bool
) -> None:
    from meterpos.headoffice import books

    with opened(context) as office, office.write() as (conn, outgoing):
        made = books.say_of_payments(conn, outgoing, event=event, number=number, on=day(office, on), text=text)
    receipt = made[0].number
    tell(
        f"The payment of {receipt} is {_SAID[event]}.",
        {"receipt": receipt, "event": event, "payments": [fact.of_fact_id for fact in made]},
        json=json,
    )
