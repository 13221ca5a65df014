"""Shift, receipts and sync pages on a real ledger."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt

from meterpos.errors import UserError
from meterpos.ledger.queries.shifts import current_shift
from meterpos.ledger.queries.spool import jobs
from meterpos.till import open_till
from meterpos.ui import words
from meterpos.ui.window import Window
from tests.support.tills import Counter
from tests.ui import stand
from tests.ui.stand import PIN, press, settle, type_text

ENTER = Qt.Key.Key_Return


def page(window: Window, name: str) -> Any:
    """Bring a page to the front and return it."""
    window.go(name)
    settle(window)
    return window.page(name)


def test_who_is_signed_in_opens_the_shift(tmp_path: Path, opened: Callable[..., Window]) -> None:
    counter = stand.ready_counter(tmp_path / "till", shift=False)
    window = opened(counter)
    form = page(window, "shift").opening
    type_text("5000")
    assert form.button.text() == "Open with KES 5,000.00 · Achieng O."
    press(ENTER)
    settle(window)
    settle(window)
    with counter.till.store.read() as connection:
        shift = current_shift(connection)
    assert shift is not None
    assert (shift.clerk, shift.float_minor) == ("achieng", 500_000)
    assert window.pay.isVisible()
    counter.till.close()


def test_a_receipt_is_reversed_with_a_second_persons_pin(window: Window, counter: Counter) -> None:
    stand.set_pins(counter)
    number = counter.pay("A1", 250_000).content.body["number"]
    window.go("receipts", ("reverse", number))
    settle(window)
    receipts: Any = window.page("receipts")
    panel = receipts.reversing
    assert panel.isVisible()
    panel._press()
    assert panel.reason.problem.text() == words.say("wrong.no_reason")
    type_text("Wrong meter")
    panel.approval.pin.line.setText("1111")
    panel._press()
    settle(window)
    assert panel.approval.pin.problem.text() == "That PIN is not right. Try again."
    assert counter.net("A1") == -20_000
    panel.approval.pin.line.setText(PIN)
    panel._press()
    panel._press()
    settle(window)
    assert counter.net("A1") == 230_000
    assert receipts._receipt.kind == "reversal"
    assert receipts._receipt.reverses == number


def test_a_receipt_is_found_and_printed_again_as_a_copy(window: Window, counter: Counter) -> None:
    number = counter.pay("A1", 250_000).content.body["number"]
    receipts = page(window, "receipts")
    type_text("grace")
    settle(window)
    press(ENTER)
    settle(window)
    assert receipts.paper.paper.has_paper()
    press(Qt.Key.Key_P, Qt.KeyboardModifier.ControlModifier)
    settle(window)
    with counter.till.store.read() as connection:
        latest = jobs(connection, limit=1)[0]
    assert (latest.number, latest.copy_no) == (number, 1)


def test_a_till_that_never_exchanged_does_not_speak_for_head_office(window: Window) -> None:
    sync = page(window, "sync")
    assert sync.waiting.text() == "No payment waits to be sent."
    assert sync.as_of.text() == "Not yet synced with head office."


def test_an_exchange_that_does_not_reach_head_office_is_a_calm_fact(window: Window, counter: Counter) -> None:
    counter.pay("A1", 250_000)
    window.tasks.ledger_changed.emit()
    sync = page(window, "sync")
    assert sync.waiting.text() == "1 payment waits for head office, KES 2,500.00"
    window.exchanging._stopped = False
    sync.button.click()
    settle(window)
    assert sync.history.rows()[0].outcome != "complete"
    assert sync.result.text()
    assert window.desk.online is False
    assert window.top.link.text().startswith("Offline · 1 waiting, KES 2,500")
    assert not window.notice.isVisible()


def test_a_first_start_says_how_to_enrol(tmp_path: Path, opened: Callable[..., Window]) -> None:
    class Fresh:
        till = open_till(tmp_path / "fresh")

    window = opened(Fresh())
    enrol: Any = window.page("enrol")
    assert enrol.isVisible()
    enrol.press()
    assert enrol.server.problem.isVisible()
    type_text("https://127.0.0.1:9")
    press(ENTER)
    type_text("not a code")
    press(ENTER)
    settle(window)
    assert "enrolment code" in enrol.code.problem.text()
    window.go("pay")
    assert enrol.isVisible(), "nothing else can be done yet"
    Fresh.till.close()


def test_an_error_nobody_expected_is_one_sentence(window: Window, caplog: Any) -> None:
    window.tasks.read(lambda _: 1 / 0, lambda _: None)
    settle(window)
    assert window.notice.isVisible()
    assert "ZeroDivisionError" in window.notice.sentence.text()
    assert "Traceback" not in window.notice.sentence.text()
    assert "unexpected error" in caplog.text
    window.tell_error(UserError("The disk is full."))
    assert window.notice.sentence.text() == "The disk is full."


def test_the_language_changes_at_once(window: Window) -> None:
    type_text("grace")
    settle(window)
    press(ENTER)
    settle(window)
    words.speak("sw")
    assert window.pay.payment.button.text() == "Pokea KES 2,300.00 na uchapishe · MTR-001 · Grace Akinyi Otieno"
    assert window.rail.buttons["pay"].text() == "Lipa"
    words.speak("en")
    assert window.rail.buttons["pay"].text() == "Pay"
