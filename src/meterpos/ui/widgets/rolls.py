"""A list of any length: a RowList over a roll, whose rows come as they are looked at."""

from collections.abc import Callable
from typing import Generic, TypeVar

from PySide6.QtCore import QModelIndex, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QListView

from meterpos.ui.models.roll import Roll
from meterpos.ui.widgets.rows import Painter, RowList

R = TypeVar("R")
BATCH = 1_500


class RollList(RowList["R | None"], Generic[R]):
    """Shows a roll; where the keyboard stands is kept by number, through every reading."""

    def __init__(self, roll: Roll[R], *, row_height: int, painter: Painter, spoken: Callable[[R], str]) -> None:
        super().__init__(
            row_height=row_height,
            painter=lambda to, rect, row, state: painter(to, rect, row, state) if row is not None else None,
            spoken=lambda row: spoken(row) if row is not None else "…",
        )
        # Laid out in one go, 150,000 rows would hold the window for 0.3 s: Qt asks the model about each.
        self.setLayoutMode(QListView.LayoutMode.Batched)
        self.setBatchSize(BATCH)
        self._roll = roll
        self._standing: str | None = None
        self.set_rows(roll.rows)
        roll.began.connect(self._begin)
        roll.grown.connect(self._grow)
        roll.arrived.connect(self.viewport().update)

    def number(self) -> str | None:
        """Return the number the keyboard stands on, whether or not its row is here."""
        row = self.currentIndex().row()
        return self._roll.numbers[row] if 0 <= row < len(self._roll.numbers) else None

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Qt goes no farther than what it has laid out so far; End means the end."""
        if event.key() == Qt.Key.Key_End and self._roll.numbers:
            self.go(len(self._roll.numbers) - 1)
            self.moved.emit(self.current())
        else:
            super().keyPressEvent(event)

    def stand_on(self, number: str | None) -> None:
        """Say which number to stand on after the next reading; the first, where it is not in the list."""
        self._standing = number

    def _begin(self) -> None:
        numbers = self._roll.numbers
        place = numbers.index(self._standing) if self._standing in numbers else 0
        self.set_rows(self._roll.rows, current=place)
        self.scrollTo(self.currentIndex())

    def _grow(self, old: int, new: int) -> None:
        self.model_.beginInsertRows(QModelIndex(), old, new - 1)
        self._roll.take_more()
        self.model_.endInsertRows()
        self.setMaximumHeight(max(1, new * self._row_height + 2))
