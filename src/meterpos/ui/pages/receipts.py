"""Receipts: find one, see it as printed, print it again, put it right; check any paper by its code."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QWidget

from meterpos.errors import UserError
from meterpos.ui import messages, words
from meterpos.ui.desk import Desk
from meterpos.ui.models import asking, papers
from meterpos.ui.models.printer import Outcome, Printer
from meterpos.ui.pages.correct import CorrectPanel
from meterpos.ui.pages.put_right import AskPanel, PutRight
from meterpos.ui.pages.receipt_list import ReceiptList
from meterpos.ui.pages.reverse import ReversePanel
from meterpos.ui.pages.verdict import VerdictPanel
from meterpos.ui.theme import METRICS, Type
from meterpos.ui.widgets.basic import EmptyState, Label, Surface, horizontal, vertical
from meterpos.ui.widgets.buttons import Button
from meterpos.ui.widgets.paper import PaperView
from meterpos.ui.widgets.why import WhyNot

if TYPE_CHECKING:
    from meterpos.ledger.journal import Entry
    from meterpos.ledger.queries.receipts import Elsewhere, Receipt


@dataclass(frozen=True, slots=True)
class Foreign:
    """Another till's receipt; ``known`` is what head office sent of it, ``seal`` its code where that was scanned."""

    number: str
    known: "Elsewhere | None"
    seal: str | None = None

    @property
    def is_reversed(self) -> bool:
        """Tell whether it was taken back already, as far as is known here."""
        return self.known is not None and self.known.reversed_by is not None


