"""Moving cash other than by a payment: to the safe, to the bank, out of the drawer; or opening the drawer alone."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import Signal
from PySide6.QtGui import QKeySequence, QShortcut

from meterpos.errors import UserError
from meterpos.ui import messages, words
from meterpos.ui.desk import Desk
from meterpos.ui.theme import Type
from meterpos.ui.widgets.approval import ApprovalBox
from meterpos.ui.widgets.basic import Label, Surface, horizontal, vertical
from meterpos.ui.widgets.buttons import MAIN_KEY, Button, MainAction, main_shortcut
from meterpos.ui.widgets.fields import Field, MoneyField, Problem
from meterpos.ui.widgets.reasons import ReasonField

if TYPE_CHECKING:
    from meterpos.ledger.journal import Approval, Entry
    from meterpos.ledger.rules.cash import MovementKind

REASONS: Final = {
    "payout": ("move.reason.water", "move.reason.transport", "move.reason.repair"),
    "drawer": ("move.reason.change", "move.reason.check", "move.reason.other"),
}


class MovePanel(Surface):
    """One movement; its id is made when the panel opens, so a double press moves it once."""

    done = Signal(object)  # the entry that was written
    cancelled = Signal()

    def __init__(self, desk: Desk) -> None:
        super().__init__("card")
        self._desk = desk
        self._kind = "drop"
        self._movement_id = ""
        self._busy = False
        self.title = Label(Type.title, wrap=True)
        self.why = Label(Type.small, "muted", wrap=True)
        self.amount = MoneyField("move.amount")
        self.slip = Field("move.slip")
        self.reason = ReasonField("move.reason")
        self.approval = ApprovalBox(desk)
        self.problem = Problem()
        self.button = MainAction()
        self.cancel = Button("link", key="reverse.cancel", shown="Esc", step=Type.small_strong)
        column = vertical(self, margins=(20, 14, 20, 16), spacing=10)
        top = horizontal(None)
        top.addWidget(self.title, 1)
        top.addWidget(self.cancel)
        column.addLayout(top)
        parts = (self.why, self.amount, self.slip, self.reason, self.approval, self.problem)
        for part in parts:
            column.addWidget(part)
        column.addStretch(1)
        column.addWidget(self.button)
        self._connect()

    def _connect(self) -> None:
        self.amount.edited.connect(self._edit_amount)
        self.amount.entered.connect(lambda: self._walk(self.amount))
        self.slip.entered.connect(lambda: self._walk(self.slip))
        self.reason.entered.connect(lambda: self._walk(self.reason))
        self.approval.entered.connect(self.press)
        self.button.clicked.connect(self.press)
        self.cancel.clicked.connect(self.cancelled)
        main_shortcut(self.button, self.press)
        QShortcut(QKeySequence("Escape"), self, self.cancelled.emit)
        words.notifier().changed.connect(self._tell)

    def open_for(self, kind: str) -> None:
        """Begin a drop, banking or payout, or the opening of the drawer alone ("drawer")."""
        from meterpos.till import new_tender_id

        self._kind, self._movement_id, self._busy = kind, new_tender_id(), False
        for field in (self.amount, self.slip, self.reason):
            field.set_text("")
            field.tell("")
        self.problem.tell("")
        self.button.setEnabled(True)
        self.amount.setVisible(kind != "drawer")
        self.slip.setVisible(kind == "banking")
        self.reason.setVisible(kind in REASONS)
        self.reason.usual = REASONS.get(kind, ())
        self.approval.setVisible(kind == "payout")
        self.approval.clear()
        self._edit_amount()

    def _edit_amount(self) -> None:
        """The digits of a telephone approval hold for one amount."""
        if self._kind == "payout":
            from meterpos.ledger.rules.approvals import NO_SUBJECT, Wanted

            self.approval.open_for(Wanted("payout", NO_SUBJECT, self._amount() or 0))
        self._tell()

    def walk_in(self) -> None:
        """Put the cursor where the clerk begins."""
        (self.reason if self._kind == "drawer" else self.amount).line.setFocus()

    def _walk(self, left: Field) -> None:
        """Enter goes on to the next field that is there, and from the last one to the button."""
        if self._kind == "drawer":
            self.press()
            return
        order = [field for field in (self.amount, self.slip, self.reason) if field.isVisible()]
        if left is self.amount and not self._has_amount():
            return
        after = order[order.index(left) + 1 :]
        if after:
            after[0].line.setFocus()
        elif self._kind == "payout":
            self.approval.focus_first()
        else:
            self.button.setFocus()

    def _amount(self) -> int | None:
        try:
            return self.amount.amount_minor()
        except UserError:
            return None

    def _has_amount(self) -> bool:
        if self._amount():
            return True
        text = self.amount.text()
        self.amount.tell(words.say("wrong.amount", text=text[:24]) if text else words.say("wrong.no_amount_moved"))
        self.amount.line.setFocus()
        return False

    def _tell(self) -> None:
        self.title.setText(words.say(f"shift.deed.{self._kind}"))
        self.why.setText(words.say(f"move.why.{self._kind}"))
        amount = self._desk.money(self._amount() or 0)
        self.button.show_lines(words.say(f"move.button.{self._kind}", amount=amount), MAIN_KEY)

    # --- doing it ------------------------------------------------------------------------------------------------

    def press(self) -> None:
        """Move the cash, or say what is missing."""
        if self._busy or not self.isVisible() or not self._is_complete():
            return
        approve = self.approval.ready() if self._kind == "payout" else None
        if self._kind == "payout" and approve is None:
            return
        self._busy = True
        self.button.setEnabled(False)
        if self._kind == "drawer":
            till, clerk, reason = self._desk.till, self._desk.clerk or "", self.reason.text()
            self._desk.tasks.write(lambda: till.open_drawer(reason=reason, clerk=clerk), self._have_done, self._refuse)
        else:
            self._move(approve)

    def _is_complete(self) -> bool:
        self.problem.tell("")
        if self.amount.isVisible() and not self._has_amount():
            return False
        for field, key in ((self.slip, "wrong.no_slip"), (self.reason, "wrong.no_reason_moved")):
            if field.isVisible() and not field.text():
                field.tell(words.say(key))
                field.line.setFocus()
                return False
        return True

    def _move(self, approve: "Callable[[], Approval] | None") -> None:
        from meterpos.ledger.operations.cash import CashRequest

        till, clerk = self._desk.till, self._desk.clerk or ""
        kinds: dict[str, MovementKind] = {"drop": "drop", "banking": "banking", "payout": "payout"}
        request = CashRequest(
            movement_id=self._movement_id,
            kind=kinds[self._kind],
            amount_minor=self._amount() or 0,
            slip=self.slip.text(),
            reason=self.reason.text(),
        )

        def work() -> "Entry":
            return till.move_cash(request=request, clerk=clerk, approval=approve() if approve is not None else None)

        self._desk.tasks.write(work, self._have_done, self._refuse)

    def _have_done(self, entry: "Entry") -> None:
        self._end()
        self.approval.clear()
        self.done.emit(entry)

    def _end(self) -> None:
        self._busy = False
        self.button.setEnabled(True)

    def _refuse(self, error: UserError) -> None:
        self._end()
        if self._kind == "payout" and self.approval.refuse(error):
            return
        fields = {"amount": self.amount, "slip": self.slip, "reason": self.reason}
        field = fields.get(error.field or "")
        if field is None or not field.isVisible():
            self.problem.tell(messages.sentence(error))
            self.button.setFocus()
            return
        field.tell(messages.sentence(error))
        field.line.setFocus()
        field.line.selectAll()
