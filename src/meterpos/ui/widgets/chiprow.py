"""A row of chips that goes on in a second line where one is too short."""

from collections.abc import Callable, Sequence

from PySide6.QtCore import QSize
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from meterpos.ui.theme import METRICS
from meterpos.ui.widgets.buttons import Chip

GAP = 8


class ChipRow(QWidget):
    """Chips side by side; with `lines=1` what does not fit is left out."""

    def __init__(self, *, lines: int = 2) -> None:
        super().__init__()
        self._lines = lines
        self._chips: list[Chip] = []
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFixedHeight(METRICS.chip)

    def set_chips(self, chips: Sequence[tuple[str, Callable[[], object]]]) -> None:
        """Show these chips: text and what a press does."""
        if [chip.text() for chip in self._chips] == [text for text, _ in chips]:
            return
        for old in self._chips:
            old.hide()
            old.deleteLater()
        self._chips = []
        for text, press in chips:
            chip = Chip(text, press)
            chip.setParent(self)
            self._chips.append(chip)
        self._place()

    def chips(self) -> list[Chip]:
        """Return the chips, in order."""
        return self._chips

    def sizeHint(self) -> QSize:
        return QSize(200, self.height())

    def resizeEvent(self, _event: QResizeEvent) -> None:
        self._place()

    def _place(self) -> None:
        left, line = 0, 0
        for chip in self._chips:
            size = chip.sizeHint()
            if left and left + size.width() > self.width():
                left, line = 0, line + 1
            chip.setGeometry(left, line * (METRICS.chip - 4), size.width(), size.height())
            chip.setVisible(line < self._lines)
            left += size.width() + GAP
        self.setFixedHeight(METRICS.chip + min(line, self._lines - 1) * (METRICS.chip - 4))
