"""How far something is, as a bar; the words beside it say the same."""

from PySide6.QtCore import QRectF
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from meterpos.ui import theme
from meterpos.ui.widgets import paint

HEIGHT = 10


def bar(painter: QPainter, rect: QRectF, share: float, *, done: str = "action") -> None:
    """Paint a bar that is filled by ``share`` (0 to 1) in the colour of a token; a little of something always shows."""
    colors = theme.palette()
    radius = rect.height() / 2
    paint.box(painter, rect, fill=colors.line, radius=radius)
    if share > 0:
        wide = max(rect.width() * min(share, 1.0), rect.height())
        paint.box(
            painter, QRectF(rect.left(), rect.top(), wide, rect.height()), fill=getattr(colors, done), radius=radius
        )


class ProgressBar(QWidget):
    """A bar across its place."""

    def __init__(self) -> None:
        super().__init__()
        self._share, self._tone = 0.0, "action"
        self.setFixedHeight(HEIGHT)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def show_share(self, share: float, *, tone: str = "action", spoken: str) -> None:
        """Show how far it is; ``spoken`` says it to a screen reader."""
        self._share, self._tone = share, tone
        self.setAccessibleName(spoken)
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        bar(QPainter(self), QRectF(self.rect()), self._share, done=self._tone)
