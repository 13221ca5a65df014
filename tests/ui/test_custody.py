"""The shift page on a real ledger: cash moved, the drawer opened, counted, handed over and closed, by keyboard."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from sqlalchemy import insert

from meterpos.ledger.journal import read_back
from meterpos.ledger.queries.papers import made_paper
from meterpos.ledger.queries.shifts import current_shift, totals
from meterpos.ledger.queries.spool import jobs
from meterpos.ledger.tables import settings, users
from meterpos.ui import words
from meterpos.ui.window import Window
from tests.support.tills import Counter
from tests.ui import stand
from tests.ui.stand import CODE, PIN, press, settle, type_text

ENTER, F12, ESCAPE = Qt.Key.Key_Return, Qt.Key.Key_F12, Qt.Key.Key_Escape
CTRL = Qt.KeyboardModifier.ControlModifier
PULSE = b"\x1bp\x00"


@pytest.fixture
def shift(window: Window) -> Any:
    """The shift page, in front."""
    press(Qt.Key.Key_F6)
    settle(window)
    return window.page("shift")


def deed(window: Window, number: int) -> None:
    """Begin a deed by its key."""
    press(Qt.Key(ord(str(number))), CTRL)
    settle(window)


def count(window: Window, *pieces: str) -> None:
    """Count the drawer, the largest note first, and be done."""
    for text in pieces:
        if text:
            type_text(text)
        press(ENTER)
    press(F12)
    settle(window)


def setting(counter: Counter, window: Window, key: str, value: Any) -> None:
    """Set something as head office would have."""
    with counter.till.store.write() as connection:
        connection.execute(insert(settings), {"key": key, "value": value})
    window.tasks.ledger_changed.emit()
    settle(window)


def sums(counter: Counter) -> Any:
    """Return the open shift's sums."""
    with counter.till.store.read() as connection:
        found = current_shift(connection)
        assert found is not None
        return totals(connection, found)


def test_a_drop_takes_cash_out_of_the_drawer_and_prints_its_slip(window: Window, counter: Counter, shift: Any) -> None:
    deed(window, 1)
    type_text("2000")
    press(ENTER)
    assert shift.moving.button.text() == "Put KES 2,000.00 into the safe · F12"
    press(ENTER)
    settle(window)
    assert shift.deeds.news_text.text() == "Put into the safe: KES 2,000.00, slip KSM01-B7K-C00001. Printed."
    assert shift.so_far.moved.rows()[0].amount_minor == 200_000
    assert sums(counter).expected_minor == 300_000
    assert PULSE in printed(counter)


def printed(counter: Counter) -> bytes:
    """Return everything the printer got."""
    return Path(str(counter.till.settings.printer).removeprefix("file:")).read_bytes()


def test_a_drop_above_what_is_held_is_refused_beside_its_amount(window: Window, counter: Counter, shift: Any) -> None:
    before = counter.print_of_ledger()
    deed(window, 1)
    type_text("5000.01")
    press(F12)
    settle(window)
    assert "5,000.01 is 0.01 more" in shift.moving.amount.problem.text()
    assert counter.print_of_ledger() == before


def test_pressing_twice_drops_once(window: Window, counter: Counter, shift: Any) -> None:
    deed(window, 1)
    type_text("100")
    press(F12)
    press(F12)
    settle(window)
    assert len(sums(counter).movements) == 1


def test_a_banking_needs_its_slip(window: Window, counter: Counter, shift: Any) -> None:
    deed(window, 1)
    type_text("2000")
    press(F12)
    settle(window)
    deed(window, 2)
    type_text("1500")
    press(F12)
    assert shift.moving.slip.problem.text() == words.say("wrong.no_slip")
    type_text("EQ-88")
    press(F12)
    settle(window)
    assert [(one.kind, one.slip) for one in sums(counter).movements] == [("drop", None), ("banking", "EQ-88")]


def test_a_payout_needs_a_reason_and_a_second_persons_pin(window: Window, counter: Counter, shift: Any) -> None:
    stand.set_pins(counter)
    deed(window, 3)
    type_text("50")
    press(ENTER)
    press(F12)
    assert shift.moving.reason.problem.text() == words.say("wrong.no_reason_moved")
    type_text("soap")
    press(ENTER)
    type_text("1111")
    press(ENTER)
    settle(window)
    assert shift.moving.approval.pin.problem.text() == "That PIN is not right. Try again."
    type_text(PIN)
    press(ENTER)
    settle(window)
    (moved,) = sums(counter).movements
    assert (moved.kind, moved.reason, moved.approved_by) == ("payout", "soap", "otieno")


