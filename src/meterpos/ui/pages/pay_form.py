"""The right column of the pay page: amount, what it will do, method, and the one green button."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QKeySequence, QShortcut

from meterpos.errors import UserError
from meterpos.ledger.money import format_amount
from meterpos.ui import messages, words
from meterpos.ui.desk import Desk
from meterpos.ui.models import payment
from meterpos.ui.models.asking import MeterView
from meterpos.ui.models.legs import Used
from meterpos.ui.models.payment import Form, Part, Unknown
from meterpos.ui.pages.pay_amounts import PaymentAmounts
from meterpos.ui.pages.pay_face import EMPTY, FILLED, INVOICES

if TYPE_CHECKING:
    from meterpos.ledger.journal import Approval
    from meterpos.ledger.queries.customers import Customer
    from meterpos.ui.models.draft import Draft

LOOK_UP_MS = 250
FIELDS = ("amount", "meter_no", "name", "leg", "reference", "tendered", "split")


class PaymentPanel(PaymentAmounts):
    """The payment being made. `take` carries a Form without problems; everything else stays in here."""

    take = Signal(object)
    phone_corrected = Signal(str)
    edited = Signal()

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._tender_id = ""
        self._sure: tuple[str, int] | None = None
        self.approve: Callable[[], Approval] | None = None
        self._used: Used = {}
        self._look_up = QTimer(self, singleShot=True, interval=LOOK_UP_MS)
        self._look_up.timeout.connect(self._look_references_up)
        self._connect()

    def _connect(self) -> None:
        self.amount.entered.connect(self._leave_amount)
        self._amounts_changed.connect(self._show_anew)
        self._arranged.connect(self.show_form)
        self.rows.finished.connect(self._leave_amount)
        self.method.changed.connect(self.show_form)
        for field in (self.unknown_no, self.unknown_name, self.unknown_phone):
            field.edited.connect(self.show_form)
            field.edited.connect(self.edited)
        for changed in (self._amounts_changed, self.method.changed):
            changed.connect(self.edited)
        self.method.changed.connect(self._look_up.start)
        self.method.finished.connect(self._leave_method)
        self.unknown_no.entered.connect(lambda: self._focus("name"))
        self.unknown_name.entered.connect(self.method.walk_in)
        self.unknown_phone.entered.connect(self.method.walk_in)
        self.sms.corrected.connect(self.phone_corrected)
        self.button.clicked.connect(self.press)
        self.name_invoice.clicked.connect(self._offer_invoices)
        self.invoices.chosen.connect(self._choose_invoice)
        self.invoices.left.connect(self.leave_invoices)
        self.consent.entered.connect(self.press)
        self.edited.connect(self.consent.hide)  # it was asked for what stood here before
        self.question.yes.connect(self._be_sure)
        self.question.no.connect(self._be_careful)
        words.notifier().changed.connect(self.show_form)
        QShortcut(QKeySequence("F12"), self, self.press)

    # --- what is being paid --------------------------------------------------------------------------------------

    def close_form(self) -> None:
        """Show nothing to pay."""
        self._customer, self._views, self._is_unknown = None, (), False
        self._stack.setCurrentIndex(EMPTY)

    def open_for(self, customer: "Customer") -> None:
        """Begin a payment of this customer: a new tender id, nothing typed."""
        self._begin()
        self._customer, self._is_unknown = customer, False
        self.sms.open_for(customer.phone, wished=bool(customer.phone))

    def open_unknown(self, searched: str) -> None:
        """Begin a payment for a meter this till does not know; what was searched is its number, or the payer's name."""
        self._begin()
        is_number = any(letter.isdigit() for letter in searched)
        self._customer, self._is_unknown = None, True
        self.unknown_no.set_text(searched if is_number else "")
        self.unknown_name.set_text("" if is_number else searched)
        self.unknown_phone.set_text("")
        self.amount.set_amount(None)
        self.sms.open_for("", wished=False)
        self._arrange()

    def _begin(self) -> None:
        from meterpos.till import new_tender_id

        self._tender_id, self._views = new_tender_id(), ()
        self._texts, self._edited, self._named, self._sure, self._used = {}, set(), {}, None, {}
        self._paid_invoice, self._spread = None, False
        self.set_busy(busy=False)
        self.method.clear()
        self.tell({})

    # --- typing --------------------------------------------------------------------------------------------------

    def _show_anew(self) -> None:
        self.tell({})
        self.show_form()

    def _leave_amount(self) -> None:
        found = {name: text for name, text in payment.problems(self.form()).items() if name.startswith("amount")}
        self.tell(found)
        if found:
            return
        if self._is_unknown and not (self.unknown_no.text() and self.unknown_name.text()):
            self._focus("name" if self.unknown_no.text() else "meter_no")
        else:
            self.method.walk_in()

    def _leave_method(self) -> None:
        found = payment.problems(self.form())
        self.tell(found)
        if found:
            self._focus(payment.first_field(found, FIELDS))
        else:
            self.button.setFocus(Qt.FocusReason.TabFocusReason)

    def _focus(self, field: str | None) -> None:
        if field is not None and field.split(":")[0] in ("leg", "reference", "tendered", "split"):
            self.method.focus_on(field)
        elif field in ("name", "meter_no"):
            (self.unknown_name if field == "name" else self.unknown_no).line.setFocus()
        elif field is not None:
            number = int(field.split(":")[1]) if ":" in field else 0
            line = self._amount_line(number)
            line.setFocus()
            line.selectAll()

    def _look_references_up(self) -> None:
        """Find out whether a reference was used before, while the customer still stands here."""
        from meterpos.ui.models import asking

        typed = payment.references(self.method.legs())
        if typed and self.is_open:
            self._desk.tasks.read(lambda conn: asking.used(conn, typed), self._have_looked_up, topic="reference")

    def _have_looked_up(self, used: Used) -> None:
        self._used = used
        self.show_form()

    # --- the form ------------------------------------------------------------------------------------------------

    def form(self) -> Form:
        """Return everything entered so far."""
        unknown = None
        parts = tuple(
            Part(view, self._texts[view.card.account_no], self._named.get(view.card.account_no)) for view in self._views
        )
        if self._is_unknown:
            unknown = Unknown(self.unknown_no.text(), self.unknown_name.text(), self.unknown_phone.text())
            parts = (Part(None, self.amount.line.text()),)
        standing = self._desk.standing
        return Form(
            tender_id=self._tender_id,
            customer_no=self._customer.customer_no if self._customer is not None else None,
            payer=self._customer.name if self._customer is not None else self.unknown_name.text(),
            parts=parts,
            legs=self.method.legs(),
            received_text=self.method.received_text(),
            sms_to=self.sms.sms_to() if self._customer is not None else None,
            unknown=unknown,
            used=self._used,
            policy=dict(standing.settings.policy) if standing is not None else {},
        )

    @property
    def is_busy(self) -> bool:
        """Whether a payment is being saved."""
        return self._busy

    @property
    def is_open(self) -> bool:
        """Whether there is something to pay."""
        return bool(self._views) or self._is_unknown

    @property
    def is_touched(self) -> bool:
        """Whether a person typed anything of this payment."""
        if not self.is_open:
            return False
        unknown = (self.unknown_name.text(), self.unknown_phone.text(), self.amount.line.text())
        is_known = not self._is_unknown
        return any(self.texts().values()) or self.method.is_touched or (not is_known and any(unknown))

    def restore(self, draft: "Draft") -> None:
        """Bring a payment that waited back as it was, its tender id included."""
        self._tender_id = draft.tender_id
        self._named = dict(draft.named)
        self.method.show_legs(draft.legs, draft.received_text)
        if draft.unknown is not None:
            self.unknown_no.set_text(draft.unknown.meter_no)
            self.unknown_name.set_text(draft.unknown.name)
            self.unknown_phone.set_text(draft.unknown.phone)
            self.amount.line.setText(draft.unknown_text)
        for view in self._views:
            self._propose(view)
        self.restore_amounts(draft.texts, draft.spread_text)

    def warn(self, sentence: str) -> None:
        """Say above the button what belongs beside no field."""
        self.tell({})
        self.alarm_text.setText(sentence)
        self.alarm.show()

    def press(self) -> None:
        """Take the payment, or say what keeps it from being taken. Twice in a row takes it once."""
        if self._busy or self._stack.currentIndex() != FILLED or not self.isVisible():
            return
        form = self.form()
        stopped = self.consent.isVisible()
        found = payment.problems(form)
        self.tell(found)
        if found:
            self._focus(payment.first_field(found, FIELDS))
            return
        if self._ask_when_unusual(form):
            return
        self.consent.setVisible(stopped)
        self.approve = self.consent.given() if stopped else None
        if stopped and self.approve is None:
            return
        self.set_busy(busy=True)
        self.take.emit(form)

    def _ask_when_unusual(self, form: Form) -> bool:
        standing = self._desk.standing
        factor = standing.settings.unusual_factor if standing is not None else 5
        odd = payment.unusual(form, factor)
        if odd is None or self._sure == (form.tender_id, form.total_minor):
            return False
        part, usual = odd
        assert part.view is not None and part.amount_minor is not None
        sentence = words.say(
            "pay.unusual",
            amount=self._desk.money(part.amount_minor),
            times=part.amount_minor // usual,
            usual=format_amount(usual),
            meter=part.view.card.meter_no,
        )
        self.button.hide()
        self.hint.hide()
        self.question.ask(sentence, yes="pay.unusual.yes", no="pay.unusual.no")
        return True

    def _be_careful(self) -> None:
        self.tell({})
        self.focus_amount()

    def _be_sure(self) -> None:
        form = self.form()
        self._sure = (form.tender_id, form.total_minor)
        self.press()

    def set_busy(self, *, busy: bool) -> None:
        """Show that the payment is being saved; a press now does nothing."""
        self._busy = busy
        self.button.setEnabled(not busy)
        if self._stack.currentIndex() != EMPTY:
            self.show_form()

    def refuse(self, error: UserError) -> None:
        """Show why nothing was taken, beside the field concerned."""
        self.set_busy(busy=False)
        if self.consent.refuse(error):
            return
        field = error.field or ""
        if field == "reference":
            field = self.method.field_of(messages.sentence(error))
        if field.split(":")[0] in ("amount", "reference", "tendered"):
            self.tell({field: messages.sentence(error)})
            self.consent.ask(error, self.form())
            self._focus(field)
            return
        if self.consent.ask(error, self.form()):
            self.consent.walk_in()
            QTimer.singleShot(0, lambda: self._scroll.ensureWidgetVisible(self.consent, 0, 8))
        else:
            self.warn(messages.sentence(error))
            self.button.setFocus()

    def tell(self, found: dict[str, str]) -> None:
        """Show what is wrong beside each field; {} clears everything."""
        self.alarm.hide()
        self.consent.hide()
        self.question.hide()
        self.button.show()
        self.hint.show()
        self.amount_problem.tell(found.get("amount", ""))
        self.amount.set_wrong("amount" in found)
        for number, row in enumerate(self.rows.rows):
            row.tell(found.get(f"amount:{number}", ""))
        self.unknown_no.tell(found.get("meter_no", ""))
        self.unknown_name.tell(found.get("name", ""))
        self.method.tell(found)
        self._reveal(found)

    def _reveal(self, found: dict[str, str]) -> None:
        parts = {"amount": self.amount_problem, "reference": self.method.reference, "tendered": self.method.received}
        wanted = parts.get(payment.first_field(found, FIELDS) or "")
        if wanted is not None:
            QTimer.singleShot(0, lambda: self._scroll.ensureWidgetVisible(wanted, 0, 8))

    # --- invoices ------------------------------------------------------------------------------------------------

    @property
    def is_choosing(self) -> bool:
        """Whether an invoice is being chosen."""
        return self._stack.currentIndex() == INVOICES

    def _offer_invoices(self) -> None:
        if len(self._views) != 1:
            return
        self._stack.setCurrentIndex(INVOICES)
        self.invoices.offer(self._views[0], self._named.get(self._views[0].card.account_no))

    def leave_invoices(self) -> None:
        """Go back to the payment; the invoice stays as it was."""
        self._stack.setCurrentIndex(FILLED)
        self.focus_amount()

    def _choose_invoice(self, invoice_no: str | None) -> None:
        self._stack.setCurrentIndex(FILLED)
        self.name_one(self._views[0], invoice_no)

    def name_one(self, view: MeterView, invoice_no: str | None) -> None:
        """Let the payment go to this invoice first; None lets it go to the oldest."""
        number = view.card.account_no
        self._named.pop(number, None)
        if invoice_no is not None:
            self._named[number] = invoice_no
        self._propose(view)
        self._arrange()
        self.focus_amount()

    def name_scanned(self, invoice_no: str) -> None:
        """Name the invoice whose barcode was read; one that is paid already is said to be."""
        view = self._views[0] if len(self._views) == 1 else None
        if view is not None and any(state.charge.number == invoice_no for state in view.open):
            self.name_one(view, invoice_no)
            return
        self._paid_invoice = invoice_no
        self.show_form()

    # --- showing -------------------------------------------------------------------------------------------------

    def show_form(self) -> None:
        """Show what the form comes to now."""
        if not self._views and not self._is_unknown:
            return
        form = self.form()
        self.amount.currency.setText(self._desk.currency)
        self.total.currency.setText(self._desk.currency)
        self.total.amount.setText(format_amount(form.total_minor))
        known = words.say("pay.payment_for", meter=form.meters)
        self.title.setText(words.say("pay.unknown.title") if self._is_unknown else known)
        self._show_due()
        self._show_chips()
        self._show_preview(form)
        self.method.show_form(form)
        self._show_button(form)
