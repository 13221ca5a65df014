"""The instalments page: plans found, looked at and paid with the keyboard, each payment once."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from msgspec.structs import replace
from PySide6.QtCore import Qt
from sqlalchemy import func, select

from meterpos.ledger.queries.plans import find_plan
from meterpos.ledger.queries.spool import jobs
from meterpos.ledger.tables import tenders
from meterpos.ui import words
from meterpos.ui.models import instalments
from meterpos.ui.window import Window
from tests.support.tills import Counter, add_plan, request
from tests.ui import stand
from tests.ui.stand import press, settle, type_text

ENTER, DOWN, F12 = Qt.Key.Key_Return, Qt.Key.Key_Down, Qt.Key.Key_F12
TODAY = date(2026, 11, 20)


@pytest.fixture
def page(window: Window, counter: Counter) -> Any:
    """The instalments page of a till that knows four plans."""
    stand.stock_plans(counter)
    press(Qt.Key.Key_F5)
    settle(window)
    return window.page("plans")


def papers(counter: Counter) -> int:
    with counter.till.store.read() as connection:
        return int(connection.execute(select(func.count()).select_from(tenders)).scalar_one())


def begin(window: Window, text: str = "PL-0042") -> None:
    """Walk to the amount of a payment on a plan."""
    type_text(text)
    settle(window)
    press(ENTER)
    settle(window)
    press(ENTER)


def listed(page: Any) -> list[str]:
    return [row.account_no for row in page.rows.rows()]


def test_plans_with_something_pending_stand_first_and_the_first_is_told(page: Any) -> None:
    assert listed(page) == ["PL-0042", "PL-0043", "PL-2026-000451", "PL-0044"]
    assert page.count.text() == "4 plans"
    card = page.card
    assert (card.number.text(), card.status.text(), card.far.text()) == (
        "PL-0042",
        "Partly paid",
        "35 % of KES 240,000.00 paid",
    )
    assert (card.facts.text("plans.pending"), card.facts.text("plans.count")) == ("KES 155,000.00", "2")
    assert "cannot change" in card.locked.text()


def test_a_plan_is_found_by_customer_number_and_phone(window: Window, page: Any) -> None:
    for text in ("grace", "pl-0042", "0712 345 678", "+254712345678", "AC-10482", "akinyi 0042"):
        press(Qt.Key.Key_Escape)
        type_text(text)
        settle(window)
        assert listed(page) == ["PL-0042"], text


def test_nothing_found_says_what_to_try(window: Window, page: Any) -> None:
    type_text("nobody")
    settle(window)
    assert "No plan matches “nobody”" in page.nothing.text()
    assert page.card.plan() is None


def test_the_card_follows_the_keyboard_down_the_list(window: Window, page: Any) -> None:
    press(DOWN)
    settle(window)
    assert (page.card.number.text(), page.card.status.text()) == ("PL-0043", "Pending")
    for _ in range(2):
        press(DOWN)
        settle(window)
    assert (page.card.number.text(), page.card.status.text()) == ("PL-0044", "Completed")
    assert page.card.facts.text("plans.phase") == "Material allocation"
    assert not page.card.button.isVisible(), "nothing is pending"


def test_a_payment_is_added_with_the_keyboard_alone(window: Window, page: Any, counter: Counter) -> None:
    begin(window)
    type_text("20000")
    press(ENTER)
    press(Qt.Key.Key_3, Qt.KeyboardModifier.ControlModifier)
    type_text("utr 0081")
    press(ENTER)
    type_text("18/11/2026")
    press(ENTER)
    type_text("from the sacco")
    press(ENTER)
    assert page.form.button.text() == "Take KES 20,000.00 and print · PL-0042 · Grace Akinyi Otieno"
    press(ENTER)
    settle(window)
    with counter.till.store.read() as connection:
        paid = find_plan(connection, "PL-0042").payments[-1]
        job = jobs(connection, limit=1)[0]
    assert (paid.amount_minor, paid.reference, paid.paid_on) == (2_000_000, "UTR0081", date(2026, 11, 18))
    assert (paid.notes, paid.clerk_name, job.number) == ("from the sacco", "Achieng O.", paid.number)
    assert page.done.isVisible() and page.card.facts.text("plans.pending") == "KES 135,000.00"
    press(ENTER)
    assert window.focusWidget() is page.line


def test_cash_gives_change_and_its_reference_is_the_receipt(window: Window, page: Any, counter: Counter) -> None:
    begin(window)
    type_text("1500")
    press(ENTER)
    type_text("2000")
    press(F12)
    settle(window)
    assert page.done.figure.text == "500.00"
    with counter.till.store.read() as connection:
        paid = find_plan(connection, "PL-0042").payments[-1]
    assert (paid.method, paid.reference) == ("cash", paid.number)


def test_pressed_twice_and_again_it_is_paid_once(window: Window, page: Any, counter: Counter) -> None:
    begin(window)
    type_text("100")
    for _ in range(3):
        press(F12)
    page.form.press()
    settle(window)
    assert papers(counter) == 1 and page.done.isVisible()
    press(F12)
    settle(window)
    assert papers(counter) == 1


def test_rapid_successive_payments_complete_the_plan_and_stop_there(
    window: Window, page: Any, counter: Counter
) -> None:
    for amount in ("60000", "60000", "35000"):
        begin(window)
        type_text(amount)
        press(F12)
        settle(window)
        press(ENTER)
    settle(window)
    assert papers(counter) == 3
    assert (page.card.status.text(), page.card.facts.text("plans.paid")) == ("Completed", "KES 240,000.00")
    assert not page.card.button.isVisible()
    press(ENTER, Qt.KeyboardModifier.ControlModifier)
    assert not page.form.isVisible(), "there is nothing to add"


def test_what_is_no_amount_is_said_beside_it_and_nothing_is_taken(window: Window, page: Any, counter: Counter) -> None:
    begin(window)
    for typed, sentence in (
        ("", "Enter the amount the customer pays."),
        ("0", "Enter the amount the customer pays."),
        ("abc", "“abc” is not an amount. Use digits, for example 2500 or 2500.50."),
        ("155000.01", "Only 155,000.00 can be paid on this plan now. Take at most that."),
        ("999999999999999", "“999999999999999” is not an amount. Use digits, for example 2500 or 2500.50."),
    ):
        page.form.amount.line.setFocus()
        page.form.amount.line.selectAll()
        if typed:
            type_text(typed)
        press(F12)
        settle(window)
        assert page.form.amount_problem.text() == sentence
    assert papers(counter) == 0


def test_what_another_till_took_meanwhile_is_seen_and_refused(window: Window, page: Any, counter: Counter) -> None:
    begin(window)
    type_text("155000")
    press(ENTER)
    stand.post_facts(
        counter, [stand.payment("KSM02-C4T-000200", "PL-0042", 15_000_000, on=TODAY, method="bank", reference="UTR 9")]
    )
    page.form.press()
    settle(window)
    assert "5,000.00 is pending on plan PL-0042" in page.form.amount_problem.text()
    assert papers(counter) == 0
    window.tasks.ledger_changed.emit()
    settle(window)
    assert page.card.facts.text("plans.pending") == "KES 5,000.00"
    assert page.form.amount.line.text() == "155,000.00", "what was typed stays"


def test_who_took_a_payment_at_another_till_is_named_with_that_till(
    window: Window, page: Any, counter: Counter
) -> None:
    paid = stand.payment("KSM02-C4T-000200", "PL-0042", 1_000_000, on=TODAY, method="bank", reference="UTR 9")
    untold = stand.payment("KSM03-C4T-000201", "PL-0042", 1_000_000, on=TODAY, method="bank", reference="UTR 10")
    paybill = stand.payment("PAY-000017", "PL-0042", 1_000_000, on=TODAY, method="mpesa", reference="UTR 11")
    stand.post_facts(counter, [replace(paid, clerk="otieno"), untold, paybill])
    window.tasks.ledger_changed.emit()
    settle(window)
    said = {one.number: page.card._who_and_when(one) for one in page.card.payments.rows()}
    assert said[paid.number] == "Otieno P., till KSM02"
    assert said[untold.number] == "at till KSM03"
    assert said[paybill.number] == ""


def test_a_plan_overpaid_from_two_tills_says_what_is_held(window: Window, page: Any, counter: Counter) -> None:
    late = stand.payment("KSM02-C4T-000200", "PL-0042", 16_000_000, on=TODAY, method="bank", reference="UTR 9")
    stand.post_facts(counter, [late])
    window.tasks.ledger_changed.emit()
    settle(window)
    assert page.card.note.text() == "KES 5,000.00 more than the total was paid; it is held as credit."
    assert page.card.status.text() == "Completed" and not page.card.button.isVisible()


def test_a_date_to_come_and_a_used_reference_are_said_beside_their_fields(
    window: Window, page: Any, counter: Counter
) -> None:
    begin(window)
    type_text("100")
    page.form.method.pick("bank")
    type_text("UTR 1")
    page.form.date.line.setText("21/11/2026")
    press(F12)
    assert page.form.date.problem.text() == "The payment date is after today. Correct it."
    page.form.date.line.setText("yesterday")
    press(F12)
    assert "is not a date" in page.form.date.problem.text()
    page.form.date.line.setText("")
    counter.till.take(request=request("A1", 100, method="bank", reference="UTR1"), clerk="achieng")
    press(F12)
    settle(window)
    assert "was already used" in page.form.method.reference.problem.text()


def test_a_supervisor_lets_the_rest_of_a_reference_be_used(window: Window, page: Any, counter: Counter) -> None:
    stand.set_pins(counter, "otieno")
    counter.till.take(request=request("A1", 100, method="bank", reference="UTR1"), clerk="achieng")
    begin(window)
    type_text("100")
    page.form.method.pick("bank")
    type_text("UTR 1")
    press(F12)
    settle(window)
    assert page.form.consent.isVisible() and papers(counter) == 1
    page.form.consent.walk_in()
    type_text(stand.PIN)
    press(ENTER)
    settle(window)
    assert papers(counter) == 2 and page.done.isVisible()


def test_escape_leaves_the_payment_and_takes_nothing(window: Window, page: Any, counter: Counter) -> None:
    begin(window)
    type_text("100")
    press(Qt.Key.Key_Escape)
    assert not page.form.isVisible() and window.focusWidget() is page.line
    begin(window)
    assert page.form.amount.line.text() == ""
    assert papers(counter) == 0


def test_without_a_shift_it_leads_to_where_one_is_opened(tmp_path: Any, opened: Callable[..., Window]) -> None:
    counter = stand.ready_counter(tmp_path / "till", shift=False)
    add_plan(counter)
    window = opened(counter)
    window.go("plans")
    settle(window)
    press(ENTER, Qt.KeyboardModifier.ControlModifier)
    settle(window)
    assert window.page("shift").isVisible()
    counter.till.close()


def test_a_payment_of_this_till_leads_to_its_receipt(window: Window, page: Any, counter: Counter) -> None:
    begin(window)
    type_text("100")
    press(F12)
    settle(window)
    press(ENTER)
    page.card.payments.setFocus()
    press(ENTER)
    settle(window)
    receipts: Any = window.page("receipts")
    assert receipts.isVisible() and receipts._receipt.number == "KSM01-B7K-000001"


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("18/11/2026", date(2026, 11, 18)),
        ("8.1", date(2026, 1, 8)),
        ("2026-11-18", date(2026, 11, 18)),
        ("31/02/2026", None),
        ("", None),
        ("11/18/2026", None),
    ],
)
def test_a_day_is_read_as_it_is_written_here(text: str, day: date | None) -> None:
    assert instalments.read_day(text, today=TODAY) == day


def test_every_status_and_phase_has_its_word() -> None:
    for status in instalments.TONES:
        assert words.has(f"plans.status.{status}")
    assert words.has("plans.phase.amount") and words.has("plans.phase.material_allocation")


# --- a new plan


def begin_new(window: Window, counter: Counter) -> Any:
    """Walk to the capacity of a plan of Grace's, whose manager has a PIN."""
    stand.set_pins(counter, "otieno")
    stand.make_manager(counter)
    press(Qt.Key.Key_N, Qt.KeyboardModifier.ControlModifier)
    settle(window)
    type_text("grace")
    settle(window)
    press(ENTER)
    return window.page("plans")


