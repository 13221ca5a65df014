"""What a source of old books answers."""

from collections.abc import Iterator, Sequence
from typing import Any, Protocol

from meterpos.errors import UserError

Row = Sequence[Any]


class UnusableSource(UserError):
    """The old books cannot be read there."""


class Source(Protocol):
    """Old books, opened for reading alone and seen as they were at one moment."""

    def columns(self, table: str) -> tuple[str, ...] | None:
        """Return a table's columns in order, None where there is no such table."""

    def count(self, table: str, *, tenant: int | None, parent: tuple[str, str] | None) -> int:
        """Return how many rows `chunks` will give (an estimate, for the time left)."""

    def chunks(self, table: str, *, tenant: int | None, parent: tuple[str, str] | None) -> Iterator[Sequence[Row]]:
        """Return a table's rows, some at once; of one tenant by its own column, or by its parent's.

        ``parent`` is (own column, parent table).
        """

    def owners(self, table: str, ids: Sequence[int]) -> dict[int, int]:
        """Return whose those of these rows are that exist: id -> tenant."""

    def close(self) -> None:
        """Let go of it."""
