"""Customers: all of them by name, or those a text finds; the one chosen with meters, invoices and payments."""

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainter, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from meterpos.errors import UserError
from meterpos.ui import theme, words
from meterpos.ui.desk import Desk
from meterpos.ui.models import looking
from meterpos.ui.models.roll import Roll
from meterpos.ui.models.telling import phone
from meterpos.ui.pages.customer_card import CustomerCardPanel
from meterpos.ui.pages.pay_search import SearchLine
from meterpos.ui.theme import METRICS, Type
from meterpos.ui.widgets import paint
from meterpos.ui.widgets.basic import Label, Surface, horizontal, vertical
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
        self.line = SearchLine()
        words.bind(self.line.setPlaceholderText, "customers.search")
        words.bind(self.line.setAccessibleName, "customers.search")
        self.count = Label(Type.helper, "muted")
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
        self.nothing = Label(Type.text, "muted", wrap=True)
        self.card = CustomerCardPanel(desk)
        self._build()
        self._connect()

    def _build(self) -> None:
        self._left = QWidget()
        column = vertical(self._left, spacing=8)
        column.addWidget(self.line)
        column.addWidget(self.count)
        card = Surface("card")
        card.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Maximum)
        inside = vertical(card, margins=(6, 6, 6, 6), spacing=0)
        inside.addWidget(self.rows)
        self.nothing.setContentsMargins(10, 10, 10, 10)
        inside.addWidget(self.nothing)
        self.nothing.setMinimumHeight(96)
        self.nothing.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
        self.nothing.hide()
        column.addWidget(card, 1)
        column.addStretch(0)
        margin = METRICS.margin
        row = horizontal(self, margins=(margin, METRICS.gap, margin, METRICS.gap), spacing=METRICS.gap)
        row.addWidget(self._left)
        row.addWidget(self.card, 1)
        self._left.setFixedWidth(METRICS.search)

    def _connect(self) -> None:
        self.line.textChanged.connect(lambda _: self._read())
        self.line.walked.connect(self.rows.step)
        self.line.entered.connect(self._go_in)
        self.rows.moved.connect(lambda _: self._open())
        self.rows.picked.connect(lambda _: self._go_in())
        self.rows.leave_up.connect(self.line.setFocus)
        self.roll.began.connect(self._open)
        self.roll.counted.connect(self._tell_count)
        self.card.record.connect(lambda *whom: self._desk.go_to.emit("pay", ("account", *whom)))
        words.notifier().changed.connect(self._tell_count)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        narrow = self.window().width() < METRICS.narrow_below
        self._left.setFixedWidth(LIST_NARROW if narrow else METRICS.search)

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
        ask = partial(looking.customers, text=self.line.text().strip(), today=self._desk.today)
        self.roll.read(ask, again=again)

    def _tell_count(self) -> None:
        count, text = self.roll.gathered, self.line.text().strip()
        said = words.say("customers.count", n=count).replace(str(count), f"{count:,}")
        self.count.setText(said if self.roll.is_whole else words.say("looking.counting", n=f"{count:,}"))
        empty = self.roll.is_whole and not count
        self.nothing.setVisible(empty)
        self.rows.setVisible(not empty)
        self.nothing.setText(words.say("customers.nothing", text=text) if text else words.say("customers.none"))
        if empty:
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
        parts = (row.name, row.customer_no, phone(row.phone), gone, said, words.say("pay.meters", n=row.meters))
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
        elif row.overdue:
            more = f"{more} · {words.say('money.overdue')}"
        under = paint.text(painter, lower, more, Type.helper, shade, align=paint.RIGHT, whole=True, ground=ground)
        paint.text(painter, upper.adjusted(0, 0, -wide - 12, 0), row.name, Type.text_strong, colors.ink, ground=ground)
        reach = phone(row.phone) or row.customer_no
        paint.text(painter, lower.adjusted(0, 0, -under - 12, 0), reach, Type.helper, colors.muted, ground=ground)
