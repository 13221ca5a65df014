"""A sentence under the top bar for what belongs beside no field; it stays until closed or the page changes."""

from PySide6.QtCore import Qt

from meterpos.ui.theme import Type
from meterpos.ui.widgets.basic import Label, Surface, announce, horizontal
from meterpos.ui.widgets.buttons import Button


class Notice(Surface):
    """Hidden while all is well."""

    def __init__(self) -> None:
        super().__init__("alarm")
        self.sentence = Label(Type.small_strong, "danger", wrap=True)
        self.dismiss = Button("link", key="notice.close", step=Type.small_strong)
        row = horizontal(self, margins=(20, 2, 16, 2), spacing=16)
        row.addWidget(self.sentence, 1)
        row.addWidget(self.dismiss, 0, Qt.AlignmentFlag.AlignVCenter)
        self.dismiss.clicked.connect(self.hide)
        self.hide()

    def tell(self, sentence: str) -> None:
        """Show a sentence."""
        self.sentence.setText(sentence)
        self.show()
        announce(self, sentence)
