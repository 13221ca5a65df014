"""The books: what double entry says each of them holds, over a whole ledger."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any, Final

from sqlalchemy import BigInteger, Connection, bindparam, cast, func, select

from meterpos.ledger.journal import parse
from meterpos.ledger.posting import fact_of
from meterpos.ledger.rules.balances import subject_of
from meterpos.ledger.rules.facts import Fact
from meterpos.ledger.rules.postings import (
    Book,
    Posting,
    Refund,
    closed_shift_postings,
    movement_postings,
    open_shift_postings,
    postings_of,
    trial_balance,
)
from meterpos.ledger.tables import accounts, cash_movements, facts, journal, shifts

_SAMPLE_ACCOUNT: Final = {True: "suspense", False: "account"}


def book_balances(connection: Connection) -> dict[Book, int]:
    """Return what every book holds; debits are positive, and the sum of all is zero.

    Postings of facts that stand alone are proportional to their amounts, so these are summed by sort and posted as
    one; payments of which something speaks are posted group by group.
    """
    return trial_balance(_postings(connection))


def _postings(connection: Connection) -> Iterator[Posting]:
    for fact in _sums_of_facts_alone(connection):
        yield from postings_of([fact], suspense_accounts={_SAMPLE_ACCOUNT[True]})
    suspense = frozenset(connection.execute(_SUSPENSE).scalars())
    for group in spoken_of(connection):
        refunds = _refunds(connection, group)
        yield from postings_of(group, suspense_accounts=suspense, refunds=refunds)
    yield from _custody(connection)


def _sum(column: Any, name: str) -> Any:
    return cast(func.coalesce(func.sum(column), 0), BigInteger).label(name)


_IS_OPEN: Final = shifts.c.closed_at.is_(None).label("is_open")
_SHIFTS: Final = select(
    _IS_OPEN,
    _sum(shifts.c.float_minor, "float_minor"),
    _sum(shifts.c.expected_minor, "expected_minor"),
    _sum(shifts.c.counted_minor, "counted_minor"),
).group_by(_IS_OPEN)
_MOVED: Final = select(
    cash_movements.c.kind,
    _sum(cash_movements.c.amount_minor, "amount_minor"),
    _sum(cash_movements.c.difference_minor, "difference_minor"),
).group_by(cash_movements.c.kind)


def _custody(connection: Connection) -> Iterator[Posting]:
    """Post where the cash went after it was taken: sums will do, every posting is proportional to its amounts."""
    for shift in connection.execute(_SHIFTS):
        if shift.is_open:
            yield from open_shift_postings(shift.float_minor)
        else:
            yield from closed_shift_postings(
                float_minor=shift.float_minor, expected_minor=shift.expected_minor, counted_minor=shift.counted_minor
            )
    for moved in connection.execute(_MOVED):
        yield from movement_postings(
            moved.kind, amount_minor=moved.amount_minor, difference_minor=moved.difference_minor
        )


_SUSPENSE: Final = select(accounts.c.account_no).where(accounts.c.kind == "suspense")
_speaking: Final = facts.alias("speaking")
SPOKEN_OF: Final = select(_speaking.c.of_fact_id).where(
    _speaking.c.of_fact_id.is_not(None), _speaking.c.kind.in_(("reversal", "bounce", "clearing"))
)
"""The payments of which something speaks that changes how they count."""
_is_suspense: Final = facts.c.stands_on.in_(_SUSPENSE).label("is_suspense")
_ALONE: Final = (
    select(
        facts.c.kind,
        facts.c.method,
        facts.c.counts,
        _is_suspense,
        cast(func.sum(facts.c.amount_minor), BigInteger).label("amount_minor"),
        func.min(facts.c.fact_date).label("fact_date"),
    )
    .where(
        facts.c.kind.in_(("opening", "invoice", "adjustment", "payment")),
        facts.c.decision.is_distinct_from("none"),
        facts.c.fact_id.not_in(SPOKEN_OF),
    )
    .group_by(facts.c.kind, facts.c.method, facts.c.counts, _is_suspense)
)


def _sums_of_facts_alone(connection: Connection) -> Iterator[Fact]:
    for row in connection.execute(_ALONE):
        account_no = _SAMPLE_ACCOUNT[bool(row.is_suspense)]
        yield Fact(
            fact_id=f"sum of {row.kind}",
            kind=row.kind,
            account_no=account_no,
            stands_on=account_no,
            number="",
            fact_date=row.fact_date,
            amount_minor=row.amount_minor,
            counts=row.counts,
            method=row.method,
        )


_GROUPS: Final = (
    select(facts)
    .where(facts.c.of_fact_id.in_(SPOKEN_OF) | facts.c.fact_id.in_(SPOKEN_OF))
    .order_by(func.coalesce(facts.c.of_fact_id, facts.c.fact_id), facts.c.fact_id)
)


def spoken_of(connection: Connection) -> Iterator[Sequence[Fact]]:
    """Return the groups of payments that were cleared, reversed or bounced, one after the other."""
    rows = connection.execute(_GROUPS, execution_options={"yield_per": 1000})
    for _, group in groupby(map(fact_of, rows), key=subject_of):
        yield tuple(group)


_ENTRY: Final = select(journal.c.data).where(journal.c.entry_id == bindparam("entry_id"))


def _refunds(connection: Connection, group: Sequence[Fact]) -> Mapping[str, Refund]:
    """Return how the reversals of a group were refunded, as their entries say; others say nothing."""
    refunds: dict[str, Refund] = {}
    for fact in group:
        if fact.kind == "reversal" and fact.entry_id is not None:
            data = connection.execute(_ENTRY, {"entry_id": fact.entry_id}).scalar_one_or_none()
            entry = None if data is None else parse(data)
            if entry is not None and entry.kind == "reversal":
                said: Sequence[Mapping[str, Any]] = entry.body["refund"]
                refunds[fact.fact_id] = next((one["how"] for one in said if one["method"] == fact.method), "none")
    return refunds
