"""Whose an account reference is, as payers type them on a telephone: a meter, an account, an invoice, a customer."""

from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, bindparam, func, insert, null, select

from meterpos.headoffice import bulk
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
    """Return whose a reference is, None when nobody's or not one's alone."""
    return places_of(conn, [text]).get(text)


def places_of(conn: Connection, texts: Collection[str]) -> dict[str, Place]:
    """Return whose these references are, those of nobody or not of one alone left out.

    A meter goes before what is named like it, and what was typed exactly before what is like it.
    """
    found: dict[str, Place] = {}
    for how, query in _WAYS:
        left = sorted({text for text in texts if text.strip()} - found.keys())
        if not left:
            break
        wanted = {text: how(text) for text in left}
        hits = _hits(conn, query, sorted({form for forms in wanted.values() for form in forms}))
        for text, forms in wanted.items():
            places = {place for form in forms for place in hits.get(form, ())}
            if len(places) == 1:
                found[text] = places.pop()
    return found


def _hits(conn: Connection, query: Any, forms: Sequence[str]) -> dict[str, set[Place]]:
    found: dict[str, set[Place]] = defaultdict(set)
    for chunk in bulk.chunks(forms, bulk.CHUNK):
        for form, account_no, invoice_no in conn.execute(query, {"forms": chunk}):
            found[form].add(Place(account_no, invoice_no))
    return found


def _typed(text: str) -> tuple[str, ...]:
    return tuple({text.strip(), text.strip().upper()})


def _invoices(text: str) -> tuple[str, ...]:
    return tuple(map(invoice_id, _typed(text)))


def _squeezed(text: str) -> tuple[str, ...]:
    for sign in _APART:
        text = text.replace(sign, "")
    return (text.upper(),)


def _compact(column: Any) -> Any:
    for sign in _APART:
        column = func.replace(column, sign, "")
    return func.upper(column)


def _way(form: Any, *where: Any) -> Any:
    forms: Any = bindparam("forms", expanding=True)
    return select(form, accounts.c.account_no, null()).where(form.in_(forms), *where)


_ACTIVE: Final = (accounts.c.kind == "meter", accounts.c.closed_on.is_(None))
_OWNED: Final = (accounts.c.kind != "suspense",)
_WAYS: Final[tuple[tuple[Callable[[str], tuple[str, ...]], Any], ...]] = (
    (_typed, _way(accounts.c.meter_no, *_ACTIVE)),
    (_typed, _way(accounts.c.account_no, *_OWNED)),
    (
        _invoices,
        select(facts.c.fact_id, facts.c.stands_on, facts.c.number).where(
            facts.c.fact_id.in_(bindparam("forms", expanding=True))
        ),
    ),
    (
        _typed,
        select(plans.c.plan_no, plans.c.account_no, null()).where(
            plans.c.plan_no.in_(bindparam("forms", expanding=True))
        ),
    ),
    (_typed, _way(accounts.c.customer_no, *_ACTIVE)),
    (_squeezed, _way(_compact(accounts.c.meter_no), *_ACTIVE)),
    (_squeezed, _way(_compact(accounts.c.account_no), *_OWNED)),
)
"""How a reference is looked for, one after the other; the last two read every account, once for all references."""


def suspense(conn: Connection, outgoing: Outgoing) -> str:
    """Return the suspense account of paybill money, opened when it is first needed."""
    number = suspense_account(PAYBILL)
    if conn.execute(select(accounts.c.account_no).where(accounts.c.account_no == number)).first() is None:
        zone = till_zone(PAYBILL)
        conn.execute(insert(accounts), {"account_no": number, "kind": "suspense", "till_name": PAYBILL, "zone": zone})
        outgoing.send("account", number, zone=zone)
    return number
