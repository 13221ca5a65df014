"""Instalments: plans found by customer, number or phone; one with its payments; a payment added to it."""

from functools import cached_property
from typing import TYPE_CHECKING

from PySide6.QtGui import QKeySequence, QResizeEvent, QShortcut
from PySide6.QtWidgets import QStackedWidget, QWidget

from meterpos.errors import UserError
from meterpos.ui import words
from meterpos.ui.desk import Desk
from meterpos.ui.models import asking, instalments
from meterpos.ui.models.draft import Draft, as_data
from meterpos.ui.models.instalments import Paying
from meterpos.ui.models.printer import Outcome, Printer
from meterpos.ui.models.waiting import Waiting
from meterpos.ui.pages.list_column import list_card
from meterpos.ui.pages.pay_done import DonePanel, taken
from meterpos.ui.pages.pay_search import SearchLine
from meterpos.ui.pages.plan_card import PlanCardPanel
from meterpos.ui.pages.plan_form import PlanPaymentPanel
from meterpos.ui.pages.plan_list import PlanList
from meterpos.ui.pages.plan_new import NewPlanPanel
from meterpos.ui.theme import METRICS, Type
from meterpos.ui.widgets.basic import Label, horizontal, vertical
from meterpos.ui.widgets.buttons import Button

if TYPE_CHECKING:
    from meterpos.ledger.journal import Entry
    from meterpos.ledger.queries.plans import PlanRows, PlanView

LIST_NARROW = 336


