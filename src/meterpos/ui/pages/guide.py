"""The first-run guide: enrol, printer, width of the paper, a try, practice or work; skipped, redone, resumed."""

from collections.abc import Callable
from typing import Final

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QKeyEvent, QKeySequence, QPainter, QPaintEvent, QShortcut
from PySide6.QtWidgets import QAbstractButton, QSizePolicy, QVBoxLayout, QWidget

from meterpos.ui import theme, words
from meterpos.ui.desk import Desk
from meterpos.ui.models.configuring import Configuring, Value
from meterpos.ui.pages.settings_apply import ApplyCard
from meterpos.ui.pages.settings_printer import PrinterCard
from meterpos.ui.theme import METRICS, Type
from meterpos.ui.widgets import paint
from meterpos.ui.widgets.basic import Label, Surface, horizontal, vertical
from meterpos.ui.widgets.buttons import Button, MainAction
from meterpos.ui.widgets.deed import Deed

STEPS: Final = ("enrol", "printer", "width", "try", "begin")
PARTS: Final = {"printer": "choose", "width": "measure", "try": "try"}
STEPS_WIDTH: Final = 300
CARD_WIDTH: Final = 560


class GuidePage(QWidget):
    """One step at a time; the step reached is kept, so that a till closed midway goes on there."""

    def __init__(self, desk: Desk, configuring: Configuring) -> None:
        super().__init__()
        self.setObjectName("page")
        self._desk, self._configuring = desk, configuring
        self.step = "printer"
        self.steps = {name: _StepButton(number, name) for number, name in enumerate(STEPS, start=1)}
        self.title = Label(Type.name, wrap=True)
        self.how = Label(Type.text, "muted", wrap=True)
        self.printer = PrinterCard(configuring, framed=False)
        self.practise = Deed("graduation-cap", "settings.train", shortcut="Shift+F9")
        self.apply = ApplyCard(desk, configuring)
        self.button = MainAction()
        self.back = Button("link", key="guide.back", shortcut="Alt+Left", step=Type.small_strong)
        self.skip = Button("link", key="guide.skip", shortcut="Alt+Right", step=Type.small_strong)
        self.leave = Button("link", key="guide.leave", shown="Esc", step=Type.small_strong)
        self._build()
        self._connect()

    def _build(self) -> None:
        page = vertical(self, margins=(METRICS.margin, 32, METRICS.margin, METRICS.gap))
        row = horizontal(None, spacing=METRICS.gap)
        row.addStretch(1)
        side = vertical(None, spacing=4)
        for step in self.steps.values():
            side.addWidget(step)
        side.addSpacing(8)
        side.addWidget(self.leave, 0, Qt.AlignmentFlag.AlignLeft)
        side.addStretch(1)
        row.addLayout(side)
        row.addLayout(self._middle())
        row.addStretch(1)
        page.addLayout(row)
        page.addStretch(1)

    def _middle(self) -> QVBoxLayout:
        middle = vertical(None, spacing=METRICS.gap)
        card = Surface("card")
        card.setFixedWidth(CARD_WIDTH)
        column = vertical(card, margins=(28, 24, 28, 20), spacing=12)
        for part in (self.title, self.how, self.printer, self.practise, self.button):
            column.addWidget(part)
        below = horizontal(None)
        below.addWidget(self.back)
        below.addStretch(1)
        below.addWidget(self.skip)
        column.addLayout(below)
        self.apply.setFixedWidth(CARD_WIDTH)
        middle.addWidget(card)
        middle.addWidget(self.apply)
        middle.addStretch(1)
        return middle

    def _connect(self) -> None:
        for name, step in self.steps.items():
            step.clicked.connect(lambda _=False, name=name: self.show_step(name))
        self.button.clicked.connect(self.press)
        self.back.clicked.connect(lambda: self._walk(-1))
        self.skip.clicked.connect(lambda: self._walk(1))
        self.leave.clicked.connect(self._leave)
        QShortcut(QKeySequence("Escape"), self, self._leave)
        self.practise.clicked.connect(self._configuring.practice_wanted)
        self.apply.done.connect(lambda: self._walk(1))
        self.apply.dropped.connect(self._drop)
        self.apply.refused.connect(self.printer.refuse)
        words.notifier().changed.connect(self._tell)

    # --- the page's life -----------------------------------------------------------------------------------------

    def shown(self, what: object = None) -> None:
        """Come to the front at a step, the one reached where none is named."""
        wanted = what if isinstance(what, str) else self._desk.till.settings.guide
        self.show_step(wanted if wanted in STEPS else "printer")

    def refresh(self) -> None:
        """Nothing here comes from the ledger."""

    def mark_stale(self) -> None:
        """Nothing here comes from the ledger."""

    def stand(self) -> None:
        """The till's standing was read anew."""
        self._tell()

    def show_step(self, name: str) -> None:
        """Show one step, and remember that it was reached."""
        self.step = name
        now = self._desk.till.settings
        part = PARTS.get(name)
        self.printer.setVisible(part is not None)
        if part is not None:
            self.printer.show_current(now.printer, now.columns)
            self.printer.show_part(part)
        self.practise.setVisible(name == "begin")
        self.apply.show_changes({}, "")
        self._configuring.choose(guide=name)
        self._tell()
        self.button.setFocus()

    def _tell(self) -> None:
        if not self._desk.is_open:
            return
        standing = self._desk.standing
        enrolled = standing is not None and standing.status.enrolled
        done = {"enrol": enrolled, "printer": self._desk.till.settings.printer is not None}
        for name, step in self.steps.items():
            step.show_state(current=name == self.step, done=done.get(name, False))
        self.title.setText(words.say(f"guide.{self.step}.title"))
        key = "guide.enrol.done" if self.step == "enrol" and enrolled else f"guide.{self.step}.how"
        till = standing.status.title or standing.status.till_name if standing is not None and enrolled else ""
        self.how.setText(words.say(key, till=till) if key == "guide.enrol.done" else words.say(key))
        self.button.show_lines(self._said(enrolled=enrolled))
        self.back.setVisible(self.step != STEPS[0])
        self.skip.setVisible(self.step != STEPS[-1])

    def _said(self, *, enrolled: bool) -> str:
        if self.step == "enrol" and not enrolled:
            return words.say("guide.enrol.button")
        if self.step == "begin":
            return words.say("guide.begin.button" if enrolled else "guide.enrol.button")
        return words.say("guide.next")

    # --- walking -------------------------------------------------------------------------------------------------

    def press(self) -> None:
        """Keep what this step asks for and go on."""
        standing = self._desk.standing
        enrolled = standing is not None and standing.status.enrolled
        if self.step in ("enrol", "begin") and not enrolled:
            self._desk.go_to.emit("enrol", None)
        elif self.step == "begin":
            self._leave()
        else:
            self._keep(lambda: self._walk(1))

    def _keep(self, then: Callable[[], object]) -> None:
        """Apply what was chosen; where a manager has to agree, ask for it below and go on afterwards."""
        now = self._desk.till.settings
        changes: dict[str, tuple[Value, Value]] = {}
        if self.step == "printer" and self.printer.device != now.printer:
            changes["printer"] = (now.printer, self.printer.device)
        if self.step == "width" and self.printer.columns != now.columns:
            changes["columns"] = (now.columns, self.printer.columns)
        if not changes:
            then()
            return

        def ask(needed: bool) -> None:
            if needed:
                self.apply.show_changes(changes, "")
            else:
                new = {name: pair[1] for name, pair in changes.items()}
                self._configuring.apply(new, then=then, failed=self.printer.refuse)

        self._configuring.whether_needed(frozenset(changes), ask)

    def _walk(self, by: int) -> None:
        place = STEPS.index(self.step) + by
        if 0 <= place < len(STEPS):
            self.show_step(STEPS[place])

    def _drop(self) -> None:
        self.show_step(self.step)

    def _leave(self) -> None:
        """Close the guide; it is opened again from the settings."""
        if self.apply.isVisible():
            self._drop()
            return
        self._configuring.choose(guide=None)
        standing = self._desk.standing
        enrolled = standing is not None and standing.status.enrolled
        works = standing is not None and standing.shift is not None
        self._desk.go_to.emit(("pay" if works else "shift") if enrolled else "enrol", None)


