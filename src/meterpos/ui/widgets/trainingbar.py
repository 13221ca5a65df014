"""The band that stands on every page while somebody practises."""

from meterpos.ui import words
from meterpos.ui.desk import Desk
from meterpos.ui.theme import Type
from meterpos.ui.widgets.basic import Label, Surface, horizontal
from meterpos.ui.widgets.buttons import Button


class TrainingBar(Surface):
    """Hidden at a real till; its button leaves practice."""

    def __init__(self, desk: Desk) -> None:
        super().__init__("strip")
        self._desk = desk
        self.word = Label(Type.title, "waiting", key="training.word")
        self.sentence = Label(Type.small_strong, wrap=True)
        self.leave = Button("link", key="training.leave", shortcut="Shift+F9", step=Type.small_strong)
        row = horizontal(self, margins=(20, 0, 16, 0), spacing=16)
        row.addWidget(self.word)
        row.addWidget(self.sentence, 1)
        row.addWidget(self.leave)
        words.notifier().changed.connect(self.tell)
        desk.stands.connect(self.tell)
        self.hide()

    def tell(self) -> None:
        """Show the band where the ledger is for practice."""
        standing = self._desk.standing
        on = standing is not None and standing.status.training
        if on:
            from meterpos.till.training import PIN

            self.sentence.setText(words.say("training.band", pin=PIN))
        self.setVisible(on)