class PlansPage(QWidget):
    """Every instalment plan this till knows."""

    def __init__(self, desk: Desk, printer: Printer) -> None:
        super().__init__()
        self.setObjectName("page")
        self._desk, self._printer = desk, printer
        self._stale = True
        self._number: str | None = None
        self._taken: str | None = None
        self.waiting = Waiting(desk, self)
        self.line = SearchLine()
        words.bind(self.line.setPlaceholderText, "plans.search")
        words.bind(self.line.setAccessibleName, "plans.search")
        self.count = Label(Type.helper, "muted")
        self.rows = PlanList(desk)
        self.nothing = Label(Type.text, "muted", wrap=True)
        self.card = PlanCardPanel(desk)
        self.new_button = Button("link", key="plans.new", shortcut="Ctrl+N", step=Type.small_strong)
        self._right = QStackedWidget()
        self._found: PlanRows | None = None
        self._build()
        self._connect()

    def _build(self) -> None:
        self._left = QWidget()
        column = vertical(self._left, spacing=8)
        column.addWidget(self.line)
        row = horizontal(None)
        row.addWidget(self.count, 1)
        row.addWidget(self.new_button)
        column.addLayout(row)
        column.addWidget(list_card(self.rows, self.nothing), 1)
        column.addStretch(0)
        self._right.hide()
        margin = METRICS.margin
        row = horizontal(self, margins=(margin, METRICS.gap, margin, METRICS.gap), spacing=METRICS.gap)
        row.addWidget(self._left)
        row.addWidget(self.card, 1)
        row.addWidget(self._right)
        self._fit()

    def _connect(self) -> None:
        self.line.textChanged.connect(lambda _: self._read())
        self.line.walked.connect(self.rows.step)
        self.line.entered.connect(self._go_in)
        self.rows.moved.connect(lambda _: self._open_current())
        self.rows.picked.connect(lambda _: self._go_in())
        self.rows.leave_up.connect(self.line.setFocus)
        self.card.add_wanted.connect(self._begin)
        self.card.receipt_wanted.connect(lambda number: self._desk.go_to.emit("receipts", ("show", number)))
        self.new_button.clicked.connect(self._begin_new)
        self.waiting.watch(self._draft)
        self._desk.leaving.connect(self._put_aside)
        QShortcut(QKeySequence("Escape"), self, self._escape)
        words.notifier().changed.connect(self._tell_count)

    # --- made when they are first wanted: together they would hold the window for too long ----------------------

    @cached_property
    def form(self) -> PlanPaymentPanel:
        """A payment on a plan."""
        made = PlanPaymentPanel(self._desk)
        made.take.connect(self._take)
        made.edited.connect(self.waiting.keep_soon)
        made.cancelled.connect(self._leave_form)
        self._right.addWidget(made)
        return made

    @cached_property
    def new(self) -> NewPlanPanel:
        """A new plan."""
        made = NewPlanPanel(self._desk)
        made.made.connect(self._have_made)
        made.cancelled.connect(self._leave_form)
        self._right.addWidget(made)
        return made

    @cached_property
    def done(self) -> DonePanel:
        """What was just taken."""
        made = DonePanel(self._desk)
        made.next_wanted.connect(self._leave_form)
        made.again_wanted.connect(self._print_again)
        self._right.addWidget(made)
        return made

    def _has(self, name: str) -> bool:
        return name in self.__dict__

    def _is_busy(self) -> bool:
        return (self._has("form") and self.form.is_busy) or (self._has("new") and self.new.is_busy)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        """On a narrow screen the payment takes the place of the list."""
        narrow = self.window().width() < METRICS.narrow_below
        self._left.setFixedWidth(LIST_NARROW if narrow else METRICS.search)
        self._right.setFixedWidth(METRICS.payment_narrow if narrow else METRICS.payment)
        self._left.setVisible(not narrow or self._right.isHidden())

    # --- the page's life -----------------------------------------------------------------------------------------

    def shown(self, what: object = None) -> None:
        """Come to the front; `what` is a plan's number, a text to search for, or a payment that waited."""
        if isinstance(what, Draft):
            self._bring_back(what)
        if isinstance(what, str):
            self._leave_form()
            self.line.setText(what)
        if self._right.isHidden():
            self.line.setFocus()
            self.line.selectAll()
        if self._stale:
            self.refresh()

    def refresh(self) -> None:
        """Read the list and the plan again; what is in sight stays until it was read anew, what was typed stays."""
        self._stale = False
        self._read()
        if self._number is not None:
            self._open(self._number)

    def mark_stale(self) -> None:
        """Remember to read again when shown."""
        self._stale = True

    def stand(self) -> None:
        """The till's standing was read anew."""
        if self._has("form"):
            self.form.show_form()
        self.card.stand()
        me = self._desk.me
        self.new_button.setVisible(me is None or me.may("take_money"))  # whoever only looks begins nothing

    # --- the list ------------------------------------------------------------------------------------------------

    def _read(self) -> None:
        if self._desk.is_open:
            text = self.line.text().strip()
            self._desk.tasks.read(
                lambda conn: instalments.plans(conn, text), self._show, topic="plans", aside=bool(text)
            )

    def _show(self, found: "PlanRows") -> None:
        current = self.rows.current()
        number = self._number if self._number is not None else current.account_no if current is not None else None
        self._found = found
        at = next((place for place, row in enumerate(found.rows) if row.account_no == number), 0)
        self.rows.set_rows(found.rows, current=at)
        self.rows.setVisible(bool(found.rows))
        self.nothing.setVisible(not found.rows)
        self._tell_count()
        if self._right.isHidden():
            self._open_current()

    def _tell_count(self) -> None:
        if self._found is None:
            return
        text, listed = self.line.text().strip(), len(self._found.rows)
        count = words.say("plans.number", n=self._found.count)
        if self._found.count > listed:
            count = words.say("plans.first", n=listed, count=count)
        self.count.setText(count)
        self.nothing.setText(words.say("plans.nothing", text=text) if text else words.say("plans.none"))

    def _open_current(self) -> None:
        row = self.rows.current()
        if row is None:
            self._number = None
            self.card.show_nothing()
        elif self._right.isHidden():
            self._open(row.account_no)

    def _go_in(self) -> None:
        if self.rows.current() is not None:
            self._open_current()
            (self.card.button if self.card.button.isVisible() else self.card.payments).setFocus()

    # --- one plan ------------------------------------------------------------------------------------------------

    def _open(self, number: str) -> None:
        self._number = number
        self._desk.tasks.read(
            lambda conn: instalments.plan(conn, number), self._show_plan, self._refuse, topic="plans one"
        )

    def _show_plan(self, plan: "PlanView") -> None:
        self.card.show_plan(plan)
        if self._has("form"):
            self.form.show_plan(plan)

    def _refuse(self, error: UserError) -> None:
        self._number = None
        self.card.show_nothing()
        self._desk.tasks.went_wrong.emit(error)

    # --- a payment on it -----------------------------------------------------------------------------------------

    def _begin(self) -> None:
        plan, standing = self.card.plan(), self._desk.standing
        if plan is None or standing is None:
            return
        if standing.shift is None:
            self._desk.go_to.emit("shift", None)
            return
        self._open_form(plan)

    def _open_form(self, plan: "PlanView") -> None:
        self._right.setCurrentWidget(self.form)
        self._right.show()
        self._fit()
        self.card.show_adding(adding=True)
        self.form.open_for(plan)

    def _leave_form(self) -> None:
        if self._is_busy():
            return
        self.waiting.let_go()
        if self._has("form"):
            self.form.close_form()
        self._right.hide()
        self._fit()
        self.card.show_adding(adding=False)
        if self.isVisible():
            self.line.setFocus()
            self.line.selectAll()

    def _take(self, paying: Paying) -> None:
        till, clerk, approve = self._desk.till, self._desk.clerk or "", self.form.approve
        draft = as_data(self.form.as_draft())

        def work() -> "Entry":
            approval = approve() if approve is not None else None
            return till.take(request=instalments.request(paying), clerk=clerk, draft=draft, approval=approval)

        self._desk.tasks.write(work, self._have_taken, self.form.refuse)

    def _have_taken(self, entry: "Entry") -> None:
        done = taken(entry)
        self._taken = done.number
        self.form.set_busy(busy=False)
        self.form.close_form()
        self.waiting.taken(entry.content.body["tender_id"])
        self._right.setCurrentWidget(self.done)
        self.done.show_taken(done)
        self._printer.run(done.number, self._have_printed)

    def _have_printed(self, outcome: Outcome) -> None:
        if outcome.number == self._taken:
            self.done.show_printed(outcome.sentence(), trouble=outcome.is_trouble)

    def _print_again(self) -> None:
        if self._taken is not None:
            self._printer.again(self._taken, self._desk.clerk or "", self._have_printed)
            self.done.show_printed(words.say("print.printing"), trouble=False)

    def _escape(self) -> None:
        if self._right.isHidden():
            self.line.clear()
            self.line.setFocus()
        else:
            self._leave_form()

    # --- a payment that waits ------------------------------------------------------------------------------------

    def _draft(self) -> Draft | None:
        """Return the payment being typed, None while nothing was typed."""
        return self.form.as_draft() if self._has("form") and self.form.is_touched else None

    def _put_aside(self) -> None:
        """Another clerk stands here, or the window closes: what was typed waits on Pay, and the form is empty."""
        if self._is_busy():
            return
        draft = self.waiting.part_with()
        if draft is not None:
            self._desk.payment_waits.emit(draft)
        if self._has("form"):
            self.form.close_form()
        self._leave_form()

    def _bring_back(self, draft: Draft) -> None:
        """Go on with a payment that waited; the one being typed waits instead."""
        if self._is_busy():
            self._desk.payment_waits.emit(draft)
            return
        self._put_aside()
        number = self._number = draft.plan or ""

        def restore(plan: "PlanView") -> None:
            self.card.show_plan(plan)
            self._open_form(plan)
            self.form.restore(draft)
            self.waiting.go_on(draft)

        def cannot(error: UserError) -> None:
            self._number = None
            self._desk.payment_waits.emit(draft)
            self._desk.tasks.went_wrong.emit(error)

        self._desk.tasks.read(lambda conn: instalments.plan(conn, number), restore, cannot, topic="plans back")

    # --- a new one -----------------------------------------------------------------------------------------------

    def _begin_new(self) -> None:
        if not self.isVisible() or self._is_busy():
            return
        if not self.new_button.isVisible():
            return
        clerk, moment = self._desk.clerk, self._desk.till.moment()
        self._desk.tasks.read(lambda conn: asking.may(conn, clerk, moment, act="plan"), self._open_new)

    def _open_new(self, by_clerk: bool) -> None:
        self._right.setCurrentWidget(self.new)
        self._right.show()
        self._fit()
        self.card.show_adding(adding=True)
        self.new.open_for(by_clerk=by_clerk)

    def _have_made(self, number: str) -> None:
        self._leave_form()
        self.line.clear()
        self._number = number
        self._read()
        self._open(number)
