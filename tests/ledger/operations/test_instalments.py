"""Paying an instalment plan at the till."""

from datetime import date
from typing import Any

import pytest
from sqlalchemy import delete, insert, update
from sqlalchemy.exc import DatabaseError

from meterpos.errors import UserError
from meterpos.ledger.checks import run_checks
from meterpos.ledger.journal import Entry
from meterpos.ledger.operations.instalments import UnusableInstalment
from meterpos.ledger.operations.payees import AccountMoved
from meterpos.ledger.operations.tenders import LegRequest, PartRequest
from meterpos.ledger.queries.plans import NotAPlan, PlanView, find_plan
from meterpos.ledger.rules.facts import Fact, opening_id
from meterpos.ledger.rules.instalments import PlanExceeded
from meterpos.ledger.rules.tenders import ReferenceMissing, TenderDoesNotAdd
from meterpos.ledger.tables import accounts, plans
from meterpos.printing.preview import render_text
from meterpos.printing.receipt import compose_receipt
from tests.support.tills import CLERK, GRACE, Counter, post_facts, request

PLAN, TOTAL = "PL-0042", 240_000_00


@pytest.fixture
def counter(counter: Counter) -> Counter:
    """A pay point that knows a plan of Grace's."""
    with counter.till.store.write() as connection:
        row = {
            "account_no": PLAN,
            "kind": "plan",
            "customer_no": GRACE,
            "zone": "Kondele",
            "opened_on": date(2026, 7, 1),
        }
        connection.execute(insert(accounts), row)
        connection.execute(insert(plans), {"account_no": PLAN, "capacity_kw": "7.5", "total_minor": TOTAL})
    post_facts(counter, [total(PLAN, TOTAL)])
    return counter


def total(plan_no: str, amount_minor: int) -> Fact:
    return Fact(
        fact_id=opening_id(plan_no),
        kind="opening",
        account_no=plan_no,
        stands_on=plan_no,
        number=plan_no,
        fact_date=date(2026, 7, 1),
        due_date=date(2026, 7, 1),
        amount_minor=amount_minor,
        decision="account",
        position=2,
        generation=1,
    )


def pay(counter: Counter, amount_minor: int, *, reference: str | None = "UTR0081", **options: Any) -> Entry:
    part = {name: options.pop(name) for name in ("paid_on", "notes") if name in options}
    method = options.pop("method", "bank")
    asked = request(
        parts=(PartRequest(account_no=options.pop("plan", PLAN), amount_minor=amount_minor, **part),),
        legs=(LegRequest(method=method, amount_minor=amount_minor, reference=reference),),
        **options,
    )
    return counter.till.take(request=asked, clerk=CLERK)


def seen(counter: Counter) -> PlanView:
    with counter.till.store.read() as connection:
        return find_plan(connection, PLAN)


def test_a_payment_on_a_plan_says_total_paid_pending_and_which_it_is(counter: Counter) -> None:
    pay(counter, 20_000_00)
    entry = pay(counter, 30_000_00, reference="UTR0082", paid_on=date(2026, 11, 18), notes=" second instalment ")
    (part,) = entry.content.body["parts"]
    assert part["plan"] == {
        "capacity_kw": "7.5",
        "total": TOTAL,
        "paid": 50_000_00,
        "pending": 190_000_00,
        "n": 2,
    }
    assert (part["paid_on"], part["notes"]) == ("2026-11-18", "second instalment")
    paper = render_text(compose_receipt(entry, seal=counter.till.seal(entry)), columns=42)
    for said in ("Payment 2 on this plan", "190,000.00", "second instalment", "18 Nov 2026"):
        assert said in paper


def test_a_payment_without_date_and_notes_says_neither(counter: Counter) -> None:
    (part,) = pay(counter, 100).content.body["parts"]
    assert "paid_on" not in part and "notes" not in part


def test_a_plan_shows_every_payment_with_who_and_when(counter: Counter) -> None:
    assert (seen(counter).state.status, seen(counter).count) == ("pending", 0)
    pay(counter, 20_000_00, notes="first")
    pay(counter, 1_000_00, method="cash", reference=None)
    plan = seen(counter)
    assert (plan.state.status, plan.state.phase, plan.count) == ("partial", "amount", 2)
    assert (plan.state.paid_minor, plan.state.pending_minor) == (21_000_00, 219_000_00)
    assert [(one.clerk, one.reference, one.notes, one.at) for one in plan.payments] == [
        (CLERK, "UTR0081", "first", counter.clock()),
        (CLERK, "KSM01-B7K-000002", "", counter.clock()),
    ]


def test_a_plan_is_completed_by_its_last_payment_and_reopened_by_a_reversal(counter: Counter) -> None:
    number = pay(counter, TOTAL).content.body["number"]
    assert (seen(counter).state.status, seen(counter).state.phase) == ("completed", "material_allocation")
    counter.reverse(number)
    plan = seen(counter)
    assert (plan.state.status, plan.count, plan.payments[0].reversed) == ("pending", 0, True)
    assert pay(counter, 100, reference="UTR0082").content.body["parts"][0]["plan"]["n"] == 1


