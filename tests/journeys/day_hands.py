"""The hands of a clerk: keys alone, pressed by Qt's own test events or, on a real display, by xdotool.

Keys are named as xdotool names them: "Return", "F12", "ctrl+r"; a text is typed as it is.
"""

import subprocess
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, Protocol, TypeVar

from PySide6.QtCore import QEventLoop, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

T = TypeVar("T")
WAIT_S: Final = 30.0
BETWEEN_S: Final = 0.07
"""Longer than a scanner's gap: what is typed so is a person's."""

_POOL: Final = ThreadPoolExecutor(1, thread_name_prefix="aside")
_NAMED: Final = {
    "Return": Qt.Key.Key_Return,
    "Escape": Qt.Key.Key_Escape,
    "Down": Qt.Key.Key_Down,
    "Up": Qt.Key.Key_Up,
    "Tab": Qt.Key.Key_Tab,
    "space": Qt.Key.Key_Space,
    **{f"F{number}": Qt.Key(Qt.Key.Key_F1 + number - 1) for number in range(1, 13)},
}


class Hands(Protocol):
    """What presses keys."""

    def type(self, text: str) -> None: ...

    def press(self, key: str) -> None: ...


class QtHands:
    """Presses keys by QTest on whatever has the keyboard; between two keys the loop turns, as between a person's."""

    def type(self, text: str) -> None:
        for letter in text:
            QTest.keyClicks(_target(), letter)
            _turn()

    def press(self, key: str) -> None:
        control, _, name = key.rpartition("+")
        modifier = Qt.KeyboardModifier.ControlModifier if control else Qt.KeyboardModifier.NoModifier
        QTest.keyClick(_target(), _NAMED.get(name) or Qt.Key(ord(name.upper())), modifier)
        _turn()


class XHands:
    """Presses keys by xdotool: they come through the display's server, as those of a keyboard do."""

    def __init__(self, window: QWidget) -> None:
        self._run("windowfocus", "--sync", str(int(window.winId())))

    def type(self, text: str) -> None:
        self._run("type", "--delay", "4", text)
        self._pause()

    def press(self, key: str) -> None:
        self._run("key", key)
        self._pause()

    def _run(self, *arguments: str) -> None:
        process = subprocess.Popen(("xdotool", *arguments))
        until(lambda: process.poll() is not None, f"xdotool {' '.join(arguments)}")
        assert process.returncode == 0, arguments

    def _pause(self) -> None:
        """Let the keys arrive, and let what follows not look like a scanner's burst."""
        end = time.monotonic() + BETWEEN_S
        until(lambda: time.monotonic() > end, "a moment")


def until(holds: Callable[[], object], what: str) -> None:
    """Let the event loop turn until something holds."""
    app = QApplication.instance()
    assert app is not None
    end = time.monotonic() + WAIT_S
    while not holds():
        assert time.monotonic() < end, (
            f"it did not come to this: {what}; the keyboard is at {QApplication.focusWidget()}"
        )
        app.processEvents(QEventLoop.ProcessEventsFlag.AllEvents, 5)


def aside(work: Callable[[], T]) -> T:
    """Do what is not the clerk's off the window's thread, so that the watcher of its loop sees the window alone."""
    done = _POOL.submit(work)
    until(done.done, "what was done aside")
    return done.result()


def _turn() -> None:
    app = QApplication.instance()
    assert app is not None
    app.processEvents(QEventLoop.ProcessEventsFlag.AllEvents, 5)


def _target() -> QWidget:
    widget = QApplication.activePopupWidget() or QApplication.focusWidget()
    assert widget is not None, "nothing has the keyboard"
    return widget
