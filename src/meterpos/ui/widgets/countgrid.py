"""A drawer counted by note and coin: how many of each, or the total alone where that is allowed."""

from collections.abc import Callable, Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QWidget

from meterpos.ledger.money import format_amount
from meterpos.ui import words
from meterpos.ui.models.counting import Counted, WrongCount, piece_name, read_count
from meterpos.ui.theme import METRICS, Type
from meterpos.ui.widgets.basic import Label, vertical
from meterpos.ui.widgets.fields import Line, MoneyField, Problem

COLUMNS = 2


class CountGrid(QWidget):
    """Enter walks from line to line; `finished` after the last. The sum stands below and is the clerk's own."""

    edited = Signal()
    finished = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._pieces: tuple[int, ...] = ()
        self._alone = True
        self.lines: list[Line] = []
        self._labels: list[Label] = []
        self._grid = QGridLayout()
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(10)
        self._grid.setVerticalSpacing(4)
        self.problem = Problem()
        self.total = MoneyField("shift.counted")
        column = vertical(self, spacing=8)
        column.addLayout(self._grid)
        column.addWidget(self.problem)
        column.addWidget(self.total)
        self.total.edited.connect(self._edit)
        self.total.entered.connect(self.finished)
        words.notifier().changed.connect(self._name)

    def begin(self, pieces: Sequence[int], *, alone: bool) -> None:
        """Count anew by these pieces; `alone` allows a total without them."""
        if tuple(pieces) != self._pieces:
            self._set_pieces(tuple(pieces))
        self._alone = alone or not pieces
        for line in self.lines:
            line.clear()
        self.total.set_text("")
        self._edit()
        self._name()

    def walk_in(self) -> None:
        """Put the cursor on the first line, or where something is wrong."""
        wrong = next((line for line in self.lines if line.property("wrong")), None)
        line = wrong or (self.lines[0] if self.lines else self.total.line)
        line.setFocus(Qt.FocusReason.TabFocusReason)
        line.selectAll()

    def counted(self) -> Counted:
        """Return what was counted. Raises: WrongCount."""
        return read_count(self._pieces, [line.text() for line in self.lines], self.total.text() if self._free else "")

    def tell(self, error: WrongCount | None) -> None:
        """Show what is wrong beside its line, or clear it."""
        field = error.field if error is not None else None
        for place, line in enumerate(self.lines):
            line.set_wrong(field == f"piece:{place}")
        sentence = str(error) if error is not None else ""
        self.problem.tell("" if field == "total" else sentence)
        self.total.tell(sentence if field == "total" else "")

    @property
    def _free(self) -> bool:
        """Whether the total may be typed: where it is allowed and no piece was counted."""
        return self._alone and not any(line.text().strip() for line in self.lines)

    def _set_pieces(self, pieces: tuple[int, ...]) -> None:
        for old in (*self.lines, *self._labels):
            old.hide()
            old.deleteLater()
        self._pieces, self.lines, self._labels = pieces, [], []
        rows = -(-len(pieces) // COLUMNS)
        for place, piece in enumerate(pieces):
            row, column = place % max(rows, 1), place // max(rows, 1) * 2
            label = Label(Type.strong, "muted")
            label.setText(f"{piece_name(piece)} ×")
            label.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            line = Line()
            line.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            line.setMaxLength(7)
            line.setMinimumWidth(METRICS.touch)
            line.textEdited.connect(self._edit)
            line.entered.connect(self._next(place))
            label.setBuddy(line)
            self._grid.addWidget(label, row, column)
            self._grid.addWidget(line, row, column + 1)
            self._grid.setColumnStretch(column + 1, 1)
            self.lines.append(line)
            self._labels.append(label)

    def _next(self, place: int) -> Callable[[], None]:
        def go() -> None:
            try:
                read_count(self._pieces[: place + 1], [line.text() for line in self.lines[: place + 1]], "0")
            except WrongCount as error:
                self.tell(error)
                return
            if place + 1 < len(self.lines):
                self.lines[place + 1].setFocus(Qt.FocusReason.TabFocusReason)
                self.lines[place + 1].selectAll()
            elif self._free:
                self.total.line.setFocus(Qt.FocusReason.TabFocusReason)
            else:
                self.finished.emit()

        return go

    def _edit(self) -> None:
        self.tell(None)
        self.total.line.setEnabled(self._free)
        if not self._free:
            try:
                self.total.set_text(format_amount(self.counted().minor))
            except WrongCount:
                self.total.set_text("")
        self.edited.emit()

    def _name(self) -> None:
        for piece, line in zip(self._pieces, self.lines, strict=True):
            line.setAccessibleName(words.say("count.of", piece=piece_name(piece)))
        self.total.relabel(words.say("count.or_total" if self._alone and self._pieces else "shift.counted"))
