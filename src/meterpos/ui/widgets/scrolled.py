"""Where a small screen or a large text leaves less room than is needed: it scrolls, and follows the keyboard."""

from PySide6.QtCore import QEvent, QObject, QSize, Qt
from PySide6.QtWidgets import QApplication, QFrame, QScrollArea, QStackedWidget, QWidget

EDGE = 16
YIELDS_TO = 160


class Scrolled(QScrollArea):
    """Shows `inside` whole where there is room, else bars; what has the keyboard is always in sight."""

    def __init__(self, inside: QWidget, *, bars: bool = True) -> None:
        super().__init__()
        self._inside = inside
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.horizontalScrollBar().setProperty("shown", "true")
        if not bars:
            self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
            self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setWidget(inside)
        self.viewport().setAutoFillBackground(False)
        inside.setAutoFillBackground(False)  # a scroll area has it filled, with a colour that no style sheet names
        inside.installEventFilter(self)
        self.viewport().installEventFilter(self)
        app = QApplication.instance()
        assert isinstance(app, QApplication)
        app.focusChanged.connect(self._follow)

    def sizeHint(self) -> QSize:
        return self._inside.sizeHint()

    def minimumSizeHint(self) -> QSize:
        return QSize(60, 60)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        taken = super().eventFilter(watched, event)
        if event.type() in (QEvent.Type.Resize, QEvent.Type.LayoutRequest):
            self._fit()
        return taken

    def _fit(self) -> None:
        """Give `inside` all the room there is, or what it needs at least; Qt alone would give what it would like."""
        room = self.maximumViewportSize()
        needs = self._least(room.width())
        if needs.height() > room.height() and self.verticalScrollBarPolicy() != Qt.ScrollBarPolicy.ScrollBarAlwaysOff:
            room.setWidth(room.width() - self.verticalScrollBar().sizeHint().width())
            needs = self._least(room.width())
        self._inside.resize(room.expandedTo(needs))

    def _least(self, width: int) -> QSize:
        """Return the room that what is shown needs at least, its sentences wrapped at this width.

        A page whose lists take whatever room there is says that its height does not hang on its width.
        """
        inside = self._inside
        shown = inside.currentWidget() if isinstance(inside, QStackedWidget) else inside
        needs, layout = inside.minimumSizeHint(), shown.layout() if shown is not None else None
        if shown is not None and layout is not None and shown.hasHeightForWidth():
            needs.setHeight(max(needs.height(), layout.minimumHeightForWidth(max(width, needs.width()))))
        return needs

    def _follow(self, _old: QWidget | None, new: QWidget | None) -> None:
        if new is not None and self._inside.isAncestorOf(new):
            self.ensureWidgetVisible(new, EDGE, EDGE)


class Yielding(Scrolled):
    """The middle of a form whose button stays in sight: it asks for little room and takes what is left."""

    def __init__(self, inside: QWidget) -> None:
        super().__init__(inside)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)

    def sizeHint(self) -> QSize:
        return QSize(self._inside.minimumSizeHint().width(), YIELDS_TO)

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()


class Stack(QStackedWidget):
    """Pages of which one is shown: it needs the room that one needs, not that of the largest."""

    def __init__(self) -> None:
        super().__init__()
        self.currentChanged.connect(lambda _: self.updateGeometry())

    def sizeHint(self) -> QSize:
        shown = self.currentWidget()
        return shown.sizeHint() if shown is not None else super().sizeHint()

    def minimumSizeHint(self) -> QSize:
        shown = self.currentWidget()
        return shown.minimumSizeHint() if shown is not None else super().minimumSizeHint()