class _StepButton(QAbstractButton):
    """One step in the list: its number, or a tick once it is done, and its name."""

    def __init__(self, number: int, name: str) -> None:
        super().__init__()
        self._number, self._name = number, name
        self._current = self._done = False
        self.setFixedWidth(STEPS_WIDTH)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        words.bind(lambda _: self._tell(), f"guide.{name}.title", owner=self)

    def show_state(self, *, current: bool, done: bool) -> None:
        """Show whether this step is in front, and whether it is done."""
        self._current, self._done = current, done
        self._tell()

    def _tell(self) -> None:
        self.setText(words.say(f"guide.{self._name}.title"))
        state = words.say("guide.done") if self._done else ""
        self.setAccessibleName(" ".join(part for part in (f"{self._number}.", self.text(), state) if part))
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(STEPS_WIDTH, METRICS.touch)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.click()
        else:
            super().keyPressEvent(event)

    def paintEvent(self, _event: QPaintEvent) -> None:
        colors = theme.palette()
        painter = QPainter(self)
        box = QRectF(self.rect())
        ground = colors.action_soft if self._current else colors.page
        ring = colors.action if self.hasFocus() else None
        paint.box(painter, box, fill=ground, line=ring, weight=2 if ring else 1, radius=9)
        ink = colors.ink if self._current else colors.muted
        if self._done:
            paint.picture(painter, "circle-check", colors.action, 12, box.center().y())
        else:
            number = QRectF(12, 0, 20, box.height())
            paint.text(painter, number, f"{self._number}", Type.text_strong, ink, align=paint.CENTER, ground=ground)
        step = Type.text_strong if self._current else Type.text
        paint.text(painter, box.adjusted(44, 0, -12, 0), self.text(), step, ink, ground=ground)
