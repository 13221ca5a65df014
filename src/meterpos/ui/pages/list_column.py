"""The column of a long list: a line to search in, filters, how many there are, the rows, or what to do next."""

from collections.abc import Callable, Sequence
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QSizePolicy, QWidget

from meterpos.ui import words
from meterpos.ui.models.roll import Roll
from meterpos.ui.pages.pay_search import SearchLine
from meterpos.ui.theme import Type
from meterpos.ui.widgets.basic import Label, Surface, horizontal, vertical
from meterpos.ui.widgets.rolls import RollList


def list_card(rows: QWidget, nothing: Label) -> Surface:
    """Return a card, no higher than they need, of the rows of a list, or of why there are none."""
    card = Surface("card")
    card.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Maximum)
    inside = vertical(card, margins=(6, 6, 6, 6), spacing=0)
    inside.addWidget(rows)
    nothing.setContentsMargins(10, 10, 10, 10)
    nothing.setMinimumHeight(96)
    nothing.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
    inside.addWidget(nothing)
    nothing.hide()
    return card


class ListColumn(QWidget):
    """Holds the parts of a page that lists a roll; ``count_key`` and ``search_key`` are its words."""

    def __init__(
        self,
        roll: Roll[Any],
        rows: RollList[Any],
        *,
        search_key: str,
        count_key: str,
        filters: Sequence[QWidget] = (),
        nothing: Callable[[str], str],
    ) -> None:
        """``nothing`` says, of the text that was searched for, why the list is empty and what to do next."""
        super().__init__()
        self.roll, self._count_key, self._why_nothing = roll, count_key, nothing
        self.rows = rows
        self.line = SearchLine()
        words.bind(self.line.setPlaceholderText, search_key)
        words.bind(self.line.setAccessibleName, search_key)
        self.count = Label(Type.helper, "muted")
        self.nothing = Label(Type.text, "muted", wrap=True)
        self._build(filters)
        self.line.walked.connect(rows.step)
        rows.leave_up.connect(self.line.setFocus)
        roll.counted.connect(self.tell)
        words.notifier().changed.connect(self.tell)

    def _build(self, filters: Sequence[QWidget]) -> None:
        column = vertical(self, spacing=8)
        column.addWidget(self.line)
        if filters:
            row = horizontal(None, spacing=8)
            for choice in filters:
                row.addWidget(choice, 1)
            column.addLayout(row)
        column.addWidget(self.count)
        column.addWidget(list_card(self.rows, self.nothing), 1)
        column.addStretch(0)

    def text(self) -> str:
        """Return what is searched for."""
        return self.line.text().strip()

    def is_empty(self) -> bool:
        """Tell whether the whole list was read and has nobody in it."""
        return self.roll.is_whole and not self.roll.gathered

    def tell(self) -> None:
        """Say how many there are, so far or for certain."""
        count = self.roll.gathered
        said = words.say(self._count_key, n=count).replace(str(count), f"{count:,}")
        self.count.setText(said if self.roll.is_whole else words.say("looking.counting", n=f"{count:,}"))
        self.nothing.setVisible(self.is_empty())
        self.rows.setVisible(not self.is_empty())
        self.nothing.setText(self._why_nothing(self.text()))
