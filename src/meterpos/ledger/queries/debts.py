"""Aged debt as a report: every account that owes by lateness, the largest of them with whose they are."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from heapq import nlargest
from typing import Any, Final

from sqlalchemy import BindParameter, Connection, bindparam, func, select

from meterpos.ledger.queries.listings import AgingRow, aging
from meterpos.ledger.rules.aging import Aging
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
    sums = (sum(column) for column in zip(*(row[3:8] for row in rows), strict=True)) if rows else (0,) * 5
    return AgedDebt(
        as_of=as_of,
        aging=Aging(**dict(zip(AgingRow._fields[3:8], sums, strict=True))),
        rows=tuple(rows),
        largest=tuple(Debtor(row, *names.get(row.account_no, ("", ""))) for row in largest),
    )
