"""Aged debt as a report: every account that owes by lateness, the largest with whose they are; or who owes longest."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from heapq import nlargest
from typing import Any, Final, NamedTuple

from sqlalchemy import BindParameter, Connection, bindparam, func, select

from meterpos.ledger.queries.listings import AgingRow, aging
from meterpos.ledger.queries.open_charges import aged_accounts
from meterpos.ledger.rules.aging import Aging, days_overdue
from meterpos.ledger.tables import accounts, customers

LARGEST: Final = 200
TOLD_EVERY: Final = 500
"""After how many accounts it is told how far the reading is."""

Progress = Callable[[int, int], object]
"""Hears how many of how many accounts were read; what it raises ends the reading."""


@dataclass(frozen=True, slots=True)
class Debtor:
    """One account that owes, with whose it is and how to reach them."""

    row: AgingRow
    name: str
    phone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AgedDebt:
    """All that is open, by lateness counted from ``as_of``; ``largest`` debts first, ``rows`` by account."""

    as_of: date
    aging: Aging
    rows: tuple[AgingRow, ...]
    largest: tuple[Debtor, ...]


_numbers: Final[BindParameter[Any]] = bindparam("account_nos", expanding=True)
_OWING: Final = (
    select(func.count()).select_from(accounts).where(accounts.c.kind == "meter", accounts.c.balance_minor > 0)
)
_WHOSE: Final = (
    select(accounts.c.account_no, customers.c.name, customers.c.phone)
    .join_from(accounts, customers, customers.c.customer_no == accounts.c.customer_no)
    .where(accounts.c.account_no.in_(_numbers))
)


def aged_debt(connection: Connection, *, as_of: date, progress: Progress | None = None) -> AgedDebt:
    """Return what every meter account owes by lateness; at most ``LARGEST`` of them come with their names."""
    whole = connection.execute(_OWING).scalar_one() if progress is not None else 0
    rows: list[AgingRow] = []
    for row in aging(connection, as_of=as_of):
        rows.append(row)
        if progress is not None and len(rows) % TOLD_EVERY == 0:
            progress(len(rows), whole)
    largest = nlargest(LARGEST, rows, key=lambda row: (row.total_minor, row.account_no))
    asked = {"account_nos": [row.account_no for row in largest]}
    whose = {row.account_no: row for row in connection.execute(_WHOSE, asked)} if largest else {}
    names = {number: (found.name, found.phone) for number, found in whose.items()}
    return AgedDebt(
        as_of=as_of,
        aging=_together(row[3:8] for row in rows),
        rows=tuple(rows),
        largest=tuple(Debtor(row, *names.get(row.account_no, ("", ""))) for row in largest),
    )


def _together(rows: Iterable[tuple[int, ...]]) -> Aging:
    sums = [sum(column) for column in zip(*rows, strict=True)] or [0] * 5
    return Aging(**dict(zip(AgingRow._fields[3:8], sums, strict=True)))


# --- who owes ---------------------------------------------------------------------------------------------------------


class OwingRow(NamedTuple):
    """What one customer owes over all meters, by lateness, and the oldest open charge of them.

    An account that is nobody's is a row of its own under its number, without a name.
    """

    customer_no: str
    name: str
    phone: str
    meters: int
    oldest_invoice: str
    oldest_date: date
    oldest_due: date
    days_overdue: int
    not_due_minor: int
    d1_30_minor: int
    d31_60_minor: int
    d61_90_minor: int
    over_90_minor: int
    total_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Owing:
    """Everybody who owes, the most overdue first, lateness counted from ``as_of``."""

    as_of: date
    aging: Aging
    rows: tuple[OwingRow, ...]


def owing_customers(connection: Connection, *, as_of: date) -> Owing:
    """Return everybody who owes something on a meter's account, the most overdue first, of those the largest."""
    aged = aged_accounts(connection, as_of=as_of)
    whose = select(aged, customers.c.name, customers.c.phone).join_from(
        aged, customers, customers.c.customer_no == aged.c.customer_no, isouter=True
    )
    found: dict[tuple[str, str], OwingRow] = {}
    for row in connection.execute(whose):
        one = _owing(row, as_of)
        key = ("customer", one.customer_no) if row.customer_no is not None else ("account", one.customer_no)
        before = found.get(key)
        found[key] = one if before is None else _both(before, one)
    rows = sorted(found.values(), key=lambda one: (-one.days_overdue, -one.total_minor, one.customer_no))
    return Owing(as_of=as_of, aging=_together(row[8:13] for row in rows), rows=tuple(rows))


def _owing(row: Any, as_of: date) -> OwingRow:
    return OwingRow(
        row.customer_no or row.account_no,
        row.name or "",
        row.phone or "",
        1,
        row.oldest_number,
        row.oldest_fact_date,
        row.oldest_due_date,
        days_overdue(row.oldest_due_date, as_of=as_of),
        *(int(getattr(row, name)) for name in OwingRow._fields[8:]),
    )


def _both(one: OwingRow, other: OwingRow) -> OwingRow:
    """Put two meters of one customer together."""
    oldest = min(one, other, key=lambda row: (row.oldest_due, row.oldest_date, row.oldest_invoice))
    sums = (left + right for left, right in zip(one[8:], other[8:], strict=True))
    together = (*one[:3], one.meters + other.meters, *oldest[4:8], *sums)
    return OwingRow._make(together)
