"""The meters of a customer as cards: ↑ ↓ choose one, Space ticks several, Enter goes on to the amount."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, QRectF, Qt, Signal
from PySide6.QtGui import QKeyEvent, QPainter

from meterpos.ui import theme, words
from meterpos.ui.desk import Desk
from meterpos.ui.models.telling import meter_money, meter_more, place
from meterpos.ui.theme import METRICS, Type
from meterpos.ui.widgets import paint
from meterpos.ui.widgets.rows import RowList, RowState

if TYPE_CHECKING:
    from meterpos.ledger.queries.customers import MeterCard

ICONS = {"water": "droplets", "power": "zap"}
TICK_WIDTH = 46


class MeterCards(RowList["MeterCard"]):
    """What is being paid is green; where the keyboard stands has a ring. `paid_changed` when the first changed."""

    paid_changed = Signal()

    def __init__(self, desk: Desk) -> None:
        super().__init__(row_height=METRICS.meter_row + METRICS.meter_gap, painter=self._paint, spoken=self._speak)
        self._desk = desk
        self._ticked: frozenset[str] = frozenset()
        words.bind(self.setAccessibleName, "pay.which_meter")
        self.moved.connect(self._follow)
        self.clicked_at.connect(self._click)

    def show_meters(self, meters: "tuple[MeterCard, ...]", *, current: str | None, ticked: frozenset[str]) -> None:
        """Show a customer's meters; `current` and `ticked` are account numbers."""
        numbers = [card.account_no for card in meters]
        self._ticked = ticked & frozenset(numbers)
        self.set_rows(meters, current=numbers.index(current) if current in numbers else 0)

    def paid(self) -> "tuple[MeterCard, ...]":
        """Return the meters being paid, in the order shown: the ticked ones, else the current one."""
        if self._ticked:
            return tuple(card for card in self.rows() if card.account_no in self._ticked)
        current = self.current()
        return (current,) if current is not None else ()

    def ticked(self) -> frozenset[str]:
        """Return the account numbers ticked with Space."""
        return self._ticked

    def tick(self, accounts: frozenset[str]) -> None:
        """Tick exactly these accounts."""
        self._ticked = accounts
        self._tell()

    def _toggle(self, card: "MeterCard") -> None:
        self._ticked = self._ticked ^ {card.account_no}
        self._tell()

    def _follow(self) -> None:
        if not self._ticked:
            self._tell()

    def _tell(self) -> None:
        self.viewport().update()
        self.paid_changed.emit()

    def _click(self, card: "MeterCard", at: QPoint) -> None:
        if at.x() <= TICK_WIDTH:
            self._toggle(card)
        else:
            self.tick(frozenset())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        card = self.current()
        if event.key() == Qt.Key.Key_Space and card is not None:
            if not event.isAutoRepeat():
                self._toggle(card)
            return
        super().keyPressEvent(event)

    def _speak(self, card: "MeterCard") -> str:
        money, _ = meter_money(card, self._desk.currency)
        ticked = words.say("pay.ticked") if card.account_no in self._ticked else ""
        more = meter_more(card, self._desk.today)
        where = place(card.utility, card.location)
        said = _said(card)
        return ", ".join(part for part in (card.meter_no, said, where, money, more, ticked) if part)

    def _paint(self, painter: QPainter, rect: QRectF, card: "MeterCard", state: RowState) -> None:
        colors = theme.palette()
        box = rect.adjusted(0, 0, 0, -METRICS.meter_gap)
        paid = card.account_no in self._ticked or (state.current and not self._ticked)
        ground = colors.action_soft if paid else colors.card
        paint.box(painter, box, fill=ground, line=colors.action if paid else colors.line, weight=2 if paid else 1)
        if state.current and state.focused and not paid:
            paint.box(painter, box, fill=None, line=colors.ink, weight=2)
        middle = box.center().y()
        tick_ink = colors.action if paid else colors.muted
        paint.picture(painter, "square-check" if paid else "square", tick_ink, box.left() + 16, middle, 19)
        icon_ink = colors.action if paid else colors.muted
        paint.picture(painter, ICONS.get(card.utility, "gauge"), icon_ink, box.left() + 48, middle, 21)
        room = box.adjusted(81, 9, -15, -8)
        upper, lower = QRectF(room.left(), room.top(), room.width(), 23), QRectF(0, 0, 0, 0)
        lower = QRectF(room.left(), room.top() + 23, room.width(), 19)
        money, tone = meter_money(card, self._desk.currency)
        more = meter_more(card, self._desk.today)
        wide = paint.text(
            painter, upper, money, Type.value, getattr(colors, tone), align=paint.RIGHT, whole=True, ground=ground
        )
        left = upper.adjusted(0, 0, -wide - 12, 0)
        paint.text(painter, left, card.meter_no, Type.strong, colors.ink, ground=ground)
        wide = paint.text(painter, lower, more, Type.helper, colors.muted, align=paint.RIGHT, ground=ground)
        left, said = lower.adjusted(0, 0, -wide - 12, 0), _said(card)
        if said:
            shown = paint.text(painter, left, said, Type.helper_strong, colors.waiting, ground=ground)
            left = left.adjusted(shown + 8, 0, 0, 0)
        where = place(card.utility, card.location)
        paint.text(painter, left, where, Type.helper, colors.muted, ground=ground)


def _said(card: "MeterCard") -> str:
    """Return what is not as usual with a meter: handed over to another customer, or disconnected."""
    if card.closed:
        return words.say("meter.closed")
    return words.say(f"meter.{card.status}") if card.status != "active" else ""
