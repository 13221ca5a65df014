"""Aging: days past the due date, and the columns they fall into."""

from datetime import date, timedelta

import pytest

from meterpos.ledger.rules.aging import age, bucket, counted_from, days_overdue, first_due_dates
from meterpos.ledger.rules.allocation import Charge, allocate

DUE = date(2026, 1, 31)


@pytest.mark.parametrize(
    ("days", "column"),
    [
        (0, "not_due"),
        (1, "d1_30"),
        (30, "d1_30"),
        (31, "d31_60"),
        (60, "d31_60"),
        (61, "d61_90"),
        (90, "d61_90"),
        (91, "over_90"),
    ],
)
def test_the_columns_have_sharp_edges(days: int, column: str) -> None:
    assert bucket(days) == column


@pytest.mark.parametrize(("late", "days"), [(-5, 0), (0, 0), (1, 1), (400, 400)])
def test_the_due_day_itself_is_not_overdue(late: int, days: int) -> None:
    assert days_overdue(DUE, as_of=DUE + timedelta(days=late)) == days


def test_open_amounts_are_summed_by_lateness() -> None:
    charges = [
        Charge(
            fact_id=f"{n}",
            number=f"{n}",
            kind="invoice",
            due_date=DUE - timedelta(days=n),
            fact_date=DUE,
            amount_minor=n + 1,
        )
        for n in (0, 1, 31, 61, 91, 92)
    ]
    aging = age(allocate(charges, []).charges, as_of=DUE)
    assert aging.columns_minor == (1, 2, 32, 62, 92 + 93)
    assert aging.total_minor == sum(charge.amount_minor for charge in charges)


def test_a_clock_set_back_makes_nothing_less_overdue() -> None:
    assert counted_from(business_date=DUE, today=DUE - timedelta(days=9)) == DUE
    assert counted_from(business_date=DUE - timedelta(days=9), today=DUE) == DUE


@pytest.mark.parametrize("as_of", [date.min, date.min + timedelta(days=45), date.max])
def test_lateness_is_told_as_of_any_day_of_the_calendar(as_of: date) -> None:
    for name, first in first_due_dates(as_of)[:-1]:
        assert first is not None
        assert date.min <= first <= as_of
        assert first == date.min or bucket(days_overdue(first, as_of=as_of)) == name
