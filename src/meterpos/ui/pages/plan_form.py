"""Adding a payment to an instalment plan: amount, method, reference, payment date, notes, and the one green button."""

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QWidget

from meterpos.errors import UserError
from meterpos.ledger.money import format_amount
from meterpos.ui import messages, words
from meterpos.ui.desk import Desk
from meterpos.ui.models import instalments, payment
from meterpos.ui.models.draft import Draft
from meterpos.ui.models.instalments import Paying
from meterpos.ui.pages.pay_consent import Consent
from meterpos.ui.pages.pay_method import MethodPart
from meterpos.ui.theme import Type
from meterpos.ui.widgets.basic import Elided, Label, SectionLabel, Surface, horizontal, vertical
from meterpos.ui.widgets.buttons import Button, MainAction
from meterpos.ui.widgets.chiprow import ChipRow
from meterpos.ui.widgets.fields import AmountBox, Field, Problem
from meterpos.ui.widgets.scrolled import Yielding

if TYPE_CHECKING:
    from collections.abc import Callable

    from meterpos.ledger.journal import Approval
    from meterpos.ledger.queries.plans import PlanView


class PlanPaymentPanel(Surface):
    """One payment on one plan; its tender id is made when the panel opens, so a double press pays once."""

    take = Signal(object)  # Paying
    edited = Signal()
    cancelled = Signal()

    def __init__(self, desk: Desk) -> None:
        super().__init__("card")
        self._desk = desk
        self._plan: PlanView | None = None
        self._tender_id = ""
        self._busy = False
        self.title = Elided(Type.title)
        self.cancel = Button("link", key="reverse.cancel", step=Type.small_strong)
        self.amount = AmountBox()
        self.amount_problem = Problem()
        self.chips = ChipRow(lines=1)
        self.after = Label(Type.small, "muted", wrap=True)
        self.method = MethodPart()
        self.date = Field("plans.date", step=Type.text)
        self.notes = Field("plans.notes", step=Type.text)
        self.alarm = Surface("alarm")
        self.alarm_text = Label(Type.small_strong, "danger", wrap=True)
        self.consent = Consent(desk)
        self.approve: Callable[[], Approval] | None = None
        self.button = MainAction()
        self.hint = Label(Type.helper, "muted", key="plans.hint", wrap=True)
        self._build()
        self._connect()

    def _build(self) -> None:
        outer = vertical(self, margins=(20, 10, 20, 12), spacing=0)
        top = horizontal(None)
        top.addWidget(self.title, 1)
        top.addWidget(self.cancel)
        outer.addLayout(top)
        scroll = self._scroll = Yielding(self._scrolled())
        outer.addWidget(scroll, 1)
        inside = horizontal(self.alarm, margins=(12, 8, 12, 8))
        inside.addWidget(self.alarm_text, 1)
        self.alarm.hide()
        outer.addWidget(self.alarm)
        outer.addSpacing(8)
        outer.addWidget(self.button)
        outer.addSpacing(8)
        self.hint.setAlignment(Qt.AlignmentFlag.AlignCenter)
        outer.addWidget(self.hint)

    def _scrolled(self) -> QWidget:
        scrolled = QWidget()
        scrolled.setObjectName("scrolled")
        column = vertical(scrolled, spacing=0)
        column.addWidget(SectionLabel("pay.amount"))
        column.addSpacing(6)
        column.addWidget(self.amount)
        column.addSpacing(4)
        column.addWidget(self.amount_problem)
        column.addWidget(self.chips)
        column.addWidget(self.after)
        column.addSpacing(10)
        column.addWidget(self.method)
        column.addSpacing(8)
        column.addWidget(self.date)
        column.addSpacing(8)
        column.addWidget(self.notes)
        column.addSpacing(8)
        column.addWidget(self.consent)
        column.addStretch(1)
        return scrolled

    def _connect(self) -> None:
        for part in (self.amount, self.date, self.notes):
            part.edited.connect(self.edited)
        self.method.changed.connect(self.edited)
        self.amount.edited.connect(self._edited)
        self.amount.entered.connect(self._leave_amount)
        self.method.changed.connect(self.show_form)
        self.method.finished.connect(self._leave_method)
        self.date.edited.connect(self.show_form)
        self.date.entered.connect(lambda: self._focus("notes"))
        self.notes.entered.connect(self._leave_notes)
        self.consent.entered.connect(self.press)
        self.button.clicked.connect(self.press)
        self.cancel.clicked.connect(self.cancelled)
        words.notifier().changed.connect(self.show_form)
        QShortcut(QKeySequence("F12"), self, self.press)

    def open_for(self, plan: "PlanView") -> None:
        """Begin a payment on this plan: a new tender id, nothing typed but today."""
        from meterpos.till import new_tender_id

        self._plan, self._tender_id = plan, new_tender_id()
        self.amount.set_amount(None)
        self.method.clear()
        self.date.set_text(instalments.write_day(self._desk.today))
        self.notes.set_text("")
        self.set_busy(busy=False)
        self.tell({})
        self.amount.line.setFocus()

    def close_form(self) -> None:
        """Nothing is being paid any more."""
        self._plan = None

    @property
    def is_touched(self) -> bool:
        """Whether a person typed anything of this payment."""
        if self._plan is None:
            return False
        today = instalments.write_day(self._desk.today)
        typed = (self.amount.line.text(), self.notes.text(), self.date.text() != today)
        return any(typed) or self.method.is_touched

    def as_draft(self) -> Draft:
        """Return the payment in the form, whole."""
        paying = self.paying()
        account = paying.plan.account
        return Draft(
            tender_id=self._tender_id,
            at=self._desk.till.now().isoformat(),
            customer_no=account.customer_no,
            payer=paying.form.payer,
            meters=(paying.plan.number,),
            total_minor=paying.form.total_minor,
            texts={account.account_no: self.amount.line.text()},
            legs=paying.form.legs,
            received_text=paying.form.received_text,
            plan=account.account_no,
            date_text=paying.date_text,
            notes=paying.notes,
        )

    def restore(self, draft: Draft) -> None:
        """Bring a payment that waited back as it was, its tender id included; its plan was opened for it."""
        self._tender_id = draft.tender_id
        self.amount.line.setText(draft.texts.get(draft.plan or "", ""))
        self.method.show_legs(draft.legs, draft.received_text)
        self.date.set_text(draft.date_text)
        self.notes.set_text(draft.notes)
        self.show_form()
        self.amount.line.setFocus()

    def show_plan(self, plan: "PlanView") -> None:
        """Stand on what the plan is now; what was typed stays."""
        is_it = self._plan is not None and self._plan.account.account_no == plan.account.account_no
        if is_it and not self._busy:
            self._plan = plan
            self.show_form()

    @property
    def is_busy(self) -> bool:
        """Whether a payment is being saved."""
        return self._busy

    def paying(self) -> Paying:
        """Return everything typed so far."""
        assert self._plan is not None, "no plan is being paid"
        standing = self._desk.standing
        form = instalments.money_form(
            self._tender_id,
            self._plan,
            amount=self.amount.line.text(),
            legs=self.method.legs(),
            received=self.method.received_text(),
            policy=dict(standing.settings.policy) if standing is not None else {},
        )
        return Paying(
            plan=self._plan,
            form=form,
            date_text=self.date.text(),
            notes=self.notes.text(),
            today=self._desk.today,
        )

    # --- walking -------------------------------------------------------------------------------------------------

    def _edited(self) -> None:
        self.tell({})
        self.show_form()

    def _set_amount(self, amount_minor: int) -> None:
        self.amount.set_amount(amount_minor)
        self._edited()
        self.amount.line.setFocus()

    def _leave_amount(self) -> None:
        found = {name: text for name, text in instalments.problems(self.paying()).items() if name == "amount"}
        self.tell(found)
        if not found:
            self.method.walk_in()

    def _leave_method(self) -> None:
        self._walk(("amount", "leg", "reference", "tendered", "split"), lambda: self._focus("date"))

    def _leave_notes(self) -> None:
        self._walk(instalments.FIELDS, lambda: self.button.setFocus(Qt.FocusReason.TabFocusReason))

    def _walk(self, names: tuple[str, ...], on: object) -> None:
        found = {
            name: text for name, text in instalments.problems(self.paying()).items() if name.split(":")[0] in names
        }
        self.tell(found)
        if found:
            self._focus(payment.first_field(found, instalments.FIELDS))
        else:
            on()  # type: ignore[operator]

    def _focus(self, field: str | None) -> None:
        if field is not None and field.split(":")[0] in ("leg", "reference", "tendered", "split"):
            self.method.focus_on(field)
            return
        line = {"amount": self.amount.line, "date": self.date.line, "notes": self.notes.line}.get(field or "")
        if line is not None:
            line.setFocus()
            line.selectAll()

    def press(self) -> None:
        """Take the payment, or say what keeps it from being taken. Twice in a row takes it once."""
        if self._busy or self._plan is None or not self.isVisible():
            return
        paying, stopped = self.paying(), self.consent.isVisible()
        found = instalments.problems(paying)
        self.tell(found)
        if found:
            self._focus(payment.first_field(found, instalments.FIELDS))
            return
        self.consent.setVisible(stopped)
        self.approve = self.consent.given() if stopped else None
        if stopped and self.approve is None:
            return
        self.set_busy(busy=True)
        self.take.emit(paying)

    def set_busy(self, *, busy: bool) -> None:
        """Show that the payment is being saved; a press now does nothing."""
        self._busy = busy
        self.button.setEnabled(not busy)
        self.show_form()

    def refuse(self, error: UserError) -> None:
        """Show why nothing was taken, beside the field concerned."""
        self.set_busy(busy=False)
        if self.consent.refuse(error):
            return
        field, sentence = error.field or "", messages.sentence(error)
        if field == "reference":
            field = self.method.field_of(sentence)
        if field.split(":")[0] in instalments.FIELDS:
            self.tell({field: sentence})
            self.consent.ask(error, self.paying().form)
            self._focus(field)
            return
        self.tell({})
        if self.consent.ask(error, self.paying().form):
            self.consent.walk_in()
            return
        self.alarm_text.setText(sentence)
        self.alarm.show()
        self.button.setFocus()

    # --- showing -------------------------------------------------------------------------------------------------

    def tell(self, found: dict[str, str]) -> None:
        """Show what is wrong beside each field; {} clears everything."""
        self.alarm.hide()
        self.consent.hide()
        self.amount_problem.tell(found.get("amount", ""))
        self.amount.set_wrong("amount" in found)
        self.method.tell(found)
        self.date.tell(found.get("date", ""))
        self.notes.tell(found.get("notes", ""))
        parts = {"amount": self.amount, "date": self.date, "notes": self.notes}
        wanted = parts.get(payment.first_field(found, instalments.FIELDS) or "", self.method if found else None)
        if wanted is not None:
            QTimer.singleShot(0, lambda: self._scroll.ensureWidgetVisible(wanted, 0, 8))

    def show_form(self) -> None:
        """Show what the form comes to now."""
        if self._plan is None:
            return
        paying = self.paying()
        number, most, total = self._plan.number, self._plan.payable_minor, paying.form.total_minor
        self.amount.currency.setText(self._desk.currency)
        self.title.setText(words.say("pay.payment_for", meter=number))
        all_of_it = words.say("plans.chip.all", amount=payment.short(most))
        self.chips.set_chips([(all_of_it, lambda: self._set_amount(most))] if most else [])
        if total and total <= most:
            after = words.say("plans.after", amount=format_amount(most - total)) if most > total else ""
            self.after.setText(after or words.say("plans.after.completed"))
            self.after.set_tone("muted" if after else "action")
        else:
            self.after.setText(words.say("plans.most", amount=format_amount(most)))
            self.after.set_tone("muted")
        self.method.show_form(paying.form)
        whom = " · ".join(part for part in (number, paying.form.payer) if part)
        if self._busy:
            self.button.show_lines(words.say("pay.saving"), whom)
        elif total:
            self.button.show_lines(words.say("pay.take", amount=self._desk.money(total)), whom)
        else:
            self.button.show_lines(words.say("pay.enter_amount"), whom)
