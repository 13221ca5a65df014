"""How late a charge is, counted in days past its due date, and the columns that lateness falls into."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final, Literal

from meterpos.ledger.rules.allocation import ChargeState

Bucket = Literal["not_due", "d1_30", "d31_60", "d61_90", "over_90"]
BUCKETS: Final[tuple[Bucket, ...]] = ("not_due", "d1_30", "d31_60", "d61_90", "over_90")
_LAST_DAYS: Final[tuple[tuple[int, Bucket], ...]] = (
    (0, "not_due"),
    (30, "d1_30"),
    (60, "d31_60"),
    (90, "d61_90"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Aging:
    """What is open, by lateness. Credit is not netted."""

    not_due_minor: int = 0
    d1_30_minor: int = 0
    d31_60_minor: int = 0
    d61_90_minor: int = 0
    over_90_minor: int = 0

    @property
    def total_minor(self) -> int:
        """Sum the columns."""
        return sum(self.columns_minor)

    @property
    def columns_minor(self) -> tuple[int, ...]:
        """Return the amounts in the order of BUCKETS."""
        return (
            self.not_due_minor,
            self.d1_30_minor,
            self.d31_60_minor,
            self.d61_90_minor,
            self.over_90_minor,
        )


def counted_from(*, business_date: date, today: date) -> date:
    """Return the day lateness is counted from: a clock set back, or a shift kept open, makes nothing less overdue."""
    return max(business_date, today)


def days_overdue(due_date: date, *, as_of: date) -> int:
    """Count the days past the due date; on the due date itself nothing is overdue yet."""
    return max(0, (as_of - due_date).days)


def bucket(days: int) -> Bucket:
    """Name the column for a number of days overdue."""
    for last_day, name in _LAST_DAYS:
        if days <= last_day:
            return name
    return "over_90"


def first_due_dates(as_of: date) -> tuple[tuple[Bucket, date | None], ...]:
    """Return each column with the earliest due date that falls into it, the least late first; None: any earlier one.

    What a database asks, so that lateness is counted in one place. The calendar begins in the year 1: whoever asks as
    of its first days is told that nothing is later than it.
    """
    begun = (as_of - date.min).days
    named: tuple[tuple[Bucket, date | None], ...] = tuple(
        (name, as_of - timedelta(days=min(last_day, begun))) for last_day, name in _LAST_DAYS
    )
    return (*named, ("over_90", None))


def age(states: Iterable[ChargeState], *, as_of: date) -> Aging:
    """Sum the open amounts by lateness."""
    sums: dict[Bucket, int] = dict.fromkeys(BUCKETS, 0)
    for state in states:
        sums[bucket(days_overdue(state.charge.due_date, as_of=as_of))] += state.open_minor
    return Aging(**{f"{name}_minor": amount_minor for name, amount_minor in sums.items()})
