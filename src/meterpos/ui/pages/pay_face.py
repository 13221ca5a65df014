"""How the payment form is laid out, and how it shows what it comes to; pay_form.py says what it does."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QScrollArea, QSpacerItem, QStackedLayout, QWidget

from meterpos.ledger.money import format_amount
from meterpos.ui import words
from meterpos.ui.desk import Desk
from meterpos.ui.models import payment
from meterpos.ui.models.asking import MeterView
from meterpos.ui.models.payment import Form, Part
from meterpos.ui.pages.pay_consent import Consent
from meterpos.ui.pages.pay_invoices import InvoicePicker
from meterpos.ui.pages.pay_method import MethodPart
from meterpos.ui.pages.pay_sms import SmsPart
from meterpos.ui.theme import METRICS, Type
from meterpos.ui.widgets.amounts import Preview, Rows, Total
from meterpos.ui.widgets.basic import Elided, EmptyState, Label, Pill, SectionLabel, Surface, horizontal, vertical
from meterpos.ui.widgets.buttons import Button, MainAction
from meterpos.ui.widgets.chiprow import ChipRow
from meterpos.ui.widgets.fields import AmountBox, Field, Problem
from meterpos.ui.widgets.question import Question

EMPTY, FILLED, INVOICES = range(3)
MARGINS, MARGINS_SNUG = (20, 16, 20, 12), (20, 12, 20, 8)
AROUND, AROUND_SNUG = 8, 4


class PaymentFace(Surface):
    """The parts of the payment form, and the meters they show."""

    def __init__(self, desk: Desk) -> None:
        super().__init__("card")
        self._desk = desk
        self._views: tuple[MeterView, ...] = ()
        self._is_unknown = False
        self._paid_invoice: str | None = None
        self._spread = False
        self._busy = False
        self._make_parts()
        self._build()

    def _make_parts(self) -> None:
        self.title = Elided(Type.title)
        self.due = Pill("")
        self.amount_title = SectionLabel("pay.amount")
        self.amount_title.setMinimumHeight(METRICS.touch - 8)
        self.name_invoice = Button("link", step=Type.helper_strong, shortcut="Ctrl+I")
        self.spread = Button("link", step=Type.helper_strong, shortcut="Ctrl+O")
        self.amount = AmountBox()
        self.rows = Rows()
        self.total = Total()
        self.amount_problem = Problem()
        self.chips = ChipRow()
        self.preview = Preview()
        self.unknown_no = Field("pay.unknown.meter_no")
        self.unknown_name = Field("pay.unknown.name")
        self.unknown_phone = Field("pay.phone")
        self.method = MethodPart()
        self.sms = SmsPart()
        self.question = Question()
        self.alarm = Surface("alarm")
        self.alarm_text = Label(Type.small_strong, "danger", wrap=True)
        self.consent = Consent(self._desk)
        self.button = MainAction()
        self.hint = Label(Type.helper, "muted", key="pay.hint")
        self.empty = EmptyState("banknote", "pay.nothing_yet")
        self.invoices = InvoicePicker(self._desk)

    def _build(self) -> None:
        filled = QWidget()
        outer = self._outer = vertical(filled, margins=MARGINS, spacing=0)
        header = horizontal(None, spacing=10)
        header.addWidget(self.title, 1)
        header.addWidget(self.due)
        outer.addLayout(header)
        scroll = QScrollArea()
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setWidgetResizable(True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setWidget(self._scrolled())
        self._scroll = scroll
        outer.addWidget(scroll, 1)
        inside = horizontal(self.alarm, margins=(12, 8, 12, 8))
        inside.addWidget(self.alarm_text, 1)
        self.alarm.hide()
        outer.addWidget(self.alarm)
        outer.addWidget(self.question)
        self._around = (QSpacerItem(0, AROUND), QSpacerItem(0, AROUND))
        outer.addItem(self._around[0])
        outer.addWidget(self.button)
        outer.addItem(self._around[1])
        self.hint.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.hint.setWordWrap(True)
        outer.addWidget(self.hint)
        self._stack = QStackedLayout(self)
        for page in (self.empty, filled, self.invoices):
            self._stack.addWidget(page)

    def _scrolled(self) -> QWidget:
        scrolled = QWidget()
        scrolled.setObjectName("scrolled")
        column = vertical(scrolled, margins=(0, 0, 0, 0), spacing=0)
        top = horizontal(None)
        top.addWidget(self.amount_title, 1)
        top.addWidget(self.name_invoice)
        top.addWidget(self.spread)
        column.addLayout(top)
        column.addWidget(self.amount)
        column.addWidget(self.total)
        column.addSpacing(4)
        column.addWidget(self.rows)
        column.addWidget(self.amount_problem)
        column.addWidget(self.chips)
        column.addSpacing(2)
        column.addWidget(self.preview)
        names = horizontal(None, spacing=12)
        names.addWidget(self.unknown_name, 1, Qt.AlignmentFlag.AlignTop)
        names.addWidget(self.unknown_phone, 1, Qt.AlignmentFlag.AlignTop)
        self._before_method = QSpacerItem(0, 8)
        column.addItem(self._before_method)
        column.addWidget(self.unknown_no)
        column.addLayout(names)
        column.addWidget(self.method)
        column.addWidget(self.sms)
        column.addWidget(self.consent)
        column.addStretch(1)
        return scrolled

    def give_room(self, *, snug: bool, tight: bool) -> None:
        """Stand closer together where the form is low, closest where it is lowest."""
        self._outer.setContentsMargins(*(MARGINS_SNUG if snug else MARGINS))
        for space in self._around:
            space.changeSize(0, AROUND_SNUG if snug else AROUND)
        self._before_method.changeSize(0, 4 if tight else 8)
        self.amount.setFixedHeight(METRICS.amount_low if tight else METRICS.amount)
        self.total.setFixedHeight((METRICS.amount_low if tight else METRICS.amount) - 8)
        self.preview.set_low(low=tight)
        self.method.set_low(low=tight)
        self._outer.invalidate()

    # --- showing -------------------------------------------------------------------------------------------------

    def _show_due(self) -> None:
        single = self._views[0].card if len(self._views) == 1 else None
        if self._paid_invoice is not None:
            self.due.show_fact(words.say("pay.invoice_paid", number=self._paid_invoice), icon="", tone="action")
            self.due.show()
            return
        if single is None or not single.balance_minor:
            self.due.hide()
            return
        money = self._desk.money(single.balance_minor)
        if single.days_overdue > 0:
            late = words.say("pay.days_overdue", n=single.days_overdue)
            self.due.show_fact(f"{money} · {late}", icon="", tone="danger")
        elif single.latest_invoice_due is not None:
            day = words.day(single.latest_invoice_due, today=self._desk.today)
            self.due.show_fact(words.say("pay.due_pill", money=money, day=day), icon="")
        else:
            self.due.show_fact(money, icon="")
        room = self.width() - 50 - self.title.sizeHint().width()
        self.due.setVisible(self.due.sizeHint().width() <= room)

    def _show_preview(self, form: Form) -> None:
        single = len(self._views) == 1
        self.preview.setVisible(single or self._is_unknown or form.waits)
        self.name_invoice.setVisible(single and any(s.charge.kind == "invoice" for s in self._views[0].open))
        if self._is_unknown:
            self.preview.show_note(words.say("pay.unknown.note"))
            return
        if not single and form.waits:
            self.preview.show_note(words.say("pay.counts_later"))
        if single:
            self._show_single(form.parts[0], form.counting_minor[0], waits=form.waits)
            return
        self.rows.set_typed(not self._spread)
        for row, part, counting in zip(self.rows.rows, form.parts, form.counting_minor, strict=False):
            done = payment.effect(part, counting)
            if done is None:
                row.after.setText(words.say("pay.no_amount_yet"))
            elif done.credit_after_minor:
                row.after.setText(words.say("pay.after.credit", amount=format_amount(done.credit_after_minor)))
            else:
                row.after.setText(words.say("pay.after.balance", amount=format_amount(done.balance_after_minor)))

    def _show_single(self, part: Part, counting_minor: int, *, waits: bool) -> None:
        assert part.view is not None
        named = part.invoice_no
        self.name_invoice.say(named if named else words.say("pay.name_invoice"))
        done = payment.effect(part, counting_minor)
        if done is not None and part.amount_minor:
            note = words.say("pay.counts_later") if waits else ""
            self.preview.show_effect(done, part.view.card.meter_no, note=note)
        elif part.view.card.balance_minor:
            self.preview.show_note(words.say("pay.no_amount_yet"))
        else:
            self.preview.show_note(words.say("pay.recorded_as_credit"))

    def _show_button(self, form: Form) -> None:
        whom = " · ".join(part for part in (form.meters, form.payer) if part)
        if self._busy:
            self.button.show_lines(words.say("pay.saving"), whom)
        elif form.total_minor:
            self.button.show_lines(words.say("pay.take", amount=self._desk.money(form.total_minor)), whom)
        else:
            self.button.show_lines(words.say("pay.enter_amount"), whom)
