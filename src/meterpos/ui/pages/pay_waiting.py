"""Payments that wait, on the pay page: kept while they are typed, put aside with F11, brought back, given up."""

from PySide6.QtCore import Signal
from PySide6.QtGui import QKeySequence, QShortcut

from meterpos.ui import words
from meterpos.ui.desk import Desk
from meterpos.ui.models.draft import Draft
from meterpos.ui.models.waiting import PARKED_MAX, Waiting
from meterpos.ui.pages.pay_shape import PayShape


class PayWaiting(PayShape):
    """The part of the page that lets no payment be lost; `_wanted` carries a Draft whose customer is to be shown."""

    _wanted = Signal(object)

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self.waiting = Waiting(desk, self)
        self.waiting.watch(self._draft)
        self._restoring: Draft | None = None

    def _connect_waiting(self) -> None:
        self.payment.edited.connect(self.waiting.keep_soon)
        self.waiting.changed.connect(lambda: self.last.show_parked(self.waiting.parked))
        self.last.bring_back.connect(self.bring_back)
        self.last.throw_away.connect(self.waiting.throw_away)
        self.last.leave.connect(self.search.line.setFocus)
        QShortcut(QKeySequence("F11"), self, self.park_or_bring_back)
        for number in range(PARKED_MAX):
            shortcut = QShortcut(QKeySequence(f"Alt+{number + 1}"), self)
            shortcut.activated.connect(lambda number=number: self._bring_back_number(number))

    def _draft(self) -> Draft | None:
        """Return the payment being typed or being brought back, None while nothing was typed."""
        if self._restoring is not None:
            return self._restoring
        return self._as_draft() if self._is_complete and self.payment.is_touched else None

    def _as_draft(self) -> Draft:
        form = self.payment.form()
        standing_on = self.person.cards.current() if form.unknown is None else None
        return Draft(
            tender_id=form.tender_id,
            at=self._desk.till.now().isoformat(),
            customer_no=form.customer_no,
            payer=form.payer,
            meters=tuple(part.view.card.meter_no for part in (form.paying or form.parts) if part.view is not None)
            or ((form.unknown.meter_no,) if form.unknown is not None else ()),
            total_minor=form.total_minor,
            current=standing_on.account_no if standing_on is not None else None,
            ticked=self.person.cards.ticked() if form.unknown is None else frozenset(),
            texts=self.payment.texts(),
            named=self.payment.named(),
            spread_text=self.payment.spread_text(),
            legs=form.legs,
            received_text=form.received_text,
            unknown=form.unknown,
            unknown_text=form.parts[0].amount_text if form.unknown is not None else "",
        )

    # --- F11 -----------------------------------------------------------------------------------------------------

    def park_or_bring_back(self) -> None:
        """F11: put the payment aside; without one bring back the one that waits, or choose among several."""
        if self.payment.is_busy:
            return
        if self.payment.is_touched or (self.payment.is_open and self.payment.form().total_minor):
            self._park()
        elif len(self.waiting.parked) == 1:
            self.bring_back(self.waiting.parked[0])
        elif self.waiting.parked:
            self.last.parked.setFocus()

    def put_aside(self) -> None:
        """Another clerk stands here now: what the one before had begun waits, and the form is empty."""
        if self.payment.is_busy or not (self.payment.is_touched and self._park()):
            self.next_customer()

    def bring_back(self, draft: Draft) -> None:
        """Go on with a payment that waits; the one being typed waits instead."""
        if self.payment.is_busy or not self._can_take():
            return
        if self.payment.is_touched and not self._park():
            return
        self.next_customer()
        self.waiting.take_back(draft)
        self._restoring = draft
        self._wanted.emit(draft)

    def next_customer(self) -> None:
        """Make room for the next customer."""
        raise NotImplementedError

    def _can_take(self) -> bool:
        raise NotImplementedError

    def _park(self) -> bool:
        if self.waiting.is_full:
            self.payment.warn(words.say("pay.parked.full", n=PARKED_MAX))
            return False
        self.waiting.park(self._as_draft())
        self.payment.close_form()
        self.next_customer()
        return True

    def _bring_back_number(self, number: int) -> None:
        if number < len(self.waiting.parked):
            self.bring_back(self.waiting.parked[number])

    def _cannot_restore(self, draft: Draft, sentence: str) -> None:
        """What it was for is no longer there: it waits on, and the clerk is told."""
        self._restoring = None
        self.waiting.put_back(draft)
        self.next_customer()
        self.last.tell_parked(sentence)
