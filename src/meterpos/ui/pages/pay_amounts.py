"""What is paid, in the payment form: one amount, or one a meter; what nobody typed follows what the meters owe."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal

from meterpos.ledger.money import format_amount
from meterpos.ui import words
from meterpos.ui.desk import Desk
from meterpos.ui.models import owing, payment
from meterpos.ui.models.asking import MeterView
from meterpos.ui.models.legs import read_amount
from meterpos.ui.pages.pay_face import EMPTY, FILLED, INVOICES, PaymentFace
from meterpos.ui.widgets.fields import Line

if TYPE_CHECKING:
    from meterpos.ledger.queries.customers import Customer


class PaymentAmounts(PaymentFace):
    """The amounts of the payment, by account number; `_amounts_changed` after a person changed one."""

    all_wanted = Signal()
    _amounts_changed = Signal()
    _arranged = Signal()

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._customer: Customer | None = None
        self._texts: dict[str, str] = {}
        self._edited: set[str] = set()
        self._named: dict[str, str] = {}
        self.amount.edited.connect(self._edit_amount)
        self.rows.edited.connect(self._edit_rows)
        self.spread.clicked.connect(self._toggle_spread)

    def show_meters(self, customer: "Customer", views: Sequence[MeterView]) -> None:
        """Pay these meters; amounts nobody typed follow what the meters owe."""
        self._customer = customer
        self._views = tuple(views)
        for view in views:
            self._propose(view)
        self._arrange()

    def _propose(self, view: MeterView) -> None:
        """Let an amount that nobody typed follow what the meter owes, or what is open of the invoice that is named."""
        number = view.card.account_no
        is_open = {state.charge.number: state.open_minor for state in view.open}
        if self._named.get(number) not in is_open:
            self._named.pop(number, None)
        if number not in self._edited:
            named = self._named.get(number)
            owed = view.card.balance_minor if named is None else is_open[named]
            self._texts[number] = format_amount(owed) if owed else ""

    def set_amounts(self, texts: dict[str, str]) -> None:
        """Write amounts as a person would have: by account number."""
        self._texts.update(texts)
        self._edited.update(texts)
        self._arrange()

    def _arrange(self) -> None:
        single = len(self._views) <= 1
        if single:
            self._spread = False
        elif self._spread:
            self._share_out()
        self.amount.setVisible(single or self._spread)
        self.rows.setVisible(not single)
        self.total.setVisible(not single and not self._spread)
        self.spread.setVisible(not single)
        self.spread.say(words.say("pay.each_amount" if self._spread else "pay.spread"))
        unknown = self._is_unknown
        for field in (self.unknown_no, self.unknown_name, self.unknown_phone):
            field.setVisible(unknown)
        self.sms.setVisible(not unknown)
        if single and self._views:
            text = self._texts[self._views[0].card.account_no]
            if self.amount.line.text() != text:
                self.amount.line.setText(text)
            self.rows.set_meters((), ())
        elif not single:
            meters = [view.card.meter_no for view in self._views]
            texts = [self._texts[view.card.account_no] for view in self._views]
            if [row.meter.text() for row in self.rows.rows] != meters or self.rows.texts() != texts:
                self.rows.set_meters(meters, texts)
        if not (single and self._stack.currentIndex() == INVOICES):
            self._stack.setCurrentIndex(FILLED if self._views or unknown else EMPTY)
        self._arranged.emit()

    def _toggle_spread(self) -> None:
        """Share one amount out over the meters, the oldest due first; or let each have its own."""
        if len(self._views) < 2:
            return
        self._spread = not self._spread
        if self._spread:
            self.amount.set_amount(sum(read_amount(text) or 0 for text in self.rows.texts()) or None)
        self._arrange()
        self._amounts_changed.emit()
        self.focus_amount()

    def _share_out(self) -> None:
        """Write on each meter what it gets; what cannot be read stands on the first, to be told there."""
        text = self.amount.line.text()
        amount = read_amount(text)
        shares = owing.spread(amount or 0, self._views)
        for number, share in shares.items():
            self._texts[number] = format_amount(share) if share else ""
            self._edited.add(number)
        if amount is None:
            self._texts[self._views[0].card.account_no] = text

    def spread_text(self) -> str | None:
        """Return the one amount that is shared out, None where each meter has its own."""
        return self.amount.line.text() if self._spread else None

    def restore_amounts(self, texts: dict[str, str], spread_text: str | None) -> None:
        """Write the amounts as they were: one for all, or one a meter."""
        self._spread = spread_text is not None
        if spread_text is not None:
            self.amount.line.setText(spread_text)
        self.set_amounts(texts)

    def _edit_amount(self) -> None:
        if self._spread:
            self._arrange()
        elif self._views:
            number = self._views[0].card.account_no
            self._texts[number] = self.amount.line.text()
            self._edited.add(number)
        self._amounts_changed.emit()

    def _edit_rows(self) -> None:
        for view, text in zip(self._views, self.rows.texts(), strict=True):
            if self._texts[view.card.account_no] != text:
                self._texts[view.card.account_no] = text
                self._edited.add(view.card.account_no)
        self._amounts_changed.emit()

    def _set_amount(self, amount_minor: int) -> None:
        self.amount.set_amount(amount_minor)
        self._edit_amount()
        self.amount.line.setFocus()

    def focus_amount(self) -> None:
        """Put the cursor into the amount with everything selected: typing replaces it."""
        line = self._amount_line()
        line.setFocus(Qt.FocusReason.TabFocusReason)
        line.selectAll()

    def _amount_line(self, number: int = 0) -> Line:
        return self.rows.rows[number].line if self.rows.rows and not self._spread else self.amount.line

    def texts(self) -> dict[str, str]:
        """Return the amounts typed, by account number (to be kept)."""
        return {number: self._texts[number] for number in self._edited if number in self._texts}

    def named(self) -> dict[str, str]:
        """Return the invoices named, by account number."""
        return dict(self._named)

    def _show_chips(self) -> None:
        chips = []
        if len(self._views) == 1:
            view = self._views[0]
            owed, latest = view.card.balance_minor, owing.latest_invoice_open(view)
            if latest and latest != owed:
                chips.append((words.say("pay.chip.latest", amount=payment.short(latest)), latest))
            if owed:
                chips.append((words.say("pay.chip.meter", amount=payment.short(owed)), owed))
        shown = [(text, lambda amount=amount: self._set_amount(amount)) for text, amount in chips]
        customer = self._customer
        if customer is not None and len(customer.meters) > 1:
            debts = [card.balance_minor for card in customer.meters if card.balance_minor and not card.closed]
            if len(debts) > 1 and len(self._views) != len(debts):
                text = words.say("pay.chip.all", amount=payment.short(sum(debts)))
                shown.append((text, self.all_wanted.emit))
        self.chips.setVisible(bool(shown))
        self.chips.set_chips(shown)
