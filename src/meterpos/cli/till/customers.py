"""Finding a customer, and looking at what a meter owes."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from meterpos.cli import show
from meterpos.cli.style import Json, example
from meterpos.cli.till.lists import counted_from
from meterpos.cli.till.opened import opened

if TYPE_CHECKING:
    from meterpos.ledger.queries.accounts import FinancialSummary, OpenInvoice, Transaction


def add_to(group: typer.Typer) -> None:
    """Add this file's commands to the group."""
    group.command("search", epilog=example("meterpos till search 'akinyi otieno'"))(search)
    group.command("account", epilog=example("meterpos till account MTR-001"))(account)


def search(
    context: typer.Context,
    text: Annotated[str, typer.Argument(metavar="TEXT", help="Part of a name, phone, meter or account number.")],
    limit: Annotated[int, typer.Option("--limit", metavar="N", min=1, max=1000, help="How many at most.")] = 20,
    json: Json = False,
) -> None:
    """Find customers by name, phone, customer, meter or account number, the best match first."""
    from meterpos.ledger.money import format_amount
    from meterpos.ledger.queries.search import find_customers

    with opened(context) as till, till.store.read() as connection:
        hits = find_customers(connection, text, today=till.moment().today, limit=limit)
    if json:
        rows = [
            {
                "customer_no": hit.customer_no,
                "name": hit.name,
                "phone": hit.phone,
                "place": hit.place,
                "status": hit.status,
                "meters": hit.meters,
                "matched_meter": hit.matched_meter,
                "balance_minor": hit.balance_minor,
                "overpayment_minor": hit.overpayment_minor,
                "overdue": hit.overdue,
            }
            for hit in hits
        ]
        show.as_json({"customers": rows})
    elif hits:
        show.as_table(
            ("customer", "name", "phone", "place", "meters", "balance", "credit", ""),
            [
                (
                    hit.customer_no,
                    hit.name,
                    hit.phone,
                    hit.place,
                    hit.matched_meter or str(hit.meters),
                    format_amount(hit.balance_minor),
                    format_amount(hit.overpayment_minor),
                    "overdue" if hit.overdue else "",
                )
                for hit in hits
            ],
            right=("balance", "credit"),
        )
    else:
        show.tell("Nobody found. Try part of the name, the phone number, or the number on the meter.")


def account(
    context: typer.Context,
    number: Annotated[str, typer.Argument(metavar="METER_OR_ACCOUNT", help="The meter's or the account's number.")],
    json: Json = False,
) -> None:
    """Show what a meter owes or holds, what is open on it, and what happened last."""
    from meterpos.ledger.queries import accounts

    with opened(context) as till:
        as_of = counted_from(till, None)
        with till.store.read() as connection:
            summary = accounts.financial_summary(connection, number, as_of=as_of)
            account_no = summary.account.account_no
            still_open = accounts.open_invoices(connection, account_no, as_of=as_of)
            last = accounts.last_transactions(connection, account_no)
    if json:
        show.as_json(_answer(summary, still_open, last))
    else:
        _tell(summary, still_open, last)


def _answer(
    summary: "FinancialSummary", still_open: "Sequence[OpenInvoice]", last: "Sequence[Transaction]"
) -> dict[str, Any]:
    one = summary.account
    return {
        "account_no": one.account_no,
        "kind": one.kind,
        "meter_no": one.meter_no,
        "customer_no": one.customer_no,
        "customer": one.customer_name,
        "utility": one.utility,
        "location": one.location,
        "closed_on": one.closed_on,
        "status": one.status,
        "net_minor": one.net_minor,
        "balance_minor": one.balance_minor,
        "overpayment_minor": one.overpayment_minor,
        "total_billed_minor": one.total_billed_minor,
        "total_paid_minor": one.total_paid_minor,
        "pending_minor": summary.pending_minor,
        "last_invoice_date": one.last_invoice_date,
        "oldest_due": summary.oldest_due,
        "open_invoices": [
            {
                "number": each.number,
                "kind": each.kind,
                "date": each.fact_date,
                "due_date": each.due_date,
                "amount_minor": each.amount_minor,
                "open_minor": each.open_minor,
                "days_overdue": each.days_overdue,
            }
            for each in still_open
        ],
        "last_transactions": [
            {
                "date": each.date,
                "kind": each.kind,
                "number": each.number,
                "method": each.method,
                "reference": each.reference,
                "amount_minor": each.amount_minor,
                "counts": each.counts,
                "reversed": each.reversed,
                "text": each.text,
                "clerk_name": each.clerk_name,
            }
            for each in last
        ],
    }


def _tell(summary: "FinancialSummary", still_open: "Sequence[OpenInvoice]", last: "Sequence[Transaction]") -> None:
    from meterpos.ledger.money import format_amount

    one = summary.account
    show.as_pairs(
        [
            ("Account", one.account_no),
            ("Meter", " ".join(word for word in (one.meter_no, one.utility, one.location) if word)),
            ("Customer", " ".join(word for word in (one.customer_name, one.customer_no) if word)),
            ("Closed", str(one.closed_on or "")),
            ("Balance", format_amount(one.balance_minor)),
            ("Credit", format_amount(one.overpayment_minor)),
            ("Waits to clear", format_amount(summary.pending_minor) if summary.pending_minor else ""),
        ]
    )
    if still_open:
        show.tell("")
        show.as_table(
            ("open", "due", "amount", "left", "days overdue"),
            [
                (
                    each.number if each.kind == "invoice" else f"{each.kind} {each.number}",
                    str(each.due_date),
                    format_amount(each.amount_minor),
                    format_amount(each.open_minor),
                    str(each.days_overdue or ""),
                )
                for each in still_open
            ],
            right=("amount", "left", "days overdue"),
        )
    if last:
        show.tell("")
        show.as_table(
            ("date", "what", "number", "how", "amount", ""),
            [
                (
                    str(each.date),
                    each.kind,
                    each.number,
                    " ".join(word for word in (show.METHOD_NAMES.get(each.method or "", ""), each.reference) if word),
                    format_amount(each.amount_minor),
                    "reversed" if each.reversed else "" if each.counts else "pending",
                )
                for each in last
            ],
            right=("amount",),
        )
