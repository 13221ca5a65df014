"""Cash: what must lie in the drawer."""

import pytest

from meterpos.ledger.rules.cash import (
    NOTES_AND_COINS,
    DrawerCash,
    difference_sentence,
    drawer_cash,
    fullness,
    limit_sentence,
    safe_minor,
    said_of_count,
    wrong_with_count,
)


def test_the_drawer_holds_float_and_cash_applied_less_refunds_and_what_was_moved_out() -> None:
    cash = drawer_cash(float_minor=500_000, drawer_minor=[250_000, 0, -40_000, 100], moved_out_minor=300_000)
    assert cash == DrawerCash(float_minor=500_000, taken_minor=250_100, refunded_minor=40_000, moved_out_minor=300_000)
    assert cash.expected_minor == 410_100
    assert cash.difference_minor(410_000) == -100


def test_the_next_clerk_answers_for_what_was_counted_at_the_handover() -> None:
    cash = drawer_cash(float_minor=500, drawer_minor=[100], moved_out_minor=50, recounted_minor=-20)
    assert cash.expected_minor == 530


def test_the_safe_holds_what_came_into_it_and_was_not_banked() -> None:
    assert safe_minor(dropped_minor=700, banked_minor=900, counted_minor=800, floats_minor=500) == 100


@pytest.mark.parametrize(("minor", "says"), [(0, "exact"), (-100, "1.00 short"), (5, "0.05 over")])
def test_a_count_is_put_into_words(minor: int, says: str) -> None:
    assert says in difference_sentence(minor)


@pytest.mark.parametrize(
    ("held", "warn", "stop", "says"),
    [
        (700, 0, 0, ""),
        (700, 700, 800, ""),
        (701, 700, 800, "Put some into the safe"),
        (800, 0, 800, ""),
        (801, 700, 800, "no more cash"),
        (801, 0, 800, "no more cash"),
    ],
)
def test_the_drawer_s_limits_are_said_when_they_are_passed(held: int, warn: int, stop: int, says: str) -> None:
    sentence = limit_sentence(held, warn_minor=warn, stop_minor=stop)
    assert says in sentence and bool(says) == bool(sentence)


@pytest.mark.parametrize(
    ("held", "warn", "stop", "how"),
    [
        (9_999, 0, 0, "room"),
        (400, 400, 500, "room"),
        (401, 400, 500, "near"),
        (500, 400, 500, "full"),
        (500, 0, 500, "full"),
        (499, 0, 500, "room"),
        (900, 400, 0, "near"),
    ],
)
def test_a_drawer_is_near_above_the_warning_and_full_from_the_limit_on(
    held: int, warn: int, stop: int, how: str
) -> None:
    assert fullness(held, warn_minor=warn, stop_minor=stop) == how


@pytest.mark.parametrize("pieces", NOTES_AND_COINS.values(), ids=NOTES_AND_COINS)
def test_notes_and_coins_are_counted_from_the_largest_down(pieces: tuple[int, ...]) -> None:
    assert list(pieces) == sorted(set(pieces), reverse=True)


@pytest.mark.parametrize(
    ("notes", "alone", "said"),
    [
        ([(100_000, 4), (50, 3)], False, ""),
        ([(100_000, 4)], True, "The notes and coins add up to 4,000.00, not 4,001.50. Count again."),
        ([(100_000, -1)], True, "A note or coin has a value, and is counted from zero up. Count again."),
        ([(0, 1)], True, "A note or coin has a value, and is counted from zero up. Count again."),
        ([], True, ""),
        ([], False, "Here a drawer is counted by note and coin, not as a total alone."),
    ],
)
def test_a_count_by_note_and_coin_adds_up_or_says_why_not(notes: list[tuple[int, int]], alone: bool, said: str) -> None:
    assert wrong_with_count(notes, counted_minor=400_150, alone=alone) == said


def test_an_entry_says_each_note_and_what_was_counted_before() -> None:
    assert said_of_count([(50, 2)], (90,)) == {"count": [{"denomination": 50, "count": 2}], "earlier_counts": [90]}
