"""Why an action is not offered, where it would stand."""

from PySide6.QtCore import QRectF, QSize
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from meterpos.ui import theme
from meterpos.ui.theme import METRICS, Type
from meterpos.ui.widgets import paint
from meterpos.ui.widgets.basic import Label, Surface, announce, horizontal


class WhyNot(Surface):
    """A quiet box with a lock and one sentence; hidden while the action is offered."""

    def __init__(self) -> None:
        super().__init__("quiet")
        self.sentence = Label(Type.small, "muted", wrap=True)
        row = horizontal(self, margins=(12, 10, 12, 10), spacing=10)
        row.addWidget(_Lock())
        row.addWidget(self.sentence, 1)
        self.hide()

    def tell(self, sentence: str) -> None:
        """Say why not, as `Desk.why_not` does; an empty sentence hides it."""
        if sentence != self.sentence.text() or self.isHidden() == bool(sentence):
            self.sentence.setText(sentence)
            self.setVisible(bool(sentence))
            if sentence:
                announce(self, sentence)


class _Lock(QWidget):
    def __init__(self) -> None:
        super().__init__()
        self.setFixedSize(self.sizeHint())

    def sizeHint(self) -> QSize:
        return QSize(METRICS.icon, METRICS.icon)

    def paintEvent(self, _event: QPaintEvent) -> None:
        place = QRectF(self.rect())
        paint.picture(QPainter(self), "lock", theme.palette().muted, place.left(), place.center().y())
