"""What recalculation would change, told with names: read in pieces, so that it can be told how far it is, and ended."""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final, Literal

from sqlalchemy import BindParameter, Connection, bindparam, select

from meterpos.ledger.balances import CHUNK, find_customer_differences, find_differences
from meterpos.ledger.tables import accounts, customers

Progress = Callable[[int, int], object]
"""Hears how many of how many accounts were compared; what it raises ends the reading."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptWrong:
    """An account or customer whose kept sum is not that of its movements; below zero is held, not owed."""

    of: Literal["account", "customer"]
    number: str
    name: str
    kept_minor: int
    computed_minor: int


_numbers: Final[BindParameter[Any]] = bindparam("numbers", expanding=True)
_ALL: Final = select(accounts.c.account_no).order_by(accounts.c.account_no)
_NAMES: Final = (
    select(accounts.c.account_no, accounts.c.meter_no, customers.c.name)
    .select_from(accounts.outerjoin(customers, customers.c.customer_no == accounts.c.customer_no))
    .where(accounts.c.account_no.in_(_numbers))
)
_CUSTOMERS: Final = select(customers.c.customer_no, customers.c.name).where(customers.c.customer_no.in_(_numbers))


def kept_wrong(
    connection: Connection, account_nos: Collection[str] | None = None, *, progress: Progress | None = None
) -> tuple[KeptWrong, ...]:
    """Return the accounts whose kept sums are wrong (of these, or of all), and with all the customers too."""
    compared = list(connection.execute(_ALL).scalars()) if account_nos is None else sorted(account_nos)
    found: list[KeptWrong] = []
    for done, chunk in _chunks(compared):
        found += _wrong_accounts(connection, chunk)
        if progress is not None:
            progress(done, len(compared))
    if account_nos is None:
        found += _wrong_customers(connection)
    return tuple(found)


def _wrong_accounts(connection: Connection, chunk: Collection[str]) -> Iterator[KeptWrong]:
    wrong = find_differences(connection, chunk)
    asked = {"numbers": [one.account_no for one in wrong]}
    named = {row.account_no: row for row in connection.execute(_NAMES, asked)} if wrong else {}
    for one in wrong:
        row = named[one.account_no]
        yield KeptWrong(
            of="account",
            number=one.account_no,
            name=" ".join(part for part in (row.meter_no, row.name) if part),
            kept_minor=one.kept.net_minor,
            computed_minor=one.computed.net_minor,
        )


def _wrong_customers(connection: Connection) -> Iterator[KeptWrong]:
    wrong = find_customer_differences(connection)
    for done, chunk in _chunks([kept.customer_no for kept, _ in wrong]):
        names = {row.customer_no: row.name for row in connection.execute(_CUSTOMERS, {"numbers": chunk})}
        for kept, computed in wrong[done - len(chunk) : done]:
            yield KeptWrong(
                of="customer",
                number=kept.customer_no,
                name=names.get(kept.customer_no, ""),
                kept_minor=kept.balance_minor - kept.overpayment_minor,
                computed_minor=computed.balance_minor - computed.overpayment_minor,
            )


def _chunks(numbers: list[str]) -> Iterator[tuple[int, list[str]]]:
    """Yield numbers some at a time, each with how many there were so far."""
    rest, done = iter(numbers), 0
    while chunk := list(islice(rest, CHUNK)):
        done += len(chunk)
        yield done, chunk
