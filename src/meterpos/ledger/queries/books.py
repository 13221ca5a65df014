"""The books: what double entry says each of them holds, over a whole ledger."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from heapq import merge
from itertools import groupby
from typing import Any, Final

from sqlalchemy import BigInteger, ColumnElement, Connection, Select, bindparam, cast, func, select

from meterpos.ledger.journal import parse
from meterpos.ledger.posting import fact_of
from meterpos.ledger.rules.balances import FOLLOWING_KINDS, subject_of
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


def book_balances(connection: Connection, *, until: date | None = None) -> dict[Book, int]:
    """Return what every book holds, at the end of the day ``until`` or (None) of all days; the sum of all is zero.

    Debits are positive. Postings of facts that stand alone are proportional to their amounts, so these are summed by
    sort and posted as one; payments of which something speaks are posted group by group.
    """
    return trial_balance(_postings(connection, until))


@dataclass(frozen=True, slots=True, kw_only=True)
class BookEntry:
    """One line of the day book: what happened, and its postings, which add up to zero."""

    on: date
    number: str
    text: str
    postings: tuple[Posting, ...]


def book_entries(connection: Connection) -> Iterator[BookEntry]:
    """Return everything that was posted, by day; together it is exactly `book_balances`.

    What speaks of a payment (its clearing, reversal, bounce) is an entry of its own that posts what it changed.
    """
    suspense = frozenset(connection.execute(_SUSPENSE).scalars())
    spoken = [
        entry
        for group in spoken_of(connection)
        for entry in _entries_of_group(group, suspense, _refunds(connection, group))
    ]
    moved = [*_shift_entries(connection), *_movement_entries(connection)]
    alone = _entries_alone(connection, suspense)
    for entry in merge(alone, *(sorted(each, key=_day) for each in (spoken, moved)), key=_day):
        if entry.postings:
            yield entry


def _day(entry: BookEntry) -> date:
    return entry.on


def _entries_alone(connection: Connection, suspense: frozenset[str]) -> Iterator[BookEntry]:
    rows = connection.execute(_EACH_ALONE, execution_options={"yield_per": 1000})
    for fact in map(fact_of, rows):
        yield _entry(fact, postings_of([fact], suspense_accounts=suspense))


def _entries_of_group(
    group: Sequence[Fact], suspense: frozenset[str], refunds: Mapping[str, Refund]
) -> Iterator[BookEntry]:
    """Post a payment and each fact that speaks of it one after the other: each what it changed."""
    before: tuple[Posting, ...] = ()
    ordered = sorted(group, key=lambda fact: (fact.kind != "payment", fact.fact_date, fact.fact_id))
    for count, fact in enumerate(ordered, start=1):
        after = postings_of(ordered[:count], suspense_accounts=suspense, refunds=refunds)
        yield _entry(fact, _change(before, after))
        before = after


def _entry(fact: Fact, postings: tuple[Posting, ...]) -> BookEntry:
    how = f" {fact.method}" if fact.method else ""
    reference = f" {fact.reference}" if fact.reference else ""
    return BookEntry(on=fact.fact_date, number=fact.number, text=f"{fact.kind}{how}{reference}", postings=postings)


def _change(before: Iterable[Posting], after: Iterable[Posting]) -> tuple[Posting, ...]:
    sums: dict[tuple[Book, str | None], int] = {}
    for sign, postings in ((-1, before), (1, after)):
        for posting in postings:
            where = (posting.book, posting.account_no)
            sums[where] = sums.get(where, 0) + sign * posting.amount_minor
    return tuple(Posting(book, minor, account_no) for (book, account_no), minor in sums.items() if minor)


def _shift_entries(connection: Connection) -> Iterator[BookEntry]:
    for row in connection.execute(select(shifts)):
        opened = _change((), open_shift_postings(row.float_minor))
        number = f"shift {row.shift} of {row.clerk}"
        yield BookEntry(on=row.business_date, number=number, text="opened", postings=opened)
        if row.closed_at is not None:
            closed = closed_shift_postings(
                float_minor=row.float_minor, expected_minor=row.expected_minor, counted_minor=row.counted_minor
            )
            yield BookEntry(on=row.business_date, number=number, text="closed", postings=_change(opened, closed))


def _movement_entries(connection: Connection) -> Iterator[BookEntry]:
    for row in connection.execute(select(cash_movements)):
        postings = movement_postings(row.kind, amount_minor=row.amount_minor, difference_minor=row.difference_minor)
        yield BookEntry(on=row.business_date, number=row.number, text=row.kind, postings=postings)


def _postings(connection: Connection, until: date | None) -> Iterator[Posting]:
    for fact in _sums_of_facts_alone(connection, until):
        yield from postings_of([fact], suspense_accounts={_SAMPLE_ACCOUNT[True]})
    suspense = frozenset(connection.execute(_SUSPENSE).scalars())
    for group in spoken_of(connection):
        refunds = _refunds(connection, group)
        if until is None:
            yield from postings_of(group, suspense_accounts=suspense, refunds=refunds)
        else:
            for entry in _entries_of_group(group, suspense, refunds):
                yield from entry.postings if entry.on <= until else ()
    yield from _custody(connection, until)


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


def _custody(connection: Connection, until: date | None) -> Iterator[Posting]:
    """Post where the cash went after it was taken: sums will do, every posting is proportional to its amounts."""
    for shift in connection.execute(_up_to(_SHIFTS, shifts.c.business_date, until)):
        if shift.is_open:
            yield from open_shift_postings(shift.float_minor)
        else:
            yield from closed_shift_postings(
                float_minor=shift.float_minor, expected_minor=shift.expected_minor, counted_minor=shift.counted_minor
            )
    for moved in connection.execute(_up_to(_MOVED, cash_movements.c.business_date, until)):
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
_STANDS_ALONE: Final = (
    facts.c.kind.in_(("opening", "invoice", "adjustment", "payment")),
    facts.c.decision.is_distinct_from("none"),
    facts.c.fact_id.not_in(SPOKEN_OF),
)
_EACH_ALONE: Final = select(facts).where(*_STANDS_ALONE).order_by(facts.c.fact_date, facts.c.fact_id)
_ALONE: Final = (
    select(
        facts.c.kind,
        facts.c.method,
        facts.c.counts,
        _is_suspense,
        cast(func.sum(facts.c.amount_minor), BigInteger).label("amount_minor"),
        func.min(facts.c.fact_date).label("fact_date"),
    )
    .where(*_STANDS_ALONE)
    .group_by(facts.c.kind, facts.c.method, facts.c.counts, _is_suspense)
)


def _up_to(query: Select[Any], day: ColumnElement[date], until: date | None) -> Select[Any]:
    return query if until is None else query.where(day <= until)


def _sums_of_facts_alone(connection: Connection, until: date | None) -> Iterator[Fact]:
    for row in connection.execute(_up_to(_ALONE, facts.c.fact_date, until)):
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
    .where(
        facts.c.of_fact_id.in_(SPOKEN_OF) | facts.c.fact_id.in_(SPOKEN_OF),
        facts.c.kind.in_(("payment", *FOLLOWING_KINDS)),
    )
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
