"""Opening a shift: who works, their PIN, and the float in the drawer."""

from typing import TYPE_CHECKING

from meterpos.errors import UserError
from meterpos.ui import messages, words
from meterpos.ui.desk import Desk
from meterpos.ui.models import asking
from meterpos.ui.theme import Type
from meterpos.ui.widgets.basic import Label, Surface, vertical
from meterpos.ui.widgets.buttons import MainAction
from meterpos.ui.widgets.fields import Field, MoneyField, Problem
from meterpos.ui.widgets.person import PersonField

if TYPE_CHECKING:
    from meterpos.ledger.journal import Entry
    from meterpos.ledger.queries.people import User

FORM_WIDTH = 420


class OpenShift(Surface):
    """Who works, with what in the drawer. A first PIN is set here with the code from head office."""

    def __init__(self, desk: Desk) -> None:
        super().__init__("card")
        self._desk = desk
        self._busy = False
        self.title = Label(Type.name, key="shift.open.title")
        self.why = Label(Type.small, "muted", key="shift.open.why", wrap=True)
        self.person = PersonField("shift.clerk")
        self.code = Field("person.code")
        self.pin = Field("person.pin", secret=True)
        self.money = MoneyField("shift.float")
        self.problem = Problem()
        self.button = MainAction()
        column = vertical(self, margins=(24, 22, 24, 20), spacing=12)
        for part in (self.title, self.why, self.person, self.code, self.pin, self.money, self.problem, self.button):
            column.addWidget(part)
        self.setFixedWidth(FORM_WIDTH)
        self.person.chosen.connect(lambda _: self._show_code(walk=True))
        self.code.entered.connect(self.pin.line.setFocus)
        self.pin.entered.connect(self.money.line.setFocus)
        self.money.entered.connect(self.press)
        self.money.edited.connect(self.tell)
        self.button.clicked.connect(self.press)
        words.notifier().changed.connect(self.tell)
        self._show_code(walk=False)

    def refresh(self) -> None:
        """Read again who may work here."""
        self._desk.tasks.read(asking.people_here, self._offer, topic="people")

    def _offer(self, people: "tuple[User, ...]") -> None:
        self.person.set_people(people)
        self._show_code(walk=False)
        self.tell()

    def walk_in(self) -> None:
        """Put the cursor where the clerk goes on."""
        if self.person.person() is None:
            self.person.choice.setFocus()
        else:
            self.pin.line.setFocus()

    def _show_code(self, *, walk: bool) -> None:
        person = self.person.person()
        needs = person is not None and not person.has_pin
        self.code.setVisible(needs)
        self.pin.relabel(words.say("person.new_pin" if needs else "person.pin"))
        if walk:
            (self.code if needs else self.pin).line.setFocus()
        self.tell()

    def tell(self) -> None:
        """Show what the button will do."""
        try:
            amount = self.money.amount_minor() or 0
        except UserError:
            amount = 0
        person = self.person.person()
        self.button.show_lines(
            words.say("shift.open.button", amount=self._desk.money(amount)), person.display_name if person else ""
        )

    def press(self) -> None:
        """Open the shift, or say what is missing."""
        if self._busy or not self.isVisible():
            return
        self.problem.tell("")
        person = self.person.person()
        if person is None:
            self.problem.tell(words.say("wrong.no_person"))
            self.person.choice.setFocus()
            return
        for field, key in ((self.code, "wrong.no_code"), (self.pin, "wrong.no_pin")):
            if field.isVisible() and not field.text():
                field.tell(words.say(key))
                field.line.setFocus()
                return
        try:
            amount = self.money.amount_minor()
        except UserError:
            self.money.tell(words.say("wrong.amount", text=self.money.text()[:24]))
            self.money.line.setFocus()
            return
        self._send(person, amount or 0)

    def _send(self, person: "User", float_minor: int) -> None:
        self._busy = True
        self.button.setEnabled(False)
        till, pin, code = self._desk.till, self.pin.text(), self.code.text()

        def work() -> "Entry":
            if not person.has_pin:
                till.set_pin(user_name=person.user_name, code=code, pin=pin)
            till.sign_in(user_name=person.user_name, pin=pin)
            return till.open_shift(float_minor=float_minor, clerk=person.user_name)

        self._desk.tasks.write(work, self._opened, self._refuse)

    def _opened(self, _entry: "Entry") -> None:
        self._end()
        for field in (self.pin, self.code, self.money):
            field.set_text("")
        self._desk.refresh(lambda: self._desk.go_to.emit("pay", None))

    def _end(self) -> None:
        self._busy = False
        self.button.setEnabled(True)

    def _refuse(self, error: UserError) -> None:
        self._end()
        fields = {"pin": self.pin, "code": self.code, "float": self.money}
        field = fields.get(error.field or "")
        if field is None:
            self.problem.tell(messages.sentence(error))
            return
        field.tell(messages.sentence(error))
        field.line.setFocus()
        field.line.selectAll()
        self.refresh()
