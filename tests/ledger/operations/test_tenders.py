"""Taking money at the counter."""

from datetime import date
from typing import Any

import pytest
from sqlalchemy import select, update

from meterpos.errors import UserError
from meterpos.ledger.operations.entries import NoOpenShift
from meterpos.ledger.operations.payees import AccountMoved, UnknownAccount
from meterpos.ledger.operations.tenders import (
    InvoiceOfAnotherAccount,
    LegRequest,
    PartRequest,
    ReferenceUsed,
    TenderChanged,
    TenderRequest,
    UnknownMeter,
)
from meterpos.ledger.rules.tenders import ReferenceMissing, TenderDoesNotAdd, TooLittleCash
from meterpos.ledger.tables import accounts, facts, movements
from meterpos.till import new_tender_id
from tests.support.tills import CLERK, GRACE, JAMES, Counter, request


def part_of(counter: Counter, *args: Any, **options: Any) -> dict[str, Any]:
    body: dict[str, Any] = counter.pay(*args, **options).content.body
    return dict(body["parts"][0])


def test_a_receipt_says_where_the_money_went(counter: Counter) -> None:
    entry = counter.pay("A1", 250_000, tendered_minor=300_000)
    body = entry.content.body
    assert body["number"] == "KSM01-B7K-000001"
    assert (body["tendered"], body["change"]) == (300_000, 50_000)
    assert body["customer"] == {"no": GRACE, "name": "Grace Akinyi Otieno"}
    assert body["legs"] == [
        {"method": "cash", "amount": 250_000, "reference": None, "counts": True, "unconfirmed": False}
    ]
    (part,) = body["parts"]
    assert part["lines"] == [
        {"to": "INV-2026-00456", "kind": "invoice", "date": "2026-11-10", "amount": 230_000, "left": 0}
    ]
    assert (part["credit"], part["balance_after"], part["credit_after"]) == (20_000, 0, 20_000)
    assert counter.net("A1") == -20_000


def test_papers_are_numbered_without_gaps(counter: Counter) -> None:
    assert [counter.pay(amount_minor=100).content.body["number"][-3:] for _ in range(3)] == ["001", "002", "003"]


def test_a_double_press_pays_once(counter: Counter) -> None:
    asked = request()
    first = counter.till.take(request=asked, clerk=CLERK)
    before = counter.print_of_ledger()
    assert counter.till.take(request=asked, clerk=CLERK) == first
    assert counter.print_of_ledger() == before


def test_the_same_tender_with_other_content_is_refused(counter: Counter) -> None:
    counter.pay(tender_id="t1")
    with pytest.raises(TenderChanged, match="KSM01-B7K-000001"):
        counter.pay(tender_id="t1", amount_minor=1)


def test_an_advance_payment_is_credit(counter: Counter) -> None:
    part = part_of(counter, "A2", 50_000)
    assert (part["lines"], part["credit"], part["credit_after"]) == ([], 50_000, 50_000)


def test_a_pending_cheque_lowers_nothing_until_it_clears(counter: Counter) -> None:
    entry = counter.pay("A1", 230_000, method="cheque", reference="CH-001 234")
    (leg,), (part,) = entry.content.body["legs"], entry.content.body["parts"]
    assert (leg["counts"], leg["reference"]) == (False, "CH001234")
    assert (part["balance_after"], part["lines"]) == (230_000, [])
    assert counter.net("A1") == 230_000


def test_mpesa_counts_and_shows_unconfirmed(counter: Counter) -> None:
    (leg,) = counter.pay(method="mpesa", reference="sjk4t2lm9q").content.body["legs"]
    assert leg == {
        "method": "mpesa",
        "amount": 250_000,
        "reference": "SJK4T2LM9Q",
        "counts": True,
        "unconfirmed": True,
    }


def test_one_tender_pays_several_meters_by_several_methods(counter: Counter) -> None:
    entry = counter.till.take(
        request=TenderRequest(
            tender_id=new_tender_id(),
            customer_no=GRACE,
            parts=(
                PartRequest(account_no="A1", amount_minor=230_000),
                PartRequest(account_no="A3", amount_minor=510_000, invoice_no="INV-2026-00421"),
            ),
            legs=(
                LegRequest(method="cash", amount_minor=400_000),
                LegRequest(method="mpesa", amount_minor=340_000, reference="SJK4T2LM9Q"),
            ),
            tendered_minor=400_000,
        ),
        clerk=CLERK,
    )
    with counter.till.store.read() as connection:
        rows = connection.execute(
            select(facts.c.fact_id, facts.c.account_no, facts.c.amount_minor, facts.c.method)
            .where(facts.c.kind == "payment")
            .order_by(facts.c.fact_id)
        ).all()
    assert [tuple(row[1:]) for row in rows] == [
        ("A1", -230_000, "cash"),
        ("A3", -170_000, "cash"),
        ("A3", -340_000, "mpesa"),
    ]
    assert [row[0] for row in rows] == [f"{entry.short_id}.{index}" for index in range(3)]
    assert (counter.net("A1"), counter.net("A3")) == (0, 0)


