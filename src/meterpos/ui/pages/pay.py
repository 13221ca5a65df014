"""The pay page: search, customer, payment, side by side; after the commit the change and the paper as printed."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtGui import QKeySequence, QShortcut

from meterpos.errors import UserError
from meterpos.ui import messages, words
from meterpos.ui.desk import Desk
from meterpos.ui.models import asking
from meterpos.ui.models.asking import CustomerView
from meterpos.ui.models.printer import Printer
from meterpos.ui.models.waiting import Waiting
from meterpos.ui.pages.pay_shape import PayShape
from meterpos.ui.pages.pay_taken import TakenPayment
from meterpos.ui.pages.pay_waiting import PutAside

if TYPE_CHECKING:
    from meterpos.ledger.journal import Entry
    from meterpos.ledger.queries.customers import MeterCard
    from meterpos.ledger.queries.search import CustomerHit
    from meterpos.ui.models.draft import Draft
    from meterpos.ui.models.payment import Form

FORM, TAKEN, BARRED = range(3)


class PayPage(PayShape):
    """Takes the money. Knows one customer at a time; `complete` builds all but the search after the first paint."""

    aside: PutAside
    taken: TakenPayment

    def __init__(self, desk: Desk, printer: Printer) -> None:
        super().__init__(desk)
        self._printer = printer
        self._stale = False
        self._seen: dict[str, asking.MeterView] = {}
        self._scanned_invoice: str | None = None

    def complete(self) -> None:
        """Build the rest of the page, once."""
        if self._is_complete:
            return
        self._build_rest()
        self.aside = PutAside(
            self, self._desk, payment=self.payment, person=self.person, last=self.last, can_take=self._can_take
        )
        self.taken = TakenPayment(self, self._desk, self._printer, done=self.done, paper=self.paper, last=self.last)
        self._connect()
        self.person.show_nobody(shift_open=True)
        self.payment.close_form()
        self._show_below()

    def _connect(self) -> None:
        self.search.chosen.connect(self._choose)
        self.search.typed.connect(self._leave_done)
        self.search.unknown_wanted.connect(self._pay_unknown)
        self.person.go_on.connect(self.payment.focus_amount)
        self.person.looked_at.connect(self._look)
        self.person.paid_changed.connect(self._show_paid)
        self.person.open_shift.clicked.connect(lambda: self._desk.go_to.emit("shift", None))
        self.payment.take.connect(self._take)
        self.payment.all_wanted.connect(self._pay_all)
        self.payment.phone_corrected.connect(self._correct_phone)
        self.done.next_wanted.connect(self.next_customer)
        self.last.leave.connect(self.search.line.setFocus)
        self.aside.wanted.connect(self._load_draft)
        self.aside.room_wanted.connect(self.next_customer)
        self.waiting.recovered.connect(self.taken.tell_recovered)
        QShortcut(QKeySequence("Escape"), self, self._escape)

    @property
    def waiting(self) -> Waiting:
        """The payments that wait."""
        return self.aside.waiting

    # --- the page's life -----------------------------------------------------------------------------------------

    def shown(self, what: object = None) -> None:
        """Come to the front; `what` is a text to search for, as a scanner reads it, or ("account", whose, which)."""
        if self._stale:
            self.refresh()
        if isinstance(what, tuple):
            self._pay_account(*what[1:])
        elif isinstance(what, str) and what:
            self._leave_done()
            self._clear_customer()
            self.search.take_scan(what)
        elif self.taken.is_shown:
            self.done.button.setFocus()  # Enter goes on to the next customer, wherever the keyboard was
        else:
            self.search.line.setFocus()

    def refresh(self) -> None:
        """Read again what is shown; what the clerk typed stays."""
        self._stale = False
        self.search.ask_again()
        if self._customer is not None and not self.taken.is_shown:
            self._load(self._customer.customer_no, frozenset(self._seen))
        elif self._customer is None:
            self._show_nobody()

    def mark_stale(self) -> None:
        """Remember to read again when shown."""
        self._stale = True

    def stand(self) -> None:
        """The till's standing was read anew."""
        if self._customer is None:
            self._show_nobody()
        self.payment.show_form()
        if self._right.currentIndex() != TAKEN:
            self._show_form()
        self.last.again_button.setVisible(self._desk.may("reprint"))
        self.last.right_button.setVisible(self._desk.may("reverse"))

    def _show_form(self) -> None:
        """Show the form, or why who is signed in takes no money."""
        why = self._desk.why_not("take_money")
        self.barred.sentence.setText(why)
        self._right.setCurrentIndex(BARRED if why else FORM)

    def _show_nobody(self) -> None:
        standing = self._desk.standing
        self.person.show_nobody(shift_open=standing is None or standing.shift is not None)
        self.person.open_shift.setVisible(self._desk.may("open_shift"))
        self._show_below()

    # --- the customer --------------------------------------------------------------------------------------------

    def _choose(self, hit: "CustomerHit") -> None:
        self._leave_done()
        if not self._can_take():
            return
        self.waiting.let_go()
        self._customer, self._seen, self.aside.restoring = None, {}, None
        self._scanned_invoice = hit.matched_invoice
        self._load(hit.customer_no, frozenset(), meter=hit.matched_meter)

    def _pay_account(self, customer_no: str, account_no: str) -> None:
        """Pay one account that was chosen on another page; its meter may be somebody else's by now."""
        self.next_customer()
        if self._can_take():
            self._load(customer_no, frozenset({account_no}), account=account_no)

    def _can_take(self) -> bool:
        """Tell whether a shift is open; where none is, go where one is opened."""
        standing = self._desk.standing
        if standing is not None and standing.shift is None:
            self._desk.go_to.emit("shift", None)
            return False
        return True

    def _load(
        self,
        customer_no: str,
        accounts: frozenset[str],
        *,
        meter: str | None = None,
        account: str | None = None,
        failed: "Callable[[UserError], object] | None" = None,
    ) -> None:
        today = self._desk.today
        self._awaited = customer_no

        def show(view: CustomerView) -> None:
            if self._awaited == customer_no:  # else the payment was taken, or the customer left, while this was read
                self._show_customer(view, meter=meter, account=account)

        self._desk.tasks.read(
            lambda conn: asking.customer_view(conn, customer_no, accounts, today, meter_no=meter),
            show,
            failed,
            topic="customer",
        )

    def _show_customer(self, view: CustomerView, *, meter: str | None, account: str | None = None) -> None:
        first = self._customer is None
        customer = view.customer
        if account is not None and account not in [card.account_no for card in customer.meters]:
            return  # closed and settled meanwhile: never pay another meter instead
        draft = self.aside.restoring
        if draft is not None and not draft.accounts <= {card.account_no for card in customer.meters}:
            self.aside.cannot_restore(draft, words.say("pay.parked.moved", name=draft.payer))
            return
        self._customer = customer
        self._seen.update(view.meters)
        if first:
            named = next(
                (card.account_no for card in customer.meters if card.meter_no == meter and not card.closed), None
            )
            current = account or named or (customer.meters[0].account_no if customer.meters else None)
            ticked: frozenset[str] = frozenset()
            self.payment.open_for(customer)
        else:
            standing_on = self.person.cards.current()
            current = standing_on.account_no if standing_on is not None else None
            ticked = self.person.cards.ticked()
        if draft is not None and draft.customer_no == customer.customer_no:
            current, ticked = draft.current, draft.ticked
        self.person.show_customer(view, current=current, ticked=ticked)
        self._show_below()
        self._show_paid()
        if first:
            self._walk_in(named=(account or meter or draft) is not None)

    def _walk_in(self, *, named: bool) -> None:
        """One meter, or one that was scanned: straight to the amount. Several: choose first."""
        assert self._customer is not None
        if len(self._customer.meters) > 1 and not named:
            self.person.cards.setFocus()
        elif self._customer.meters:
            self.payment.focus_amount()

    def _look(self, card: "MeterCard | None") -> None:
        if card is not None:
            self._need((card,))

    def _need(self, cards: "tuple[MeterCard, ...]") -> bool:
        """Show the meters when all their facts are here; else read what is missing and come back."""
        missing = [card for card in cards if card.account_no not in self._seen]
        current = self.person.cards.current()
        if current is not None and current.account_no in self._seen:
            self.person.show_last(self._seen[current.account_no])
        if missing:
            self._desk.tasks.read(
                lambda conn: [asking.meter_view(conn, card) for card in missing], self._have_seen, topic="meters"
            )
        return not missing

    def _have_seen(self, views: "list[asking.MeterView]") -> None:
        self._seen.update({view.card.account_no: view for view in views})
        self._show_paid()

    def _show_paid(self) -> None:
        customer = self._customer
        if customer is None:
            return
        cards = self.person.cards.paid()
        current = self.person.cards.current()
        if not self._need(cards if current is None else (*cards, current)):
            return
        self.payment.show_meters(customer, [self._seen[card.account_no] for card in cards])
        if self._scanned_invoice is not None:
            self.payment.name_scanned(self._scanned_invoice)
            self._scanned_invoice = None
        self.aside.fill()

    def _pay_all(self) -> None:
        assert self._customer is not None
        owing = frozenset(card.account_no for card in self._customer.meters if card.balance_minor and not card.closed)
        self.person.cards.tick(owing)

    def _pay_unknown(self, meter_no: str) -> None:
        self._clear_customer()
        self.payment.open_unknown(meter_no)
        self.payment.focus_amount()

    def _clear_customer(self) -> None:
        self.waiting.let_go()
        self._customer, self._awaited, self._seen = None, None, {}
        self._scanned_invoice, self.aside.restoring = None, None
        self.payment.close_form()
        self._show_nobody()
        self._show_below()

    # --- the payment ---------------------------------------------------------------------------------------------

    def _take(self, form: "Form") -> None:
        from meterpos.ui.models import payment
        from meterpos.ui.models.draft import as_data

        clerk = self._desk.clerk or ""
        till = self._desk.till
        draft = as_data(self.aside.as_draft())
        approve = self.payment.approve

        def work() -> "Entry":
            approval = approve() if approve is not None else None
            return till.take(request=payment.request(form), clerk=clerk, draft=draft, approval=approval)

        self._desk.tasks.write(work, self._have_taken, self.payment.refuse)

    def _have_taken(self, entry: "Entry") -> None:
        self._customer, self._awaited, self._seen, self.aside.restoring = None, None, {}, None
        self._middle.setCurrentWidget(self.done)
        self._right.setCurrentIndex(TAKEN)
        self.payment.close_form()
        self.waiting.taken(entry.content.body["tender_id"])
        self.taken.show_entry(entry)
        self.search.line.clear()
        self._show_below()

    def next_customer(self) -> None:
        """Make room for the next customer."""
        self._leave_done()
        self._clear_customer()
        self.search.clear()

    def _escape(self) -> None:
        """One step back: from a question to the amount, from the payment to the search, from there to the next."""
        if self.payment.is_choosing:
            self.payment.leave_invoices()
        elif self.payment.question.isVisible():
            self.payment.question.no.emit()
        elif self._customer is not None and not self.search.line.hasFocus():
            self.search.line.setFocus()
        else:
            self.next_customer()

    def _leave_done(self) -> None:
        if self.taken.is_shown:
            self.taken.is_shown = False
            self._middle.setCurrentWidget(self.person)
            self._show_form()
            self._show_nobody()
        elif self._customer is not None and not self._wide:
            self._clear_customer()
        self._show_below()

    def _correct_phone(self, number: str) -> None:
        customer = self._customer
        if customer is None:
            return
        clerk, till = self._desk.clerk or "", self._desk.till
        self._desk.tasks.write(
            lambda: till.report_change(customer_no=customer.customer_no, field="phone", new=number, clerk=clerk),
            lambda _: None,
        )

    # --- what waited ---------------------------------------------------------------------------------------------

    def put_aside(self) -> None:
        """Another clerk stands here now: what the one before had begun waits, and the form is empty."""
        self.aside.put_aside()

    def begin(self) -> None:
        """The till stands open: look for payments that an earlier life of the window left behind."""
        self.waiting.find()

    def end(self) -> None:
        """The window closes: what was typed last is kept."""
        self.waiting.keep_now()

    def _load_draft(self, draft: "Draft") -> None:
        if draft.customer_no is None:
            assert draft.unknown is not None, "a payment is for a customer, or for a meter nobody knows"
            self.aside.restoring = None
            self.payment.open_unknown(draft.unknown.meter_no)
            self.payment.restore(draft)
            self.payment.focus_amount()
            return
        self._load(draft.customer_no, draft.accounts, failed=lambda error: self._lost_customer(draft, error))

    def _lost_customer(self, draft: "Draft", error: UserError) -> None:
        self.aside.cannot_restore(draft, messages.sentence(error))
