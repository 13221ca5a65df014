"""Finding one customer or one meter inside a form: a field to search in, and the few it may mean beneath."""

from collections.abc import Callable, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QKeyEvent, QPainter
from PySide6.QtWidgets import QSizePolicy, QWidget

from meterpos.ui import theme, words
from meterpos.ui.desk import Desk
from meterpos.ui.models import asking, looking
from meterpos.ui.models.telling import phone, place
from meterpos.ui.theme import Type
from meterpos.ui.widgets import paint
from meterpos.ui.widgets.basic import Label, Surface, vertical
from meterpos.ui.widgets.fields import Field, Line
from meterpos.ui.widgets.rows import RowList, RowState, highlight

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from meterpos.ledger.queries.lists import MeterRow
    from meterpos.ledger.queries.search import CustomerHit

T = TypeVar("T")
ROW = 46
HITS_MAX = 4


class _PickLine(Line):
    """The field's line; ↑ ↓ walk the hits while the cursor stays here."""

    walked = Signal(int)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Down, Qt.Key.Key_Up):
            self.walked.emit(1 if event.key() == Qt.Key.Key_Down else -1)
            return
        super().keyPressEvent(event)


class Picker(QWidget, Generic[T]):
    """One thing chosen by typing; typing on lets go of what was chosen."""

    picked = Signal(object)
    changed = Signal()

    def __init__(
        self,
        desk: Desk,
        label_key: str,
        *,
        topic: str,
        find: "Callable[[Connection, str, date], Sequence[T]]",
        name: Callable[[T], str],
        lines: Callable[[T], tuple[str, str, str]],
    ) -> None:
        """Find with ``find``; ``lines`` are what a hit is called, what stands at its right, and what beneath."""
        super().__init__()
        self._desk, self._topic = desk, topic
        self._find, self._name, self._lines = find, name, lines
        self._chosen: T | None = None
        self.field = Field(label_key, line=_PickLine(step=Type.text))
        self.rows: RowList[T] = RowList(row_height=ROW, painter=self._paint, spoken=self._speak)
        self.rows.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        words.bind(self.rows.setAccessibleName, label_key)
        self.nobody = Label(Type.small, "muted", key="picking.nothing", wrap=True)
        self._hits = Surface("quiet")
        inside = vertical(self._hits, margins=(4, 4, 4, 4), spacing=0)
        inside.addWidget(self.rows)
        self.nobody.setContentsMargins(8, 8, 8, 8)
        inside.addWidget(self.nobody)
        column = vertical(self, spacing=4)
        column.addWidget(self.field)
        column.addWidget(self._hits)
        self._hits.hide()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Maximum)
        self.setFocusProxy(self.field)
        line = self.field.line
        assert isinstance(line, _PickLine)
        line.walked.connect(self.rows.step)
        self.field.edited.connect(self._search)
        self.field.entered.connect(self._enter)
        self.rows.picked.connect(self._pick)

    def chosen(self) -> T | None:
        """Return what is chosen."""
        return self._chosen

    def clear(self) -> None:
        """Begin anew."""
        self._chosen = None
        self.field.set_text("")
        self.field.tell("")
        self._hits.hide()

    def take(self, one: T) -> None:
        """Choose one as a program."""
        self._chosen = one
        self.field.set_text(self._name(one))
        self.field.tell("")
        self._hits.hide()
        self.changed.emit()

    def tell(self, sentence: str) -> None:
        """Show what is wrong beside the field."""
        self.field.tell(sentence)

    def _search(self) -> None:
        self._chosen = None
        self.changed.emit()
        text = self.field.text()
        if len(text) < 2:
            self._hits.hide()
            return
        today = self._desk.today
        self._desk.tasks.read(
            lambda conn: self._find(conn, text, today), lambda found: self._show(text, found), topic=self._topic
        )

    def _show(self, text: str, found: Sequence[T]) -> None:
        if self._chosen is not None or self.field.text() != text:
            return
        self.rows.set_rows(found, current=0)
        self.rows.setFixedHeight(max(1, len(found)) * ROW + 2)
        self.rows.setVisible(bool(found))
        self.nobody.setVisible(not found)
        self._hits.show()

    def _enter(self) -> None:
        self._pick(self.rows.current() if self._chosen is None else self._chosen)

    def _pick(self, one: T | None) -> None:
        if one is not None:
            self.take(one)
            self.picked.emit(one)

    # --- how it is told ------------------------------------------------------------------------------------------

    def _speak(self, one: Any) -> str:
        return ", ".join(part for part in self._lines(one) if part)

    def _paint(self, painter: QPainter, rect: QRectF, one: Any, state: RowState) -> None:
        colors = theme.palette()
        ground = highlight(painter, rect.adjusted(0, 1, 0, -1), state)
        ground = ground if state.current or state.hovered else colors.faint
        room = rect.adjusted(8, 4, -8, -4)
        upper = QRectF(room.left(), room.top(), room.width(), 19)
        lower = QRectF(room.left(), room.top() + 19, room.width(), 18)
        name, beside, beneath = self._lines(one)
        wide = paint.text(painter, upper, beside, Type.helper, colors.muted, align=paint.RIGHT, ground=ground)
        paint.text(painter, upper.adjusted(0, 0, -wide - 10, 0), name, Type.small_strong, colors.ink, ground=ground)
        paint.text(painter, lower, beneath, Type.helper, colors.muted, ground=ground)


def customer_picker(desk: Desk, label_key: str, *, topic: str) -> "Picker[CustomerHit]":
    """Return the field for a customer: by name, phone or number."""

    def find(conn: "Connection", text: str, today: date) -> "Sequence[CustomerHit]":
        return asking.find(conn, text, today)[:HITS_MAX]

    def name(one: "CustomerHit") -> str:
        return f"{one.name} · {one.customer_no}"

    def lines(one: "CustomerHit") -> tuple[str, str, str]:
        return one.name, one.customer_no, " · ".join(part for part in (phone(one.phone), one.place) if part)

    return Picker(desk, label_key, topic=topic, find=find, name=name, lines=lines)


def meter_picker(desk: Desk, label_key: str, *, topic: str) -> "Picker[MeterRow]":
    """Return the field for a meter: by its number, or by whose it is."""

    def find(conn: "Connection", text: str, today: date) -> "Sequence[MeterRow]":
        return looking.meters_like(conn, text, today, limit=HITS_MAX)

    def name(one: "MeterRow") -> str:
        return f"{one.meter_no} · {one.customer_name}"

    def lines(one: "MeterRow") -> tuple[str, str, str]:
        gone = words.say("meter.closed") if one.closed else ""
        where = " · ".join(part for part in (one.customer_no or "", place(one.utility, one.location), gone) if part)
        return one.meter_no, one.customer_name, where

    return Picker(desk, label_key, topic=topic, find=find, name=name, lines=lines)
