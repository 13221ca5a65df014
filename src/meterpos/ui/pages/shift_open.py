"""Opening a shift: who is signed in opens it, with the float in the drawer."""

from typing import TYPE_CHECKING

from meterpos.errors import UserError
from meterpos.ui import messages, words
from meterpos.ui.desk import Desk
from meterpos.ui.theme import Type
from meterpos.ui.widgets.basic import Label, Surface, vertical
from meterpos.ui.widgets.buttons import MainAction
from meterpos.ui.widgets.fields import MoneyField, Problem

if TYPE_CHECKING:
    from meterpos.ledger.journal import Entry

FORM_WIDTH = 420


class OpenShift(Surface):
    """What lies in the drawer; or why who is signed in opens none."""

    def __init__(self, desk: Desk) -> None:
        super().__init__("card")
        self._desk = desk
        self._busy = False
        self.title = Label(Type.name, key="shift.open.title")
        self.why = Label(Type.small, "muted", wrap=True)
        self.money = MoneyField("shift.float")
        self.problem = Problem()
        self.button = MainAction()
        column = vertical(self, margins=(24, 22, 24, 20), spacing=12)
        for part in (self.title, self.why, self.money, self.problem, self.button):
            column.addWidget(part)
        self.setFixedWidth(FORM_WIDTH)
        self.money.entered.connect(self.press)
        self.money.edited.connect(self.tell)
        self.button.clicked.connect(self.press)
        words.notifier().changed.connect(self.tell)
        self.tell()

    def walk_in(self) -> None:
        """Put the cursor where the clerk goes on."""
        self.money.line.setFocus()

    def tell(self) -> None:
        """Show what the button will do, and in whose name."""
        reason, me = self._desk.why_not("open_shift"), self._desk.me
        self.why.setText(reason or words.say("shift.open.why"))
        self.money.setVisible(not reason)
        self.button.setVisible(not reason)
        try:
            amount = self.money.amount_minor() or 0
        except UserError:
            amount = 0
        self.button.show_lines(
            words.say("shift.open.button", amount=self._desk.money(amount)), me.display_name if me is not None else ""
        )

    def press(self) -> None:
        """Open the shift, or say what is missing."""
        clerk = self._desk.clerk
        if self._busy or not self.button.isVisible() or clerk is None:
            return
        self.problem.tell("")
        try:
            amount = self.money.amount_minor()
        except UserError:
            self.money.tell(words.say("wrong.amount", text=self.money.text()[:24]))
            self.money.line.setFocus()
            return
        self._busy = True
        self.button.setEnabled(False)
        till, float_minor = self._desk.till, amount or 0
        self._desk.tasks.write(
            lambda: till.open_shift(float_minor=float_minor, clerk=clerk), self._opened, self._refuse
        )

    def _opened(self, _entry: "Entry") -> None:
        self._end()
        self.money.set_text("")
        self._desk.refresh(lambda: self._desk.go_to.emit("pay", None))

    def _end(self) -> None:
        self._busy = False
        self.button.setEnabled(True)

    def _refuse(self, error: UserError) -> None:
        self._end()
        if error.field == "float":
            self.money.tell(messages.sentence(error))
            self.money.line.setFocus()
            self.money.line.selectAll()
        else:
            self.problem.tell(messages.sentence(error))
