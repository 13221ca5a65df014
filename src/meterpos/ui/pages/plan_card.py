"""One instalment plan: what was agreed and cannot change, how far it is paid, every payment with who and when."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QKeySequence, QPainter, QPaintEvent, QShortcut
from PySide6.QtWidgets import QSizePolicy, QStackedWidget, QWidget

from meterpos.ledger.money import format_amount
from meterpos.ui import theme, words
from meterpos.ui.desk import Desk
from meterpos.ui.models import instalments
from meterpos.ui.models.telling import phone, taken_at, taken_by
from meterpos.ui.theme import Type
from meterpos.ui.widgets import paint
from meterpos.ui.widgets.basic import Elided, EmptyState, Label, Pill, SectionLabel, Surface, horizontal, vertical
from meterpos.ui.widgets.buttons import Button
from meterpos.ui.widgets.factgrid import FactGrid
from meterpos.ui.widgets.progress import ProgressBar
from meterpos.ui.widgets.rows import RowList, RowState, hairline, highlight
from meterpos.ui.widgets.why import WhyNot

if TYPE_CHECKING:
    from meterpos.ledger.queries.plans import Instalment, PlanView

AGREED = ("plans.total", "plans.capacity")
PAID = ("plans.paid", "plans.pending", "plans.count", "plans.phase")
PAYMENT_ROW = 56


class _Padlock(QWidget):
    """A padlock, as high as the line beside it."""

    def __init__(self) -> None:
        super().__init__()
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setFixedSize(18, 18)

    def sizeHint(self) -> QSize:
        return QSize(18, 18)

    def paintEvent(self, _event: QPaintEvent) -> None:
        paint.picture(QPainter(self), "lock", theme.palette().muted, 1, self.height() / 2, 15)


class PlanCardPanel(QStackedWidget):
    """The plan chosen, or the wish to choose one."""

    add_wanted = Signal()
    receipt_wanted = Signal(str)

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        self._plan: PlanView | None = None
        self._adding = False
        self.number = Elided(Type.name)
        self.status = Pill("")
        self.who = Elided(Type.text_strong)
        self.reach = Elided(Type.helper, "muted")
        self.bar = ProgressBar()
        self.far = Elided(Type.small, "muted")
        self.facts = FactGrid(PAID, columns=2)
        self.agreed = FactGrid(AGREED, columns=2)
        self.locked = Label(Type.helper, "muted", key="plans.locked", wrap=True)
        self.note = Label(Type.helper_strong, "waiting", wrap=True)
        self.payments: RowList[Instalment] = RowList(row_height=PAYMENT_ROW, painter=self._paint, spoken=self._speak)
        words.bind(self.payments.setAccessibleName, "plans.payments")
        self.no_payments = Label(Type.small, "muted", key="plans.no_payments", wrap=True)
        self.button = Button("primary", key="plans.add", shown="Ctrl+Enter")
        self.why = WhyNot()
        for key in ("Ctrl+Return", "Ctrl+Enter"):
            QShortcut(QKeySequence(key), self, self._add)
        self.button.clicked.connect(self._add)
        self.payments.picked.connect(self._open_receipt)
        self._build()
        words.notifier().changed.connect(self._tell)

    def _build(self) -> None:
        none = Surface("card")
        vertical(none).addWidget(EmptyState("calendar-clock", "plans.choose"))
        self.addWidget(none)
        card = Surface("card")
        column = vertical(card, margins=(20, 18, 20, 18), spacing=4)
        top = horizontal(None)
        top.addWidget(self.number, 1)
        top.addWidget(self.status)
        column.addLayout(top)
        column.addWidget(self.who)
        column.addWidget(self.reach)
        column.addSpacing(10)
        column.addWidget(self.bar)
        column.addWidget(self.far)
        column.addSpacing(8)
        column.addWidget(self.facts)
        column.addSpacing(10)
        column.addWidget(self._agreed_box())
        column.addWidget(self.note)
        column.addSpacing(10)
        column.addWidget(SectionLabel("plans.payments"))
        column.addWidget(self.no_payments)
        column.addWidget(self.payments, 1)
        column.addStretch(0)
        column.addSpacing(8)
        column.addWidget(self.why)
        column.addWidget(self.button)
        self.addWidget(card)

    def _agreed_box(self) -> QWidget:
        box = Surface("quiet")
        column = vertical(box, margins=(14, 10, 14, 10), spacing=8)
        column.addWidget(self.agreed)
        row = horizontal(None, spacing=8)
        row.addWidget(_Padlock(), 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(self.locked, 1)
        column.addLayout(row)
        return box

    def show_nothing(self) -> None:
        """Ask to choose a plan."""
        self._plan = None
        self.setCurrentIndex(0)

    def plan(self) -> "PlanView | None":
        """Return the plan shown."""
        return self._plan

    def stand(self) -> None:
        """The till's standing was read anew."""
        self._tell()

    def show_plan(self, plan: "PlanView") -> None:
        """Show a plan."""
        self._plan = plan
        self._tell()
        self.setCurrentIndex(1)

    def show_adding(self, *, adding: bool) -> None:
        """While a payment is being added, its own button is the green one."""
        self._adding = adding
        self._tell()

    def _tell(self) -> None:
        plan = self._plan
        if plan is None:
            return
        account, state = plan.account, plan.state
        self.number.setText(plan.number)
        self.status.show_fact(words.say(f"plans.status.{state.status}"), icon="", tone=instalments.TONES[state.status])
        self.who.setText(account.customer_name or words.say("meters.nobody"))
        self.reach.setText(" · ".join(part for part in (account.customer_no, phone(plan.phone)) if part))
        far = words.say("plans.far", percent=instalments.percent(state), total=self._desk.money(state.total_minor))
        self.far.setText(far)
        tone = "muted" if state.status == "cancelled" else "action"
        self.bar.show_share(instalments.share(state), tone=tone, spoken=far)
        self._tell_facts(plan)
        self._tell_note(plan)
        self.payments.set_rows(tuple(reversed(plan.payments)))
        self.payments.setVisible(bool(plan.payments))
        self.no_payments.setVisible(not plan.payments)
        why = self._desk.why_not("take_money") if plan.payable_minor else ""
        self.why.tell(why)
        self.button.setVisible(bool(plan.payable_minor) and not self._adding and not why)

    def _tell_facts(self, plan: "PlanView") -> None:
        state = plan.state
        self.facts.tell("plans.paid", self._desk.money(state.paid_minor), "action" if state.paid_minor else "muted")
        self.facts.tell(
            "plans.pending", self._desk.money(state.pending_minor), "ink" if state.pending_minor else "muted"
        )
        self.facts.tell("plans.count", str(plan.count))
        self.facts.tell("plans.phase", words.say(f"plans.phase.{state.phase}"))
        self.agreed.tell("plans.total", self._desk.money(state.total_minor))
        self.agreed.tell("plans.capacity", f"{plan.capacity_kw} kW")

    def _tell_note(self, plan: "PlanView") -> None:
        notes = [words.say("plans.unnumbered")] if plan.plan_no is None and not plan.is_cancelled else []
        if plan.is_cancelled:
            notes.append(words.say("plans.is_cancelled"))
        if plan.waiting_minor:
            notes.append(words.say("meters.pending", amount=self._desk.money(plan.waiting_minor)))
        if plan.state.excess_minor:
            key = "plans.held" if plan.is_cancelled else "plans.too_much"
            notes.append(words.say(key, amount=self._desk.money(plan.state.excess_minor)))
        self.note.setText(" ".join(notes))
        self.note.setVisible(bool(notes))

    def _add(self) -> None:
        if not self.isVisible() or self._adding or not self._desk.may("take_money"):
            return
        if self._plan is not None and self._plan.payable_minor:
            self.add_wanted.emit()

    def _open_receipt(self, one: "Instalment") -> None:
        if one.is_here:
            self.receipt_wanted.emit(one.number)

    # --- painting ------------------------------------------------------------------------------------------------

    def _who_and_when(self, one: "Instalment") -> str:
        if one.at is None:
            till = taken_at(one.number)
            if one.clerk_name and till:
                return words.say("plans.elsewhere_by", clerk=one.clerk_name, till=till)
            return taken_by(one.clerk_name, one.number)
        moment = self._desk.till.moment()
        return f"{one.clerk_name} · {words.clock(moment.localise(one.at), today=moment.today)}"

    def _day(self, one: "Instalment") -> str:
        return words.day(one.paid_on or one.fact_date, today=self._desk.today)

    def _standing(self, one: "Instalment") -> str:
        if one.reversed:
            return words.say("kind.reversed")
        return "" if one.counts else words.say("kind.pending")

    def _speak(self, one: "Instalment") -> str:
        parts = (
            self._day(one),
            instalments.paid_how(one),
            format_amount(one.amount_minor),
            self._standing(one),
            one.number,
            self._who_and_when(one),
            one.notes,
        )
        return ", ".join(part for part in parts if part)

    def _paint(self, painter: QPainter, rect: QRectF, one: "Instalment", state: RowState) -> None:
        colors = theme.palette()
        ground = highlight(painter, rect, state) if state.focused else colors.card
        if not state.focused:
            hairline(painter, rect)
        room = rect.adjusted(8, 7, -10, -7)
        upper = QRectF(room.left(), room.top(), room.width(), 20)
        lower = QRectF(room.left(), room.top() + 21, room.width(), 18)
        gone = one.reversed
        ink = colors.muted if gone else colors.ink if not one.counts else colors.action
        amount = format_amount(one.amount_minor)
        wide = paint.text(painter, upper, amount, Type.small_strong, ink, align=paint.RIGHT, whole=True, ground=ground)
        day = paint.text(painter, upper, self._day(one), Type.small, colors.muted, ground=ground)
        how = upper.adjusted(max(day, 76) + 12, 0, -wide - 12, 0)
        paint.text(painter, how, instalments.paid_how(one), Type.small_strong, colors.ink, ground=ground)
        standing, tone = self._standing(one), colors.danger if gone else colors.waiting
        wide = paint.text(painter, lower, standing, Type.helper, tone, align=paint.RIGHT, whole=True, ground=ground)
        told = " · ".join(part for part in (one.number, self._who_and_when(one), one.notes) if part)
        paint.text(painter, lower.adjusted(0, 0, -wide - 12, 0), told, Type.helper, colors.muted, ground=ground)
