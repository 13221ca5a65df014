"""Putting a receipt right: what went wrong, and the form for it; another till's is asked of head office."""

from functools import cached_property
from typing import TYPE_CHECKING, Literal

from PySide6.QtCore import Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QWidget

from meterpos.errors import UserError
from meterpos.ui import messages, words
from meterpos.ui.desk import Desk
from meterpos.ui.pages.correct import CorrectPanel
from meterpos.ui.pages.picking import meter_picker
from meterpos.ui.pages.reverse import ReversePanel
from meterpos.ui.theme import Type
from meterpos.ui.widgets.basic import Label, SectionLabel, Surface, horizontal, vertical
from meterpos.ui.widgets.buttons import Button, MainAction, Segment, Segments
from meterpos.ui.widgets.fields import Field, Problem

if TYPE_CHECKING:
    from meterpos.ledger.journal import Entry

WAYS = (Segment("reverse", "undo-2", "right.reverse"), Segment("correct", "arrow-right-left", "right.correct"))


class PutRight(QWidget):
    """A receipt of this till: taken back, or moved to the right meter."""

    reversed = Signal(str)
    corrected = Signal(object)
    cancelled = Signal()

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        self._entry: Entry | None = None
        self.title = SectionLabel()
        words.bind(lambda text: self.title.setText(f"{text.upper()}    Ctrl+1 … 2"), "right.what", owner=self)
        self.ways = Segments(WAYS, name_key="right.what")
        self.reversing = ReversePanel(desk)
        column = vertical(self, spacing=8)
        column.addWidget(self.title)
        column.addWidget(self.ways)
        column.addWidget(self.reversing)
        column.addStretch(0)
        self._column = column
        self.ways.chosen.connect(self._show)
        self.reversing.reversed.connect(self.reversed)
        self.reversing.cancelled.connect(self.cancelled)
        for number, way in enumerate(WAYS, start=1):
            QShortcut(QKeySequence(f"Ctrl+{number}"), self, lambda value=way.value: self.ways.choose(value))

    @cached_property
    def correcting(self) -> CorrectPanel:
        """The form that moves it, made when it is first wanted."""
        made = CorrectPanel(self._desk)
        made.corrected.connect(self.corrected)
        made.cancelled.connect(self.cancelled)
        self._column.insertWidget(self._column.count() - 1, made, 1)
        return made

    def open_for(self, entry: "Entry") -> None:
        """Begin to put a receipt right; taking it back is offered first."""
        self._entry = entry
        self.show()
        if self.ways.value() == "reverse":
            self._show("reverse")
        else:
            self.ways.choose("reverse")

    def _show(self, way: str) -> None:
        if self._entry is None:
            return
        self.reversing.setVisible(way == "reverse")
        if way == "correct" or "correcting" in self.__dict__:
            self.correcting.setVisible(way == "correct")
        if way == "reverse":
            self.reversing.open_for(self._entry)
        else:
            self.correcting.open_for(self._entry)


class AskPanel(Surface):
    """A receipt of another till: head office is asked, with what is wrong about it."""

    asked = Signal(str)
    cancelled = Signal()

    def __init__(self, desk: Desk) -> None:
        super().__init__("card")
        self._desk = desk
        self._number, self._seal = "", None  # type: str, str | None
        self._busy = False
        self.title = Label(Type.title, key="ask.title", wrap=True)
        self.cancel = Button("link", key="reverse.cancel", step=Type.small_strong)
        self.why = Label(Type.small, "muted", key="ask.why", wrap=True)
        self.ways = Segments(WAYS, name_key="right.what")
        self.meter = meter_picker(desk, "correct.meter", topic="ask meter")
        self.reason = Field("reverse.reason", step=Type.text)
        self.problem = Problem()
        self.button = MainAction()
        column = vertical(self, margins=(18, 8, 18, 10), spacing=8)
        top = horizontal(None)
        top.addWidget(self.title, 1)
        top.addWidget(self.cancel)
        column.addLayout(top)
        for part in (self.why, self.ways, self.meter, self.reason, self.problem, self.button):
            column.addWidget(part)
        self._connect()

    def _connect(self) -> None:
        self.ways.chosen.connect(self._show)
        self.meter.picked.connect(lambda _: self.reason.line.setFocus())
        self.reason.entered.connect(self.press)
        self.button.clicked.connect(self.press)
        self.cancel.clicked.connect(self.cancelled)
        words.notifier().changed.connect(self._tell)

    def open_for(self, number: str, *, seal: str | None) -> None:
        """Begin to ask about a receipt; ``seal`` is its code where that was read."""
        self._number, self._seal, self._busy = number, seal, False
        self.meter.clear()
        self.reason.set_text("")
        self.reason.tell("")
        self.problem.tell("")
        self.button.setEnabled(True)
        self.show()
        self._show(self.ways.value())

    def _show(self, way: str) -> None:
        self.meter.setVisible(way == "correct")
        self._tell()
        if self.isVisible():
            (self.meter.field if way == "correct" else self.reason).line.setFocus()

    def _tell(self) -> None:
        self.button.show_lines(words.say("ask.button"), self._number)

    def press(self) -> None:
        """Ask, or say what is missing."""
        if self._busy or not self.isVisible():
            return
        right = self.meter.chosen() if self.ways.value() == "correct" else None
        if self.ways.value() == "correct" and right is None:
            self.meter.tell(words.say("wrong.no_right_meter"))
            self.meter.field.line.setFocus()
        elif not self.reason.text():
            self.reason.tell(words.say("wrong.no_reason"))
            self.reason.line.setFocus()
        else:
            self._send(right.meter_no if right is not None else None)

    def _send(self, to_meter: str | None) -> None:
        till, clerk = self._desk.till, self._desk.clerk or ""
        number, seal, reason = self._number, self._seal, self.reason.text()
        what: Literal["reverse", "correct"] = "reverse" if to_meter is None else "correct"
        self._busy = True
        self.button.setEnabled(False)
        self._desk.tasks.write(
            lambda: till.request_putting_right(
                number=number, what=what, reason=reason, to_meter=to_meter, seal=seal, clerk=clerk
            ),
            lambda _: self._done(),
            self._refuse,
        )

    def _done(self) -> None:
        self._busy = False
        self.asked.emit(self._number)

    def _refuse(self, error: UserError) -> None:
        self._busy = False
        self.button.setEnabled(True)
        fields = {"reason": self.reason.tell, "meter": self.meter.tell}
        fields.get(error.field or "", self.problem.tell)(messages.sentence(error))
