"""The door to the till: who signs in, locking it, leaving it. Behind it everything stays as it was."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QApplication, QStackedWidget, QWidget

from meterpos.ui import theme, words
from meterpos.ui.desk import Desk
from meterpos.ui.idle import Idle
from meterpos.ui.widgets.scrolled import Scrolled

if TYPE_CHECKING:
    from meterpos.ledger.operations.people import SignOut
    from meterpos.ui.pages.leaving import Leaving
    from meterpos.ui.pages.sign_in import SignInPage

LOCK_KEY = "Ctrl+L"
MINUTE_MS = 60_000


class Gate(QStackedWidget):
    """The till, the sign-in page in front of it, or the question whether to leave."""

    entered = Signal(bool)  # someone signed in; whether it is another than before
    cannot_lock = Signal(str)
    leave = Signal()  # the clerk closes the window although money waits

    def __init__(self, desk: Desk, inside: QWidget) -> None:
        super().__init__()
        self._desk, self.inside = desk, inside
        self.page: SignInPage | None = None
        self._leaving: Leaving | None = None
        self._fronts: dict[QWidget, Scrolled] = {}
        self._focus: QWidget | None = None
        self._last: str | None = None
        self._behind: QWidget = inside
        self._focus_behind: QWidget | None = None
        self.idle = Idle(self)
        self.addWidget(inside)
        self.idle.passed.connect(lambda: self.lock("idle"))
        QShortcut(QKeySequence(LOCK_KEY), inside, lambda: self.lock("asked"))

    def minimumSizeHint(self) -> QSize:
        """The window says how small it may be, not the page that happens to be widest."""
        return QSize(0, 0)

    @property
    def is_locked(self) -> bool:
        """Whether the till waits for a name and a PIN."""
        return self.page is not None and self.currentWidget() is self._fronts[self.page]

    def _put_in_front(self, page: QWidget) -> None:
        """Show a page over the till; where the window is too small for it, it scrolls."""
        if page not in self._fronts:
            self._fronts[page] = Scrolled(page)
            self.addWidget(self._fronts[page])
        theme.wear(self._fronts[page])
        self.setCurrentWidget(self._fronts[page])

    def stand(self) -> None:
        """The till's standing was read anew."""
        if self.page is not None and self.is_locked:
            self.page.refresh()

    # --- signing in ----------------------------------------------------------------------------------------------

    def open_for_work(self) -> None:
        """Ask who stands here; where head office has sent nobody yet, work in the name of the machine's login."""
        standing = self._desk.standing
        if standing is None or self.is_locked:
            return
        if standing.knows_people:
            self._ask(locked=False)
        elif self._desk.clerk is None:
            self._desk.enter(self._desk.till.login_name(), lambda: self._let_in(is_another=False))

    def admit(self, user_name: str) -> None:
        """Let someone in whose PIN was right; what the same person had typed is as they left it."""
        is_another = self._last is not None and self._last != user_name
        self._last = user_name
        self._desk.enter(user_name, lambda: self._let_in(is_another=is_another))

    def _let_in(self, *, is_another: bool) -> None:
        self.setCurrentWidget(self.inside)
        if self.page is not None:
            self.page.forget()
        self.entered.emit(is_another)
        if not is_another and self._focus is not None and self._focus.isVisible():
            self._focus.setFocus()
        self._focus = None
        self.begin_counting()

    def begin_counting(self) -> None:
        """Count the idle minutes of the setting in force."""
        window = self.window().windowHandle()
        if window is not None:
            self.idle.watch(window)
        self.idle.begin(self._desk.till.settings.lock_after_min * MINUTE_MS)

    # --- locking -------------------------------------------------------------------------------------------------

    def lock(self, why: "SignOut") -> None:
        """Put the door before the till and note it; what is typed stays where it is."""
        standing, who = self._desk.standing, self._desk.me
        if self._is_leaving():
            self._stay()
        if standing is None or who is None or self.currentWidget() is not self.inside:
            return
        if not standing.knows_people:
            if why == "asked":
                self.cannot_lock.emit(words.say("gate.nobody_known"))
            return
        self.note_leaving(why)
        self._ask(locked=True)

    def note_leaving(self, why: "SignOut") -> None:
        """Note in the journal that who is signed in left."""
        who = self._desk.clerk
        if who is not None and not self.is_locked:
            till = self._desk.till
            self._desk.tasks.in_lane(lambda: till.sign_out(user_name=who, why=why), lambda _: None)

    def _ask(self, *, locked: bool) -> None:
        self.idle.end()
        me = self._desk.me
        if me is not None and me.is_known:
            self._last = me.user_name  # after a handover it is the next clerk
        menu = QApplication.activePopupWidget()
        if menu is not None:
            menu.close()
        self._focus = self.inside.focusWidget()
        if self.page is None:
            from meterpos.ui.pages.sign_in import SignInPage

            self.page = SignInPage(self._desk)
            self.page.signed_in.connect(self.admit)
        self._put_in_front(self.page)
        self.page.open_for(self._last, locked=locked)

    # --- leaving -------------------------------------------------------------------------------------------------

    def ask_to_leave(self) -> None:
        """Say what waits, and let the clerk stay or go; a locked till stays locked."""
        if self._leaving is None:
            from meterpos.ui.pages.leaving import Leaving

            self._leaving = Leaving(self._desk)
            self._leaving.go.connect(self.leave)
            self._leaving.stay.connect(self._stay)
        front = self.currentWidget()
        if front is not None and not self._is_leaving():
            self._behind, self._focus_behind = front, front.focusWidget()
        self._put_in_front(self._leaving)
        self._leaving.tell()

    def _is_leaving(self) -> bool:
        return self._leaving is not None and self.currentWidget() is self._fronts.get(self._leaving)

    def _stay(self) -> None:
        self.setCurrentWidget(self._behind)
        if self._focus_behind is not None:
            self._focus_behind.setFocus()
