"""Moving a payment to the meter it was meant for: which one, why, and a second person who approves."""

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QWidget

from meterpos.errors import UserError
from meterpos.ledger.money import format_amount
from meterpos.ui import messages, words
from meterpos.ui.desk import Desk
from meterpos.ui.pages.picking import meter_picker
from meterpos.ui.theme import Type
from meterpos.ui.widgets.approval import ApprovalBox
from meterpos.ui.widgets.basic import Label, Surface, horizontal, vertical
from meterpos.ui.widgets.buttons import Button, MainAction
from meterpos.ui.widgets.fields import Field, Problem
from meterpos.ui.widgets.scrolled import Yielding

if TYPE_CHECKING:
    from collections.abc import Callable

    from meterpos.ledger.journal import Approval, Entry


def part_name(part: dict[str, Any]) -> str:
    """Return how a part of a receipt names its meter."""
    return str(part["suspense"]["meter_no"] if part["suspense"] else part["meter"] or part["account"])


class CorrectPanel(Surface):
    """One correction; its id is made when the panel opens, so a double press corrects once."""

    corrected = Signal(object)  # the entry of both papers
    cancelled = Signal()

    def __init__(self, desk: Desk) -> None:
        super().__init__("card")
        self._desk = desk
        self._entry: Entry | None = None
        self._tender_id = ""
        self._wrong = 0
        self._busy = False
        self.title = Label(Type.title, key="correct.title")
        self.cancel = Button("link", key="reverse.cancel", step=Type.small_strong)
        self.wrong_label = Label(Type.small, "muted", key="correct.from")
        self.wrong = Button("", step=Type.small_strong)
        self.meter = meter_picker(desk, "correct.meter", topic="correct meter")
        self.reason = Field("reverse.reason", step=Type.text)
        self.approval = ApprovalBox(desk)
        self.problem = Problem()
        self.button = MainAction()
        self._build()
        self._connect()

    def _build(self) -> None:
        column = vertical(self, margins=(18, 8, 18, 10), spacing=6)
        top = horizontal(None)
        top.addWidget(self.title, 1)
        top.addWidget(self.cancel)
        column.addLayout(top)
        scrolled = QWidget()
        scrolled.setObjectName("scrolled")
        inside = vertical(scrolled, spacing=6)
        for part in (self.wrong_label, self.wrong, self.meter, self.reason, self.approval):
            inside.addWidget(part)
        inside.addStretch(1)
        scroll = Yielding(scrolled)
        column.addWidget(scroll, 1)
        column.addWidget(self.problem)
        column.addWidget(self.button)

    def _connect(self) -> None:
        self.wrong.clicked.connect(self._offer_parts)
        self.meter.picked.connect(lambda _: self.reason.line.setFocus())
        self.meter.changed.connect(self._tell)
        self.reason.entered.connect(self.approval.focus_first)
        self.approval.entered.connect(self.press)
        self.button.clicked.connect(self.press)
        self.cancel.clicked.connect(self.cancelled)
        words.notifier().changed.connect(self._tell)

    def open_for(self, entry: "Entry") -> None:
        """Begin the correction of a receipt."""
        from meterpos.ledger.rules.approvals import Wanted
        from meterpos.till import new_tender_id

        self._entry, self._tender_id, self._wrong = entry, new_tender_id(), 0
        self.meter.clear()
        self.reason.set_text(words.say("reverse.reason.wrong_meter"))
        self.reason.line.setCursorPosition(0)
        self.reason.tell("")
        self.problem.tell("")
        self.approval.clear()
        body = entry.content.body
        for one in (self.wrong_label, self.wrong):
            one.setVisible(len(body["parts"]) > 1)
        self.approval.open_for(Wanted("correct", body["number"], sum(part["amount"] for part in body["parts"])))
        self._set_busy(busy=False)
        self.meter.field.line.setFocus()

    def _offer_parts(self) -> None:
        assert self._entry is not None
        menu = QMenu(self)
        for place, part in enumerate(self._entry.content.body["parts"]):
            action = QAction(f"{part_name(part)} · {format_amount(part['amount'])}", menu)
            action.triggered.connect(lambda _=False, place=place: self.choose_wrong(place))
            menu.addAction(action)
        menu.setActiveAction(menu.actions()[self._wrong])
        menu.popup(self.wrong.mapToGlobal(self.wrong.rect().bottomLeft()))

    def choose_wrong(self, place: int) -> None:
        """Say which of the receipt's meters was the wrong one."""
        self._wrong = place
        self._tell()
        self.meter.field.line.setFocus()

    def _tell(self) -> None:
        if self._entry is None:
            return
        part = self._entry.content.body["parts"][self._wrong]
        self.wrong.say(part_name(part))
        right = self.meter.chosen()
        whom = f"{right.meter_no} · {right.customer_name}" if right is not None else words.say("correct.choose")
        if self._busy:
            self.button.show_lines(words.say("pay.saving"), whom)
        else:
            self.button.show_lines(words.say("correct.button", amount=self._desk.money(part["amount"])), whom)

    def press(self) -> None:
        """Move the payment, or say what is missing. Twice in a row moves it once."""
        if self._busy or self._entry is None or not self.isVisible():
            return
        self.problem.tell("")
        right = self.meter.chosen()
        if right is None:
            self.meter.tell(words.say("wrong.no_right_meter"))
            self.meter.field.line.setFocus()
            return
        if not self.reason.text():
            self.reason.tell(words.say("wrong.no_reason"))
            self.reason.line.setFocus()
            return
        approve = self.approval.ready()
        if approve is not None:
            self._set_busy(busy=True)
            self._send(right.account_no, approve)

    def _send(self, to_meter: str, approve: "Callable[[], Approval]") -> None:
        assert self._entry is not None
        body = self._entry.content.body
        till, clerk, tender_id = self._desk.till, self._desk.clerk or "", self._tender_id
        number, reason, wrong = body["number"], self.reason.text(), part_name(body["parts"][self._wrong])

        def work() -> "Entry":
            return till.correct(
                number=number,
                to_meter=to_meter,
                from_meter=wrong,
                reason=reason,
                tender_id=tender_id,
                clerk=clerk,
                approval=approve(),
            )

        self._desk.tasks.write(work, self._done, self._refuse)

    def _done(self, entry: "Entry") -> None:
        self._set_busy(busy=False)
        self.approval.clear()
        self.corrected.emit(entry)

    def _refuse(self, error: UserError) -> None:
        self._set_busy(busy=False)
        if self.approval.refuse(error):
            return
        sentence = messages.sentence(error)
        if error.field == "reason":
            self.reason.tell(sentence)
        elif error.field == "meter":
            self.meter.tell(sentence)
            self.meter.field.line.setFocus()
        else:
            self.problem.tell(sentence)

    def _set_busy(self, *, busy: bool) -> None:
        self._busy = busy
        self.button.setEnabled(not busy)
        self._tell()