def test_an_unknown_meter_goes_to_suspense_with_what_the_customer_said(counter: Counter) -> None:
    unknown = UnknownMeter(meter_no="MTR-999", name="Visitor", phone="0700000000")
    counter.till.apply_settings(changes={"language": "sw"}, clerk=CLERK)
    body = counter.pay("", 100, customer_no=None, unknown=unknown).content.body
    assert body["language"] == "sw", "of nobody known, the till's"
    (part,) = body["parts"]
    assert part["account"] == "SUSPENSE-KSM01"
    assert part["suspense"] == {"meter_no": "MTR-999", "name": "Visitor", "phone": "0700000000"}


def test_an_invoice_not_yet_heard_of_may_be_named(counter: Counter) -> None:
    part = part_of(counter, "A1", 100_000, invoice_no="INV-2026-00999")
    assert (part["invoice"], part["invoice_known"]) == ("INV-2026-00999", False)
    assert part["lines"][0]["to"] == "INV-2026-00456"


def test_a_meter_seen_as_closed_stays_payable(counter: Counter) -> None:
    hand_over(counter)
    counter.pay("A1", 230_000, closed=True)
    assert counter.net("A1") == 0


def hand_over(counter: Counter) -> None:
    with counter.till.store.write() as connection:
        connection.execute(update(accounts).where(accounts.c.account_no == "A1").values(closed_on=date(2026, 11, 20)))


REFUSED: list[tuple[type[UserError], dict[str, Any], str]] = [
    (UnknownAccount, {"account_no": "A9"}, "not known"),
    (UnknownAccount, {"customer_no": "AC-9"}, "not known"),
    (AccountMoved, {"customer_no": JAMES}, "not this customer's"),
    (InvoiceOfAnotherAccount, {"invoice_no": "INV-2026-00500"}, "another meter"),
    (ReferenceMissing, {"method": "mpesa"}, "M-Pesa code"),
    (ReferenceUsed, {"method": "mpesa", "reference": "SJK4T2LM9Q"}, "already used"),
    (TooLittleCash, {"tendered_minor": 1}, "missing"),
    (TenderDoesNotAdd, {"amount_minor": 0}, "above zero"),
    (TenderDoesNotAdd, {"method": "gold"}, "no method"),
    (TenderDoesNotAdd, {"parts": (PartRequest(account_no="A1", amount_minor=1),)}, "add up"),
]


@pytest.mark.parametrize(("error", "options", "sentence"), REFUSED)
def test_what_cannot_be_taken_is_refused_in_a_sentence_and_changes_nothing(
    counter: Counter, error: type[UserError], options: dict[str, Any], sentence: str
) -> None:
    counter.pay("A2", 100, method="mpesa", reference="SJK4T2LM9Q")
    before = counter.print_of_ledger()
    with pytest.raises(error, match=sentence):
        counter.pay(**options)
    assert counter.print_of_ledger() == before


def test_a_meter_twice_or_a_reference_twice_in_one_payment_is_refused(counter: Counter) -> None:
    twice = (PartRequest(account_no="A1", amount_minor=5), PartRequest(account_no="A1", amount_minor=5))
    with pytest.raises(TenderDoesNotAdd, match="twice"):
        counter.pay(amount_minor=10, parts=twice)
    leg = LegRequest(method="mpesa", amount_minor=5, reference="SJK4T2LM9Q")
    with pytest.raises(ReferenceUsed, match="twice"):
        counter.pay(amount_minor=10, legs=(leg, leg))


def test_the_rest_of_a_reference_may_be_used_with_approval(counter: Counter) -> None:
    counter.pay("A2", 100, method="mpesa", reference="SJK4T2LM9Q")
    asked = request("A1", 100, method="mpesa", reference="SJK4T2LM9Q")
    entry = counter.till.take(request=asked, clerk=CLERK, approval=counter.approval())
    assert entry.content.approval == counter.approval()


def test_a_meter_handed_over_between_choosing_and_pressing_is_not_paid(counter: Counter) -> None:
    asked = request("A1")
    hand_over(counter)
    before = counter.print_of_ledger()
    with pytest.raises(AccountMoved, match="after it was chosen"):
        counter.till.take(request=asked, clerk=CLERK)
    assert counter.print_of_ledger() == before


def test_no_money_is_taken_outside_a_shift(counter: Counter) -> None:
    counter.till.close_shift(counted_minor=500_000, clerk=CLERK)
    with pytest.raises(NoOpenShift, match="Open a shift"):
        counter.pay()


def test_the_movements_are_the_payments_that_count(counter: Counter) -> None:
    counter.pay("A1", 100)
    counter.pay("A1", 200, method="cheque", reference="001234")
    with counter.till.store.read() as connection:
        counted = connection.execute(
            select(movements.c.amount_minor).where(movements.c.account_no == "A1", movements.c.kind == "payment")
        ).scalars()
        assert list(counted) == [-100]
