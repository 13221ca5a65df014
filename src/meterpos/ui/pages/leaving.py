"""The question before the window closes while money waits for head office: it is safe here; stay, or go."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QWidget

from meterpos.ui import words
from meterpos.ui.desk import Desk
from meterpos.ui.theme import Type
from meterpos.ui.widgets.basic import Label, Surface, announce, horizontal, vertical
from meterpos.ui.widgets.buttons import Button

CARD_WIDTH = 520


class Leaving(QWidget):
    """How many payments and how much wait, and that they are safe."""

    stay = Signal()
    go = Signal()

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.setObjectName("page")
        self._desk = desk
        self.title = Label(Type.name, wrap=True)
        self.safe = Label(Type.text, "muted", key="leaving.safe", wrap=True)
        self.shift = Label(Type.text, "muted", wrap=True)
        self.stay_button = Button("primary", key="leaving.stay", shown="Esc")
        self.go_button = Button(key="leaving.go", shortcut="Ctrl+Q")
        card = Surface("card")
        card.setFixedWidth(CARD_WIDTH)
        inside = vertical(card, margins=(32, 28, 32, 24), spacing=12)
        for label in (self.title, self.safe, self.shift):
            inside.addWidget(label)
        buttons = horizontal(None, margins=(0, 8, 0, 0), spacing=12)
        buttons.addWidget(self.stay_button, 1)
        buttons.addWidget(self.go_button, 1)
        inside.addLayout(buttons)
        column = vertical(self, margins=(20, 20, 20, 20))
        column.addStretch(2)
        middle = horizontal(None)
        middle.addStretch(1)
        middle.addWidget(card)
        middle.addStretch(1)
        column.addLayout(middle)
        column.addStretch(3)
        self.stay_button.clicked.connect(self.stay)
        self.go_button.clicked.connect(self.go)
        QShortcut(QKeySequence(Qt.Key.Key_Escape), self, self.stay.emit)
        words.notifier().changed.connect(self.tell)

    def tell(self) -> None:
        """Say what waits now."""
        standing = self._desk.standing
        if standing is None:
            return
        status, shift = standing.status, standing.shift
        worth = self._desk.money(status.waiting_minor)
        self.title.setText(words.say("leaving.title", n=status.waiting_papers, worth=worth))
        self.shift.setText(words.say("leaving.shift", number=shift.shift) if shift is not None else "")
        self.shift.setVisible(shift is not None)
        self.stay_button.setFocus()
        announce(self, f"{self.title.text()} {self.safe.text()}")
