"""Lucide icons (ISC), tinted with the colours of the theme and sharp at every screen scale."""

from functools import lru_cache

from PySide6.QtCore import QByteArray, QRectF, QSize, Qt
from PySide6.QtGui import QIcon, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

from meterpos.resources import resource_path


@lru_cache(maxsize=512)
def pixmap(name: str, color: str, size: int = 20, ratio: float = 1.0) -> QPixmap:
    """Return the icon in one colour, `size` logical pixels square."""
    renderer = QSvgRenderer(QByteArray(_source(name).replace("currentColor", color).encode()))
    image = QPixmap(QSize(round(size * ratio), round(size * ratio)))
    image.fill(Qt.GlobalColor.transparent)
    painter = QPainter(image)
    renderer.render(painter, QRectF(0, 0, size * ratio, size * ratio))
    painter.end()
    image.setDevicePixelRatio(ratio)
    return image


def icon(name: str, color: str, size: int = 20) -> QIcon:
    """Return the icon for a button."""
    made = QIcon(pixmap(name, color, size))
    made.addPixmap(pixmap(name, color, size, 2.0))
    return made


@lru_cache(maxsize=128)
def _source(name: str) -> str:
    return resource_path(f"icons/{name}.svg").read_text(encoding="utf-8")
