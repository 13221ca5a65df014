"""Papers of shifts on the screen: the report so far, the slip of a movement, the reports of closed shifts."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF, Signal
from PySide6.QtGui import QKeySequence, QPainter, QShortcut
from PySide6.QtWidgets import QWidget

from meterpos.errors import UserError
from meterpos.ledger.money import format_amount
from meterpos.ui import messages, theme, words
from meterpos.ui.desk import Desk
from meterpos.ui.models import asking, papers
from meterpos.ui.models.printer import Outcome, Printer
from meterpos.ui.theme import METRICS, Type
from meterpos.ui.widgets import paint
from meterpos.ui.widgets.basic import EmptyState, Label, SectionLabel, Surface, horizontal, vertical
from meterpos.ui.widgets.buttons import Button
from meterpos.ui.widgets.paper import PaperView
from meterpos.ui.widgets.rows import RowList, RowState, highlight

if TYPE_CHECKING:
    from meterpos.ledger.journal import Entry
    from meterpos.ledger.queries.shifts import ClosedShift

SO_FAR = "shift_report"


class ShiftPapers(QWidget):
    """One paper with what can be done with it; beside it the earlier reports, where those were asked for."""

    left = Signal()

    def __init__(self, desk: Desk, printer: Printer) -> None:
        super().__init__()
        self._desk, self._printer = desk, printer
        self._entry: Entry | None = None
        self.rows: RowList[ClosedShift] = RowList(
            row_height=METRICS.hit_row, painter=self._paint, spoken=lambda row: f"{row.number}, {row.business_date}"
        )
        words.bind(self.rows.setAccessibleName, "shift.deed.earlier")
        self.none = EmptyState("receipt", "reports.none_yet")
        self.paper = PaperView()
        self.title = Label(Type.name, wrap=True)
        self.state = Label(Type.small_strong, "muted", wrap=True)
        self.print_button = Button(key="reports.print", shortcut="Ctrl+P")
        self.pdf_button = Button(key="reports.pdf", shortcut="Ctrl+S")
        self.back = Button("primary", key="shift.done", shown="Esc")
        self._build()
        self.rows.moved.connect(self._open)
        self.rows.picked.connect(self._open)
        self.print_button.clicked.connect(self._print)
        self.pdf_button.clicked.connect(self._save)
        self.back.clicked.connect(self.left)
        QShortcut(QKeySequence("Escape"), self, self.left.emit)
        words.notifier().changed.connect(self._tell)

    def _build(self) -> None:
        margin = METRICS.margin
        row = horizontal(self, margins=(margin, METRICS.gap, margin, METRICS.gap), spacing=METRICS.gap)
        self.list_card = Surface("card")
        inside = vertical(self.list_card, margins=(8, 16, 8, 8), spacing=6)
        label = SectionLabel("shift.deed.earlier")
        label.setContentsMargins(12, 0, 0, 0)
        inside.addWidget(label)
        inside.addWidget(self.rows, 1)
        inside.addStretch(0)
        inside.addWidget(self.none, 1)
        row.addWidget(self.list_card, 3)
        card = Surface("card")
        inside = vertical(card, margins=(12, 12, 6, 12))
        inside.addWidget(self.paper)
        row.addWidget(card, 4)
        side = Surface("card")
        column = vertical(side, margins=(20, 20, 20, 20), spacing=12)
        column.addWidget(self.title)
        column.addWidget(self.state)
        column.addStretch(1)
        for button in (self.print_button, self.pdf_button, self.back):
            column.addWidget(button)
        row.addWidget(side, 3)

    # --- what is shown -------------------------------------------------------------------------------------------

    def show_one(self, entry: "Entry") -> None:
        """Show one paper alone."""
        self.list_card.hide()
        self._show(entry)

    def show_number(self, number: str) -> None:
        """Show one paper of this till by its number."""
        self.list_card.hide()
        self._clear()
        self._desk.tasks.read(lambda conn: asking.paper_entry(conn, number), self._show, self._refuse, topic="paper")

    def show_earlier(self) -> None:
        """Show the reports of closed shifts, the latest first."""
        self.list_card.show()
        self._clear()
        self._desk.tasks.read(asking.closed_shifts, self._list, topic="reports")

    def walk_in(self) -> None:
        """Put the keyboard on the list, else on going back."""
        (self.rows if self.list_card.isVisible() and self.rows.rows() else self.back).setFocus()

    def watch(self, outcome: Outcome) -> None:
        """Hear what became of a paper that another part of the page printed."""
        if self._entry is not None and outcome.number == self._entry.content.body["number"]:
            self._say(outcome.sentence(), trouble=outcome.is_trouble)

    def await_printing(self) -> None:
        """Say that the paper is on its way to the printer."""
        self._say(words.say("print.printing"))

    def _clear(self) -> None:
        self._entry = None
        self.paper.paper.clear()
        self._say("")
        self._tell()

    def _list(self, rows: "tuple[ClosedShift, ...]") -> None:
        self.rows.set_rows(rows, current=0)
        self.rows.setVisible(bool(rows))
        self.none.setVisible(not rows)
        self.walk_in()
        self._open(rows[0] if rows else None)

    def _open(self, row: "ClosedShift | None") -> None:
        if row is not None:
            number = row.number
            self._desk.tasks.read(
                lambda conn: asking.paper_entry(conn, number), self._show, self._refuse, topic="paper"
            )

    def _show(self, entry: "Entry") -> None:
        self._entry = entry
        self._say("")
        self._tell()
        till = self._desk.till
        self._desk.tasks.outside(lambda: papers.picture(till, entry), self._show_picture)

    def _show_picture(self, picture: papers.Picture) -> None:
        if self._entry is not None and picture.number == self._entry.content.body["number"]:
            self.paper.paper.show_image(picture.image, spoken=picture.text)

    def _tell(self) -> None:
        entry = self._entry
        for button in (self.print_button, self.pdf_button):
            button.setEnabled(entry is not None)
        if entry is None:
            self.title.setText("")
            return
        kind, body = entry.content.kind, entry.content.body
        key = {"shift_closed": "reports.closed", SO_FAR: "reports.so_far"}.get(kind, "reports.slip")
        self.title.setText(words.say(key, number=body["number"], shift=entry.content.shift or 0))
        self.print_button.setVisible(kind == SO_FAR or self._desk.may("reprint"))
        self.print_button.say(words.say("reports.print" if kind == SO_FAR else "pay.print_again"))

    def _say(self, sentence: str, *, trouble: bool = False) -> None:
        self.state.setText(sentence)
        self.state.set_tone("danger" if trouble else "muted")

    def _refuse(self, error: UserError) -> None:
        self._say(messages.sentence(error), trouble=True)

    # --- what is done with it ------------------------------------------------------------------------------------

    def _print(self) -> None:
        entry = self._entry
        if entry is None or not self.print_button.isVisible():
            return
        self.await_printing()
        number = entry.content.body["number"]
        if entry.content.kind == SO_FAR:
            till = self._desk.till
            self._printer.send(number, lambda: papers.thermal(till, entry), self.watch)
        else:
            self._printer.again(number, self._desk.clerk or "", self.watch)

    def _save(self) -> None:
        entry = self._entry
        if entry is not None and self.isVisible():
            till = self._desk.till
            self._desk.tasks.outside(
                lambda: papers.save_pdf(till, entry),
                lambda path: self._say(words.say("reports.saved", path=str(path))),
                self._refuse,
            )

    def _paint(self, painter: QPainter, rect: QRectF, row: "ClosedShift", state: RowState) -> None:
        colors = theme.palette()
        ground = highlight(painter, rect.adjusted(0, 1, 0, -1), state)
        room = rect.adjusted(10, 6, -10, -6)
        upper = QRectF(room.left(), room.top(), room.width(), 20)
        lower = QRectF(room.left(), room.top() + 20, room.width(), 18)
        over = row.difference_minor
        key = "reports.exact" if not over else "reports.over" if over > 0 else "reports.short"
        tone = colors.muted if not over else colors.waiting if over > 0 else colors.danger
        verdict = words.say(key, amount=format_amount(abs(over)))
        wide = paint.text(
            painter, upper, verdict, Type.small_strong, tone, align=paint.RIGHT, whole=True, ground=ground
        )
        name = words.say("shift.heading", number=row.shift)
        paint.text(painter, upper.adjusted(0, 0, -wide - 12, 0), name, Type.text_strong, colors.ink, ground=ground)
        moment = self._desk.till.moment()
        when = words.clock(moment.localise(row.closed_at), today=moment.today)
        wide = paint.text(painter, lower, when, Type.helper, colors.muted, align=paint.RIGHT, whole=True, ground=ground)
        said = f"{row.number} · {row.clerk}"
        paint.text(painter, lower.adjusted(0, 0, -wide - 12, 0), said, Type.helper, colors.muted, ground=ground)
