"""Balances, invoices, aging and plans, the same at till and head office: CSV for programs, a table for people, JSON."""

import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from meterpos.cli import show

if TYPE_CHECKING:
    from meterpos.ledger.queries.listings import Listing

ListFormat = Annotated[
    Literal["text", "csv"], typer.Option("--format", metavar="text|csv", help="text for people, csv for programs.")
]


def print_listing(listing: "Listing[Any]", *, name: str, format_: str, json: bool) -> None:
    """Print a listing; its JSON is one object whose ``name`` holds the rows. Inside the connection's block."""
    from meterpos.ledger.queries.listings import write_csv

    if json:
        show.as_json({name: [row._asdict() for row in listing]})
    elif format_ == "csv":
        write_csv(listing, sys.stdout)
    else:
        titles = tuple(column.removesuffix("_minor").replace("_", " ") for column in listing.columns)
        money = [column.endswith("_minor") for column in listing.columns]
        right = [title for title, is_money in zip(titles, money, strict=True) if is_money or title == "days overdue"]
        show.as_table(titles, (_cells(row, money) for row in listing), right=right)


def _cells(row: Iterable[Any], money: Iterable[bool]) -> tuple[str, ...]:
    from meterpos.ledger.money import format_amount

    return tuple(
        format_amount(cell) if is_money else "" if cell is None else str(cell)
        for cell, is_money in zip(row, money, strict=True)
    )
