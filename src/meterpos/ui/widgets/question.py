"""A question that stands in the page, not over it: the careful answer has the keyboard.

Yes is Ctrl+Y: a single letter might be a scanner's.
"""

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent

from meterpos.ui import words
from meterpos.ui.theme import Type
from meterpos.ui.widgets.basic import Label, Surface, announce, horizontal, vertical
from meterpos.ui.widgets.buttons import Button


class Question(Surface):
    """Yes with Ctrl+Y, no with Enter or Escape."""

    yes = Signal()
    no = Signal()

    def __init__(self) -> None:
        super().__init__("question")
        self.sentence = Label(Type.small_strong, wrap=True)
        self.yes_button = Button(step=Type.small_strong)
        self.no_button = Button("primary", step=Type.small_strong)
        column = vertical(self, margins=(12, 10, 12, 10), spacing=8)
        column.addWidget(self.sentence)
        row = horizontal(None)
        row.addWidget(self.no_button, 1)
        row.addWidget(self.yes_button, 1)
        column.addLayout(row)
        self.yes_button.clicked.connect(lambda: self._answer(self.yes))
        self.no_button.clicked.connect(lambda: self._answer(self.no))
        self.hide()

    def ask(self, sentence: str, *, yes: str, no: str) -> None:
        """Ask, with the names of the two answers in the catalogue."""
        self.sentence.setText(sentence)
        self.yes_button.say(words.say(yes))
        self.no_button.say(words.say(no))
        self.show()
        announce(self, sentence)
        self.no_button.setFocus(Qt.FocusReason.OtherFocusReason)

    def _answer(self, signal: object) -> None:
        self.hide()
        signal.emit()  # type: ignore[attr-defined]

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Y and event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self._answer(self.yes)
        elif event.key() == Qt.Key.Key_Escape:
            self._answer(self.no)
        else:
            super().keyPressEvent(event)
