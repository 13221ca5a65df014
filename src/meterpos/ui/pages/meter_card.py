"""One meter at a glance, and the button that takes money for it."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF, Signal
from PySide6.QtGui import QKeySequence, QPainter, QShortcut
from PySide6.QtWidgets import QStackedWidget

from meterpos.ledger.money import format_amount
from meterpos.ui import theme, words
from meterpos.ui.desk import Desk
from meterpos.ui.models.reporting import Whose
from meterpos.ui.models.telling import phone, place
from meterpos.ui.theme import Type
from meterpos.ui.widgets import paint
from meterpos.ui.widgets.basic import Elided, EmptyState, Label, Pill, SectionLabel, Surface, horizontal, vertical
from meterpos.ui.widgets.buttons import Button
from meterpos.ui.widgets.factgrid import FactGrid
from meterpos.ui.widgets.rows import RowList, RowState
from meterpos.ui.widgets.why import WhyNot

if TYPE_CHECKING:
    from meterpos.ledger.queries.accounts import OpenInvoice
    from meterpos.ledger.queries.dossier import MeterDossier

KEYS = ("meters.balance", "meters.credit", "meters.billed", "meters.paid", "meters.invoiced", "meters.payment")
INVOICE_ROW = 40
TONES = {"Outstanding": "muted", "Credit": "action", "Clear": "muted"}


class MeterCardPanel(QStackedWidget):
    """The right side of the meters page."""

    record = Signal(str, str)  # customer number, account number

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        self._dossier: MeterDossier | None = None
        self.number = Elided(Type.name)
        self.status = Pill("")
        self.who = Elided(Type.text_strong)
        self.reach = Elided(Type.helper, "muted")
        self.where = Elided(Type.helper, "muted")
        self.facts = FactGrid(KEYS, columns=2)
        self.pending = Label(Type.helper_strong, "waiting", wrap=True)
        self.open: RowList[OpenInvoice] = RowList(
            row_height=INVOICE_ROW, painter=self._paint, spoken=self._speak, active=False
        )
        words.bind(self.open.setAccessibleName, "meters.open")
        self.nothing_open = Label(Type.small, "muted", key="meters.nothing_open")
        self.button = Button("primary", key="looking.record", shown="Ctrl+Enter")
        self.why = WhyNot()
        for key in ("Ctrl+Return", "Ctrl+Enter"):
            QShortcut(QKeySequence(key), self, self.button.click)
        self.statement = Button(key="looking.statement", shortcut="Ctrl+T")
        self.button.clicked.connect(self._record)
        self.statement.clicked.connect(self._ask_statement)
        self._build()
        words.notifier().changed.connect(self._tell)

    def _build(self) -> None:
        none = Surface("card")
        vertical(none).addWidget(EmptyState("gauge", "meters.choose"))
        self.addWidget(none)
        card = Surface("card")
        column = vertical(card, margins=(20, 18, 20, 18), spacing=4)
        top = horizontal(None)
        top.addWidget(self.number, 1)
        top.addWidget(self.status)
        column.addLayout(top)
        column.addWidget(self.who)
        column.addWidget(self.reach)
        column.addWidget(self.where)
        column.addSpacing(12)
        column.addWidget(self.facts)
        column.addWidget(self.pending)
        column.addSpacing(12)
        column.addWidget(SectionLabel("meters.open"))
        column.addWidget(self.nothing_open)
        column.addWidget(self.open, 1)
        column.addStretch(0)
        column.addSpacing(8)
        column.addWidget(self.statement)
        column.addSpacing(4)
        column.addWidget(self.button)
        column.addWidget(self.why)
        self.addWidget(card)

    def show_nothing(self) -> None:
        """Ask to choose a meter."""
        self._dossier = None
        self.setCurrentIndex(0)

    def shown_number(self) -> str | None:
        """Return the account shown."""
        return self._dossier.summary.account.account_no if self._dossier is not None else None

    def stand(self) -> None:
        """The till's standing was read anew."""
        self._tell()

    def show_one(self, dossier: "MeterDossier") -> None:
        """Show a meter."""
        self._dossier = dossier
        self._tell()
        self.setCurrentIndex(1)

    def enter(self) -> None:
        """Put the keyboard on what takes money."""
        self.button.setFocus()

    def _tell(self) -> None:
        dossier = self._dossier
        if dossier is None:
            return
        account = dossier.summary.account
        self.number.setText(account.meter_no or account.account_no)
        self.button.setEnabled(account.closed_on is None or bool(account.net_minor))
        self.button.setVisible(self._desk.may("take_money"))
        self.why.tell(self._desk.why_not("take_money"))
        late = any(one.days_overdue for one in dossier.open)
        standing = words.say(f"meters.status.{account.status}")
        self.status.show_fact(
            f"{standing} · {words.say('money.overdue')}" if late else standing,
            icon="",
            tone="danger" if late else TONES[account.status],
        )
        self.who.setText(account.customer_name or words.say("meters.nobody"))
        self.reach.setText(" · ".join(part for part in (account.customer_no, phone(dossier.phone)) if part))
        where = [place(account.utility or "", account.location or "")]
        if account.closed_on is not None:
            where.append(words.say("meter.closed"))
        elif account.meter_status:
            where.append(words.say(f"meter.{account.meter_status}"))
        if dossier.serial_no:
            where.append(words.say("meters.serial", number=dossier.serial_no))
        self.where.setText(" · ".join(where))
        self._tell_facts(dossier, late=late)
        self.open.set_rows(dossier.open)
        self.open.setVisible(bool(dossier.open))
        self.nothing_open.setVisible(not dossier.open)

    def _tell_facts(self, dossier: "MeterDossier", *, late: bool) -> None:
        account, today = dossier.summary.account, self._desk.today
        tone = "danger" if late else "ink" if account.balance_minor else "muted"
        self.facts.tell("meters.balance", self._desk.money(account.balance_minor), tone)
        self.facts.tell(
            "meters.credit",
            self._desk.money(account.overpayment_minor),
            "action" if account.overpayment_minor else "muted",
        )
        self.facts.tell("meters.billed", self._desk.money(account.total_billed_minor))
        self.facts.tell("meters.paid", self._desk.money(account.total_paid_minor))
        none = words.say("meters.none_yet")
        last = account.last_invoice_date
        self.facts.tell("meters.invoiced", words.day(last, today=today) if last else none)
        paid = dossier.summary.last_payment_date
        amount = format_amount(dossier.summary.last_payment_minor)
        self.facts.tell("meters.payment", f"{words.day(paid, today=today)} · {amount}" if paid else none)
        waits = dossier.summary.pending_count
        self.pending.setVisible(bool(waits))
        if waits:
            self.pending.setText(words.say("meters.pending", amount=self._desk.money(dossier.summary.pending_minor)))

    def _record(self) -> None:
        if self._dossier is not None and self.isVisible() and self._desk.may("take_money"):
            account = self._dossier.summary.account
            self.record.emit(account.customer_no or "", account.account_no)

    def _ask_statement(self) -> None:
        if self._dossier is not None and self.isVisible():
            account = self._dossier.summary.account
            name = " · ".join(part for part in (account.meter_no or account.account_no, account.customer_name) if part)
            whose = Whose(name=name, customer_no=account.customer_no, account_no=account.account_no)
            self._desk.go_to.emit("reports", whose)

    def _speak(self, one: "OpenInvoice") -> str:
        return f"{one.number}, {format_amount(one.open_minor)}, {self._late(one)}"

    def _late(self, one: "OpenInvoice") -> str:
        if one.days_overdue > 0:
            return words.say("pay.days_overdue", n=one.days_overdue)
        return words.say("meters.due", day=words.day(one.due_date, today=self._desk.today))

    def _paint(self, painter: QPainter, rect: QRectF, one: "OpenInvoice", _state: RowState) -> None:
        colors = theme.palette()
        room = rect.adjusted(0, 3, -12, -3)
        upper = QRectF(room.left(), room.top(), room.width(), 18)
        lower = QRectF(room.left(), room.top() + 17, room.width(), 16)
        ink = colors.danger if one.days_overdue > 0 else colors.ink
        amount = format_amount(one.open_minor)
        wide = paint.text(painter, upper, amount, Type.small_strong, ink, align=paint.RIGHT, whole=True)
        name = one.number or words.say(f"kind.{one.kind}")
        paint.text(painter, upper.adjusted(0, 0, -wide - 12, 0), name, Type.small, colors.ink)
        paint.text(
            painter, lower, self._late(one), Type.helper, colors.danger if one.days_overdue > 0 else colors.muted
        )
