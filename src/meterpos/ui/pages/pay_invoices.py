"""Which invoice a payment is for: the meter's open invoices, newest first, found by typing; or none of them."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QWidget

from meterpos.ledger.money import format_amount
from meterpos.ui import theme, words
from meterpos.ui.desk import Desk
from meterpos.ui.models import owing
from meterpos.ui.models.asking import MeterView
from meterpos.ui.pages.pay_search import SearchLine
from meterpos.ui.theme import METRICS, Type
from meterpos.ui.widgets import paint
from meterpos.ui.widgets.basic import Elided, Label, horizontal, vertical
from meterpos.ui.widgets.buttons import Button
from meterpos.ui.widgets.rows import RowList, RowState, hairline, highlight

if TYPE_CHECKING:
    from meterpos.ledger.rules.allocation import ChargeState


class InvoicePicker(QWidget):
    """Takes the place of the payment while an invoice is chosen. `chosen` carries its number, None for none."""

    chosen = Signal(object)
    left = Signal()

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        self._invoices: tuple[ChargeState, ...] = ()
        self.title = Elided(Type.title)
        self.line = SearchLine("pay.invoices.search")
        words.bind(self.line.setPlaceholderText, "pay.invoices.search")
        self.rows: RowList[ChargeState | None] = RowList(
            row_height=METRICS.hit_row, painter=self._paint, spoken=self._speak
        )
        words.bind(self.rows.setAccessibleName, "pay.name_invoice")
        self.nothing = Label(Type.text, "muted", wrap=True)
        self.hint = Label(Type.helper, "muted", key="pay.invoices.hint", wrap=True)
        self.back = Button("link", key="pay.invoices.back", shown="Esc", step=Type.small_strong)
        self._build()
        self.line.textChanged.connect(self._find)
        self.line.walked.connect(self.rows.step)
        self.line.entered.connect(self._enter)
        self.rows.picked.connect(self._pick)
        self.rows.leave_up.connect(self.line.setFocus)
        self.back.clicked.connect(self.left)

    def _build(self) -> None:
        column = vertical(self, margins=(20, 16, 20, 12), spacing=8)
        top = horizontal(None)
        top.addWidget(self.title, 1)
        column.addLayout(top)
        column.addWidget(self.line)
        column.addWidget(self.rows, 1)
        column.addWidget(self.nothing)
        column.addStretch(0)
        column.addWidget(self.hint)
        column.addWidget(self.back, 0, Qt.AlignmentFlag.AlignLeft)

    def offer(self, view: MeterView, named: str | None) -> None:
        """Offer the open invoices of a meter; the keyboard stands on the one that is named."""
        self._invoices = owing.open_invoices(view)
        self.title.setText(words.say("pay.invoices.title", meter=view.card.meter_no))
        self.line.clear()
        self._find()
        numbers = [state.charge.number for state in self._invoices]
        self.rows.go(numbers.index(named) + 1 if named in numbers else 0)
        self.line.setFocus(Qt.FocusReason.OtherFocusReason)

    def _find(self) -> None:
        text = self.line.text().strip()
        found = owing.matching(self._invoices, text, today=self._desk.today)
        shown: tuple[ChargeState | None, ...] = found if text else (None, *found)
        self.rows.set_rows(shown, current=0)
        self.rows.setVisible(bool(shown))
        self.nothing.setVisible(not shown)
        self.nothing.setText(words.say("pay.invoices.nothing", text=text))

    def _enter(self) -> None:
        if self.rows.rows():
            self._pick(self.rows.current())

    def _pick(self, state: "ChargeState | None") -> None:
        self.chosen.emit(None if state is None else state.charge.number)

    def _late(self, state: "ChargeState") -> bool:
        return state.charge.due_date < self._desk.today

    def _due(self, state: "ChargeState") -> str:
        due = words.say("pay.due", day=words.day(state.charge.due_date, today=self._desk.today))
        if state.paid_minor:
            due = f"{due} · {words.say('pay.invoices.of', amount=format_amount(state.charge.amount_minor))}"
        return f"{due} · {words.say('money.overdue')}" if self._late(state) else due

    def _speak(self, state: "ChargeState | None") -> str:
        if state is None:
            return f"{words.say('pay.invoices.none')}, {words.say('pay.oldest_first')}"
        return f"{state.charge.number}, {format_amount(state.open_minor)}, {self._due(state)}"

    def _paint(self, painter: QPainter, rect: QRectF, state: "ChargeState | None", row: RowState) -> None:
        colors = theme.palette()
        ground = highlight(painter, rect.adjusted(0, 1, 0, -2), row)
        hairline(painter, rect)
        upper = QRectF(rect.left() + 10, rect.top() + 6, rect.width() - 20, 20)
        lower = upper.translated(0, 20)
        if state is None:
            paint.text(painter, upper, words.say("pay.invoices.none"), Type.text_strong, colors.ink, ground=ground)
            paint.text(painter, lower, words.say("pay.oldest_first"), Type.helper, colors.muted, ground=ground)
            return
        amount = format_amount(state.open_minor)
        ink = colors.danger if self._late(state) else colors.ink
        wide = paint.text(painter, upper, amount, Type.small_strong, ink, align=paint.RIGHT, whole=True, ground=ground)
        number = upper.adjusted(0, 0, -wide - 12, 0)
        paint.text(painter, number, state.charge.number, Type.text_strong, colors.ink, ground=ground)
        paint.text(painter, lower, self._due(state), Type.helper, colors.muted, ground=ground)
