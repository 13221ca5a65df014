"""A few figures with their names above them, in columns."""

from collections.abc import Sequence

from PySide6.QtWidgets import QGridLayout, QWidget

from meterpos.ui.theme import Type
from meterpos.ui.widgets.basic import Elided, Label, vertical


class FactGrid(QWidget):
    """Figures by the key of their name; `tell` changes one and the token of its colour."""

    def __init__(self, keys: Sequence[str], *, columns: int) -> None:
        super().__init__()
        self._values: dict[str, Elided] = {}
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(16)
        grid.setVerticalSpacing(10)
        for place, key in enumerate(keys):
            cell = QWidget()
            column = vertical(cell, spacing=2)
            column.addWidget(Label(Type.helper, "muted", key=key))
            self._values[key] = Elided(Type.strong)
            column.addWidget(self._values[key])
            grid.addWidget(cell, place // columns, place % columns)
            grid.setColumnStretch(place % columns, 1)

    def tell(self, key: str, text: str, tone: str = "ink") -> None:
        """Show a figure."""
        self._values[key].setText(text)
        self._values[key].set_tone(tone)

    def text(self, key: str) -> str:
        """Return the figure shown."""
        return self._values[key].text()
