"""Meters: all of them, filtered and in an order; the one chosen at a glance."""

from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QRectF
from PySide6.QtGui import QPainter, QResizeEvent
from PySide6.QtWidgets import QWidget

from meterpos.errors import UserError
from meterpos.ledger.rules.listing import ORDERS, reads_all
from meterpos.ui import theme, words
from meterpos.ui.desk import Desk
from meterpos.ui.models import looking
from meterpos.ui.models.roll import Roll
from meterpos.ui.models.telling import place
from meterpos.ui.pages.list_column import ListColumn
from meterpos.ui.pages.meter_card import MeterCardPanel
from meterpos.ui.theme import METRICS, Type
from meterpos.ui.widgets import paint
from meterpos.ui.widgets.basic import horizontal
from meterpos.ui.widgets.choice import Choice
from meterpos.ui.widgets.rolls import RollList
from meterpos.ui.widgets.rows import RowState, highlight

if TYPE_CHECKING:
    from meterpos.ledger.queries.lists import MeterRow

COLUMNS_FROM = 600
CARD_NARROW = 352


class MetersPage(QWidget):
    """Every meter this till knows."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.setObjectName("page")
        self._desk = desk
        self._stale = True
        self.which = Choice("meters.show", ("active", "inactive", "all"), shortcut="Ctrl+1", name_key="meters.show")
        self.state = Choice(
            "meters.state", ("any", "owing", "credit", "overdue"), shortcut="Ctrl+2", name_key="meters.state"
        )
        self.order = Choice("meters.order", ORDERS, shortcut="Ctrl+3", name_key="meters.order")
        self.roll: Roll[MeterRow] = Roll(
            desk,
            "meters list",
            lambda conn, numbers: looking.meter_rows(conn, numbers, desk.today),
            lambda row: row.account_no,
        )
        self.rows: RollList[MeterRow] = RollList(
            self.roll, row_height=METRICS.hit_row, painter=self._paint, spoken=self._speak
        )
        words.bind(self.rows.setAccessibleName, "page.meters")
        self.list = ListColumn(
            self.roll,
            self.rows,
            search_key="meters.search",
            count_key="meters.count",
            filters=(self.which, self.state, self.order),
            nothing=self._why_nothing,
        )
        self.line, self.count, self.nothing = self.list.line, self.list.count, self.list.nothing
        self.card = MeterCardPanel(desk)
        self._build()
        self._connect()

    def _build(self) -> None:
        margin = METRICS.margin
        row = horizontal(self, margins=(margin, METRICS.gap, margin, METRICS.gap), spacing=METRICS.gap)
        row.addWidget(self.list, 1)
        row.addWidget(self.card)
        self.card.setFixedWidth(METRICS.payment)

    def _connect(self) -> None:
        self.line.textChanged.connect(lambda _: self._read())
        self.line.entered.connect(self._go_in)
        for choice in (self.which, self.state, self.order):
            choice.chosen.connect(lambda _: self._read())
        self.rows.moved.connect(lambda _: self._open())
        self.rows.picked.connect(lambda _: self._go_in())
        self.roll.began.connect(self._open)
        self.roll.counted.connect(self._let_go)
        self.card.record.connect(lambda *whom: self._desk.go_to.emit("pay", ("account", *whom)))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        narrow = self.window().width() < METRICS.narrow_below
        self.card.setFixedWidth(CARD_NARROW if narrow else METRICS.payment)

    # --- the page's life -----------------------------------------------------------------------------------------

    def shown(self, what: object = None) -> None:
        """Come to the front; `what` is a text to filter by."""
        self.line.setFocus()
        if isinstance(what, str):
            self.line.setText(what)
        if self._stale:
            self.refresh()

    def refresh(self) -> None:
        """Read the list again; what is in sight stays until it was read anew."""
        self._stale = False
        self._read(again=True)
        self._open(again=True)

    def mark_stale(self) -> None:
        """Remember to read again when shown."""
        self._stale = True

    def stand(self) -> None:
        """The till's standing was read anew."""
        self.card.stand()

    # --- the list ------------------------------------------------------------------------------------------------

    def _read(self, *, again: bool = False) -> None:
        if not self._desk.is_open:
            return
        self.rows.stand_on(self.rows.number())
        filters: dict[str, Any] = {
            "text": self.list.text(),
            "show": self.which.value,
            "state": self.state.value,
            "order": self.order.value,
        }
        ask = partial(looking.meters, today=self._desk.today, **filters)
        self.roll.read(ask, again=again, aside=reads_all(text=filters["text"], show=filters["show"]))

    def _why_nothing(self, text: str) -> str:
        plain = not text and self.state.value == "any" and self.which.value != "inactive"
        return words.say("meters.none" if plain else "meters.nothing")

    def _let_go(self) -> None:
        """Show nothing where nothing is left."""
        if self.list.is_empty():
            self.card.show_nothing()

    # --- one meter -----------------------------------------------------------------------------------------------

    def _open(self, *, again: bool = False) -> None:
        number = self.card.account_no() if again else self.rows.number()
        if number is not None:
            today = self._desk.today
            self._desk.tasks.read(
                lambda conn: looking.meter(conn, number, today), self.card.show_meter, self._refuse, topic="meters one"
            )

    def _go_in(self) -> None:
        if self.rows.number() is not None:
            self._open()
            self.card.button.setFocus()

    def _refuse(self, error: UserError) -> None:
        self.card.show_nothing()
        self._desk.tasks.went_wrong.emit(error)

    # --- painting ------------------------------------------------------------------------------------------------

    def _speak(self, row: "MeterRow") -> str:
        said, _ = looking.money(row, self._desk.currency)
        parts = (row.meter_no, row.customer_name, looking.standing(row), said, looking.invoiced(row, self._desk.today))
        return ", ".join(part for part in parts if part)

    def _paint(self, painter: QPainter, rect: QRectF, row: "MeterRow", state: RowState) -> None:
        colors = theme.palette()
        ground = highlight(painter, rect.adjusted(0, 1, 0, -1), state)
        room = rect.adjusted(10, 6, -10, -6)
        upper = QRectF(room.left(), room.top(), room.width(), 20)
        lower = QRectF(room.left(), room.top() + 20, room.width(), 18)
        said, tone = looking.money(row, self._desk.currency)
        ink = getattr(colors, tone)
        more = looking.invoiced(row, self._desk.today)
        wide = paint.text(painter, upper, said, Type.small_strong, ink, align=paint.RIGHT, whole=True, ground=ground)
        under = paint.text(
            painter, lower, more, Type.helper, colors.muted, align=paint.RIGHT, whole=True, ground=ground
        )
        left = room.width() - max(wide, under) - 14
        where, whose = place(row.utility, row.location), row.customer_name or words.say("meters.nobody")
        columns = room.width() >= COLUMNS_FROM
        first = room.width() * 0.34 if columns else left
        self._paint_number(painter, QRectF(room.left(), upper.top(), first - 14, 20), row, ground)
        below = QRectF(room.left(), lower.top(), first - 14, 18)
        paint.text(painter, below, where if columns else whose, Type.helper, colors.muted, ground=ground)
        if columns:
            place_of = QRectF(room.left() + first, upper.top(), left - first, 20)
            paint.text(painter, place_of, whose, Type.text, colors.ink, ground=ground)
            paint.text(
                painter, place_of.translated(0, 20), row.customer_no or "", Type.helper, colors.muted, ground=ground
            )

    def _paint_number(self, painter: QPainter, room: QRectF, row: "MeterRow", ground: str) -> None:
        colors = theme.palette()
        shown = paint.text(painter, room, row.meter_no, Type.text_strong, colors.ink, ground=ground)
        standing = looking.standing(row)
        if standing:
            rest = room.adjusted(shown + 8, 0, 0, 0)
            paint.text(painter, rest, standing, Type.helper_strong, colors.waiting, ground=ground)
