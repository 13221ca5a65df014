"""Double entry: every group of facts is balanced, and receivable is the sum of what accounts owe."""

from itertools import chain, combinations
from typing import Any

import pytest
from msgspec.structs import replace

from meterpos.ledger.rules.balances import movements_of
from meterpos.ledger.rules.facts import Fact
from meterpos.ledger.rules.postings import (
    Posting,
    Refund,
    closed_shift_postings,
    count_postings,
    movement_postings,
    open_shift_postings,
    postings_of,
    trial_balance,
)
from tests.ledger.rules.test_balances import BOUNCE, CLEARING, CONFIRMATION, PAYMENT, PENDING, REVERSAL, fact

CASH = replace(PAYMENT, method="cash")
MPESA = replace(PAYMENT, method="mpesa")


def books(*facts: Fact) -> dict[str, int]:
    said: dict[str, Refund] = {item.fact_id: item.text for item in facts if item.text}  # type: ignore[misc]
    postings = postings_of(facts, suspense_accounts={"S"}, refunds=said)
    assert all(posting.amount_minor for posting in postings)
    return {book: minor for book, minor in trial_balance(postings).items() if minor}


def refunded(how: str | None) -> Fact:
    """The tests note in the text how the reversal was refunded."""
    return replace(REVERSAL, fact_id=f"r {how}", text=how)


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ([fact("i", "invoice", 700)], {"receivable": 700, "revenue": -700}),
        ([fact("o", "opening", -20)], {"receivable": -20, "opening_balances": 20}),
        ([fact("a", "adjustment", 9)], {"receivable": 9, "adjustments": -9}),
        ([CASH], {"drawer": 500, "receivable": -500}),
        ([MPESA], {"mpesa_clearing": 500, "receivable": -500}),
        ([replace(MPESA, stands_on="S")], {"mpesa_clearing": 500, "suspense": -500}),
        ([replace(MPESA, decision="none")], {}),
        ([PENDING], {"cheques_in_hand": 500, "cheques_uncleared": -500}),
        ([PENDING, CLEARING], {"bank": 500, "receivable": -500}),
        ([PENDING, BOUNCE], {}),
        ([PENDING, refunded("none")], {}),
        ([PAYMENT], {"cheques_in_hand": 500, "receivable": -500}),
        ([PAYMENT, CLEARING, BOUNCE], {}),
        ([CASH, refunded("cash")], {}),
        ([CASH, refunded("none")], {"drawer": 500, "refunds_due": -500}),
        ([CASH, refunded(None)], {}),
        ([MPESA, refunded("cash")], {"mpesa_clearing": 500, "drawer": -500}),
        ([MPESA, refunded("none")], {"mpesa_clearing": 500, "refunds_due": -500}),
    ],
)
def test_money_lies_where_it_was_put(facts: list[Fact], expected: dict[str, int]) -> None:
    assert books(*facts) == expected


SPOKEN = [CLEARING, BOUNCE, CONFIRMATION, refunded("cash"), refunded("none"), replace(CLEARING, decision="none")]


@pytest.mark.parametrize("payment", [CASH, MPESA, PAYMENT, PENDING, replace(CASH, method=None)])
def test_whatever_is_said_of_a_payment_its_postings_balance_and_owe_what_its_movements_owe(payment: Fact) -> None:
    for said in chain.from_iterable(combinations(SPOKEN, n) for n in range(len(SPOKEN))):
        group = [payment, *said]
        sums = books(*group)
        assert sum(sums.values()) == 0
        assert sums.get("receivable", 0) == sum(movement.amount_minor for movement in movements_of(group))


def test_a_count_that_differs_is_posted_as_over_or_short() -> None:
    assert count_postings(0) == ()
    assert count_postings(-100) == (Posting("drawer", -100), Posting("cash_over_short", 100))


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("drop", {"safe": 700, "drawer": -700}),
        ("payout", {"payouts": 700, "drawer": -700}),
        ("banking", {"bank": 700, "safe": -700}),
        ("handover", {"drawer": -30, "cash_over_short": 30}),
    ],
)
def test_cash_is_posted_where_it_went(kind: Any, expected: dict[str, int]) -> None:
    assert trial_balance(movement_postings(kind, amount_minor=700, difference_minor=-30)) == expected


def test_a_closed_shift_leaves_nothing_in_the_drawer() -> None:
    taken = [Posting("drawer", 250), Posting("receivable", -250)]
    assert trial_balance([*taken, *open_shift_postings(500)])["drawer"] == 750
    closed = closed_shift_postings(float_minor=500, expected_minor=750, counted_minor=740)
    assert trial_balance([*taken, *closed]) == {"drawer": 0, "receivable": -250, "cash_over_short": 10, "safe": 240}
