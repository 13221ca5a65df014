"""The window: rail, top bar, the pages, and what concerns them all: standing, exchange, scanner, errors."""

import logging
from typing import TYPE_CHECKING, Final, Literal, Protocol, get_args

from PySide6.QtCore import QTimer, Signal
from PySide6.QtGui import QCloseEvent, QKeySequence, QPainter, QPaintEvent, QResizeEvent, QShortcut
from PySide6.QtWidgets import QApplication, QMainWindow, QWidget

from meterpos.errors import UserError
from meterpos.ui import messages, theme, words
from meterpos.ui.desk import Desk
from meterpos.ui.garbage import Garbage
from meterpos.ui.gate import Gate
from meterpos.ui.models.checking import Checking
from meterpos.ui.models.configuring import Configuring
from meterpos.ui.models.exchanging import Exchanging
from meterpos.ui.models.mirroring import Mirroring
from meterpos.ui.models.printer import Printer
from meterpos.ui.pages.made import make_page
from meterpos.ui.pages.pay import PayPage
from meterpos.ui.scanner import Scanner
from meterpos.ui.tasks import Tasks
from meterpos.ui.widgets.basic import horizontal, vertical
from meterpos.ui.widgets.cashbar import CashBar
from meterpos.ui.widgets.helppanel import KEY as HELP_KEY
from meterpos.ui.widgets.helppanel import HelpPanel
from meterpos.ui.widgets.notice import Notice
from meterpos.ui.widgets.rail import Rail, TopBar
from meterpos.ui.widgets.scrolled import Scrolled, Stack
from meterpos.ui.widgets.trainingbar import TrainingBar

if TYPE_CHECKING:
    from meterpos.till import Till

log = logging.getLogger(__name__)

POLL_MS = 2_000
CHECKPOINT_MS = 60_000
SIZE = (1366, 768)
SIZE_LEAST = (840, 480)
"""1366×768 and 1280×720 at 150 %: what does not fit then scrolls."""

RECEIPT_SEAL = "MP1"

Again = Literal["same", "training", "real"]
AGAIN: Final[tuple[Again, ...]] = get_args(Again)


class Page(Protocol):
    """What the window asks of every page."""

    def shown(self, what: object = None) -> None:
        """Come to the front."""

    def refresh(self) -> None:
        """Read again what is shown."""

    def mark_stale(self) -> None:
        """Remember to read again when shown."""

    def stand(self) -> None:
        """The till's standing was read anew."""


