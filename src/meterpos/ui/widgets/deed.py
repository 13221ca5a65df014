"""One of the things that can be done on a page: icon, name, what it does, and its key."""

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QKeyEvent, QKeySequence, QPainter, QPaintEvent, QShortcut
from PySide6.QtWidgets import QAbstractButton, QSizePolicy

from meterpos.ui import theme, words
from meterpos.ui.theme import Type
from meterpos.ui.widgets import paint

HEIGHT = 52


class Deed(QAbstractButton):
    """`key` names the deed, `<key>.why` says what it does; the shortcut stands on it and presses it."""

    def __init__(self, icon: str, key: str, *, shortcut: str) -> None:
        super().__init__()
        self._icon, self._key, self._shortcut = icon, key, shortcut
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        QShortcut(QKeySequence(shortcut), self, self.click)
        words.bind(lambda _: self._tell(), key, owner=self)

    def sizeHint(self) -> QSize:
        return QSize(240, HEIGHT)

    def minimumSizeHint(self) -> QSize:
        return QSize(160, HEIGHT)

    def _tell(self) -> None:
        why = words.say(f"{self._key}.why")
        self.setText(words.say(self._key))
        self.setAccessibleName(f"{self.text()} {self._shortcut}. {why}")
        self.setToolTip(why)
        self.update()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = event.key()
        if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.click()
        elif key in (Qt.Key.Key_Down, Qt.Key.Key_Up):
            self.focusNextPrevChild(key == Qt.Key.Key_Down)
        else:
            super().keyPressEvent(event)

    def paintEvent(self, _event: QPaintEvent) -> None:
        colors = theme.palette()
        painter = QPainter(self)
        focused = self.hasFocus()
        fill = colors.action_soft if self.isDown() else colors.faint if self.underMouse() else colors.card
        line = colors.action if focused else colors.line
        box = QRectF(self.rect())
        paint.box(painter, box, fill=fill, line=line, weight=2 if focused else 1, radius=9)
        paint.picture(painter, self._icon, colors.muted, 14, self.height() / 2)
        room = box.adjusted(46, 0, -14, 0)
        wide = paint.text(
            painter, room, self._shortcut, Type.helper_strong, colors.muted, align=paint.RIGHT, ground=fill
        )
        left = room.adjusted(0, 0, -wide - 10, 0)
        upper = QRectF(left.left(), 7, left.width(), 20)
        lower = QRectF(left.left(), 27, left.width(), 17)
        paint.text(painter, upper, self.text(), Type.text_strong, colors.ink, ground=fill)
        paint.text(painter, lower, words.say(f"{self._key}.why"), Type.helper, colors.muted, ground=fill)
