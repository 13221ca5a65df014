"""Customers' kept sums brought in line with what their meters owe, some at a time: who changed, and by how much."""

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

from sqlalchemy import Connection, bindparam, exists, func, select

from meterpos.headoffice.locks import hold_all
from meterpos.ledger.balance_ranges import CustomerChange, RangeFigures, recalculate_range
from meterpos.ledger.store import Store
from meterpos.ledger.tables import accounts, customers

CHUNK: Final = 50_000
SIGNIFICANT_MINOR: Final = 100_00
"""A change above this is listed."""
LISTED_MAX: Final = 10_000

log = logging.getLogger(__name__)

Progress = Callable[[int, int], object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Significant:
    """One customer's sum that changed by much; `type` is balance or overpayment."""

    customer_no: str
    name: str
    type: str
    before_minor: int
    after_minor: int

    @property
    def difference_minor(self) -> int:
        """What it changed by."""
        return self.after_minor - self.before_minor


@dataclass(slots=True, kw_only=True)
class Recalculated:
    """What came of it; sums of money are over every customer with meters."""

    processed: int = 0
    with_balance: int = 0
    with_overpayment: int = 0
    clear: int = 0
    balances_changed: int = 0
    overpayments_changed: int = 0
    balance_before_minor: int = 0
    balance_after_minor: int = 0
    overpayment_before_minor: int = 0
    overpayment_after_minor: int = 0
    significant: list[Significant] = field(default_factory=list)
    failed: list[tuple[str, str]] = field(default_factory=list)
    """Customers that could not be recalculated, and why; the rest was."""


class _DryRun(Exception):
    """Ends a transaction that must change nothing."""


_HAS_METER: Final = exists().where(accounts.c.customer_no == customers.c.customer_no, accounts.c.kind == "meter")
_NUMBERS: Final = (
    select(customers.c.customer_no)
    .where(_HAS_METER, customers.c.customer_no > bindparam("after"))
    .order_by(customers.c.customer_no)
)
_LAST_OF_CHUNK: Final = select(func.max(_NUMBERS.limit(bindparam("limit")).subquery().c.customer_no))
_IN_CHUNK: Final = _NUMBERS.where(customers.c.customer_no <= bindparam("through"))


def recalculate_customer_balances(
    store: Store,
    *,
    dry_run: bool = False,
    significant_minor: int = SIGNIFICANT_MINOR,
    progress: Progress | None = None,
    chunk: int = CHUNK,
) -> Recalculated:
    """Recalculate every customer with meters from the facts of their accounts; a door: opens its own write blocks.

    Each `chunk` of customers is a transaction of its own, in statements over the whole of it; where one fails, its
    halves are tried, until those that cannot be recalculated stand alone: they do not stop the rest. ``dry_run``
    changes nothing.
    """
    done = Recalculated()
    with store.read() as connection:
        total = connection.execute(select(func.count()).select_from(customers).where(_HAS_METER)).scalar_one()
    after = ""
    while True:
        with store.read() as connection:
            through = connection.execute(_LAST_OF_CHUNK, {"after": after, "limit": chunk}).scalar_one()
        if through is None:
            break
        _chunk(store, after, through, done, dry_run=dry_run, significant_minor=significant_minor)
        after = through
        if progress is not None:
            progress(done.processed, total)
    log.info(
        "recalculated %d customers, %d changed, %d failed", done.processed, done.balances_changed, len(done.failed)
    )
    return done


def _chunk(
    store: Store, after: str, through: str, done: Recalculated, *, dry_run: bool, significant_minor: int
) -> None:
    """Recalculate the customers after one number up to another."""
    listed_max = LISTED_MAX - len(done.significant)
    try:
        with _writing(store, dry_run=dry_run) as connection:
            hold_all(connection)
            figures, large = recalculate_range(
                connection, after=after, through=through, above_minor=significant_minor, listed_max=listed_max
            )
    except Exception as error:  # noqa: BLE001 - whatever is wrong with one customer, the others go on
        with store.read() as connection:
            numbers = connection.execute(_IN_CHUNK, {"after": after, "through": through}).scalars().all()
        if len(numbers) == 1:
            log.warning("customer %s cannot be recalculated: %s", numbers[0], type(error).__name__)
            done.processed += 1
            done.failed.append((numbers[0], f"{type(error).__name__}: {str(error).splitlines()[0][:200]}"))
            return
        middle = numbers[len(numbers) // 2 - 1]
        for begin, end in ((after, middle), (middle, through)):
            _chunk(store, begin, end, done, dry_run=dry_run, significant_minor=significant_minor)
        return
    _add(done, figures, large, significant_minor=significant_minor)


@contextmanager
def _writing(store: Store, *, dry_run: bool) -> Iterator[Connection]:
    """Yield a connection in one write transaction, of which a dry run leaves nothing."""
    try:
        with store.write() as connection:
            yield connection
            if dry_run:
                raise _DryRun
    except _DryRun:
        pass


def _add(done: Recalculated, figures: RangeFigures, large: Sequence[CustomerChange], *, significant_minor: int) -> None:
    for name, value in figures._asdict().items():
        setattr(done, name, getattr(done, name) + value)
    for one in large:
        pairs = (
            ("balance", one.balance_was_minor, one.balance_minor),
            ("overpayment", one.overpayment_was_minor, one.overpayment_minor),
        )
        for kind, was, is_now in pairs:
            if abs(is_now - was) > significant_minor and len(done.significant) < LISTED_MAX:
                done.significant.append(
                    Significant(
                        customer_no=one.customer_no, name=one.name, type=kind, before_minor=was, after_minor=is_now
                    )
                )
