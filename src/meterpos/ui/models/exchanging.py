"""Exchanges with head office behind the window: at start, on demand, every few minutes; one at a time."""

import random
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject, QTimer, Signal

from meterpos.errors import UserError
from meterpos.ui import messages
from meterpos.ui.desk import Desk

if TYPE_CHECKING:
    from meterpos.sync.exchange import ExchangeResult
    from meterpos.sync.steps import Memory

FIRST_MS: Final = 1_500
OFFLINE: Final = "offline"


class Exchanging(QObject):
    """Knows whether head office was reached the last time, and when to try next."""

    began = Signal()
    ended = Signal()  # `went_well` and `sentence` say how

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        self.running = False
        self.went_well = True
        self.sentence = ""  # of what went wrong the last time
        self._stopped = True
        self._failures = 0
        self._memory: Memory | None = None
        self._timer = QTimer(self, singleShot=True)
        self._timer.timeout.connect(self.now)

    def start(self) -> None:
        """Begin the rhythm; the first exchange follows soon."""
        if self._stopped:
            self._stopped = False
            self._timer.start(FIRST_MS)

    def stop(self) -> None:
        """No more exchanges."""
        self._stopped = True
        self._timer.stop()

    def change_rhythm(self) -> None:
        """Wait for the next exchange as long as the settings say now."""
        if self._timer.isActive():
            self._timer.start(self._desk.till.settings.exchange_every_s * 1000)

    def now(self) -> None:
        """Exchange with head office unless that is under way."""
        if self.running or self._stopped:
            return
        self._timer.stop()
        self.running = True
        self.began.emit()
        till, memory = self._desk.till, self._memory
        self._desk.tasks.outside(
            lambda: till.exchange(memory=memory, cancelled=lambda: self._stopped), self._done, self._failed
        )

    def _done(self, result: "ExchangeResult") -> None:
        self._memory = result.memory
        detail = messages.translated(result.detail)
        self._finish(result.outcome, detail, good=result.is_complete, come_again_s=result.come_again_s)

    def _failed(self, error: UserError) -> None:
        self._finish(OFFLINE, messages.sentence(error), good=False)

    def _finish(self, outcome: str, sentence: str, *, good: bool, come_again_s: int = 0) -> None:
        from meterpos.sync.pace import wait_s

        self.running, self.went_well, self.sentence = False, good, sentence
        self._failures = 0 if good else self._failures + 1
        every_s = self._desk.till.settings.exchange_every_s
        pause_s = wait_s(
            outcome, failures=self._failures, every_s=every_s, dice=random.random, come_again_s=come_again_s
        )
        if not self._stopped:
            self._timer.start(round(pause_s * 1000))
        self._desk.online = good
        self._desk.online_changed.emit()
        self._desk.tasks.ledger_changed.emit()
        self.ended.emit()
