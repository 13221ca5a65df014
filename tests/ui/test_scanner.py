"""A scanner is told from a typist in every field, and never makes an amount."""

from collections.abc import Callable, Iterator

import pytest
from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication, QLineEdit, QWidget
from sqlalchemy import select

from meterpos.ledger.tables import tenders
from meterpos.printing.invoice import compose_invoice
from meterpos.printing.thermal import render_escpos
from meterpos.ui.scanner import Scanner
from meterpos.ui.widgets.choice import Choice
from meterpos.ui.window import Window
from tests.printing.invoice_samples import invoice
from tests.printing.paper_machine import print_out
from tests.printing.reading import read_bars
from tests.support.tills import Counter
from tests.ui.stand import app, press, settle, type_text

EVERY_PAGE = ("pay", "customers", "meters", "receipts", "plans", "shift", "reports", "sync", "settings")


def bars_of(number: str) -> str:
    """Return what a scanner reads from the bars that head office prints on the roll of this invoice."""
    paper = compose_invoice(invoice("en", number=number))
    (image,) = print_out(render_escpos(paper, columns=32)).images
    read = read_bars(image, margin=32)
    assert read is not None
    return read


class Keyboard:
    """Sends keys with the times a keyboard would give them."""

    def __init__(self) -> None:
        self.ms = 1_000
        self.focus: Callable[[], QObject | None] = lambda: app().focusWidget()

    def keys(self, text: str, *, gap_ms: int) -> None:
        for letter in text:
            key = Qt.Key.Key_Return if letter == "\n" else Qt.Key(ord(letter.upper()))
            self.ms += gap_ms
            for kind in (QEvent.Type.KeyPress, QEvent.Type.KeyRelease):
                event = QKeyEvent(kind, key, Qt.KeyboardModifier.NoModifier, "\r" if letter == "\n" else letter)
                event.setTimestamp(self.ms)
                widget = self.focus()
                assert widget is not None
                app().sendEvent(widget, event)

    def rest(self) -> None:
        self.ms += 2_000


@pytest.fixture
def field(qapp: QApplication) -> Iterator[tuple[QLineEdit, Scanner, list[str]]]:
    """A lone field with a scanner listening."""
    holder = QWidget()
    line = QLineEdit(holder)
    holder.show()
    holder.activateWindow()
    line.setFocus()
    scanner = Scanner()
    heard: list[str] = []
    scanner.scanned.connect(heard.append)
    scanner.listen(qapp)
    yield line, scanner, heard
    scanner.stop(qapp)
    holder.close()


@pytest.mark.parametrize("gap_ms", [5, 20, 50])
def test_a_burst_is_a_scan_and_leaves_the_field_as_it_was(
    field: tuple[QLineEdit, Scanner, list[str]], gap_ms: int, qapp: QApplication
) -> None:
    line, _, heard = field
    keyboard = Keyboard()
    line.setText("12.50")
    line.setSelection(0, 2)
    keyboard.rest()
    keyboard.keys("MTR-112\n", gap_ms=gap_ms)
    qapp.processEvents()
    assert heard == ["MTR-112"]
    assert (line.text(), line.selectedText()) == ("12.50", "12")


@pytest.mark.parametrize("gap_ms", [60, 90, 120])
def test_a_typist_is_never_taken_for_a_scanner(
    field: tuple[QLineEdit, Scanner, list[str]], gap_ms: int, qapp: QApplication
) -> None:
    line, _, heard = field
    keyboard = Keyboard()
    keyboard.rest()
    keyboard.keys("2500.00\n", gap_ms=gap_ms)
    qapp.processEvents()
    assert heard == []
    assert line.text() == "2500.00"


def test_a_scan_after_typing_takes_only_the_burst(
    field: tuple[QLineEdit, Scanner, list[str]], qapp: QApplication
) -> None:
    line, _, heard = field
    keyboard = Keyboard()
    keyboard.rest()
    keyboard.keys("otie", gap_ms=80)
    keyboard.rest()
    keyboard.keys("INV-2026-00456\n", gap_ms=12)
    qapp.processEvents()
    assert heard == ["INV-2026-00456"]
    assert line.text() == "otie"


def test_a_short_burst_is_a_quick_hand(field: tuple[QLineEdit, Scanner, list[str]], qapp: QApplication) -> None:
    line, _, heard = field
    keyboard = Keyboard()
    keyboard.rest()
    keyboard.keys("2500\n", gap_ms=40)
    qapp.processEvents()
    assert heard == []
    assert line.text() == "2500"


def test_a_scan_in_the_amount_never_becomes_money(window: Window, counter: Counter) -> None:
    type_text("grace")
    settle(window)
    press(Qt.Key.Key_Return)
    settle(window)
    press(Qt.Key.Key_Return)
    amount = window.pay.payment.amount.line
    assert amount.hasFocus()
    before = amount.text()
    Keyboard().keys("254712345678\n", gap_ms=10)
    assert amount.text() == before
    settle(window)
    assert window.pay.search.line.text() == "254712345678"
    with counter.till.store.read() as connection:
        assert connection.execute(select(tenders)).all() == []


def test_a_scan_on_the_button_pays_nothing(window: Window, counter: Counter) -> None:
    type_text("MTR-112")
    press(Qt.Key.Key_Return)
    settle(window)
    press(Qt.Key.Key_Return)
    press(Qt.Key.Key_Return)
    assert window.pay.payment.button.hasFocus()
    Keyboard().keys("MTR-078\n", gap_ms=10)
    settle(window)
    with counter.till.store.read() as connection:
        assert connection.execute(select(tenders)).all() == []
    assert window.pay.payment.form().meters == "MTR-078", "the scanned meter is chosen"
    assert window.pay.payment.amount.line.hasFocus()


