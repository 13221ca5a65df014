"""Cash: what must lie in the drawer."""

import pytest

from meterpos.ledger.rules.cash import DrawerCash, difference_sentence, drawer_cash, safe_minor


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
