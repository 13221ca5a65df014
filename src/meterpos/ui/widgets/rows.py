"""A list whose rows are painted by a function: fast with thousands of rows, walked by keys, spoken row by row."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from PySide6.QtCore import (
    QAbstractListModel,
    QEvent,
    QModelIndex,
    QPersistentModelIndex,
    QPoint,
    QRectF,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QFocusEvent, QKeyEvent, QMouseEvent, QPainter, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QListView, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from meterpos.ui import theme
from meterpos.ui.widgets import paint

R = TypeVar("R")
AnyIndex = QModelIndex | QPersistentModelIndex


@dataclass(frozen=True, slots=True)
class RowState:
    """How a row stands: under the cursor of the keyboard, in the list that has it, under the mouse."""

    current: bool
    focused: bool
    hovered: bool


Painter = Callable[[QPainter, QRectF, Any, RowState], None]


class _Model(QAbstractListModel, Generic[R]):
    def __init__(self, spoken: Callable[[R], str]) -> None:
        super().__init__()
        self.rows: Sequence[R] = ()
        self._spoken = spoken

    def rowCount(self, _parent: AnyIndex = QModelIndex()) -> int:  # noqa: B008
        return len(self.rows)

    def data(self, index: AnyIndex, role: int = Qt.ItemDataRole.DisplayRole) -> str | None:
        speaking = (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole)
        if role in speaking and 0 <= index.row() < len(self.rows):
            return self._spoken(self.rows[index.row()])
        return None

    def replace(self, rows: Sequence[R]) -> None:
        self.beginResetModel()
        self.rows = rows
        self.endResetModel()


class _Delegate(QStyledItemDelegate):
    def __init__(self, owner: "RowList[Any]", row_height: int, painter: Painter) -> None:
        super().__init__(owner)
        self._owner, self._height, self._paint = owner, row_height, painter

    def sizeHint(self, _option: QStyleOptionViewItem, _index: AnyIndex) -> QSize:
        return QSize(10, self._height)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: AnyIndex) -> None:
        typed: Any = option
        state = RowState(
            current=index.row() == self._owner.currentIndex().row(),
            focused=self._owner.hasFocus(),
            hovered=index.row() == self._owner.hovered,
        )
        painter.save()
        self._paint(painter, QRectF(typed.rect), self._owner.model_.rows[index.row()], state)
        painter.restore()


class RowList(QListView, Generic[R]):
    """Rows of one kind. `picked` on Enter or click, `moved` when the current row changes by key or click."""

    picked = Signal(object)
    moved = Signal(object)
    leave_up = Signal()
    clicked_at = Signal(object, QPoint)

    def __init__(self, *, row_height: int, painter: Painter, spoken: Callable[[R], str], active: bool = True) -> None:
        super().__init__()
        self.model_: _Model[R] = _Model(spoken)
        self._row_height, self._active = row_height, active
        self.hovered = -1
        self.setModel(self.model_)
        self.setItemDelegate(_Delegate(self, row_height, painter))
        self.setUniformItemSizes(True)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        mode = QAbstractItemView.SelectionMode
        self.setSelectionMode(mode.SingleSelection if active else mode.NoSelection)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus if active else Qt.FocusPolicy.NoFocus)
        self.setMouseTracking(active)
        self.viewport().setAutoFillBackground(False)
        self.set_rows(())
        theme.notifier().changed.connect(self.viewport().update)

    def rows(self) -> Sequence[R]:
        """Return the records shown."""
        return self.model_.rows

    def set_rows(self, rows: Sequence[R], *, current: int = -1) -> None:
        """Show other records; `current` is the row the keyboard stands on (-1 none)."""
        self.model_.replace(rows)
        self.setMaximumHeight(max(1, len(rows) * self._row_height + 2))
        if 0 <= current < len(rows):
            self.setCurrentIndex(self.model_.index(current))

    def current(self) -> R | None:
        """Return the record the keyboard stands on."""
        row = self.currentIndex().row()
        return self.model_.rows[row] if 0 <= row < len(self.model_.rows) else None

    def go(self, row: int) -> None:
        """Put the keyboard on a row."""
        if 0 <= row < len(self.model_.rows):
            self.setCurrentIndex(self.model_.index(row))

    def step(self, by: int) -> None:
        """Move the keyboard up (-1) or down (1), and tell."""
        row = max(0, min(self.currentIndex().row() + by, len(self.model_.rows) - 1))
        if self.model_.rows and row != self.currentIndex().row():
            self.go(row)
            self.moved.emit(self.current())

    def minimumSizeHint(self) -> QSize:
        return QSize(80, self._row_height)

    def sizeHint(self) -> QSize:
        return QSize(200, max(1, len(self.model_.rows)) * self._row_height + 2)

    def keyboardSearch(self, _search: str) -> None:
        """Letters move nothing here: a scanner may be typing."""

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = event.key()
        if key in (Qt.Key.Key_Down, Qt.Key.Key_Up):
            if key == Qt.Key.Key_Up and self.currentIndex().row() <= 0:
                self.leave_up.emit()
            else:
                self.step(1 if key == Qt.Key.Key_Down else -1)
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            if self.current() is not None and not event.isAutoRepeat():
                self.picked.emit(self.current())
        elif key in (Qt.Key.Key_Home, Qt.Key.Key_End, Qt.Key.Key_PageUp, Qt.Key.Key_PageDown):
            super().keyPressEvent(event)
            self.moved.emit(self.current())
        else:
            event.ignore()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if self.currentIndex().isValid():
            self.scrollTo(self.currentIndex())

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        if self.currentIndex().row() < 0:
            self.go(0)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._hover(self.indexAt(event.position().toPoint()).row())

    def leaveEvent(self, _event: QEvent) -> None:
        self._hover(-1)

    def _hover(self, row: int) -> None:
        """Kept here: asking QStyle for the mouse would load all of its enums at start (20 ms)."""
        if row != self.hovered:
            self.hovered = row
            self.viewport().update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        index = self.indexAt(event.position().toPoint())
        if self._active and index.isValid() and event.button() == Qt.MouseButton.LeftButton:
            self.setFocus(Qt.FocusReason.MouseFocusReason)
            self.setCurrentIndex(index)
            record = self.model_.rows[index.row()]
            place = event.position().toPoint() - self.visualRect(index).topLeft()
            self.clicked_at.emit(record, place)
            self.picked.emit(record)


def hairline(painter: QPainter, rect: QRectF) -> None:
    """Paint the thin line between two rows of a table."""
    painter.fillRect(QRectF(rect.left(), rect.bottom() - 1, rect.width(), 1), theme.color(theme.palette().line))


def highlight(painter: QPainter, rect: QRectF, state: RowState) -> str:
    """Paint the ground of a row that stands out and return its colour."""
    colors = theme.palette()
    if state.current:
        ring = colors.action if state.focused else None
        paint.box(painter, rect, fill=colors.action_soft, line=ring, weight=2 if ring else 1, radius=8)
        return colors.action_soft
    if state.hovered:
        paint.box(painter, rect, fill=colors.faint, radius=8)
        return colors.faint
    return colors.card


def listed(owner: QWidget, rows: RowList[Any], name: str) -> None:
    """Name a list to a screen reader."""
    rows.setAccessibleName(name)
    rows.setParent(owner)
