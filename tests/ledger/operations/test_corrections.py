"""Putting a payment on the meter it was meant for."""

from datetime import date
from typing import Any

import pytest
from sqlalchemy import insert, select

from meterpos.errors import UserError
from meterpos.ledger import signing
from meterpos.ledger.checks import run_checks
from meterpos.ledger.journal import Entry, papers_of
from meterpos.ledger.operations.corrections import NotCorrectable
from meterpos.ledger.operations.reversals import NotApproved, NotReversible
from meterpos.ledger.operations.tenders import LegRequest, PartRequest, TenderChanged, UnknownMeter
from meterpos.ledger.queries.accounts import UnknownMeterOrAccount, last_transactions
from meterpos.ledger.queries.receipts import find_receipt
from meterpos.ledger.queries.seals import verdict
from meterpos.ledger.queries.shifts import current_shift, totals
from meterpos.ledger.rules.facts import Fact
from meterpos.ledger.tables import accounts, devices, facts
from meterpos.printing.preview import render_text
from meterpos.printing.receipt import compose_receipt
from tests.ledger.operations.test_reversals import payment_elsewhere
from tests.support.tills import CLERK, DEVICE_KEY, GRACE, Counter, post_facts, request

FIRST, SECOND, THIRD = (f"KSM01-B7K-00000{n}" for n in (1, 2, 3))


def everything_holds(counter: Counter) -> None:
    with counter.till.store.read() as connection:
        assert list(run_checks(connection)) == []


def paper(counter: Counter, number: str) -> str:
    with counter.till.store.read() as connection:
        entry = find_receipt(connection, number).entry
    return render_text(compose_receipt(entry, seal=counter.till.seal(entry)), columns=48)


def say(counter: Counter, kind: Any, of: Entry, index: int = 0) -> None:
    said = Fact(
        fact_id=f"{kind}:{of.short_id}",
        kind=kind,
        account_no="A1",
        stands_on="A1",
        number="x",
        fact_date=date(2026, 11, 20),
        amount_minor=0,
        of_fact_id=f"{of.short_id}.{index}",
        decision="account",
        position=9,
        generation=1,
    )
    post_facts(counter, [said])


def test_a_correction_moves_the_money_in_one_entry(counter: Counter) -> None:
    counter.pay("A1", 100_000)
    entry = counter.correct(FIRST)
    assert (counter.net("A1"), counter.net("A4")) == (230_000, 20_000)
    undone, made = papers_of(entry)
    assert [one.content.body["number"] for one in (undone, made)] == [SECOND, THIRD]
    assert made.content.body["corrects"] == {"number": FIRST, "reversal": SECOND}
    assert undone.content.body["corrected_by"] == {"number": THIRD, "meter": "MTR-112"}
    assert made.content.body["customer"]["name"] == "James Otieno"
    assert [line["to"] for line in made.content.body["parts"][0]["lines"]] == ["INV-2026-00500"]
    everything_holds(counter)


def test_both_papers_of_a_correction_are_receipts_and_name_each_other(counter: Counter) -> None:
    counter.pay("A1", 100_000)
    counter.correct(FIRST)
    with counter.till.store.read() as connection:
        undone, made = find_receipt(connection, SECOND), find_receipt(connection, THIRD)
        assert find_receipt(connection, FIRST).reversed_by == SECOND
    assert (undone.kind, undone.reverses, made.kind, made.reversed_by) == ("reversal", FIRST, "tender", None)
    assert THIRD in paper(counter, SECOND) and "MTR-112" in paper(counter, SECOND)
    assert FIRST in paper(counter, THIRD) and SECOND in paper(counter, THIRD)
    assert "Customer" not in paper(counter, SECOND)  # nobody signs for cash that did not move


def test_the_next_paper_after_a_correction_has_the_next_number(counter: Counter) -> None:
    counter.pay("A1", 100)
    counter.correct(FIRST)
    assert counter.pay("A1", 100).content.body["number"] == "KSM01-B7K-000004"
    everything_holds(counter)


