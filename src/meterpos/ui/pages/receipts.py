"""Receipts: find one, see it as printed, print it again, put it right; check any paper by its code."""

import re
from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF
from PySide6.QtGui import QKeySequence, QPainter, QShortcut
from PySide6.QtWidgets import QSizePolicy, QWidget

from meterpos.errors import UserError
from meterpos.ledger.money import format_amount
from meterpos.ui import theme, words
from meterpos.ui.desk import Desk
from meterpos.ui.models import asking, papers
from meterpos.ui.models.printer import Outcome, Printer
from meterpos.ui.pages.correct import CorrectPanel
from meterpos.ui.pages.pay_search import SearchLine
from meterpos.ui.pages.put_right import AskPanel, PutRight
from meterpos.ui.pages.reverse import ReversePanel
from meterpos.ui.pages.verdict import VerdictPanel
from meterpos.ui.theme import METRICS, Type
from meterpos.ui.widgets import paint
from meterpos.ui.widgets.basic import EmptyState, Label, Surface, horizontal, vertical
from meterpos.ui.widgets.buttons import Button
from meterpos.ui.widgets.paper import PaperView
from meterpos.ui.widgets.rows import RowList, RowState, highlight
from meterpos.ui.widgets.why import WhyNot

if TYPE_CHECKING:
    from meterpos.ledger.journal import Entry
    from meterpos.ledger.queries.receipts import Receipt, ReceiptRow


CODE_LEAST = 200
"""Shorter than any code that was read to its end."""
_NUMBER = re.compile(r"[A-Z0-9]{1,24}-[A-Z0-9]{3}-[0-9]{6,}", re.ASCII)


def looks_like_number(text: str) -> bool:
    """Tell whether a text is a receipt's number, whole."""
    return _NUMBER.fullmatch(text.upper()) is not None


def _is_code(text: str) -> bool:
    return text.strip().upper().startswith("MP1")


