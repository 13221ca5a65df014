"""The rail of pages on the left and the bar of facts on top."""

from datetime import timedelta

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QActionGroup, QKeySequence, QPainter, QPaintEvent, QShortcut
from PySide6.QtWidgets import QAbstractButton, QFrame, QMenu, QSizePolicy

from meterpos.ledger.money import format_money
from meterpos.ui import theme, words
from meterpos.ui.desk import Desk
from meterpos.ui.theme import METRICS, Type
from meterpos.ui.widgets import paint
from meterpos.ui.widgets.basic import Elided, Label, Pill, horizontal, vertical
from meterpos.ui.widgets.helppanel import HelpButton

PAGES = (
    ("pay", "banknote", "F1"),
    ("customers", "users", "F2"),
    ("meters", "gauge", "F3"),
    ("receipts", "receipt", "F4"),
    ("plans", "calendar-clock", "F5"),
    ("shift", "wallet", "F6"),
    ("reports", "chart-column", "F7"),
    ("sync", "refresh-cw", "F8"),
    ("settings", "settings", "F9"),
)
LAST = "settings"
"""Stands apart, at the foot of the rail."""

DOT = 8


class RailButton(QAbstractButton):
    """One page: icon, name, its key; a dot where something there wants to be seen."""

    def __init__(self, name: str, icon: str, key: str) -> None:
        super().__init__()
        self._icon, self._key, self._dot = icon, key, False
        self.setCheckable(True)
        self.setAutoExclusive(True)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setFixedSize(76, 62)
        words.bind(self._say, f"page.{name}")

    def _say(self, text: str) -> None:
        self.setText(text)
        self.setAccessibleName(f"{text} {self._key}")
        self.update()

    def show_dot(self, on: bool) -> None:
        """Show or hide the dot."""
        self._dot = on
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(76, 62)

    def paintEvent(self, _event: QPaintEvent) -> None:
        colors = theme.palette()
        painter = QPainter(self)
        ground = colors.rail_active if self.isChecked() or self.underMouse() else colors.rail
        if ground != colors.rail:
            paint.box(painter, QRectF(self.rect()), fill=ground, radius=8)
        if self.hasFocus():
            paint.box(painter, QRectF(self.rect()), fill=None, line=colors.rail_ink, weight=2, radius=8)
        ink = colors.rail_ink if self.isChecked() else colors.rail_muted
        paint.picture(painter, self._icon, ink, self.width() / 2 - 10, 17)
        if self._dot:
            paint.box(painter, QRectF(self.width() / 2 + 8, 5, DOT, DOT), fill="#F2A65A", radius=DOT / 2)
        name = QRectF(2, 29, self.width() - 4, 16)
        paint.text(painter, name, self.text(), Type.helper_strong, ink, align=paint.CENTER, whole=True, ground=ground)
        key = QRectF(2, 44, self.width() - 4, 14)
        paint.text(
            painter, key, self._key, Type.label, colors.rail_muted, align=paint.CENTER, whole=True, ground=ground
        )


class Rail(QFrame):
    """The pages that exist; their keys work everywhere in the window."""

    wanted = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("rail")
        self.setFixedWidth(METRICS.rail)
        column = vertical(self, margins=(8, 66, 8, 16), spacing=5)
        self.buttons: dict[str, RailButton] = {}
        for name, icon, key in PAGES:
            if name == LAST:
                column.addStretch(1)
            button = RailButton(name, icon, key)
            button.clicked.connect(lambda _=False, name=name: self.wanted.emit(name))
            QShortcut(QKeySequence(key), self, lambda name=name: self.wanted.emit(name))
            column.addWidget(button)
            self.buttons[name] = button

    def show_page(self, name: str) -> None:
        """Mark the page in front."""
        self.buttons[name].setChecked(True)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        colors = theme.palette()
        painter = QPainter(self)
        for number, word in enumerate(("meter", "pos")):
            place = QRectF(0, 12 + 19 * number, self.width(), 20)
            paint.text(painter, place, word, Type.title, colors.rail_ink, align=paint.CENTER, ground=colors.rail)


class ClerkButton(QAbstractButton):
    """Who is at the till; pressed, the menu to lock it, for language and look."""

    def __init__(self) -> None:
        super().__init__()
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        self.setFixedHeight(METRICS.touch)
        self.setCursor(Qt.CursorShape.PointingHandCursor)

    def sizeHint(self) -> QSize:
        return QSize(min(round(paint.width(self.text(), Type.small_strong)) + 60, 210), METRICS.touch)

    def paintEvent(self, _event: QPaintEvent) -> None:
        colors = theme.palette()
        painter = QPainter(self)
        if self.hasFocus() or self.underMouse():
            ring = colors.action if self.hasFocus() else None
            paint.box(painter, QRectF(self.rect()).adjusted(0, 5, 0, -5), fill=colors.faint, line=ring, radius=8)
        paint.picture(painter, "circle-user-round", colors.muted, 6, self.height() / 2)
        paint.picture(painter, "chevron-down", colors.muted, self.width() - 20, self.height() / 2, 14)
        paint.text(painter, QRectF(34, 0, self.width() - 58, self.height()), self.text(), Type.small_strong, colors.ink)


