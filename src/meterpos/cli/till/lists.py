"""What this till's books say: listings and statements, and the day lateness is counted from."""

from datetime import date, datetime
from typing import TYPE_CHECKING

import typer

from meterpos.cli import exports, listings, statements
from meterpos.cli.books import Books
from meterpos.cli.listings import ListFormat, print_listing
from meterpos.cli.style import Json, example
from meterpos.cli.till.opened import opened

if TYPE_CHECKING:
    from meterpos.till import Till


def add_to(group: typer.Typer) -> None:
    """Add this file's commands to the group."""
    books = Books("till", opened, counted_from, columns=lambda till: till.settings.columns, is_till=True)
    listings.add_to(group, books)
    group.command("plans", epilog=example("meterpos till plans --format csv > plans.csv"))(plans)
    statements.add_to(group, books)
    exports.add_to(group, books)


def plans(context: typer.Context, format_: ListFormat = "text", json: Json = False) -> None:
    """List every instalment plan: total, paid, pending, status, phase, and its last payment by the old names."""
    from meterpos.ledger.queries.listings import plans as list_plans

    with opened(context) as till, till.store.read() as connection:
        print_listing(list_plans(connection), name="plans", format_=format_, json=json)


def counted_from(till: "Till", as_of: datetime | None) -> date:
    """Return the day lateness is counted from: the one asked for, else the later of business date and today."""
    from meterpos.ledger.queries.shifts import current_shift

    if as_of is not None:
        return as_of.date()
    today = till.moment().today
    with till.store.read() as connection:
        shift = current_shift(connection)
    return today if shift is None else max(today, shift.business_date)
