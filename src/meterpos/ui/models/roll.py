"""A long list that is never loaded: its numbers come in chunks, its rows window by window as they are looked at."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final, Generic, TypeVar, overload

from PySide6.QtCore import QObject, Signal

from meterpos.ui.desk import Desk

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from meterpos.ledger.queries.lists import Chunk, Cursor

WINDOW: Final = 60
"""Rows read at once: three screens full at most."""

IN_SIGHT: Final = 24
"""Rows that come with the first numbers: what a tall screen shows; by balance each lies on a page of its own."""

KEPT_MAX: Final = 3_000


R = TypeVar("R")
Ask = Callable[["Connection", "Cursor | None"], "Chunk"]


class Rows(Sequence["R | None"]):
    """The rows as a list shows them; one that was not read yet is None, and is read because somebody asked."""

    def __init__(self, roll: "Roll[R]") -> None:
        self._roll = roll

    def __len__(self) -> int:
        return len(self._roll.numbers)

    @overload
    def __getitem__(self, at: int) -> "R | None": ...
    @overload
    def __getitem__(self, at: slice) -> "Sequence[R | None]": ...
    def __getitem__(self, at: int | slice) -> "R | Sequence[R | None] | None":
        if isinstance(at, slice):
            return [self._roll.row(place) for place in range(len(self))[at]]
        if not 0 <= at < len(self):
            raise IndexError(at)
        return self._roll.row(at)


class Roll(QObject, Generic[R]):
    """Reads a list in the lane. `began` when other numbers stand in it, `grown` (old and new count) when more came."""

    began = Signal()
    grown = Signal(int, int)
    arrived = Signal()  # rows that had been asked for
    counted = Signal()  # how many there are changed, or is now sure

    def __init__(
        self,
        desk: Desk,
        topic: str,
        rows_of: "Callable[[Connection, Sequence[str]], Sequence[R]]",
        number_of: Callable[[R], str],
    ) -> None:
        super().__init__()
        self._desk, self._topic, self._rows_of, self._number_of = desk, topic, rows_of, number_of
        self.numbers: list[str] = []
        self.rows = Rows(self)
        self.is_whole = False
        self._known: dict[str, R] = {}
        self._old: dict[str, R] = {}  # shown until read again
        self._turn = 0
        self._gathered: list[str] = []
        self._quiet = False
        self._aside = False
        self._wanted: list[int] = []
        self._flying = False

    def read(self, ask: Ask, *, again: bool = False, aside: bool = False) -> None:
        """Read another list; `again`: the same one, which stays in sight until it was read anew.

        `aside`: its order or filter needs the whole table, which is not read in the lane.
        """
        self._turn += 1
        self._gathered, self._quiet = [], again and self.is_whole
        self.is_whole = self.is_whole and again
        self._aside = aside
        self._ask_on(ask, None, self._turn)

    def _ask_on(self, ask: Ask, after: "Cursor | None", turn: int) -> None:
        """Read the next numbers; with the first ones come the rows that will be looked at first."""
        is_first = not self._quiet and not self._gathered and not self.is_whole

        def work(conn: "Connection") -> "tuple[Chunk, Sequence[R]]":
            chunk = ask(conn, after)
            return chunk, self._rows_of(conn, chunk.numbers[:IN_SIGHT]) if is_first else ()

        self._desk.tasks.read(
            work,
            lambda found: self._take(ask, *found, turn),
            topic=self._topic,
            aside=self._aside,
        )

    def _take(self, ask: Ask, chunk: "Chunk", rows: "Sequence[R]", turn: int) -> None:
        if turn != self._turn:
            return
        first = not self._quiet and len(self._gathered) == 0 and not self.is_whole
        self._gathered += chunk.numbers
        ended = chunk.after is None
        if (self._quiet and ended) or (first and (chunk.numbers or ended)):
            self._replace(rows)
        elif not self._quiet and (ended or len(self._gathered) >= 2 * len(self.numbers)):
            self._grow()
        self.is_whole = ended or self._quiet
        self.counted.emit()
        if not ended:
            self._ask_on(ask, chunk.after, turn)

    def _replace(self, rows: "Sequence[R]") -> None:
        """Show what was gathered: the same numbers only have their rows read again."""
        self._known, self._old = {self._number_of(row): row for row in rows}, self._known
        if self._gathered == self.numbers:
            self.arrived.emit()
        else:
            self.numbers = list(self._gathered)
            self.began.emit()

    def _grow(self) -> None:
        old, new = len(self.numbers), len(self._gathered)
        if new > old:
            self.grown.emit(old, new)

    def take_more(self) -> None:
        """Let the numbers that were gathered stand in the list; called while the list expects them."""
        self.numbers += self._gathered[len(self.numbers) :]

    @property
    def gathered(self) -> int:
        """How many numbers were read so far."""
        return len(self.numbers) if self._quiet else len(self._gathered)

    # --- rows ----------------------------------------------------------------------------------------------------

    def row(self, at: int) -> "R | None":
        """Return a row; one that was not read yet is asked for."""
        if not 0 <= at < len(self.numbers):
            return None
        row = self._known.get(self.numbers[at])
        if row is None:
            self._want(at // WINDOW)
            row = self._old.get(self.numbers[at])
        return row

    def _want(self, window: int) -> None:
        if window in self._wanted:
            self._wanted.remove(window)
        self._wanted.append(window)
        if not self._flying:
            self._fetch()

    def _fetch(self) -> None:
        """Read the window that was looked at last; those scrolled past are forgotten."""
        window = self._wanted[-1]
        self._wanted = self._wanted[-3:-1]
        numbers = self.numbers[window * WINDOW : (window + 1) * WINDOW]
        self._flying = True
        self._desk.tasks.read(lambda conn: self._rows_of(conn, numbers), self._have, self._fail)

    def _fail(self, error: object) -> None:
        self._flying, self._wanted = False, []
        self._desk.tasks.went_wrong.emit(error)

    def _have(self, rows: "Sequence[R]") -> None:
        if len(self._known) > KEPT_MAX:
            self._known, self._old = {}, self._known
        self._known.update({self._number_of(row): row for row in rows})
        self._flying = False
        self._wanted = [
            window
            for window in self._wanted
            if any(one not in self._known for one in self.numbers[window * WINDOW : (window + 1) * WINDOW])
        ]
        self.arrived.emit()
        if self._wanted and not self._flying:
            self._fetch()
