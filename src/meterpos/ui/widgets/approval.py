"""The second person behind an act: their name and PIN here, or head office's digits by telephone.

Any form whose act needs an approval holds one `ApprovalBox`:

    self.approval = ApprovalBox(desk)                          # among the form's fields; hide it while none is needed
    self.approval.entered.connect(self._press)                 # Enter in its last field
    self.approval.open_for(Wanted("reverse", number, total))   # when the form opens, and when number or amount change

    approve = self.approval.ready()                            # None while something is missing, which it says itself
    if approve is not None:
        tasks.write(lambda: till.reverse(..., approval=approve()), self._done, self._refuse)

    def _refuse(self, error):                                  # what came of it
        if not self.approval.refuse(error):                    # True: it was about the approval and stands beside it
            ...

`approve` checks the PIN (0.3 s) or the digits, which the act then uses up; it is called in the lane, right before the
act. Nobody approves what they do themselves: the clerk at the desk is not offered, and the ledger refuses them.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from meterpos.errors import UserError
from meterpos.ui import messages, theme, words
from meterpos.ui.desk import Desk
from meterpos.ui.models import asking
from meterpos.ui.theme import Type
from meterpos.ui.widgets import paint
from meterpos.ui.widgets.basic import Label, Surface, announce, vertical
from meterpos.ui.widgets.buttons import Segment, Segments
from meterpos.ui.widgets.fields import Field, Problem
from meterpos.ui.widgets.person import PersonField

if TYPE_CHECKING:
    from meterpos.ledger.journal import Approval
    from meterpos.ledger.queries.people import User
    from meterpos.ledger.rules.approvals import Wanted
    from meterpos.ledger.rules.rights import Act

HOW = (Segment("pin", "circle-user-round", "approval.pin"), Segment("code", "smartphone", "approval.code"))
CODE_DIGITS = 8
ASK_AFTER_MS = 300
MARGIN = 14
STEPS = (Type.value, Type.strong, Type.small_strong)


class ApprovalBox(QWidget):
    """Who agrees, and how they say so; see the module for how a form uses it."""

    entered = Signal()

    def __init__(self, desk: Desk, *, act: "Act" = "approve") -> None:
        """Offer those who may do ``act``: a plan is a manager's to agree to."""
        super().__init__()
        self._desk, self._act = desk, act
        self._wanted: Wanted | None = None
        self._asked: Wanted | None = None
        self.how = Segments(HOW, name_key="approval.how")
        self.approver = PersonField("approval.by")
        self.pin = Field("person.pin", secret=True)
        self.challenge = _Challenge()
        self.code = Field("approval.digits", step=Type.value)
        self.problem = Problem()
        column = vertical(self, spacing=8)
        for part in (self.how, self.approver, self.pin, self.challenge, self.code, self.problem):
            column.addWidget(part)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Maximum)
        self.code.line.setMaxLength(CODE_DIGITS + 3)  # people write digits in groups
        self._later = QTimer(self, singleShot=True, interval=ASK_AFTER_MS)
        self._connect()
        self._show_how()

    def _connect(self) -> None:
        self.how.chosen.connect(lambda _: self._change_how())
        self.approver.chosen.connect(lambda _: self.pin.line.setFocus())
        self.pin.entered.connect(self.entered)
        self.code.entered.connect(self.entered)
        self._later.timeout.connect(self._ask)

    def open_for(self, wanted: "Wanted") -> None:
        """Begin, or go on for another paper or amount; what was typed for another act is forgotten."""
        if wanted != self._wanted:
            self._wanted = wanted
            self.clear()
            self._later.start()
        clerk, moment = self._desk.clerk, self._desk.till.moment()
        self._desk.tasks.read(
            lambda conn: asking.approvers(conn, clerk, moment, act=self._act),
            self._offer,
            topic=f"approvers {id(self)}",
        )

    def clear(self) -> None:
        """Forget PIN, digits and what was wrong with them."""
        for field in (self.pin, self.code):
            field.set_text("")
            field.tell("")
        self.problem.tell("")

    def focus_first(self) -> None:
        """Put the cursor where the form goes on."""
        if self.how.value() == "code":
            self.code.line.setFocus()
        elif self.approver.person() is None:
            self.approver.setFocus()
        else:
            self.pin.line.setFocus()

    def ready(self) -> "Callable[[], Approval] | None":
        """Return what approves, to be called in the lane; None when something is missing, which is then said here."""
        self.problem.tell("")
        return self._by_code() if self.how.value() == "code" else self._by_pin()

    def refuse(self, error: UserError) -> bool:
        """Say beside its field what was wrong with the approval; False where the error is about something else."""
        sentence = messages.sentence(error)
        if error.field == "approval_code":
            self.code.set_text("")
            self._point_at(self.code, sentence)
            self._asked = None  # after too many tries it is asked anew
            self._later.start()
        elif error.field == "pin":
            self._point_at(self.pin, sentence)
        elif error.field == "approver":
            self.problem.tell(sentence)
        else:
            return False
        return True

    # --- by PIN --------------------------------------------------------------------------------------------------

    def _offer(self, people: "tuple[User, ...]") -> None:
        self.approver.set_people(people)

    def _by_pin(self) -> "Callable[[], Approval] | None":
        person = self.approver.person()
        if person is None:
            self.problem.tell(words.say("wrong.no_approver"))
            self.approver.setFocus()
            return None
        if not self.pin.text():
            self._point_at(self.pin, words.say("wrong.no_pin"))
            return None
        till, name, pin, clerk = self._desk.till, person.user_name, self.pin.text(), self._desk.clerk or ""
        return lambda: till.approve(approver=name, pin=pin, clerk=clerk)

    # --- by telephone --------------------------------------------------------------------------------------------

    def _ask(self) -> None:
        wanted = self._wanted
        if wanted is None or self.how.value() != "code" or wanted == self._asked:
            return
        self._asked, till = wanted, self._desk.till
        self._desk.tasks.in_lane(
            lambda: till.ask_approval(wanted),
            lambda text: self.challenge.show_text(text) if wanted == self._wanted else None,
        )

    def _by_code(self) -> "Callable[[], Approval] | None":
        wanted, code = self._wanted, "".join(self.code.text().split())
        if wanted is None or len(code) != CODE_DIGITS or not code.isdecimal():
            self._point_at(self.code, words.say("wrong.no_digits"))
            return None
        till, clerk = self._desk.till, self._desk.clerk or ""
        return lambda: till.approve_by_code(wanted, code=code, clerk=clerk)

    # --- showing -------------------------------------------------------------------------------------------------

    def _change_how(self) -> None:
        self._show_how()
        self._ask()
        if not any(self.how.button(segment.value).hasFocus() for segment in HOW):
            self.focus_first()

    def _show_how(self) -> None:
        by_code = self.how.value() == "code"
        self.challenge.setVisible(by_code)
        self.code.setVisible(by_code)
        self.approver.setVisible(not by_code)
        self.pin.setVisible(not by_code)
        self.problem.tell("")

    def _point_at(self, field: Field, sentence: str) -> None:
        field.tell(sentence)
        field.line.setFocus()
        field.line.selectAll()


class _Challenge(Surface):
    """What is read out to head office, large and in groups."""

    def __init__(self) -> None:
        super().__init__("quiet")
        self.why = Label(Type.small, "muted", key="approval.read_out", wrap=True)
        self.text = Label(Type.value, wrap=True)
        self.text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        column = vertical(self, margins=(MARGIN, 8, MARGIN, 8), spacing=4)
        column.addWidget(self.why)
        column.addWidget(self.text)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        """As large as the widest line allows."""
        room = self.width() - 2 * MARGIN
        widest = max(self.text.text().splitlines() or [""], key=lambda line: paint.width(line, Type.value))
        fitting = (step for step in STEPS if paint.width(widest, step) < room)
        self.text.setFont(theme.font(next(fitting, STEPS[-1])))

    def show_text(self, text: str) -> None:
        """Show a challenge in three lines; the space between its groups means nothing to head office."""
        *till_and_act, subject, amount, nonce, check = text.split("/")
        lines = (till_and_act, (subject,), (amount, f"{nonce[:4]} {nonce[4:]}", check))
        self.text.setText(" /\n".join(" / ".join(line) for line in lines))
        self._fit()
        announce(self, self.text.text())
