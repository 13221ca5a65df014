"""The printer behind the window: runs the queue off the GUI thread and says in one sentence what became of a paper."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from meterpos.errors import UserError
from meterpos.ui import messages, words
from meterpos.ui.desk import Desk

if TYPE_CHECKING:
    from meterpos.printing.spool import Spooler


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one paper: its job's state and what the printer said."""

    number: str
    state: str
    detail: str = ""

    @property
    def is_trouble(self) -> bool:
        """Whether the clerk should look at the printer."""
        return self.state in ("failed", "unconfirmed", "queued")

    def short(self) -> str:
        """Return one or two words for the strip."""
        return words.say(f"print.short.{self.state}")

    def sentence(self) -> str:
        """Return the one sentence for the clerk."""
        if self.state in ("failed", "queued") and self.detail:
            return words.say("print.failed_because", detail=messages.translated(self.detail))
        return words.say(f"print.{self.state}")


@dataclass(frozen=True, slots=True)
class _Loose:
    """Bytes for the printer that stand in no queue: after a crash nothing prints them."""

    number: str
    make: Callable[[], bytes]
    then: Callable[[Outcome], object]


class Printer(QObject):
    """One run of the queue at a time; a stalled printer delays no payment."""

    ran = Signal(object)  # the last Outcome, or None when nothing was queued

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        self._spooler: Spooler | None = None
        self._running = False
        self._wanted: list[tuple[str, Callable[[Outcome], object]]] = []
        self._loose: list[_Loose] = []

    @property
    def is_there(self) -> bool:
        """Whether the till has a printer at all."""
        return self._desk.is_open and self._desk.till.settings.printer is not None

    def run(self, number: str, then: Callable[[Outcome], object]) -> None:
        """Print what is queued; `then` hears of the paper `number`."""
        if not self.is_there:
            then(Outcome(number, "none"))
            return
        self._wanted.append((number, then))
        self.kick()

    def again(self, number: str, clerk: str, then: Callable[[Outcome], object]) -> None:
        """Queue one more copy, which says COPY, and print it."""
        till = self._desk.till
        self._desk.tasks.write(
            lambda: till.reprint(number=number, clerk=clerk),
            lambda _: self.run(number, then),
            lambda error: then(Outcome(number, "failed", messages.sentence(error))),
        )

    def send(self, number: str, make: Callable[[], bytes], then: Callable[[Outcome], object]) -> None:
        """Send what no queue keeps, a drawer's pulse or a report so far, once the printer is free."""
        if not self.is_there:
            then(Outcome(number, "none"))
            return
        self._loose.append(_Loose(number, make, then))
        self._send_next()

    def _send_next(self) -> None:
        if self._running or not self._loose:
            return
        self._running = True
        loose = self._loose.pop(0)
        self._desk.tasks.outside(
            lambda: self._sent(loose),
            lambda outcome: self._came([(loose.number, loose.then)], {loose.number: outcome}),
            lambda error: self._broke([(loose.number, loose.then)], error),
        )

    def _sent(self, loose: "_Loose") -> Outcome:
        """Runs in the pool: talk to the printer."""
        from meterpos.printing.devices import PrinterError, open_device

        device = self._desk.till.settings.printer
        assert device is not None, "a till without a printer sends nothing"
        try:
            sent = open_device(device).send(loose.make())
        except PrinterError as error:
            return Outcome(loose.number, "failed", messages.sentence(error))
        return Outcome(loose.number, "confirmed" if sent.confirmed else "unconfirmed", sent.detail)

    def kick(self) -> None:
        """Run the queue unless it is running already."""
        if self._running or not self.is_there:
            return
        self._running = True
        asked, self._wanted = self._wanted, []
        numbers = [number for number, _ in asked]
        self._desk.tasks.outside(
            lambda: self._work(numbers), lambda found: self._came(asked, found), lambda error: self._broke(asked, error)
        )

    def _work(self, numbers: list[str]) -> dict[str, Outcome]:
        """Runs in the pool: send what is queued, and say what became of the papers asked for."""
        from meterpos.ledger.queries.spool import jobs_of

        till = self._desk.till
        if self._spooler is None:
            from meterpos.printing.spool import Spooler

            self._spooler = Spooler(till)
        found = {
            done.job.number: Outcome(done.job.number, done.state, done.detail) for done in self._spooler.run_once()
        }
        with till.store.read() as conn:
            for number in set(numbers) - set(found):
                for job in jobs_of(conn, number)[-1:]:
                    found[number] = Outcome(number, job.state, job.detail)
        return found

    def _came(self, asked: list[tuple[str, Callable[[Outcome], object]]], found: dict[str, Outcome]) -> None:
        self._running = False
        outcome: Outcome | None = None
        for number, then in asked:
            outcome = found.get(number, Outcome(number, "none"))
            then(outcome)
        if outcome is not None:
            self._desk.printer_said.emit(outcome.sentence() if outcome.is_trouble else "")
        self.ran.emit(outcome)
        self._go_on()

    def _broke(self, asked: list[tuple[str, Callable[[Outcome], object]]], error: UserError) -> None:
        self._running = False
        for number, then in asked:
            then(Outcome(number, "failed", messages.sentence(error)))
        self._desk.printer_said.emit(messages.sentence(error))
        self._go_on()

    def _go_on(self) -> None:
        self._send_next()
        if self._wanted:
            self.kick()
