"""After a payment was taken, on the pay page: the change, the paper as printed, and what became of it."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QWidget

from meterpos.ui import words
from meterpos.ui.desk import Desk
from meterpos.ui.models import papers
from meterpos.ui.models.printer import Outcome, Printer

if TYPE_CHECKING:
    from meterpos.ledger.journal import Entry
    from meterpos.ledger.queries.receipts import Receipt
    from meterpos.ui.pages.pay_done import DonePanel
    from meterpos.ui.pages.pay_last import LastStrip
    from meterpos.ui.widgets.paper import PaperView


class TakenPayment(QObject):
    """Has the receipt printed and tells how that went; `is_shown` while the change is what the clerk looks at."""

    def __init__(
        self, page: QWidget, desk: Desk, printer: Printer, *, done: "DonePanel", paper: "PaperView", last: "LastStrip"
    ) -> None:
        super().__init__(page)
        self._desk, self._printer = desk, printer
        self._done, self._paper, self._last = done, paper, last
        self.is_shown = False
        done.again_wanted.connect(self.print_again)
        done.slip_wanted.connect(self._print_slip)
        last.again.connect(self.print_again)
        last.put_right.connect(self._put_right)

    def show_entry(self, entry: "Entry") -> None:
        """Show what was just taken, and print it."""
        from meterpos.ui.pages.pay_done import taken

        done = taken(entry)
        self.is_shown = True
        self._paper.paper.clear()
        self._done.show_taken(done)
        self._last.show_last(done, words.say("print.printing"))
        till = self._desk.till
        self._desk.tasks.outside(
            lambda: papers.picture(till, entry),
            lambda paper: (
                self._paper.paper.show_image(paper.image, spoken=paper.text) if paper.number == done.number else None
            ),
        )
        self._printer.run(done.number, self._have_printed)

    def tell_recovered(self, receipt: "Receipt") -> None:
        """A payment was taken while the power failed: it is the last receipt, where none is newer."""
        from meterpos.ui.pages.pay_done import taken

        if self._last.last() is None:
            self._last.show_last(taken(receipt.entry), words.say("pay.recovered"))

    def print_again(self) -> None:
        """Print the last receipt once more."""
        last = self._last.last()
        if last is None:
            return
        self._printer.again(last.number, self._desk.clerk or "", self._have_printed)
        self._done.show_printed(words.say("print.printing"), trouble=False)

    def _have_printed(self, outcome: Outcome) -> None:
        last = self._last.last()
        if last is None or outcome.number != last.number:
            return
        self._last.show_last(last, outcome.short())
        if self.is_shown:
            self._done.show_printed(outcome.sentence(), trouble=outcome.is_trouble)

    def _print_slip(self) -> None:
        """Print the reconnection slip once more: as the original where none came out, else as a copy."""
        from meterpos.ledger.queries.papers import slip_number

        last = self._last.last()
        if last is not None and last.reconnects and self.is_shown:
            self._printer.again(slip_number(last.number), self._desk.clerk or "", self._have_printed_slip)

    def _have_printed_slip(self, outcome: Outcome) -> None:
        if self.is_shown and outcome.is_trouble:
            self._done.show_printed(outcome.sentence(), trouble=True)

    def _put_right(self) -> None:
        last = self._last.last()
        if last is not None:
            self._desk.go_to.emit("receipts", ("reverse", last.number))
