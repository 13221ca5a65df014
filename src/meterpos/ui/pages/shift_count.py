"""Counting the drawer, to close the shift or hand it over; what must lie in it is not shown before the count is in."""

from PySide6.QtCore import Signal
from PySide6.QtGui import QHideEvent, QKeySequence, QShortcut, QShowEvent

from meterpos.ledger.rules.cash import NOTES_AND_COINS
from meterpos.ui import words
from meterpos.ui.desk import Desk
from meterpos.ui.models.counting import WrongCount
from meterpos.ui.theme import Type
from meterpos.ui.widgets.basic import Label, Surface, horizontal, vertical
from meterpos.ui.widgets.buttons import MAIN_KEY, Button, MainAction, main_shortcut
from meterpos.ui.widgets.countgrid import CountGrid


class CountPanel(Surface):
    """`counted` carries what was counted, once it is a count."""

    counted = Signal(object)
    cancelled = Signal()

    def __init__(self, desk: Desk) -> None:
        super().__init__("card")
        self._desk = desk
        self._purpose = "close"
        self.title = Label(Type.title, wrap=True)
        self.why = Label(Type.small, "muted", key="count.why", wrap=True)
        self.grid = CountGrid()
        self.button = MainAction()
        self.cancel = Button("link", key="reverse.cancel", shown="Esc", step=Type.small_strong)
        column = vertical(self, margins=(20, 10, 20, 14), spacing=8)
        top = horizontal(None)
        top.addWidget(self.title, 1)
        top.addWidget(self.cancel)
        column.addLayout(top)
        column.addWidget(self.why)
        column.addWidget(self.grid)
        column.addStretch(1)
        column.addWidget(self.button)
        self.grid.finished.connect(self._finish)
        self.button.clicked.connect(self.press)
        self.cancel.clicked.connect(self.cancelled)
        main_shortcut(self.button, self.press)
        QShortcut(QKeySequence("Escape"), self, self.cancelled.emit)
        words.notifier().changed.connect(self._tell)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._desk.set_counting(counting=True)

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._desk.set_counting(counting=False)

    def begin(self, purpose: str) -> None:
        """Count anew, to "close" the shift or to hand it over ("handover")."""
        self._purpose = purpose
        standing = self._desk.standing
        alone = standing is None or standing.settings.count_total_alone
        self.grid.begin(NOTES_AND_COINS.get(self._desk.currency, ()), alone=alone)
        self._tell()

    def walk_in(self) -> None:
        """Put the cursor on the first line."""
        self.grid.walk_in()

    def press(self) -> None:
        """Hand the count on, or say which line is none."""
        if not self.isVisible():
            return
        try:
            found = self.grid.counted()
        except WrongCount as error:
            self.grid.tell(error)
            self.grid.walk_in()
            return
        self.counted.emit(found)

    def _finish(self) -> None:
        try:
            self.grid.counted()
        except WrongCount as error:
            self.grid.tell(error)
            self.grid.walk_in()
        else:
            self.button.setFocus()

    def _tell(self) -> None:
        self.title.setText(words.say(f"count.title.{self._purpose}"))
        self.button.show_lines(words.say("count.button"), MAIN_KEY)
