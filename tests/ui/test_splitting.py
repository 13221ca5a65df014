"""The clerk splits a payment over several methods through the real window."""

import pytest
from PySide6.QtCore import Qt

from meterpos.ui.models import legs
from meterpos.ui.models.legs import Leg
from meterpos.ui.window import Window
from tests.support.tills import Counter
from tests.ui.stand import press, settle, type_text
from tests.ui.test_paying import choose, entries

ENTER = Qt.Key.Key_Return
CONTROL = Qt.KeyboardModifier.ControlModifier


def test_part_mpesa_and_the_rest_in_cash_is_taken_by_the_keyboard_alone(window: Window, counter: Counter) -> None:
    choose(window, "MTR-112")
    press(Qt.Key.Key_T, CONTROL)
    split = window.pay.payment.method.split
    type_text("700")
    press(ENTER)
    type_text("skj3xy71ab")
    assert split.rows[0].amount.placeholderText() == "500.00", "cash takes the rest, live"
    press(Qt.Key.Key_1, CONTROL)
    assert split.rows[1].method.method == "mpesa", "cash is paid in one row only"
    split.walk_in()
    press(ENTER)
    type_text("1000")
    assert split.sum.text() == "Change to give 500.00"
    press(ENTER)
    press(ENTER)
    press(ENTER)
    button = window.pay.payment.button
    assert button.hasFocus()
    assert button.text() == "Take KES 1,200.00 and print · MTR-112 · James Otieno"
    press(ENTER)
    settle(window)
    (body,) = entries(counter, "tender")
    assert [(leg["method"], leg["amount"], leg["reference"]) for leg in body["legs"]] == [
        ("cash", 50_000, None),
        ("mpesa", 70_000, "SKJ3XY71AB"),
    ]
    assert (body["tendered"], body["change"]) == (100_000, 50_000)
    assert window.pay.done.figure.text == "500.00"
    assert window.pay.done.legs.text() == "Cash 500.00\nM-Pesa SKJ3XY71AB 700.00"


def test_what_is_left_to_pay_is_shown_and_keeps_the_payment_from_being_taken(window: Window, counter: Counter) -> None:
    choose(window, "MTR-112")
    press(Qt.Key.Key_T, CONTROL)
    type_text("700")
    press(ENTER)
    type_text("SKJ3XY71AB")
    split = window.pay.payment.method.split
    split.walk_in()
    type_text("300")
    assert split.sum.text() == "200.00 still to pay"
    press(Qt.Key.Key_F12)
    assert split.sum.text().startswith("200.00 is still to pay.")
    assert split.rows[0].amount.hasFocus()
    type_text("600")
    assert split.sum.text() == "100.00 too much"
    press(Qt.Key.Key_F12)
    settle(window)
    assert entries(counter, "tender") == []


def test_each_leg_says_what_it_misses_beside_itself(window: Window, counter: Counter) -> None:
    choose(window, "MTR-112")
    press(Qt.Key.Key_T, CONTROL)
    press(Qt.Key.Key_T, CONTROL)
    split = window.pay.payment.method.split
    assert [row.method.method for row in split.rows] == ["cash", "mpesa", "bank"]
    split.rows[1].amount.setFocus()
    type_text("12x")
    press(Qt.Key.Key_F12)
    assert [row.problem.text() for row in split.rows] == [
        "",
        "“12x” is not an amount. Use digits, for example 2500 or 2500.50.",
        "Enter an amount, or remove this method.",
    ]
    assert split.rows[1].amount.hasFocus()
    press(Qt.Key.Key_J, CONTROL)
    press(Qt.Key.Key_J, CONTROL)
    method = window.pay.payment.method
    assert not method.is_split
    assert method.segments.value() == "bank"


def test_a_used_code_is_told_beside_its_leg(window: Window, counter: Counter) -> None:
    counter.pay("A1", 100_000, method="mpesa", reference="SKJ3XY71AB")
    choose(window, "MTR-112")
    press(Qt.Key.Key_T, CONTROL)
    type_text("700")
    press(ENTER)
    type_text("SKJ3XY71AB")
    press(Qt.Key.Key_F12)
    settle(window)
    row = window.pay.payment.method.split.rows[1]
    assert "already used" in row.problem.text()
    assert row.detail.hasFocus()


def test_three_legs_pay_two_meters_and_the_preview_is_what_is_posted(window: Window, counter: Counter) -> None:
    choose(window, "grace")
    press(Qt.Key.Key_Space)
    press(Qt.Key.Key_End)
    press(Qt.Key.Key_Space)
    settle(window)
    press(Qt.Key.Key_T, CONTROL)
    type_text("2000")
    press(ENTER)
    type_text("SKJ3XY71AB")
    press(Qt.Key.Key_T, CONTROL)
    press(Qt.Key.Key_4, CONTROL)
    type_text("3000")
    press(ENTER)
    type_text("000123")
    panel = window.pay.payment
    shown = [row.after.text() for row in panel.rows.rows]
    assert panel.button.text().startswith("Take KES 7,400.00 and print · 2 meters")
    press(Qt.Key.Key_F12)
    settle(window)
    (body,) = entries(counter, "tender")
    assert [(leg["method"], leg["amount"]) for leg in body["legs"]] == [
        ("cash", 240_000),
        ("mpesa", 200_000),
        ("cheque", 300_000),
    ]
    after = [part["balance_after"] for part in body["parts"]]
    assert after == [0, 300_000], "the cheque's part waits for its clearing"
    assert shown == ["then owes 0.00", "then owes 3,000.00"]
    assert window.pay.done.waits.isVisible()


