"""Undoing a receipt."""

from datetime import date
from typing import Any

import pytest

from meterpos.errors import UserError
from meterpos.ledger.operations.entries import NoOpenShift
from meterpos.ledger.operations.reversals import NotApproved, NotReversible
from meterpos.ledger.rules.facts import Fact
from tests.support.tills import CLERK, Counter, post_facts


def test_a_reversal_brings_the_debt_back_and_says_so(counter: Counter) -> None:
    paid = counter.pay("A1", 250_000)
    entry = counter.reverse(paid.content.body["number"])
    body = entry.content.body
    assert counter.net("A1") == 230_000
    assert body["number"] == "KSM01-B7K-000002"
    assert body["of"]["number"] == "KSM01-B7K-000001"
    assert body["refund"] == [{"leg": 0, "method": "cash", "how": "cash", "amount": 250_000}]
    assert (body["parts"][0]["balance_after"], body["parts"][0]["credit_after"]) == (230_000, 0)
    assert entry.content.approval == counter.approval()


def test_a_reversed_payment_frees_the_invoice_it_named(counter: Counter) -> None:
    named = counter.pay("A3", 260_000, invoice_no="INV-2026-00421")
    counter.reverse(named.content.body["number"])
    (part,) = counter.pay("A3", 250_000).content.body["parts"]
    assert [line["to"] for line in part["lines"]] == ["INV-2026-00390"]


def test_money_that_did_not_come_in_cash_is_not_given_back_from_the_drawer(counter: Counter) -> None:
    paid = counter.pay("A1", 100, method="mpesa", reference="SJK4T2LM9Q")
    assert counter.reverse(paid.content.body["number"]).content.body["refund"][0]["how"] == "none"


def test_the_same_reversal_again_is_the_same_reversal(counter: Counter) -> None:
    number = counter.pay().content.body["number"]
    first = counter.reverse(number, tender_id="r1")
    assert counter.reverse(number, tender_id="r1") == first


def test_a_reversal_belongs_to_the_shift_in_which_it_is_made(counter: Counter) -> None:
    number = counter.pay("A1", 100).content.body["number"]
    counter.till.close_shift(counted_minor=500_100, clerk=CLERK)
    with pytest.raises(NoOpenShift):
        counter.reverse(number)
    counter.clock.turn(days=1)
    counter.open_shift()
    entry = counter.reverse(number)
    assert (entry.content.shift, entry.content.business_date) == (2, date(2026, 11, 21))


@pytest.mark.parametrize(
    ("error", "number", "options", "sentence"),
    [
        (NotReversible, "KSM01-B7K-000009", {}, "known here"),
        (NotReversible, "KSM02-C2C-000001", {}, "not made at this till"),
        (NotReversible, "KSM01-B7K-000002", {}, "already reversed by KSM01-B7K-000003"),
        (NotReversible, "KSM01-B7K-000003", {}, "itself a reversal"),
        (NotReversible, "KSM01-B7K-000001", {"reason": " "}, "reason"),
        (NotApproved, "KSM01-B7K-000001", {"clerk": "otieno"}, "second person"),
    ],
)
def test_what_cannot_be_reversed_is_refused_and_changes_nothing(
    counter: Counter, error: type[UserError], number: str, options: dict[str, Any], sentence: str
) -> None:
    counter.pay("A1", 100)
    counter.reverse(counter.pay("A1", 100).content.body["number"])
    post_facts(counter, [payment_elsewhere()])
    before = counter.print_of_ledger()
    with pytest.raises(error, match=sentence):
        counter.reverse(number, **options)
    assert counter.print_of_ledger() == before


def payment_elsewhere() -> Fact:
    return Fact(
        fact_id="AAAAAAAAAAAAAAAAAAAAAA.0",
        kind="payment",
        account_no="A1",
        stands_on="A1",
        number="KSM02-C2C-000001",
        fact_date=date(2026, 11, 19),
        amount_minor=-100,
        method="cash",
        generation=1,
        position=900,
        decision="account",
    )
