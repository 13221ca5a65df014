"""The running shift: what was taken, by method, and the cash that was moved.

What must lie in the drawer is not here: it is counted first; meanwhile neither is what it could be added up from.
"""

from PySide6.QtCore import QRectF, Signal
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QWidget

from meterpos.ledger.money import format_amount
from meterpos.ledger.queries.cash import CashMovement
from meterpos.ui import theme, words
from meterpos.ui.desk import Desk
from meterpos.ui.models.asking import ShiftView
from meterpos.ui.theme import METRICS, Type
from meterpos.ui.widgets import paint
from meterpos.ui.widgets.basic import Label, SectionLabel, Surface, vertical
from meterpos.ui.widgets.rows import RowList, RowState, hairline, highlight

TAKEN_ROW = 32


class SoFar(Surface):
    """The card on the left; `slip_wanted` carries the number of a movement's slip."""

    slip_wanted = Signal(str)

    def __init__(self, desk: Desk) -> None:
        super().__init__("card")
        self._desk = desk
        self._view: ShiftView | None = None
        self.heading = Label(Type.name)
        self.since = Label(Type.small, "muted", wrap=True)
        self.taken: RowList[tuple[str, str, str, bool]] = RowList(
            row_height=TAKEN_ROW, painter=_paint_total, spoken=lambda line: f"{line[0]} {line[1]}", active=False
        )
        self.moved: RowList[CashMovement] = RowList(
            row_height=METRICS.hit_row, painter=self._paint_movement, spoken=self._speak
        )
        self.nothing = Label(Type.small, "muted", key="shift.nothing_moved", wrap=True)
        self._sums = QWidget()
        self.hidden = Label(Type.text, "muted", key="count.hidden", wrap=True)
        words.bind(self.moved.setAccessibleName, "shift.moved")
        column = vertical(self, margins=(24, 20, 24, 16), spacing=2)
        column.addWidget(self.heading)
        column.addWidget(self.since)
        column.addSpacing(14)
        column.addWidget(self.hidden)
        inside = vertical(self._sums, spacing=2)
        inside.addWidget(SectionLabel("shift.totals"))
        inside.addSpacing(4)
        inside.addWidget(self.taken)
        inside.addSpacing(14)
        inside.addWidget(SectionLabel("shift.moved"))
        inside.addSpacing(4)
        inside.addWidget(self.nothing)
        inside.addWidget(self.moved, 1)
        inside.addStretch(0)
        column.addWidget(self._sums, 1)
        column.addStretch(0)
        desk.counting_changed.connect(self._hide_sums)
        self._hide_sums()
        self.moved.picked.connect(lambda moved: self.slip_wanted.emit(moved.number))
        words.notifier().changed.connect(self.tell)

    def _hide_sums(self) -> None:
        self._sums.setVisible(not self._desk.is_counting)
        self.hidden.setVisible(self._desk.is_counting)

    def show_shift(self, view: ShiftView) -> None:
        """Show another reading of the shift."""
        self._view = view
        self.tell()

    def tell(self) -> None:
        """Say everything again, in the language being spoken."""
        view = self._view
        if view is None:
            return
        moment = self._desk.till.moment()
        shift = view.shift
        standing = self._desk.standing
        name = (standing.clerk_name if standing is not None else "") or shift.clerk
        self.heading.setText(words.say("shift.heading", number=shift.shift))
        since = words.clock(moment.localise(shift.opened_at), today=moment.today)
        self.since.setText(words.say("shift.since", clerk=name, since=since))
        self.taken.set_rows(_lines(view))
        rows = tuple(reversed(view.totals.movements))
        keep = self.moved.current()
        at = next((place for place, row in enumerate(rows) if keep is not None and row.number == keep.number), -1)
        self.moved.set_rows(rows, current=at)
        self.moved.setVisible(bool(rows))
        self.nothing.setVisible(not rows)

    def _speak(self, moved: CashMovement) -> str:
        return f"{words.say(f'moved.{moved.kind}')} {format_amount(moved.amount_minor)}, {moved.number}"

    def _paint_movement(self, painter: QPainter, rect: QRectF, moved: CashMovement, state: RowState) -> None:
        colors = theme.palette()
        ground = highlight(painter, rect.adjusted(0, 1, 0, -1), state)
        room = rect.adjusted(10, 6, -10, -6)
        upper = QRectF(room.left(), room.top(), room.width(), 20)
        lower = QRectF(room.left(), room.top() + 20, room.width(), 18)
        wide = paint.text(
            painter,
            upper,
            format_amount(moved.amount_minor),
            Type.text_strong,
            colors.ink,
            align=paint.RIGHT,
            whole=True,
            ground=ground,
        )
        name = words.say(f"moved.{moved.kind}")
        paint.text(painter, upper.adjusted(0, 0, -wide - 12, 0), name, Type.text_strong, colors.ink, ground=ground)
        moment = self._desk.till.moment()
        time = words.clock(moment.localise(moved.at), today=moment.today)
        wide = paint.text(painter, lower, time, Type.helper, colors.muted, align=paint.RIGHT, whole=True, ground=ground)
        said = " · ".join(part for part in (moved.number, moved.slip, moved.reason, moved.to_clerk) if part)
        paint.text(painter, lower.adjusted(0, 0, -wide - 12, 0), said, Type.helper, colors.muted, ground=ground)


def _lines(view: ShiftView) -> list[tuple[str, str, str, bool]]:
    totals = view.totals
    shown = [
        (
            words.say(f"method.{one.method}"),
            format_amount(one.amount_minor),
            words.say("shift.payments", n=one.count),
            False,
        )
        for one in totals.by_method
    ]
    if totals.reversals:
        undone = words.say("shift.reversals", n=totals.reversals)
        shown.append((words.say("shift.reversed"), f"−{format_amount(totals.reversed_minor)}", undone, False))
    net = totals.taken_minor - totals.reversed_minor
    shown.append((words.say("shift.taken"), format_amount(net), words.say("shift.receipts", n=totals.receipts), True))
    shown.append((words.say("shift.float"), format_amount(view.shift.float_minor), "", False))
    if totals.drawer_openings:
        shown.append((words.say("shift.drawer_openings"), str(totals.drawer_openings), "", False))
    if totals.abandoned:
        shown.append((words.say("shift.abandoned"), str(totals.abandoned), "", False))
    if totals.reprints:
        shown.append((words.say("shift.reprints"), str(totals.reprints), "", False))
    return shown


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