def test_a_manager_makes_a_plan_with_the_keyboard_and_it_is_paid_at_once(window: Window, counter: Counter) -> None:
    window.go("plans")
    page: Any = begin_new(window, counter)
    for text in ("7.5", "240000", "roof"):
        type_text(text)
        press(ENTER)
        settle(window)
    assert page.new.button.text() == "Make the plan: KES 240,000.00, 7.5 kW · Grace Akinyi Otieno"
    type_text(stand.PIN)
    press(ENTER)
    press(ENTER)
    settle(window)
    assert page.card.number.text() == "KSM01-B7K-P0001" and listed(page) == ["KSM01-B7K-P0001"]
    assert "head office gives it its number" in page.card.note.text()
    begin(window, "P0001")
    type_text("1000")
    press(F12)
    settle(window)
    assert page.card.facts.text("plans.paid") == "KES 1,000.00"


def test_what_is_missing_of_a_new_plan_is_said_beside_it(window: Window, counter: Counter) -> None:
    window.go("plans")
    page: Any = begin_new(window, counter)
    page.new.press()
    assert page.new.capacity.problem.text() == "Enter the capacity in kilowatts, for example 7.5."
    type_text("a lot")
    page.new.press()
    assert page.new.total.problem.text() == "Enter what is to be paid in all."
    type_text("1000")
    page.new.press()
    assert page.new.approval.pin.problem.text() == "Enter the PIN."
    type_text(stand.PIN)
    press(ENTER)
    settle(window)
    assert "is no capacity" in page.new.capacity.problem.text()
    page.new.customer.field.line.setFocus()
    type_text("x")
    page.new.press()
    assert page.new.customer.field.problem.text() == "Choose the customer."
    assert listed(page) == []


def test_only_managers_are_offered_to_agree_to_a_plan(window: Window, counter: Counter) -> None:
    window.go("plans")
    press(Qt.Key.Key_N, Qt.KeyboardModifier.ControlModifier)
    settle(window)
    page: Any = window.page("plans")
    assert page.new.approval.approver._people == ()
    stand.make_manager(counter)
    page.new.open_for(by_clerk=False)
    settle(window)
    assert [one.user_name for one in page.new.approval.approver._people] == ["otieno"]
