"""A list of any length: a RowList over a roll, whose rows come as they are looked at."""

from collections.abc import Callable
from typing import Generic, TypeVar

from PySide6.QtCore import QModelIndex

from meterpos.ui.models.roll import Roll
from meterpos.ui.widgets.rows import Painter, RowList

R = TypeVar("R")


class RollList(RowList["R | None"], Generic[R]):
    """Shows a roll; where the keyboard stands is kept by number, through every reading."""

    def __init__(self, roll: Roll[R], *, row_height: int, painter: Painter, spoken: Callable[[R], str]) -> None:
        super().__init__(
            row_height=row_height,
            painter=lambda to, rect, row, state: painter(to, rect, row, state) if row is not None else None,
            spoken=lambda row: spoken(row) if row is not None else "…",
        )
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
