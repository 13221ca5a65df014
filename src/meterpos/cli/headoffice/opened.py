"""The open head office behind a command, and how commands of this group speak of what they did."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from meterpos.cli import show
from meterpos.cli.books import Books

if TYPE_CHECKING:
    from meterpos.headoffice.office import Office
    from meterpos.settings import HeadOfficeSettings

Day = Annotated[
    datetime | None, typer.Option("--on", metavar="D", formats=["%Y-%m-%d"], help="The day it counts from; else today.")
]

Database = Annotated[
    str | None,
    typer.Option(
        "--database",
        metavar="URL",
        help="Head office's database; else METERPOS_DATABASE, else an SQLite file in its home.",
    ),
]
Utility = Annotated[
    str | None,
    typer.Option("--utility", metavar="NAME", help="Which of this machine's utilities; else METERPOS_UTILITY."),
]


@dataclass(frozen=True, slots=True)
class Chosen:
    """Which head office the group's options name; None means as settings say."""

    database: str | None
    utility: str | None

    def settings(self) -> "HeadOfficeSettings":
        """Return its settings. Raises: UnusableSettings."""
        from meterpos.settings import load_headoffice_settings

        return load_headoffice_settings(database=self.database, utility=self.utility)


@contextmanager
def opened(context: typer.Context) -> "Iterator[Office]":
    """Open the head office the group's options name, and let go of it afterwards. Raises: what `open_office` raises."""
    from meterpos.headoffice.office import open_office

    chosen: Chosen = context.obj
    office = open_office(chosen.settings())
    try:
        yield office
        office.store.checkpoint_before_leaving()
    finally:
        office.close()


def day(office: "Office", on: datetime | None) -> date:
    """Return the day named, else today on the utility's calendar."""
    return on.date() if on is not None else office.moment().today


COLUMNS = 48
BOOKS = Books("headoffice", opened, day, columns=lambda _: COLUMNS, is_till=False)
"""Head office's books, for the commands that a till has too."""


def tell(sentence: str, answer: Mapping[str, Any], *, json: bool) -> None:
    """Say what was done: a sentence for people, an object for programs."""
    if json:
        show.as_json(answer)
    else:
        show.tell(sentence)
