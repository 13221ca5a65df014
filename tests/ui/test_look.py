"""Nothing is cut, faint, too small or nameless, on any page, at both sizes, in both languages and both looks."""

from collections.abc import Callable
from typing import Any

import pytest
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QImage, QPainter
from PySide6.QtWidgets import QLabel, QLineEdit, QPushButton, QWidget
from sqlalchemy import insert, update

from meterpos.ledger.operations.people import TooManyTries
from meterpos.ledger.seal import seal_text
from meterpos.ledger.tables import accounts, settings, users
from meterpos.ui import theme
from meterpos.ui.theme import Type
from meterpos.ui.widgets import paint
from meterpos.ui.widgets.basic import Label
from meterpos.ui.window import Window
from tests.support.tills import Counter
from tests.ui import looking, stand
from tests.ui.stand import press, settle, type_text

SIZES = [(1366, 768), (1024, 768)]
ENTER = Qt.Key.Key_Return


@pytest.mark.parametrize("size", SIZES, ids=["1366", "1024"])
@pytest.mark.parametrize(("language", "look"), [("en", "light"), ("sw", "dark")])
def test_every_page_bears_a_ruler(
    counter: Counter, opened: Callable[..., Window], size: tuple[int, int], language: str, look: str
) -> None:
    counter.pay("A1", 100_000)
    window = opened(counter, size=size, language=language, look=look)
    found: dict[str, list[str]] = {}

    def see(name: str) -> None:
        settle(window)
        found[name] = looking.complaints(window)

    see("begin")
    type_text("otieno")
    see("hits")
    for text in ("grace", "makokha", "MTR-112"):
        window.pay.next_customer()
        type_text(text)
        press(ENTER)
        see(f"customer {text}")
    type_text("25000")
    press(Qt.Key.Key_F12)
    see("question")
    press(Qt.Key.Key_Escape)
    type_text("1200")
    press(Qt.Key.Key_F12)
    see("done")
    window.pay.next_customer()
    type_text("makokha")
    press(ENTER)
    settle(window)
    press(Qt.Key.Key_Space)
    press(Qt.Key.Key_Down)
    press(Qt.Key.Key_Space)
    settle(window)
    window.pay.payment.method.pick("cheque")
    press(ENTER)
    see("several, reference missing")
    press(Qt.Key.Key_T, Qt.KeyboardModifier.ControlModifier)
    press(Qt.Key.Key_T, Qt.KeyboardModifier.ControlModifier)
    see("split")
    press(Qt.Key.Key_F12)
    see("split, amounts missing")
    press(Qt.Key.Key_F11)
    press(Qt.Key.Key_F11)
    see("waiting")
    window.pay.next_customer()
    type_text("MTR-9999")
    press(ENTER)
    see("nobody")
    press(ENTER)
    see("unknown meter")
    window.go("customers")
    see("customers")
    type_text("makokha")
    press(ENTER)
    see("customer's meters, long name")
    type_text("nobody")
    see("customers, none")
    window.go("meters")
    see("meters")
    type_text("makokha")
    see("meters, long name")
    type_text("nobody")
    see("meters, none")
    window.go("receipts")
    settle(window)
    press(ENTER)
    see("receipts")
    receipts: Any = window.page("receipts")
    receipts.reverse_button.click()
    receipts.reversing._press()
    see("reversing")
    press(Qt.Key.Key_2, Qt.KeyboardModifier.ControlModifier)
    type_text("makokha")
    see("right meter, which")
    press(ENTER)
    receipts.correcting.press()
    see("correcting")
    press(Qt.Key.Key_Escape)
    entry = receipts._receipt.entry
    receipts.check(counter.till.seal(entry))
    see("code, genuine")
    receipts.check(seal_text(entry, device_private=bytes(32)))
    see("code, forged")
    receipts.check("MP1ABC")
    see("code, unreadable")
    receipts.check(stand.foreign_seal(entry, "KSM02", bytes(32)))
    see("code, unknown till")
    stand.know_till(counter, "KSM02", bytes(32))
    receipts.check(stand.foreign_seal(entry, "KSM02", bytes(32)))
    see("code, of another till")
    receipts.ask_button.click()
    receipts.asking.ways.choose("correct")
    receipts.asking.press()
    see("asking")
    press(Qt.Key.Key_Escape)
    receipts.reversing.approval.how.choose("code")
    settle(window)
    receipts.reversing._press()
    see("reversing, by telephone")
    _see_other_tills(window, counter, see)
    window.go("plans")
    see("plans, none")
    stand.stock_plans(counter)
    window.tasks.ledger_changed.emit()
    see("plans")
    type_text("makokha")
    see("plan, long name")
    press(ENTER)
    press(ENTER)
    type_text("9999999999")
    press(Qt.Key.Key_F12)
    see("payment on a plan, too much")
    type_text("1000")
    press(Qt.Key.Key_F12)
    see("payment on a plan, taken")
    press(ENTER)
    press(Qt.Key.Key_N, Qt.KeyboardModifier.ControlModifier)
    settle(window)
    type_text("otieno")
    see("new plan, whose")
    press(ENTER)
    window.page("plans").new.press()  # type: ignore[attr-defined]
    see("new plan")

    _see_reports(window, see)
    _see_settings(window, see)
    window.go("sync")
    see("sync")
    shift: Any = window.page("shift")
    see_shift(window, shift, see)
    shift.opening.press()
    see("opening")
    see_door(window, counter, see)
    see_barred(window, counter, see)
    window._stack.setCurrentWidget(window.page("enrol"))
    window.page("enrol").press()  # type: ignore[attr-defined]
    see("enrol")
    assert {name: sorted(set(these)) for name, these in found.items() if these} == {}


