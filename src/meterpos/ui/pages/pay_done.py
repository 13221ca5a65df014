"""After the commit: the change, huge, until the next search; what was taken; and whether the paper came out."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from meterpos.ledger.money import format_amount
from meterpos.ui import theme, words
from meterpos.ui.desk import Desk
from meterpos.ui.models.telling import phone
from meterpos.ui.theme import Type
from meterpos.ui.widgets import paint
from meterpos.ui.widgets.basic import Elided, Label, Surface, announce, horizontal, vertical
from meterpos.ui.widgets.buttons import Button, MainAction

if TYPE_CHECKING:
    from meterpos.ledger.journal import Entry


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """A payment just taken, read from its entry."""

    entry: "Entry"
    number: str
    payer: str
    meters: str
    total_minor: int
    legs: tuple[tuple[str, int, str], ...]  # method, amount, reference or ""
    waits: bool  # a cheque among them counts once it has cleared
    reconnects: tuple[str, ...]  # disconnected meters whose debt it cleared
    change_minor: int
    sms_to: str | None

    @property
    def cash_minor(self) -> int | None:
        """The cash applied, None where there was none."""
        amounts = [amount for method, amount, _ in self.legs if method == "cash"]
        return sum(amounts) if amounts else None


def taken(entry: "Entry") -> Taken:
    """Read what the page tells from the entry itself."""
    body = entry.content.body
    parts = body["parts"]
    names = [part["meter"] or (part["suspense"] or {}).get("meter_no") or part["account"] for part in parts]
    who = body["customer"]["name"] if body["customer"] else (parts[0]["suspense"] or {}).get("name", "")
    return Taken(
        entry=entry,
        number=body["number"],
        payer=who,
        meters=names[0] if len(names) == 1 else words.say("pay.meters", n=len(names)),
        total_minor=sum(part["amount"] for part in parts),
        legs=tuple((leg["method"], leg["amount"], leg["reference"] or "") for leg in body["legs"]),
        waits=any(not leg["counts"] for leg in body["legs"]),
        reconnects=tuple(part["meter"] for part in parts if "reconnect" in part),
        change_minor=body["change"],
        sms_to=body["sms_to"],
    )


def leg_text(method: str, amount_minor: int, reference: str) -> str:
    """Return one leg as a line tells it: "M-Pesa SKJ3XY71AB 1,500.00"."""
    return " ".join(part for part in (words.say(f"method.{method}"), reference, format_amount(amount_minor)) if part)


class _Figure(QWidget):
    """The change, as large as it goes."""

    def __init__(self) -> None:
        super().__init__()
        self.text = ""
        self.setFixedHeight(84)

    def paintEvent(self, _event: QPaintEvent) -> None:
        colors = theme.palette()
        painter = QPainter(self)
        room = QRectF(self.rect())
        step = Type.change
        while paint.width(self.text, step) > room.width() and step.size > 24:
            step = theme.Step(step.size - 4, step.weight)
        paint.text(painter, room, self.text, step, colors.action, whole=True, ground=colors.action_soft)


class DonePanel(QWidget):
    """What the clerk looks at while giving the change."""

    next_wanted = Signal()
    again_wanted = Signal()
    slip_wanted = Signal()

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        self._taken: Taken | None = None
        self.what = Label(Type.strong, "action")
        self.figure = _Figure()
        self.cash_line = Label(Type.text, "muted", wrap=True)
        self.amount = Label(Type.title)
        self.whom = Elided(Type.text_strong)
        self.legs = Label(Type.small_strong, wrap=True)
        self.waits = Label(Type.small_strong, "waiting", key="pay.counts_later", wrap=True)
        self.number = Label(Type.small, "muted", wrap=True)
        self.sms = Label(Type.small, "muted", wrap=True)
        self.printed = Label(Type.small_strong, "muted", wrap=True)
        self.reconnect = Surface("news")
        self.reconnect_text = Label(Type.small_strong, "action", wrap=True)
        self.slip = Button(key="pay.reconnect.print", shortcut="Ctrl+E", step=Type.small_strong)
        self.trouble = Surface("alarm")
        self.trouble_text = Label(Type.small_strong, "danger", wrap=True)
        self.again = Button(key="pay.print_again", step=Type.small_strong)
        self.button = MainAction()
        self._build()
        self.again.clicked.connect(self.again_wanted)
        self.slip.clicked.connect(self.slip_wanted)
        self.button.clicked.connect(self.next_wanted)
        words.notifier().changed.connect(self._tell)

    def _build(self) -> None:
        huge = Surface("news")
        inside = vertical(huge, margins=(22, 16, 22, 14), spacing=0)
        inside.addWidget(self.what)
        inside.addWidget(self.figure)
        inside.addWidget(self.cash_line)
        card = Surface("card")
        inside = vertical(card, margins=(20, 13, 20, 13), spacing=4)
        for label in (self.amount, self.whom, self.legs, self.waits, self.number, self.sms, self.printed):
            inside.addWidget(label)
        row = horizontal(self.reconnect, margins=(14, 10, 12, 10), spacing=10)
        row.addWidget(self.reconnect_text, 1)
        row.addWidget(self.slip, 0, Qt.AlignmentFlag.AlignTop)
        self.slip.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        row = horizontal(self.trouble, margins=(14, 10, 12, 10), spacing=10)
        row.addWidget(self.trouble_text, 1)
        row.addWidget(self.again, 0, Qt.AlignmentFlag.AlignTop)
        self.again.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        self.trouble.hide()
        column = vertical(self, spacing=10)
        column.addWidget(huge)
        column.addWidget(card)
        column.addWidget(self.reconnect)
        column.addWidget(self.trouble)
        column.addStretch(1)
        column.addWidget(self.button)

    def show_taken(self, done: Taken) -> None:
        """Show a payment just taken; the paper is on its way."""
        self._taken = done
        self.trouble.hide()
        self.printed.setText(words.say("print.printing"))
        self._tell()
        announce(self, f"{self.what.text()} {self.figure.text}")
        self.button.setFocus(Qt.FocusReason.OtherFocusReason)

    def show_printed(self, sentence: str, *, trouble: bool) -> None:
        """Show what became of the paper; trouble offers to print again."""
        self.printed.setVisible(not trouble)
        self.printed.setText(sentence)
        self.trouble_text.setText(sentence)
        self.trouble.setVisible(trouble)

    def _tell(self) -> None:
        done = self._taken
        self.button.show_lines(words.say("pay.next"))
        if done is None:
            return
        cash = done.cash_minor is not None
        self.what.setText(words.say("pay.change") if cash else words.say(f"pay.taken_by.{done.legs[0][0]}"))
        self.figure.text = format_amount(done.change_minor if cash else done.total_minor)
        self.figure.setAccessibleName(f"{self.what.text()} {self.figure.text}")
        self.figure.update()
        self.cash_line.setText(self._under_figure(done))
        self.legs.setVisible(len(done.legs) > 1)
        self.legs.setText("\n".join(leg_text(*leg) for leg in done.legs))
        self.waits.setVisible(done.waits)
        self.reconnect.setVisible(bool(done.reconnects))
        self.reconnect_text.setText(words.say("pay.reconnect", meter=" · ".join(done.reconnects)))
        self.amount.setText(words.say("pay.taken", amount=self._desk.money(done.total_minor)))
        self.whom.setText(" · ".join(part for part in (done.meters, done.payer) if part))
        self.number.setText(done.number)
        self.sms.setVisible(done.sms_to is not None)
        if done.sms_to is not None:
            self.sms.setText(words.say("pay.sms", phone=phone(done.sms_to)))

    def _under_figure(self, done: Taken) -> str:
        if done.cash_minor is None:
            return "" if len(done.legs) > 1 else done.legs[0][2]
        if not done.change_minor:
            return words.say("pay.exactly")
        received, cash = format_amount(done.cash_minor + done.change_minor), format_amount(done.cash_minor)
        return words.say("pay.of_received", received=received, taken=cash)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Escape):
            self.next_wanted.emit()
        else:
            super().keyPressEvent(event)
