"""Customers' kept sums brought in line with what their meters owe, some at a time: who changed, and by how much."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import BigInteger, bindparam, cast, exists, func, select

from meterpos.headoffice.locks import hold_range
from meterpos.ledger.balances import CustomerChange, recalculate_range
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
_within: Final = (customers.c.customer_no > bindparam("after")) & (customers.c.customer_no <= bindparam("through"))
_NUMBERS: Final = (
    select(customers.c.customer_no)
    .where(_HAS_METER, customers.c.customer_no > bindparam("after"))
    .order_by(customers.c.customer_no)
    .limit(bindparam("limit"))
)


def _sum(column: Any) -> Any:
    return cast(func.coalesce(func.sum(column), 0), BigInteger)


_SUMS: Final = select(
    _sum(customers.c.balance_minor).label("balance_minor"),
    _sum(customers.c.overpayment_minor).label("overpayment_minor"),
).where(_within)
_SUMS_AND_COUNTS: Final = select(
    func.count().label("processed"),
    func.count().filter(customers.c.balance_minor > 0).label("with_balance"),
    func.count().filter(customers.c.overpayment_minor > 0).label("with_overpayment"),
    func.count().filter(customers.c.balance_minor == 0, customers.c.overpayment_minor == 0).label("clear"),
    _sum(customers.c.balance_minor).label("balance_minor"),
    _sum(customers.c.overpayment_minor).label("overpayment_minor"),
).where(_HAS_METER, _within)


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
            some = connection.execute(_NUMBERS, {"after": after, "limit": chunk}).scalars().all()
        if not some:
            break
        _chunk(store, after, some, done, dry_run=dry_run, significant_minor=significant_minor)
        after = some[-1]
        if progress is not None:
            progress(done.processed, total)
    log.info(
        "recalculated %d customers, %d changed, %d failed", done.processed, done.balances_changed, len(done.failed)
    )
    return done


def _chunk(
    store: Store, after: str, some: Sequence[str], done: Recalculated, *, dry_run: bool, significant_minor: int
) -> None:
    """Recalculate the customers after one number up to the last of ``some``."""
    try:
        piece = _recalculated(store, after, some[-1], dry_run=dry_run)
    except Exception as error:  # noqa: BLE001 - whatever is wrong with one customer, the others go on
        if len(some) == 1:
            log.warning("customer %s cannot be recalculated: %s", some[0], type(error).__name__)
            done.processed += 1
            done.failed.append((some[0], f"{type(error).__name__}: {str(error).splitlines()[0][:200]}"))
            return
        middle = len(some) // 2
        for begin, half in ((after, some[:middle]), (some[middle - 1], some[middle:])):
            _chunk(store, begin, half, done, dry_run=dry_run, significant_minor=significant_minor)
        return
    _add(done, *piece, significant_minor=significant_minor)


def _recalculated(
    store: Store, after: str, through: str, *, dry_run: bool
) -> tuple[Any, Any, tuple[CustomerChange, ...]]:
    """Return the sums of this range before and after, and who changed."""
    asked = {"after": after, "through": through}
    before = now = None
    changed: tuple[CustomerChange, ...] = ()
    try:
        with store.write() as connection:
            hold_range(connection, **asked)
            before = connection.execute(_SUMS, asked).one()
            changed = recalculate_range(connection, **asked)
            now = connection.execute(_SUMS_AND_COUNTS, asked).one()
            if dry_run:
                raise _DryRun
    except _DryRun:
        pass
    return before, now, changed


def _add(
    done: Recalculated, before: Any, now: Any, changed: Sequence[CustomerChange], *, significant_minor: int
) -> None:
    for name in ("processed", "with_balance", "with_overpayment", "clear"):
        setattr(done, name, getattr(done, name) + getattr(now, name))
    done.balance_before_minor += before.balance_minor
    done.balance_after_minor += now.balance_minor
    done.overpayment_before_minor += before.overpayment_minor
    done.overpayment_after_minor += now.overpayment_minor
    for one in changed:
        done.balances_changed += one.balance_was_minor != one.balance_minor
        done.overpayments_changed += one.overpayment_was_minor != one.overpayment_minor
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
