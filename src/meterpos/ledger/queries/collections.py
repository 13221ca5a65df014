"""What was collected at the tills known here: by day, till, clerk and method, with what was taken back told apart."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from itertools import chain
from typing import Any, Final

from sqlalchemy import Connection, bindparam, func, select

from meterpos.ledger.journal import papers_of, read_back
from meterpos.ledger.rules.tenders import METHODS
from meterpos.ledger.tables import facts, shifts, streams, tenders, users


@dataclass(frozen=True, slots=True, kw_only=True)
class Collected:
    """What one clerk took on one business day by one method; ``taken_back_minor`` is above zero.

    ``receipts`` counts tenders with a leg of the method. A correction is taken back on one meter and taken on another.
    What came in at no till has neither ``till`` nor clerk: by paybill, from the bank, from the books before these.
    """

    day: date
    clerk: str
    method: str
    receipts: int
    taken_minor: int
    taken_back_minor: int
    till: str = ""


_ONE_METHOD: Final = (
    select(
        tenders.c.business_date,
        streams.c.till_name,
        tenders.c.clerk,
        tenders.c.kind,
        tenders.c.methods,
        func.count().label("papers"),
        func.sum(tenders.c.total_minor).label("total_minor"),
    )
    .join_from(tenders, streams, streams.c.stream == tenders.c.stream)
    .where(
        tenders.c.business_date.between(bindparam("from_date"), bindparam("to_date")), tenders.c.methods.in_(METHODS)
    )
    .group_by(tenders.c.business_date, streams.c.till_name, tenders.c.clerk, tenders.c.kind, tenders.c.methods)
)
_by_this_clerk: Final = tenders.c.clerk == bindparam("clerk")
_SEVERAL: Final = (
    select(tenders.c.entry_id, tenders.c.kind, tenders.c.business_date, streams.c.till_name, tenders.c.clerk)
    .join_from(tenders, streams, streams.c.stream == tenders.c.stream)
    .where(
        tenders.c.business_date.between(bindparam("from_date"), bindparam("to_date")),
        tenders.c.methods.not_in(METHODS),
    )
    .order_by(tenders.c.entry_id)
)
_ELSEWHERE: Final = (
    select(
        facts.c.fact_date,
        facts.c.method,
        facts.c.kind,
        func.count().label("papers"),
        func.sum(facts.c.amount_minor).label("amount_minor"),
    )
    .where(
        facts.c.fact_date.between(bindparam("from_date"), bindparam("to_date")),
        facts.c.kind.in_(("payment", "reversal")),
        facts.c.entry_id.is_(None),
        facts.c.decision.is_distinct_from("none"),
    )
    .group_by(facts.c.fact_date, facts.c.method, facts.c.kind)
)
_NAMES: Final = select(users.c.user_name, users.c.display_name)
_HELD: Final = select(shifts.c.clerk).distinct()
_Key = tuple[date, str, str, str]
_Cell = tuple[_Key, str, int, int]
"""Day, till, clerk and method; kind of paper, how many and how much: a reversal's amount is below zero."""


def collecting_clerks(connection: Connection) -> tuple[tuple[str, str], ...]:
    """Return everybody who may have collected here, also those who left: user name and how people know them."""
    known = {row.user_name: row.display_name for row in connection.execute(_NAMES.where(users.c.role != "auditor"))}
    held = {clerk: clerk for clerk in connection.execute(_HELD).scalars()}
    return tuple(sorted((held | known).items(), key=lambda one: (one[1], one[0])))


def collections(
    connection: Connection,
    *,
    from_date: date,
    to_date: date,
    clerk: str | None = None,
    method: str | None = None,
    elsewhere: bool = False,
) -> tuple[Collected, ...]:
    """Return what was collected from the first to the last business day, both included, in that order.

    ``clerk`` (a user name) and ``method`` leave out what others took, and what was taken otherwise. Clerks are named
    as people know them. With ``elsewhere`` also what came in at no till.
    """
    asked = {"from_date": from_date, "to_date": to_date, "clerk": clerk}
    names: dict[str, str] = {row.user_name: row.display_name for row in connection.execute(_NAMES)}
    sums: dict[_Key, list[int]] = {}
    cells = _cells(connection, asked)
    for (day, till, who, how), kind, count, minor in chain(cells, _others(connection, asked) if elsewhere else ()):
        if method is not None and how != method:
            continue
        receipts_taken_back = sums.setdefault((day, till, names.get(who) or who, how), [0, 0, 0])
        if kind == "reversal":
            receipts_taken_back[2] -= minor
        else:
            receipts_taken_back[0] += count
            receipts_taken_back[1] += minor
    order: dict[str, int] = {one: place for place, one in enumerate(METHODS)}
    return tuple(
        Collected(
            day=day, till=till, clerk=who, method=how, receipts=receipts, taken_minor=taken, taken_back_minor=taken_back
        )
        for (day, till, who, how), (receipts, taken, taken_back) in sorted(
            sums.items(), key=lambda one: (*one[0][:3], order[one[0][3]])
        )
    )


def _cells(connection: Connection, asked: dict[str, Any]) -> Iterator[_Cell]:
    one_method, several = (
        (statement if asked["clerk"] is None else statement.where(_by_this_clerk))
        for statement in (_ONE_METHOD, _SEVERAL)
    )
    for row in connection.execute(one_method, asked):
        key = (row.business_date, row.till_name, row.clerk, row.methods)
        yield key, row.kind, row.papers, int(row.total_minor)
    for row in connection.execute(several, asked).all():
        paper = next(one for one in papers_of(read_back(connection, row.entry_id)) if one.content.kind == row.kind)
        legs = paper.content.body["legs"]
        sign = 1 if row.kind == "tender" else -1
        for method in {leg["method"] for leg in legs}:
            key = (row.business_date, row.till_name, row.clerk, method)
            yield key, row.kind, 1, sign * _by(method, legs)


def _others(connection: Connection, asked: dict[str, Any]) -> Iterator[_Cell]:
    for row in connection.execute(_ELSEWHERE, asked):
        yield (row.fact_date, "", "", row.method or "cash"), row.kind, row.papers, -int(row.amount_minor)


def _by(method: str, legs: Iterable[dict[str, Any]]) -> int:
    return sum(int(leg["amount"]) for leg in legs if leg["method"] == method)