def test_the_drawer_opened_alone_is_noted_and_counted(window: Window, counter: Counter, shift: Any) -> None:
    deed(window, 5)
    type_text("change for a customer")
    press(ENTER)
    settle(window)
    assert shift.deeds.news_text.text() == words.say("moved.drawer")
    assert printed(counter).count(PULSE) == 1
    assert sums(counter).drawer_openings == 1
    assert ("Drawer opened without a payment", "1") in [row[:2] for row in shift.so_far.taken.rows()]


def test_a_till_without_a_printer_says_that_the_drawer_opens_by_its_key(
    tmp_path: Path, opened: Callable[..., Window]
) -> None:
    counter = stand.ready_counter(tmp_path / "till")
    window = opened(counter)
    press(Qt.Key.Key_F6)
    settle(window)
    deed(window, 5)
    type_text("change")
    press(F12)
    settle(window)
    page: Any = window.page("shift")
    assert page.deeds.news_text.text() == words.say("moved.drawer.none")
    assert sums(counter).drawer_openings == 1
    counter.till.close()


def test_the_report_so_far_is_seen_printed_and_saved(
    window: Window, counter: Counter, shift: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_DOCUMENTS_DIR", str(tmp_path / "papers"))
    counter.pay("A1", 250_000)
    before = counter.print_of_ledger()
    deed(window, 6)
    assert shift.papers.paper.paper.has_paper()
    assert shift.papers.title.text() == "Shift 1 so far"
    press(Qt.Key.Key_P, CTRL)
    settle(window)
    assert b"X REPORT" in printed(counter)
    press(Qt.Key.Key_S, CTRL)
    settle(window)
    saved = tmp_path / "papers" / "meterpos" / "KSM01-B7K-X00001.pdf"
    assert shift.papers.state.text() == f"Saved: {saved}"
    assert saved.read_bytes().startswith(b"%PDF")
    assert counter.print_of_ledger() == before, "an X report is no entry"
    press(ESCAPE)
    settle(window)
    assert shift.deeds.isVisible()


def test_what_must_be_in_the_drawer_is_not_told_before_the_count(window: Window, counter: Counter, shift: Any) -> None:
    counter.pay("A1", 246_800)
    window.tasks.ledger_changed.emit()
    press(F12)
    settle(window)
    assert shift.counting.isVisible()
    told = [one.text() for one in window.findChildren(type(shift.counting.title)) if one.isVisible()]
    assert not [text for text in told if "7,468" in text]
    assert not shift.so_far.taken.isVisible() and not shift.so_far.moved.isVisible(), "nor what it adds up from"
    assert words.say("count.hidden") in told
    type_text("7")
    press(F12)
    settle(window)
    assert shift.verdict.isVisible() and shift.so_far.taken.isVisible() and not shift.so_far.hidden.isVisible()


def test_letters_in_a_count_are_told_in_a_sentence(window: Window, counter: Counter, shift: Any) -> None:
    before = counter.print_of_ledger()
    press(F12)
    type_text("4")
    press(ENTER)
    type_text("2a")
    press(F12)
    settle(window)
    assert shift.counting.grid.problem.text() == (
        "“2a” is not how many there are of 500. Type a whole number, or leave the line empty."
    )
    assert window.focusWidget() is shift.counting.grid.lines[1]
    assert counter.print_of_ledger() == before


@pytest.mark.parametrize("text", ["-1", "1.5", "1 000", "100000"])
def test_what_is_no_number_of_notes_is_no_count(window: Window, shift: Any, text: str) -> None:
    press(F12)
    type_text(text)
    press(F12)
    settle(window)
    assert shift.counting.isVisible()
    assert shift.counting.grid.problem.text()


def test_nothing_typed_is_no_count(window: Window, shift: Any) -> None:
    press(F12)
    press(F12)
    assert shift.counting.grid.problem.text() == words.say("wrong.not_counted")


def test_a_shift_closes_with_a_difference_that_stands_on_its_report(
    window: Window, counter: Counter, shift: Any
) -> None:
    counter.pay("A1", 250_000)
    press(F12)
    count(window, "7", "", "1")
    assert shift.verdict.verdict.text() == "300.00 short."
    assert window.focusWidget() is shift.verdict.count_again, "a difference asks for a second count"
    press(ENTER)
    settle(window)
    count(window, "7", "", "2", "", "1")
    assert shift.verdict.verdict.text() == "50.00 short."
    press(F12)
    settle(window)
    assert shift.papers.paper.paper.has_paper()
    assert shift.papers.title.text() == "Report of shift 1"
    assert shift.papers.state.text() == "Printed."
    body = shift.papers._entry.content.body
    assert (body["number"], body["counted"], body["difference"]) == ("KSM01-B7K-Z00001", 745_000, -5_000)
    assert body["earlier_counts"] == [720_000]
    assert [one["count"] for one in body["count"]] == [7, 2, 1]
    with counter.till.store.read() as connection:
        assert current_shift(connection) is None
        assert jobs(connection, limit=1)[0].paper == "shift_report"
    press(ESCAPE)
    settle(window)
    assert shift.opening.isVisible()


def test_an_exact_count_goes_straight_to_closing(window: Window, counter: Counter, shift: Any) -> None:
    press(F12)
    count(window, "5")
    assert shift.verdict.verdict.text() == "The count is exact."
    press(ENTER)
    settle(window)
    assert shift.papers.title.text() == "Report of shift 1"


def test_a_total_alone_counts_where_the_utility_allows_it(window: Window, counter: Counter, shift: Any) -> None:
    press(F12)
    grid = shift.counting.grid
    grid.total.line.setFocus()
    type_text("4990")
    press(ENTER)
    press(ENTER)
    settle(window)
    assert shift.verdict.verdict.text() == "10.00 short."
    press(ESCAPE)
    press(ESCAPE)
    setting(counter, window, "count_total_alone", False)
    press(F12)
    assert not grid.total.line.isEnabled()


def test_a_drawer_is_handed_over_with_the_next_clerks_pin(window: Window, counter: Counter, shift: Any) -> None:
    stand.set_pins(counter)
    with counter.till.store.write() as connection:
        row = {"user_name": "wafula", "display_name": "Wafula K.", "role": "clerk", "revoked": False}
        connection.execute(insert(users), {**row, "code_hash": stand.code_hash("wafula", CODE)})
    counter.till.set_pin(user_name="wafula", code=CODE, pin="1357")
    deed(window, 4)
    count(window, "5")
    shift.verdict.person.choose("wafula")
    assert shift.verdict.button.text() == "Hand over KES 5,000.00 · Wafula K. · F12"
    type_text("2468")
    press(ENTER)
    settle(window)
    assert shift.verdict.pin.problem.text() == "That PIN is not right. Try again."
    type_text("1357")
    press(ENTER)
    settle(window)
    assert window.desk.clerk == "wafula"
    assert shift.so_far.since.text().startswith("Wafula K.")
    assert sums(counter).movements[0].to_clerk == "wafula"
    with counter.till.store.read() as connection:
        made = made_paper(connection, sums(counter).movements[0].number)
        assert made is not None
        said = read_back(connection, made.entry_id).content.body
    assert [one["count"] for one in said["count"] if one["count"]] == [5], "the notes stand on the slip"


def test_a_drawer_near_its_limit_is_told_in_amber_and_a_full_one_takes_no_cash(
    window: Window, counter: Counter, shift: Any
) -> None:
    setting(counter, window, "cash_warn_minor", 400_000)
    assert window.cash.sentence.text() == words.say("cash.near", held="KES 5,000.00", limit="4,000.00")
    setting(counter, window, "cash_stop_minor", 500_000)
    assert window.cash.sentence.text() == words.say("cash.full", held="KES 5,000.00", limit="5,000.00")
    window.go("pay", "MTR-001")
    settle(window)
    window.pay.payment.focus_amount()
    type_text("10")
    press(F12)
    settle(window)
    assert "would pass its limit of 5,000.00" in window.pay.payment.consent.sentence.text()
    window.cash.button.click()
    assert shift.moving.isVisible()
    type_text("3000")
    press(F12)
    settle(window)
    assert not window.cash.isVisible()


def test_a_shift_over_midnight_asks_to_be_closed_and_closes_offline(
    window: Window, counter: Counter, shift: Any
) -> None:
    counter.clock.turn(hours=23)
    paid = counter.pay("A1", 250_000)
    assert paid.content.business_date.isoformat() == "2026-11-20", "it is still the same shift"
    window.tasks.ledger_changed.emit()
    settle(window)
    assert window.cash.sentence.text() == words.say("cash.long_open", number=1, since="20 Nov 07:58")
    window.cash.button.click()
    count(window, "7", "1")
    press(F12)
    settle(window)
    body = shift.papers._entry.content.body
    assert (body["difference"], body["waiting"]["amount"], body["through_seq"]) == (0, 250_000, 0)
    assert not window.cash.isVisible()


def test_change_never_counts_as_cash_taken(window: Window, counter: Counter, shift: Any) -> None:
    counter.pay("A1", 250_000, tendered_minor=300_000)
    window.tasks.ledger_changed.emit()
    settle(window)
    assert next(row[1] for row in shift.so_far.taken.rows()) == "2,500.00"
    assert sums(counter).expected_minor == 750_000


def test_earlier_reports_are_looked_at_again_and_copied(window: Window, counter: Counter, shift: Any) -> None:
    counter.till.close_shift(counted_minor=499_000, clerk="achieng")
    counter.open_shift()
    counter.till.close_shift(counted_minor=500_000, clerk="achieng")
    window.tasks.ledger_changed.emit()
    settle(window)
    deed(window, 7)
    rows = shift.papers.rows.rows()
    assert [(row.number, row.difference_minor) for row in rows] == [
        ("KSM01-B7K-Z00002", 0),
        ("KSM01-B7K-Z00001", -1_000),
    ]
    press(Qt.Key.Key_Down)
    settle(window)
    assert shift.papers.title.text() == "Report of shift 1"
    press(Qt.Key.Key_P, CTRL)
    settle(window)
    with counter.till.store.read() as connection:
        job = jobs(connection, limit=1)[0]
    assert job.number == "KSM01-B7K-Z00001"
    press(ESCAPE)
    settle(window)
    assert shift.opening.isVisible()


def test_the_slip_of_a_movement_is_seen_again(window: Window, counter: Counter, shift: Any) -> None:
    deed(window, 1)
    type_text("2000")
    press(F12)
    settle(window)
    shift.so_far.moved.setFocus()
    press(ENTER)
    settle(window)
    assert shift.papers.title.text() == "Slip KSM01-B7K-C00001"
    assert shift.papers.paper.paper.has_paper()


def test_a_full_drawer_takes_what_a_supervisor_allows_and_mpesa_without(
    window: Window, counter: Counter, shift: Any
) -> None:
    stand.set_pins(counter)
    setting(counter, window, "cash_stop_minor", 500_000)
    window.go("pay", "MTR-001")
    settle(window)
    window.pay.payment.focus_amount()
    type_text("10")
    press(F12)
    settle(window)
    consent = window.pay.payment.consent
    press(Qt.Key.Key_2, CTRL)
    assert not consent.isVisible(), "by M-Pesa nobody has to allow it"
    press(Qt.Key.Key_1, CTRL)
    press(F12)
    settle(window)
    assert consent.isVisible() and consent.approval.pin.line.hasFocus()
    type_text("1111")
    press(ENTER)
    settle(window)
    assert consent.approval.pin.problem.text() == "That PIN is not right. Try again."
    type_text(PIN)
    press(ENTER)
    settle(window)
    assert window.pay.done.isVisible()
    assert sums(counter).expected_minor == 501_000


def test_the_rest_of_a_reference_is_used_when_a_supervisor_allows_it(
    window: Window, counter: Counter, shift: Any
) -> None:
    stand.set_pins(counter)
    counter.pay("A2", 100_000, method="mpesa", reference="SKJ3XY71AB")
    window.go("pay", "MTR-001")
    settle(window)
    window.pay.payment.focus_amount()
    press(Qt.Key.Key_2, CTRL)
    type_text("SKJ3XY71AB")
    press(F12)
    settle(window)
    consent = window.pay.payment.consent
    assert "already used" in window.pay.payment.method.reference.problem.text()
    assert consent.isVisible()
    consent.approval.pin.line.setFocus()
    type_text(PIN)
    press(ENTER)
    settle(window)
    assert window.pay.done.isVisible()


def test_money_taken_after_the_count_is_seen_before_the_shift_closes(
    window: Window, counter: Counter, shift: Any
) -> None:
    press(F12)
    count(window, "5")
    assert shift.verdict.verdict.text() == "The count is exact."
    press(Qt.Key.Key_F1)
    counter.pay("A1", 250_000)
    window.tasks.ledger_changed.emit()
    settle(window)
    press(Qt.Key.Key_F6)
    settle(window)
    assert shift.verdict.isVisible()
    assert shift.verdict.verdict.text() == "2,500.00 short."


def test_a_count_that_another_began_is_not_gone_on_with(window: Window, counter: Counter, shift: Any) -> None:
    press(F12)
    count(window, "4")
    window.desk.enter("otieno")
    settle(window)
    assert shift.deeds.isVisible()


def test_the_amber_line_does_not_tell_what_is_held_while_the_drawer_is_counted(
    window: Window, counter: Counter, shift: Any
) -> None:
    setting(counter, window, "cash_warn_minor", 400_000)
    assert window.cash.isVisible()
    press(F12)
    assert shift.counting.isVisible() and not window.cash.isVisible()
    press(ESCAPE)
    assert window.cash.isVisible()