def test_no_cash_moves_by_a_correction(counter: Counter) -> None:
    counter.pay("A1", 100_000)
    counter.correct(FIRST)
    with counter.till.store.read() as connection:
        shift = current_shift(connection)
        assert shift is not None
        found = totals(connection, shift)
    assert found.expected_minor == 600_000
    assert found.taken_minor - found.reversed_minor == 100_000


def test_a_correction_after_the_shift_closed_belongs_to_the_open_shift(counter: Counter) -> None:
    counter.pay("A1", 100)
    counter.till.close_shift(counted_minor=500_100, clerk=CLERK)
    counter.clock.turn(days=1)
    counter.open_shift(float_minor=1_000)
    entry = counter.correct(FIRST)
    assert (entry.content.shift, entry.content.business_date) == (2, date(2026, 11, 21))
    with counter.till.store.read() as connection:
        shift = current_shift(connection)
        assert shift is not None and totals(connection, shift).expected_minor == 1_000


def test_the_same_correction_again_is_the_same_correction(counter: Counter) -> None:
    counter.pay("A1", 100)
    first = counter.correct(FIRST, tender_id="c1")
    assert counter.correct(FIRST, tender_id="c1") == first
    with pytest.raises(TenderChanged, match="is no payment"):
        counter.pay("A1", 100, tender_id="c1")


def test_what_a_correction_paid_can_be_corrected_and_reversed(counter: Counter) -> None:
    counter.pay("A1", 100)
    counter.correct(FIRST)
    counter.correct(THIRD, "MTR-045")
    counter.reverse("KSM01-B7K-000005")
    assert [counter.net(account) for account in ("A1", "A2", "A4")] == [230_000, 0, 120_000]
    everything_holds(counter)


def test_one_of_several_meters_is_corrected_and_the_others_are_paid_as_they_were(counter: Counter) -> None:
    parts = (
        PartRequest(account_no="A3", amount_minor=50_000, invoice_no="INV-2026-00421"),
        PartRequest(account_no="A1", amount_minor=30_000),
        PartRequest(amount_minor=20_000, unknown=UnknownMeter(meter_no="WM-1", name="Otieno")),
    )
    legs = (
        LegRequest(method="cash", amount_minor=60_000),
        LegRequest(method="mpesa", amount_minor=40_000, reference="SJK4T2LM9Q"),
    )
    counter.till.take(request=request(parts=parts, legs=legs), clerk=CLERK)
    made = papers_of(counter.correct(FIRST, "MTR-045", from_meter="mtr-001"))[1].content.body
    assert [(part["account"], part["amount"]) for part in made["parts"]] == [
        ("A3", 50_000),
        ("A2", 30_000),
        ("SUSPENSE-KSM01", 20_000),
    ]
    assert made["parts"][0]["lines"] == [
        {"to": "INV-2026-00421", "kind": "invoice", "date": "2026-10-25", "amount": 50_000, "left": 210_000}
    ]
    assert [counter.net(account) for account in ("A1", "A2", "A3")] == [230_000, -30_000, 460_000]
    everything_holds(counter)


def test_money_for_an_unknown_meter_is_put_on_the_right_one(counter: Counter) -> None:
    unknown = UnknownMeter(meter_no="MTR-0O1", name="Grace", phone="")
    counter.till.take(
        request=request(customer_no=None, parts=(PartRequest(amount_minor=250_000, unknown=unknown),)), clerk=CLERK
    )
    counter.correct(FIRST, "MTR-001")
    assert counter.net("A1") == -20_000


def test_what_was_said_of_a_payment_goes_with_it(counter: Counter) -> None:
    confirmed = counter.pay("A1", 100, method="mpesa", reference="SJK4T2LM9Q")
    say(counter, "confirmation", confirmed)
    (leg,) = papers_of(counter.correct(FIRST))[1].content.body["legs"]
    assert (leg["unconfirmed"], leg["reference"]) == (False, "SJK4T2LM9Q")
    cleared = counter.pay("A1", 200, method="cheque", reference="000123")
    say(counter, "clearing", cleared)
    (leg,) = papers_of(counter.correct(cleared.content.body["number"]))[1].content.body["legs"]
    assert leg["counts"]
    assert counter.net("A4") == 120_000 - 300


