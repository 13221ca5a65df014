"""A field for a reason, which is typed or chosen from the usual ones."""

from collections.abc import Sequence

from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu

from meterpos.ui import words
from meterpos.ui.theme import Type
from meterpos.ui.widgets.basic import horizontal
from meterpos.ui.widgets.buttons import Button
from meterpos.ui.widgets.fields import Field


class ReasonField(Field):
    """``usual`` are the keys of what is chosen from; who chose one is done with the field, as after Enter."""

    def __init__(self, label_key: str, *, usual: Sequence[str] = ()) -> None:
        super().__init__(label_key, step=Type.text)
        self.usual = usual
        self.choose = Button("link", key="reverse.common", step=Type.small_strong)
        above = horizontal(None)
        above.addWidget(self.label, 1)
        above.addWidget(self.choose)
        self.column.insertLayout(0, above)
        self.choose.clicked.connect(lambda: self.menu().popup(self.choose.mapToGlobal(self.choose.rect().bottomLeft())))

    def menu(self) -> QMenu:
        """Return the usual reasons to choose from, the first one marked."""
        menu = QMenu(self)
        for text in map(words.say, self.usual):
            action = QAction(text, menu)
            action.triggered.connect(lambda _=False, text=text: self._take(text))
            menu.addAction(action)
        menu.setActiveAction(menu.actions()[0])
        return menu

    def _take(self, text: str) -> None:
        self.set_text(text)
        self.tell("")
        self.entered.emit()
