"""Which facts count, what movements they make, and what these add up to."""

from datetime import date, timedelta
from itertools import permutations

import pytest
from msgspec.structs import replace

from meterpos.ledger.rules.balances import (
    Counted,
    Totals,
    charges_and_credits,
    movements_of,
    status_of,
    subject_of,
    totals_of,
)
from meterpos.ledger.rules.facts import Fact

DAY = date(2026, 3, 1)


def fact(fact_id: str, kind: str, amount: int = 0, *, day: int = 0, **more: object) -> Fact:
    return Fact(
        fact_id=fact_id,
        kind=kind,  # type: ignore[arg-type]
        account_no="A",
        stands_on=str(more.pop("stands_on", "A")),
        number=fact_id,
        fact_date=DAY + timedelta(days=day),
        amount_minor=amount,
        **more,  # type: ignore[arg-type]
    )


PAYMENT = fact("p", "payment", -500, method="cheque")
PENDING = replace(PAYMENT, counts=False)
REVERSAL = fact("r", "reversal", 500, day=3, of_fact_id="p")
CLEARING = fact("c", "clearing", day=5, of_fact_id="p")
BOUNCE = fact("b", "bounce", day=7, of_fact_id="p")
CONFIRMATION = fact("k", "confirmation", day=1, of_fact_id="p")


def said(facts: list[Fact]) -> dict[str, tuple[int, int]]:
    """Return amount and day of each movement, the same for every order of the facts."""
    results = {frozenset(movements_of(order)) for order in permutations(facts)}
    assert len(results) == 1
    return {m.fact_id: (m.amount_minor, (m.fact_date - DAY).days) for m in results.pop()}


@pytest.mark.parametrize(
    ("facts", "movements"),
    [
        ([PAYMENT], {"p": (-500, 0)}),
        ([PENDING], {}),
        ([PENDING, CLEARING], {"p": (-500, 5)}),
        ([PENDING, BOUNCE], {}),
        ([PENDING, REVERSAL], {}),
        ([PENDING, CLEARING, BOUNCE], {"p": (-500, 5), "b": (500, 7)}),
        ([PENDING, CLEARING, REVERSAL], {"p": (-500, 5), "r": (500, 5)}),
        ([PAYMENT, CONFIRMATION], {"p": (-500, 0)}),
        ([PAYMENT, CLEARING], {"p": (-500, 0)}),
        ([PAYMENT, BOUNCE], {"p": (-500, 0), "b": (500, 7)}),
        ([PAYMENT, REVERSAL], {"p": (-500, 0), "r": (500, 3)}),
        ([PAYMENT, REVERSAL, BOUNCE], {"p": (-500, 0), "r": (500, 3)}),
        ([PAYMENT, REVERSAL, replace(REVERSAL, fact_id="q")], {"p": (-500, 0), "q": (500, 3)}),
        ([PAYMENT, REVERSAL, replace(REVERSAL, fact_id="q", decision="none")], {"p": (-500, 0), "r": (500, 3)}),
        ([replace(PAYMENT, decision="none"), REVERSAL], {}),
        ([PENDING, replace(CLEARING, decision="none")], {}),
        ([REVERSAL], {}),
        ([fact("i", "invoice", 700)], {"i": (700, 0)}),
        ([fact("i", "invoice", 700, counts=False)], {}),
    ],
)
def test_a_payment_counts_from_its_clearing_at_the_latest_and_is_undone_once(
    facts: list[Fact], movements: dict[str, tuple[int, int]]
) -> None:
    assert said(facts) == movements


def test_a_reversal_stands_where_its_payment_was_placed() -> None:
    placed = replace(PAYMENT, stands_on="S", decision="suspense")
    assert {movement.account_no for movement in movements_of([placed, REVERSAL])} == {"S"}


def test_a_group_bears_the_name_of_the_fact_it_speaks_of() -> None:
    assert [subject_of(item) for item in (PAYMENT, REVERSAL, CLEARING, CONFIRMATION)] == ["p"] * 4
    with pytest.raises(AssertionError, match="of none"):
        subject_of(replace(REVERSAL, of_fact_id=None))


def test_an_account_is_the_sum_of_its_movements() -> None:
    facts = [
        fact("o", "opening", 1000),
        fact("i1", "invoice", 700, day=9),
        fact("i2", "invoice", 300, day=2),
        fact("a", "adjustment", -50),
        fact("x", "payment", -200),
        PAYMENT,
        REVERSAL,
    ]
    totals = totals_of(movements_of(facts))
    assert totals == Totals(
        net_minor=1750, total_billed_minor=1000, total_paid_minor=200, last_invoice_date=DAY + timedelta(days=9)
    )
    assert (totals.balance_minor, totals.overpayment_minor) == (1750, 0)
    assert (Totals(net_minor=-3).balance_minor, Totals(net_minor=-3).overpayment_minor) == (0, 3)


@pytest.mark.parametrize(("net", "status"), [(1, "Outstanding"), (0, "Clear"), (-1, "Credit")])
def test_the_status_follows_from_the_net(net: int, status: str) -> None:
    assert status_of(net) == status


def counted(facts: list[Fact]) -> list[Counted]:
    by_id = {item.fact_id: item for item in facts}
    return [
        Counted(
            fact_id=m.fact_id,
            kind=m.kind,
            fact_date=m.fact_date,
            due_date=m.due_date,
            amount_minor=m.amount_minor,
            number=by_id[m.fact_id].number,
            invoice_no=by_id[m.fact_id].invoice_no,
            of_fact_id=by_id[m.fact_id].of_fact_id,
        )
        for m in movements_of(facts)
    ]


def sorted_out(facts: list[Fact]) -> tuple[dict[str, int], dict[str, str | None]]:
    charges, money = charges_and_credits(counted(facts))
    return {item.number: item.amount_minor for item in charges}, {item.fact_id: item.invoice_no for item in money}


def test_what_counts_is_a_charge_or_a_credit() -> None:
    named = replace(PAYMENT, invoice_no="i")
    owed, money = sorted_out(
        [
            fact("o", "opening", -10),
            fact("i", "invoice", 700, due_date=DAY),
            fact("n", "invoice", -5, due_date=DAY),
            fact("z", "invoice", 0, due_date=DAY),
            fact("a", "adjustment", 9),
            named,
        ]
    )
    assert owed == {"i": 700, "a": 9}
    assert money == {"o": None, "n": None, "p": "i"}


def test_an_undone_payment_neither_pays_nor_names_its_invoice() -> None:
    assert sorted_out([replace(PAYMENT, invoice_no="i"), REVERSAL]) == ({}, {})


def test_a_debit_adjustment_is_due_the_day_it_is_made() -> None:
    adjustment = fact("a", "adjustment", 9, day=4)
    charges, _ = charges_and_credits(counted([adjustment]))
    assert charges[0].due_date == adjustment.fact_date


def test_a_payment_above_zero_is_a_bug() -> None:
    with pytest.raises(AssertionError, match="no charge"):
        charges_and_credits([counted([PAYMENT])[0]._replace(amount_minor=1)])