def test_a_payment_that_bounced_is_not_moved(counter: Counter) -> None:
    say(counter, "bounce", counter.pay("A1", 200, method="cheque", reference="000123"))
    with pytest.raises(NotCorrectable, match="not honoured"):
        counter.correct(FIRST)


@pytest.mark.parametrize(
    ("error", "number", "options", "sentence"),
    [
        (NotReversible, "KSM01-B7K-000009", {}, "known here"),
        (NotReversible, "KSM02-C2C-000001", {}, "not made at this till"),
        (NotReversible, SECOND, {}, f"already reversed by {THIRD}"),
        (NotReversible, THIRD, {}, "itself a reversal"),
        (NotReversible, FIRST, {"reason": " "}, "reason for the correction"),
        (NotApproved, FIRST, {"clerk": "otieno"}, "approve a correction"),
        (NotCorrectable, FIRST, {"to_meter": "MTR-001"}, "stands on receipt .* already"),
        (NotCorrectable, FIRST, {"from_meter": "MTR-9"}, "does not stand on"),
        (UnknownMeterOrAccount, FIRST, {"to_meter": "MTR-9"}, "No meter"),
        (NotCorrectable, "KSM01-B7K-000004", {}, "several meters: MTR-001, MTR-045"),
        (NotCorrectable, "KSM01-B7K-000004", {"from_meter": "MTR-045"}, "belongs to James Otieno"),
    ],
)
def test_what_cannot_be_corrected_is_refused_and_changes_nothing(
    counter: Counter, error: type[UserError], number: str, options: dict[str, Any], sentence: str
) -> None:
    counter.pay("A1", 100)
    counter.reverse(counter.pay("A1", 100).content.body["number"])
    parts = (PartRequest(account_no="A1", amount_minor=100), PartRequest(account_no="A2", amount_minor=100))
    legs = (LegRequest(method="cash", amount_minor=200),)
    counter.till.take(request=request(parts=parts, legs=legs), clerk=CLERK)
    post_facts(counter, [payment_elsewhere()])
    before = counter.print_of_ledger()
    with pytest.raises(error, match=sentence):
        counter.correct(number, **options)
    assert counter.print_of_ledger() == before


def test_each_paper_of_a_correction_is_told_apart_by_its_qr(counter: Counter) -> None:
    row = {"device_id": "device-1", "till_name": "KSM01", "public_key": signing.public_of(DEVICE_KEY), "revoked": False}
    with counter.till.store.write() as connection:
        connection.execute(insert(devices), row)
    counter.pay("A1", 100)
    counter.correct(FIRST)
    counter.reverse(THIRD)
    found = []
    with counter.till.store.read() as connection:
        for number in (FIRST, SECOND, THIRD):
            said = verdict(connection, counter.till.seal(find_receipt(connection, number).entry))
            found.append((said.truth, said.is_reversal, said.reversed_by))
    assert found == [("reversed", False, SECOND), ("genuine", True, None), ("reversed", False, "KSM01-B7K-000004")]


def test_a_correction_stands_on_both_accounts_with_its_own_numbers(counter: Counter) -> None:
    counter.pay("A1", 100)
    counter.correct(FIRST)
    with counter.till.store.read() as connection:
        wrong = [(one.kind, one.number, one.reversed) for one in last_transactions(connection, "A1", limit=2)]
        right = last_transactions(connection, "A4", limit=1)[0]
        count = len(connection.execute(select(facts).where(facts.c.entry_id.is_not(None))).all())
    assert wrong == [("reversal", SECOND, False), ("payment", FIRST, True)]
    assert (right.kind, right.number, right.amount_minor) == ("payment", THIRD, -100)
    assert count == 3


def test_a_correction_goes_to_a_meter(counter: Counter) -> None:
    counter.pay("A1", 100)
    plan = {"account_no": "PL-1", "kind": "plan", "customer_no": GRACE, "zone": "Kondele"}
    with counter.till.store.write() as connection:
        connection.execute(insert(accounts), plan)
    with pytest.raises(NotCorrectable, match="PL-1 is no meter"):
        counter.correct(FIRST, "PL-1")
