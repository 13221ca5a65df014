"""Putting a payment right: a reason, what happens to its cash, and a second person's PIN."""

from typing import TYPE_CHECKING, Literal

from PySide6.QtCore import Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu

from meterpos.errors import UserError
from meterpos.ui import messages, words
from meterpos.ui.desk import Desk
from meterpos.ui.models import asking
from meterpos.ui.theme import Type
from meterpos.ui.widgets.basic import Label, Surface, horizontal, vertical
from meterpos.ui.widgets.buttons import Button, MainAction, Segment, Segments
from meterpos.ui.widgets.fields import Field, Problem
from meterpos.ui.widgets.person import PersonField

if TYPE_CHECKING:
    from meterpos.ledger.journal import Entry
    from meterpos.ledger.queries.people import User

REASONS = ("wrong_meter", "wrong_amount", "wrong_customer")
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
        self.reason = Field("reverse.reason", step=Type.text)
        self.common = Button("link", key="reverse.common", step=Type.small_strong)
        self.refund_label = Label(Type.small, "muted", key="reverse.refund")
        self.refund = Segments(REFUNDS, name_key="reverse.refund")
        self.approver = PersonField("reverse.approver")
        self.pin = Field("person.pin", secret=True)
        self.problem = Problem()
        self.button = MainAction()
        self.cancel = Button("link", key="reverse.cancel", step=Type.small_strong)
        column = vertical(self, margins=(18, 14, 18, 10), spacing=8)
        top = horizontal(None)
        top.addWidget(self.title, 1)
        top.addWidget(self.cancel)
        column.addLayout(top)
        for part in (self.reason, self.common, self.refund_label, self.refund, self.approver, self.pin, self.problem):
            column.addWidget(part)
        column.addWidget(self.button)
        self._connect()

    def _connect(self) -> None:
        self.reason.entered.connect(self.approver.setFocus)
        self.approver.chosen.connect(lambda _: self.pin.line.setFocus())
        self.pin.entered.connect(self._press)
        self.button.clicked.connect(self._press)
        self.cancel.clicked.connect(self.cancelled)
        self.common.clicked.connect(self._offer_reasons)
        words.notifier().changed.connect(self._tell)

    def open_for(self, entry: "Entry") -> None:
        """Begin the reversal of a receipt."""
        from meterpos.till import new_tender_id

        self._entry, self._tender_id, self._busy = entry, new_tender_id(), False
        self.reason.set_text("")
        self.pin.set_text("")
        self.problem.tell("")
        has_cash = any(leg["method"] == "cash" for leg in entry.content.body["legs"])
        self.refund.choose("cash" if has_cash else "none")
        self.refund.setVisible(has_cash)
        self.refund_label.setVisible(has_cash)
        clerk = self._desk.clerk
        self._desk.tasks.read(lambda conn: asking.approvers(conn, clerk), self.approver.set_people)
        self._tell()
        self.reason.line.setFocus()

    def _tell(self) -> None:
        if self._entry is not None:
            body = self._entry.content.body
            total = sum(part["amount"] for part in body["parts"])
            self.button.show_lines(words.say("reverse.button", amount=self._desk.money(total)), body["number"])

    def _offer_reasons(self) -> None:
        menu = QMenu(self)
        for name in REASONS:
            text = words.say(f"reverse.reason.{name}")
            action = QAction(text, menu)
            action.triggered.connect(lambda _=False, text=text: self._take_reason(text))
            menu.addAction(action)
        menu.popup(self.common.mapToGlobal(self.common.rect().bottomLeft()))

    def _take_reason(self, text: str) -> None:
        self.reason.set_text(text)
        self.reason.tell("")
        self.approver.setFocus()

    def _press(self) -> None:
        if self._busy or self._entry is None:
            return
        person: User | None = self.approver.person()
        self.problem.tell("")
        if not self.reason.text():
            self.reason.tell(words.say("wrong.no_reason"))
            self.reason.line.setFocus()
            return
        if person is None:
            self.problem.tell(words.say("wrong.no_approver"))
            return
        if not self.pin.text():
            self.pin.tell(words.say("wrong.no_pin"))
            self.pin.line.setFocus()
            return
        self._busy = True
        self.button.setEnabled(False)
        self._send(person.user_name)

    def _send(self, approver: str) -> None:
        assert self._entry is not None
        till, clerk, pin = self._desk.till, self._desk.clerk or "", self.pin.text()
        number, reason, tender_id = self._entry.content.body["number"], self.reason.text(), self._tender_id
        refund: Literal["cash", "none"] = "cash" if self.refund.value() == "cash" else "none"

        def work() -> "Entry":
            approval = till.approve(approver=approver, pin=pin, clerk=clerk)
            return till.reverse(
                number=number, reason=reason, refund=refund, tender_id=tender_id, clerk=clerk, approval=approval
            )

        self._desk.tasks.write(work, self._done, self._refuse)

    def _done(self, entry: "Entry") -> None:
        self._busy = False
        self.button.setEnabled(True)
        self.pin.set_text("")
        self.reversed.emit(entry.content.body["number"])

    def _refuse(self, error: UserError) -> None:
        self._busy = False
        self.button.setEnabled(True)
        if error.field == "pin":
            self.pin.tell(messages.sentence(error))
            self.pin.line.setFocus()
            self.pin.line.selectAll()
        elif error.field == "reason":
            self.reason.tell(messages.sentence(error))
        else:
            self.problem.tell(messages.sentence(error))
