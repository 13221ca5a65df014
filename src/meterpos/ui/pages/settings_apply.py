"""What is to be changed and waits for *Apply*: each setting with what it was, and the manager who agrees."""

from collections.abc import Mapping

from PySide6.QtCore import Signal
from PySide6.QtGui import QHideEvent, QShowEvent

from meterpos.errors import UserError
from meterpos.ledger.rules.approvals import NO_SUBJECT, Wanted
from meterpos.ui import messages, words
from meterpos.ui.desk import Desk
from meterpos.ui.models.configuring import Configuring, Value
from meterpos.ui.theme import Type
from meterpos.ui.widgets.approval import ApprovalBox
from meterpos.ui.widgets.basic import Label, Surface, horizontal, vertical
from meterpos.ui.widgets.buttons import Button, MainAction
from meterpos.ui.widgets.fields import Problem
from meterpos.ui.widgets.why import WhyNot


class ApplyCard(Surface):
    """Hidden while nothing waits. `done` once applied, `dropped` when the clerk thinks better of it."""

    waiting = Signal(bool)  # it stands on the page, or not any more
    done = Signal()
    dropped = Signal()
    refused = Signal(object)  # an error about a setting, for its own field

    def __init__(self, desk: Desk, configuring: Configuring) -> None:
        super().__init__("card")
        self._desk, self._configuring = desk, configuring
        self._changes: dict[str, Value] = {}
        self._needs_approval = False
        self._busy = False
        self.title = Label(Type.title, key="settings.to_apply")
        self.what = Label(Type.text, wrap=True)
        self.why = Label(Type.helper, "muted", key="settings.why_approval", wrap=True)
        self.approval = ApprovalBox(desk)
        self.barred = WhyNot()
        self.problem = Problem()
        self.button = MainAction()
        self.drop = Button("link", key="settings.drop", shown="Esc", step=Type.small_strong)
        column = vertical(self, margins=(24, 8, 24, 10), spacing=7)
        head = horizontal(None)
        head.addWidget(self.title, 1)
        head.addWidget(self.drop)
        column.addLayout(head)
        for part in (self.what, self.why, self.approval, self.barred, self.problem, self.button):
            column.addWidget(part)
        self.button.clicked.connect(self.press)
        self.approval.entered.connect(self.press)
        self.drop.clicked.connect(self.dropped)
        words.notifier().changed.connect(self._tell)
        self.hide()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.waiting.emit(True)  # noqa: FBT003

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self.waiting.emit(False)  # noqa: FBT003

    def waits(self) -> bool:
        """Whether something is to be applied."""
        return bool(self._changes)

    def show_changes(self, changes: Mapping[str, tuple[Value, Value]], sentences: str) -> None:
        """Show what would change, each with what it was; nothing hides the card."""
        self._changes = {name: new for name, (_, new) in changes.items()}
        self.what.setText(sentences)
        self.problem.tell("")
        self._tell()
        if changes:
            self._configuring.whether_needed(frozenset(changes), self._show_need)
        else:
            self.hide()

    def _show_need(self, needed: bool) -> None:
        if not self._changes:
            return
        why_not = self._desk.why_not("ask_settings")
        self.barred.tell(why_not)
        self.button.setVisible(not why_not)
        self._needs_approval = needed and not why_not
        self.approval.setVisible(self._needs_approval)
        self.why.setVisible(self._needs_approval)
        if self._needs_approval:
            self.approval.open_for(Wanted("settings", NO_SUBJECT, 0))
        self.show()

    def _tell(self) -> None:
        self.button.show_lines(words.say("settings.applying" if self._busy else "settings.apply"))

    def press(self) -> None:
        """Apply, or say what is missing."""
        if self._busy or not self._changes or not self.button.isVisible():
            return
        approve = self.approval.ready() if self._needs_approval else None
        if self._needs_approval and approve is None:
            return
        self._set_busy(busy=True)
        self._configuring.apply(self._changes, approve=approve, then=self._applied, failed=self._refuse)

    def _applied(self) -> None:
        self._set_busy(busy=False)
        self.approval.clear()
        self.done.emit()

    def _refuse(self, error: UserError) -> None:
        self._set_busy(busy=False)
        if self.approval.refuse(error):
            return
        if error.field == "printer":
            self.refused.emit(error)
        else:
            self.problem.tell(messages.sentence(error))

    def _set_busy(self, *, busy: bool) -> None:
        self._busy = busy
        self.button.setEnabled(not busy)
        self._tell()
