"""How it is paid: the method with the reference it needs or the cash received; or several methods that add up."""

from collections.abc import Callable, Sequence
from functools import partial

from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QKeySequence, QPainter, QPaintEvent, QShortcut
from PySide6.QtWidgets import QSizePolicy, QWidget

from meterpos.ledger.money import format_amount
from meterpos.ledger.rules.tenders import normalise_reference
from meterpos.ui import theme, words
from meterpos.ui.models import legs, payment
from meterpos.ui.models.legs import Leg
from meterpos.ui.models.payment import Form
from meterpos.ui.pages.pay_legs import SplitPart, walk_into
from meterpos.ui.theme import METRICS, Type
from meterpos.ui.widgets import paint
from meterpos.ui.widgets.basic import Label, SectionLabel, horizontal, vertical
from meterpos.ui.widgets.buttons import Button, Segment, Segments
from meterpos.ui.widgets.chiprow import ChipRow
from meterpos.ui.widgets.fields import Field, MoneyField

METHODS = (
    Segment("cash", "banknote", "method.cash"),
    Segment("mpesa", "smartphone", "method.mpesa"),
    Segment("bank", "landmark", "method.bank"),
    Segment("cheque", "file-pen-line", "method.cheque"),
)
GAP, GAP_LOW = 10, 4


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
    """The lower half of the payment form: one method, or split over several (Ctrl+T)."""

    changed = Signal()
    finished = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.title = SectionLabel()
        words.bind(lambda text: self.title.setText(f"{text.upper()}   Ctrl+1 … 4"), "pay.method", owner=self)
        self.add = Button("link", shortcut="Ctrl+T", step=Type.helper_strong)
        self.remove = Button("link", key="pay.split.remove", shortcut="Ctrl+J", step=Type.helper_strong)
        self.segments = Segments(METHODS, name_key="pay.method")
        self.reference = Field("reference.mpesa")
        self.reference.line.setMaxLength(64)
        self.doubt = Label(Type.helper, "waiting", wrap=True)
        self.received = MoneyField("pay.received")
        self.change = ChangeBox()
        self.notes = ChipRow(lines=1)
        self.split = SplitPart()
        self._cash = QWidget()
        self._build()
        self.add.clicked.connect(self._add)
        self.remove.clicked.connect(self._remove)
        self.segments.chosen.connect(self._choose)
        for one in (self.reference, self.received):
            one.edited.connect(self.changed)
            one.entered.connect(self.finished)
        self.split.changed.connect(self.changed)
        self.split.finished.connect(self.finished)
        words.notifier().changed.connect(self._arrange)
        for number, segment in enumerate(METHODS, start=1):
            shortcut = QShortcut(QKeySequence(f"Ctrl+{number}"), self)
            shortcut.activated.connect(lambda value=segment.value: self.pick(value))
        self._choose(self.segments.value())

    def _build(self) -> None:
        top = horizontal(None, spacing=4)
        top.addWidget(self.title, 1)
        top.addWidget(self.remove)
        top.addWidget(self.add)
        row = horizontal(None, spacing=12)
        row.addWidget(self.received, 1, Qt.AlignmentFlag.AlignTop)
        row.addWidget(self.change, 1, Qt.AlignmentFlag.AlignTop)
        inside = vertical(self._cash, spacing=2)
        inside.addLayout(row)
        inside.addWidget(self.notes)
        column = vertical(self, spacing=0)
        column.addLayout(top)
        column.addWidget(self.segments)
        self._gap = QWidget()
        self._gap.setFixedHeight(GAP)
        column.addWidget(self._gap)
        column.addWidget(self._cash)
        column.addWidget(self.reference)
        column.addWidget(self.doubt)
        column.addWidget(self.split)

    def set_low(self, *, low: bool) -> None:
        """Take less room between the methods and their fields."""
        self._gap.setFixedHeight(GAP_LOW if low else GAP)

    @property
    def is_split(self) -> bool:
        """Whether several methods are used."""
        return bool(self.split.rows)

    @property
    def is_touched(self) -> bool:
        """Whether a person typed a reference or an amount here."""
        typed = any(leg.amount_text.strip() or leg.reference.strip() for leg in self.legs())
        return typed or bool(self.received_text().strip())

    def legs(self) -> tuple[Leg, ...]:
        """Return how it is paid, as typed."""
        return self.split.legs() if self.is_split else (self._one(),)

    def received_text(self) -> str:
        """Return the cash received, as typed."""
        return self.split.received_text() if self.is_split else self.received.text()

    def show_legs(self, shown: Sequence[Leg], received_text: str) -> None:
        """Show how it is paid as somebody typed it before."""
        self.split.show_legs(shown if len(shown) > 1 else (), received_text)
        if not self.is_split:
            self.segments.choose(shown[0].method)
            self.reference.set_text(shown[0].reference)
            self.received.set_text(received_text)
        self._arrange()

    def pick(self, method: str) -> None:
        """Choose a method, for all or for the row in hand, and walk into the field it needs."""
        if self.is_split:
            self.split.pick(method)
            return
        self.segments.choose(method)
        self.walk_in()

    def walk_in(self) -> None:
        """Put the cursor into the field this method needs."""
        if self.is_split:
            self.split.walk_in()
        else:
            walk_into(self.received.line if self.segments.value() == "cash" else self.reference.line)

    def focus_on(self, field: str) -> None:
        """Put the cursor into the field a problem names."""
        if not (self.is_split and self.split.focus_on(field)):
            self.walk_in()

    def clear(self) -> None:
        """Begin anew: cash, nothing received, no reference."""
        self.show_legs((Leg(),), "")
        self.tell({})

    def set_received(self, amount_minor: int | None) -> None:
        """Write the cash received; None means exact."""
        self.received.set_text("" if amount_minor is None else format_amount(amount_minor))
        self.received.tell("")
        self.changed.emit()

    def show_form(self, form: Form) -> None:
        """Show the change, the note chips and any doubt about the reference; or the rows and what they leave."""
        if self.is_split:
            self.split.show_form(form)
            return
        self.change.show_change(legs.change(form.legs, form.total_minor, form.received_text))
        chips: list[tuple[str, Callable[[], object]]] = [(words.say("pay.exact"), partial(self.set_received, None))]
        for amount in payment.note_chips(form.total_minor):
            chips.append((payment.short(amount), partial(self.set_received, amount)))
        self.notes.set_chips(chips)
        doubt = legs.doubt(form.legs[0], form.used)
        self.doubt.setText(doubt)
        self.doubt.setVisible(bool(doubt) and self.reference.problem.isHidden())

    def tell(self, found: dict[str, str]) -> None:
        """Show what is wrong beside the field it concerns."""
        self.reference.tell(found.get("reference", ""))
        if found.get("reference"):
            self.doubt.hide()
        self.received.tell(found.get("tendered", ""))
        self.split.tell(found)

    def field_of(self, reference: str) -> str:
        """Return the name of the field in which a reference stands."""
        numbers = [number for number, leg in enumerate(self.legs()) if normalise_reference(leg.reference) in reference]
        return f"reference:{numbers[-1]}" if self.is_split and numbers else "reference"

    def _one(self) -> Leg:
        method = self.segments.value()
        return Leg(method, "", "" if method == "cash" else self.reference.text())

    def _add(self) -> None:
        if not self.is_split:
            self.split.show_legs((self._one(),), self.received.text())
        self.split.add()
        self._arrange()

    def _remove(self) -> None:
        if not self.is_split:
            return
        self.split.remove()
        if len(self.split.rows) == 1:
            (last,), received = self.split.legs(), self.split.received_text()
            self.show_legs((last,), received)
            self.changed.emit()
            self.walk_in()

    def _choose(self, _method: str) -> None:
        self.doubt.hide()
        self._arrange()
        self.changed.emit()

    def _arrange(self) -> None:
        """Show the fields of the method that holds, or the rows of a split."""
        method, split = self.segments.value(), self.is_split
        self.add.say(words.say("pay.split.add" if split else "pay.split"))
        self.remove.setVisible(split)
        for one in (self.segments, self._gap):
            one.setVisible(not split)
        self.split.setVisible(split)
        self._cash.setVisible(method == "cash" and not split)
        self.reference.setVisible(method != "cash" and not split)
        if split:
            self.doubt.hide()
        if method != "cash":
            self.reference.relabel(words.say(f"reference.{method}"))
