"""A paper on the screen, drawn from the same document as the printed one."""

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QImage, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QFrame, QScrollArea, QSizePolicy, QWidget

from meterpos.ui import theme, words
from meterpos.ui.widgets import paint

FITTED_LEAST = 0.75
"""A paper a little longer than its place is shown smaller, down to this; a longer one scrolls."""


class Paper(QWidget):
    """The picture of one paper, at most ``widest`` pixels wide."""

    def __init__(self) -> None:
        super().__init__()
        self._image = QImage()
        self.widest = 400
        self._fitting = False
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def show_image(self, image: QImage, *, spoken: str) -> None:
        """Show a paper; `spoken` is its text for a screen reader.

        It was decoded elsewhere: that takes longer than the window may be held up.
        """
        self._image = image
        self.setAccessibleName(spoken)
        self.fit()

    def has_paper(self) -> bool:
        """Tell whether a paper is shown."""
        return not self._image.isNull()

    def clear(self) -> None:
        """Show nothing."""
        self._image = QImage()
        self.fit()

    def resizeEvent(self, _event: object) -> None:
        self.fit()

    def sizeHint(self) -> QSize:
        return QSize(340, self.height())

    def _scaled(self) -> QRectF:
        if self._image.isNull():
            return QRectF()
        wide = min(self.width() - 16.0, float(self.widest))
        high = wide * self._image.height() / self._image.width()
        room = self._room() - 16.0
        if FITTED_LEAST * high <= room < high:
            wide, high = wide * room / high, room
        return QRectF((self.width() - wide) / 2, 8, wide, high)

    def _room(self) -> float:
        view = self.parentWidget()
        return float(view.height()) if view is not None else 0.0

    def fit(self) -> None:
        """Take the size the paper needs in the place it has.

        A bar that comes with the new height leaves less room and would ask for another: one answer a question, or
        the two could go on asking for ever.
        """
        if self._fitting:
            return
        self._fitting = True
        self.setFixedHeight(round(self._scaled().height()) + 16 if not self._image.isNull() else 40)
        self._fitting = False
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        place = self._scaled()
        if place.isEmpty():
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        paint.box(painter, place.adjusted(-1, -1, 1, 1), fill="#FFFFFF", line=theme.palette().line, radius=3)
        painter.drawImage(place, self._image)


class PaperView(QScrollArea):
    """A paper that scrolls where it is longer than its place."""

    def __init__(self) -> None:
        super().__init__()
        self.paper = Paper()
        self.paper.setObjectName("scrolled")
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setWidget(self.paper)
        words.bind(self.setAccessibleName, "paper.name")

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.paper.fit()
