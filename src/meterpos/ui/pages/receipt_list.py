"""The list on the receipts page: a line that finds by number, name, phone, amount or day, and takes a code as well."""

import re
from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF, Signal
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QSizePolicy, QWidget

from meterpos.ledger.money import format_amount
from meterpos.ui import theme, words
from meterpos.ui.desk import Desk
from meterpos.ui.models import asking
from meterpos.ui.pages.pay_search import SearchLine
from meterpos.ui.theme import METRICS, Type
from meterpos.ui.widgets import paint
from meterpos.ui.widgets.basic import Label, Surface, vertical
from meterpos.ui.widgets.rows import RowList, RowState, highlight

if TYPE_CHECKING:
    from meterpos.ledger.queries.receipts import Elsewhere, ReceiptRow

CODE_LEAST = 200
"""Shorter than any code that was read to its end."""
_NUMBER = re.compile(r"[A-Z0-9]{1,24}-[A-Z0-9]{3}-[0-9]{6,}", re.ASCII)


def looks_like_number(text: str) -> bool:
    """Tell whether a text is a receipt's number, whole."""
    return _NUMBER.fullmatch(text.upper()) is not None


def _is_code(text: str) -> bool:
    return text.strip().upper().startswith("MP1")


class ReceiptList(QWidget):
    """What this till has printed, or what a text finds of it."""

    wanted = Signal(str)  # the number of the receipt to show
    code_entered = Signal(str)  # a paper's code, scanned or pasted into the line
    elsewhere = Signal(object)  # what is known of a receipt that another till printed

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        self.line = SearchLine()
        words.bind(self.line.setPlaceholderText, "receipts.search")
        words.bind(self.line.setAccessibleName, "receipts.search")
        self.rows: RowList[ReceiptRow] = RowList(row_height=METRICS.hit_row, painter=self._paint, spoken=self._speak)
        words.bind(self.rows.setAccessibleName, "page.receipts")
        self.nothing = Label(Type.text, "muted", wrap=True)
        self._build()
        self.line.textChanged.connect(self._search)
        self.line.walked.connect(self.rows.step)
        self.line.entered.connect(self._enter)
        self.rows.picked.connect(self._want)
        self.rows.moved.connect(self._want)
        self.rows.leave_up.connect(self.line.setFocus)

    def _build(self) -> None:
        column = vertical(self, spacing=8)
        column.addWidget(self.line)
        card = Surface("card")
        card.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Maximum)
        inside = vertical(card, margins=(6, 6, 6, 6), spacing=0)
        inside.addWidget(self.rows)
        self.nothing.setContentsMargins(10, 10, 10, 10)
        inside.addWidget(self.nothing)
        column.addWidget(card, 1)
        column.addStretch(0)

    def read(self) -> None:
        """Read the list again."""
        text = self.line.text().strip()
        self._desk.tasks.read(lambda conn: asking.recent_receipts(conn, text), self._show, topic="receipts")

    def _search(self, text: str) -> None:
        """List what a text finds; a code that was pasted whole is checked at once."""
        if not _is_code(text):
            self.read()
        elif len(text) >= CODE_LEAST:
            self.code_entered.emit(text)

    def _enter(self) -> None:
        if _is_code(self.line.text()):
            self.code_entered.emit(self.line.text())
        else:
            self._want(self.rows.current())

    def _want(self, row: "ReceiptRow | None") -> None:
        if row is not None:
            self.wanted.emit(row.number)

    def _show(self, rows: "tuple[ReceiptRow, ...]") -> None:
        current = self.rows.current()
        number = current.number if current is not None else None
        at = next((place for place, row in enumerate(rows) if row.number == number), 0)
        self.rows.set_rows(rows, current=at)
        self.rows.setVisible(bool(rows))
        self.nothing.setVisible(not rows)
        text = self.line.text().strip()
        self.nothing.setText(words.say("receipts.nothing", text=text) if text else words.say("receipts.none_yet"))
        if not rows and looks_like_number(text):
            self._desk.tasks.read(
                lambda conn: asking.elsewhere(conn, text),
                lambda found: self._tell_elsewhere(text, found),
                topic="receipts elsewhere",
            )

    def _tell_elsewhere(self, text: str, found: "Elsewhere | None") -> None:
        if found is not None and self.line.text().strip() == text:
            self.nothing.setText(words.say("receipts.not_here", till=found.till_name))
            self.elsewhere.emit(found)

    # --- painting ------------------------------------------------------------------------------------------------

    def _speak(self, row: "ReceiptRow") -> str:
        return f"{row.number}, {row.customer}, {format_amount(row.total_minor)}"

    def _paint(self, painter: QPainter, rect: QRectF, row: "ReceiptRow", state: RowState) -> None:
        colors = theme.palette()
        ground = highlight(painter, rect.adjusted(0, 1, 0, -1), state)
        room = rect.adjusted(10, 6, -10, -6)
        upper = QRectF(room.left(), room.top(), room.width(), 20)
        lower = QRectF(room.left(), room.top() + 20, room.width(), 18)
        negative = row.total_minor < 0
        amount = f"{'−' if negative else ''}{format_amount(abs(row.total_minor))}"
        ink = colors.danger if negative else colors.ink
        wide = paint.text(painter, upper, amount, Type.small_strong, ink, align=paint.RIGHT, whole=True, ground=ground)
        who = row.customer or ", ".join(row.meters)
        paint.text(painter, upper.adjusted(0, 0, -wide - 12, 0), who, Type.text_strong, colors.ink, ground=ground)
        moment = self._desk.till.moment()
        when = words.clock(moment.localise(row.at), today=moment.today)
        more, tone = when, colors.muted
        if row.reversed_by is not None:
            more, tone = words.say("kind.reversed"), colors.danger
        elif row.printed in ("failed", "queued"):
            more, tone = words.say(f"print.short.{row.printed}"), colors.waiting
        wide = paint.text(painter, lower, more, Type.helper, tone, align=paint.RIGHT, whole=True, ground=ground)
        paint.text(painter, lower.adjusted(0, 0, -wide - 12, 0), row.number, Type.helper, colors.muted, ground=ground)
