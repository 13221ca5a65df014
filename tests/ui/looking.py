"""What a person with a ruler would find: walks the widget tree and lists what is cut, faint, small or nameless."""

from collections.abc import Iterator

from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QColor, QFontMetrics
from PySide6.QtWidgets import QAbstractButton, QAbstractItemView, QLabel, QLineEdit, QWidget

from meterpos.ui import theme
from meterpos.ui.widgets import paint
from tests.ui.stand import settle

CONTRAST_LEAST = 4.5
CONTRAST_LEAST_LARGE = 3.0
LARGE_PX = 24
TARGET_LEAST = 44


def visible(root: QWidget, kind: type[QWidget]) -> Iterator[QWidget]:
    """Yield the widgets of a kind that a person can see."""
    for widget in root.findChildren(kind):
        if widget.isVisible() and widget.width() > 0:
            yield widget


def clipped(root: QWidget) -> list[str]:
    """Return the texts that do not fit their place."""
    found = []
    for label in visible(root, QLabel):
        assert isinstance(label, QLabel)
        if label.text() and not _fits(label):
            found.append(f"label {label.text()!r}: {label.width()}x{label.height()}")
    for button in visible(root, QAbstractButton):
        wanted = button.minimumSizeHint()
        if button.width() < wanted.width() or button.height() < min(wanted.height(), TARGET_LEAST):
            found.append(f"button {button.text()!r}: {button.size()} of {wanted}")
    for line in visible(root, QLineEdit):
        if line.height() < QFontMetrics(line.font()).height():
            found.append(f"field {line.accessibleName()!r}: {line.height()} high")
    for widget in visible(root, QWidget):
        parent = widget.parentWidget()
        if parent is not None and isinstance(widget, (QLabel, QAbstractButton, QLineEdit)):
            found += _outside(widget, parent)
    return found


def _fits(label: QLabel) -> bool:
    metrics = QFontMetrics(label.font())
    room = label.contentsRect()
    flags = Qt.TextFlag.TextWordWrap if label.wordWrap() else Qt.TextFlag.TextSingleLine
    needs = metrics.boundingRect(QRect(0, 0, room.width(), 10_000), int(flags), label.text())
    return needs.width() <= room.width() + 1 and needs.height() <= room.height() + 2


def _outside(widget: QWidget, parent: QWidget) -> list[str]:
    area = parent.rect()
    place = widget.geometry()
    name = widget.accessibleName() or getattr(widget, "text", lambda: "")()
    if area.contains(place) or isinstance(parent, QAbstractItemView):
        return []
    return [f"{type(widget).__name__} {name!r} at {place} leaves its parent {area}"]


def small(root: QWidget) -> list[str]:
    """Return what is pressed or typed into and is less than a finger high or wide."""
    found = []
    for kind in (QAbstractButton, QLineEdit):
        for widget in visible(root, kind):
            place = widget
            if isinstance(widget, QLineEdit) and widget.property("naked"):
                place = widget.parentWidget()
            if place.height() < TARGET_LEAST or place.width() < TARGET_LEAST:
                found.append(f"{widget.accessibleName()!r} is {place.width()}x{place.height()}")
    return found


def nameless(root: QWidget) -> list[str]:
    """Return the controls that say nothing to a screen reader."""
    found = []
    for kind in (QAbstractButton, QLineEdit, QAbstractItemView):
        for widget in visible(root, kind):
            active = widget.focusPolicy() != Qt.FocusPolicy.NoFocus
            if active and not widget.accessibleName().strip():
                found.append(f"{type(widget).__name__} in {type(widget.parentWidget()).__name__}")
    return found


def faint(root: QWidget) -> list[str]:
    """Return the texts whose contrast with their ground is too low; paints everything once to hear what is painted."""
    paint.painted = []
    try:
        root.grab()
        heard = set(paint.painted)
    finally:
        paint.painted = None
    for label in visible(root, QLabel):
        assert isinstance(label, QLabel)
        ink = label.palette().color(label.foregroundRole())
        heard.add((label.text(), ink.name(), ground_of(label), label.font().pixelSize()))
    found = []
    for text, ink, ground, pixels in heard:
        least = CONTRAST_LEAST_LARGE if pixels >= LARGE_PX else CONTRAST_LEAST
        if text.strip() and contrast(ink, ground) < least:
            found.append(f"{text!r} {ink} on {ground}: {contrast(ink, ground):.2f}")
    return found


def ground_of(widget: QWidget) -> str:
    """Return the colour behind a widget."""
    colors = theme.palette()
    grounds = {
        "card": colors.card,
        "quiet": colors.faint,
        "question": colors.waiting_soft,
        "strip": colors.waiting_soft,
        "alarm": colors.danger_soft,
        "news": colors.action_soft,
        "field": colors.card,
    }
    here: QWidget | None = widget
    while here is not None:
        surface = here.property("surface")
        if surface in grounds:
            return grounds[surface]
        if here.objectName() == "topbar":
            return colors.card
        if here.objectName() == "page":
            return colors.page
        here = here.parentWidget()
    return colors.page


def contrast(one: str, other: str) -> float:
    """Return the contrast ratio of two colours (WCAG 2)."""
    first, second = sorted((_luminance(QColor(one)), _luminance(QColor(other))), reverse=True)
    return (first + 0.05) / (second + 0.05)


def _luminance(color: QColor) -> float:
    parts = []
    for part in (color.redF(), color.greenF(), color.blueF()):
        parts.append(part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4)
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]


def complaints(root: QWidget) -> list[str]:
    """Return everything the four checkers find."""
    paint.clipped.clear()
    root.grab()
    settle(root)  # type: ignore[arg-type]
    cut = [f"painted {text!r} wants {wants:.0f}, has {has:.0f}" for text, wants, has in paint.clipped]
    return cut + clipped(root) + small(root) + nameless(root) + faint(root)