def test_the_qr_of_a_receipt_opens_it(window: Window, counter: Counter) -> None:
    entry = counter.pay("A1", 100_000)
    seal = counter.till.seal(entry)
    Keyboard().keys(f"{seal}\n", gap_ms=6)
    settle(window)
    page = window.page("receipts")
    assert page.isVisible()
    assert page._receipt.number == entry.content.body["number"]  # type: ignore[attr-defined]


@pytest.mark.parametrize("gap_ms", [5, 50])
def test_the_bars_on_an_invoice_choose_customer_meter_and_invoice_from_any_page(window: Window, gap_ms: int) -> None:
    keyboard, read = Keyboard(), bars_of("INV-2026-00421")
    for page in EVERY_PAGE:
        window.go(page)
        settle(window)
        keyboard.rest()
        keyboard.keys(f"{read}\n", gap_ms=gap_ms)
        settle(window)
        form = window.pay.payment.form()
        assert window.pay.isVisible(), page
        assert (form.payer, form.meters, form.total_minor) == ("Grace Akinyi Otieno", "MTR-078", 260_000), page
        assert form.parts[0].invoice_no == "INV-2026-00421", page
        window.pay.next_customer()


def test_the_barcode_of_a_paid_invoice_says_that_it_is_paid(window: Window, counter: Counter) -> None:
    counter.pay("A1", 230_000)
    Keyboard().keys("INV-2026-00456\n", gap_ms=12)
    settle(window)
    assert window.pay.payment.form().meters == "MTR-001"
    assert window.pay.payment.due.text() == "INV-2026-00456 is paid"
    assert window.pay.payment.amount.line.text() == ""


def test_a_scan_is_heard_on_every_page(window: Window) -> None:
    keyboard = Keyboard()
    for page in EVERY_PAGE[1:]:
        window.go(page)
        settle(window)
        assert window.page(page).isVisible(), page
        keyboard.rest()
        keyboard.keys("MTR-112\n", gap_ms=30)
        settle(window)
        assert window.pay.isVisible(), page
        assert window.pay.payment.form().meters == "MTR-112", page


@pytest.mark.qt_log_ignore("This plugin does not support", extend=True)
def test_a_scan_while_a_menu_is_open_chooses_nothing_from_it(window: Window, counter: Counter) -> None:
    window.go("meters")
    settle(window)
    page = window.page("meters")
    choice = page.findChildren(Choice)[0]
    before = choice.value
    choice.click()
    assert QApplication.activePopupWidget() is not None
    handle = window.windowHandle()
    keyboard = Keyboard()
    keyboard.focus = lambda: handle
    keyboard.keys("MTR-112\n", gap_ms=10)
    settle(window)
    assert QApplication.activePopupWidget() is None
    assert choice.value == before
    assert window.pay.payment.form().meters == "MTR-112"


def test_a_scan_at_a_locked_till_opens_nothing_and_is_no_pin(window: Window) -> None:
    press(Qt.Key.Key_L, Qt.KeyboardModifier.ControlModifier)
    settle(window)
    page = window.gate.page
    assert window.gate.is_locked and page is not None
    for field in (page.people, page.pin.line, page.code.line):
        if field.isVisible():
            field.setFocus()
            Keyboard().keys("246813579\n", gap_ms=10)
            settle(window)
    assert window.gate.is_locked
    assert (page.pin.text(), page.code.text()) == ("", "")
    assert not window.pay.payment.is_open


def test_a_scan_in_any_field_of_a_payment_chooses_the_meter_and_types_nothing(window: Window) -> None:
    panel, keyboard = window.pay.payment, Keyboard()

    def scan_into(line: QLineEdit) -> None:
        line.setFocus()
        before = line.text()
        keyboard.rest()
        keyboard.keys("MTR-078\n", gap_ms=20)
        assert line.text() == before, line.accessibleName()
        settle(window)
        assert (panel.form().payer, panel.form().meters) == ("Grace Akinyi Otieno", "MTR-078")
        assert panel.amount.line.hasFocus()

    def choose(text: str) -> None:
        window.pay.next_customer()
        type_text(text)
        press(Qt.Key.Key_Return)
        settle(window)

    for prepare, line in (
        (lambda: None, panel.method.received.line),
        (lambda: panel.method.pick("mpesa"), panel.method.reference.line),
        (panel.name_invoice.click, panel.invoices.line),
        (panel.sms.correct.click, panel.sms.line),
    ):
        choose("MTR-112")
        prepare()
        scan_into(line)
    choose("MTR-112")
    panel.method.add.click()
    scan_into(panel.method.split.rows[-1].amount)
    choose("MTR-9999")
    press(Qt.Key.Key_Return)
    scan_into(panel.unknown_name.line)


def test_the_spaces_and_letters_of_a_scan_press_nothing(window: Window, counter: Counter) -> None:
    type_text("MTR-112")
    press(Qt.Key.Key_Return)
    settle(window)
    type_text("25000")
    press(Qt.Key.Key_F12)
    assert window.pay.payment.question.isVisible()
    Keyboard().keys("YMTR 0Y1 Y\n", gap_ms=10)
    settle(window)
    with counter.till.store.read() as connection:
        assert connection.execute(select(tenders)).all() == []
