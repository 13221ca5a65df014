"""Allocation: named payments first, then everything else to the oldest due."""

import itertools
import time
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meterpos.ledger.rules.allocation import (
    Allocation,
    Charge,
    Credit,
    allocate,
    apply_payment,
    payment_order,
    spread_oldest_first,
)

DAY = date(2026, 1, 1)


def charge(number: str, amount: int, due: int = 0, kind: str = "invoice") -> Charge:
    day = DAY + timedelta(days=due)
    return Charge(fact_id=number, number=number, kind=kind, due_date=day, fact_date=day, amount_minor=amount)  # type: ignore[arg-type]


def credit(amount: int, invoice_no: str | None = None) -> Credit:
    return Credit(fact_id=f"c{amount}{invoice_no}", amount_minor=amount, invoice_no=invoice_no)


def paid(allocation: Allocation) -> dict[str, int]:
    return {state.charge.number: state.paid_minor for state in allocation.charges}


def test_the_oldest_due_is_paid_first() -> None:
    result = allocate([charge("B", 100, due=5), charge("A", 100, due=9)], [credit(150)])
    assert paid(result) == {"B": 100, "A": 50}
    assert [state.state for state in result.charges] == ["paid", "partial"]
    assert result.open_minor == 50
    assert result.credit_minor == 0


def test_an_opening_debt_goes_before_others_of_the_same_day_and_then_the_number_as_text_decides() -> None:
    result = allocate(
        [charge("10", 5), charge("9", 5), charge("zz", 5, kind="opening"), charge("ADJ", 5, kind="adjustment")], []
    )
    assert [state.charge.number for state in result.charges] == ["zz", "10", "9", "ADJ"]
    assert {state.state for state in result.charges} == {"unpaid"}


def test_a_named_payment_pays_its_invoice_before_older_ones_and_its_rest_joins_the_pool() -> None:
    result = allocate([charge("A", 100), charge("B", 100, due=9)], [credit(130, "B")])
    assert paid(result) == {"A": 30, "B": 100}


def test_a_name_the_account_does_not_have_is_pool_money() -> None:
    result = allocate([charge("A", 100), charge("o", 10, kind="opening")], [credit(50, "other"), credit(3, "o")])
    assert paid(result) == {"o": 10, "A": 43}


def test_what_no_charge_takes_is_credit() -> None:
    assert allocate([charge("A", 100)], [credit(130)]).credit_minor == 30
    assert allocate([], []) == Allocation((), 0)


def test_a_charge_of_zero_is_a_bug() -> None:
    with pytest.raises(AssertionError, match="above zero"):
        allocate([charge("A", 0)], [])


def test_naming_an_invoice_that_pooled_money_had_paid_moves_that_money_on_and_says_so() -> None:
    effect = apply_payment([charge("A", 100), charge("B", 100, due=9)], [credit(100)], 130, "A")
    assert [(line.charge.number, line.amount_minor, line.left_minor) for line in effect.lines] == [("B", 100, 0)]
    assert (effect.credit_minor, effect.balance_after_minor, effect.credit_after_minor) == (30, 0, 30)


CHARGES = st.lists(
    st.tuples(st.sampled_from(["opening", "invoice", "adjustment"]), st.integers(1, 30), st.integers(0, 3)), max_size=6
).map(lambda rows: [charge(f"N{i}", amount, due, kind) for i, (kind, amount, due) in enumerate(rows)])
NAMES = st.sampled_from([None, "N0", "N1", "N2", "N5", "elsewhere"])
CREDITS = st.lists(st.tuples(st.integers(1, 40), NAMES).map(lambda pair: credit(*pair)), max_size=6)