class Window(QMainWindow):
    """The till. Typable at once; `attach` gives it its till when that is open."""

    ready = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setWindowTitle("meterpos")
        self.resize(*SIZE)
        self.setMinimumSize(*SIZE_LEAST)
        self.garbage = Garbage(self)
        self.garbage.start()
        self.tasks = Tasks(self)
        self.desk = Desk(self.tasks)
        self.printer = Printer(self.desk)
        self.exchanging = Exchanging(self.desk)
        self.configuring = Configuring(self.desk)
        self.checking = Checking(self.desk)
        self.mirroring = Mirroring(self.desk)
        self.rail = Rail()
        self.top = TopBar(self.desk)
        self.notice = Notice()
        self.cash = CashBar(self.desk)
        self.training = TrainingBar(self.desk)
        self.scanner = Scanner()
        self.pay = PayPage(self.desk, self.printer)
        self._pages: dict[str, QWidget] = {"pay": self.pay}
        self.asks_before_closing = True
        self._has_begun = False
        self._data_version: int | None = None
        self.opens_again: Again | None = None
        self._build()
        self._connect()
        self._timers()

    def _build(self) -> None:
        self._stack = Stack()
        self._stack.addWidget(self.pay)
        right = QWidget()
        column = vertical(right, spacing=0)
        column.addWidget(self.top)
        column.addWidget(self.notice)
        column.addWidget(self.cash)
        pages, railing = Scrolled(self._stack), _railing(self.rail)
        column.addWidget(pages, 1)
        whole = QWidget()
        row = horizontal(whole, spacing=0)
        row.addWidget(railing)
        row.addWidget(right, 1)
        self.gate = Gate(self.desk, whole)
        everything = QWidget()
        over = vertical(everything, spacing=0)
        over.addWidget(self.training)  # above the gate too: who signs in for practice is told so
        over.addWidget(self.gate, 1)
        self.setCentralWidget(everything)
        self.help = HelpPanel(everything)
        bars = (pages.verticalScrollBar(), pages.horizontalScrollBar(), self.training, self.notice, self.cash)
        for part in (self.pay, railing, self.top, *bars, self.help):
            theme.wear(part)
        self.rail.show_page("pay")
        self.top.tell()
        self.pay.search.line.setFocus()

    def _connect(self) -> None:
        theme.notifier().changed.connect(self.update)
        self.rail.wanted.connect(self.go)
        self.desk.go_to.connect(self.go)
        self.desk.stands.connect(self._stand)
        self.desk.online_changed.connect(self.top.tell)
        self.tasks.ledger_changed.connect(self._ledger_changed)
        self.tasks.went_wrong.connect(self.tell_error)
        self.checking.found.connect(self.notice.tell)
        self.tasks.ledger_changed.connect(self.mirroring.changed)
        self.mirroring.missing.connect(self.notice.tell)
        self.scanner.scanned.connect(self._scanned)
        self.top.look_wanted.connect(self._change_look)
        self.top.language_wanted.connect(self._change_language)
        self.configuring.applied.connect(self._settings_applied)
        self.configuring.practice_wanted.connect(lambda: self.open_again("training"))
        self.training.leave.clicked.connect(lambda: self.open_again("real"))
        self.top.help.clicked.connect(self._toggle_help)
        QShortcut(QKeySequence(HELP_KEY), self, self._toggle_help)
        self.gate.currentChanged.connect(lambda _: self.help.follow(self._in_front()))
        self._stack.currentChanged.connect(lambda _: self.help.follow(self._in_front()))
        self.top.lock_wanted.connect(lambda: self.gate.lock("asked"))
        self.gate.entered.connect(self._entered)
        self.gate.cannot_lock.connect(self.notice.tell)
        self.gate.leave.connect(self._leave)
        self.printer.ran.connect(lambda _: self._ledger_changed())

    def _timers(self) -> None:
        self._poll = QTimer(self, interval=POLL_MS)
        self._poll.timeout.connect(self._look_for_others)
        self._tidy = QTimer(self, interval=CHECKPOINT_MS)
        self._tidy.timeout.connect(self._checkpoint)

    # --- the till ------------------------------------------------------------------------------------------------

    def complete(self) -> None:
        """Build what the first frame did without; called after the first paint."""
        self.pay.complete()

    def attach(self, till: "Till") -> None:
        """Stand at an open till: read how it stands, then let the pages read."""
        self.complete()
        self.desk.attach(till)
        self.scanner.listen(_app(), self.windowHandle())
        self.desk.refresh(self._first_reading)

    def _first_reading(self) -> None:
        standing = self.desk.standing
        assert standing is not None
        if standing.status.enrolled:
            self.exchanging.start()
            self.checking.start()
            self.printer.kick()
            if self.desk.till.settings.guide is not None:
                self.go("guide")
            self.gate.open_for_work()
        else:
            self.go("enrol")
        self._poll.start()
        self._tidy.start()
        self.ready.emit()

    def _entered(self, is_another: bool) -> None:
        """Someone signed in: the same person finds everything as it was, another an empty form."""
        if is_another:
            self.desk.leaving.emit()
            self.pay.put_aside()
            self.go("pay")
        elif not self._has_begun:
            self._has_begun = True
            self.pay.search.ask_again()
            self.pay.begin()

    def _look_for_others(self) -> None:
        """The commands may have written to the same ledger."""
        store = self.desk.till.store

        def compare(version: int) -> None:
            if self._data_version not in (None, version):
                self._ledger_changed()
            self._data_version = version

        self.tasks.in_lane(store.data_version, compare)

    def _checkpoint(self) -> None:
        if not self.tasks.busy:
            self.tasks.in_lane(self.desk.till.store.checkpoint, lambda _: None)

    # --- pages ---------------------------------------------------------------------------------------------------

    def page(self, name: str) -> QWidget:
        """Return a page by name, made now if it was never wanted before."""
        page = self._found(name)
        assert page is not None, name
        return page

    def _found(self, name: str) -> QWidget | None:
        """Return a page, None where there is none of that name, or no till yet to stand at."""
        if name in self._pages or not self.desk.is_open:
            return self._pages.get(name)
        page = make_page(
            name,
            desk=self.desk,
            printer=self.printer,
            exchanging=self.exchanging,
            configuring=self.configuring,
        )
        if page is not None:
            self._pages[name] = page
            self._stack.addWidget(page)
            theme.wear(page)
            if self.desk.standing is not None:
                _as_page(page).stand()
        return page

    def go(self, name: str, what: object = None) -> None:
        """Bring a page to the front and tell it what to show."""
        standing = self.desk.standing
        if standing is not None and not standing.status.enrolled:
            name = name if name == "guide" else "enrol"
        page = self._found(name)
        if page is None:
            return
        self.notice.hide()
        theme.wear(page)
        self._stack.setCurrentWidget(page)
        if name in self.rail.buttons:
            self.rail.show_page(name)
        _as_page(page).shown(what)

    def _ledger_changed(self) -> None:
        for page in self._pages.values():
            if page is self._stack.currentWidget():
                _as_page(page).refresh()
            else:
                _as_page(page).mark_stale()
        self.desk.refresh()

    def _stand(self) -> None:
        standing = self.desk.standing
        assert standing is not None
        self.top.tell()
        for page in self._pages.values():
            _as_page(page).stand()
        self.rail.setEnabled(standing.status.enrolled)
        if standing.status.enrolled and self._stack.currentWidget() is self._pages.get("enrol"):
            self.exchanging.start()
            self.go("guide", "printer" if self.desk.till.settings.printer is None else "begin")
        is_nobody = standing.me is None or (standing.knows_people and not standing.me.is_known)
        if standing.status.enrolled and is_nobody:
            self.gate.open_for_work()
        self.gate.stand()

    # --- help ----------------------------------------------------------------------------------------------------

    def _in_front(self) -> str:
        """Return the name of the page in front, as help knows it."""
        if self.gate.currentWidget() is not self.gate.inside:
            return "signin"
        shown = self._stack.currentWidget()
        return next((name for name, page in self._pages.items() if page is shown), "pay")

    def _toggle_help(self) -> None:
        if self.help.isVisible():
            self.help.dismiss()
        else:
            self.help.open_for(self._in_front(), before=_app().focusWidget())

    # --- settings ------------------------------------------------------------------------------------------------

    def _change_look(self, name: str) -> None:
        theme.change(_app(), name)
        self.configuring.choose(theme=name)

    def _change_language(self, name: str) -> None:
        words.speak(name)
        self.configuring.choose(language=name)

    def _settings_applied(self, names: frozenset[str]) -> None:
        """What was applied is in force at once: looks and words here, the rest where it is asked for."""
        settings = self.desk.till.settings
        if "theme" in names and theme.palette().name != settings.theme:
            theme.change(_app(), settings.theme)
        if "language" in names:
            words.speak(settings.language)
        if "printer" in names:
            self.desk.printer_said.emit("")
        if "exchange_every_s" in names:
            self.exchanging.change_rhythm()
        if "lock_after_min" in names:
            self.gate.begin_counting()
        if "text_size" in names:
            self.open_again("same")
        self.top.tell()

    def open_again(self, which: Again) -> None:
        """Close, to be opened again: with another text size, or at the other till (to practise, or the real one)."""
        self.opens_again = which
        if not self.close():
            self.opens_again = None

    # --- what concerns all pages ---------------------------------------------------------------------------------

    def tell_error(self, error: UserError) -> None:
        """Show a sentence that belongs beside no field."""
        self.notice.tell(messages.sentence(error))

    def _scanned(self, text: str) -> None:
        if self.gate.currentWidget() is not self.gate.inside:
            return
        if text.upper().startswith(RECEIPT_SEAL):
            self.go("receipts", ("seal", text))
        else:
            self.go("pay", text)

    def paintEvent(self, event: QPaintEvent) -> None:
        """The ground of all pages, which is in no part's style sheet."""
        QPainter(self).fillRect(event.rect(), theme.color(theme.palette().page))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.help.place()
        self.top.tell()

    def _leave(self) -> None:
        self.asks_before_closing = False
        self.close()

    def _must_ask(self) -> bool:
        """Tell whether money waits that somebody should hear of; a session that ends asks nobody."""
        standing = self.desk.standing
        waits = standing is not None and standing.status.waiting_papers > 0
        is_asked = self.asks_before_closing and self.opens_again is None
        return is_asked and waits and not _app().isSavingSession()

    def closeEvent(self, event: QCloseEvent) -> None:
        if self._must_ask():
            event.ignore()
            self.gate.ask_to_leave()
            return
        self.gate.note_leaving("closed")
        self._poll.stop()
        self._tidy.stop()
        self.exchanging.stop()
        self.checking.stop()
        self.mirroring.stop()
        if self.desk.is_open:
            self.desk.leaving.emit()
            self.pay.end()
            self.scanner.stop(_app(), self.windowHandle())
        self.tasks.close()
        self.garbage.stop()
        super().closeEvent(event)


def _railing(rail: Rail) -> Scrolled:
    """Return the rail in a place that scrolls where it is higher than the screen; a wheel and the keyboard move it."""
    made = Scrolled(rail, bars=False)
    made.setFixedWidth(theme.METRICS.rail)
    return made


def _app() -> QApplication:
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    return app


def _as_page(widget: QWidget) -> Page:
    assert hasattr(widget, "mark_stale")
    page: Page = widget  # type: ignore[assignment]
    return page
