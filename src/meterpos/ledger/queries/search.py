"""Search as you type: customers by name, phone, customer, meter and account number, or by a scanned invoice.

A number typed in full comes first, then the beginning of a number, then names that begin with the text, names with
its words in them, names whose words begin with them, and last pieces in the middle; those who left come after all
others. Only a bounded set of candidates is ever ranked (candidates.py).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from sqlalchemy import BindParameter, Connection, bindparam, select

from meterpos.ledger.queries import candidates_plain
from meterpos.ledger.queries.candidates import Candidate, Match, candidates
from meterpos.ledger.queries.overdue import overdue_of
from meterpos.ledger.rules.facts import invoice_id
from meterpos.ledger.rules.searching import Span, marks, wanted
from meterpos.ledger.search_index import is_present
from meterpos.ledger.tables import accounts, customers, facts

INVOICE_MIN: Final = 5
"""The shortest text that may be an invoice's number: scanned in full, never begun."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerHit:
    """One customer found. ``matched`` are spans in ``name``; ``matched_meter`` is the meter whose number was typed.

    ``matched_invoice`` is the invoice whose number was typed or scanned; its meter is then the matched one.

    ``meters`` counts the meters the customer has now; ``overdue`` tells whether anything on them is past due.
    """

    customer_no: str
    name: str
    phone: str
    place: str
    zone: str
    status: str
    meters: int
    balance_minor: int
    overpayment_minor: int
    overdue: bool
    matched: tuple[Span, ...]
    matched_meter: str | None
    matched_invoice: str | None = None


_numbers: Final[BindParameter[Any]] = bindparam("customer_nos", expanding=True)
_held: Final = (
    select(
        customers.c.customer_no,
        customers.c.name,
        customers.c.phone,
        customers.c.place,
        customers.c.zone,
        customers.c.status,
        customers.c.balance_minor,
        customers.c.overpayment_minor,
        accounts.c.account_no,
        accounts.c.net_minor,
    )
    .select_from(
        customers.outerjoin(
            accounts,
            (accounts.c.customer_no == customers.c.customer_no)
            & (accounts.c.kind == "meter")
            & accounts.c.closed_on.is_(None),
        )
    )
    .where(customers.c.customer_no.in_(_numbers))
)
_by_invoice: Final = (
    select(customers.c.customer_no, customers.c.name, accounts.c.meter_no, facts.c.number)
    .select_from(
        facts.join(accounts, accounts.c.account_no == facts.c.stands_on).join(
            customers, customers.c.customer_no == accounts.c.customer_no
        )
    )
    .where(facts.c.fact_id == bindparam("invoice"))
)


def find_customers(connection: Connection, text: str, *, today: date, limit: int = 20) -> tuple[CustomerHit, ...]:
    """Return the customers ``text`` may mean, best first, at most ``limit``; none where it has no letter and no digit.

    ``today`` is the day lateness is counted from.
    """
    want = wanted(text)
    if not want.words:
        return ()
    find = candidates if is_present(connection) else candidates_plain.candidates
    found = find(connection, want, limit=limit)
    if want.has_digits and len(text.strip()) >= INVOICE_MIN:
        found += _scanned(connection, text)
    return _hits(connection, _best(found, limit=limit), want.words, today=today)


def _scanned(connection: Connection, text: str) -> list[Candidate]:
    """Find the customer of an invoice whose number was typed or scanned in full."""
    row = connection.execute(_by_invoice, {"invoice": invoice_id(text.strip().upper())}).one_or_none()
    if row is None:
        return []
    return [
        Candidate(
            match=Match.NUMBER,
            customer_no=row.customer_no,
            has_left=False,
            name=row.name,
            meter_no=row.meter_no,
            invoice_no=row.number,
        )
    ]


def _best(found: Iterable[Candidate], *, limit: int) -> tuple[Candidate, ...]:
    best: dict[str, Candidate] = {}
    for candidate in sorted(found, key=lambda one: one.rank):
        best.setdefault(candidate.customer_no, candidate)
    return tuple(best.values())[:limit]


def _hits(
    connection: Connection, found: Sequence[Candidate], words: Sequence[str], *, today: date
) -> tuple[CustomerHit, ...]:
    rows: dict[str, list[Any]] = {one.customer_no: [] for one in found}
    for row in connection.execute(_held, {"customer_nos": list(rows)}):
        rows[row.customer_no].append(row)
    nets = {row.account_no: row.net_minor for held in rows.values() for row in held if row.account_no is not None}
    late = overdue_of(connection, nets, today=today)
    hits = []
    for one in found:
        held = rows[one.customer_no]
        person = held[0]
        hits.append(
            CustomerHit(
                customer_no=person.customer_no,
                name=person.name,
                phone=person.phone,
                place=person.place,
                zone=person.zone,
                status=person.status,
                balance_minor=person.balance_minor,
                overpayment_minor=person.overpayment_minor,
                meters=sum(row.account_no is not None for row in held),
                overdue=any(row.account_no in late for row in held),
                matched=marks(person.name, words),
                matched_meter=one.meter_no,
                matched_invoice=one.invoice_no,
            )
        )
    return tuple(hits)
