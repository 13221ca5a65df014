"""Customers: all of them by name, or those a text finds; the one chosen with meters, invoices and payments."""

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF
from PySide6.QtGui import QPainter

from meterpos.ui import theme, words
from meterpos.ui.desk import Desk
from meterpos.ui.models import looking
from meterpos.ui.models.roll import Roll
from meterpos.ui.models.telling import phone
from meterpos.ui.pages.customer_card import CustomerCardPanel
from meterpos.ui.pages.list_column import ListColumn
from meterpos.ui.pages.list_page import ListPage
from meterpos.ui.theme import METRICS, Type
from meterpos.ui.widgets import paint
from meterpos.ui.widgets.rolls import RollList
from meterpos.ui.widgets.rows import RowState, highlight

if TYPE_CHECKING:
    from meterpos.ledger.queries.lists import CustomerRow

LIST_NARROW = 320


class CustomersPage(ListPage):
    """Everybody this till knows."""

    def __init__(self, desk: Desk) -> None:
        face = _Face(desk)
        roll: Roll[CustomerRow] = Roll(
            desk,
            "customers list",
            lambda conn, numbers: looking.customer_rows(conn, numbers, desk.today),
            lambda row: row.customer_no,
        )
        rows: RollList[CustomerRow] = RollList(roll, row_height=METRICS.hit_row, painter=face.paint, spoken=face.speak)
        words.bind(rows.setAccessibleName, "page.customers")
        column = ListColumn(
            roll,
            rows,
            search_key="customers.search",
            count_key="customers.count",
            nothing=lambda text: words.say("customers.nothing", text=text) if text else words.say("customers.none"),
        )
        self.card = CustomerCardPanel(desk)
        super().__init__(
            desk,
            column,
            self.card,
            topic="customers one",
            ask=lambda today: (partial(looking.customers, text=column.text(), today=today), False),
            find=looking.customer,
        )
        self.lay_out(column, self.card, fixed=column, wide=METRICS.search, narrow=LIST_NARROW)


class _Face:
    """How a customer's row looks and sounds."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def speak(self, row: "CustomerRow") -> str:
        said, _ = looking.money(row, self._desk.currency)
        gone = words.say("customers.gone") if row.status != "active" else ""
        late = words.say("money.overdue") if row.overdue else ""
        parts = (row.name, row.customer_no, phone(row.phone), gone, said, late, words.say("pay.meters", n=row.meters))
        return ", ".join(part for part in parts if part)

    def paint(self, painter: QPainter, rect: QRectF, row: "CustomerRow", state: RowState) -> None:
        colors = theme.palette()
        ground = highlight(painter, rect.adjusted(0, 1, 0, -1), state)
        room = rect.adjusted(10, 6, -10, -6)
        upper = QRectF(room.left(), room.top(), room.width(), 20)
        lower = QRectF(room.left(), room.top() + 20, room.width(), 18)
        said, tone = looking.money(row, self._desk.currency)
        ink = getattr(colors, tone)
        wide = paint.text(painter, upper, said, Type.small_strong, ink, align=paint.RIGHT, whole=True, ground=ground)
        more, shade = words.say("pay.meters", n=row.meters), colors.muted
        if row.status != "active":
            more, shade = words.say("customers.gone"), colors.waiting
        if row.overdue:
            more = f"{more} · {words.say('money.overdue')}"
        under = paint.text(painter, lower, more, Type.helper, shade, align=paint.RIGHT, whole=True, ground=ground)
        paint.text(painter, upper.adjusted(0, 0, -wide - 12, 0), row.name, Type.text_strong, colors.ink, ground=ground)
        reach = phone(row.phone) or row.customer_no
        paint.text(painter, lower.adjusted(0, 0, -under - 12, 0), reach, Type.helper, colors.muted, ground=ground)
