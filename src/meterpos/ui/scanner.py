"""Tells a scanner from a typist: a keyboard-wedge scanner sends a burst of keys, 5–50 ms apart, ended by Enter.

Keys pass to the field they were meant for as they come; when a burst turns out to be a scan, the field is put back as
it was before the burst and the Enter goes nowhere, so that no meter number ever becomes an amount. What is not typed
into gets only the first key of a burst: the space in a scanned text presses no button. Times are those of the keyboard,
not of the loop: after a stall a typist's keys do not look like a burst.
"""

import time
from collections.abc import Callable
from typing import Final

from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent, QWindow
from PySide6.QtWidgets import QApplication, QLineEdit, QWidget
from shiboken6 import isValid

GAP_MAX_MS: Final = 55
LETTERS_MIN: Final = 6
_MODIFIERS: Final = frozenset(
    {Qt.Key.Key_Shift, Qt.Key.Key_Control, Qt.Key.Key_Alt, Qt.Key.Key_Meta, Qt.Key.Key_CapsLock}
)


class _Before:
    """A line edit as it was before a burst."""

    def __init__(self, line: QLineEdit) -> None:
        self.line = line
        self.text = line.text()
        self.cursor = line.cursorPosition()
        self.selected = (line.selectionStart(), len(line.selectedText()))

    def restore(self) -> None:
        self.line.setText(self.text)
        if self.selected[0] >= 0:
            self.line.setSelection(*self.selected)
        else:
            self.line.setCursorPosition(self.cursor)
        self.line.textEdited.emit(self.text)


class Scanner(QObject):
    """An event filter on whatever has the keyboard. `scanned` carries what was read."""

    scanned = Signal(str)

    def __init__(self, clock_ms: Callable[[], float] | None = None) -> None:
        super().__init__()
        self.clock_ms = clock_ms or (lambda: time.monotonic() * 1000)
        self._letters: list[str] = []
        self._last_ms = 0.0
        self._before: _Before | None = None

    def listen(self, app: QApplication, window: QWindow | None = None) -> None:
        """Follow the keyboard from widget to widget; menus have it without the focus, so `window` is heard for them."""
        app.focusChanged.connect(self._follow)
        self._follow(None, app.focusWidget())
        if window is not None:
            window.installEventFilter(self)

    def stop(self, app: QApplication, window: QWindow | None = None) -> None:
        """Follow no more."""
        app.focusChanged.disconnect(self._follow)
        self._follow(app.focusWidget(), None)
        if window is not None:
            window.removeEventFilter(self)

    def _follow(self, old: QWidget | None, new: QWidget | None) -> None:
        self._forget()
        if old is not None and isValid(old):
            old.removeEventFilter(self)
        if new is not None:
            new.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() != QEvent.Type.KeyPress or not isinstance(event, QKeyEvent):
            return False
        if isinstance(watched, QWidget):
            return self._hear(watched, event)
        menu = QApplication.activePopupWidget()
        return menu is not None and self._hear(menu, event)

    def _hear(self, watched: QWidget, event: QKeyEvent) -> bool:
        if event.key() in _MODIFIERS:
            return False
        now_ms = float(event.timestamp()) or self.clock_ms()
        quick = now_ms - self._last_ms <= GAP_MAX_MS
        self._last_ms = now_ms
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            is_scan = quick and len(self._letters) >= LETTERS_MIN
            text, before = "".join(self._letters), self._before
            self._forget()
            if is_scan:
                self._read(text, before)
            return is_scan
        letter = event.text()
        if event.isAutoRepeat() or len(letter) != 1 or not letter.isprintable():
            self._forget()
            return False
        if not quick or not self._letters:
            self._letters = []
            self._before = _Before(watched) if isinstance(watched, QLineEdit) else None
        self._letters.append(letter)
        return len(self._letters) > 1 and not isinstance(watched, QLineEdit)

    def _read(self, text: str, before: _Before | None) -> None:
        if before is not None:
            before.restore()
        menu = QApplication.activePopupWidget()
        if menu is not None:
            menu.close()
        QTimer.singleShot(0, lambda: self.scanned.emit(text.strip()))

    def _forget(self) -> None:
        self._letters, self._before = [], None
