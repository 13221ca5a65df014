"""Making an instalment plan at the till: whose, which capacity, what in all; a manager agrees, and it is set once."""

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QWidget

from meterpos.errors import UserError
from meterpos.ui import messages, words
from meterpos.ui.desk import Desk
from meterpos.ui.models import instalments
from meterpos.ui.pages.picking import customer_picker
from meterpos.ui.theme import Type
from meterpos.ui.widgets.approval import ApprovalBox
from meterpos.ui.widgets.basic import Label, Surface, horizontal, vertical
from meterpos.ui.widgets.buttons import Button, MainAction
from meterpos.ui.widgets.fields import Field, MoneyField, Problem
from meterpos.ui.widgets.scrolled import Yielding

if TYPE_CHECKING:
    from collections.abc import Callable

    from meterpos.ledger.journal import Approval, Entry


class NewPlanPanel(Surface):
    """One plan being made; its id is made when the panel opens, so a double press makes one plan."""

    made = Signal(str)
    cancelled = Signal()

    def __init__(self, desk: Desk) -> None:
        super().__init__("card")
        self._desk = desk
        self._request_id = ""
        self._busy = False
        self._by_clerk = False
        self.title = Label(Type.title, key="plans.new.title")
        self.cancel = Button("link", key="reverse.cancel", step=Type.small_strong)
        self.customer = customer_picker(desk, "plans.new.customer", topic="plans customer")
        self.capacity = Field("plans.new.capacity")
        self.total = MoneyField("plans.total")
        self.notes = Field("plans.notes", step=Type.text)
        self.locked = Label(Type.helper_strong, "waiting", key="plans.new.locked", wrap=True)
        self.approval = ApprovalBox(desk, act="plan")
        self.problem = Problem()
        self.button = MainAction()
        self._build()
        self._connect()

    def _build(self) -> None:
        outer = vertical(self, margins=(20, 10, 20, 16), spacing=0)
        top = horizontal(None)
        top.addWidget(self.title, 1)
        top.addWidget(self.cancel)
        outer.addLayout(top)
        scroll = Yielding(self._scrolled())
        outer.addWidget(scroll, 1)
        outer.addSpacing(8)
        outer.addWidget(self.problem)
        outer.addWidget(self.button)

    def _scrolled(self) -> QWidget:
        scrolled = QWidget()
        scrolled.setObjectName("scrolled")
        column = vertical(scrolled, spacing=8)
        column.addWidget(self.customer)
        row = horizontal(None, spacing=12)
        row.addWidget(self.capacity, 2, Qt.AlignmentFlag.AlignTop)
        row.addWidget(self.total, 3, Qt.AlignmentFlag.AlignTop)
        column.addLayout(row)
        column.addWidget(self.locked)
        column.addWidget(self.notes)
        column.addWidget(self.approval)
        column.addStretch(1)
        return scrolled

    def _connect(self) -> None:
        self.customer.picked.connect(lambda _: self.capacity.line.setFocus())
        self.customer.changed.connect(self._tell)
        self.capacity.entered.connect(self.total.line.setFocus)
        self.capacity.edited.connect(self._tell)
        self.total.entered.connect(self.notes.line.setFocus)
        self.total.edited.connect(self._tell)
        self.total.line.editingFinished.connect(self._ask_for)
        self.notes.entered.connect(self._leave_notes)
        self.approval.entered.connect(self.press)
        self.button.clicked.connect(self.press)
        self.cancel.clicked.connect(self.cancelled)
        words.notifier().changed.connect(self._tell)

    def open_for(self, *, by_clerk: bool) -> None:
        """Begin a plan; ``by_clerk`` is whether the clerk at the till is a manager and needs nobody else."""
        from meterpos.till import new_tender_id

        self._request_id, self._by_clerk = new_tender_id(), by_clerk
        self.customer.clear()
        for field in (self.capacity, self.total, self.notes):
            field.set_text("")
            field.tell("")
        self.approval.clear()
        self.approval.setVisible(not by_clerk)
        self.problem.tell("")
        self._set_busy(busy=False)
        self._ask_for()
        self.customer.field.line.setFocus()

    @property
    def is_busy(self) -> bool:
        """Whether the plan is being saved."""
        return self._busy

    def _leave_notes(self) -> None:
        if self._by_clerk:
            self.button.setFocus(Qt.FocusReason.TabFocusReason)
        else:
            self.approval.focus_first()

    def _ask_for(self) -> None:
        """Say what the approval is for; digits by telephone are for this customer and total alone."""
        from meterpos.ledger.rules.approvals import Wanted, subject_of

        hit = self.customer.chosen()
        total = instalments.total_of(self.total.text()) or 0
        if not self._by_clerk:
            self.approval.open_for(Wanted("plan", subject_of(hit.customer_no if hit is not None else ""), total))

    def _tell(self) -> None:
        hit, total = self.customer.chosen(), instalments.total_of(self.total.text())
        whom = hit.name if hit is not None else ""
        if self._busy:
            self.button.show_lines(words.say("pay.saving"), whom)
            return
        if hit is None or not total or not self.capacity.text():
            self.button.show_lines(words.say("plans.new.fill"), whom)
            return
        made = words.say("plans.new.button", total=self._desk.money(total), capacity=self.capacity.text())
        self.button.show_lines(made, whom)

    def press(self) -> None:
        """Make the plan, or say what is missing. Twice in a row makes it once."""
        if self._busy or not self.isVisible():
            return
        self.problem.tell("")
        hit, total = self.customer.chosen(), instalments.total_of(self.total.text())
        if hit is None:
            self.customer.tell(words.say("wrong.no_customer"))
            self.customer.field.line.setFocus()
        elif not self.capacity.text():
            self._point_at(self.capacity, words.say("wrong.no_capacity"))
        elif not total:
            self._point_at(self.total, words.say("wrong.no_total"))
        else:
            self._ask_for()
            approve = self.approval.ready() if not self._by_clerk else lambda: None
            if approve is not None:
                self._send(hit.customer_no, total, approve)

    def _send(self, customer_no: str, total_minor: int, approve: "Callable[[], Approval | None]") -> None:
        till, clerk, request_id = self._desk.till, self._desk.clerk or "", self._request_id
        capacity, notes = self.capacity.text(), self.notes.text()
        self._set_busy(busy=True)

        def work() -> "Entry":
            return till.request_plan(
                customer_no=customer_no,
                capacity_kw=capacity,
                total_minor=total_minor,
                request_id=request_id,
                notes=notes,
                clerk=clerk,
                approval=approve(),
            )

        self._desk.tasks.write(work, self._done, self._refuse)

    def _done(self, entry: "Entry") -> None:
        self._set_busy(busy=False)
        self.approval.clear()
        self.made.emit(entry.content.body["account"])

    def _refuse(self, error: UserError) -> None:
        self._set_busy(busy=False)
        fields = {"capacity": self.capacity, "total": self.total, "notes": self.notes}
        if self.approval.isVisible() and self.approval.refuse(error):
            return
        if error.field in fields:
            self._point_at(fields[error.field], messages.sentence(error))
        else:
            self.problem.tell(messages.sentence(error))

    def _point_at(self, field: Field, sentence: str) -> None:
        field.tell(sentence)
        field.line.setFocus()
        field.line.selectAll()

    def _set_busy(self, *, busy: bool) -> None:
        self._busy = busy
        self.button.setEnabled(not busy)
        self._tell()
