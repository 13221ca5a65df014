"""Customers: all of them by name, or those a text finds; the one chosen with meters, invoices and payments."""

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF
from PySide6.QtGui import QPainter, QResizeEvent
from PySide6.QtWidgets import QWidget

from meterpos.errors import UserError
from meterpos.ui import theme, words
from meterpos.ui.desk import Desk
from meterpos.ui.models import looking
from meterpos.ui.models.roll import Roll
from meterpos.ui.models.telling import phone
from meterpos.ui.pages.customer_card import CustomerCardPanel
from meterpos.ui.pages.list_column import ListColumn
from meterpos.ui.theme import METRICS, Type
from meterpos.ui.widgets import paint
from meterpos.ui.widgets.basic import horizontal
from meterpos.ui.widgets.rolls import RollList
from meterpos.ui.widgets.rows import RowState, highlight

if TYPE_CHECKING:
    from meterpos.ledger.queries.lists import CustomerRow

LIST_NARROW = 320


class CustomersPage(QWidget):
    """Everybody this till knows."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.setObjectName("page")
        self._desk = desk
        self._stale = True
        self.roll: Roll[CustomerRow] = Roll(
            desk,
            "customers list",
            lambda conn, numbers: looking.customer_rows(conn, numbers, desk.today),
            lambda row: row.customer_no,
        )
        self.rows: RollList[CustomerRow] = RollList(
            self.roll, row_height=METRICS.hit_row, painter=self._paint, spoken=self._speak
        )
        words.bind(self.rows.setAccessibleName, "page.customers")
        self.list = ListColumn(
            self.roll,
            self.rows,
            search_key="customers.search",
            count_key="customers.count",
            nothing=lambda text: words.say("customers.nothing", text=text) if text else words.say("customers.none"),
        )
        self.line, self.count, self.nothing = self.list.line, self.list.count, self.list.nothing
        self.card = CustomerCardPanel(desk)
        self._build()
        self._connect()

    def _build(self) -> None:
        margin = METRICS.margin
        row = horizontal(self, margins=(margin, METRICS.gap, margin, METRICS.gap), spacing=METRICS.gap)
        row.addWidget(self.list)
        row.addWidget(self.card, 1)
        self.list.setFixedWidth(METRICS.search)

    def _connect(self) -> None:
        self.line.textChanged.connect(lambda _: self._read())
        self.line.entered.connect(self._go_in)
        self.rows.moved.connect(lambda _: self._open())
        self.rows.picked.connect(lambda _: self._go_in())
        self.roll.began.connect(self._open)
        self.roll.counted.connect(self._let_go)
        self.card.record.connect(lambda *whom: self._desk.go_to.emit("pay", ("account", *whom)))

    def hasHeightForWidth(self) -> bool:
        """Its lists scroll in themselves: they take the room there is."""
        return False

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        narrow = self.window().width() < METRICS.narrow_below
        self.list.setFixedWidth(LIST_NARROW if narrow else METRICS.search)

    # --- the page's life -----------------------------------------------------------------------------------------

    def shown(self, what: object = None) -> None:
        """Come to the front; `what` is a text to search for."""
        self.line.setFocus()
        self.line.selectAll()
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
        self.rows.stand_on(self.rows.number() if again else None)
        ask = partial(looking.customers, text=self.list.text(), today=self._desk.today)
        self.roll.read(ask, again=again)

    def _let_go(self) -> None:
        """Show nobody where nobody is left."""
        if self.list.is_empty():
            self.card.show_nobody()

    # --- one customer --------------------------------------------------------------------------------------------

    def _open(self, *, again: bool = False, go_in: bool = False) -> None:
        number = self.card.customer_no() if again else self.rows.number()
        if number is None:
            return
        today = self._desk.today

        def show(dossier: object) -> None:
            self.card.show_customer(dossier)  # type: ignore[arg-type]
            if go_in and self.isVisible():
                self.card.focus_meters()

        self._desk.tasks.read(
            lambda conn: looking.customer(conn, number, today), show, self._refuse, topic="customers one"
        )

    def _go_in(self) -> None:
        self._open(go_in=True)

    def _refuse(self, error: UserError) -> None:
        self.card.show_nobody()
        self._desk.tasks.went_wrong.emit(error)

    # --- painting ------------------------------------------------------------------------------------------------

    def _speak(self, row: "CustomerRow") -> str:
        said, _ = looking.money(row, self._desk.currency)
        gone = words.say("customers.gone") if row.status != "active" else ""
        late = words.say("money.overdue") if row.overdue else ""
        parts = (row.name, row.customer_no, phone(row.phone), gone, said, late, words.say("pay.meters", n=row.meters))
        return ", ".join(part for part in parts if part)

    def _paint(self, painter: QPainter, rect: QRectF, row: "CustomerRow", state: RowState) -> None:
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
