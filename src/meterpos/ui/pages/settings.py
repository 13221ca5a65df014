"""The till's own settings: printer, looks, language, text size, lock, exchange; training; the guide again."""

from typing import TYPE_CHECKING

from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QWidget

from meterpos import __version__
from meterpos.ui import theme, words
from meterpos.ui.desk import Desk
from meterpos.ui.models.configuring import Configuring, Value
from meterpos.ui.pages.settings_apply import ApplyCard
from meterpos.ui.pages.settings_printer import PrinterCard
from meterpos.ui.theme import METRICS, Type
from meterpos.ui.widgets.basic import Label, SectionLabel, Surface, horizontal, vertical
from meterpos.ui.widgets.buttons import Segment, Segments
from meterpos.ui.widgets.choice import Choice
from meterpos.ui.widgets.deed import Deed

if TYPE_CHECKING:
    from meterpos.settings import TillSettings

LANGUAGES = (Segment("en", "languages", "language.en"), Segment("sw", "languages", "language.sw"))
LOOKS = (Segment("light", "sun", "look.light"), Segment("dark", "moon", "look.dark"))
SIZES = tuple(Segment(str(n), "type", f"settings.size.{n}") for n in (100, 125, 150))
LOCK_MIN = ("0", "2", "5", "10", "15", "30", "60")
EXCHANGE_S = ("60", "300", "900", "1800", "3600")