def see_barred(window: Window, counter: Counter, see: Callable[[str], None]) -> None:
    """What somebody sees who may do nothing."""
    with counter.till.store.write() as connection:
        connection.execute(update(users).where(users.c.user_name == "otieno").values(role="auditor"))
    window.gate.admit("otieno")
    settle(window)
    for name, what in (("pay", "grace"), ("customers", "makokha"), ("meters", "makokha")):
        window.go(name)
        settle(window)
        type_text(what)
        settle(window)
        press(ENTER)
        see(f"{name}, barred")
    for name in ("receipts", "shift", "plans"):
        window.go(name)
        see(f"{name}, barred")


def see_door(window: Window, counter: Counter, see: Callable[[str], None]) -> None:
    """Signing in for the first time and later, with wrong PINs; leaving with money waiting."""
    gate = window.gate
    gate.lock("asked")
    settle(window)
    page: Any = gate.page
    page.press()
    see("signing in for the first time")
    page.people.setCurrentIndex(page.people.model_.index(-1))
    page._show_person()
    see("signing in, nobody chosen")
    stand.set_pins(counter)
    page.open_for("achieng", locked=True)
    settle(window)
    page._refuse("achieng", TooManyTries("Too many.", wait_s=640))
    see("signing in, wrong PINs")
    page.renew.click()
    see("signing in, a new PIN")
    gate.admit("achieng")
    settle(window)
    gate.ask_to_leave()
    see("leaving")
    press(Qt.Key.Key_Escape)


def see_shift(window: Window, shift: Any, see: Callable[[str], None]) -> None:
    """Every state of the open shift, and its report."""
    with window.desk.till.store.write() as connection:
        connection.execute(insert(settings), {"key": "cash_stop_minor", "value": 500_000})
    window.tasks.ledger_changed.emit()
    window.go("pay", "MTR-112")
    settle(window)
    window.pay.payment.focus_amount()
    type_text("10")
    press(Qt.Key.Key_F12)
    see("a full drawer takes what a supervisor allows")
    window.pay.next_customer()
    window.go("shift")
    see("shift")
    for deed in ("drop", "banking", "payout", "drawer"):
        shift.begin(deed)
        press(Qt.Key.Key_F12)
        see(deed)
    press(Qt.Key.Key_Escape)
    shift.begin("drop")
    type_text("10")
    press(Qt.Key.Key_F12)
    see("dropped, and a full drawer")
    shift.begin("so_far")
    see("report so far")
    press(Qt.Key.Key_Escape)
    for purpose in ("handover", "close"):
        shift.begin(purpose)
        type_text("two")
        press(ENTER)
        see(f"count for {purpose}, letters")
        shift.counting.grid.lines[0].clear()
        type_text("2")
        press(Qt.Key.Key_F12)
        see(f"verdict for {purpose}")
    press(Qt.Key.Key_F12)
    see("closed")
    press(Qt.Key.Key_Escape)
    settle(window)
    shift.begin("earlier")
    see("earlier reports")
    press(Qt.Key.Key_Escape)
    settle(window)


