"""What the QR of a paper is worth: genuine, taken back since, forged, or of a till that is not known here."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QSize
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from meterpos.ui import theme, words
from meterpos.ui.desk import Desk
from meterpos.ui.theme import Type
from meterpos.ui.widgets import paint
from meterpos.ui.widgets.basic import Label, Surface, announce, horizontal, vertical
from meterpos.ui.widgets.factgrid import FactGrid

if TYPE_CHECKING:
    from meterpos.ledger.queries.seals import Verdict

LOOKS = {
    "genuine": ("news", "shield-check", "action"),
    "reversed": ("question", "undo-2", "waiting"),
    "forged": ("alarm", "shield-x", "danger"),
    "unknown_till": ("question", "shield-alert", "waiting"),
    "unreadable": ("alarm", "shield-alert", "danger"),
    "revoked": ("question", "shield-alert", "waiting"),
}
NAMED = ("verdict.number", "verdict.meter")
FACTS = ("verdict.amount", "verdict.at")


class _Shield(QWidget):
    """The icon of a verdict."""

    def __init__(self) -> None:
        super().__init__()
        self.icon, self.tone = "shield-check", "action"
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setFixedSize(34, 40)

    def sizeHint(self) -> QSize:
        return QSize(34, 40)

    def paintEvent(self, _event: QPaintEvent) -> None:
        ink = getattr(theme.palette(), self.tone)
        paint.picture(QPainter(self), self.icon, ink, 0, self.height() / 2, 30)


class VerdictPanel(Surface):
    """The answer to a scanned or pasted code, in colour and in words."""

    def __init__(self, desk: Desk) -> None:
        super().__init__("news")
        self._desk = desk
        self._verdict: Verdict | None = None
        self._look = ""
        self._icon = _Shield()
        self.title = Label(Type.name, wrap=True)
        self.why = Label(Type.text, wrap=True)
        self.named = FactGrid(NAMED, columns=1)
        self.facts = FactGrid(FACTS, columns=2)
        column = vertical(self, margins=(16, 12, 16, 14), spacing=10)
        top = horizontal(None, spacing=10)
        top.addWidget(self._icon)
        top.addWidget(self.title, 1)
        column.addLayout(top)
        column.addWidget(self.why)
        column.addWidget(self.named)
        column.addWidget(self.facts)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)
        self.hide()
        words.notifier().changed.connect(self._tell)

    def verdict(self) -> "Verdict | None":
        """Return what is shown, None for a code that is not one of ours."""
        return self._verdict if not self.isHidden() else None

    def show_verdict(self, verdict: "Verdict") -> None:
        """Say what a code is worth."""
        self._verdict = verdict
        self._look = "revoked" if verdict.by_revoked_device and verdict.truth == "genuine" else verdict.truth
        self._tell()
        self.show()
        announce(self, f"{self.title.text()} {self.why.text()}")

    def show_unreadable(self) -> None:
        """Say that a code is not one of ours, or was not read to its end."""
        self._verdict, self._look = None, "unreadable"
        self._tell()
        self.show()
        announce(self, f"{self.title.text()} {self.why.text()}")

    def _tell(self) -> None:
        if not self._look:
            return
        surface, self._icon.icon, tone = LOOKS[self._look]
        self._icon.tone = tone
        self._icon.update()
        self.set_kind(surface)
        self.title.set_tone(tone)
        self.title.setText(words.say(f"verdict.{self._look}"))
        found = self._verdict
        for grid in (self.named, self.facts):
            grid.setVisible(found is not None)
        if found is None:
            self.why.setText(words.say("verdict.unreadable.why"))
            return
        seal = found.seal
        why = words.say(f"verdict.{self._look}.why", till=seal.till_name, by=found.reversed_by or "")
        if found.is_reversal:
            why = f"{why} {words.say('verdict.is_reversal')}"
        self.why.setText(why)
        moment = self._desk.till.moment()
        self.named.tell("verdict.number", seal.number)
        self.facts.tell("verdict.amount", self._desk.money(seal.amount_minor))
        self.named.tell("verdict.meter", seal.meter_no or words.say("pay.meters", n=seal.parts))
        at = moment.localise(seal.at)
        self.facts.tell("verdict.at", f"{words.day(at.date(), today=moment.today)} {at:%H:%M}")
