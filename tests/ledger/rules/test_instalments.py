"""How far a plan is paid, and what may still be paid on it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meterpos.ledger.rules.instalments import PlanExceeded, PlanState, check_instalment

AMOUNTS = st.integers(min_value=1, max_value=10**13)


@pytest.mark.parametrize(
    ("net", "status", "phase", "paid", "pending", "excess"),
    [
        (1000, "pending", "amount", 0, 1000, 0),
        (1200, "pending", "amount", 0, 1200, 0),
        (999, "partial", "amount", 1, 999, 0),
        (1, "partial", "amount", 999, 1, 0),
        (0, "completed", "material_allocation", 1000, 0, 0),
        (-50, "completed", "material_allocation", 1050, 0, 50),
    ],
)
def test_a_plans_state_follows_from_its_total_and_its_net(
    net: int, status: str, phase: str, paid: int, pending: int, excess: int
) -> None:
    state = PlanState(total_minor=1000, net_minor=net)
    assert (state.status, state.phase) == (status, phase)
    assert (state.paid_minor, state.pending_minor, state.excess_minor) == (paid, pending, excess)


@pytest.mark.parametrize(("net", "held"), [(0, 0), (-400, 400), (100, 0)])
def test_a_cancelled_plan_holds_what_was_paid_and_asks_for_nothing_of_its_total(net: int, held: int) -> None:
    state = PlanState(total_minor=1000, net_minor=net, is_cancelled=True)
    assert (state.status, state.phase) == ("cancelled", "amount")
    assert (state.paid_minor, state.excess_minor) == (held, held)


@pytest.mark.parametrize(
    ("net", "amount", "waiting", "sentence"),
    [
        (100_00, 100_01, 0, "100.00 is pending on plan PL-1: 100.01 is 0.01 too much"),
        (100_00, 90_00, 20_00, "80.00 is pending on plan PL-1 beside 20.00 that waits to be cleared"),
        (0, 1, 0, "Plan PL-1 has nothing pending. Nothing"),
        (100_00, 1, 150_00, "nothing pending, and 150.00 waits to be cleared"),
    ],
)
def test_more_than_is_pending_is_refused_with_what_is_pending(
    net: int, amount: int, waiting: int, sentence: str
) -> None:
    with pytest.raises(PlanExceeded, match=sentence):
        check_instalment(
            PlanState(total_minor=100_00, net_minor=net), plan_no="PL-1", amount_minor=amount, waiting_minor=waiting
        )


@given(total=AMOUNTS, amounts=st.lists(AMOUNTS, max_size=20))
def test_payments_that_are_not_refused_never_exceed_the_total(total: int, amounts: list[int]) -> None:
    net = total
    for amount in amounts:
        state = PlanState(total_minor=total, net_minor=net)
        try:
            check_instalment(state, plan_no="PL-1", amount_minor=amount)
        except PlanExceeded:
            assert amount > state.pending_minor
            continue
        net -= amount
    end = PlanState(total_minor=total, net_minor=net)
    assert end.excess_minor == 0
    assert end.paid_minor + end.pending_minor == total
    assert (end.status == "completed") == (end.paid_minor == total)


@given(total=AMOUNTS, paid=AMOUNTS)
def test_a_reversal_leads_back_to_the_state_before(total: int, paid: int) -> None:
    before = PlanState(total_minor=total, net_minor=total)
    after = PlanState(total_minor=total, net_minor=total - paid)
    assert after.status in ("partial", "completed")
    assert PlanState(total_minor=total, net_minor=after.net_minor + paid) == before
