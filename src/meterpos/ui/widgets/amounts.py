"""The amount part of the payment: one large amount, or one amount a meter with their sum; chips; what it will do."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QFontMetricsF, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from meterpos.ledger.money import format_amount
from meterpos.ui import theme, words
from meterpos.ui.theme import METRICS, Type
from meterpos.ui.widgets import paint
from meterpos.ui.widgets.basic import Elided, Label, horizontal, vertical
from meterpos.ui.widgets.fields import Line, Problem, tame

if TYPE_CHECKING:
    from meterpos.ledger.rules.allocation import PaymentEffect

LINES_MAX = 3
EDGE, EDGE_LOW = 9, 6
_WRAP = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop | Qt.TextFlag.TextWordWrap)


class PartRow(QWidget):
    """One of several meters being paid: its name, its amount, what it will leave."""

    edited = Signal()
    entered = Signal()

    def __init__(self, meter_no: str) -> None:
        super().__init__()
        self.meter = Elided(Type.text_strong)
        self.meter.setText(meter_no)
        self.after = Elided(Type.helper, "muted")
        self.line = Line(step=Type.strong)
        self.line.setFixedWidth(150)
        self.line.setAccessibleName(f"{words.say('pay.amount')} {meter_no}")
        tame(self.line)
        self.problem = Problem()
        names = vertical(None, spacing=1)
        names.addStretch(1)
        names.addWidget(self.meter)
        names.addWidget(self.after)
        names.addStretch(1)
        row = horizontal(None, spacing=10)
        row.addLayout(names, 1)
        row.addWidget(self.line)
        column = vertical(self, spacing=2)
        column.addLayout(row)
        column.addWidget(self.problem)
        self.line.textEdited.connect(self.edited)
        self.line.entered.connect(self.entered)

    def tell(self, sentence: str) -> None:
        """Show what is wrong with this amount."""
        self.problem.tell(sentence)
        self.line.set_wrong(bool(sentence))


class Rows(QWidget):
    """The rows of a payment for several meters."""

    edited = Signal()
    finished = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._column = vertical(self, spacing=6)
        self.rows: list[PartRow] = []

    def set_meters(self, meters: Sequence[str], texts: Sequence[str]) -> None:
        """Show one row a meter with its amount as text."""
        for old in self.rows:
            old.hide()
            old.deleteLater()
        self.rows = []
        for number, (meter, text) in enumerate(zip(meters, texts, strict=True)):
            row = PartRow(meter)
            row.line.setText(text)
            row.edited.connect(self.edited)
            row.entered.connect(self._next(number))
            self._column.addWidget(row)
            self.rows.append(row)

    def texts(self) -> list[str]:
        """Return the amounts as typed."""
        return [row.line.text() for row in self.rows]

    def set_typed(self, typed: bool) -> None:
        """Let a person type each amount, or only show what one amount comes to on each."""
        for row in self.rows:
            row.line.setReadOnly(not typed)
            row.line.setFocusPolicy(Qt.FocusPolicy.StrongFocus if typed else Qt.FocusPolicy.NoFocus)

    def _next(self, number: int) -> Callable[[], None]:
        def go() -> None:
            if number + 1 < len(self.rows):
                line = self.rows[number + 1].line
                line.setFocus(Qt.FocusReason.TabFocusReason)
                line.selectAll()
            else:
                self.finished.emit()

        return go


class Preview(QWidget):
    """What the payment will do to the meter, from the same rule that posts it."""

    def __init__(self) -> None:
        super().__init__()
        self._lines: list[tuple[str, str, str]] = []
        self._note = ""
        self._edge = EDGE
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFixedHeight(16)

    def set_low(self, *, low: bool) -> None:
        """Take less room above and beneath the lines."""
        self._edge = EDGE_LOW if low else EDGE
        if self._lines:
            self._set(self._lines)

    def show_effect(self, effect: "PaymentEffect", meter: str, *, note: str = "") -> None:
        """Show the charges that fall, what goes to credit, and what stands afterwards."""
        lines = [
            (words.say("pay.to", what=_charge_name(line.charge.kind, line.charge.number)), line.amount_minor, "ink")
            for line in effect.lines
        ]
        if len(lines) > LINES_MAX:
            rest = lines[LINES_MAX - 1 :]
            summed = sum(amount for _, amount, _ in rest)
            lines = [*lines[: LINES_MAX - 1], (words.say("pay.to_more", n=len(rest)), summed, "ink")]
        if effect.credit_minor:
            lines.append((words.say("pay.to_credit", meter=meter), effect.credit_minor, "action"))
        shown = [(what, format_amount(amount), tone) for what, amount, tone in lines]
        after = format_amount(effect.balance_after_minor)
        if effect.credit_after_minor:
            after = f"{after} · {words.say('pay.after_credit', amount=format_amount(effect.credit_after_minor))}"
        shown.append((words.say("pay.new_balance"), after, "ink"))
        if note:
            shown.append((note, "", "waiting"))
        self._set(shown)

    def show_note(self, sentence: str) -> None:
        """Show one sentence instead, in as many lines as it needs."""
        self._set([])
        self._note = sentence
        self.setAccessibleName(sentence)
        self.fit()

    def texts(self) -> list[tuple[str, str]]:
        """Return what is shown, line by line."""
        return [(self._note, "")] if self._note else [(what, amount) for what, amount, _ in self._lines]

    def fit(self) -> None:
        """Take the height the note needs."""
        if self._note:
            room = QRectF(0, 0, self.width() - 28, 400)
            needs = QFontMetricsF(theme.font(Type.small)).boundingRect(room, _WRAP, self._note)
            self.setFixedHeight(round(needs.height()) + 20)
            self.update()

    def resizeEvent(self, _event: QResizeEvent) -> None:
        self.fit()

    def _set(self, lines: list[tuple[str, str, str]]) -> None:
        self._note = ""
        self._lines = lines
        self.setAccessibleName("; ".join(" ".join(part for part in line[:2] if part) for line in lines))
        self.setFixedHeight(2 * self._edge + 21 * len(lines))
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        colors = theme.palette()
        painter = QPainter(self)
        paint.box(painter, QRectF(self.rect()), fill=colors.faint, radius=METRICS.field_radius)
        if self._note:
            painter.setFont(theme.font(Type.small))
            painter.setPen(theme.color(colors.muted))
            painter.drawText(QRectF(14, 10, self.width() - 28, self.height() - 20), _WRAP, self._note)
        for number, (what, amount, tone) in enumerate(self._lines):
            row = QRectF(14, self._edge + 21 * number, self.width() - 28, 21)
            ink = getattr(colors, tone)
            wide = paint.text(
                painter, row, amount, Type.small_strong, ink, align=paint.RIGHT, whole=True, ground=colors.faint
            )
            left = row.adjusted(0, 0, -wide - 12 if amount else 0, 0)
            paint.text(painter, left, what, Type.small, colors.muted if amount else ink, ground=colors.faint)


def _charge_name(kind: str, number: str) -> str:
    return number if kind == "invoice" else words.say(f"kind.{kind}")


class Total(QWidget):
    """The sum of several meters, as large as a single amount."""

    def __init__(self) -> None:
        super().__init__()
        self.currency = Label(Type.search, "muted")
        self.amount = Label(Type.amount)
        self.amount.setFont(theme.font(Type.amount, tabular=True))
        self.amount.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        row = horizontal(self, margins=(16, 0, 20, 0))
        row.addWidget(self.currency)
        row.addWidget(self.amount, 1)
        self.setFixedHeight(METRICS.amount - 8)

    def paintEvent(self, _event: QPaintEvent) -> None:
        colors = theme.palette()
        paint.box(QPainter(self), QRectF(self.rect()), fill=colors.action_soft, radius=10)
