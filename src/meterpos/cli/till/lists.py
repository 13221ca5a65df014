"""What every meter and plan owes, invoice by invoice, by lateness and line by line, as this till knows it."""

from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from meterpos.cli import statements
from meterpos.cli.listings import ListFormat, print_listing
from meterpos.cli.style import Json, example
from meterpos.cli.till.opened import opened

if TYPE_CHECKING:
    from meterpos.till import Till

AsOf = Annotated[
    datetime | None,
    typer.Option(
        "--as-of", metavar="D", formats=["%Y-%m-%d"], help="The day lateness is counted from; else the business date."
    ),
]


def add_to(group: typer.Typer) -> None:
    """Add this file's commands to the group."""
    group.command("balances", epilog=example("meterpos till balances --format csv > balances.csv"))(balances)
    group.command("invoices", epilog=example("meterpos till invoices --as-of 2026-11-20 --format csv"))(invoices)
    group.command("aging", epilog=example("meterpos till aging --as-of 2026-11-20 --format csv"))(aging)
    group.command("plans", epilog=example("meterpos till plans --format csv > plans.csv"))(plans)
    group.command(
        "statement", epilog=example("meterpos till statement --meter MTR-001 --from 2026-01-01 --to 2026-11-20")
    )(statement)


def balances(context: typer.Context, format_: ListFormat = "text", json: Json = False) -> None:
    """List every meter account with its balance, overpayment, what was billed and what was paid."""
    from meterpos.ledger.queries import listings

    with opened(context) as till, till.store.read() as connection:
        print_listing(listings.balances(connection), name="balances", format_=format_, json=json)


def invoices(context: typer.Context, as_of: AsOf = None, format_: ListFormat = "text", json: Json = False) -> None:
    """List every invoice with what is paid and open of it, and how late it is."""
    from meterpos.ledger.queries import listings

    with opened(context) as till, till.store.read() as connection:
        listing = listings.invoices(connection, as_of=counted_from(till, as_of))
        print_listing(listing, name="invoices", format_=format_, json=json)


def aging(context: typer.Context, as_of: AsOf = None, format_: ListFormat = "text", json: Json = False) -> None:
    """List every meter account with something open, by how late it is."""
    from meterpos.ledger.queries import listings

    with opened(context) as till, till.store.read() as connection:
        listing = listings.aging(connection, as_of=counted_from(till, as_of))
        print_listing(listing, name="aging", format_=format_, json=json)


def plans(context: typer.Context, format_: ListFormat = "text", json: Json = False) -> None:
    """List every instalment plan: total, paid, pending, status, phase, and its last payment by the old names."""
    from meterpos.ledger.queries import listings

    with opened(context) as till, till.store.read() as connection:
        print_listing(listings.plans(connection), name="plans", format_=format_, json=json)


def statement(
    context: typer.Context,
    *,
    meter: statements.Meter = None,
    customer: statements.Customer = None,
    mode: statements.ModeOption = None,
    from_date: statements.FromDate = None,
    to_date: statements.ToDate = None,
    format_: ListFormat = "text",
    json: Json = False,
) -> None:
    """Show everything that changed what a meter owes, line by line, with the balance after each."""
    with opened(context) as till, till.store.read() as connection:
        found = statements.find_statements(
            connection,
            meter=meter,
            customer=customer,
            mode=mode,
            from_date=from_date,
            to_date=to_date,
            today=counted_from(till, None),
        )
    statements.print_statements(found, format_=format_, json=json)


def counted_from(till: "Till", as_of: datetime | None) -> date:
    """Return the day lateness is counted from: the one asked for, else the later of business date and today."""
    from meterpos.ledger.queries.shifts import current_shift

    if as_of is not None:
        return as_of.date()
    today = till.moment().today
    with till.store.read() as connection:
        shift = current_shift(connection)
    return today if shift is None else max(today, shift.business_date)
