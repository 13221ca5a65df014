"""The strip under the search: the last payment, printed again or put right; and the payment that waits."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from meterpos.ledger.money import format_amount
from meterpos.ui import words
from meterpos.ui.pages.pay_done import Taken
from meterpos.ui.theme import Type
from meterpos.ui.widgets.basic import Elided, Label, SectionLabel, Surface, horizontal, vertical
from meterpos.ui.widgets.buttons import Button


class LastStrip(QWidget):
    """Two small cards: parked (F11) and last payment (Ctrl+P, Ctrl+R)."""

    again = Signal()
    put_right = Signal()
    bring_back = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._last: Taken | None = None
        self._state = ""
        self._parked: tuple[str, int] | None = None
        self.who = Elided(Type.text_strong)
        self.amount = Label(Type.text_strong)
        self.more = Elided(Type.helper, "muted")
        self.again_button = Button("link", key="pay.print_again", shortcut="Ctrl+P", step=Type.small_strong)
        self.right_button = Button("link", key="pay.put_right", shortcut="Ctrl+R", step=Type.small_strong)
        self.parked_button = Button("link", key="pay.bring_back", shown="F11", step=Type.small_strong)
        self.parked_text = Elided(Type.small_strong)
        self.last_card = Surface("card")
        self.parked_card = Surface("question")
        self._build()
        self.again_button.clicked.connect(self.again)
        self.right_button.clicked.connect(self.put_right)
        self.parked_button.clicked.connect(self.bring_back)
        words.notifier().changed.connect(self._tell)
        self.last_card.hide()
        self.parked_card.hide()

    def _build(self) -> None:
        inside = vertical(self.last_card, margins=(14, 9, 14, 0), spacing=2)
        inside.addWidget(SectionLabel("pay.last_payment"))
        row = horizontal(None)
        row.addWidget(self.who, 1)
        row.addWidget(self.amount)
        inside.addLayout(row)
        inside.addWidget(self.more)
        row = horizontal(None, spacing=14)
        row.addWidget(self.again_button)
        row.addWidget(self.right_button)
        row.addStretch(1)
        inside.addLayout(row)
        row = horizontal(self.parked_card, margins=(14, 0, 12, 0))
        row.addWidget(self.parked_text, 1)
        row.addWidget(self.parked_button)
        column = vertical(self, spacing=8)
        column.addWidget(self.parked_card)
        column.addWidget(self.last_card)

    def last(self) -> Taken | None:
        """Return the last payment of this window."""
        return self._last

    def show_last(self, done: Taken, state: str) -> None:
        """Show the last payment and what became of its paper."""
        self._last, self._state = done, state
        self.last_card.show()
        self._tell()

    def show_parked(self, parked: tuple[str, int] | None) -> None:
        """Show the payment that waits: who and how much."""
        self._parked = parked
        self.parked_card.setVisible(parked is not None)
        self._tell()

    def _tell(self) -> None:
        if self._parked is not None:
            name, amount = self._parked
            self.parked_text.setText(words.say("pay.parked", name=name, amount=format_amount(amount)))
        done = self._last
        if done is None:
            return
        self.who.setText(" · ".join(part for part in (done.payer, done.meters) if part))
        self.amount.setText(format_amount(done.total_minor))
        change = (
            words.say("pay.change_of", amount=format_amount(done.change_minor)) if done.cash_minor is not None else ""
        )
        self.more.setText(" · ".join(part for part in (done.number, self._state, change) if part))
