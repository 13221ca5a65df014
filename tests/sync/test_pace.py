"""When the till tries again."""

import pytest

from meterpos.sync.pace import FIRST_RETRY_S, wait_s


@pytest.mark.parametrize("dice", [0.0, 0.5, 0.999])
def test_while_it_works_the_till_exchanges_about_as_often_as_it_is_told(dice: float) -> None:
    assert 270 <= wait_s("complete", failures=0, every_s=300, dice=lambda: dice) <= 330


def test_the_first_failures_are_tried_again_soon_and_then_ever_later() -> None:
    waits = [wait_s("unreachable", failures=count, every_s=300, dice=lambda: 0.999999) for count in range(1, 12)]
    assert waits[0] < FIRST_RETRY_S + 0.1
    assert waits == sorted(waits)
    assert 299 < waits[-1] <= 300


def test_a_thousand_tills_do_not_ask_together() -> None:
    waits = {wait_s("cut", failures=3, every_s=300, dice=lambda n=n: n / 1_000) for n in range(1_000)}
    assert len(waits) == 1_000
    assert max(waits) / min(waits) > 1.9


def test_however_many_failures_there_were_the_wait_stays_in_bounds() -> None:
    assert wait_s("busy", failures=10_000, every_s=300, dice=lambda: 0.5) == 225
    assert wait_s("busy", failures=10_000, every_s=1, dice=lambda: 0.999) < FIRST_RETRY_S


@pytest.mark.parametrize("outcome", ["refused", "revoked", "outdated", "strange"])
def test_what_only_a_person_can_change_is_asked_for_seldom(outcome: str) -> None:
    assert wait_s(outcome, failures=1, every_s=300, dice=lambda: 0.5) > 3 * 300


def test_what_head_office_says_of_when_to_come_again_is_kept_to() -> None:
    waits = [
        wait_s("busy", failures=9, every_s=300, dice=lambda n=n: n / 100, come_again_s=40)  # type: ignore[misc]
        for n in range(100)
    ]
    assert 40 <= min(waits) < max(waits) <= 41


def test_only_a_head_office_that_is_busy_is_asked_when_it_says() -> None:
    assert wait_s("unreachable", failures=1, every_s=300, dice=lambda: 0.5, come_again_s=40) < 5