def _see_other_tills(window: Window, counter: Counter, see: Callable[[str], None]) -> None:
    receipts: Any = window.page("receipts")
    press(Qt.Key.Key_Escape)
    type_text(stand.take_elsewhere(counter))
    see("receipt of another till")
    press(Qt.Key.Key_Escape)
    entry = counter.pay("A1", 100_000)
    stand.move_away(counter, entry)
    window.go("receipts", ("show", entry.content.body["number"]))
    see("receipt whose money was moved")
    receipts.ask_button.click()
    see("asking about it")
    press(Qt.Key.Key_Escape)


def _see_reports(window: Window, see: Callable[[str], None]) -> None:
    window.go("reports")
    see("reports")
    page: Any = window.page("reports")
    page.form.button.click()
    see("reports, whose is missing")
    page.form.whose.setFocus()
    type_text("makokha")
    see("reports, whose")
    press(ENTER)
    page.form.period.choose("this_year")
    page.form.button.click()
    see("statement, long name")
    with window.desk.till.store.write() as connection:
        connection.execute(update(accounts).where(accounts.c.account_no == "A1").values(net_minor=1))
    for kind in ("collections", "aging", "finances", "recalculation"):
        page.form.choose(kind)
        page.form.whose.clear()
        page.form.button.click()
        see(kind)
    page.view.papers.choose("roll")
    see("roll")
    page.view._tell_progress(12_000, 150_000)
    page.view._stack.setCurrentIndex(1)
    see("report in the making")
    page.view.stop()
    see("report cancelled")


def _see_settings(window: Window, see: Callable[[str], None]) -> None:
    window.go("settings")
    see("settings")
    page: Any = window.page("settings")
    page.lock.choose("2")
    settle(window)
    page.apply.press()
    see("settings to be applied")
    for step in ("printer", "width", "try", "begin", "enrol"):
        window.go("guide", step)
        see(f"guide {step}")
    window._toggle_help()
    see("help")
    window.help.dismiss()


# --- each checker is seen to find what it looks for --------------------------------------------------------------


@pytest.fixture
def board(window: Window) -> QWidget:
    """An empty board in the window."""
    made = QWidget(window)
    made.setObjectName("page")
    made.setGeometry(0, 0, 400, 300)
    made.show()
    return made


def test_the_ruler_sees_a_label_that_is_cut(board: QWidget) -> None:
    label = QLabel("a sentence that is far too long for its place", board)
    label.setGeometry(0, 0, 60, 20)
    label.show()
    assert looking.clipped(board)


def test_the_ruler_sees_a_widget_that_leaves_its_parent(board: QWidget) -> None:
    button = QPushButton("OK", board)
    button.setGeometry(380, 0, 100, 44)
    button.show()
    assert any("leaves its parent" in one for one in looking.clipped(board))


def test_the_ruler_sees_money_that_was_cut_in_painting() -> None:
    image = QImage(100, 20, QImage.Format.Format_ARGB32)
    painter = QPainter(image)
    paint.clipped.clear()
    paint.text(painter, QRectF(0, 0, 40, 20), "KES 1,000,000.00", Type.value, "#000000", whole=True)
    painter.end()
    assert paint.clipped
    paint.clipped.clear()


def test_the_ruler_sees_what_is_too_small_to_touch(board: QWidget) -> None:
    line = QLineEdit(board)
    line.setGeometry(0, 0, 100, 30)
    line.show()
    assert looking.small(board)


def test_the_ruler_sees_what_has_no_name(board: QWidget) -> None:
    line = QLineEdit(board)
    line.show()
    assert looking.nameless(board)
    line.setAccessibleName("Amount")
    assert not looking.nameless(board)


def test_the_ruler_sees_what_is_faint(board: QWidget) -> None:
    label = Label(Type.text, "muted")
    label.setParent(board)
    label.setText("hardly there")
    label.setStyleSheet("color: #C0C8D4")
    label.show()
    stand.app().processEvents()
    assert any("hardly there" in one for one in looking.faint(board))


def test_contrast_is_that_of_wcag() -> None:
    assert looking.contrast("#000000", "#FFFFFF") == pytest.approx(21.0)
    assert looking.contrast(theme.LIGHT.muted, theme.LIGHT.card) > looking.CONTRAST_LEAST
