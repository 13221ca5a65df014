"""Labels, cards, pills and spacing."""

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QLayout, QSizePolicy, QVBoxLayout, QWidget

from meterpos.ui import theme, words
from meterpos.ui.theme import Step, Type
from meterpos.ui.widgets import paint


def restyle(widget: QWidget) -> None:
    """Let the style sheet look at the widget's properties again."""
    widget.style().unpolish(widget)
    widget.style().polish(widget)


def announce(widget: QWidget, text: str) -> None:
    """Say a sentence to a screen reader."""
    QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(widget, text))


class Label(QLabel):
    """A text in one type step and tone (`ink`, `muted`, `danger`, `action`, `waiting`); `key`: a fixed sentence."""

    def __init__(self, step: Step = Type.text, tone: str = "ink", *, key: str = "", wrap: bool = False) -> None:
        super().__init__()
        self.setFont(theme.font(step))
        self.setProperty("tone", tone)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setWordWrap(wrap)
        if key:
            words.bind(self.setText, key)

    def set_tone(self, tone: str) -> None:
        """Change the colour by its meaning."""
        if self.property("tone") != tone:
            self.setProperty("tone", tone)
            restyle(self)


class SectionLabel(Label):
    """A small label in capitals above a part of a page."""

    def __init__(self, key: str = "") -> None:
        super().__init__(Type.label, "muted")
        if key:
            words.bind(lambda text: self.setText(text.upper()), key, owner=self)


class Elided(QWidget):
    """One line that may be longer than its place: cut with "…", whole in the tooltip and to a screen reader."""

    def __init__(self, step: Step, tone: str = "ink") -> None:
        super().__init__()
        self._step, self._tone, self._text = step, tone, ""
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFixedHeight(round(step.size * 1.35) + 1)

    def text(self) -> str:
        """Return the whole text."""
        return self._text

    def setText(self, value: str) -> None:
        """Show another text."""
        self._text = value
        self.setAccessibleName(value)
        self._tip()
        self.update()

    def set_tone(self, tone: str) -> None:
        """Change the colour by its meaning."""
        self._tone = tone
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(round(paint.width(self._text, self._step)) + 1, self.height())

    def minimumSizeHint(self) -> QSize:
        return QSize(24, self.height())

    def resizeEvent(self, _event: object) -> None:
        self._tip()

    def _tip(self) -> None:
        self.setToolTip(self._text if paint.width(self._text, self._step) > self.width() else "")

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        ink = getattr(theme.palette(), self._tone)
        paint.text(painter, QRectF(self.rect()), self._text, self._step, ink)


class Surface(QFrame):
    """A box with the look of its kind: `card`, `quiet`, `question`, `alarm`, `news` or `field`."""

    def __init__(self, kind: str = "card") -> None:
        super().__init__()
        self.setProperty("surface", kind)

    def set_kind(self, kind: str) -> None:
        """Change the look."""
        if self.property("surface") != kind:
            self.setProperty("surface", kind)
            restyle(self)


class Pill(QWidget):
    """A small fact with an icon, grey unless it needs attention: tone `muted`, `waiting`, `danger` or `action`."""

    def __init__(self, icon: str) -> None:
        super().__init__()
        self._icon, self._text, self._tone = icon, "", "muted"
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        self.setFixedHeight(26)

    def show_fact(self, text: str, *, icon: str, tone: str = "muted", tip: str = "") -> None:
        """Show a fact; `tip` says more on hovering."""
        self._icon, self._text, self._tone = icon, text, tone
        self.setAccessibleName(text)
        self.setToolTip(tip or text)
        self.updateGeometry()
        self.update()

    def text(self) -> str:
        """Return what is shown."""
        return self._text

    def sizeHint(self) -> QSize:
        return QSize(round(paint.width(self._text, Type.helper_strong)) + self._left() + 13, 26)

    def _left(self) -> int:
        return 30 if self._icon else 12

    def minimumSizeHint(self) -> QSize:
        return QSize(60, 26)

    def paintEvent(self, _event: QPaintEvent) -> None:
        colors = theme.palette()
        soft = {
            "muted": colors.quiet,
            "waiting": colors.waiting_soft,
            "danger": colors.danger_soft,
            "action": colors.action_soft,
        }
        ink = getattr(colors, self._tone)
        painter = QPainter(self)
        paint.box(painter, QRectF(self.rect()), fill=soft[self._tone], radius=13)
        if self._icon:
            paint.picture(painter, self._icon, ink, 10, self.height() / 2, 14)
        place = QRectF(self._left(), 0, self.width() - self._left() - 12, self.height())
        paint.text(painter, place, self._text, Type.helper_strong, ink, ground=soft[self._tone])


class _Emblem(QWidget):
    """An icon in a soft circle."""

    def __init__(self, icon: str) -> None:
        super().__init__()
        self._icon = icon
        self.setFixedSize(72, 72)

    def paintEvent(self, _event: QPaintEvent) -> None:
        colors = theme.palette()
        painter = QPainter(self)
        paint.box(painter, QRectF(self.rect()), fill=colors.quiet, radius=36)
        paint.picture(painter, self._icon, colors.muted, 22, 36, 28)


class EmptyState(QWidget):
    """What an empty place says: an icon and a sentence with what to do next."""

    def __init__(self, icon: str, key: str = "") -> None:
        super().__init__()
        self.sentence = Label(Type.text, "muted", key=key, wrap=True)
        self.sentence.setAlignment(Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop)
        column = vertical(self, margins=(28, 24, 28, 24), spacing=0)
        column.addStretch(2)
        column.addWidget(_Emblem(icon), 0, Qt.AlignmentFlag.AlignHCenter)
        column.addSpacing(16)
        column.addWidget(self.sentence)
        self.more = vertical(None, margins=(0, 16, 0, 0), spacing=8)
        column.addLayout(self.more)
        column.addStretch(3)


def vertical(
    parent: QWidget | None, *, margins: tuple[int, int, int, int] = (0, 0, 0, 0), spacing: int = 8
) -> QVBoxLayout:
    """Return a column layout with these margins (left, top, right, bottom)."""
    made = QVBoxLayout(parent) if parent is not None else QVBoxLayout()
    _space(made, margins, spacing)
    return made


def horizontal(
    parent: QWidget | None, *, margins: tuple[int, int, int, int] = (0, 0, 0, 0), spacing: int = 8
) -> QHBoxLayout:
    """Return a row layout with these margins (left, top, right, bottom)."""
    made = QHBoxLayout(parent) if parent is not None else QHBoxLayout()
    _space(made, margins, spacing)
    return made


def _space(layout: QLayout, margins: tuple[int, int, int, int], spacing: int) -> None:
    layout.setContentsMargins(*margins)
    layout.setSpacing(spacing)
