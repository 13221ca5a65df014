"""Whose an account reference is, as payers type them on a telephone: a meter, an account, an invoice, a customer."""

from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, func, insert, select

from meterpos.headoffice.feed import Outgoing, till_zone
from meterpos.ledger.queries.identity import suspense_account
from meterpos.ledger.rules.facts import invoice_id
from meterpos.ledger.tables import accounts, facts, plans

PAYBILL: Final = "PAYBILL"
"""Stands where the till's name would: money by paybill that belongs nowhere yet waits in a suspense of its own."""
_APART: Final = (" ", "-", "/", ".", "_")


@dataclass(frozen=True, slots=True)
class Place:
    """Where money for a reference goes; ``invoice_no`` where the reference was an invoice."""

    account_no: str
    invoice_no: str | None = None


def place_of(conn: Connection, text: str) -> Place | None:
    """Return whose a reference is, None when nobody's or not one's alone. A meter goes before what is named like it."""
    typed = text.strip()
    if not typed:
        return None
    forms = sorted({typed, typed.upper()})
    return (
        _only(conn, _active.where(accounts.c.meter_no.in_(forms)))
        or _only(conn, _of_customers.where(accounts.c.account_no.in_(forms)))
        or _of_invoice(conn, forms)
        or _only(conn, select(plans.c.account_no).where(plans.c.plan_no.in_(forms)))
        or _only(conn, _active.where(accounts.c.customer_no.in_(forms)))
        or _only(conn, _active.where(_compact(accounts.c.meter_no) == _squeezed(typed)))
        or _only(conn, _of_customers.where(_compact(accounts.c.account_no) == _squeezed(typed)))
    )


_of_customers: Final = select(accounts.c.account_no).where(accounts.c.kind != "suspense")
_active: Final = select(accounts.c.account_no).where(accounts.c.kind == "meter", accounts.c.closed_on.is_(None))


def _only(conn: Connection, query: Any) -> Place | None:
    found = conn.execute(query.limit(2)).scalars().all()
    return Place(found[0]) if len(found) == 1 else None


def _of_invoice(conn: Connection, forms: list[str]) -> Place | None:
    ids = [invoice_id(form) for form in forms]
    row = conn.execute(select(facts.c.stands_on, facts.c.number).where(facts.c.fact_id.in_(ids))).first()
    return None if row is None else Place(row.stands_on, row.number)


def _compact(column: Any) -> Any:
    for sign in _APART:
        column = func.replace(column, sign, "")
    return func.upper(column)


def _squeezed(text: str) -> str:
    for sign in _APART:
        text = text.replace(sign, "")
    return text.upper()


def suspense(conn: Connection, outgoing: Outgoing) -> str:
    """Return the suspense account of paybill money, opened when it is first needed."""
    number = suspense_account(PAYBILL)
    if conn.execute(select(accounts.c.account_no).where(accounts.c.account_no == number)).first() is None:
        zone = till_zone(PAYBILL)
        conn.execute(insert(accounts), {"account_no": number, "kind": "suspense", "till_name": PAYBILL, "zone": zone})
        outgoing.send("account", number, zone=zone)
    return number
