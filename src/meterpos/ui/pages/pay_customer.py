"""The middle column of the pay page: the customer, the meters as cards, and what last happened on the meter."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QPainter, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QStackedLayout, QWidget

from meterpos.ui import theme, words
from meterpos.ui.desk import Desk
from meterpos.ui.models.asking import CustomerView, MeterView
from meterpos.ui.models.telling import phone, transaction
from meterpos.ui.theme import METRICS, Type
from meterpos.ui.widgets import paint
from meterpos.ui.widgets.basic import Elided, EmptyState, Label, SectionLabel, Surface, horizontal, vertical
from meterpos.ui.widgets.buttons import Button
from meterpos.ui.widgets.cards import MeterCards
from meterpos.ui.widgets.rows import RowList, RowState

if TYPE_CHECKING:
    from meterpos.ledger.queries.accounts import Transaction
    from meterpos.ledger.queries.customers import Customer

AROUND_LAST = 10 + 7 + 2 * 8 + 2
"""What stands around the lines of what happened last, beside their title."""


class CustomerPanel(QWidget):
    """Who pays, for what; empty it says how to begin."""

    go_on = Signal()  # Enter on a meter: to the amount
    paid_changed = Signal()
    looked_at = Signal(object)  # MeterCard whose facts are wanted

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        self._customer: Customer | None = None
        self._last: MeterView | None = None
        self.name = Label(Type.name, wrap=True)
        self.number = Elided(Type.small, "muted")
        self.which = SectionLabel()
        self.cards = MeterCards(desk)
        self.last_title = SectionLabel()
        self.last: RowList[Transaction] = RowList(
            row_height=METRICS.line_row, painter=self._paint_line, spoken=self._speak_line, active=False
        )
        self.last.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.last_card = Surface("card")
        self.empty = EmptyState("search", "pay.begin")
        self.no_shift = EmptyState("wallet", "pay.no_shift")
        self.open_shift = Button("primary", key="pay.open_shift", shown="F6")
        self._build()
        self.cards.picked.connect(lambda _: self.go_on.emit() if self.cards.hasFocus() else None)
        self.cards.moved.connect(self.looked_at)
        self.cards.paid_changed.connect(self.paid_changed)
        words.notifier().changed.connect(self._tell)

    def _build(self) -> None:
        inside = vertical(self.last_card, margins=(14, 8, 14, 8), spacing=0)
        inside.addWidget(self.last)
        shown = QWidget()
        column = vertical(shown, spacing=0)
        column.addWidget(self.name)
        column.addSpacing(2)
        column.addWidget(self.number)
        column.addSpacing(10)
        column.addWidget(self.which)
        column.addSpacing(7)
        column.addWidget(self.cards, 3)
        column.addSpacing(10)
        column.addWidget(self.last_title)
        column.addSpacing(7)
        column.addWidget(self.last_card, 2)
        column.addStretch(0)
        self.last_card.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Maximum)
        row = horizontal(None)
        row.addStretch(1)
        row.addWidget(self.open_shift)
        row.addStretch(1)
        self.no_shift.more.addLayout(row)
        self._stack = QStackedLayout(self)
        for page in (self.empty, shown, self.no_shift):
            self._stack.addWidget(page)

    def show_nobody(self, *, shift_open: bool) -> None:
        """Say how to begin."""
        self._customer = None
        self._stack.setCurrentIndex(0 if shift_open else 2)

    def show_customer(self, view: CustomerView, *, current: str | None, ticked: frozenset[str]) -> None:
        """Show a customer; `current` is the account to stand on."""
        self._customer = view.customer
        self.cards.show_meters(view.customer.meters, current=current, ticked=ticked)
        self._stack.setCurrentIndex(1)
        self._tell()

    def show_last(self, view: MeterView) -> None:
        """Show what last happened on a meter."""
        self._last = view
        self.last.set_rows(view.last)
        self._tell()
        self._share()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._share()

    def _share(self) -> None:
        """The oldest of what happened last gives way where that brings every meter into sight."""
        lines = len(self.last.rows())
        beneath = self.last_title.sizeHint().height() + AROUND_LAST
        room = self.height() - self.cards.y() - self.cards.sizeHint().height() - beneath
        fitting = room // METRICS.line_row
        self.last.setMaximumHeight(max(1, (min(fitting, lines) if fitting > 0 else lines) * METRICS.line_row + 2))

    def _tell(self) -> None:
        customer = self._customer
        if customer is None:
            return
        self.name.setText(customer.name)
        parts = (customer.customer_no, phone(customer.phone), customer.place)
        self.number.setText(" · ".join(part for part in parts if part))
        many = len(customer.meters) > 1
        self.which.setText(words.say("pay.the_meter").upper())
        if many:
            self.which.setText(f"{words.say('pay.which_meter').upper()}    {words.say('pay.which_hint')}")
        if self._last is not None:
            self.last_title.setText(words.say("pay.last_on", meter=self._last.card.meter_no).upper())
            self.last_card.setVisible(bool(self._last.last))
            self.last_title.setVisible(bool(self._last.last))
        if not customer.meters:
            self.which.setText(words.say("pay.no_meters").upper())

    def _speak_line(self, line: "Transaction") -> str:
        what, amount, _ = transaction(line)
        return f"{words.day(line.date, today=self._desk.today)}, {what}, {amount}"

    def _paint_line(self, painter: QPainter, rect: QRectF, line: "Transaction", _state: RowState) -> None:
        colors = theme.palette()
        what, amount, tone = transaction(line)
        day = words.day(line.date, today=self._desk.today)
        dated = max(54.0, paint.width("88 Mmm", Type.helper) + 10, paint.width(day, Type.helper) + 10)
        paint.text(painter, rect, day, Type.helper, colors.muted)
        wide = paint.text(
            painter, rect, amount, Type.small_strong, getattr(colors, tone), align=paint.RIGHT, whole=True
        )
        paint.text(painter, rect.adjusted(dated, 0, -wide - 10, 0), what, Type.small, colors.ink)