@given(charges=CHARGES, money=CREDITS, amount=st.integers(1, 60), name=NAMES)
def test_lines_and_credit_add_up_to_the_payment_and_nothing_moves_the_other_way(
    charges: list[Charge], money: list[Credit], amount: int, name: str | None
) -> None:
    effect = apply_payment(charges, money, amount, name)
    assert sum(line.amount_minor for line in effect.lines) + effect.credit_minor == amount
    assert all(line.amount_minor > 0 and line.left_minor >= 0 for line in effect.lines)
    assert effect.credit_minor >= 0
    net = sum(item.amount_minor for item in charges) - sum(item.amount_minor for item in money) - amount
    assert effect.balance_after_minor == max(net, 0)
    assert effect.credit_after_minor == max(-net, 0)


@given(charges=CHARGES, money=CREDITS, data=st.data())
def test_the_order_of_arrival_does_not_matter(charges: list[Charge], money: list[Credit], data: st.DataObject) -> None:
    assert allocate(data.draw(st.permutations(charges)), data.draw(st.permutations(money))) == allocate(charges, money)


@given(charges=CHARGES, money=CREDITS, first=st.integers(1, 60), second=st.integers(1, 60), name=NAMES)
def test_two_payments_at_once_do_what_they_do_one_after_the_other(
    charges: list[Charge], money: list[Credit], first: int, second: int, name: str | None
) -> None:
    at_once = apply_payment(charges, money, first + second, name)
    one = apply_payment(charges, money, first, name)
    two = apply_payment(charges, [*money, credit(first, name)], second, name)
    fallen = dict.fromkeys((item.number for item in charges), 0)
    for line in itertools.chain(one.lines, two.lines):
        fallen[line.charge.number] += line.amount_minor
    assert {k: v for k, v in fallen.items() if v} == {line.charge.number: line.amount_minor for line in at_once.lines}
    assert two.balance_after_minor == at_once.balance_after_minor


def test_a_preview_over_hundreds_of_charges_is_instant() -> None:
    charges = [charge(f"INV-{i:04d}", 1000, due=i) for i in range(500)]
    money = [credit(900 + i % 7, f"INV-{i:04d}" if i % 3 else None) for i in range(450)]
    best = min(_seconds(lambda: apply_payment(charges, money, 5000)) for _ in range(5))
    assert best < 0.016  # one frame


def _seconds(work: object) -> float:
    start = time.perf_counter()
    work()  # type: ignore[operator]
    return time.perf_counter() - start


def test_one_amount_over_several_accounts_pays_the_oldest_due_of_all_and_leaves_the_rest_with_the_first() -> None:
    accounts = {
        "A1": allocate([charge("a", 100, due=5)], []),
        "A2": allocate([charge("b", 50, due=1), charge("c", 50, due=9)], [credit(20)]),
        "A3": allocate([], [credit(7)]),
    }
    assert spread_oldest_first(90, accounts) == {"A1": 60, "A2": 30, "A3": 0}
    assert spread_oldest_first(200, accounts) == {"A1": 120, "A2": 80, "A3": 0}


@given(accounts=st.lists(st.tuples(CHARGES, CREDITS), min_size=1, max_size=3), amount=st.integers(1, 200))
def test_the_shares_add_up_and_each_account_pays_what_the_oldest_of_all_had_open(
    accounts: list[tuple[list[Charge], list[Credit]]], amount: int
) -> None:
    before = {str(n): allocate(charges, money) for n, (charges, money) in enumerate(accounts)}
    shares = spread_oldest_first(amount, before)
    assert sum(shares.values()) == amount
    left = []
    for number, (charges, money) in enumerate(accounts):
        effect = apply_payment(charges, money, shares[str(number)])
        fell = {line.charge.number: line.left_minor for line in effect.lines}
        for state in before[str(number)].charges:
            if state.open_minor:
                left.append((payment_order(state.charge), str(number), fell.get(state.charge.number, state.open_minor)))
    still_open = [minor > 0 for _, _, minor in sorted(left)]
    assert still_open == sorted(still_open), "nothing younger is paid while something older is open"
