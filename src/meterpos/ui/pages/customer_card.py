"""One customer: what they owe, their meters with *Record payment* on each, and what happened on them."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, QRectF, Signal
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QStackedWidget

from meterpos.ui import theme, words
from meterpos.ui.desk import Desk
from meterpos.ui.models import looking
from meterpos.ui.models.reporting import Whose
from meterpos.ui.models.telling import done_by, phone, place, transaction
from meterpos.ui.theme import METRICS, Type
from meterpos.ui.widgets import paint
from meterpos.ui.widgets.basic import Elided, EmptyState, Label, Pill, SectionLabel, Surface, horizontal, vertical
from meterpos.ui.widgets.buttons import Button, Tick
from meterpos.ui.widgets.factgrid import FactGrid
from meterpos.ui.widgets.rows import RowList, RowState, hairline, highlight
from meterpos.ui.widgets.why import WhyNot

if TYPE_CHECKING:
    from meterpos.ledger.queries.dossier import CustomerDossier, Happening
    from meterpos.ledger.queries.lists import MeterRow

KEYS = ("customers.owes", "customers.holds", "customers.closed_owes", "customers.closed_holds")
LINE_ROW = 44
PADDING = 14


class CustomerCardPanel(QStackedWidget):
    """The right side of the customers page."""

    record = Signal(str, str)  # customer number, account number

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        self._dossier: CustomerDossier | None = None
        self.name = Elided(Type.name)
        self.left = Pill("")
        self.reach = Elided(Type.small, "muted")
        self.contacts = Elided(Type.small, "muted")
        self.facts = FactGrid(KEYS, columns=4)
        self.all = Tick()
        words.bind(self.all.setText, "customers.show_all")
        words.bind(self.all.setAccessibleName, "customers.show_all")
        self.meters: RowList[MeterRow] = RowList(
            row_height=METRICS.meter_row, painter=self._paint_meter, spoken=self._speak_meter
        )
        words.bind(self.meters.setAccessibleName, "customers.meters")
        self.why = WhyNot()
        self.no_meters = Label(Type.small, "muted", wrap=True)
        self.happened: RowList[Happening] = RowList(
            row_height=LINE_ROW, painter=self._paint_line, spoken=self._speak_line
        )
        words.bind(self.happened.setAccessibleName, "customers.happened")
        self.nothing = Label(Type.small, "muted", key="customers.nothing_happened")
        self.statement = Button("link", key="looking.statement", shortcut="Ctrl+T", step=Type.small_strong)
        self.statement.clicked.connect(self._ask_statement)
        self._build()
        self.all.toggled.connect(lambda _: self._tell_meters())
        self.meters.picked.connect(self._record)
        self.meters.clicked_at.connect(self._clicked)
        self._click_at: int | None = None
        words.notifier().changed.connect(self._tell)

    def _build(self) -> None:
        none = Surface("card")
        vertical(none).addWidget(EmptyState("users", "customers.choose"))
        self.addWidget(none)
        card = Surface("card")
        column = vertical(card, margins=(20, 18, 20, 14), spacing=4)
        top = horizontal(None)
        top.addWidget(self.name, 1)
        top.addWidget(self.left)
        top.addWidget(self.statement)
        column.addLayout(top)
        column.addWidget(self.reach)
        column.addWidget(self.contacts)
        column.addSpacing(10)
        column.addWidget(self.facts)
        column.addSpacing(2)
        over = horizontal(None, spacing=16)
        over.addWidget(SectionLabel("customers.meters_how"))
        over.addStretch(1)
        over.addWidget(self.all)
        column.addLayout(over)
        column.addWidget(self.no_meters)
        column.addWidget(self.meters, 3)
        column.addWidget(self.why)
        column.addSpacing(8)
        column.addWidget(SectionLabel("customers.happened"))
        column.addWidget(self.nothing)
        column.addWidget(self.happened, 2)
        column.addStretch(0)
        self.addWidget(card)

    def shown_number(self) -> str | None:
        """Return the number of who is shown."""
        return self._dossier.customer.customer_no if self._dossier is not None else None

    def show_nothing(self) -> None:
        """Ask to choose a customer."""
        self._dossier = None
        self.setCurrentIndex(0)

    def stand(self) -> None:
        """The till's standing was read anew."""
        self.why.tell(self._desk.why_not("take_money"))
        self.meters.viewport().update()

    def show_one(self, dossier: "CustomerDossier") -> None:
        """Show a customer."""
        self._dossier = dossier
        self._tell()
        self.stand()
        self.setCurrentIndex(1)

    def enter(self) -> None:
        """Put the keyboard on the first meter; on the box where none is in use."""
        (self.meters if self.meters.rows() else self.all).setFocus()

    def _tell(self) -> None:
        if self._dossier is None:
            return
        whose = self._dossier.customer
        self.name.setText(whose.name)
        self.left.setVisible(whose.status != "active")
        self.left.show_fact(words.say("customers.gone"), icon="", tone="waiting")
        self.reach.setText(" · ".join(part for part in (whose.customer_no, phone(whose.phone), whose.place) if part))
        others = ", ".join(f"{one.name} {phone(one.phone)}" for one in self._dossier.contacts)
        self.contacts.setText(words.say("customers.contacts", who=others) if others else "")
        self.contacts.setVisible(bool(others))
        late = any(row.overdue and not row.closed for row in self._dossier.meters)
        self._tell_fact("customers.owes", whose.balance_minor, "danger" if late else "ink")
        self._tell_fact("customers.holds", whose.overpayment_minor, "action")
        self._tell_fact("customers.closed_owes", whose.other_balance_minor, "ink")
        self._tell_fact("customers.closed_holds", whose.other_overpayment_minor, "action")
        self.happened.set_rows(self._dossier.happened)
        self.happened.setVisible(bool(self._dossier.happened))
        self.nothing.setVisible(not self._dossier.happened)
        self._tell_meters()

    def _tell_fact(self, key: str, amount_minor: int, tone: str) -> None:
        self.facts.tell(key, self._desk.money(amount_minor), tone if amount_minor else "muted")

    def _tell_meters(self) -> None:
        if self._dossier is None:
            return
        whole = tuple(row for row in self._dossier.meters if looking.payable(row))
        rows = tuple(row for row in whole if self.all.isChecked() or not looking.standing(row))
        stood = self.meters.current()
        at = next((n for n, row in enumerate(rows) if stood is not None and row.account_no == stood.account_no), 0)
        self.meters.set_rows(rows, current=at)
        self.meters.setVisible(bool(rows))
        self.no_meters.setVisible(not rows)
        self.no_meters.setText(words.say("customers.no_meters" if whole else "customers.never_meters"))

    def _ask_statement(self) -> None:
        if self._dossier is not None and self.isVisible():
            whose = self._dossier.customer
            self._desk.go_to.emit("reports", Whose(name=whose.name, customer_no=whose.customer_no))

    # --- recording a payment -------------------------------------------------------------------------------------

    def _clicked(self, _row: "MeterRow", at: QPoint) -> None:
        """Only the button on a row takes money by mouse; Enter takes it for the row stood on."""
        self._click_at = at.x()

    def _record(self, row: "MeterRow") -> None:
        at, self._click_at = self._click_at, None
        if at is not None and at < self.meters.viewport().width() - self._button_width() - PADDING:
            return
        if self._dossier is not None and self._desk.may("take_money"):
            self.record.emit(self._dossier.customer.customer_no, row.account_no)

    def _button_width(self) -> float:
        """No room is kept for a button that is not offered."""
        offered = self._desk.may("take_money")
        return paint.width(words.say("looking.record"), Type.small_strong) + 28 if offered else 0

    # --- painting ------------------------------------------------------------------------------------------------

    def _speak_meter(self, row: "MeterRow") -> str:
        said, _ = looking.money(row, self._desk.currency)
        parts = (row.meter_no, looking.standing(row), said, looking.invoiced(row, self._desk.today))
        offered = words.say("looking.record") if self._desk.may("take_money") else ""
        return ", ".join(part for part in (*parts, offered) if part)

    def _paint_meter(self, painter: QPainter, rect: QRectF, row: "MeterRow", state: RowState) -> None:
        colors = theme.palette()
        ground = highlight(painter, rect.adjusted(0, 1, 0, -1), state)
        press = QRectF(rect.right() - self._button_width() - 10, rect.top() + 9, self._button_width(), 42)
        if press.width():
            paint.box(painter, press, fill=colors.card, line=colors.action, radius=9)
            say = words.say("looking.record")
            paint.text(painter, press, say, Type.small_strong, colors.action, align=paint.CENTER, ground=colors.card)
        upper = QRectF(rect.left() + 10, rect.top() + 9, press.left() - rect.left() - 26, 21)
        lower = upper.translated(0, 21)
        said, tone = looking.money(row, self._desk.currency)
        ink = getattr(colors, tone)
        wide = paint.text(painter, upper, said, Type.strong, ink, align=paint.RIGHT, whole=True, ground=ground)
        more = looking.invoiced(row, self._desk.today)
        under = paint.text(painter, lower, more, Type.helper, colors.muted, align=paint.RIGHT, ground=ground)
        room = upper.adjusted(0, 0, -wide - 12, 0)
        shown = paint.text(painter, room, row.meter_no, Type.strong, colors.ink, ground=ground)
        standing = looking.standing(row)
        if standing:
            rest = room.adjusted(shown + 8, 0, 0, 0)
            paint.text(painter, rest, standing, Type.helper_strong, colors.waiting, ground=ground)
        where = place(row.utility, row.location)
        paint.text(painter, lower.adjusted(0, 0, -under - 12, 0), where, Type.helper, colors.muted, ground=ground)

    def _speak_line(self, one: "Happening") -> str:
        what, amount, _ = transaction(one.transaction)
        day = words.day(one.transaction.date, today=self._desk.today)
        return ", ".join(part for part in (day, one.meter_no, what, amount, done_by(one.transaction)) if part)

    def _paint_line(self, painter: QPainter, rect: QRectF, one: "Happening", state: RowState) -> None:
        colors = theme.palette()
        if state.current and state.focused:
            highlight(painter, rect, state)
        hairline(painter, rect)
        room = rect.adjusted(4, 4, -12, -4)
        upper = QRectF(room.left(), room.top(), room.width(), 19)
        lower = QRectF(room.left(), room.top() + 19, room.width(), 17)
        what, amount, tone = transaction(one.transaction)
        ink = getattr(colors, tone)
        wide = paint.text(painter, upper, amount, Type.small_strong, ink, align=paint.RIGHT, whole=True)
        when = words.day(one.transaction.date, today=self._desk.today)
        paint.text(painter, QRectF(room.left(), room.top(), 84, 19), when, Type.helper, colors.muted)
        paint.text(painter, upper.adjusted(90, 0, -wide - 12, 0), what, Type.small, colors.ink)
        whose = " · ".join(part for part in (one.meter_no, done_by(one.transaction)) if part)
        paint.text(painter, lower.adjusted(90, 0, 0, 0), whose, Type.helper, colors.muted)