class ReceiptsPage(QWidget):
    """Everything this till has printed."""

    def __init__(self, desk: Desk, printer: Printer) -> None:
        super().__init__()
        self.setObjectName("page")
        self._desk, self._printer = desk, printer
        self._receipt: Receipt | None = None
        self._number: str | None = None
        self._wanted: str | None = None
        self.list = ReceiptList(desk)
        self.line, self.rows, self.nothing = self.list.line, self.list.rows, self.list.nothing
        self.paper = PaperView()
        self.state = Label(Type.small_strong, "muted", wrap=True)
        self.again = Button(key="pay.print_again", shortcut="Ctrl+P")
        self.slip_button = Button(key="pay.reconnect.print", shortcut="Ctrl+E")
        self.pdf_button = Button(key="reports.pdf", shortcut="Ctrl+S")
        self.reverse_button = Button("danger", key="receipts.put_right", shortcut="Ctrl+R")
        self.putting = PutRight(desk)
        self.verdict = VerdictPanel(desk)
        self.ask_button = Button("danger", key="receipts.ask", shortcut="Ctrl+R")
        self.asking = AskPanel(desk)
        self._elsewhere: Foreign | None = None
        self._asked_about: str | None = None
        self.why = WhyNot()
        self.none = EmptyState("receipt", "receipts.choose")
        self._build()
        self._connect()

    @property
    def reversing(self) -> ReversePanel:
        """The form that takes a receipt back."""
        return self.putting.reversing

    @property
    def correcting(self) -> CorrectPanel:
        """The form that moves a receipt to the right meter."""
        return self.putting.correcting

    def _build(self) -> None:
        middle = Surface("card")
        inside = vertical(middle, margins=(12, 12, 6, 12), spacing=8)
        inside.addWidget(self.verdict)
        inside.addWidget(self.none, 1)
        inside.addWidget(self.paper, 1)
        self._beneath = QWidget()
        inside.addWidget(self._beneath, 1)
        self._beneath.hide()
        right = QWidget()
        self._right = right
        column = vertical(right, spacing=12)
        column.addWidget(self.state)
        column.addWidget(self.again)
        column.addWidget(self.slip_button)
        column.addWidget(self.pdf_button)
        column.addWidget(self.reverse_button)
        column.addWidget(self.why)
        column.addWidget(self.putting, 1)
        column.addWidget(self.ask_button)
        column.addWidget(self.asking)
        column.addStretch(0)
        self.putting.hide()
        self.asking.hide()
        margin = METRICS.margin
        row = horizontal(self, margins=(margin, METRICS.gap, margin, METRICS.gap), spacing=METRICS.gap)
        row.addWidget(self.list, 34)
        row.addWidget(middle, 35)
        row.addWidget(right, 31)
        self.paper.hide()
        self._show_actions()

    def _connect(self) -> None:
        self.list.wanted.connect(self._open_number)
        self.list.code_entered.connect(self.check)
        self.list.elsewhere.connect(self._offer_elsewhere)
        self.again.clicked.connect(self._print_again)
        self.slip_button.clicked.connect(self._print_slip)
        self.pdf_button.clicked.connect(self._save_pdf)
        self.reverse_button.clicked.connect(self._begin_reversal)
        self.putting.reversed.connect(self._reversed)
        self.putting.corrected.connect(self._corrected)
        self.putting.cancelled.connect(self._end_reversal)
        self.ask_button.clicked.connect(self._begin_asking)
        self.asking.asked.connect(self._asked)
        self.asking.cancelled.connect(self._end_reversal)
        QShortcut(QKeySequence("Escape"), self, self._escape)
        words.notifier().changed.connect(self._show_actions)

    # --- the page's life -----------------------------------------------------------------------------------------

    def shown(self, what: object = None) -> None:
        """Come to the front; `what` is None, ("reverse", number), ("show", number) or ("seal", QR text)."""
        self.refresh()
        self.line.setFocus()
        if not isinstance(what, tuple):
            return
        verb, text = what
        if verb == "seal":
            self.check(text)
        else:
            self._wanted = text if verb == "reverse" else None
            self._open_number(text)

    def refresh(self) -> None:
        """Read the list again, and the receipt shown."""
        self.list.read()
        if self._number is not None:
            self._open_number(self._number)

    def mark_stale(self) -> None:
        """Nothing to remember: it reads again whenever it is shown."""

    def stand(self) -> None:
        """The till's standing was read anew."""
        self._show_actions()

    # --- one receipt ---------------------------------------------------------------------------------------------

    def _open_number(self, number: str) -> None:
        self._number = number
        self._desk.tasks.read(
            lambda conn: asking.receipt(conn, number), self._show_receipt, self._refuse, topic="receipt"
        )

    def check(self, text: str) -> None:
        """Say what the code of a paper is worth, and show the paper where it was made here."""
        self._desk.tasks.read(
            lambda conn: asking.check_code(conn, text), self._show_checked, self._cannot_read, topic="receipt"
        )

    def _show_checked(self, checked: asking.Checked) -> None:
        if checked.receipt is not None:
            self._show_receipt(checked.receipt)
        else:
            self._show_no_receipt()
            if checked.verdict.truth == "genuine":
                self._elsewhere = Foreign(checked.verdict.seal.number, checked.elsewhere, seal=checked.text)
        self.verdict.show_verdict(checked.verdict)
        self._show_alone()
        self._show_actions()

    def _cannot_read(self, _error: UserError) -> None:
        self._show_no_receipt()
        self.verdict.show_unreadable()
        self._show_alone()
        self._show_actions()

    def _show_alone(self) -> None:
        """Let the verdict stand on top, with its paper beneath where there is one."""
        self.none.hide()
        self._beneath.setVisible(self._receipt is None)

    def _show_no_receipt(self) -> None:
        self._receipt, self._number, self._elsewhere, self._asked_about = None, None, None, None
        self.paper.hide()
        self._beneath.hide()
        self.none.show()
        self.putting.hide()
        self.asking.hide()

    def _offer_elsewhere(self, found: "Elsewhere") -> None:
        self._show_no_receipt()
        self.verdict.hide()
        self._elsewhere = Foreign(found.number, found)
        self._show_actions()

    def _refuse(self, error: UserError) -> None:
        self._desk.tasks.went_wrong.emit(error)

    def _show_receipt(self, receipt: "Receipt") -> None:
        changed = self._receipt is None or self._receipt.number != receipt.number
        self._receipt, self._number = receipt, receipt.number
        if changed:
            self.putting.hide()
            self.verdict.hide()
        is_moved = receipt.moved is not None and receipt.reversed_by is None
        self._elsewhere, self._asked_about = Foreign(receipt.number, None) if is_moved else None, None
        self.asking.hide()
        till = self._desk.till
        entry = receipt.entry
        self._desk.tasks.outside(lambda: papers.picture(till, entry), self._show_paper)
        self._show_actions()
        if self._wanted == receipt.number:
            self._wanted = None
            self._begin_reversal()

    def _show_paper(self, picture: papers.Picture) -> None:
        if self._receipt is not None and picture.number == self._receipt.number:
            self.paper.paper.show_image(picture.image, spoken=picture.text)
            self.none.hide()
            self._beneath.hide()
            self.paper.show()

    def _show_actions(self) -> None:
        receipt = self._receipt
        standing = self._desk.standing
        open_shift = standing is not None and standing.shift is not None
        for widget in (self.state, self.again, self.slip_button, self.pdf_button, self.reverse_button):
            widget.setVisible(receipt is not None)
        asks = self._elsewhere is not None and not self._elsewhere.is_reversed
        self.ask_button.setVisible(asks and self.asking.isHidden() and self._desk.may("reverse"))
        self.why.tell(self._desk.why_not("reverse") if asks else "")
        if receipt is None:
            self._tell_elsewhere()
            return
        if receipt.reversed_by is not None:
            self.state.setText(words.say("receipts.reversed_by", number=receipt.reversed_by))
        elif receipt.moved is not None:
            to, number = receipt.moved.to, receipt.moved.number
            self.state.setText(words.say("receipts.moved" if to else "receipts.moved_away", to=to, number=number))
        elif receipt.reverses is not None:
            self.state.setText(words.say("receipts.reverses", number=receipt.reverses))
        else:
            self.state.setText(words.say("receipts.copies", n=receipt.copies) if receipt.copies else receipt.number)
        reversible = receipt.kind == "tender" and receipt.reversed_by is None and open_shift and not asks
        why = self._desk.why_not("reverse")
        self.why.tell(why if reversible or asks else "")
        self.reverse_button.setVisible(reversible and self.putting.isHidden() and not why)
        prints = self.putting.isHidden() and self._desk.may("reprint")
        self.again.setVisible(prints)
        self.slip_button.setVisible(prints and papers.slip_of(receipt.entry) is not None)
        self.pdf_button.setVisible(self.putting.isHidden())
        self.again.setEnabled(standing is not None)

    def _tell_elsewhere(self) -> None:
        """Say of another till's receipt what can be done, or that it was."""
        if self._asked_about is not None:
            self.state.setText(words.say("receipts.asked", number=self._asked_about))
        elif self._elsewhere is not None:
            self.state.setText(self._told_elsewhere(self._elsewhere))
        self.state.set_tone("muted" if self._asked_about is None else "action")
        self.state.setVisible(self._asked_about is not None or self._elsewhere is not None)

    def _told_elsewhere(self, foreign: Foreign) -> str:
        """Return whose receipt it is, how much was paid and who took it, and what can be done about it."""
        known = foreign.known
        if known is None:
            return words.say("receipts.elsewhere", number=foreign.number)
        paid = words.say(
            "receipts.elsewhere_paid",
            number=known.number,
            amount=self._desk.money(known.amount_minor),
            how=", ".join(words.say(f"method.{method}") for method in known.methods),
            day=words.day(known.day, today=self._desk.today),
        )
        who = words.say(
            "receipts.elsewhere_by" if known.clerk_name else "receipts.elsewhere_at",
            clerk=known.clerk_name,
            till=known.till_name,
        )
        done = (
            words.say("receipts.elsewhere_done", number=known.reversed_by)
            if known.reversed_by is not None
            else words.say("receipts.elsewhere_ask")
        )
        return "\n".join(part for part in (known.customer, paid, who, done) if part)

    def _print_again(self) -> None:
        if self._receipt is None or not self.again.isVisible():
            return
        self._say(words.say("print.printing"))
        self._printer.again(self._receipt.number, self._desk.clerk or "", self._printed)

    def _print_slip(self) -> None:
        number = papers.slip_of(self._receipt.entry) if self._receipt is not None else None
        if number is not None and self.slip_button.isVisible():
            self._say(words.say("print.printing"))
            self._printer.again(number, self._desk.clerk or "", self._printed)

    def _printed(self, outcome: Outcome) -> None:
        receipt = self._receipt
        if receipt is not None and outcome.number in (receipt.number, papers.slip_of(receipt.entry)):
            self._say(outcome.sentence(), trouble=outcome.is_trouble)

    def _save_pdf(self) -> None:
        receipt = self._receipt
        if receipt is None or not self.pdf_button.isVisible():
            return
        till, entry = self._desk.till, receipt.entry
        self._desk.tasks.outside(
            lambda: papers.save_pdf(till, entry),
            lambda path: self._say(words.say("reports.saved", path=str(path))),
            lambda error: self._say(messages.sentence(error), trouble=True),
        )

    def _say(self, sentence: str, *, trouble: bool = False) -> None:
        self.state.setText(sentence)
        self.state.set_tone("danger" if trouble else "muted")

    # --- reversing -----------------------------------------------------------------------------------------------

    def _begin_reversal(self) -> None:
        receipt = self._receipt
        if receipt is None or not self._desk.may("reverse") or receipt.reversed_by is not None:
            return
        if self._elsewhere is not None:
            return  # head office moved its money: it is asked
        self.verdict.hide()
        self.putting.open_for(receipt.entry)
        for button in (self.reverse_button, self.again, self.slip_button, self.pdf_button):
            button.hide()

    def _end_reversal(self) -> None:
        self.putting.hide()
        self.asking.hide()
        self._show_actions()
        self.line.setFocus()

    def _reversed(self, number: str) -> None:
        self.putting.hide()
        self._open_number(number)
        self._printer.run(number, self._printed)

    def _corrected(self, entry: "Entry") -> None:
        """Show the new receipt; both papers are printed, the reversal first."""
        undone, made = entry.content.body["reversal"]["number"], entry.content.body["tender"]["number"]
        self.putting.hide()
        self._open_number(made)
        self._printer.run(undone, self._printed)
        self._printer.run(made, self._printed)

    def _begin_asking(self) -> None:
        if self._elsewhere is not None and self.isVisible():
            self.asking.open_for(self._elsewhere.number, seal=self._elsewhere.seal)
            self.ask_button.hide()

    def _asked(self, number: str) -> None:
        self.line.clear()
        self._show_no_receipt()
        self.verdict.hide()
        self._asked_about = number
        self._show_actions()
        self.line.setFocus()

    def _escape(self) -> None:
        if self.putting.isVisible() or self.asking.isVisible():
            self._end_reversal()
        else:
            self.line.clear()
            self.line.setFocus()
