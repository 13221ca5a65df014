"""Putting a payment right: a reason, what happens to its cash, and a second person who approves."""

from typing import TYPE_CHECKING, Literal

from PySide6.QtCore import Signal

from meterpos.errors import UserError
from meterpos.ui import messages, words
from meterpos.ui.desk import Desk
from meterpos.ui.theme import Type
from meterpos.ui.widgets.approval import ApprovalBox
from meterpos.ui.widgets.basic import Label, Surface, horizontal, vertical
from meterpos.ui.widgets.buttons import Button, MainAction, Segment, Segments
from meterpos.ui.widgets.fields import Problem
from meterpos.ui.widgets.reasons import ReasonField

if TYPE_CHECKING:
    from collections.abc import Callable

    from meterpos.ledger.journal import Approval, Entry

REASONS = ("reverse.reason.wrong_meter", "reverse.reason.wrong_amount", "reverse.reason.wrong_customer")
REFUNDS = (Segment("cash", "banknote", "reverse.refund.cash"), Segment("none", "x", "reverse.refund.none"))


class ReversePanel(Surface):
    """One reversal; its id is made when the panel opens, so a double press reverses once."""

    reversed = Signal(str)  # the number of the reversal's paper
    cancelled = Signal()

    def __init__(self, desk: Desk) -> None:
        super().__init__("card")
        self._desk = desk
        self._entry: Entry | None = None
        self._tender_id = ""
        self._busy = False
        self.title = Label(Type.title, key="reverse.title")
        self.reason = ReasonField("reverse.reason", usual=REASONS)
        self.refund = Segments(REFUNDS, name_key="reverse.refund")
        self.approval = ApprovalBox(desk)
        self.problem = Problem()
        self.button = MainAction()
        self.cancel = Button("link", key="reverse.cancel", step=Type.small_strong)
        column = vertical(self, margins=(18, 8, 18, 10), spacing=6)
        top = horizontal(None)
        top.addWidget(self.title, 1)
        top.addWidget(self.cancel)
        column.addLayout(top)
        for part in (self.reason, self.refund, self.approval, self.problem):
            column.addWidget(part)
        column.addWidget(self.button)
        self._connect()

    def _connect(self) -> None:
        self.reason.entered.connect(self.approval.focus_first)
        self.approval.entered.connect(self._press)
        self.button.clicked.connect(self._press)
        self.cancel.clicked.connect(self.cancelled)
        words.notifier().changed.connect(self._tell)

    def open_for(self, entry: "Entry") -> None:
        """Begin the reversal of a receipt."""
        from meterpos.ledger.rules.approvals import Wanted
        from meterpos.till import new_tender_id

        self._entry, self._tender_id, self._busy = entry, new_tender_id(), False
        self.reason.set_text("")
        self.approval.clear()
        self.problem.tell("")
        body = entry.content.body
        has_cash = any(leg["method"] == "cash" for leg in body["legs"])
        self.refund.choose("cash" if has_cash else "none")
        self.refund.setVisible(has_cash)
        self.approval.open_for(Wanted("reverse", body["number"], sum(part["amount"] for part in body["parts"])))
        self._tell()
        self.reason.line.setFocus()

    def _tell(self) -> None:
        if self._entry is not None:
            body = self._entry.content.body
            total = sum(part["amount"] for part in body["parts"])
            self.button.show_lines(words.say("reverse.button", amount=self._desk.money(total)), body["number"])

    def _press(self) -> None:
        if self._busy or self._entry is None:
            return
        self.problem.tell("")
        if not self.reason.text():
            self.reason.tell(words.say("wrong.no_reason"))
            self.reason.line.setFocus()
            return
        approve = self.approval.ready()
        if approve is None:
            return
        self._busy = True
        self.button.setEnabled(False)
        self._send(approve)

    def _send(self, approve: "Callable[[], Approval]") -> None:
        assert self._entry is not None
        till, clerk = self._desk.till, self._desk.clerk or ""
        number, reason, tender_id = self._entry.content.body["number"], self.reason.text(), self._tender_id
        refund: Literal["cash", "none"] = "cash" if self.refund.value() == "cash" else "none"

        def work() -> "Entry":
            return till.reverse(
                number=number, reason=reason, refund=refund, tender_id=tender_id, clerk=clerk, approval=approve()
            )

        self._desk.tasks.write(work, self._done, self._refuse)

    def _done(self, entry: "Entry") -> None:
        self._busy = False
        self.button.setEnabled(True)
        self.approval.clear()
        self.reversed.emit(entry.content.body["number"])

    def _refuse(self, error: UserError) -> None:
        self._busy = False
        self.button.setEnabled(True)
        if self.approval.refuse(error):
            return
        if error.field == "reason":
            self.reason.tell(messages.sentence(error))
        else:
            self.problem.tell(messages.sentence(error))
