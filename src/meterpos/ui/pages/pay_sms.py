"""The wish for an SMS, and the customer's phone corrected in place."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QStackedLayout, QWidget

from meterpos.ui import words
from meterpos.ui.models.telling import phone
from meterpos.ui.theme import Type
from meterpos.ui.widgets.basic import horizontal, vertical
from meterpos.ui.widgets.buttons import Button, Tick
from meterpos.ui.widgets.fields import Line, Problem


class SmsPart(QWidget):
    """One row: the wish and "Correct…"; or the field to correct the number in."""

    corrected = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self._phone = ""
        self.wish = Tick()
        self.correct = Button("link", step=Type.small_strong)
        self.line = Line(step=Type.text)
        words.bind(self.line.setAccessibleName, "pay.phone")
        words.bind(self.line.setPlaceholderText, "pay.phone")
        self.save = Button("link", key="pay.phone.save", step=Type.small_strong)
        self.problem = Problem()
        shown, editing = QWidget(), QWidget()
        row = horizontal(shown)
        row.addWidget(self.wish, 1)
        row.addWidget(self.correct)
        row = horizontal(editing)
        row.addWidget(self.line, 1)
        row.addWidget(self.save)
        self._holder = QWidget()
        self._stack = QStackedLayout(self._holder)
        self._stack.addWidget(shown)
        self._stack.addWidget(editing)
        column = vertical(self, spacing=2)
        column.addWidget(self._holder)
        column.addWidget(self.problem)
        self.correct.clicked.connect(self._edit)
        self.save.clicked.connect(self._save)
        self.line.entered.connect(self._save)
        words.notifier().changed.connect(self._tell)
        self._tell()

    def open_for(self, number: str, *, wished: bool) -> None:
        """Show a customer's phone; empty offers to add one."""
        self._phone = number
        self.wish.setChecked(wished and bool(number))
        self._stack.setCurrentIndex(0)
        self.problem.tell("")
        self._tell()

    def sms_to(self) -> str | None:
        """Return where the SMS goes, None without the wish."""
        return self._phone if self.wish.isChecked() and self._phone else None

    def _edit(self) -> None:
        self.line.setText(self._phone)
        self._stack.setCurrentIndex(1)
        self.line.setFocus()
        self.line.selectAll()

    def _save(self) -> None:
        number = "".join(letter for letter in self.line.text() if letter.isdigit() or letter == "+")
        if not 9 <= len(number) <= 15:
            self.problem.tell(words.say("wrong.phone"))
            return
        changed = number != self._phone
        self.open_for(number, wished=True)
        self.correct.setFocus()
        if changed:
            self.corrected.emit(number)

    def _tell(self) -> None:
        known = bool(self._phone)
        self.wish.setVisible(True)
        self.wish.setEnabled(known)
        self.wish.setText(words.say("pay.sms", phone=phone(self._phone)) if known else words.say("pay.sms.none"))
        self.wish.setAccessibleName(self.wish.text())
        self.correct.say(words.say("pay.phone.correct" if known else "pay.phone.add"))