class SettingsPage(QWidget):
    """Looks change as they are chosen; what concerns papers, lock and exchange waits for *Apply*."""

    def __init__(self, desk: Desk, configuring: Configuring) -> None:
        super().__init__()
        self.setObjectName("page")
        self._desk, self._configuring = desk, configuring
        self._quiet = False
        self.printer = PrinterCard(configuring)
        self.language = Segments(LANGUAGES, name_key="settings.language")
        self.look = Segments(LOOKS, name_key="settings.look")
        self.text_size = Segments(SIZES, name_key="settings.size")
        self.lock = Choice("settings.lock", LOCK_MIN, shortcut="Ctrl+K", name_key="settings.lock")
        self.exchange = Choice("settings.every", EXCHANGE_S, shortcut="Ctrl+E", name_key="settings.every")
        self.practise = Deed("graduation-cap", "settings.train", shortcut="Shift+F9")
        self.guide = Deed("undo-2", "settings.guide", shortcut="Ctrl+G")
        self.apply = ApplyCard(desk, configuring)
        self.about = Label(Type.helper, "muted", wrap=True)
        self._build()
        self._connect()

    def _build(self) -> None:
        margin = METRICS.margin
        page = horizontal(self, margins=(margin, METRICS.gap, margin, METRICS.gap), spacing=METRICS.gap)
        left = vertical(None)
        left.addWidget(self.printer)
        left.addStretch(1)
        page.addLayout(left, 1)
        right = vertical(None, spacing=METRICS.gap)
        right.addWidget(self.apply)
        screen = self._screen()
        right.addWidget(screen)
        right.addWidget(self._working())
        right.addStretch(1)
        page.addLayout(right, 1)
        self.apply.waiting.connect(lambda waits: screen.setVisible(not waits))  # room for what else may be changed

    def _screen(self) -> Surface:
        card = Surface("card")
        column = vertical(card, margins=(24, 20, 24, 20), spacing=8)
        for key, choice in (
            ("settings.language", self.language),
            ("settings.look", self.look),
            ("settings.size", self.text_size),
        ):
            column.addWidget(SectionLabel(key))
            column.addWidget(choice)
        column.addWidget(Label(Type.helper, "muted", key="settings.size_how", wrap=True))
        return card

    def _working(self) -> Surface:
        card = Surface("card")
        column = vertical(card, margins=(24, 12, 24, 12), spacing=8)
        row = horizontal(None, spacing=16)
        for key, choice in (("settings.lock", self.lock), ("settings.every", self.exchange)):
            cell = vertical(None, spacing=8)
            cell.addWidget(SectionLabel(key))
            cell.addWidget(choice)
            row.addLayout(cell, 1)
        column.addLayout(row)
        column.addWidget(self.practise)
        column.addWidget(self.guide)
        column.addWidget(self.about)
        return card

    def _connect(self) -> None:
        self.printer.changed.connect(self._gather)
        self.lock.chosen.connect(lambda _: self._gather())
        self.exchange.chosen.connect(lambda _: self._gather())
        self.language.chosen.connect(lambda name: self._choose(language=name))
        self.look.chosen.connect(lambda name: self._choose(theme=name))
        self.text_size.chosen.connect(lambda size: self._choose(text_size=int(size)))
        self.guide.clicked.connect(lambda: self._desk.go_to.emit("guide", "printer"))
        self.practise.clicked.connect(self._configuring.practice_wanted)
        self.apply.done.connect(self._show_settings)
        self.apply.dropped.connect(self._drop)
        self.apply.refused.connect(self.printer.refuse)
        QShortcut(QKeySequence("Escape"), self, self._drop)
        words.notifier().changed.connect(self._tell)
        theme.notifier().changed.connect(self._follow_looks)

    # --- the page's life -----------------------------------------------------------------------------------------

    def shown(self, _what: object = None) -> None:
        """Come to the front."""
        self._show_settings()
        self.printer.setFocus()
        (self.printer.found if self.printer.found.isVisible() else self.printer.name.line).setFocus()

    def refresh(self) -> None:
        """What is shown comes from the till's file, not from the ledger."""

    def mark_stale(self) -> None:
        """What is shown is read when the page is shown."""

    def stand(self) -> None:
        """The till's standing was read anew."""
        self._tell()

    def _show_settings(self) -> None:
        """Show what holds now; what waited is gone."""
        now = self._desk.till.settings
        self._quiet = True
        self.printer.show_current(now.printer, now.columns)
        self.language.choose(words.language())
        self.look.choose(theme.palette().name)
        self.text_size.choose(str(now.text_size))
        self.lock.choose(_nearest(now.lock_after_min, LOCK_MIN))
        self.exchange.choose(_nearest(now.exchange_every_s, EXCHANGE_S))
        self._quiet = False
        self._gather()
        self._tell()

    def _tell(self) -> None:
        if not self._desk.is_open:
            return
        standing = self._desk.standing
        self.printer.drawer_button.setVisible(self._desk.may("move_cash"))
        self.practise.setVisible(standing is None or not standing.status.training)
        name = standing.status.title or standing.status.till_name if standing is not None else ""
        home = str(self._desk.till.settings.home)
        self.about.setText(words.say("settings.about", till=name or "-", version=__version__, home=home))
        self._gather()

    def _follow_looks(self) -> None:
        """Show what was chosen elsewhere; it is chosen already, and choosing it again could go on for ever."""
        before, self._quiet = self._quiet, True
        self.look.choose(theme.palette().name)
        self._quiet = before

    # --- changing ------------------------------------------------------------------------------------------------

    def _choose(self, **changes: Value) -> None:
        if not self._quiet:
            self._configuring.choose(**changes)

    def _gather(self) -> None:
        """Show what would change with *Apply*."""
        if self._quiet or not self._desk.is_open:
            return
        changes = self._changes(self._desk.till.settings)
        self.apply.show_changes(changes, "\n".join(_told(name, *pair) for name, pair in changes.items()))

    def _changes(self, now: "TillSettings") -> dict[str, tuple[Value, Value]]:
        changes: dict[str, tuple[Value, Value]] = {}
        if self.printer.device != now.printer:
            changes["printer"] = (now.printer, self.printer.device)
        if self.printer.columns != now.columns:
            changes["columns"] = (now.columns, self.printer.columns)
        if self.lock.value != _nearest(now.lock_after_min, LOCK_MIN):
            changes["lock_after_min"] = (now.lock_after_min, int(self.lock.value))
        if self.exchange.value != _nearest(now.exchange_every_s, EXCHANGE_S):
            changes["exchange_every_s"] = (now.exchange_every_s, int(self.exchange.value))
        return changes

    def _drop(self) -> None:
        if self.apply.waits():
            self._show_settings()
            self.printer.name.line.setFocus()


def _nearest(value: int, offered: tuple[str, ...]) -> str:
    """Return the choice next to a value that the file may hold otherwise."""
    return min(offered, key=lambda one: abs(int(one) - value))


def _told(name: str, old: Value, new: Value) -> str:
    """Return one change as a line: what, from, to."""
    return words.say(
        "settings.change", name=words.say(f"settings.name.{name}"), old=_value(name, old), new=_value(name, new)
    )


def _value(name: str, value: Value) -> str:
    if value is None:
        return words.say("settings.none")
    if name == "lock_after_min":
        return words.say(f"settings.lock.{_nearest(int(value), LOCK_MIN)}")
    if name == "exchange_every_s":
        return words.say(f"settings.every.{_nearest(int(value), EXCHANGE_S)}")
    return str(value)
