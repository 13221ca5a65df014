"""The shift: its totals, closing it with what was counted, and the report; shift_open.py opens it."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QStackedLayout, QWidget

from meterpos.errors import UserError
from meterpos.ledger.money import format_amount
from meterpos.ui import messages, theme, words
from meterpos.ui.desk import Desk
from meterpos.ui.models import asking, papers
from meterpos.ui.models.asking import ShiftView
from meterpos.ui.models.printer import Outcome, Printer
from meterpos.ui.pages.shift_open import OpenShift
from meterpos.ui.theme import METRICS, Type
from meterpos.ui.widgets import paint
from meterpos.ui.widgets.basic import EmptyState, Label, SectionLabel, Surface, horizontal, vertical
from meterpos.ui.widgets.buttons import Button, MainAction
from meterpos.ui.widgets.fields import MoneyField, Problem
from meterpos.ui.widgets.paper import PaperView
from meterpos.ui.widgets.rows import RowList, RowState, hairline

if TYPE_CHECKING:
    from meterpos.ledger.journal import Entry


class CloseShift(Surface):
    """What was counted, the difference, and the closing."""

    def __init__(self, desk: Desk) -> None:
        super().__init__("card")
        self._desk = desk
        self._expected = 0
        self._number = 0
        self._busy = False
        self.title = Label(Type.title, key="shift.close.title")
        self.why = Label(Type.small, "muted", key="shift.close.why", wrap=True)
        self.counted = MoneyField("shift.counted")
        self.difference = Label(Type.strong, wrap=True)
        self.problem = Problem()
        self.button = MainAction()
        column = vertical(self, margins=(24, 20, 24, 20), spacing=12)
        for part in (self.title, self.why, self.counted, self.difference, self.problem):
            column.addWidget(part)
        column.addStretch(1)
        column.addWidget(self.button)
        self.counted.edited.connect(self.tell)
        self.counted.entered.connect(self._leave)
        self.button.clicked.connect(self.press)
        words.notifier().changed.connect(self.tell)
        self.closed_with: Callable[[Entry], object] | None = None

    def show_shift(self, view: ShiftView) -> None:
        """Know what must lie in the drawer."""
        self._expected, self._number = view.totals.expected_minor, view.shift.shift
        self.tell()

    def _amount(self) -> int | None:
        try:
            return self.counted.amount_minor()
        except UserError:
            return None

    def tell(self) -> None:
        """Show the difference between the count and what must be there."""
        counted = self._amount()
        self.button.show_lines(words.say("shift.close.button", number=self._number))
        if counted is None:
            self.difference.setText("")
            return
        over = counted - self._expected
        amount = format_amount(abs(over))
        key = "shift.exact" if not over else "shift.over" if over > 0 else "shift.short"
        self.difference.setText(words.say(key, amount=amount))
        self.difference.set_tone("action" if not over else "danger" if over < 0 else "waiting")

    def _leave(self) -> None:
        if self._check():
            self.button.setFocus()

    def _check(self) -> bool:
        text = self.counted.text()
        if self._amount() is None:
            key = "wrong.amount" if text else "wrong.not_counted"
            self.counted.tell(words.say(key, text=text[:24]) if text else words.say(key))
            self.counted.line.setFocus()
            return False
        return True

    def press(self) -> None:
        """Close the shift, or say what is missing."""
        counted = self._amount()
        if self._busy or not self._check() or counted is None:
            return
        self._busy = True
        self.button.setEnabled(False)
        till, clerk = self._desk.till, self._desk.clerk or ""
        self._desk.tasks.write(lambda: till.close_shift(counted_minor=counted, clerk=clerk), self._closed, self._refuse)

    def _closed(self, entry: "Entry") -> None:
        self._busy = False
        self.button.setEnabled(True)
        self.counted.set_text("")
        if self.closed_with is not None:
            self.closed_with(entry)

    def _refuse(self, error: UserError) -> None:
        self._busy = False
        self.button.setEnabled(True)
        if error.field == "counted":
            self.counted.tell(messages.sentence(error))
        else:
            self.problem.tell(messages.sentence(error))


class ShiftPage(QWidget):
    """Either the form to open a shift, or its totals beside the form to close it; after closing, the report."""

    def __init__(self, desk: Desk, printer: Printer) -> None:
        super().__init__()
        self.setObjectName("page")
        self._desk, self._printer = desk, printer
        self._stale = True
        self._report: str | None = None
        self.opening = OpenShift(desk)
        self.closing = CloseShift(desk)
        self.closing.closed_with = self._closed
        self.heading = Label(Type.name)
        self.since = Label(Type.small, "muted")
        self.lines: RowList[tuple[str, str, str, bool]] = RowList(
            row_height=34, painter=_paint_total, spoken=lambda line: f"{line[0]} {line[1]}", active=False
        )
        self.report = PaperView()
        self.report_state = Label(Type.small_strong, "muted", wrap=True)
        self.again = Button(key="pay.print_again", shortcut="Ctrl+P")
        self.done = Button("primary", key="shift.done")
        self._view: ShiftView | None = None
        self._build()
        self.again.clicked.connect(self._print_again)
        self.done.clicked.connect(self._leave_report)
        words.notifier().changed.connect(self._tell)

    def _build(self) -> None:
        self._stack = QStackedLayout(self)
        opening = QWidget()
        column = vertical(opening, margins=(20, 28, 20, 20))
        row = horizontal(None)
        row.addStretch(1)
        row.addWidget(self.opening)
        row.addStretch(1)
        column.addLayout(row)
        column.addStretch(1)
        self._stack.addWidget(opening)
        self._stack.addWidget(self._running())
        self._stack.addWidget(self._closed_page())

    def _running(self) -> QWidget:
        running = QWidget()
        margin = METRICS.margin
        row = horizontal(running, margins=(margin, METRICS.gap, margin, METRICS.gap), spacing=METRICS.gap)
        card = Surface("card")
        column = vertical(card, margins=(24, 20, 24, 16), spacing=2)
        column.addWidget(self.heading)
        column.addWidget(self.since)
        column.addSpacing(14)
        column.addWidget(SectionLabel("shift.totals"))
        column.addSpacing(4)
        column.addWidget(self.lines, 1)
        column.addStretch(0)
        row.addWidget(card, 3)
        row.addWidget(self.closing, 2)
        return running

    def _closed_page(self) -> QWidget:
        closed = QWidget()
        margin = METRICS.margin
        row = horizontal(closed, margins=(margin, METRICS.gap, margin, METRICS.gap), spacing=METRICS.gap)
        card = Surface("card")
        inside = vertical(card, margins=(12, 12, 6, 12))
        inside.addWidget(self.report)
        row.addWidget(card, 3)
        side = Surface("card")
        column = vertical(side, margins=(24, 20, 24, 20), spacing=12)
        column.addWidget(EmptyState("circle-check", "shift.closed"), 1)
        self.report_state.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        column.addWidget(self.report_state)
        column.addWidget(self.again)
        column.addWidget(self.done)
        row.addWidget(side, 2)
        return closed

    # --- the page's life -----------------------------------------------------------------------------------------

    def shown(self, _what: object = None) -> None:
        """Come to the front."""
        self.refresh()
        if self._stack.currentIndex() == 0:
            self.opening.walk_in()
        elif self._stack.currentIndex() == 1:
            self.closing.counted.line.setFocus()

    def refresh(self) -> None:
        """Read the totals again, or who may open a shift."""
        self._stale = False
        self.opening.refresh()
        self._desk.tasks.read(asking.shift_totals, self._show, topic="shift")

    def mark_stale(self) -> None:
        """Remember to read again when shown."""
        self._stale = True

    def stand(self) -> None:
        """The till's standing was read anew."""
        self.opening.tell()
        standing = self._desk.standing
        if self._report is None and standing is not None:
            self._stack.setCurrentIndex(0 if standing.shift is None else 1)

    def _show(self, view: ShiftView | None) -> None:
        self._view = view
        if view is not None:
            self.closing.show_shift(view)
        self._tell()

    def _tell(self) -> None:
        view = self._view
        if view is None:
            return
        moment = self._desk.till.moment()
        shift, totals = view.shift, view.totals
        standing = self._desk.standing
        name = (standing.clerk_name if standing is not None else "") or shift.clerk
        self.heading.setText(words.say("shift.heading", number=shift.shift))
        since = words.clock(moment.localise(shift.opened_at), today=moment.today)
        self.since.setText(words.say("shift.since", clerk=name, since=since))
        lines = [(words.say(f"method.{one.method}"), one) for one in totals.by_method]
        shown = [
            (name, format_amount(one.amount_minor), words.say("shift.payments", n=one.count), False)
            for name, one in lines
        ]
        if totals.reversals:
            undone = words.say("shift.reversals", n=totals.reversals)
            shown.append((words.say("shift.reversed"), f"−{format_amount(totals.reversed_minor)}", undone, False))
        net = totals.taken_minor - totals.reversed_minor
        shown.append(
            (words.say("shift.taken"), format_amount(net), words.say("shift.receipts", n=totals.receipts), True)
        )
        shown.append((words.say("shift.float"), format_amount(shift.float_minor), "", False))
        shown.append((words.say("shift.cash_taken"), f"+{format_amount(totals.cash_taken_minor)}", "", False))
        if totals.cash_refunded_minor:
            shown.append((words.say("shift.cash_back"), f"−{format_amount(totals.cash_refunded_minor)}", "", False))
        shown.append((words.say("shift.expected"), format_amount(totals.expected_minor), "", True))
        self.lines.set_rows(shown)

    # --- closing -------------------------------------------------------------------------------------------------

    def _closed(self, entry: "Entry") -> None:
        number = entry.content.body["number"]
        self._report = number
        self._stack.setCurrentIndex(2)
        self.report.paper.clear()
        self.report_state.setText(words.say("print.printing"))
        till = self._desk.till
        self._desk.tasks.outside(
            lambda: papers.picture(till, entry),
            lambda picture: self.report.paper.show_png(picture.png, spoken=picture.text),
        )
        self._printer.run(number, self._printed)
        self.done.setFocus()

    def _printed(self, outcome: Outcome) -> None:
        if outcome.number == self._report:
            self.report_state.setText(outcome.sentence())
            self.report_state.set_tone("danger" if outcome.is_trouble else "muted")

    def _print_again(self) -> None:
        if self._report is not None and self.isVisible():
            self._printer.again(self._report, self._desk.clerk or "", self._printed)

    def _leave_report(self) -> None:
        self._report = None
        self.stand()
        self.shown()


def _paint_total(painter: QPainter, rect: QRectF, line: tuple[str, str, str, bool], _state: RowState) -> None:
    colors = theme.palette()
    what, amount, more, strong = line
    step = Type.strong if strong else Type.text
    hairline(painter, rect)
    wide = paint.text(
        painter, rect, amount, Type.strong if strong else Type.text_strong, colors.ink, align=paint.RIGHT, whole=True
    )
    left = rect.adjusted(0, 0, -wide - 16, 0)
    used = paint.text(painter, left, what, step, colors.ink)
    paint.text(painter, left.adjusted(used + 12, 1, 0, 1), more, Type.helper, colors.muted)
