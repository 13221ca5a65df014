"""The amber line under the top bar: a drawer near or at its limit, or a shift that is open for too long."""

from datetime import timedelta
from typing import Final

from meterpos.ledger.money import format_amount
from meterpos.ledger.rules.cash import fullness
from meterpos.ui import words
from meterpos.ui.desk import Desk
from meterpos.ui.theme import Type
from meterpos.ui.widgets.basic import Label, Surface, announce, horizontal
from meterpos.ui.widgets.buttons import Button

LONG: Final = timedelta(hours=20)
"""A shift this old is asked to be closed; nothing closes it by itself."""


class CashBar(Surface):
    """Hidden while there is room in the drawer; its button goes to the deed that helps."""

    def __init__(self, desk: Desk) -> None:
        super().__init__("strip")
        self._desk = desk
        self._helps = "drop"
        self.sentence = Label(Type.small_strong, "waiting", wrap=True)
        self.button = Button("link", step=Type.small_strong)
        row = horizontal(self, margins=(20, 0, 16, 0), spacing=16)
        row.addWidget(self.sentence, 1)
        row.addWidget(self.button)
        self.button.clicked.connect(lambda: self._desk.go_to.emit("shift", self._helps))
        desk.stands.connect(self.tell)
        desk.counting_changed.connect(self.tell)
        words.notifier().changed.connect(self.tell)
        self.hide()

    def tell(self) -> None:
        """Say what the last reading of the till means for the drawer and the shift."""
        said, self._helps = self._cash(), "drop"
        if not said:
            said, self._helps = self._age(), "close"
        if said and said != self.sentence.text():
            announce(self, said)
        self.sentence.setText(said)
        self.button.say(words.say(f"cash.go.{self._helps}"))
        self.setVisible(bool(said))

    def _cash(self) -> str:
        standing = self._desk.standing
        if standing is None or standing.held_minor is None or self._desk.is_counting:
            return ""
        limits, held = standing.settings, standing.held_minor
        how = fullness(held, warn_minor=limits.cash_warn_minor, stop_minor=limits.cash_stop_minor)
        if how == "room":
            return ""
        limit = limits.cash_stop_minor if how == "full" else limits.cash_stop_minor or limits.cash_warn_minor
        return words.say(f"cash.{how}", held=self._desk.money(held), limit=format_amount(limit))

    def _age(self) -> str:
        standing = self._desk.standing
        if standing is None or standing.shift is None:
            return ""
        moment = self._desk.till.moment()
        if moment.at - standing.shift.opened_at < LONG:
            return ""
        since = words.clock(moment.localise(standing.shift.opened_at), today=moment.today)
        return words.say("cash.long_open", number=standing.shift.shift, since=since)
