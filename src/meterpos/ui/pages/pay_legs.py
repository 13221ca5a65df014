"""A payment split over several methods: a row each with its amount and its reference, and what they leave to pay."""

from collections.abc import Callable, Sequence

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QAction, QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QAbstractButton, QApplication, QMenu, QSizePolicy, QWidget

from meterpos.ledger.money import format_amount
from meterpos.ui import theme, words
from meterpos.ui.models import legs
from meterpos.ui.models.legs import Leg, Used
from meterpos.ui.models.payment import Form
from meterpos.ui.theme import METRICS, Type
from meterpos.ui.widgets import paint
from meterpos.ui.widgets.basic import Label, horizontal, vertical
from meterpos.ui.widgets.fields import Line, Problem, tame

ICONS = {"cash": "banknote", "mpesa": "smartphone", "bank": "landmark", "cheque": "file-pen-line"}
LEGS_MAX = 6
WIDTH = 90
AMOUNT_WIDTH = 112


class MethodButton(QAbstractButton):
    """The method of one row; pressed, it offers the others."""

    wanted = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.method = "cash"
        self.offered: Sequence[str] = ()
        self.setFixedSize(WIDTH, METRICS.touch)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.clicked.connect(self._offer)

    def show_method(self, method: str) -> None:
        """Show a method."""
        self.method = method
        self.setText(words.say(f"method.{method}"))
        self.setAccessibleName(f"{words.say('pay.method')}: {self.text()}")
        self.update()

    def minimumSizeHint(self) -> QSize:
        return QSize(WIDTH, METRICS.touch)

    def _offer(self) -> None:
        menu = QMenu(self)
        for method in self.offered:
            action = QAction(words.say(f"method.{method}"), menu)
            action.triggered.connect(lambda _=False, method=method: self.wanted.emit(method))
            menu.addAction(action)
        menu.popup(self.mapToGlobal(self.rect().bottomLeft()))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Down):
            self.click()
        else:
            super().keyPressEvent(event)

    def paintEvent(self, _event: QPaintEvent) -> None:
        colors = theme.palette()
        painter = QPainter(self)
        ring = colors.action if self.hasFocus() else None
        box = QRectF(self.rect())
        paint.box(painter, box, fill=colors.faint, line=ring, weight=2 if ring else 1, radius=METRICS.field_radius)
        paint.picture(painter, ICONS[self.method], colors.ink, 8, self.height() / 2, 17)
        room = QRectF(31, 0, self.width() - 33, self.height())
        paint.text(painter, room, self.text(), Type.small_strong, colors.ink, whole=True, ground=colors.faint)


class LegRow(QWidget):
    """One leg: method, amount (empty: the rest), and its reference, or the cash received."""

    edited = Signal()
    finished = Signal()
    method_wanted = Signal(str)

    def __init__(self, leg: Leg, received_text: str = "") -> None:
        super().__init__()
        self.method = MethodButton()
        self.amount = Line(step=Type.text_strong)
        self.amount.setFixedWidth(AMOUNT_WIDTH)
        tame(self.amount)
        self.detail = Line(step=Type.small)
        self.detail.setMaxLength(64)
        self.problem = Problem()
        self.doubt = Label(Type.helper, "waiting", wrap=True)
        self.doubt.hide()
        row = horizontal(None, spacing=6)
        row.addWidget(self.method)
        row.addWidget(self.amount)
        row.addWidget(self.detail, 1)
        column = vertical(self, spacing=2)
        column.addLayout(row)
        column.addWidget(self.problem)
        column.addWidget(self.doubt)
        self.amount.setText(leg.amount_text)
        self.detail.setText(received_text if leg.method == "cash" else leg.reference)
        self.set_method(leg.method)
        self.amount.textEdited.connect(self._edit)
        self.detail.textEdited.connect(self._edit)
        self.amount.entered.connect(lambda: walk_into(self.detail))
        self.detail.entered.connect(self.finished)
        self.method.wanted.connect(self.method_wanted)

    def leg(self) -> Leg:
        """Return the row as typed."""
        is_cash = self.method.method == "cash"
        return Leg(self.method.method, self.amount.text(), "" if is_cash else self.detail.text().strip())

    def set_method(self, method: str) -> None:
        """Pay this leg by another method; a reference and cash received are not each other."""
        if "cash" in (method, self.method.method) and method != self.method.method and self.amount.accessibleName():
            self.detail.clear()
        self.method.show_method(method)
        said = words.say("pay.received") if method == "cash" else words.say(f"reference.{method}")
        self.detail.setPlaceholderText(words.say(f"reference.short.{method}"))
        self.detail.setAccessibleName(said)
        self.amount.setAccessibleName(f"{words.say('pay.amount')} {words.say(f'method.{method}')}")

    def show_leg(self, amount_minor: int, others: Sequence[str], used: Used) -> None:
        """Show what the row comes to, and which other methods it may have."""
        self.method.offered = others
        self.amount.setPlaceholderText(format_amount(amount_minor))
        doubt = legs.doubt(self.leg(), used)
        self.doubt.setText(doubt)
        self.doubt.setVisible(bool(doubt))

    def tell(self, amount: str, detail: str) -> None:
        """Show what is wrong with the amount or with what stands beside it."""
        self.problem.tell(amount or detail)
        if detail:
            self.doubt.hide()
        self.amount.set_wrong(bool(amount))
        self.detail.set_wrong(bool(detail))

    def has_keyboard(self) -> bool:
        """Tell whether the keyboard is in this row."""
        held = QApplication.focusWidget()
        return held is not None and self.isAncestorOf(held)

    def _edit(self) -> None:
        self.tell("", "")
        self.edited.emit()


