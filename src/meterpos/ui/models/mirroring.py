"""The mirror behind the window: brought up to date after the ledger changed, never in the way of a payment."""

from PySide6.QtCore import QObject, QTimer, Signal

from meterpos.ui import messages
from meterpos.ui.desk import Desk

SOON_MS = 1_000


class Mirroring(QObject):
    """Runs in the pool some moments after a change; a medium that is missing is said once, until it is back."""

    missing = Signal(str)

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        self._said = ""
        self._running = False
        self._soon = QTimer(self, singleShot=True, interval=SOON_MS)
        self._soon.timeout.connect(self.now)

    def changed(self) -> None:
        """The ledger changed: mirror it soon, several changes together."""
        if self._desk.is_open and self._desk.till.settings.mirror is not None:
            self._soon.start()

    def stop(self) -> None:
        """No more."""
        self._soon.stop()

    def now(self) -> None:
        """Mirror what is new, unless that is under way: then again afterwards."""
        if self._running:
            self._soon.start()
            return
        self._running = True
        self._desk.tasks.outside(self._desk.till.mirror, self._done, self._failed)

    def _done(self, _count: int) -> None:
        self._running = False
        self._said = ""

    def _failed(self, error: Exception) -> None:
        self._running = False
        sentence = messages.sentence(error)
        if sentence != self._said:
            self._said = sentence
            self.missing.emit(sentence)
