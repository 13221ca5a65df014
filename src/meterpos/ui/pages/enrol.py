"""The first start: a till nobody has enrolled says calmly what to do, and does it."""

from PySide6.QtWidgets import QWidget

from meterpos.errors import UserError
from meterpos.ui import messages, words
from meterpos.ui.desk import Desk
from meterpos.ui.models.configuring import Configuring
from meterpos.ui.theme import Type
from meterpos.ui.widgets.basic import Label, Surface, horizontal, vertical
from meterpos.ui.widgets.buttons import Button, MainAction
from meterpos.ui.widgets.fields import Field, Problem


class EnrolPage(QWidget):
    """Server address and one-time code, as head office gave them."""

    def __init__(self, desk: Desk, configuring: Configuring) -> None:
        super().__init__()
        self.setObjectName("page")
        self._desk = desk
        self._busy = False
        self.card = Surface("card")
        self.card.setFixedWidth(480)
        self.server = Field("enrol.server", step=Type.text)
        self.server.line.setPlaceholderText("https://")
        self.code = Field("enrol.code")
        self.problem = Problem()
        self.button = MainAction()
        self.first = Button("link", key="enrol.printer_first", shortcut="Ctrl+P", step=Type.small_strong)
        self.practise = Button("link", key="enrol.practise", shortcut="Shift+F9", step=Type.small_strong)
        inside = vertical(self.card, margins=(32, 28, 32, 28), spacing=14)
        inside.addWidget(Label(Type.name, key="enrol.title", wrap=True))
        inside.addWidget(Label(Type.text, "muted", key="enrol.how", wrap=True))
        for part in (self.server, self.code, self.problem, self.button):
            inside.addWidget(part)
        others = horizontal(None)
        others.addWidget(self.first)
        others.addStretch(1)
        others.addWidget(self.practise)
        inside.addLayout(others)
        column = vertical(self, margins=(20, 48, 20, 20))
        row = horizontal(None)
        row.addStretch(1)
        row.addWidget(self.card)
        row.addStretch(1)
        column.addLayout(row)
        column.addStretch(1)
        self.server.entered.connect(self.code.line.setFocus)
        self.code.entered.connect(self.press)
        self.button.clicked.connect(self.press)
        self.first.clicked.connect(lambda: desk.go_to.emit("guide", "printer"))
        self.practise.clicked.connect(configuring.practice_wanted)
        words.notifier().changed.connect(self._tell)
        self._tell()

    def shown(self, _what: object = None) -> None:
        """Come to the front."""
        self.server.line.setFocus()

    def refresh(self) -> None:
        """Nothing here comes from the ledger."""

    def mark_stale(self) -> None:
        """Nothing here comes from the ledger."""

    def stand(self) -> None:
        """The till's standing was read anew."""

    def _tell(self) -> None:
        self.button.show_lines(words.say("enrol.running" if self._busy else "enrol.button"))

    def press(self) -> None:
        """Enrol, or say what is missing."""
        if self._busy or not self.isVisible():
            return
        for field, key in ((self.server, "wrong.no_server"), (self.code, "wrong.no_enrol_code")):
            if not field.text():
                field.tell(words.say(key))
                field.line.setFocus()
                return
        self._busy = True
        self.button.setEnabled(False)
        self.problem.tell("")
        self._tell()
        till, server, code = self._desk.till, self.server.text(), self.code.text()

        self._desk.tasks.outside(lambda: till.enrol(server=server, code=code), lambda _: self._end(), self._refuse)

    def _end(self) -> None:
        self._busy = False
        self.button.setEnabled(True)
        self._tell()
        self._desk.refresh()

    def _refuse(self, error: UserError) -> None:
        self._busy = False
        self.button.setEnabled(True)
        self._tell()
        field = {"server": self.server, "code": self.code}.get(error.field or "")
        if field is not None:
            field.tell(messages.sentence(error))
            field.line.setFocus()
        else:
            self.problem.tell(messages.sentence(error))
