"""Choosing the printer: those this machine shows, any other by its name, the width of its roll, and a try of each."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF, Signal
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QWidget

from meterpos.errors import UserError
from meterpos.ui import messages, theme, words
from meterpos.ui.models.configuring import Configuring
from meterpos.ui.theme import Type
from meterpos.ui.widgets import paint
from meterpos.ui.widgets.basic import Label, SectionLabel, Surface, horizontal, vertical
from meterpos.ui.widgets.buttons import Button, Segment, Segments
from meterpos.ui.widgets.fields import Field
from meterpos.ui.widgets.rows import RowList, RowState, highlight

if TYPE_CHECKING:
    from meterpos.printing.devices import Sent
    from meterpos.printing.devices.finding import Found

COLUMNS = tuple(Segment(str(n), "receipt", f"settings.columns.{n}") for n in (32, 42, 48))
ROW = 52
ROWS_SHOWN = 4


class PrinterCard(Surface):
    """`changed` when a person chose another printer or width; what is chosen stands in `device` and `columns`."""

    changed = Signal()

    def __init__(self, configuring: Configuring, *, framed: bool = True) -> None:
        super().__init__("card" if framed else "bare")
        self._margin = 24 if framed else 0
        self._configuring = configuring
        self._looked = False
        self.device: str | None = None
        self.columns = 48
        self.found: RowList[Found] = RowList(row_height=ROW, painter=self._paint, spoken=self._speak)
        words.bind(self.found.setAccessibleName, "settings.found")
        self.nothing = Label(Type.text, "muted", wrap=True)
        self.again = Button("link", key="settings.look_again", shortcut="Ctrl+F", step=Type.small_strong)
        self.name = Field("settings.printer_name", step=Type.text)
        self.roll = Segments(COLUMNS, name_key="settings.columns")
        self.try_button = Button(key="settings.test_print", shortcut="Ctrl+T")
        self.drawer_button = Button(key="settings.test_drawer", shortcut="Ctrl+D")
        self.result = Label(Type.small_strong, "muted", wrap=True)
        self.result.hide()
        self._parts = {name: QWidget() for name in ("choose", "measure", "try")}
        self._build()
        self._connect()

    def _build(self) -> None:
        column = vertical(self, margins=(self._margin, self._margin * 5 // 6, self._margin, self._margin), spacing=16)
        for part in self._parts.values():
            column.addWidget(part)
        choose = vertical(self._parts["choose"], spacing=8)
        head = horizontal(None)
        head.addWidget(SectionLabel("settings.found"), 1)
        head.addWidget(self.again)
        choose.addLayout(head)
        choose.addWidget(self.found)
        choose.addWidget(self.nothing)
        choose.addWidget(self.name)
        choose.addWidget(Label(Type.helper, "muted", key="settings.printer_forms", wrap=True))
        measure = vertical(self._parts["measure"], spacing=8)
        measure.addWidget(SectionLabel("settings.columns"))
        measure.addWidget(self.roll)
        measure.addWidget(Label(Type.helper, "muted", key="settings.columns_how", wrap=True))
        tries = vertical(self._parts["try"], spacing=8)
        row = horizontal(None, spacing=12)
        row.addWidget(self.try_button, 1)
        row.addWidget(self.drawer_button, 1)
        tries.addLayout(row)
        tries.addWidget(self.result)
        column.addStretch(1)

    def show_part(self, name: str) -> None:
        """Show one part alone, as the guide does: `choose`, `measure` (with the ruler to print) or `try`."""
        self._parts["choose"].setVisible(name == "choose")
        self._parts["measure"].setVisible(name == "measure")
        self._parts["try"].setVisible(name != "choose")
        self.drawer_button.setVisible(name == "try")
        self.result.hide()

    def _connect(self) -> None:
        self.again.clicked.connect(self.look)
        self.found.picked.connect(lambda found: self._take(found.spec))
        self.name.edited.connect(lambda: self._take(self.name.text() or None, typed=True))
        self.name.entered.connect(self.try_button.setFocus)
        self.roll.chosen.connect(self._take_columns)
        self.try_button.clicked.connect(self._try_printer)
        self.drawer_button.clicked.connect(self._try_drawer)
        words.notifier().changed.connect(self._tell_found)

    def show_current(self, device: str | None, columns: int) -> None:
        """Show what holds now; look for printers the first time."""
        self.device, self.columns = device, columns
        if self.name.text() != (device or ""):
            self.name.set_text(device or "")
        self.name.tell("")
        self.roll.choose(str(columns))
        self.found.viewport().update()
        fixed = self._configuring.is_fixed("printer")
        self.name.setEnabled(not fixed)
        self.found.setEnabled(not fixed)
        if not self._looked:
            self.look()

    def look(self) -> None:
        """Look for printers on this machine."""
        self._looked = True
        self.nothing.setText(words.say("settings.looking"))
        self.nothing.show()
        self._configuring.find(self._show_found)

    def _show_found(self, found: "tuple[Found, ...]") -> None:
        specs = [one.spec for one in found]
        self.found.set_rows(found, current=specs.index(self.device) if self.device in specs else -1)
        self.found.setFixedHeight(max(1, min(len(found), ROWS_SHOWN) * ROW + 2))
        self._tell_found()

    def _tell_found(self) -> None:
        here = bool(self.found.rows())
        self.found.setVisible(here)
        self.nothing.setVisible(not here)
        self.nothing.setText(words.say("settings.none_found"))

    # --- choosing ------------------------------------------------------------------------------------------------

    def _take(self, spec: str | None, *, typed: bool = False) -> None:
        self.device = spec
        if not typed:
            self.name.set_text(spec or "")
        self.name.tell("")
        self.result.hide()
        self.found.viewport().update()
        self.changed.emit()

    def _take_columns(self, columns: str) -> None:
        if int(columns) != self.columns:
            self.columns = int(columns)
            self.changed.emit()

    def refuse(self, error: UserError) -> None:
        """Say beside the name what is wrong with it."""
        self.name.tell(messages.sentence(error))
        self.name.line.setFocus()

    # --- trying --------------------------------------------------------------------------------------------------

    def _try_printer(self) -> None:
        if self._begin("settings.printing"):
            assert self.device is not None
            self._configuring.try_printer(self.device, words.language(), self._tried, self._broke)

    def _try_drawer(self) -> None:
        if self._begin("settings.opening"):
            assert self.device is not None
            self._configuring.try_drawer(self.device, self._opened, self._broke)

    def _begin(self, key: str) -> bool:
        if self.device is None:
            self.name.tell(words.say("settings.no_printer_chosen"))
            self.name.line.setFocus()
            return False
        self._say(words.say(key), "muted")
        self.try_button.setEnabled(False)
        self.drawer_button.setEnabled(False)
        return True

    def _tried(self, sent: "Sent") -> None:
        self._end()
        said = sent.detail and messages.translated(sent.detail)
        self._say(said or words.say("settings.printed" if sent.confirmed else "settings.sent"), "action")

    def _opened(self, sent: "Sent") -> None:
        self._end()
        self._say((sent.detail and messages.translated(sent.detail)) or words.say("settings.opened"), "action")

    def _broke(self, error: UserError) -> None:
        self._end()
        if error.field == "printer":
            self.result.hide()
            self.refuse(error)
        else:
            self._say(messages.sentence(error), "danger")

    def _end(self) -> None:
        self.try_button.setEnabled(True)
        self.drawer_button.setEnabled(True)

    def _say(self, sentence: str, tone: str) -> None:
        self.result.set_tone(tone)
        self.result.setText(sentence)
        self.result.show()

    # --- rows ----------------------------------------------------------------------------------------------------

    def _speak(self, found: "Found") -> str:
        chosen = words.say("settings.chosen") if found.spec == self.device else ""
        return ", ".join(part for part in (found.title, found.spec, chosen) if part)

    def _paint(self, painter: QPainter, rect: QRectF, found: "Found", state: RowState) -> None:
        colors = theme.palette()
        chosen = found.spec == self.device
        box = rect.adjusted(0, 2, 0, -2)
        ground = highlight(painter, box, state) if state.focused or chosen else colors.card
        if chosen:
            ground = colors.action_soft
            paint.box(painter, box, fill=ground, line=colors.action, weight=2 if state.focused else 1, radius=8)
        icon, ink = ("circle-check", colors.action) if chosen else ("printer", colors.muted)
        paint.picture(painter, icon, ink, rect.left() + 12, rect.center().y())
        room = rect.adjusted(44, 6, -12, -6)
        upper = QRectF(room.left(), room.top(), room.width(), 20)
        lower = QRectF(room.left(), room.top() + 20, room.width(), 17)
        paint.text(
            painter,
            upper,
            found.title or words.say(f"settings.way.{found.spec.partition(':')[0]}"),
            Type.text_strong,
            colors.ink,
            ground=ground,
        )
        paint.text(painter, lower, found.spec, Type.helper, colors.muted, ground=ground)
