"""Whose books a command reads: a till's or head office's. What both can tell is a command written once."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated, Any, Protocol

import typer

if TYPE_CHECKING:
    from meterpos.ledger.moment import Moment
    from meterpos.ledger.store import Store

AsOf = Annotated[
    datetime | None,
    typer.Option(
        "--as-of", metavar="D", formats=["%Y-%m-%d"], help="The day lateness is counted from; else the business date."
    ),
]


class Open(Protocol):
    """An open till or head office, as far as it is read from."""

    @property
    def store(self) -> "Store": ...

    def moment(self) -> "Moment": ...


@dataclass(frozen=True, slots=True)
class Books:
    """``program`` is how the command is called, ``day`` which day is counted from where none is asked for.

    ``columns`` is how many letters a line of the roll has where a paper is printed.
    """

    program: str
    opened: Callable[[typer.Context], AbstractContextManager[Any]]
    day: Callable[[Any, datetime | None], date]
    columns: Callable[[Any], int]
    is_till: bool