def test_a_split_fits_beside_two_meters_on_the_smallest_screen(counter: Counter, opened: object) -> None:
    window: Window = opened(counter, size=(1024, 768), language="sw")  # type: ignore[operator]
    choose(window, "grace")
    press(Qt.Key.Key_Space)
    press(Qt.Key.Key_End)
    press(Qt.Key.Key_Space)
    settle(window)
    press(Qt.Key.Key_O, CONTROL)
    press(Qt.Key.Key_T, CONTROL)
    press(Qt.Key.Key_T, CONTROL)
    settle(window)
    panel = window.pay.payment
    assert len(panel.method.split.rows) == 3
    assert panel._scroll.verticalScrollBar().maximum() == 0
    assert panel._scroll.widget().width() == panel._scroll.viewport().width()


def test_a_landlord_with_many_meters_does_not_push_the_button_off_the_screen(counter: Counter, opened: object) -> None:
    window: Window = opened(counter, size=(1024, 768))  # type: ignore[operator]
    choose(window, "makokha")
    button = window.pay.payment.button
    assert button.mapTo(window, button.rect().bottomLeft()).y() < window.height()


def several(window: Window) -> None:
    """Tick all three meters of Grace."""
    choose(window, "grace")
    for _ in range(3):
        press(Qt.Key.Key_Space)
        press(Qt.Key.Key_Down)
    settle(window)


def test_one_amount_is_shared_out_over_the_meters_the_oldest_due_first(window: Window, counter: Counter) -> None:
    several(window)
    panel = window.pay.payment
    press(Qt.Key.Key_O, CONTROL)
    assert panel.amount.line.hasFocus()
    assert panel.amount.line.text() == "7,400.00", "it begins at what they owe together"
    type_text("6000")
    assert panel.rows.texts() == ["900.00", "", "5,100.00"]
    assert [row.after.text() for row in panel.rows.rows] == ["then owes 1,400.00", "No amount yet", "then owes 0.00"]
    type_text("x")
    press(Qt.Key.Key_F12)
    assert panel.rows.rows[0].problem.text().startswith("“6000x” is not an amount.")
    assert panel.amount.line.hasFocus()
    type_text("8000")
    assert panel.rows.texts() == ["2,900.00", "", "5,100.00"], "what is left over is the first meter's credit"
    press(Qt.Key.Key_F12)
    settle(window)
    (body,) = entries(counter, "tender")
    assert [(part["meter"], part["amount"], part["credit"]) for part in body["parts"]] == [
        ("MTR-001", 290_000, 60_000),
        ("MTR-078", 510_000, 0),
    ]


def test_the_meters_have_their_own_amounts_again(window: Window, counter: Counter) -> None:
    several(window)
    panel = window.pay.payment
    press(Qt.Key.Key_O, CONTROL)
    type_text("1000")
    press(Qt.Key.Key_O, CONTROL)
    assert panel.rows.rows[0].line.hasFocus()
    assert panel.rows.texts() == ["", "", "1,000.00"]
    type_text("50")
    assert panel.form().total_minor == 105_000
    assert panel.total.isVisible()


def test_an_amount_shared_out_waits_and_comes_back_so(window: Window, counter: Counter) -> None:
    several(window)
    press(Qt.Key.Key_O, CONTROL)
    type_text("6000")
    press(Qt.Key.Key_F11)
    press(Qt.Key.Key_F11)
    settle(window)
    panel = window.pay.payment
    assert panel.amount.line.text() == "6,000.00" or panel.amount.line.text() == "6000"
    assert panel.rows.texts() == ["900.00", "", "5,100.00"]
    type_text("100")
    assert panel.rows.texts() == ["", "", "100.00"]


@pytest.mark.parametrize(
    ("shown", "amounts", "left"),
    [
        ((Leg(),), (1000,), 0),
        ((Leg(), Leg("mpesa", "4")), (600, 400), 0),
        ((Leg("cash", "7"), Leg("mpesa", "4")), (700, 400), -100),
        ((Leg("cash", "1"), Leg("mpesa", "4")), (100, 400), 500),
        ((Leg(), Leg("mpesa"), Leg("bank", "12")), (0, 0, 1200), -200),
        ((Leg("cash", "x"), Leg("mpesa", "4")), (0, 400), 600),
    ],
)
def test_the_leg_without_an_amount_takes_the_rest(shown: tuple[Leg, ...], amounts: tuple[int, ...], left: int) -> None:
    assert legs.amounts(shown, 1000) == amounts
    assert legs.left_minor(shown, 1000) == left
