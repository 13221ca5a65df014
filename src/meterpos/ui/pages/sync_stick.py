"""The exchange by stick, on the sync page: what waits is saved to a file, head office's answer is read from one."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QStandardPaths, Qt, Signal
from PySide6.QtWidgets import QFileDialog

from meterpos.ui import messages, words
from meterpos.ui.desk import Desk
from meterpos.ui.theme import Type
from meterpos.ui.widgets.basic import Label, Surface, horizontal
from meterpos.ui.widgets.buttons import Button

if TYPE_CHECKING:
    from meterpos.errors import UserError
    from meterpos.sync.courier import CourierIn, CourierOut

SUFFIX = ".courier"


class StickPanel(Surface):
    """Two buttons and what they are for; `told` says what came of pressing one, and in which tone."""

    told = Signal(str, str)

    def __init__(self, desk: Desk) -> None:
        super().__init__("card")
        self._desk = desk
        self.ask_where: Callable[[str, Callable[[str], object]], object] = self._ask_where
        self.save = Button(key="sync.stick.save", shortcut="Ctrl+S")
        self.read = Button(key="sync.stick.read", shortcut="Ctrl+R")
        row = horizontal(self, margins=(24, 12, 24, 12), spacing=12)
        row.addWidget(Label(Type.text, "muted", key="sync.stick.hint", wrap=True), 1)
        row.addWidget(self.save)
        row.addWidget(self.read)
        self.save.clicked.connect(self._save)
        self.read.clicked.connect(self._read)

    def _save(self) -> None:
        status = self._desk.standing.status if self._desk.standing is not None else None
        name = f"{status.till_name if status else 'till'}-{self._desk.till.moment().today}{SUFFIX}"
        self.ask_where(name, self._write)

    def _read(self) -> None:
        self.ask_where("", self._take)

    def _write(self, path: str) -> None:
        till = self._desk.till
        self._busy(on=True)
        self._desk.tasks.outside(lambda: till.courier_out(Path(path)), lambda out: self._saved(path, out), self._failed)

    def _take(self, path: str) -> None:
        till = self._desk.till
        self._busy(on=True)
        self._desk.tasks.outside(lambda: till.courier_in(Path(path)), self._was_read, self._failed)

    def _saved(self, path: str, out: "CourierOut") -> None:
        self._busy(on=False)
        self.told.emit(words.say("sync.stick.saved", n=out.entries, name=Path(path).name), "muted")

    def _was_read(self, read: "CourierIn") -> None:
        self._busy(on=False)
        said = words.say("sync.stick.was_read", pushed=f"{read.pushed:,}", pulled=f"{read.pulled:,}")
        detail = messages.translated(read.detail) if read.detail else ""
        self.told.emit(f"{said} {detail}".strip(), "waiting" if read.agreed is False else "muted")
        self._desk.tasks.ledger_changed.emit()

    def _failed(self, error: "UserError") -> None:
        self._busy(on=False)
        self.told.emit(messages.sentence(error), "danger")

    def _busy(self, *, on: bool) -> None:
        self.save.setEnabled(not on)
        self.read.setEnabled(not on)

    def _ask_where(self, name: str, then: Callable[[str], object]) -> None:
        """Ask a person for a file to write, called ``name``, or without a name for one to read.

        The question begins where the system shows its sticks or, without such a place, at home.
        """
        saving = bool(name)
        place = QStandardPaths.StandardLocation.HomeLocation
        media = Path("/media")
        folder = media if media.is_dir() else Path(QStandardPaths.writableLocation(place))
        asking = QFileDialog(self, words.say("sync.stick.save" if saving else "sync.stick.read"), str(folder / name))
        asking.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        mode = QFileDialog.AcceptMode
        asking.setAcceptMode(mode.AcceptSave if saving else mode.AcceptOpen)
        if not saving:
            asking.setFileMode(QFileDialog.FileMode.ExistingFile)
        asking.fileSelected.connect(then)
        asking.open()
