"""What a clerk can do with shift and drawer, each with its key, and what became of the last of it."""

from collections.abc import Mapping
from typing import Final

from PySide6.QtCore import Qt, Signal

from meterpos.ledger.rules.rights import Act
from meterpos.ui import words
from meterpos.ui.desk import Desk
from meterpos.ui.theme import Type
from meterpos.ui.widgets.basic import Label, SectionLabel, Surface, announce, vertical
from meterpos.ui.widgets.buttons import MAIN_KEY, MainAction, main_shortcut
from meterpos.ui.widgets.deed import Deed
from meterpos.ui.widgets.why import WhyNot

DEEDS = (
    ("drop", "inbox"),
    ("banking", "landmark"),
    ("payout", "banknote"),
    ("handover", "users"),
    ("drawer", "wallet"),
    ("so_far", "receipt"),
    ("earlier", "file-pen-line"),
)
"""In the order of their keys, Ctrl+1 first."""

ACTS: Final[Mapping[str, Act]] = {
    "drop": "move_cash",
    "banking": "bank",
    "payout": "pay_out",
    "handover": "move_cash",
    "drawer": "move_cash",
}


class Deeds(Surface):
    """The list of deeds; `wanted` names one, "close" being the green button."""

    wanted = Signal(str)

    def __init__(self) -> None:
        super().__init__("card")
        self._number = 0
        self.buttons: dict[str, Deed] = {}
        column = vertical(self, margins=(20, 16, 20, 16), spacing=6)
        column.addWidget(SectionLabel("shift.deeds"))
        self.news = Surface("news")
        self.news_text = Label(Type.small_strong, wrap=True)
        inside = vertical(self.news, margins=(12, 8, 12, 8))
        inside.addWidget(self.news_text)
        self.news.hide()
        column.addWidget(self.news)
        self.why = WhyNot()
        column.addWidget(self.why)
        for place, (name, icon) in enumerate(DEEDS, start=1):
            button = Deed(icon, f"shift.deed.{name}", shortcut=f"Ctrl+{place}")
            button.clicked.connect(lambda _=False, name=name: self.wanted.emit(name))
            self.buttons[name] = button
            column.addWidget(button)
        column.addStretch(1)
        self.close_button = MainAction()
        self.close_button.clicked.connect(lambda: self.wanted.emit("close"))
        main_shortcut(self.close_button, self.close_button.click)
        column.addWidget(self.close_button)
        words.notifier().changed.connect(self._tell)

    def show_shift(self, number: int) -> None:
        """Name the shift that can be closed."""
        self._number = number
        self._tell()

    def offer(self, desk: Desk) -> None:
        """Offer what who is signed in may do, and say why the rest is not there."""
        for name, act in ACTS.items():
            self.buttons[name].setVisible(desk.may(act))
        self.close_button.setVisible(desk.may("close_shift"))
        self.why.tell(desk.why_not("pay_out") or desk.why_not("close_shift"))

    def walk_in(self) -> None:
        """Put the keyboard on the first deed."""
        first = next(button for button in self.buttons.values() if not button.isHidden())
        first.setFocus(Qt.FocusReason.TabFocusReason)

    def tell(self, sentence: str, *, trouble: bool = False) -> None:
        """Say what became of the last deed; an empty sentence hides it."""
        self.news.set_kind("alarm" if trouble else "news")
        self.news_text.setText(sentence)
        self.news_text.set_tone("danger" if trouble else "ink")
        self.news.setVisible(bool(sentence))
        if sentence:
            announce(self.news_text, sentence)

    def _tell(self) -> None:
        self.close_button.show_lines(words.say("shift.deed.close", number=self._number), MAIN_KEY)
