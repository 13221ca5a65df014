"""Painting helpers shared by delegates and hand-painted widgets."""

from collections.abc import Sequence
from typing import Final

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen

from meterpos.ui import icons, theme
from meterpos.ui.theme import Step

LEFT: Final = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
RIGHT: Final = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
CENTER: Final = Qt.AlignmentFlag.AlignCenter

# What must not be cut and did not fit, since a test last emptied it: (text, wanted width, given width).
clipped: list[tuple[str, float, float]] = []
# What was painted: (text, ink, ground, pixels), for the contrast test; filled only while a test set it to a list.
painted: list[tuple[str, str, str, int]] | None = None


def width(text: str, step: Step, *, tabular: bool = False) -> float:
    """Return how wide a text is in a type step."""
    return QFontMetricsF(theme.font(step, tabular=tabular)).horizontalAdvance(text)


def text(
    painter: QPainter,
    rect: QRectF,
    value: str,
    step: Step,
    ink: str,
    *,
    align: Qt.AlignmentFlag = LEFT,
    whole: bool = False,
    ground: str | None = None,
) -> float:
    """Paint one line and return its width; a text that does not fit ends in "…" unless it must stay `whole`.

    What is right-aligned and whole is money: it stands in tabular figures.
    """
    font = theme.font(step, tabular=whole and align == RIGHT)
    metrics = QFontMetricsF(font)
    wanted = metrics.horizontalAdvance(value)
    shown = value
    if wanted > rect.width() + 0.5:
        if whole:
            clipped.append((value, wanted, rect.width()))
        else:
            shown = metrics.elidedText(value, Qt.TextElideMode.ElideRight, rect.width())
    if painted is not None:
        painted.append((value, ink, ground or theme.palette().card, step.size))
    painter.setFont(font)
    painter.setPen(QColor(ink))
    painter.drawText(rect, int(align | Qt.TextFlag.TextSingleLine), shown)
    return min(wanted, rect.width())


def marked(
    painter: QPainter, rect: QRectF, value: str, spans: Sequence[tuple[int, int]], step: Step, ink: str, *, ground: str
) -> None:
    """Paint one line with the matched spans (start, end) on the match colour; a match is never behind the "…"."""
    metrics = QFontMetricsF(theme.font(step))
    if spans and metrics.horizontalAdvance(value[: spans[0][1]]) > rect.width() - metrics.horizontalAdvance("…"):
        cut = value.rfind(" ", 0, spans[0][0]) + 1
        value = f"…{value[cut:]}"
        spans = [(start - cut + 1, end - cut + 1) for start, end in spans if start >= cut]
    mark = QColor(theme.palette().mark)
    height = metrics.height()
    top = rect.center().y() - height / 2
    for start, end in spans:
        left = metrics.horizontalAdvance(value[:start])
        right = min(metrics.horizontalAdvance(value[:end]), rect.width())
        if left < rect.width():
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(mark)
            painter.drawRoundedRect(QRectF(rect.left() + left - 1, top - 0.5, right - left + 2, height + 1), 3, 3)
    text(painter, rect, value, step, ink, ground=ground)


def box(
    painter: QPainter,
    rect: QRectF,
    *,
    fill: str | None,
    line: str | None = None,
    weight: float = 1.0,
    radius: float = 10,
) -> None:
    """Paint a rounded box whose line lies wholly inside the rectangle."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setBrush(QColor(fill) if fill else Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(QColor(line), weight) if line else Qt.PenStyle.NoPen)
    inset = weight / 2 if line else 0.0
    painter.drawRoundedRect(rect.adjusted(inset, inset, -inset, -inset), radius, radius)


def picture(painter: QPainter, name: str, color: str, left: float, middle: float, size: int = 20) -> None:
    """Paint an icon with its left edge at `left`, centred on the height `middle`."""
    ratio = painter.device().devicePixelRatioF()
    painter.drawPixmap(QPointF(left, round(middle - size / 2)), icons.pixmap(name, color, size, ratio))