class ReceiptsPage(QWidget):
    """Everything this till has printed."""

    def __init__(self, desk: Desk, printer: Printer) -> None:
        super().__init__()
        self.setObjectName("page")
        self._desk, self._printer = desk, printer
        self._stale = True
        self._receipt: Receipt | None = None
        self._number: str | None = None
        self._wanted: str | None = None
        self.line = SearchLine()
        words.bind(self.line.setPlaceholderText, "receipts.search")
        words.bind(self.line.setAccessibleName, "receipts.search")
        self.rows: RowList[ReceiptRow] = RowList(row_height=METRICS.hit_row, painter=self._paint, spoken=self._speak)
        words.bind(self.rows.setAccessibleName, "page.receipts")
        self.nothing = Label(Type.text, "muted", wrap=True)
        self.paper = PaperView()
        self.state = Label(Type.small_strong, "muted", wrap=True)
        self.again = Button(key="pay.print_again", shortcut="Ctrl+P")
        self.reverse_button = Button("danger", key="receipts.put_right", shortcut="Ctrl+R")
        self.putting = PutRight(desk)
        self.verdict = VerdictPanel(desk)
        self.ask_button = Button("danger", key="receipts.ask", shortcut="Ctrl+R")
        self.asking = AskPanel(desk)
        self._elsewhere: tuple[str, str | None] | None = None
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
        left = QWidget()
        column = vertical(left, spacing=8)
        column.addWidget(self.line)
        card = Surface("card")
        card.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Maximum)
        inside = vertical(card, margins=(6, 6, 6, 6), spacing=0)
        inside.addWidget(self.rows)
        self.nothing.setContentsMargins(10, 10, 10, 10)
        inside.addWidget(self.nothing)
        column.addWidget(card, 1)
        column.addStretch(0)
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
        row.addWidget(left, 34)
        row.addWidget(middle, 35)
        row.addWidget(right, 31)
        self.paper.hide()
        self._show_actions()

    def _connect(self) -> None:
        self.line.textChanged.connect(self._search)
        self.line.walked.connect(self.rows.step)
        self.line.entered.connect(self._enter)
        self.rows.picked.connect(self._open)
        self.rows.moved.connect(self._open)
        self.rows.leave_up.connect(self.line.setFocus)
        self.again.clicked.connect(self._print_again)
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
        """Read the list again."""
        self._stale = False
        text = self.line.text().strip()
        self._desk.tasks.read(lambda conn: asking.recent_receipts(conn, text), self._show, topic="receipts")
        if self._number is not None:
            self._open_number(self._number)

    def _search(self, text: str) -> None:
        """List what a text finds; a code that was pasted whole is checked at once."""
        if not _is_code(text):
            self.refresh()
        elif len(text) >= CODE_LEAST:
            self.check(text)

    def _enter(self) -> None:
        if _is_code(self.line.text()):
            self.check(self.line.text())
        else:
            self._open(self.rows.current())

    def mark_stale(self) -> None:
        """Remember to read again when shown."""
        self._stale = True

    def stand(self) -> None:
        """The till's standing was read anew."""
        self._show_actions()

    def _show(self, rows: "tuple[ReceiptRow, ...]") -> None:
        current = self.rows.current()
        number = current.number if current is not None else None
        at = next((place for place, row in enumerate(rows) if row.number == number), 0)
        self.rows.set_rows(rows, current=at)
        self.rows.setVisible(bool(rows))
        self.nothing.setVisible(not rows)
        text = self.line.text().strip()
        self.nothing.setText(words.say("receipts.nothing", text=text) if text else words.say("receipts.none_yet"))
        if not rows and looks_like_number(text):
            self._desk.tasks.read(
                lambda conn: asking.is_elsewhere(conn, text),
                lambda found: self._offer_elsewhere(text) if found else None,
                topic="receipts elsewhere",
            )

    # --- one receipt ---------------------------------------------------------------------------------------------

    def _open(self, row: "ReceiptRow | None") -> None:
        if row is not None:
            self._open_number(row.number)

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
                self._elsewhere = (checked.verdict.seal.number, checked.text)
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

    def _offer_elsewhere(self, text: str) -> None:
        if self.line.text().strip() == text:
            self._show_no_receipt()
            self.verdict.hide()
            self._elsewhere = (text.upper(), None)
            self._show_actions()

    def _refuse(self, error: UserError) -> None:
        self._desk.tasks.went_wrong.emit(error)

    def _show_receipt(self, receipt: "Receipt") -> None:
        changed = self._receipt is None or self._receipt.number != receipt.number
        self._receipt, self._number = receipt, receipt.number
        if changed:
            self.putting.hide()
            self.verdict.hide()
        self._elsewhere, self._asked_about = None, None
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
            self.paper.paper.show_png(picture.png, spoken=picture.text)
            self.none.hide()
            self._beneath.hide()
            self.paper.show()

    def _show_actions(self) -> None:
        receipt = self._receipt
        standing = self._desk.standing
        open_shift = standing is not None and standing.shift is not None
        for widget in (self.state, self.again, self.reverse_button):
            widget.setVisible(receipt is not None)
        asks = receipt is None and self._elsewhere is not None
        self.ask_button.setVisible(asks and self.asking.isHidden() and self._desk.may("reverse"))
        self.why.tell(self._desk.why_not("reverse") if asks else "")
        if receipt is None:
            self._tell_elsewhere()
            return
        if receipt.reversed_by is not None:
            self.state.setText(words.say("receipts.reversed_by", number=receipt.reversed_by))
        elif receipt.reverses is not None:
            self.state.setText(words.say("receipts.reverses", number=receipt.reverses))
        else:
            self.state.setText(words.say("receipts.copies", n=receipt.copies) if receipt.copies else receipt.number)
        reversible = receipt.kind == "tender" and receipt.reversed_by is None and open_shift
        why = self._desk.why_not("reverse")
        self.why.tell(why if reversible else "")
        self.reverse_button.setVisible(reversible and self.putting.isHidden() and not why)
        self.again.setVisible(self.putting.isHidden() and self._desk.may("reprint"))
        self.again.setEnabled(standing is not None)

    def _tell_elsewhere(self) -> None:
        """Say of another till's receipt what can be done, or that it was."""
        if self._asked_about is not None:
            self.state.setText(words.say("receipts.asked", number=self._asked_about))
        elif self._elsewhere is not None:
            self.state.setText(words.say("receipts.elsewhere", number=self._elsewhere[0]))
        self.state.set_tone("muted" if self._asked_about is None else "action")
        self.state.setVisible(self._asked_about is not None or self._elsewhere is not None)

    def _print_again(self) -> None:
        if self._receipt is None or not self.again.isVisible():
            return
        self.state.setText(words.say("print.printing"))
        self._printer.again(self._receipt.number, self._desk.clerk or "", self._printed)

    def _printed(self, outcome: Outcome) -> None:
        if self._receipt is not None and outcome.number == self._receipt.number:
            self.state.setText(outcome.sentence())
            self.state.set_tone("danger" if outcome.is_trouble else "muted")

    # --- reversing -----------------------------------------------------------------------------------------------

    def _begin_reversal(self) -> None:
        receipt = self._receipt
        if receipt is None or not self._desk.may("reverse") or receipt.reversed_by is not None:
            return
        self.verdict.hide()
        self.putting.open_for(receipt.entry)
        self.reverse_button.hide()
        self.again.hide()

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
            number, seal = self._elsewhere
            self.asking.open_for(number, seal=seal)
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

    # --- painting ------------------------------------------------------------------------------------------------

    def _speak(self, row: "ReceiptRow") -> str:
        return f"{row.number}, {row.customer}, {format_amount(row.total_minor)}"

    def _paint(self, painter: QPainter, rect: QRectF, row: "ReceiptRow", state: RowState) -> None:
        colors = theme.palette()
        ground = highlight(painter, rect.adjusted(0, 1, 0, -1), state)
        room = rect.adjusted(10, 6, -10, -6)
        upper = QRectF(room.left(), room.top(), room.width(), 20)
        lower = QRectF(room.left(), room.top() + 20, room.width(), 18)
        negative = row.total_minor < 0
        amount = f"{'−' if negative else ''}{format_amount(abs(row.total_minor))}"
        ink = colors.danger if negative else colors.ink
        wide = paint.text(painter, upper, amount, Type.small_strong, ink, align=paint.RIGHT, whole=True, ground=ground)
        who = row.customer or ", ".join(row.meters)
        paint.text(painter, upper.adjusted(0, 0, -wide - 12, 0), who, Type.text_strong, colors.ink, ground=ground)
        moment = self._desk.till.moment()
        when = words.clock(moment.localise(row.at), today=moment.today)
        more, tone = when, colors.muted
        if row.reversed_by is not None:
            more, tone = words.say("kind.reversed"), colors.danger
        elif row.printed in ("failed", "queued"):
            more, tone = words.say(f"print.short.{row.printed}"), colors.waiting
        wide = paint.text(painter, lower, more, Type.helper, tone, align=paint.RIGHT, whole=True, ground=ground)
        paint.text(painter, lower.adjusted(0, 0, -wide - 12, 0), row.number, Type.helper, colors.muted, ground=ground)
