"""A reference that was used before is told as it is typed, and its rest is paid only when a second person agrees."""

from PySide6.QtCore import Qt

from meterpos.ui.window import Window
from tests.support.tills import Counter
from tests.ui import stand
from tests.ui.stand import press, settle, type_text
from tests.ui.test_paying import choose, entries

ENTER, CONTROL = Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier
CODE = "SKJ3XY71AB"


def look_up(window: Window) -> None:
    """Let the typing pause: the reference is looked up."""
    window.pay.payment._look_up.timeout.emit()
    settle(window)


def test_a_used_code_names_its_receipt_as_it_is_typed(window: Window, counter: Counter) -> None:
    number = counter.pay("A1", 100_000, method="mpesa", reference=CODE).content.body["number"]
    choose(window, "MTR-112")
    press(Qt.Key.Key_2, CONTROL)
    type_text("skj3 xy71ab")
    look_up(window)
    doubt = window.pay.payment.method.doubt
    assert doubt.isVisible() and doubt.text() == f"This was already used for payment {number}."
    press(Qt.Key.Key_4, CONTROL)
    look_up(window)
    assert not doubt.text().startswith("This was"), "a cheque of that number is another thing"


def test_a_code_whose_payment_was_reversed_is_free_again(window: Window, counter: Counter) -> None:
    number = counter.pay("A1", 100_000, method="mpesa", reference=CODE).content.body["number"]
    counter.reverse(number, refund="none")
    choose(window, "MTR-112")
    press(Qt.Key.Key_2, CONTROL)
    type_text(CODE)
    look_up(window)
    assert not window.pay.payment.method.doubt.isVisible()
    press(Qt.Key.Key_F12)
    settle(window)
    assert len(entries(counter, "tender")) == 2


def test_of_two_codes_the_used_one_is_what_a_supervisor_agrees_to(window: Window, counter: Counter) -> None:
    stand.set_pins(counter)
    counter.pay("A1", 100_000, method="mpesa", reference=CODE)
    choose(window, "MTR-112")
    press(Qt.Key.Key_2, CONTROL)
    type_text("SKJ3XY7777")
    press(Qt.Key.Key_T, CONTROL)
    press(Qt.Key.Key_2, CONTROL)
    type_text("700")
    press(ENTER)
    type_text(CODE)
    press(Qt.Key.Key_F12)
    settle(window)
    panel = window.pay.payment
    assert "was already used for payment KSM01-B7K-000001" in panel.method.split.rows[1].problem.text()
    assert not panel.method.split.rows[1].doubt.isVisible(), "said once"
    panel.consent.approval.pin.set_text(stand.PIN)
    panel.press()
    settle(window)
    assert [leg["reference"] for leg in entries(counter, "tender")[1]["legs"]] == ["SKJ3XY7777", CODE]
    assert entries(counter, "payment_abandoned") == []
