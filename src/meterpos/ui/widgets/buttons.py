"""Everything pressed: chips, links, the main action, the segmented control."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QKeySequence, QPainter, QPaintEvent, QResizeEvent, QShortcut
from PySide6.QtWidgets import QAbstractButton, QPushButton, QSizePolicy, QWidget

from meterpos.ui import theme, words
from meterpos.ui.theme import METRICS, Step, Type
from meterpos.ui.widgets import paint
from meterpos.ui.widgets.basic import horizontal


class Button(QPushButton):
    """A plain button; `kind` is "", "primary", "danger" or "link".

    `shortcut` stands on it and presses it; `shown` stands on it and is another's to hear.
    """

    def __init__(
        self, kind: str = "", *, key: str = "", shortcut: str = "", shown: str = "", step: Step = Type.text_strong
    ) -> None:
        super().__init__()
        self.setProperty("kind", kind)
        self.setFont(theme.font(step))
        self.setAutoDefault(False)
        self._shortcut = shortcut or shown
        if kind == "link":
            self.setMinimumHeight(METRICS.touch)
            self.setCursor(Qt.CursorShape.PointingHandCursor)
        if shortcut:
            QShortcut(QKeySequence(shortcut), self, self.click, context=Qt.ShortcutContext.WindowShortcut)
        if key:
            words.bind(self.say, key)

    def say(self, text: str) -> None:
        """Write on the button; the shortcut follows."""
        self.setText(f"{text}  {self._shortcut}" if self._shortcut else text)
        self.setAccessibleName(text)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.click()
            return
        super().keyPressEvent(event)


class Chip(QAbstractButton):
    """A pill to press: its face is small, its target is not."""

    def __init__(self, text: str, press: Callable[[], object] | None = None) -> None:
        super().__init__()
        self.setText(text)
        self.setAccessibleName(text)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        if press is not None:
            self.clicked.connect(press)

    def sizeHint(self) -> QSize:
        wide = round(paint.width(self.text(), Type.helper_strong)) + 22
        return QSize(max(wide, METRICS.touch), METRICS.chip)

    def paintEvent(self, _event: QPaintEvent) -> None:
        colors = theme.palette()
        painter = QPainter(self)
        face = QRectF(0, (self.height() - METRICS.chip_face) / 2, self.width(), METRICS.chip_face)
        active = self.isDown() or self.isChecked()
        fill = colors.action_soft if active else colors.line if self.underMouse() else colors.quiet
        ring = colors.action if self.hasFocus() or self.isChecked() else None
        paint.box(painter, face, fill=fill, line=ring, weight=2 if ring else 1, radius=METRICS.chip_face / 2)
        ink = colors.ink if self.isEnabled() else colors.muted
        paint.text(painter, face, self.text(), Type.helper_strong, ink, align=paint.CENTER, whole=True, ground=fill)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.click()
            return
        super().keyPressEvent(event)


class Tick(QAbstractButton):
    """A box to tick with its text; Space toggles."""

    def __init__(self) -> None:
        super().__init__()
        self.setCheckable(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setCursor(Qt.CursorShape.PointingHandCursor)

    def sizeHint(self) -> QSize:
        return QSize(round(paint.width(self.text(), Type.small)) + 34, METRICS.touch)

    def minimumSizeHint(self) -> QSize:
        return QSize(80, METRICS.touch)

    def paintEvent(self, _event: QPaintEvent) -> None:
        colors = theme.palette()
        painter = QPainter(self)
        on = self.isChecked() and self.isEnabled()
        icon, ink = ("square-check", colors.action) if on else ("square", colors.muted)
        paint.picture(painter, icon, ink, 0, self.height() / 2)
        if self.hasFocus():
            ring = QRectF(-1, self.height() / 2 - 13, 24, 26)
            paint.box(painter, ring.adjusted(1, 0, 0, 0), fill=None, line=colors.action, weight=2, radius=6)
        text_ink = colors.ink if self.isEnabled() else colors.muted
        paint.text(painter, QRectF(28, 0, self.width() - 28, self.height()), self.text(), Type.small, text_ink)


MAIN_KEY = "F12"
_STEPS = (Type.action, Type.text_strong, Type.small_strong, Type.helper_strong)


class MainAction(QAbstractButton):
    """The one green button of a page: what it does, and to whom, on two lines."""

    def __init__(self) -> None:
        super().__init__()
        self._lines: tuple[str, str] = ("", "")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setMinimumHeight(METRICS.main_action)

    def show_lines(self, first: str, second: str = "") -> None:
        """Write on the button; to a screen reader both lines are one sentence."""
        self._lines = (first, second)
        self.setText(f"{first} · {second}" if second else first)
        self.setAccessibleName(self.text())
        self.setToolTip(second)
        self._fit()
        self.update()

    def resizeEvent(self, _event: QResizeEvent) -> None:
        self._fit()

    def _fit(self) -> None:
        long = paint.width(self._lines[1], Type.small_strong) > self.width() - 28
        self.setFixedHeight(METRICS.main_action_tall if long else METRICS.main_action)

    def sizeHint(self) -> QSize:
        return QSize(240, METRICS.main_action)

    def paintEvent(self, _event: QPaintEvent) -> None:
        colors = theme.palette()
        on = self.isEnabled()
        fill = colors.action if on else colors.disabled
        if on and self.isDown():
            fill = colors.action_pressed
        elif on and self.underMouse():
            fill = colors.action_hover
        ink = colors.action_ink if on else colors.disabled_ink
        painter = QPainter(self)
        paint.box(painter, QRectF(self.rect()), fill=fill, radius=10)
        if self.hasFocus():
            paint.box(painter, QRectF(self.rect()).adjusted(3, 3, -3, -3), fill=None, line=ink, weight=2, radius=8)
        first, second = self._lines
        room = QRectF(self.rect()).adjusted(14, 0, -14, 0)
        step = next((one for one in _STEPS if paint.width(first, one) <= room.width()), _STEPS[-1])
        if not second:
            paint.text(painter, room, first, step, ink, align=paint.CENTER, whole=True, ground=fill)
            return
        middle = room.center().y()
        lift = 30 if paint.width(second, Type.small_strong) > room.width() else 22
        upper = QRectF(room.left(), middle - lift, room.width(), 22)
        lower = QRectF(room.left(), middle - 1, room.width(), 22)
        paint.text(painter, upper, first, step, ink, align=paint.CENTER, whole=True, ground=fill)
        if paint.width(second, Type.action) <= room.width():
            paint.text(painter, lower, second, Type.action, ink, align=paint.CENTER, ground=fill)
            return
        for number, line in enumerate(_wrapped(second, room.width())):
            place = lower.translated(0, 18 * number - 6)
            paint.text(painter, place, line, Type.small_strong, ink, align=paint.CENTER, ground=fill)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and not event.isAutoRepeat():
            self.click()
            return
        super().keyPressEvent(event)


def main_shortcut(button: MainAction, press: Callable[[], object]) -> None:
    """Let F12 press the one green button of a page or form, which says so on its second line, while it can be seen."""
    QShortcut(QKeySequence(MAIN_KEY), button, press)


def _wrapped(text: str, room: float) -> tuple[str, ...]:
    """Return a long text in two lines, broken between words."""
    if paint.width(text, Type.small_strong) <= room:
        return (text,)
    words_ = text.split(" ")
    first = words_[0]
    for number, word in enumerate(words_[1:], start=1):
        if paint.width(f"{first} {word}", Type.small_strong) > room:
            return first, " ".join(words_[number:])
        first = f"{first} {word}"
    return (first,)


@dataclass(frozen=True, slots=True)
class Segment:
    """One choice of a segmented control: its value, icon and name in the catalogue."""

    value: str
    icon: str
    key: str


class _SegmentButton(QAbstractButton):
    def __init__(self, segment: Segment) -> None:
        super().__init__()
        self.segment = segment
        self.with_icon = True
        self.setCheckable(True)
        self.setAutoExclusive(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFixedHeight(METRICS.touch)
        words.bind(self._say, segment.key)

    def _say(self, text: str) -> None:
        self.setText(text)
        self.setAccessibleName(text)
        self.updateGeometry()
        self.update()

    def minimumSizeHint(self) -> QSize:
        return QSize(round(paint.width(self.text(), Type.small_strong)) + 12, METRICS.touch)

    sizeHint = minimumSizeHint

    def paintEvent(self, _event: QPaintEvent) -> None:
        colors = theme.palette()
        painter = QPainter(self)
        face = QRectF(self.rect()).adjusted(3, 3, -3, -3)
        ground = colors.faint
        if self.isChecked():
            ground = colors.card
            paint.box(painter, face, fill=ground, line=colors.field_line, radius=8)
        if self.hasFocus():
            paint.box(painter, face, fill=None, line=colors.action, weight=2, radius=8)
        ink = colors.ink if self.isChecked() else colors.muted
        wide = paint.width(self.text(), Type.small_strong)
        roomy = self.with_icon
        left = face.center().x() - (wide + (25 if roomy else 0)) / 2
        if roomy:
            paint.picture(painter, self.segment.icon, ink, left, face.center().y(), 17)
            left += 25
        place = QRectF(max(left, face.left()), face.top(), min(wide + 1, face.width()), face.height())
        paint.text(painter, place, self.text(), Type.small_strong, ink, whole=True, ground=ground)


class Segments(QWidget):
    """A segmented control: exactly one choice holds; ← → move, as on radio buttons."""

    chosen = Signal(str)

    def __init__(self, segments: Sequence[Segment], *, name_key: str) -> None:
        super().__init__()
        self._buttons = {segment.value: _SegmentButton(segment) for segment in segments}
        row = horizontal(self, spacing=0)
        for value, button in self._buttons.items():
            button.toggled.connect(lambda on, value=value: self.chosen.emit(value) if on else None)
            row.addWidget(button, 1)
        words.bind(self.setAccessibleName, name_key)
        words.notifier().changed.connect(self._fit)
        next(iter(self._buttons.values())).setChecked(True)

    def value(self) -> str:
        """Return the choice that holds."""
        return next(value for value, button in self._buttons.items() if button.isChecked())

    def choose(self, value: str) -> None:
        """Make another choice hold."""
        self._buttons[value].setChecked(True)

    def button(self, value: str) -> QAbstractButton:
        """Return the button of one choice."""
        return self._buttons[value]

    def resizeEvent(self, _event: QResizeEvent) -> None:
        self._fit()

    def _fit(self) -> None:
        """Icons stand on all choices or on none."""
        each = self.width() / len(self._buttons) - 12
        roomy = all(paint.width(button.text(), Type.small_strong) + 25 <= each for button in self._buttons.values())
        for button in self._buttons.values():
            button.with_icon = roomy
            button.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        paint.box(QPainter(self), QRectF(self.rect()), fill=theme.palette().faint, radius=10)
