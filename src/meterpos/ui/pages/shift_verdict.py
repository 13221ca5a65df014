"""After the count: what it is over or short, and then the closing, or the handing over to the next clerk."""

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeySequence, QShortcut

from meterpos.errors import UserError
from meterpos.ledger.money import format_amount
from meterpos.ui import messages, words
from meterpos.ui.desk import Desk
from meterpos.ui.models import asking
from meterpos.ui.models.asking import ShiftView
from meterpos.ui.models.counting import Counted
from meterpos.ui.theme import Type
from meterpos.ui.widgets.basic import Label, Surface, announce, vertical
from meterpos.ui.widgets.buttons import MAIN_KEY, Button, MainAction, main_shortcut
from meterpos.ui.widgets.factgrid import FactGrid
from meterpos.ui.widgets.fields import Field, Problem
from meterpos.ui.widgets.person import PersonField

if TYPE_CHECKING:
    from meterpos.ledger.journal import Entry

FACTS = ("verdict.counted", "verdict.expected")


class VerdictPanel(Surface):
    """Shows a count against what must be there; counting again is remembered and printed."""

    done = Signal(object)  # the entry that was written
    again = Signal()

    def __init__(self, desk: Desk) -> None:
        super().__init__("card")
        self._desk = desk
        self._purpose, self._number, self._movement_id, self._busy = "close", 0, "", False
        self._counted = Counted(0)
        self._difference = 0
        self._earlier: list[int] = []
        self.title = Label(Type.title, wrap=True)
        self.verdict = Label(Type.amount, wrap=True)
        self.facts = FactGrid(FACTS, columns=2)
        self.note = Label(Type.small, "muted", wrap=True)
        self.person = PersonField("verdict.next_clerk")
        self.pin = Field("verdict.next_pin", secret=True)
        self.problem = Problem()
        self.button = MainAction()
        self.count_again = Button(key="verdict.again", shortcut="Ctrl+Z")
        column = vertical(self, margins=(20, 20, 20, 16), spacing=12)
        parts = (self.title, self.verdict, self.facts, self.note, self.person, self.pin, self.problem)
        for part in parts:
            column.addWidget(part)
        column.addStretch(1)
        column.addWidget(self.count_again)
        column.addWidget(self.button)
        self._connect()

    def _connect(self) -> None:
        self.person.chosen.connect(self._chosen)
        self.pin.entered.connect(self.press)
        self.button.clicked.connect(self.press)
        self.count_again.clicked.connect(self._count_again)
        main_shortcut(self.button, self.press)
        QShortcut(QKeySequence("Escape"), self, self._count_again)
        words.notifier().changed.connect(self._tell)

    def forget(self) -> None:
        """Begin with a first count."""
        from meterpos.till import new_tender_id

        self._earlier, self._movement_id = [], new_tender_id()

    def renew(self, view: ShiftView) -> None:
        """Show the count against the shift's sums as they are now: money may have been taken since it was counted."""
        self._number = view.shift.shift
        self._difference = self._counted.minor - view.totals.expected_minor
        self.facts.tell("verdict.counted", self._desk.money(self._counted.minor))
        self.facts.tell("verdict.expected", self._desk.money(view.totals.expected_minor))
        self._tell()

    def judge(self, purpose: str, counted: Counted, view: ShiftView) -> None:
        """Show a count against the shift's sums."""
        self._purpose, self._counted = purpose, counted
        self.renew(view)
        handing_over = purpose == "handover"
        self.person.setVisible(handing_over)
        self.pin.setVisible(handing_over)
        self.pin.set_text("")
        self.pin.tell("")
        self.problem.tell("")
        self._end()
        if handing_over:
            clerk = self._desk.clerk
            self._desk.tasks.read(lambda conn: asking.next_clerks(conn, clerk), self._offer)
        self._tell()
        announce(self.verdict, self.verdict.text())

    def walk_in(self) -> None:
        """A count that is exact goes on; one that differs stands before counting again."""
        if self._difference:
            self.count_again.setFocus(Qt.FocusReason.TabFocusReason)
        elif self._purpose == "handover":
            (self.pin if self.person.person() is not None else self.person).setFocus()
        else:
            self.button.setFocus(Qt.FocusReason.TabFocusReason)

    def _offer(self, people: "tuple[object, ...]") -> None:
        self.person.set_people(people)  # type: ignore[arg-type]
        self._tell()

    def _chosen(self, _person: object) -> None:
        self.pin.line.setFocus()
        self._tell()

    def _tell(self) -> None:
        over = self._difference
        key = "shift.exact" if not over else "shift.over" if over > 0 else "shift.short"
        self.title.setText(words.say(f"count.title.{self._purpose}"))
        self.verdict.setText(words.say(key, amount=format_amount(abs(over))))
        self.verdict.set_tone("action" if not over else "danger" if over < 0 else "waiting")
        self.note.setText(words.say("verdict.note.differs"))
        self.note.setVisible(bool(over))
        if self._purpose == "close":
            self.button.show_lines(words.say("shift.close.button", number=self._number), MAIN_KEY)
            return
        person = self.person.person()
        amount = self._desk.money(self._counted.minor)
        to = person.display_name if person is not None else "…"
        self.button.show_lines(words.say("verdict.hand_over", amount=amount), f"{to} · {MAIN_KEY}")

    def _count_again(self) -> None:
        if not self._busy and self.isVisible():
            self._earlier.append(self._counted.minor)
            self.again.emit()

    # --- doing it ------------------------------------------------------------------------------------------------

    def press(self) -> None:
        """Close the shift, or hand it over."""
        if self._busy or not self.isVisible():
            return
        if self._purpose == "close":
            self._close()
        else:
            self._hand_over()

    def _close(self) -> None:
        self._begin()
        till, clerk, counted, earlier = self._desk.till, self._desk.clerk or "", self._counted, tuple(self._earlier)
        self._desk.tasks.write(
            lambda: till.close_shift(
                counted_minor=counted.minor, clerk=clerk, notes=counted.notes, earlier_minor=earlier
            ),
            self._have_done,
            self._refuse,
        )

    def _hand_over(self) -> None:
        from meterpos.ledger.operations.cash import CashRequest

        self.problem.tell("")
        person = self.person.person()
        if person is None:
            self.problem.tell(words.say("wrong.no_next_clerk"))
            self.person.setFocus()
            return
        if not self.pin.text():
            self.pin.tell(words.say("wrong.no_pin"))
            self.pin.line.setFocus()
            return
        self._begin()
        till, clerk, pin, to = self._desk.till, self._desk.clerk or "", self.pin.text(), person.user_name
        request = CashRequest(
            movement_id=self._movement_id,
            kind="handover",
            amount_minor=self._counted.minor,
            to=to,
            notes=self._counted.notes,
            earlier_minor=tuple(self._earlier),
        )

        def work() -> "Entry":
            till.sign_in(user_name=to, pin=pin)
            return till.move_cash(request=request, clerk=clerk)

        self._desk.tasks.write(work, self._have_done, self._refuse)

    def _begin(self) -> None:
        self._busy = True
        self.button.setEnabled(False)
        self.count_again.setEnabled(False)

    def _end(self) -> None:
        self._busy = False
        self.button.setEnabled(True)
        self.count_again.setEnabled(True)

    def _have_done(self, entry: "Entry") -> None:
        self._end()
        self.pin.set_text("")
        self.done.emit(entry)

    def _refuse(self, error: UserError) -> None:
        self._end()
        if error.field == "pin" and self.pin.isVisible():
            self.pin.tell(messages.sentence(error))
            self.pin.line.setFocus()
            self.pin.line.selectAll()
        else:
            self.problem.tell(messages.sentence(error))
            self.button.setFocus()
