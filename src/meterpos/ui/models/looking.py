"""What the pages for looking things up ask of the ledger, and how they tell it. Runs in the lane; no widgets."""

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

from meterpos.ledger.money import format_amount
from meterpos.ledger.rules.listing import ORDERS
from meterpos.ui import words

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from meterpos.ledger.queries.dossier import CustomerDossier, MeterDossier
    from meterpos.ledger.queries.lists import Chunk, Cursor, CustomerRow, MeterRow


def meters(conn: "Connection", after: "Cursor | None", *, today: date, **filters: Any) -> "Chunk":
    """Return the next numbers of the list of meters."""
    from meterpos.ledger.queries.lists import list_meters

    return list_meters(conn, after=after, today=today, **filters)


def meter_rows(conn: "Connection", numbers: Sequence[str], today: date) -> "tuple[MeterRow, ...]":
    """Return the rows of some accounts."""
    from meterpos.ledger.queries import lists

    return lists.meter_rows(conn, numbers, today=today)


def meters_like(conn: "Connection", text: str, today: date, *, limit: int) -> "tuple[MeterRow, ...]":
    """Return the first meters a text may mean, by their number or by whose they are."""
    from meterpos.ledger.queries import lists

    found = lists.list_meters(conn, text=text, show="all", today=today)
    return lists.meter_rows(conn, found.numbers[:limit], today=today)


def meter(conn: "Connection", account_no: str, today: date) -> "MeterDossier":
    """Return one meter at a glance."""
    from meterpos.ledger.queries.dossier import meter_dossier

    return meter_dossier(conn, account_no, today=today)


def customers(conn: "Connection", after: "Cursor | None", *, today: date, text: str) -> "Chunk":
    """Return the next numbers of the list of customers."""
    from meterpos.ledger.queries.lists import list_customers

    return list_customers(conn, text=text, after=after, today=today)


def customer_rows(conn: "Connection", numbers: Sequence[str], today: date) -> "tuple[CustomerRow, ...]":
    """Return the rows of some customers."""
    from meterpos.ledger.queries import lists

    return lists.customer_rows(conn, numbers, today=today)


def customer(conn: "Connection", customer_no: str, today: date) -> "CustomerDossier":
    """Return what there is to know about a customer."""
    from meterpos.ledger.queries.dossier import customer_dossier

    return customer_dossier(conn, customer_no, today=today)


def rehearse(conn: "Connection", today: date) -> None:
    """Read once what the long lists show first, so that no question to the ledger is put together while a key waits."""
    for number in customers(conn, None, today=today, text="").numbers[:1]:
        customer_rows(conn, (number,), today)
        customer(conn, number, today)
    for order in ORDERS:
        for number in meters(conn, None, today=today, order=order).numbers[:1]:
            meter_rows(conn, (number,), today)
            meter(conn, number, today)


def money(row: "MeterRow | CustomerRow", currency: str) -> tuple[str, str]:
    """Return what a row owes or holds, and the token of its colour."""
    if row.balance_minor:
        return f"{currency} {format_amount(row.balance_minor)}", "danger" if row.overdue else "ink"
    if row.overpayment_minor:
        return words.say("money.credit", amount=format_amount(row.overpayment_minor)), "action"
    return words.say("money.clear"), "muted"


def invoiced(row: "MeterRow", today: date) -> str:
    """Return when a meter was last invoiced, and whether something is past due."""
    if row.last_invoice_date is None:
        return words.say("meters.never_invoiced")
    when = words.say("meters.last_invoice", day=words.day(row.last_invoice_date, today=today))
    return f"{when} · {words.say('money.overdue')}" if row.overdue else when


def standing(row: "MeterRow") -> str:
    """Return how a meter stands where that is not as usual."""
    if row.closed:
        return words.say("meter.closed")
    return "" if row.status == "active" or not row.status else words.say(f"meter.{row.status}")


def payable(row: "MeterRow") -> bool:
    """Tell whether money can be taken: an account that was closed and settled takes none."""
    return not row.closed or bool(row.balance_minor or row.overpayment_minor)
