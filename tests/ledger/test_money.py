"""Money as people write it and as it is kept: whole minor units, nothing lost, nothing guessed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meterpos.ledger.money import AMOUNT_MAX, AmountError, format_amount, format_decimal, format_money, parse_amount


@pytest.mark.parametrize(
    ("typed", "minor"),
    [
        ("2500", 250_000),
        (" 2,500.50 ", 250_050),
        ("2,500.5", 250_050),
        ("0.01", 1),
        ("0", 0),
        ("007", 700),
        ("1,234,567.89", 123_456_789),
        ("999999999999.99", AMOUNT_MAX),
    ],
)
def test_an_amount_is_read_to_the_cent(typed: str, minor: int) -> None:
    assert parse_amount(typed) == minor


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("", "Enter an amount"),
        ("   ", "Enter an amount"),
        ("ten", "'ten' is not an amount"),
        ("1.234", "is not an amount"),
        ("1,23", "is not an amount"),
        ("12,34.00", "is not an amount"),
        ("1e3", "is not an amount"),
        (".5", "is not an amount"),
        ("٢٥٠", "is not an amount"),
        ("KES 5", "is not an amount"),
        ("-5", "has no sign here"),
        ("+5", "has no sign here"),
        ("1000000000000", "is more than 999,999,999,999.99"),
        ("9" * 400, "is more than"),
    ],
)
def test_what_is_not_an_amount_is_refused_in_a_sentence(typed: str, says: str) -> None:
    with pytest.raises(AmountError, match=says) as refused:
        parse_amount(typed, field="amount")
    assert refused.value.field == "amount"


def test_a_sign_is_taken_where_it_means_something() -> None:
    assert (parse_amount("-572.40", signed=True), parse_amount("+5", signed=True)) == (-57_240, 500)


@given(st.integers(-AMOUNT_MAX, AMOUNT_MAX))
def test_what_is_written_is_read_back(minor: int) -> None:
    assert parse_amount(format_amount(minor), signed=True) == minor
    assert parse_amount(format_decimal(minor), signed=True) == minor


@pytest.mark.parametrize(
    ("minor", "shown", "decimal"),
    [
        (250_000, "2,500.00", "2500.00"),
        (-5, "-0.05", "-0.05"),
        (0, "0.00", "0.00"),
        (-123_456, "-1,234.56", "-1234.56"),
    ],
)
def test_an_amount_is_shown_with_two_decimals(minor: int, shown: str, decimal: str) -> None:
    assert (format_amount(minor), format_decimal(minor)) == (shown, decimal)
    assert format_money(minor, currency="KES") == f"KES {shown}"
