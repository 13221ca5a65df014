"""Balances, invoices, aging and plans, the same at till and head office: CSV for programs, a table for people, JSON."""

import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from meterpos.cli import show
from meterpos.cli.books import AsOf, Books
from meterpos.cli.style import Json, example

if TYPE_CHECKING:
    from meterpos.ledger.queries.listings import Listing

ListFormat = Annotated[
    Literal["text", "csv"], typer.Option("--format", metavar="text|csv", help="text for people, csv for programs.")
]


def add_to(group: typer.Typer, books: Books) -> None:
    """Add the listings of these books to a group."""

    def balances(context: typer.Context, format_: ListFormat = "text", json: Json = False) -> None:
        """List every meter account with its balance, overpayment, what was billed and what was paid."""
        from meterpos.ledger.queries import listings

        with books.opened(context) as open_, open_.store.read() as connection:
            print_listing(listings.balances(connection), name="balances", format_=format_, json=json)

    def invoices(context: typer.Context, as_of: AsOf = None, format_: ListFormat = "text", json: Json = False) -> None:
        """List every invoice with what is paid and open of it, and how late it is."""
        from meterpos.ledger.queries import listings

        with books.opened(context) as open_, open_.store.read() as connection:
            listing = listings.invoices(connection, as_of=books.day(open_, as_of))
            print_listing(listing, name="invoices", format_=format_, json=json)

    def aging(context: typer.Context, as_of: AsOf = None, format_: ListFormat = "text", json: Json = False) -> None:
        """List every meter account with something open, by how late it is."""
        from meterpos.ledger.queries import listings

        with books.opened(context) as open_, open_.store.read() as connection:
            listing = listings.aging(connection, as_of=books.day(open_, as_of))
            print_listing(listing, name="aging", format_=format_, json=json)

    called = f"meterpos {books.program}"
    group.command("balances", epilog=example(f"{called} balances --format csv > balances.csv"))(balances)
    group.command("invoices", epilog=example(f"{called} invoices --as-of 2026-11-20 --format csv"))(invoices)
    group.command("aging", epilog=example(f"{called} aging --as-of 2026-11-20 --format csv"))(aging)


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
