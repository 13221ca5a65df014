"""Meters: all of them, filtered and in an order; the one chosen at a glance."""

from datetime import date
from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QRectF
from PySide6.QtGui import QPainter

from meterpos.ledger.rules.listing import ORDERS, reads_all
from meterpos.ui import theme, words
from meterpos.ui.desk import Desk
from meterpos.ui.models import looking
from meterpos.ui.models.roll import Ask, Roll
from meterpos.ui.models.telling import place
from meterpos.ui.pages.list_column import ListColumn
from meterpos.ui.pages.list_page import ListPage
from meterpos.ui.pages.meter_card import MeterCardPanel
from meterpos.ui.theme import METRICS, Type
from meterpos.ui.widgets import paint
from meterpos.ui.widgets.choice import Choice
from meterpos.ui.widgets.rolls import RollList
from meterpos.ui.widgets.rows import RowState, highlight

if TYPE_CHECKING:
    from meterpos.ledger.queries.lists import MeterRow

COLUMNS_FROM = 600
CARD_NARROW = 352


class MetersPage(ListPage):
    """Every meter this till knows, filtered and in an order."""

    def __init__(self, desk: Desk) -> None:
        face = _Face(desk)
        self.which = Choice("meters.show", ("active", "inactive", "all"), shortcut="Ctrl+1", name_key="meters.show")
        self.state = Choice(
            "meters.state", ("any", "owing", "credit", "overdue"), shortcut="Ctrl+2", name_key="meters.state"
        )
        self.order = Choice("meters.order", ORDERS, shortcut="Ctrl+3", name_key="meters.order")
        roll: Roll[MeterRow] = Roll(
            desk,
            "meters list",
            lambda conn, numbers: looking.meter_rows(conn, numbers, desk.today),
            lambda row: row.account_no,
        )
        rows: RollList[MeterRow] = RollList(roll, row_height=METRICS.hit_row, painter=face.paint, spoken=face.speak)
        words.bind(rows.setAccessibleName, "page.meters")
        filters = (self.which, self.state, self.order)
        column = ListColumn(
            roll,
            rows,
            search_key="meters.search",
            count_key="meters.count",
            filters=filters,
            nothing=self._why_nothing,
        )
        self.card = MeterCardPanel(desk)
        super().__init__(
            desk,
            column,
            self.card,
            topic="meters one",
            ask=self._how,
            find=looking.meter,
            keeps_place=True,
        )
        self.lay_out(column, self.card, fixed=self.card, wide=METRICS.payment, narrow=CARD_NARROW)
        for choice in filters:
            choice.chosen.connect(lambda _: self.read())

    def _how(self, today: date) -> tuple[Ask, bool]:
        filters: dict[str, Any] = {
            "text": self.list.text(),
            "show": self.which.value,
            "state": self.state.value,
            "order": self.order.value,
        }
        aside = reads_all(text=filters["text"], show=filters["show"])
        return partial(looking.meters, today=today, **filters), aside

    def _why_nothing(self, text: str) -> str:
        plain = not text and self.state.value == "any" and self.which.value != "inactive"
        return words.say("meters.none" if plain else "meters.nothing")


class _Face:
    """How a meter's row looks and sounds."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def speak(self, row: "MeterRow") -> str:
        said, _ = looking.money(row, self._desk.currency)
        parts = (row.meter_no, row.customer_name, looking.standing(row), said, looking.invoiced(row, self._desk.today))
        return ", ".join(part for part in parts if part)

    def paint(self, painter: QPainter, rect: QRectF, row: "MeterRow", state: RowState) -> None:
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