class TopBar(QFrame):
    """Till, shift, connection, printer, clerk: facts, in a calm grey while all is normal."""

    look_wanted = Signal(str)
    language_wanted = Signal(str)
    lock_wanted = Signal()

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        self._printer_trouble = ""
        self.setObjectName("topbar")
        self.setFixedHeight(METRICS.topbar)
        self.title = Label(Type.title)
        self.shift = Elided(Type.small, "muted")
        self.link = Pill("cloud-off")
        self.printer = Pill("printer")
        self.help = HelpButton()
        self.clerk = ClerkButton()
        row = horizontal(self, margins=(20, 0, 16, 0), spacing=12)
        row.addWidget(self.title)
        row.addWidget(self.shift, 1)
        row.addWidget(self.link)
        row.addWidget(self.printer)
        row.addWidget(self.help)
        row.addWidget(self.clerk)
        self.title.setText("meterpos")
        self.clerk.clicked.connect(self._offer_menu)
        desk.printer_said.connect(self._hear_printer)
        words.notifier().changed.connect(self.tell)

    def _hear_printer(self, sentence: str) -> None:
        self._printer_trouble = sentence
        self.tell()

    def tell(self) -> None:
        """Show what the desk last read."""
        standing = self._desk.standing
        if standing is None:
            self.link.setVisible(False)
            self.printer.setVisible(False)
            self.clerk.setText(words.say("top.menu"))
            return
        status = standing.status
        self.title.setText(status.title or status.till_name or "meterpos")
        shift = standing.shift
        moment = self._desk.till.moment()
        if shift is None:
            self.shift.setText(words.say("top.no_shift"))
        else:
            since = words.clock(moment.localise(shift.opened_at), today=moment.today)
            is_mine = standing.me is None or standing.me.user_name == shift.clerk
            whose = "" if is_mine else f" · {standing.clerk_name or shift.clerk}"
            self.shift.setText(words.say("top.shift", number=shift.shift, since=since) + whose)
        self.clerk.setText(words.say("top.menu") if standing.me is None else standing.me.display_name)
        self.clerk.setAccessibleName(f"{words.say('top.clerk')} {self.clerk.text()}")
        self._tell_link()
        self._tell_printer()
        self.clerk.updateGeometry()

    def _tell_link(self) -> None:
        standing = self._desk.standing
        assert standing is not None
        status, settings = standing.status, standing.settings
        moment = self._desk.till.moment()
        parts = [words.say("top.online" if self._desk.online else "top.offline")]
        if status.waiting_papers:
            worth = format_money(status.waiting_minor, currency=settings.currency).removesuffix(".00")
            parts[0] += f" · {words.say('top.waiting', n=status.waiting_papers, worth=worth)}"
        late = False
        if status.as_of is None:
            parts.append(words.say("top.never"))
        else:
            at = words.clock(moment.localise(status.as_of), today=moment.today)
            parts.append(words.say("top.as_of", time=at))
            late = moment.at - status.as_of > timedelta(hours=settings.offline_amber_hours)
        late = late or status.waiting_minor > settings.offline_amber_minor
        icon = "triangle-alert" if late else "cloud" if self._desk.online else "cloud-off"
        self.link.setVisible(status.enrolled)
        whole = " · ".join((*parts, words.say("top.late")) if late else parts)
        narrow = self.window().width() < METRICS.narrow_below
        shown = parts[0] if narrow else " · ".join(parts)
        self.link.show_fact(shown, icon=icon, tone="waiting" if late else "muted", tip=whole)
        self.link.setAccessibleName(whole)

    def _tell_printer(self) -> None:
        there = self._desk.till.settings.printer is not None
        self.printer.setVisible(True)
        if self._printer_trouble:
            self.printer.show_fact(
                words.say("top.printer_trouble"), icon="printer", tone="waiting", tip=self._printer_trouble
            )
        else:
            self.printer.show_fact(words.say("top.printer" if there else "top.no_printer"), icon="printer")

    def _offer_menu(self) -> None:
        menu = QMenu(self)
        me = self._desk.me
        if me is not None:
            menu.addAction(f"{me.display_name} · {words.say(f'role.{me.role}')}").setEnabled(False)
            lock = menu.addAction(f"{words.say('menu.lock')}\tCtrl+L")
            lock.triggered.connect(self.lock_wanted)
            menu.addSeparator()
        group = QActionGroup(menu)
        for name, title in words.LANGUAGES.items():
            action = menu.addAction(title)
            action.setCheckable(True)
            action.setChecked(words.language() == name)
            action.triggered.connect(lambda _=False, name=name: self.language_wanted.emit(name))
            group.addAction(action)
        menu.addSeparator()
        for name in theme.PALETTES:
            action = menu.addAction(words.say(f"look.{name}"))
            action.setCheckable(True)
            action.setChecked(theme.palette().name == name)
            action.triggered.connect(lambda _=False, name=name: self.look_wanted.emit(name))
        menu.popup(self.clerk.mapToGlobal(self.clerk.rect().bottomLeft()))
