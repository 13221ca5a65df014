"""How it is paid: the method, the reference it needs, or the cash received with its change."""

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QKeySequence, QPainter, QPaintEvent, QShortcut
from PySide6.QtWidgets import QSizePolicy, QWidget

from meterpos.ledger.money import format_amount
from meterpos.ui import theme, words
from meterpos.ui.models import payment
from meterpos.ui.models.payment import Form
from meterpos.ui.theme import METRICS, Type
from meterpos.ui.widgets import paint
from meterpos.ui.widgets.basic import Label, SectionLabel, horizontal, vertical
from meterpos.ui.widgets.buttons import Segment, Segments
from meterpos.ui.widgets.chiprow import ChipRow
from meterpos.ui.widgets.fields import Field, MoneyField

METHODS = (
    Segment("cash", "banknote", "method.cash"),
    Segment("mpesa", "smartphone", "method.mpesa"),
    Segment("bank", "landmark", "method.bank"),
    Segment("cheque", "file-pen-line", "method.cheque"),
)


class ChangeBox(QWidget):
    """The change to give, beside the cash received."""

    def __init__(self) -> None:
        super().__init__()
        self.label = Label(Type.small, "muted", key="pay.change")
        self._value = ""
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Maximum)
        column = vertical(self, spacing=4)
        column.addWidget(self.label)
        column.addSpacing(METRICS.field + 4)

    def text(self) -> str:
        """Return what is shown."""
        return self._value

    def show_change(self, change_minor: int | None) -> None:
        """Show the change; None shows a dash."""
        self._value = "–" if change_minor is None else format_amount(change_minor)
        self.setAccessibleName(f"{words.say('pay.change')} {self._value}")
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        colors = theme.palette()
        painter = QPainter(self)
        top = self.label.geometry().bottom() + 5
        box = QRectF(0, top, self.width(), METRICS.field)
        paint.box(painter, box, fill=colors.action_soft, radius=METRICS.field_radius)
        room = box.adjusted(13, 0, -13, 0)
        paint.text(
            painter,
            room,
            self._value,
            Type.strong,
            colors.action,
            align=paint.RIGHT,
            whole=True,
            ground=colors.action_soft,
        )


class MethodPart(QWidget):
    """The lower half of the payment form."""

    changed = Signal()
    finished = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.title = SectionLabel()
        words.bind(lambda text: self.title.setText(f"{text.upper()}    Ctrl+1 … 4"), "pay.method", owner=self)
        self.segments = Segments(METHODS, name_key="pay.method")
        self.reference = Field("reference.mpesa")
        self.reference.line.setMaxLength(64)
        self.doubt = Label(Type.helper, "waiting", wrap=True)
        self.received = MoneyField("pay.received")
        self.change = ChangeBox()
        self.notes = ChipRow(lines=1)
        self._cash = QWidget()
        self._build()
        self.segments.chosen.connect(self._choose)
        self.reference.edited.connect(self.changed)
        self.received.edited.connect(self.changed)
        self.reference.entered.connect(self.finished)
        self.received.entered.connect(self.finished)
        words.notifier().changed.connect(self._name_reference)
        for number, segment in enumerate(METHODS, start=1):
            shortcut = QShortcut(QKeySequence(f"Ctrl+{number}"), self)
            shortcut.activated.connect(lambda value=segment.value: self.pick(value))
        self._choose(self.segments.value())

    def _build(self) -> None:
        row = horizontal(None, spacing=12)
        row.addWidget(self.received, 1, Qt.AlignmentFlag.AlignTop)
        row.addWidget(self.change, 1, Qt.AlignmentFlag.AlignTop)
        inside = vertical(self._cash, spacing=2)
        inside.addLayout(row)
        inside.addWidget(self.notes)
        column = vertical(self, spacing=0)
        column.addWidget(self.title)
        column.addSpacing(7)
        column.addWidget(self.segments)
        column.addSpacing(10)
        column.addWidget(self._cash)
        column.addWidget(self.reference)
        column.addWidget(self.doubt)
        self.doubt.hide()

    def pick(self, method: str) -> None:
        """Choose a method and walk into the field it needs."""
        self.segments.choose(method)
        self.walk_in()

    def walk_in(self) -> None:
        """Put the cursor into the field this method needs."""
        line = self.received.line if self.segments.value() == "cash" else self.reference.line
        line.setFocus(Qt.FocusReason.TabFocusReason)
        line.selectAll()

    def clear(self) -> None:
        """Begin anew: cash, nothing received, no reference."""
        self.segments.choose("cash")
        self.reference.set_text("")
        self.received.set_text("")
        self.tell({})

    def set_received(self, amount_minor: int | None) -> None:
        """Write the cash received; None means exact."""
        self.received.set_text("" if amount_minor is None else format_amount(amount_minor))
        self.received.tell("")
        self.changed.emit()

    def show_form(self, form: Form) -> None:
        """Show the change, the note chips and any doubt about the reference."""
        self.change.show_change(payment.change(form))
        chips: list[tuple[str, Callable[[], object]]] = [(words.say("pay.exact"), partial(self.set_received, None))]
        for amount in payment.note_chips(form.total_minor):
            chips.append((payment.short(amount), partial(self.set_received, amount)))
        self.notes.set_chips(chips)
        doubt = payment.doubt(form)
        self.doubt.setText(doubt)
        self.doubt.setVisible(bool(doubt))

    def tell(self, found: dict[str, str]) -> None:
        """Show what is wrong beside the field it concerns."""
        self.reference.tell(found.get("reference", ""))
        self.received.tell(found.get("tendered", ""))

    def _choose(self, method: str) -> None:
        cash = method == "cash"
        self._cash.setVisible(cash)
        self.reference.setVisible(not cash)
        self.doubt.hide()
        self._name_reference()
        self.changed.emit()

    def _name_reference(self) -> None:
        method = self.segments.value()
        if method != "cash":
            self.reference.relabel(words.say(f"reference.{method}"))
