"""Days of the town: one billing cycle a zone, counted back from a given day."""

from datetime import date, timedelta
from typing import Final

CYCLE_OFFSETS: Final = (10, 3, 25, 7, 17, 21, 13, 1)
"""Days before `as_of` on which the latest invoices of each zone were made, in the order of the zones."""

DUE_DAYS: Final = 14


class Calendar:
    """Invoice days per zone and ISO texts per day, made once; days are ordinals of the calendar."""

    def __init__(self, *, as_of: date, months: int) -> None:
        self.today = as_of.toordinal()
        self.cycles = tuple(
            tuple(_months_before(as_of - timedelta(days=offset), back).toordinal() for back in reversed(range(months)))
            for offset in CYCLE_OFFSETS
        )
        self.first = _months_before(as_of, months + 1).toordinal()
        start = self.first - 800
        self.texts = {day: date.fromordinal(day).isoformat() for day in range(start, self.today + DUE_DAYS + 1)}

    def month_of(self, day: int) -> tuple[int, int]:
        """Return year and month of a day."""
        text = self.texts[day]
        return int(text[:4]), int(text[5:7])


def _months_before(day: date, months: int) -> date:
    """Return the same day of an earlier month, or that month's 28th where the day is later than that."""
    month = day.year * 12 + day.month - 1 - months
    return date(month // 12, month % 12 + 1, min(day.day, 28) if months else day.day)
