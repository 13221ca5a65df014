"""Checks of the ledger behind the window: what came since the last at start, everything once a day between shifts."""

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject, QTimer, Signal

from meterpos.ui import words
from meterpos.ui.desk import Desk

if TYPE_CHECKING:
    from meterpos.ledger.checks import Problem

FIRST_MS: Final = 4_000
LOOK_MS: Final = 10 * 60 * 1000
WHOLE_EVERY: Final = timedelta(hours=20)


class Checking(QObject):
    """Runs in the pool, never in the lane: a long check holds no payment up. It changes nothing."""

    found = Signal(str)  # a sentence for the clerk

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        self._running = False
        self._first = QTimer(self, singleShot=True, interval=FIRST_MS)
        self._first.timeout.connect(self.since_last)
        self._daily = QTimer(self, interval=LOOK_MS)
        self._daily.timeout.connect(self.whole_if_due)

    def start(self) -> None:
        """Check what came since the last check, soon; the whole once a day."""
        self._first.start()
        self._daily.start()

    def stop(self) -> None:
        """No more checks."""
        self._first.stop()
        self._daily.stop()

    def since_last(self) -> None:
        """Check what came since the last check."""
        self._run(whole=False)

    def whole_if_due(self) -> None:
        """Check everything, when the last time was long ago and nobody is at the counter."""
        standing = self._desk.standing
        if standing is None or standing.shift is not None:
            return
        last = self._desk.till.checked_whole_at()
        if last is None or not timedelta(0) <= self._desk.till.now() - last < WHOLE_EVERY:
            self._run(whole=True)

    def _run(self, *, whole: bool) -> None:
        if self._running:
            return
        self._running = True
        till = self._desk.till
        self._desk.tasks.outside(till.check if whole else till.check_since_last, self._done, self._failed)

    def _done(self, problems: "tuple[Problem, ...]") -> None:
        self._running = False
        if problems:
            self.found.emit(words.say("check.found", first=problems[0].sentence))

    def _failed(self, error: Exception) -> None:
        self._running = False
        self.found.emit(words.say("check.found", first=str(error)))
