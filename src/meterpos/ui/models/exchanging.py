"""Exchanges with head office behind the window: at start, on demand, every few minutes; one at a time."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

from meterpos.errors import UserError
from meterpos.ui.desk import Desk

if TYPE_CHECKING:
    from meterpos.sync.exchange import ExchangeResult
    from meterpos.till import Till

FIRST_MS = 1_500


class Exchanging(QObject):
    """Knows whether head office was reached the last time."""

    began = Signal()
    ended = Signal(object, str)  # the result or None, and the sentence of what went wrong

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        self.running = False
        self._timer = QTimer(self)
        self._timer.timeout.connect(self.now)

    def start(self) -> None:
        """Begin the rhythm; the first exchange follows soon."""
        if not self._timer.isActive():
            self._timer.start(self._desk.till.settings.exchange_every_s * 1000)
            QTimer.singleShot(FIRST_MS, self, self.now)

    def stop(self) -> None:
        """No more exchanges."""
        self._timer.stop()

    def now(self) -> None:
        """Exchange with head office unless that is under way."""
        if self.running or not self._timer.isActive():
            return
        self.running = True
        self.began.emit()
        till = self._desk.till
        self._desk.tasks.outside(lambda: _exchange(till), self._done, self._failed)

    def _done(self, result: "ExchangeResult") -> None:
        self._finish(online=True)
        self.ended.emit(result, "")

    def _failed(self, error: UserError) -> None:
        self._finish(online=False)
        self.ended.emit(None, str(error))

    def _finish(self, *, online: bool) -> None:
        self.running = False
        self._desk.online = online
        self._desk.online_changed.emit()
        self._desk.tasks.ledger_changed.emit()


def _exchange(till: "Till") -> "ExchangeResult":
    """Runs in the pool."""
    return till.exchange()
