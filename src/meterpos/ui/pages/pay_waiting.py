"""Payments that wait, on the pay page: kept while they are typed, put aside with F11, brought back, given up."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QWidget

from meterpos.ui import words
from meterpos.ui.desk import Desk
from meterpos.ui.models.draft import Draft
from meterpos.ui.models.waiting import PARKED_MAX, Waiting

if TYPE_CHECKING:
    from meterpos.ui.pages.pay_customer import CustomerPanel
    from meterpos.ui.pages.pay_form import PaymentPanel
    from meterpos.ui.pages.pay_last import LastStrip


class PutAside(QObject):
    """Lets no payment be lost: the one in the form, the one on its way back into it (`restoring`), those that wait.

    `wanted` carries a Draft whose customer is to be shown; `room_wanted` asks for an empty form.
    """

    wanted = Signal(object)
    room_wanted = Signal()

    def __init__(
        self,
        page: QWidget,
        desk: Desk,
        *,
        payment: "PaymentPanel",
        person: "CustomerPanel",
        last: "LastStrip",
        can_take: Callable[[], bool],
    ) -> None:
        """``can_take`` tells whether a payment can be begun now, and goes where that is put right."""
        super().__init__(page)
        self._desk, self._payment, self._person, self._last = desk, payment, person, last
        self._can_take = can_take
        self.restoring: Draft | None = None
        self.waiting = Waiting(desk, self)
        self.waiting.watch(self._draft)
        self.waiting.changed.connect(lambda: last.show_parked(self.waiting.parked))
        payment.edited.connect(self.waiting.keep_soon)
        desk.payment_waits.connect(self.waiting.receive)
        last.bring_back.connect(self.bring_back)
        last.throw_away.connect(self.waiting.throw_away)
        QShortcut(QKeySequence("F11"), page, self.park_or_bring_back)
        for number in range(PARKED_MAX):
            shortcut = QShortcut(QKeySequence(f"Alt+{number + 1}"), page)
            shortcut.activated.connect(lambda number=number: self._bring_back_number(number))

    def _draft(self) -> Draft | None:
        """Return the payment being typed or being brought back, None while nothing was typed."""
        if self.restoring is not None:
            return self.restoring
        return self.as_draft() if self._payment.is_touched else None

    def as_draft(self) -> Draft:
        """Return the payment in the form, whole."""
        form = self._payment.form()
        standing_on = self._person.cards.current() if form.unknown is None else None
        return Draft(
            tender_id=form.tender_id,
            at=self._desk.till.now().isoformat(),
            customer_no=form.customer_no,
            payer=form.payer,
            meters=tuple(part.view.card.meter_no for part in (form.paying or form.parts) if part.view is not None)
            or ((form.unknown.meter_no,) if form.unknown is not None else ()),
            total_minor=form.total_minor,
            current=standing_on.account_no if standing_on is not None else None,
            ticked=self._person.cards.ticked() if form.unknown is None else frozenset(),
            texts=self._payment.texts(),
            named=self._payment.named(),
            spread_text=self._payment.spread_text(),
            legs=form.legs,
            received_text=form.received_text,
            unknown=form.unknown,
            unknown_text=form.parts[0].amount_text if form.unknown is not None else "",
        )

    # --- F11 -----------------------------------------------------------------------------------------------------

    def park_or_bring_back(self) -> None:
        """F11: put the payment aside; without one bring back the one that waits, or choose among several."""
        if self._payment.is_busy:
            return
        if self._payment.is_touched or (self._payment.is_open and self._payment.form().total_minor):
            self._park()
        elif len(self.waiting.parked) == 1:
            self.bring_back(self.waiting.parked[0])
        elif self.waiting.parked:
            self._last.parked.setFocus()

    def put_aside(self) -> None:
        """Another clerk stands here now: what the one before had begun waits, and the form is empty."""
        if self._payment.is_busy or not (self._payment.is_touched and self._park()):
            self.room_wanted.emit()

    def bring_back(self, draft: Draft) -> None:
        """Go on with a payment that waits; the one being typed waits instead."""
        if self._payment.is_busy or not self._can_take():
            return
        if draft.plan is not None:
            self.waiting.hand_on(draft)
            self._desk.go_to.emit("plans", draft)
            return
        if self._payment.is_touched and not self._park():
            return
        self.room_wanted.emit()
        self.waiting.take_back(draft)
        self.restoring = draft
        self.wanted.emit(draft)

    def _park(self) -> bool:
        if self.waiting.is_full:
            self._payment.warn(words.say("pay.parked.full", n=PARKED_MAX))
            return False
        self.waiting.park(self.as_draft())
        self._payment.close_form()
        self.room_wanted.emit()
        return True

    def _bring_back_number(self, number: int) -> None:
        if number < len(self.waiting.parked):
            self.bring_back(self.waiting.parked[number])

    # --- into the form -------------------------------------------------------------------------------------------

    def fill(self) -> None:
        """Its customer and meters are shown: let the form say what was typed for them."""
        draft, self.restoring = self.restoring, None
        if draft is not None:
            self._payment.restore(draft)
            self._payment.focus_amount()
            self.waiting.keep_soon()

    def cannot_restore(self, draft: Draft, sentence: str) -> None:
        """What it was for is no longer there: it waits on, and the clerk is told."""
        self.restoring = None
        self.waiting.put_back(draft)
        self.room_wanted.emit()
        self._last.tell_parked(sentence)
