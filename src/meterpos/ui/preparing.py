"""Getting ready behind the clerk's back, in the moments when neither hands nor ledger are busy.

Importing a page, making it and the first words with the database take long enough to be felt when a key waits for them.
A till that nobody has touched since it was opened does nothing of this: it stays small.
"""

import importlib
import logging
from collections.abc import Callable, Iterable
from functools import partial
from typing import Final

from PySide6.QtCore import QEvent, QObject, Signal
from PySide6.QtGui import QWindow
from PySide6.QtWidgets import QWidget

from meterpos.ui import said, words
from meterpos.ui.desk import Desk
from meterpos.ui.idle import TOUCHES, Idle
from meterpos.ui.pages.made import PAGES, PARTS

log = logging.getLogger(__name__)

QUIET_MS: Final = 250
"""A typist's longest pause within a word, and more."""
MODULES: Final = (
    "meterpos.printing.receipt",
    "meterpos.printing.preview",
    "meterpos.printing.spool",
    "meterpos.ledger.queries.dossier",
    "meterpos.ledger.queries.lists",
    *(f"meterpos.ui.pages.{name}" for name in PAGES),
)
"""What a receipt or a page will need."""
ALL_DAY: Final = tuple(name for name in PAGES if name not in ("guide", "enrol"))


class Preparing(QObject):
    """Begins at the first touch of the window; takes one step whenever all was quiet for a while, then is `done`."""

    done = Signal()

    def __init__(self, desk: Desk, page: Callable[[str], QWidget], *, quiet_ms: int = QUIET_MS) -> None:
        """``page`` makes a page by name, or returns the one there is."""
        super().__init__(desk)
        self._desk, self._page, self._quiet_ms = desk, page, quiet_ms
        self._steps: list[Callable[[], object]] = [
            self._import,
            self._rehearse,
            *(partial(self._make, name) for name in ALL_DAY),
            *(partial(self._make, name, part) for name, part in PARTS),
        ]
        self._idle = Idle(self)
        self._idle.passed.connect(self._go_on)

    def watch(self, window: QWindow) -> None:
        """Wait for the first touch of this window."""
        self._idle.watch(window)
        window.installEventFilter(self)

    def eventFilter(self, window: QObject, event: QEvent) -> bool:
        if event.type() in TOUCHES:
            window.removeEventFilter(self)
            self._wait()
        return False

    def _wait(self) -> None:
        self._idle.begin(self._quiet_ms if self._steps else 0)
        if not self._steps:
            self.done.emit()

    def _go_on(self) -> None:
        if self._steps[0] == self._import or self._is_free():
            self._steps.pop(0)()
        else:
            self._wait()

    def _is_free(self) -> bool:
        """Tell whether the till stands at its customers and is not at work; an import needs neither."""
        standing = self._desk.standing
        return not self._desk.tasks.busy and standing is not None and standing.status.enrolled

    def _import(self) -> None:
        self._desk.tasks.outside(lambda: import_all(MODULES), lambda _: self._wait())

    def _rehearse(self) -> None:
        """What goes wrong in a rehearsal is told when it is in earnest."""
        from meterpos.ui.models import looking

        today = self._desk.today
        self._desk.tasks.read(
            lambda conn: looking.rehearse(conn, today), lambda _: self._wait(), lambda _: self._wait(), aside=True
        )

    def _make(self, name: str, part: str = "") -> None:
        page = self._page(name)
        made: QWidget = getattr(page, part) if part else page
        for widget in (made, *made.findChildren(QWidget)):
            widget.ensurePolished()
        self._wait()


def import_all(names: Iterable[str]) -> None:
    """Import modules, and what every later sentence needs. Runs in the pool; a broken one is told in the log."""
    for name in names:
        try:
            importlib.import_module(name)
        except ImportError:
            log.exception("cannot import %s", name)
    said.translated("", words.language())  # reads the catalogue of sentences, so that the first error need not
