"""How much is carried at once."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meterpos.sync import sizes
from meterpos.sync.sizes import AIM_S, STEADY_LEAST, next_size, rows_like

MOST = 5_000


def carried_over(*, each_s: float, way_s: float, size: int, total: int) -> list[float]:
    """Carry so much over a line that is always the same; return how long each time took."""
    took: list[float] = []
    while total:
        carried = min(size, total)
        took.append(way_s + carried * each_s)
        total -= carried
        size = next_size(size, carried, is_full=carried == size, seconds=took[-1], most=MOST)
    return took


@pytest.mark.parametrize("each_s", [1 / 50, 1 / 500, 1 / 800, 1 / 3_000])
def test_once_the_line_is_known_each_batch_takes_about_three_seconds(each_s: float) -> None:
    took = carried_over(each_s=each_s, way_s=0.3, size=sizes.ENTRIES_FIRST, total=50_000)
    assert all(AIM_S / 2 < seconds <= AIM_S + 0.01 for seconds in took[3:-1])


def test_ten_thousand_over_a_fast_line_far_away_take_three_round_trips() -> None:
    assert len(carried_over(each_s=1 / 10_000, way_s=0.6, size=sizes.ENTRIES_FIRST, total=10_002)) == 3


def test_without_a_clock_a_full_batch_doubles_and_another_changes_nothing() -> None:
    assert next_size(100, 100, is_full=True, seconds=None, most=MOST) == 200
    assert next_size(4_000, 4_000, is_full=True, seconds=None, most=MOST) == MOST
    assert next_size(100, 40, is_full=False, seconds=None, most=MOST) == 100


def test_a_little_that_took_long_does_not_make_it_less_than_a_little() -> None:
    assert next_size(2_000, 3, is_full=False, seconds=30.0, most=MOST) == STEADY_LEAST
    assert next_size(20, 20, is_full=True, seconds=30.0, most=MOST) == 20


@given(
    size=st.integers(1, MOST), share=st.floats(0, 1), is_full=st.booleans(),
    seconds=st.none() | st.floats(0, 1e6, allow_nan=False),
)  # fmt: skip
def test_whatever_a_clock_says_the_next_size_is_one_that_can_be_carried(
    size: int, share: float, is_full: bool, seconds: float | None
) -> None:
    following = next_size(size, int(size * share), is_full=is_full, seconds=seconds, most=MOST)
    assert 1 <= following <= MOST
    assert following <= size * sizes.GROWTH_MAX


def test_a_first_page_follows_what_a_batch_taught() -> None:
    assert rows_like(1_000, 2_000, seconds=3.3, most=10_000) == 454, "a narrow line"
    assert rows_like(1_000, 5_000, seconds=0.8, most=10_000) == 4_687, "a wide one"
    assert rows_like(1_000, 60, seconds=0.4, most=10_000) == 1_000, "the way there and back, most of it"
    assert rows_like(1_000, 5_000, seconds=0.0, most=10_000) == 10_000
    assert rows_like(1_000, 60, seconds=60, most=10_000) == STEADY_LEAST
