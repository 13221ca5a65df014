"""Cash: what must lie in the drawer."""

import pytest

from meterpos.ledger.rules.cash import DrawerCash, difference_sentence, drawer_cash


def test_the_drawer_holds_float_and_cash_applied_less_refunds_and_what_was_moved_out() -> None:
    cash = drawer_cash(float_minor=500_000, drawer_minor=[250_000, 0, -40_000, 100], moved_out_minor=300_000)
    assert cash == DrawerCash(float_minor=500_000, taken_minor=250_100, refunded_minor=40_000, moved_out_minor=300_000)
    assert cash.expected_minor == 410_100
    assert cash.difference_minor(410_000) == -100


@pytest.mark.parametrize(("minor", "says"), [(0, "exact"), (-100, "1.00 short"), (5, "0.05 over")])
def test_a_count_is_put_into_words(minor: int, says: str) -> None:
    assert says in difference_sentence(minor)
