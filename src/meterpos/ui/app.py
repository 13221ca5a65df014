"""Start-up in order: a typable window first; the till, its ledger and everything heavy after the first paint."""

import logging
import sys
import threading
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, QTimer, Signal
from PySide6.QtWidgets import QApplication

from meterpos.errors import UserError
from meterpos.ui import messages, theme, words
from meterpos.ui.qt_words import QtWords
from meterpos.ui.window import AGAIN, Again, Window

if TYPE_CHECKING:
    from meterpos.till import Till

log = logging.getLogger(__name__)

LOG_FILE = "till-window.log"
LOG_BYTES_MAX = 1_000_000
SWITCH_S = 0.0005
"""How long a thread at work may keep Python from the window's, which wants it back after each call of Qt.

At Python's own 5 ms a key waited 35 ms while the ledger was checked beside it, at this 4 ms; the check is no slower.
"""
AGAIN_CODE = 64
"""The first exit code that means: open the window again. A program that only shows windows needs no other codes."""


def run(till: "Till | Callable[[], Till]", *, smoke: bool = False, look: str = "", language: str = "") -> int:
    """Show the window and return the exit code when it is closed.

    till: an open till, or what opens one; the second lets the window be painted before the ledger is read.
    smoke: open, paint, let everything load, and quit.
    """
    app = QApplication.instance() or QApplication(sys.argv[:1])
    assert isinstance(app, QApplication)
    app.setApplicationName("meterpos")
    app.installTranslator(QtWords(app))
    theme.load_fonts()
    is_open = not callable(till)
    name = look or (till.settings.theme if is_open else "light")  # type: ignore[union-attr]
    words.speak(language or (till.settings.language if is_open else "en"))  # type: ignore[union-attr]
    theme.prepare(app, name)
    window = Window()
    theme.apply(app, name)
    sys.excepthook = _hook(window)
    opener: Callable[[], Till] = (lambda: till) if is_open else till  # type: ignore[assignment, return-value]
    FirstPaint(window, lambda: _after_first_paint(app, window, opener))
    if smoke:
        window.ready.connect(lambda: QTimer.singleShot(0, window.close))
    window.resize(window.size().boundedTo(window.screen().availableSize()))
    window.show()
    code = app.exec()
    sys.excepthook = sys.__excepthook__
    if not is_open and window.desk.is_open:
        window.desk.till.close()
    return code if window.opens_again is None else AGAIN_CODE + AGAIN.index(window.opens_again)


def again(code: int) -> Again | None:
    """Return how the window wants to be opened again, by the code `run` returned; None where it does not."""
    place = code - AGAIN_CODE
    return AGAIN[place] if 0 <= place < len(AGAIN) else None


class FirstPaint(QObject):
    """Calls back once, after the first frame is on the screen."""

    painted = Signal()

    def __init__(self, window: Window, then: Callable[[], object]) -> None:
        super().__init__(window)
        self._done = False
        self.painted.connect(then)
        window.rail.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Paint and not self._done:
            self._done = True
            QTimer.singleShot(0, self.painted.emit)
        return super().eventFilter(watched, event)


def _after_first_paint(app: QApplication, window: Window, opener: "Callable[[], Till]") -> None:
    def attach(till: "Till") -> None:
        if till.settings.theme != theme.palette().name:
            theme.apply(app, till.settings.theme)
        words.speak(till.settings.language)
        sys.setswitchinterval(SWITCH_S)
        window.attach(till)
        get_ready(window)

    def failed(error: UserError) -> None:
        window.tell_error(error)

    window.tasks.in_lane(lambda: _logged(opener()), attach, failed)
    window.complete()


def get_ready(window: Window) -> None:
    """Once somebody works at the window, make its pages in quiet moments."""
    from meterpos.ui.preparing import Preparing

    handle = window.windowHandle()
    assert handle is not None, "a window that was painted has a handle"
    window.ready.connect(window.garbage.spare)
    preparing = Preparing(window.desk, window.page)
    preparing.done.connect(window.garbage.spare)
    preparing.watch(handle)


def _logged(till: "Till") -> "Till":
    """Runs in the lane: what goes wrong is written beside the ledger, in a file that never grows large."""
    from logging.handlers import RotatingFileHandler

    path = till.settings.home / LOG_FILE
    handler = RotatingFileHandler(path, maxBytes=LOG_BYTES_MAX, backupCount=2, encoding="utf-8", delay=True)
    handler.setLevel(logging.WARNING)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
    logging.getLogger("meterpos").addHandler(handler)
    return till


def _hook(window: Window) -> Callable[[type[BaseException], BaseException, TracebackType | None], None]:
    def hook(_kind: type[BaseException], error: BaseException, _trace: TracebackType | None) -> None:
        told = messages.as_user_error(error)
        if threading.current_thread() is threading.main_thread():
            window.tell_error(told)

    return hook
