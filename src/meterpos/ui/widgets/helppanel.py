"""Help beside the page it is about: a few sentences, its keys, a picture; Shift+F1 and the "?" open and close it."""

import json
from functools import cache
from typing import Any, Final

from PySide6.QtCore import QEvent, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent, QPixmap
from PySide6.QtWidgets import QAbstractButton, QFrame, QGridLayout, QScrollArea, QSizePolicy, QWidget

from meterpos.errors import MeterposError
from meterpos.resources import resource_path
from meterpos.ui import theme, words
from meterpos.ui.theme import METRICS, Type
from meterpos.ui.widgets import paint
from meterpos.ui.widgets.basic import Label, SectionLabel, Surface, announce, horizontal, vertical
from meterpos.ui.widgets.buttons import Button

WIDTH: Final = 404
KEY: Final = "Shift+F1"


class HelpButton(QAbstractButton):
    """The "?" of the top bar."""

    def __init__(self) -> None:
        super().__init__()
        self.setFixedSize(METRICS.touch, METRICS.touch)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        words.bind(self._say, "help.button")

    def _say(self, text: str) -> None:
        self.setAccessibleName(f"{text} {KEY}")
        self.setToolTip(f"{text}  {KEY}")

    def sizeHint(self) -> QSize:
        return QSize(METRICS.touch, METRICS.touch)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.click()
        else:
            super().keyPressEvent(event)

    def paintEvent(self, _event: QPaintEvent) -> None:
        colors = theme.palette()
        painter = QPainter(self)
        if self.hasFocus() or self.underMouse():
            ring = colors.action if self.hasFocus() else None
            paint.box(painter, QRectF(self.rect()).adjusted(4, 5, -4, -5), fill=colors.faint, line=ring, radius=8)
        paint.picture(painter, "circle-question-mark", colors.muted, 12, self.height() / 2)


class HelpPanel(Surface):
    """Lies over the right of the window; Escape closes it and gives the keyboard back to where it was."""

    closed = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__("card")
        self.setParent(parent)
        self._over = parent
        self._page = ""
        self._before: QWidget | None = None
        self.title = Label(Type.name, wrap=True)
        self.close_button = Button("link", key="help.close", shown="Esc", step=Type.small_strong)
        self.inside = QWidget()
        self.inside.setObjectName("scrolled")
        self._body = vertical(self.inside, margins=(0, 0, 12, 0), spacing=12)
        self.view = QScrollArea()
        self.view.setFrameShape(QFrame.Shape.NoFrame)
        self.view.setWidgetResizable(True)
        self.view.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.view.setWidget(self.inside)
        self.view.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        words.bind(self.view.setAccessibleName, "help.button", owner=self)
        column = vertical(self, margins=(24, 16, 12, 16), spacing=8)
        head = horizontal(None)
        head.addWidget(self.title, 1)
        head.addWidget(self.close_button)
        column.addLayout(head)
        column.addWidget(self.view, 1)
        self.close_button.clicked.connect(self.dismiss)
        words.notifier().changed.connect(self._tell)
        self.hide()

    def open_for(self, page: str, *, before: QWidget | None) -> None:
        """Show what there is to say about a page; `before` gets the keyboard back afterwards."""
        self._page, self._before = page, before
        self._tell()
        self.place()
        self.show()
        self.raise_()
        self.view.setFocus()
        announce(self, " ".join([self.title.text(), *_about(page)["text"]]))

    def follow(self, page: str) -> None:
        """Speak about another page, where the panel is open."""
        if self.isVisible() and page != self._page:
            self._page = page
            self._tell()

    def dismiss(self) -> None:
        """Close."""
        if not self.isVisible():
            return
        self.hide()
        if self._before is not None and self._before.isVisible():
            self._before.setFocus()
        self.closed.emit()

    def place(self) -> None:
        """Lie at the right edge of the window, as high as it."""
        wide = min(WIDTH, self._over.width() - METRICS.rail)
        self.setGeometry(self._over.width() - wide - 8, 8, wide, self._over.height() - 16)

    def event(self, event: QEvent) -> bool:
        """Escape is the panel's while it has the keyboard, not the page's beneath."""
        wanted = isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Escape
        if wanted and event.type() == QEvent.Type.ShortcutOverride:
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.dismiss()
        else:
            super().keyPressEvent(event)

    # --- what is said --------------------------------------------------------------------------------------------

    def _tell(self) -> None:
        if not self._page:
            return
        about = _about(self._page)
        self.title.setText(about["title"])
        while (item := self._body.takeAt(0)) is not None:
            old = item.widget()
            if old is not None:
                old.hide()
                old.deleteLater()
        for sentence in about["text"]:
            self._body.addWidget(_said(sentence))
        self._body.addWidget(SectionLabel("help.keys"))
        self._body.addWidget(_Keys(about["keys"]))
        picture = _picture(self._page)
        if picture is not None:
            self._body.addWidget(_Picture(picture))
        self._body.addStretch(1)
        self.view.verticalScrollBar().setValue(0)


def _said(sentence: str) -> Label:
    label = Label(Type.text, wrap=True)
    label.setText(sentence)
    return label


class _Keys(QWidget):
    """Each key with what it does."""

    def __init__(self, keys: list[list[str]]) -> None:
        super().__init__()
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(16)
        grid.setVerticalSpacing(6)
        grid.setColumnStretch(1, 1)
        for row, (key, does) in enumerate(keys):
            name, what = Label(Type.small_strong), Label(Type.small, "muted", wrap=True)
            name.setText(key)
            what.setText(does)
            grid.addWidget(name, row, 0, Qt.AlignmentFlag.AlignTop)
            grid.addWidget(what, row, 1)


class _Picture(QWidget):
    """A picture of the page, as wide as the panel."""

    def __init__(self, picture: QPixmap) -> None:
        super().__init__()
        self._picture = picture
        wide = WIDTH - 60
        self.setFixedSize(wide, round(wide * picture.height() / max(picture.width(), 1)))
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.drawPixmap(self.rect(), self._picture)
        paint.box(painter, QRectF(self.rect()), fill=None, line=theme.palette().line, radius=4)


def _about(page: str) -> dict[str, Any]:
    about: dict[str, Any] = catalogue(words.language())[page]
    return about


@cache
def catalogue(language: str) -> dict[str, Any]:
    """Return what help says in one language, by page: title, text, keys."""
    loaded: dict[str, Any] = json.loads(resource_path(f"help/{language}.json").read_text(encoding="utf-8"))
    return loaded


def _picture(page: str) -> QPixmap | None:
    try:
        path = resource_path(f"help/{page}-{words.language()}.png")
    except MeterposError:
        return None
    return QPixmap(str(path))