def test_payments_in_rapid_succession_stop_at_the_total(counter: Counter) -> None:
    taken = 0
    for n in range(30):
        try:
            pay(counter, 9_999_99, reference=f"UTR{n:04d}")
        except PlanExceeded:
            break
        taken += 1
    plan = seen(counter)
    assert (taken, plan.count, plan.state.pending_minor) == (24, 24, TOTAL - 24 * 9_999_99)
    pay(counter, plan.state.pending_minor, reference="UTRLAST")
    assert seen(counter).state.status == "completed"
    with counter.till.store.read() as connection:
        assert list(run_checks(connection)) == []


def test_the_same_payment_pressed_twice_is_taken_once(counter: Counter) -> None:
    assert pay(counter, TOTAL, tender_id="p1") == pay(counter, TOTAL, tender_id="p1")
    assert seen(counter).state.excess_minor == 0


def test_a_cheque_that_waits_leaves_less_to_be_paid(counter: Counter) -> None:
    pay(counter, 200_000_00, method="cheque", reference="000451")
    assert seen(counter).waiting_minor == 200_000_00
    with pytest.raises(PlanExceeded, match=r"40,000.00 is pending on plan PL-0042 beside 200,000.00 that waits"):
        pay(counter, 40_000_01)
    pay(counter, 40_000_00)


def test_money_meant_for_a_meter_is_moved_off_a_plan(counter: Counter) -> None:
    number = pay(counter, 100).content.body["number"]
    counter.correct(number, "MTR-001")
    assert (seen(counter).state.status, counter.net("A1")) == ("pending", 229_900)


def test_a_plan_on_a_corrected_receipt_is_paid_again_as_it_was(counter: Counter) -> None:
    parts = (
        PartRequest(account_no=PLAN, amount_minor=TOTAL, paid_on=date(2026, 11, 1), notes="all of it"),
        PartRequest(account_no="A1", amount_minor=100),
    )
    legs = (LegRequest(method="cheque", amount_minor=TOTAL + 100, reference="000451"),)
    counter.till.take(request=request(parts=parts, legs=legs), clerk=CLERK)
    counter.correct("KSM01-B7K-000001", "MTR-045", from_meter="MTR-001")
    again = seen(counter).payments[-1]
    assert (again.paid_on, again.notes, again.number) == (date(2026, 11, 1), "all of it", "KSM01-B7K-000003")


def test_a_plan_whose_agreement_has_not_come_goes_by_what_it_owes(counter: Counter) -> None:
    with counter.till.store.write() as connection:
        row = {"account_no": "PL-2", "kind": "plan", "customer_no": GRACE, "zone": "Kondele"}
        connection.execute(insert(accounts), row)
    post_facts(counter, [total("PL-2", 500)])
    entry = pay(counter, 200, plan="PL-2")
    assert entry.content.body["parts"][0]["plan"]["total"] == 500
    assert "kW" not in render_text(compose_receipt(entry, seal=counter.till.seal(entry)), columns=42)


@pytest.mark.parametrize(
    ("error", "amount", "options", "sentence"),
    [
        (PlanExceeded, TOTAL + 1, {}, "240,000.00 is pending on plan PL-0042: 240,000.01 is 0.01 too much"),
        (PlanExceeded, 10**15, {}, "is pending on plan"),
        (TenderDoesNotAdd, 0, {}, "above zero"),
        (TenderDoesNotAdd, -100, {}, "above zero"),
        (ReferenceMissing, 100, {"reference": " "}, "Enter the bank slip"),
        (UnusableInstalment, 100, {"paid_on": date(2026, 11, 21)}, "after today"),
        (UnusableInstalment, 100, {"notes": "a\nb"}, "one line"),
        (UnusableInstalment, 100, {"notes": "x" * 201}, "200 letters"),
    ],
)
def test_what_a_plan_cannot_take_is_refused_and_changes_nothing(
    counter: Counter, error: type[UserError], amount: int, options: dict[str, Any], sentence: str
) -> None:
    before = counter.print_of_ledger()
    with pytest.raises(error, match=sentence):
        pay(counter, amount, **options)
    assert counter.print_of_ledger() == before


def test_a_cancelled_plan_takes_nothing(counter: Counter) -> None:
    with counter.till.store.write() as connection:
        connection.execute(update(accounts).where(accounts.c.account_no == PLAN).values(closed_on=date(2026, 11, 19)))
    assert seen(counter).is_cancelled
    with pytest.raises(AccountMoved, match="was cancelled on 19 Nov 2026"):
        pay(counter, 100)


def test_what_is_no_plan_is_not_shown_as_one(counter: Counter) -> None:
    with counter.till.store.read() as connection:
        with pytest.raises(NotAPlan):
            find_plan(connection, "MTR-001")
        with pytest.raises(NotAPlan, match="PL-9 is no instalment plan"):
            find_plan(connection, "PL-9")


def test_what_was_agreed_cannot_be_changed_in_the_database(counter: Counter) -> None:
    for change in (update(plans).values(total_minor=1), update(plans).values(capacity_kw="9"), delete(plans)):
        with pytest.raises(DatabaseError, match="plans is immutable"), counter.till.store.write() as connection:
            connection.execute(change)
    with counter.till.store.write() as connection:  # the feed may say the same again
        connection.execute(update(plans).values(total_minor=TOTAL, capacity_kw="7.5"))
