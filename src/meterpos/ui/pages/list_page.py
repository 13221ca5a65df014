"""A page of one long list, and beside it a card with the one chosen: customers and meters are such pages."""

from collections.abc import Callable
from datetime import date
from typing import TYPE_CHECKING, Any, Protocol

from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QWidget

from meterpos.errors import UserError
from meterpos.ui.desk import Desk
from meterpos.ui.models.roll import Ask
from meterpos.ui.pages.list_column import ListColumn
from meterpos.ui.theme import METRICS
from meterpos.ui.widgets.basic import horizontal

if TYPE_CHECKING:
    from PySide6.QtCore import SignalInstance
    from sqlalchemy import Connection


class Card(Protocol):
    """What shows the one chosen. `record` carries customer and account number of a payment to be taken."""

    @property
    def record(self) -> "SignalInstance": ...

    def shown_number(self) -> str | None:
        """Return the number of what is shown."""

    def show_one(self, dossier: Any) -> None:
        """Show one."""

    def show_nothing(self) -> None:
        """Ask to choose one."""

    def enter(self) -> None:
        """Take the keyboard."""

    def stand(self) -> None:
        """The till's standing was read anew."""


class ListPage(QWidget):
    """Lists, finds and shows; on a narrow screen the part of fixed width gives way."""

    def __init__(
        self,
        desk: Desk,
        column: ListColumn,
        card: Card,
        *,
        topic: str,
        ask: Callable[[date], tuple[Ask, bool]],
        find: "Callable[[Connection, str, date], object]",
        keeps_place: bool = False,
    ) -> None:
        """``ask`` returns how the list is read as things stand, and whether aside; ``find`` reads the one chosen.

        ``keeps_place``: another list stands where the one before stood, if that is in it.
        """
        super().__init__()
        self.setObjectName("page")
        self._desk, self.list, self._shown_by = desk, column, card
        self._topic, self._ask, self._find, self._keeps_place = topic, ask, find, keeps_place
        self._stale = True
        self._fixed: tuple[QWidget, int, int] | None = None
        self.roll, self.rows = column.roll, column.rows
        self.line, self.count, self.nothing = column.line, column.count, column.nothing
        self.line.textChanged.connect(lambda _: self.read())
        self.line.entered.connect(self._go_in)
        self.rows.moved.connect(lambda _: self._open())
        self.rows.picked.connect(lambda _: self._go_in())
        self.roll.began.connect(self._open)
        self.roll.counted.connect(self._let_go)
        card.record.connect(lambda *whom: desk.go_to.emit("pay", ("account", *whom)))

    def lay_out(self, left: QWidget, right: QWidget, *, fixed: QWidget, wide: int, narrow: int) -> None:
        """Put list and card side by side; ``fixed`` is the one that does not grow."""
        margin = METRICS.margin
        row = horizontal(self, margins=(margin, METRICS.gap, margin, METRICS.gap), spacing=METRICS.gap)
        for part in (left, right):
            row.addWidget(part, 0 if part is fixed else 1)
        self._fixed = fixed, wide, narrow
        fixed.setFixedWidth(wide)

    def hasHeightForWidth(self) -> bool:
        """Its lists scroll in themselves: they take the room there is."""
        return False

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if self._fixed is not None:
            part, wide, narrow = self._fixed
            part.setFixedWidth(narrow if self.window().width() < METRICS.narrow_below else wide)

    # --- the page's life -----------------------------------------------------------------------------------------

    def shown(self, what: object = None) -> None:
        """Come to the front; `what` is a text to search for."""
        self.line.setFocus()
        self.line.selectAll()
        if isinstance(what, str):
            self.line.setText(what)
        if self._stale:
            self.refresh()

    def refresh(self) -> None:
        """Read the list again; what is in sight stays until it was read anew."""
        self._stale = False
        self.read(again=True)
        self._open(again=True)

    def mark_stale(self) -> None:
        """Remember to read again when shown."""
        self._stale = True

    def stand(self) -> None:
        """The till's standing was read anew."""
        self._shown_by.stand()

    # --- the list ------------------------------------------------------------------------------------------------

    def read(self, *, again: bool = False) -> None:
        """Read the list as it is asked for now."""
        if not self._desk.is_open:
            return
        self.rows.stand_on(self.rows.number() if again or self._keeps_place else None)
        ask, aside = self._ask(self._desk.today)
        self.roll.read(ask, again=again, aside=aside)

    def _let_go(self) -> None:
        """Show nothing where nothing is left."""
        if self.list.is_empty():
            self._shown_by.show_nothing()

    # --- the one chosen ------------------------------------------------------------------------------------------

    def _open(self, *, again: bool = False, go_in: bool = False) -> None:
        number = self._shown_by.shown_number() if again else self.rows.number()
        if number is None:
            return
        today = self._desk.today

        def show(dossier: object) -> None:
            self._shown_by.show_one(dossier)
            if go_in and self.isVisible():
                self._shown_by.enter()

        self._desk.tasks.read(lambda conn: self._find(conn, number, today), show, self._refuse, topic=self._topic)

    def _go_in(self) -> None:
        """The keyboard follows once the card shows the one it stood on: never one before."""
        self._open(go_in=True)

    def _refuse(self, error: UserError) -> None:
        self._shown_by.show_nothing()
        self._desk.tasks.went_wrong.emit(error)