class SplitPart(QWidget):
    """The rows of a split payment, and beneath them what is left to pay, or the change to give."""

    changed = Signal()
    finished = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[LegRow] = []
        self.sum = Label(Type.small_strong, "muted", wrap=True)
        self._column = vertical(None, spacing=4)
        column = vertical(self, spacing=4)
        column.addLayout(self._column)
        column.addWidget(self.sum)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Maximum)
        words.notifier().changed.connect(self._say_again)

    def show_legs(self, shown: Sequence[Leg], received_text: str) -> None:
        """Show these legs as rows."""
        for old in self.rows:
            old.hide()
            old.deleteLater()
        self.rows = []
        for leg in shown:
            self._add(leg, received_text)

    def legs(self) -> tuple[Leg, ...]:
        """Return the rows as typed."""
        return tuple(row.leg() for row in self.rows)

    def received_text(self) -> str:
        """Return the cash received, as typed."""
        return next((row.detail.text() for row in self.rows if row.method.method == "cash"), "")

    def set_received(self, text: str) -> None:
        """Write the cash received."""
        for row in self.rows:
            if row.method.method == "cash":
                row.detail.setText(text)

    def add(self) -> None:
        """Add a row by the first method not yet used and walk into its amount."""
        if len(self.rows) < LEGS_MAX:
            used = {row.method.method for row in self.rows}
            method = next((method for method in ICONS if method not in used), "mpesa")
            walk_into(self._add(Leg(method), "").amount)
            self.changed.emit()

    def remove(self) -> None:
        """Take away the row that has the keyboard, else the last, and walk into the one before."""
        row = self._row_in_hand()
        number = self.rows.index(row)
        self.rows.remove(row)
        row.hide()
        row.deleteLater()
        if self.rows:
            walk_into(self.rows[max(number - 1, 0)].amount)
        self.changed.emit()

    def pick(self, method: str) -> None:
        """Pay the row in hand by another method; cash is paid in one row only."""
        row = self._row_in_hand()
        if method in self._others(row):
            row.set_method(method)
        walk_into(row.detail if row.amount.text().strip() else row.amount)
        self.changed.emit()

    def walk_in(self) -> None:
        """Put the cursor into the first amount."""
        walk_into(self.rows[0].amount)

    def focus_on(self, field: str) -> bool:
        """Walk into the field a problem names; tell whether it is one of these."""
        name, _, number = field.partition(":")
        row = self.rows[int(number)] if number else self._cash_row()
        if name == "leg" or field == "split":
            walk_into(row.amount)
        elif name in ("reference", "tendered"):
            walk_into(row.detail)
        else:
            return False
        return True

    def show_form(self, form: Form) -> None:
        """Show the rest beside each amount that is empty, and what is left to pay or to give back."""
        for row, amount in zip(self.rows, form.legs_minor, strict=True):
            row.show_leg(amount, self._others(row), form.used)
        left = legs.left_minor(form.legs, form.total_minor)
        change = legs.change(form.legs, form.total_minor, form.received_text)
        if left:
            key = "pay.split.left" if left > 0 else "pay.split.over"
            self._say(words.say(key, amount=format_amount(abs(left))), "waiting" if left > 0 else "danger")
        elif change:
            self._say(words.say("pay.split.change", amount=format_amount(change)), "action")
        else:
            self._say(words.say("pay.split.whole", amount=format_amount(form.total_minor)), "muted")

    def tell(self, found: dict[str, str]) -> None:
        """Show what is wrong beside the field it concerns."""
        cash = self._cash_row() if self.rows else None
        for number, row in enumerate(self.rows):
            detail = found.get(f"reference:{number}", "") or (found.get("tendered", "") if row is cash else "")
            row.tell(found.get(f"leg:{number}", ""), detail)
        if found.get("split"):
            self._say(found["split"], "danger")

    def _add(self, leg: Leg, received_text: str) -> LegRow:
        row = LegRow(leg, received_text)
        row.edited.connect(self.changed)
        row.finished.connect(self._next(row))
        row.method_wanted.connect(self._changes(row))
        self.rows.append(row)
        self._column.addWidget(row)
        row.show_leg(0, self._others(row), {})
        return row

    def _next(self, row: LegRow) -> Callable[[], None]:
        def go() -> None:
            number = self.rows.index(row) + 1
            if number < len(self.rows):
                walk_into(self.rows[number].amount)
            else:
                self.finished.emit()

        return go

    def _changes(self, row: LegRow) -> Callable[[str], None]:
        def change(method: str) -> None:
            row.set_method(method)
            walk_into(row.amount)
            self.changed.emit()

        return change

    def _others(self, row: LegRow) -> tuple[str, ...]:
        cash_elsewhere = any(other is not row and other.method.method == "cash" for other in self.rows)
        return tuple(method for method in ICONS if method != "cash" or not cash_elsewhere)

    def _row_in_hand(self) -> LegRow:
        return next((row for row in self.rows if row.has_keyboard()), self.rows[-1])

    def _cash_row(self) -> LegRow:
        return next((row for row in self.rows if row.method.method == "cash"), self.rows[-1])

    def _say(self, text: str, tone: str) -> None:
        self.sum.setText(text)
        self.sum.set_tone(tone)

    def _say_again(self) -> None:
        for row in self.rows:
            row.set_method(row.method.method)


def walk_into(line: Line) -> None:
    """Put the cursor into a field with everything selected: typing replaces it."""
    line.setFocus(Qt.FocusReason.TabFocusReason)
    line.selectAll()
