"""What units cost by a tariff, to the cent."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meterpos.ledger.rules.tariffs import (
    WHOLE,
    Block,
    Days,
    Levy,
    Line,
    Tariff,
    TariffGap,
    UnusableTariff,
    charge,
    check_tariff,
    check_versions,
    days_of,
    in_force,
    penalty_of,
)

START = date(2026, 1, 1)
WATER = Tariff(
    name="water",
    starts_on=START,
    blocks=(
        Block(upto_milli=6_000, price=Decimal("55")),
        Block(upto_milli=20_000, price=Decimal("72.505")),
        Block(upto_milli=None, price=Decimal("90.25")),
    ),
    standing_minor=50_00,
    minimum_minor=300_00,
    levies=(
        Levy(name="Sewer", kind="percent", value=Decimal("7.5")),
        Levy(name="Regulator", kind="unit", value=Decimal("0.335")),
        Levy(name="Fund", kind="fixed", value=Decimal("5")),
    ),
    penalty_percent=Decimal("2.5"),
    penalty_minor=20_00,
)

PRICES = st.decimals(min_value=0, max_value=1000, places=4)
UNITS = st.integers(min_value=0, max_value=10**8)
FLAT = Tariff(name="power", starts_on=START, blocks=(Block(upto_milli=None, price=Decimal("20.97")),))


@st.composite
def tariffs(draw: st.DrawFn) -> Tariff:
    bounds = sorted(draw(st.sets(st.integers(min_value=1, max_value=10**6), max_size=4)))
    blocks = tuple(Block(upto_milli=bound, price=draw(PRICES)) for bound in (*bounds, None))
    return replace(WATER, blocks=blocks, minimum_minor=draw(st.integers(min_value=0, max_value=10**5)))


def amounts(units_milli: int, tariff: Tariff = WATER) -> list[tuple[str, int]]:
    return [(line.text or line.kind, line.amount_minor) for line in charge(tariff, units_milli=units_milli)]


def test_each_line_is_rounded_half_up_by_itself() -> None:
    assert charge(WATER, units_milli=23_001)[:3] == (
        Line(kind="block", amount_minor=330_00, units_milli=6_000, price="55"),
        Line(kind="block", amount_minor=1_015_07, units_milli=14_000, price="72.505"),
        Line(kind="block", amount_minor=270_84, units_milli=3_001, price="90.25"),
    )


def test_half_a_cent_goes_up() -> None:
    assert amounts(500, replace(FLAT, blocks=(Block(upto_milli=None, price=Decimal("0.01")),))) == [("block", 1)]


def test_the_minimum_makes_up_what_charges_lack_before_levies() -> None:
    assert amounts(1_000) == [
        ("block", 55_00),
        ("standing", 50_00),
        ("minimum", 195_00),
        ("Sewer", 22_50),
        ("Regulator", 34),
        ("Fund", 5_00),
    ]


def test_no_units_cost_the_minimum() -> None:
    assert amounts(0) == [("standing", 50_00), ("minimum", 250_00), ("Sewer", 22_50), ("Fund", 5_00)]


def test_a_flat_tariff_has_one_line() -> None:
    assert amounts(10_000, FLAT) == [("block", 209_70)]


@given(tariffs(), UNITS)
def test_blocks_take_every_unit_once(tariff: Tariff, units: int) -> None:
    lines = [line for line in charge(tariff, units_milli=units) if line.kind == "block"]
    assert sum(line.units_milli or 0 for line in lines) == units
    exact = sum(Fraction(line.units_milli or 0, 1000) * Fraction(line.price or "0") * 100 for line in lines)
    assert abs(sum(line.amount_minor for line in lines) - exact) <= Fraction(len(lines), 2)


@given(tariffs(), UNITS, UNITS)
def test_more_units_never_cost_less(tariff: Tariff, one: int, other: int) -> None:
    low, high = sorted((one, other))
    cheap, dear = (sum(line.amount_minor for line in charge(tariff, units_milli=units)) for units in (low, high))
    assert cheap <= dear


@given(tariffs(), UNITS)
def test_charges_before_levies_are_never_below_the_minimum(tariff: Tariff, units: int) -> None:
    lines = charge(tariff, units_milli=units)
    assert sum(line.amount_minor for line in lines if line.kind != "levy") >= tariff.minimum_minor


@pytest.mark.parametrize(("overdue", "penalty"), [(0, 0), (-500, 0), (1, 20_00), (1_000_00, 45_00), (1_000_20, 45_01)])
def test_a_penalty_is_asked_where_something_is_overdue(overdue: int, penalty: int) -> None:
    assert penalty_of(WATER, overdue_minor=overdue) == penalty


OPEN_END = Block(upto_milli=None, price=Decimal(1))
BOUND = Block(upto_milli=6_000, price=Decimal(1))


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"ends_on": date(2025, 12, 31)}, "before it starts"),
        ({"blocks": ()}, "beyond its last bound"),
        ({"blocks": (BOUND,)}, "beyond its last bound"),
        ({"blocks": (OPEN_END, OPEN_END)}, "two blocks without a bound"),
        ({"blocks": (BOUND, BOUND, OPEN_END)}, "above the one before"),
        ({"blocks": (Block(upto_milli=0, price=Decimal(1)), OPEN_END)}, "above the one before"),
    ],
)
def test_a_version_that_cannot_bill_everything_is_refused(changes: dict[str, object], sentence: str) -> None:
    check_tariff(WATER)
    with pytest.raises(UnusableTariff, match=sentence):
        check_tariff(replace(WATER, **changes))  # type: ignore[arg-type]


def versions(ends_on: date | None) -> tuple[Tariff, Tariff]:
    return replace(WATER, ends_on=ends_on), replace(WATER, starts_on=date(2026, 7, 1), standing_minor=60_00)


def test_versions_that_follow_each_other_are_in_force_in_turn() -> None:
    both = versions(date(2026, 6, 30))
    check_versions(both)
    found = [in_force(both, name="water", day=day) for day in (date(2026, 6, 30), date(2026, 7, 1))]
    assert [one.standing_minor for one in found] == [50_00, 60_00]


@pytest.mark.parametrize("ends_on", [None, date(2026, 7, 1)])
def test_two_versions_in_force_at_once_are_refused(ends_on: date | None) -> None:
    with pytest.raises(UnusableTariff, match="two versions in force on 01 Jul 2026"):
        check_versions(versions(ends_on))


def test_a_gap_between_versions_is_refused() -> None:
    with pytest.raises(TariffGap, match="nothing in force between 29 Jun 2026 and 01 Jul 2026"):
        check_versions(versions(date(2026, 6, 29)))


@pytest.mark.parametrize("day", [date(2025, 12, 31), date(2026, 6, 30)])
def test_a_day_without_a_version_is_a_gap(day: date) -> None:
    with pytest.raises(TariffGap, match="Tariff water has nothing in force on"):
        in_force(versions(date(2026, 6, 29)), name="water", day=day)


# --- by days

SHARED = replace(WATER, standing_by_days=True, minimum_by_days=True)
NOVEMBER = {"first": date(2026, 11, 1), "last": date(2026, 11, 30)}


def test_standing_charge_and_minimum_are_asked_by_days_where_the_tariff_says_so() -> None:
    standing, minimum, *_ = charge(SHARED, units_milli=0, days=Days(12, 30))
    assert standing == Line(kind="standing", amount_minor=20_00, days=Days(12, 30))
    assert minimum == Line(kind="minimum", amount_minor=100_00, days=Days(12, 30))
    assert charge(SHARED, units_milli=1_000) == charge(WATER, units_milli=1_000, days=Days(12, 30))
    assert [line.kind for line in charge(SHARED, units_milli=0, days=Days(0, 30))] == ["levy"]


@pytest.mark.parametrize(
    ("opened_on", "closed_on", "asked"),
    [
        (None, None, 30),
        (date(2020, 1, 1), None, 30),
        (date(2026, 11, 1), None, 30),
        (date(2026, 11, 13), None, 18),
        (date(2026, 11, 30), None, 1),
        (date(2020, 1, 1), date(2026, 11, 13), 12),
        (date(2020, 1, 1), date(2026, 11, 1), 0),
        (date(2026, 11, 5), date(2026, 11, 13), 8),
        (date(2026, 11, 13), date(2026, 11, 13), 0),
    ],
)
def test_the_day_a_meter_changes_hands_is_who_has_it_afters(
    opened_on: date | None, closed_on: date | None, asked: int
) -> None:
    assert days_of(**NOVEMBER, opened_on=opened_on, closed_on=closed_on) == Days(asked, 30)


@given(amount_minor=st.integers(0, 10**9), day=st.integers(1, 30))
def test_who_leaves_and_who_comes_pay_a_month_together(amount_minor: int, day: int) -> None:
    changed = date(2026, 11, day)
    left = days_of(**NOVEMBER, opened_on=None, closed_on=changed)
    came = days_of(**NOVEMBER, opened_on=changed)
    assert left.asked + came.asked == 30
    assert abs(left.share(amount_minor) + came.share(amount_minor) - WHOLE.share(amount_minor)) <= 1
