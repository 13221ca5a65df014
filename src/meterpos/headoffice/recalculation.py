"""Customers' kept sums brought in line with what their meters owe, some at a time: who changed, and by how much."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import Connection, func, select

from meterpos.ledger.balances import recalculate, recalculate_customers
from meterpos.ledger.store import Store
from meterpos.ledger.tables import accounts, customers

CHUNK: Final = 500
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


_HAS_METER: Final = customers.c.customer_no.in_(select(accounts.c.customer_no).where(accounts.c.kind == "meter"))
_SUMS: Final = select(
    customers.c.customer_no, customers.c.name, customers.c.balance_minor, customers.c.overpayment_minor
).order_by(customers.c.customer_no)


def recalculate_customer_balances(
    store: Store,
    *,
    dry_run: bool = False,
    significant_minor: int = SIGNIFICANT_MINOR,
    progress: Progress | None = None,
    chunk: int = CHUNK,
) -> Recalculated:
    """Recalculate every customer with meters from the facts of their accounts; a door: opens its own write blocks.

    Each `chunk` of customers is a transaction of its own; where one fails, its customers are tried one by one, so that
    one that cannot be does not stop the rest. ``dry_run`` changes nothing.
    """
    done = Recalculated()
    with store.read() as connection:
        total = connection.execute(select(func.count()).select_from(customers).where(_HAS_METER)).scalar_one()
    after = ""
    while True:
        with store.read() as connection:
            some = connection.execute(
                select(customers.c.customer_no).where(_HAS_METER, customers.c.customer_no > after)
                .order_by(customers.c.customer_no).limit(chunk)
            ).scalars().all()  # fmt: skip
        if not some:
            break
        after = some[-1]
        _chunk(store, some, done, dry_run=dry_run, significant_minor=significant_minor)
        if progress is not None:
            progress(done.processed, total)
    log.info(
        "recalculated %d customers, %d changed, %d failed", done.processed, done.balances_changed, len(done.failed)
    )
    return done


def _chunk(store: Store, some: Sequence[str], done: Recalculated, *, dry_run: bool, significant_minor: int) -> None:
    try:
        before, now = _recalculated(store, some, dry_run=dry_run)
    except Exception as error:
        if len(some) == 1:
            log.exception("customer %s cannot be recalculated", some[0])
            done.processed += 1
            done.failed.append((some[0], f"{type(error).__name__}: {str(error).splitlines()[0][:200]}"))
            return
        for one in some:
            _chunk(store, [one], done, dry_run=dry_run, significant_minor=significant_minor)
        return
    for old, new in zip(before, now, strict=True):
        _count(done, old, new, significant_minor=significant_minor)


def _recalculated(store: Store, some: Sequence[str], *, dry_run: bool) -> tuple[list[Any], list[Any]]:
    """Return the sums of these customers before and after."""
    before: list[Any] = []
    now: list[Any] = []
    try:
        with store.write() as connection:
            before = _sums(connection, some)
            owned = select(accounts.c.account_no).where(accounts.c.customer_no.in_(some))
            recalculate(connection, connection.execute(owned).scalars().all())
            recalculate_customers(connection, some)
            now = _sums(connection, some)
            if dry_run:
                raise _DryRun
    except _DryRun:
        pass
    return before, now


def _sums(connection: Connection, some: Sequence[str]) -> list[Any]:
    return list(connection.execute(_SUMS.where(customers.c.customer_no.in_(some))))


def _count(done: Recalculated, old: Any, new: Any, *, significant_minor: int) -> None:
    done.processed += 1
    done.with_balance += new.balance_minor > 0
    done.with_overpayment += new.overpayment_minor > 0
    done.clear += not new.balance_minor and not new.overpayment_minor
    done.balances_changed += old.balance_minor != new.balance_minor
    done.overpayments_changed += old.overpayment_minor != new.overpayment_minor
    done.balance_before_minor += old.balance_minor
    done.balance_after_minor += new.balance_minor
    done.overpayment_before_minor += old.overpayment_minor
    done.overpayment_after_minor += new.overpayment_minor
    pairs = (
        ("balance", old.balance_minor, new.balance_minor),
        ("overpayment", old.overpayment_minor, new.overpayment_minor),
    )
    for kind, was, now in pairs:
        if abs(now - was) > significant_minor and len(done.significant) < LISTED_MAX:
            done.significant.append(
                Significant(customer_no=new.customer_no, name=new.name, type=kind, before_minor=was, after_minor=now)
            )
