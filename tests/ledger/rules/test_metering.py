"""Which reading may follow which, and what went through a meter in between."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meterpos.ledger.rules.metering import (
    Reading,
    ReadingRefused,
    Register,
    Source,
    estimate,
    format_units,
    parse_units,
    start_register,
    take_reading,
    to_bill,
)

DAY = date(2026, 11, 20)
READINGS = st.integers(min_value=0, max_value=99_999_999)


def read(*readings: int, digits: int | None = None, sources: tuple[Source, ...] = ()) -> Register:
    """Return a meter that was read a day apart, the last on the day before DAY; all that were seen unless said."""
    register = Register(digits=digits)
    for index, milli in enumerate(readings):
        on = DAY - timedelta(days=len(readings) - index)
        taken = take_reading(register, read_on=on, reading_milli=milli, source=sources[index] if sources else "actual")
        assert taken is not None
        register = register.after(taken)
    return register


@pytest.mark.parametrize(
    ("text", "milli", "again"),
    [("120", 120_000, "120"), (" 120.5 ", 120_500, "120.5"), ("0.001", 1, "0.001"), ("00120.50", 120_500, "120.5")],
)
def test_a_reading_is_taken_as_it_stands_on_the_register(text: str, milli: int, again: str) -> None:
    assert (parse_units(text), format_units(milli)) == (milli, again)


@pytest.mark.parametrize("text", ["", "-1", "1,000", "1.0001", "12a", "1e3", "1234567890123", "١٢"])
def test_what_is_no_reading_is_refused(text: str) -> None:
    with pytest.raises(ReadingRefused, match="no reading"):
        parse_units(text)


def test_units_below_zero_are_said_so() -> None:
    assert format_units(-1_250) == "-1.25"


def test_the_first_reading_is_where_counting_begins() -> None:
    taken = take_reading(Register(), read_on=DAY, reading_milli=500_000)
    assert taken == Reading(read_on=DAY, reading_milli=500_000)


@given(st.lists(READINGS, min_size=1, max_size=8))
def test_the_total_is_what_the_last_reading_shows_above_the_first(readings: list[int]) -> None:
    last = read(*sorted(readings)).last
    assert last is not None and last.total_milli == max(readings) - min(readings)


@given(READINGS, READINGS)
def test_a_reading_below_the_last_is_refused(one: int, other: int) -> None:
    low, high = sorted((one, other))
    if low < high:
        with pytest.raises(ReadingRefused, match="below the last reading"):
            take_reading(read(high), read_on=DAY, reading_milli=low)


@given(st.integers(min_value=0, max_value=99_999_999), st.integers(min_value=0, max_value=50_000_000))
def test_a_register_that_rolled_over_counted_on(last: int, usage: int) -> None:
    shown = last + usage - 100_000_000
    if shown >= 0:
        taken = take_reading(read(last, digits=5), read_on=DAY, reading_milli=shown, rolled_over=True)
        assert taken is not None and (taken.usage_milli, taken.rolled_over) == (usage, True)


@pytest.mark.parametrize(
    ("digits", "shown", "sentence"),
    [(None, 5_000, "digits"), (5, 60_000_000, "more than half"), (5, 100_000_000, "more than the 5 digits")],
)
def test_a_roll_over_that_cannot_be_is_refused(digits: int | None, shown: int, sentence: str) -> None:
    with pytest.raises(ReadingRefused, match=sentence):
        take_reading(read(99_990_000, digits=digits), read_on=DAY, reading_milli=shown, rolled_over=True)


def test_the_same_reading_once_more_changes_nothing() -> None:
    register = read(100_000, 120_000)
    assert take_reading(register, read_on=DAY - timedelta(days=1), reading_milli=120_000) is None


def test_another_reading_of_the_same_day_is_refused() -> None:
    with pytest.raises(ReadingRefused, match="a reading of 19 Nov 2026 already, 120, not 121"):
        take_reading(read(100_000, 120_000), read_on=DAY - timedelta(days=1), reading_milli=121_000)


def test_a_reading_of_an_earlier_day_is_refused() -> None:
    with pytest.raises(ReadingRefused, match="before the last reading"):
        take_reading(read(100_000, 120_000), read_on=DAY - timedelta(days=2), reading_milli=100_000)


def test_what_was_estimated_too_much_is_taken_back_by_what_was_seen() -> None:
    register = read(100_000, 130_000, sources=("actual", "estimated"))
    taken = take_reading(register, read_on=DAY, reading_milli=120_000)
    assert taken is not None and (taken.usage_milli, taken.total_milli) == (-10_000, 20_000)


def test_a_reading_below_the_last_that_was_seen_is_refused_also_after_an_estimate() -> None:
    register = read(100_000, 130_000, sources=("actual", "estimated"))
    with pytest.raises(ReadingRefused, match="below the last reading"):
        take_reading(register, read_on=DAY, reading_milli=99_000)


def test_a_meter_that_was_only_ever_estimated_takes_any_reading() -> None:
    register = read(100_000, sources=("estimated",))
    taken = take_reading(register, read_on=DAY, reading_milli=90_000)
    assert taken is not None and taken.usage_milli == -10_000


def test_a_new_register_counts_on_from_the_total_of_the_old_one() -> None:
    register = read(100_000, 120_000)
    started = start_register(register, read_on=DAY, reading_milli=3_000)
    taken = take_reading(register.after(started), read_on=DAY, reading_milli=5_000)
    assert taken is not None and (taken.usage_milli, taken.total_milli) == (2_000, 22_000)


def test_a_register_is_not_fitted_before_the_old_one_was_last_read() -> None:
    with pytest.raises(ReadingRefused, match="after 01 Nov 2026"):
        start_register(read(100_000), read_on=date(2026, 11, 1), reading_milli=0)


def test_a_register_may_be_fitted_where_nothing_was_read_yet() -> None:
    assert start_register(Register(), read_on=DAY, reading_milli=0).total_milli == 0


EARLIER = [(DAY - timedelta(days=31), 0), (DAY - timedelta(days=1), 30_000)]


def test_a_guess_goes_on_as_the_meter_went_in_whole_units() -> None:
    guess = estimate(read(100_000, 130_700), EARLIER, read_on=DAY + timedelta(days=9))
    assert (guess.reading_milli, guess.usage_milli, guess.source) == (140_700, 10_000, "estimated")


@given(READINGS, st.integers(min_value=0, max_value=400), st.integers(min_value=0, max_value=10**7))
def test_a_guess_is_never_below_the_last_reading_nor_above_what_went_a_day(last: int, days: int, went: int) -> None:
    earlier = [(DAY - timedelta(days=31), 0), (DAY - timedelta(days=1), went)]
    guess = estimate(read(last), earlier, read_on=DAY + timedelta(days=days))
    assert 0 <= guess.usage_milli <= went * (days + 1) / 30


def test_a_guess_rolls_over_where_the_register_does() -> None:
    guess = estimate(read(990_000, 999_000, digits=3), EARLIER, read_on=DAY + timedelta(days=9))
    assert (guess.reading_milli, guess.usage_milli, guess.rolled_over) == (9_000, 10_000, True)


@pytest.mark.parametrize("earlier", [[], EARLIER[:1]])
def test_nothing_is_guessed_from_one_reading(earlier: list[tuple[date, int]]) -> None:
    with pytest.raises(ReadingRefused, match="no two readings"):
        estimate(read(100_000), earlier, read_on=DAY)


def test_nothing_is_guessed_for_a_meter_that_was_never_read() -> None:
    with pytest.raises(ReadingRefused, match="no two readings"):
        estimate(Register(), EARLIER, read_on=DAY)


def test_nothing_is_guessed_for_a_day_that_was_estimated_already() -> None:
    register = read(100_000, 130_000, sources=("actual", "estimated"))
    with pytest.raises(ReadingRefused, match="already"):
        estimate(register, EARLIER, read_on=DAY - timedelta(days=1))


@given(st.lists(st.integers(min_value=0, max_value=10**9), min_size=1, max_size=12))
def test_bills_never_take_a_unit_twice_and_in_the_end_none_is_left(totals: list[int]) -> None:
    through = billed = 0
    for total in totals:
        units, through = to_bill(total_milli=total, through_milli=through)
        assert units >= 0
        billed += units
    assert billed == through == max(totals)
