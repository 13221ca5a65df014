"""Pictures of the pay page's own states; look.py calls `visit`."""

from pathlib import Path
from typing import Protocol

from PySide6.QtCore import Qt

from meterpos.ui import words
from meterpos.ui.window import Window
from tests.ui.stand import press, settle, type_text


class Visit(Protocol):
    """What a visit offers to its parts."""

    window: Window
    folder: Path

    def grab(self, name: str) -> None:
        """Keep a picture."""


def visit(visit: Visit) -> None:
    """Walk through everything paying can look like."""
    invoices(visit)
    split(visit)
    waiting(visit)
    reconnection(visit)
    used_reference(visit)


def choose(visit: Visit, text: str) -> None:
    """Search and take the first hit."""
    visit.window.pay.next_customer()
    type_text(text)
    press(Qt.Key.Key_Return)
    settle(visit.window)


def invoices(visit: Visit) -> None:
    """The open invoices of a meter, searched."""
    choose(visit, "MTR-2026-000451")
    press(Qt.Key.Key_I, Qt.KeyboardModifier.ControlModifier)
    visit.grab("invoices")
    type_text("zzz")
    visit.grab("invoices-none")
    press(Qt.Key.Key_Escape)
    visit.window.pay.next_customer()


def split(visit: Visit) -> None:
    """Three legs and two meters, short, then whole."""
    choose(visit, "makokha")
    press(Qt.Key.Key_Space)
    press(Qt.Key.Key_Down)
    press(Qt.Key.Key_Space)
    settle(visit.window)
    press(Qt.Key.Key_Return)
    press(Qt.Key.Key_Return)
    type_text("250")
    press(Qt.Key.Key_T, Qt.KeyboardModifier.ControlModifier)
    type_text("61000")
    press(Qt.Key.Key_Return)
    type_text("SKJ3XY71AB")
    press(Qt.Key.Key_T, Qt.KeyboardModifier.ControlModifier)
    type_text("30000")
    press(Qt.Key.Key_Return)
    type_text("FT2611KQ")
    visit.grab("split")
    press(Qt.Key.Key_O, Qt.KeyboardModifier.ControlModifier)
    type_text("100000")
    visit.grab("split-spread")
    press(Qt.Key.Key_F12)
    visit.grab("split-taken")
    visit.window.pay.next_customer()


def waiting(visit: Visit) -> None:
    """Four payments put aside, and the list that brings one back."""
    for meter, amount in (("MTR-112", "700"), ("MTR-2026-000451", "12345"), ("MTR-310", "50"), ("MTR-301", "1000")):
        choose(visit, meter)
        type_text(amount)
        press(Qt.Key.Key_F11)
    visit.grab("waiting")
    press(Qt.Key.Key_F11)
    press(Qt.Key.Key_Down)
    visit.grab("waiting-choose")
    visit.window.pay.last.tell_parked(words.say("pay.parked.moved", name="Grace Akinyi Otieno"))
    visit.grab("waiting-moved")
    for draft in tuple(visit.window.pay.waiting.parked):
        visit.window.pay.waiting.throw_away(draft)


def reconnection(visit: Visit) -> None:
    """A disconnected meter whose debt is paid off."""
    choose(visit, "MTR-2026-000452")
    visit.grab("disconnected")
    press(Qt.Key.Key_F12)
    visit.grab("reconnection")
    visit.window.pay.next_customer()


def used_reference(visit: Visit) -> None:
    """A code used before: told as it is typed, refused, asked for."""
    choose(visit, "MTR-112")
    visit.window.pay.payment.method.pick("mpesa")
    type_text("SKJ3XY71AB")
    visit.window.pay.payment._look_up.timeout.emit()
    visit.grab("used")
    press(Qt.Key.Key_F12)
    settle(visit.window)
    visit.grab("used-refused")
    visit.window.pay.next_customer()
