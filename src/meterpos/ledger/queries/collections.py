"""What was collected at the tills known here: by day, clerk and method, with what was taken back told apart."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from sqlalchemy import Connection, bindparam, func, select

from meterpos.ledger.journal import papers_of, read_back
from meterpos.ledger.rules.tenders import METHODS
from meterpos.ledger.tables import shifts, tenders, users


@dataclass(frozen=True, slots=True, kw_only=True)
class Collected:
    """What one clerk took on one business day by one method; ``taken_back_minor`` is above zero.

    ``receipts`` counts tenders with a leg of the method. A correction is taken back on one meter and taken on another.
    """

    day: date
    clerk: str
    method: str
    receipts: int
    taken_minor: int
    taken_back_minor: int


_ONE_METHOD: Final = (
    select(
        tenders.c.business_date,
        tenders.c.clerk,
        tenders.c.kind,
        tenders.c.methods,
        func.count().label("papers"),
        func.sum(tenders.c.total_minor).label("total_minor"),
    )
    .where(
        tenders.c.business_date.between(bindparam("from_date"), bindparam("to_date")), tenders.c.methods.in_(METHODS)
    )
    .group_by(tenders.c.business_date, tenders.c.clerk, tenders.c.kind, tenders.c.methods)
)
_by_this_clerk: Final = tenders.c.clerk == bindparam("clerk")
_SEVERAL: Final = (
    select(tenders.c.entry_id, tenders.c.kind, tenders.c.business_date, tenders.c.clerk)
    .where(
        tenders.c.business_date.between(bindparam("from_date"), bindparam("to_date")),
        tenders.c.methods.not_in(METHODS),
    )
    .order_by(tenders.c.entry_id)
)
_NAMES: Final = select(users.c.user_name, users.c.display_name)
_HELD: Final = select(shifts.c.clerk).distinct()
_Key = tuple[date, str, str]


def collecting_clerks(connection: Connection) -> tuple[tuple[str, str], ...]:
    """Return everybody who may have collected here, also those who left: user name and how people know them."""
    known = {row.user_name: row.display_name for row in connection.execute(_NAMES.where(users.c.role != "auditor"))}
    held = {clerk: clerk for clerk in connection.execute(_HELD).scalars()}
    return tuple(sorted((held | known).items(), key=lambda one: (one[1], one[0])))


def collections(
    connection: Connection, *, from_date: date, to_date: date, clerk: str | None = None, method: str | None = None
) -> tuple[Collected, ...]:
    """Return what was collected from the first to the last business day, both included, in that order.

    ``clerk`` (a user name) and ``method`` leave out what others took, and what was taken otherwise. Clerks are named
    as people know them.
    """
    asked = {"from_date": from_date, "to_date": to_date, "clerk": clerk}
    names: dict[str, str] = {row.user_name: row.display_name for row in connection.execute(_NAMES)}
    sums: dict[_Key, list[int]] = {}
    for day, who, how, kind, count, minor in _cells(connection, asked):
        if method is not None and how != method:
            continue
        receipts_taken_back = sums.setdefault((day, names.get(who) or who, how), [0, 0, 0])
        if kind == "tender":
            receipts_taken_back[0] += count
            receipts_taken_back[1] += minor
        else:
            receipts_taken_back[2] -= minor
    order: dict[str, int] = {one: place for place, one in enumerate(METHODS)}
    return tuple(
        Collected(day=day, clerk=who, method=how, receipts=receipts, taken_minor=taken, taken_back_minor=taken_back)
        for (day, who, how), (receipts, taken, taken_back) in sorted(
            sums.items(), key=lambda one: (one[0][0], one[0][1], order[one[0][2]])
        )
    )


def _cells(connection: Connection, asked: dict[str, Any]) -> Iterator[tuple[date, str, str, str, int, int]]:
    """Yield day, clerk, method, kind of paper, how many and how much; a reversal's amount is below zero."""
    one_method, several = (
        (statement if asked["clerk"] is None else statement.where(_by_this_clerk))
        for statement in (_ONE_METHOD, _SEVERAL)
    )
    for row in connection.execute(one_method, asked):
        yield row.business_date, row.clerk, row.methods, row.kind, row.papers, int(row.total_minor)
    for row in connection.execute(several, asked).all():
        paper = next(one for one in papers_of(read_back(connection, row.entry_id)) if one.content.kind == row.kind)
        legs = paper.content.body["legs"]
        sign = 1 if row.kind == "tender" else -1
        for method in {leg["method"] for leg in legs}:
            yield row.business_date, row.clerk, method, row.kind, 1, sign * _by(method, legs)


def _by(method: str, legs: Iterable[dict[str, Any]]) -> int:
    return sum(int(leg["amount"]) for leg in legs if leg["method"] == method)
