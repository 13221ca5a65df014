"""Tells when nobody has touched keyboard or mouse for a while."""

from PySide6.QtCore import QElapsedTimer, QEvent, QObject, QTimer, Signal
from PySide6.QtGui import QWindow

TOUCHES = frozenset(
    {
        QEvent.Type.KeyPress,
        QEvent.Type.MouseButtonPress,
        QEvent.Type.MouseMove,
        QEvent.Type.Wheel,
        QEvent.Type.TouchBegin,
    }
)


class Idle(QObject):
    """Hears what reaches the window as a whole. `passed` fires once a stretch of quiet is over; a touch begins anew."""

    passed = Signal()

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._limit_ms = 0
        self._since = QElapsedTimer()
        self._timer = QTimer(self, singleShot=True)
        self._timer.timeout.connect(self._look)

    def watch(self, window: QWindow) -> None:
        """Hear the keys and the mouse of this window from now on."""
        window.installEventFilter(self)

    def begin(self, limit_ms: int) -> None:
        """Count from now; 0 counts nothing."""
        self._limit_ms = limit_ms
        self._since.start()
        if limit_ms:
            self._timer.start(limit_ms)
        else:
            self._timer.stop()

    def end(self) -> None:
        """Count no more."""
        self._timer.stop()

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
        if event.type() in TOUCHES:
            self._since.start()
        return False

    def _look(self) -> None:
        """A touch only notes when it was: the timer is not set anew with each movement of the mouse."""
        left_ms = self._limit_ms - self._since.elapsed()
        if left_ms > 0:
            self._timer.start(left_ms)
        else:
            self.passed.emit()
