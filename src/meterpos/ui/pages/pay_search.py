"""The left column of the pay page: the search field and who was found."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, QRectF, Qt, Signal
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from meterpos.ledger.money import format_amount
from meterpos.ui import theme, words
from meterpos.ui.desk import Desk
from meterpos.ui.models import asking
from meterpos.ui.models.telling import phone
from meterpos.ui.theme import METRICS, Type
from meterpos.ui.widgets import paint
from meterpos.ui.widgets.basic import Label, Surface, horizontal, vertical
from meterpos.ui.widgets.buttons import Button
from meterpos.ui.widgets.fields import Line
from meterpos.ui.widgets.rows import RowList, RowState, highlight

if TYPE_CHECKING:
    from meterpos.ledger.queries.search import CustomerHit


class SearchLine(Line):
    """The search field with its magnifying glass; ↑ ↓ walk the hits while the cursor stays here."""

    walked = Signal(int)

    def __init__(self, name_key: str = "pay.search.name") -> None:
        super().__init__(step=Type.search)
        self.setFixedHeight(48)
        self.setTextMargins(28, 0, 0, 0)
        self.setClearButtonEnabled(False)
        words.bind(self.setAccessibleName, name_key)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        painter = QPainter(self)
        paint.picture(painter, "search", theme.palette().muted, 14, self.height() / 2, 20)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Down, Qt.Key.Key_Up):
            self.walked.emit(1 if event.key() == Qt.Key.Key_Down else -1)
            return
        super().keyPressEvent(event)


class SearchPanel(QWidget):
    """Search as you type over name, phone, account and meter number."""

    chosen = Signal(object)  # CustomerHit
    typed = Signal()
    unknown_wanted = Signal(str)

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        self._waiting_enter = False
        self._asked = ""
        self._answered = ""
        self.line = SearchLine()
        self.hint = Label(Type.helper, "muted", key="pay.search.hint")
        self.hits: RowList[CustomerHit] = RowList(
            row_height=METRICS.hit_row, painter=self._paint_hit, spoken=self._speak_hit
        )
        words.bind(self.hits.setAccessibleName, "pay.search.hits")
        self.nobody = Label(Type.text, "muted", wrap=True)
        self.unknown = Button("link", step=Type.small_strong)
        self.card = Surface("card")
        inside = vertical(self.card, margins=(6, 6, 6, 6), spacing=0)
        inside.addWidget(self.hits)
        self.nobody.setContentsMargins(10, 10, 10, 10)
        inside.addWidget(self.nobody)
        offered = horizontal(None, margins=(8, 0, 8, 0))
        offered.addWidget(self.unknown)
        inside.addLayout(offered)
        self.card.hide()
        self.line.textChanged.connect(self._ask)
        self.line.textEdited.connect(self.typed)
        self.line.entered.connect(self._enter)
        self.line.walked.connect(self.hits.step)
        self.hits.picked.connect(self.chosen)
        self.hits.leave_up.connect(self.line.setFocus)
        self.line.installEventFilter(self)
        self.unknown.clicked.connect(lambda: self.unknown_wanted.emit(self.line.text().strip()))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.FocusIn and watched is self.line:
            self.line.selectAll()
        return super().eventFilter(watched, event)

    def take_scan(self, text: str) -> None:
        """Search for what a scanner read and choose it when it is the only answer or the exact meter."""
        self.line.setText(text)
        self._enter()

    def ask_again(self) -> None:
        """Repeat the search: the ledger changed, or the till has just been opened."""
        self._asked = ""
        self._ask(keep=True)

    def clear(self) -> None:
        """Make room for the next customer."""
        self.line.clear()
        self.line.setFocus()

    def _ask(self, *_: object, keep: bool = False) -> None:
        text = self.line.text().strip()
        self._waiting_enter = self._waiting_enter and keep
        if not text:
            self._asked = self._answered = ""
            self.hits.set_rows(())
            self.card.hide()
            return
        if not self._desk.is_open or text == self._asked:
            return
        self._asked = text
        here = self.hits.currentIndex().row() if keep else 0
        today = self._desk.today
        self._desk.tasks.read(
            lambda conn: asking.find(conn, text, today),
            lambda hits: self._show(text, hits, max(here, 0)),
            topic="search",
        )

    def _show(self, text: str, hits: "tuple[CustomerHit, ...]", current: int) -> None:
        if text != self.line.text().strip():
            return
        self._answered = text
        self.hits.set_rows(hits, current=min(current, len(hits) - 1))
        self.hits.setVisible(bool(hits))
        self.nobody.setVisible(not hits)
        self.nobody.setText(words.say("pay.search.nobody", text=text))
        self.unknown.setVisible(not hits)
        self.unknown.say(words.say("pay.search.unknown"))
        self.card.show()
        if self._waiting_enter:
            self._waiting_enter = False
            self._enter()

    def _enter(self) -> None:
        text = self.line.text().strip()
        if not text:
            return
        if text != self._answered:  # what is shown belongs to an earlier text: never choose from it
            self._waiting_enter = True
            self._ask(keep=True)
            return
        hit = self.hits.current()
        if hit is not None and self.hits.isVisibleTo(self.card):
            self.chosen.emit(hit)
        elif self.unknown.isVisibleTo(self.card):
            self.unknown.setFocus()

    def _speak_hit(self, hit: "CustomerHit") -> str:
        what, _, more = _money(hit, self._desk.currency)
        return f"{hit.name}, {hit.customer_no}, {phone(hit.phone)}, {what}, {more}"

    def _paint_hit(self, painter: QPainter, rect: QRectF, hit: "CustomerHit", state: RowState) -> None:
        colors = theme.palette()
        ground = highlight(painter, rect.adjusted(0, 1, 0, -1), state)
        room = rect.adjusted(10, 6, -10, -6)
        upper = QRectF(room.left(), room.top(), room.width(), 20)
        lower = QRectF(room.left(), room.top() + 20, room.width(), 18)
        what, ink, more = _money(hit, self._desk.currency)
        right = max(paint.width(what, Type.small_strong, tabular=True), paint.width(more, Type.helper))
        paint.text(
            painter, upper, what, Type.small_strong, getattr(colors, ink), align=paint.RIGHT, whole=True, ground=ground
        )
        paint.text(painter, lower, more, Type.helper, colors.muted, align=paint.RIGHT, ground=ground)
        left = QRectF(upper.left(), upper.top(), upper.width() - right - 14, upper.height())
        paint.marked(painter, left, hit.name, hit.matched, Type.text_strong, colors.ink, ground=ground)
        below = QRectF(lower.left(), lower.top(), lower.width() - right - 14, lower.height())
        number = f"{hit.customer_no} · {phone(hit.phone)}" if hit.phone else hit.customer_no
        if hit.matched_meter:
            number = f"{hit.matched_meter} · {hit.customer_no}"
        paint.text(painter, below, number, Type.helper, colors.muted, ground=ground)


def _money(hit: "CustomerHit", currency: str) -> tuple[str, str, str]:
    """Return what a hit owes, the token of its colour, and the line beneath."""
    meters = words.say("pay.meters", n=hit.meters)
    if hit.balance_minor:
        if hit.overdue:
            return (
                f"{currency} {format_amount(hit.balance_minor)}",
                "danger",
                f"{meters} · {words.say('money.overdue')}",
            )
        return f"{currency} {format_amount(hit.balance_minor)}", "ink", meters
    if hit.overpayment_minor:
        return words.say("money.credit", amount=format_amount(hit.overpayment_minor)), "action", meters
    return words.say("money.clear"), "muted", meters
