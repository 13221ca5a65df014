"""One of several: the one chosen on a button, the others in a menu, opened by its shortcut and walked by keys."""

from collections.abc import Callable, Sequence

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QAction, QKeyEvent, QKeySequence, QPainter, QPaintEvent, QShortcut
from PySide6.QtWidgets import QAbstractButton, QMenu, QSizePolicy

from meterpos.ui import theme, words
from meterpos.ui.theme import METRICS, Type
from meterpos.ui.widgets import paint


class Choice(QAbstractButton):
    """`values` are said as `<prefix>.<value>`, or as `offer` says; `chosen` when a person chose another."""

    chosen = Signal(str)

    def __init__(self, prefix: str, values: Sequence[str], *, shortcut: str, name_key: str) -> None:
        super().__init__()
        self._values, self._shortcut, self._name_key = tuple(values), shortcut, name_key
        self._say: Callable[[str], str] = lambda value: words.say(f"{prefix}.{value}")
        self.value = self._values[0]
        self.setFixedHeight(METRICS.touch)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.clicked.connect(self._offer)
        QShortcut(QKeySequence(shortcut), self, self.click)
        words.bind(lambda _: self._tell(), name_key, owner=self)

    def offer(self, values: Sequence[str], say: Callable[[str], str]) -> None:
        """Offer other values, each said by `say`; the first is chosen where the one chosen is gone."""
        self._values, self._say = tuple(values), say
        if self.value not in self._values:
            self.choose(self._values[0])
        self._tell()

    def choose(self, value: str) -> None:
        """Choose one."""
        if value != self.value:
            self.value = value
            self._tell()
            self.chosen.emit(value)

    def sizeHint(self) -> QSize:
        return QSize(150, METRICS.touch)

    def minimumSizeHint(self) -> QSize:
        return QSize(100, METRICS.touch)

    def _tell(self) -> None:
        text = self._say(self.value)
        self.setText(text)
        self.setAccessibleName(f"{words.say(self._name_key)}: {text} {self._shortcut}")
        self.setToolTip(f"{words.say(self._name_key)}: {text}  {self._shortcut}")
        self.update()

    def _offer(self) -> None:
        menu = QMenu(self)
        menu.setMinimumWidth(self.width())
        for value in self._values:
            action = QAction(self._say(value), menu)
            action.setCheckable(True)
            action.setChecked(value == self.value)
            action.triggered.connect(lambda _=False, value=value: self.choose(value))
            menu.addAction(action)
        menu.setActiveAction(menu.actions()[self._values.index(self.value)])
        menu.popup(self.mapToGlobal(self.rect().bottomLeft()))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Down):
            self.click()
        else:
            super().keyPressEvent(event)

    def paintEvent(self, _event: QPaintEvent) -> None:
        colors = theme.palette()
        painter = QPainter(self)
        focused = self.hasFocus()
        line = colors.action if focused else colors.field_line
        paint.box(painter, QRectF(self.rect()), fill=colors.card, line=line, weight=2 if focused else 1, radius=9)
        paint.picture(painter, "chevron-down", colors.muted, self.width() - 24, self.height() / 2, 14)
        room = QRectF(12, 0, self.width() - 40, self.height())
        wide = paint.text(painter, room, self._shortcut, Type.label, colors.muted, align=paint.RIGHT)
        paint.text(painter, room.adjusted(0, 0, -wide - 8, 0), self.text(), Type.small_strong, colors.ink)
