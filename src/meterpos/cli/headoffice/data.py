"""Bringing a utility's files in, and listing what its meters owe."""

from pathlib import Path
from typing import Annotated

import typer

from meterpos.cli import show, statements
from meterpos.cli.headoffice.opened import AsOf, day, opened
from meterpos.cli.listings import ListFormat, print_listing
from meterpos.cli.style import Json, example

WARNINGS_SHOWN = 20


def add_to(group: typer.Typer) -> None:
    """Add this file's commands to the group."""
    group.command("import", epilog=example("meterpos headoffice import town/ --dry-run"))(import_directory)
    group.command("balances", epilog=example("meterpos headoffice balances --format csv > balances.csv"))(balances)
    group.command("invoices", epilog=example("meterpos headoffice invoices --as-of 2026-11-20 --format csv"))(invoices)
    group.command("aging", epilog=example("meterpos headoffice aging --as-of 2026-11-20 --format csv"))(aging)
    group.command("statement", epilog=example("meterpos headoffice statement --meter MTR-001 --from 2026-01-01"))(
        statement
    )


def import_directory(
    context: typer.Context,
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="The folder of customers.csv, meters.csv, …")],
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be imported.")] = False,
    json: Json = False,
) -> None:
    """Import a utility's customers, meters, accounts, invoices and payments: all of it, or nothing."""
    from meterpos.headoffice.importing import import_directory as load

    with opened(context) as office:
        done = load(office.store, directory, dry_run=dry_run)
    if json:
        warnings = [
            {"file": one.file, "line": one.line, "column": one.column, "reason": one.reason} for one in done.warnings
        ]
        show.as_json(
            {
                "rows": done.rows,
                "dry_run": dry_run,
                "seconds": round(done.seconds, 3),
                "warning_count": done.warning_count,
                "warnings": warnings,
            }
        )
        return
    show.as_table(("file", "rows"), [(name, f"{count:,}") for name, count in done.rows.items()], right=("rows",))
    for warning in done.warnings[:WARNINGS_SHOWN]:
        show.tell(f"look at {warning}")
    if done.warning_count > WARNINGS_SHOWN:
        show.tell(f"… and {done.warning_count - WARNINGS_SHOWN:,} more to look at; --json lists the first thousand")
    count = sum(done.rows.values())
    what = "would be imported; nothing was changed" if dry_run else "imported"
    show.tell(f"{count:,} rows {what}, {done.seconds:.1f} s.")


def balances(context: typer.Context, format_: ListFormat = "text", json: Json = False) -> None:
    """List every meter account with its balance, overpayment, what was billed and what was paid."""
    from meterpos.ledger.queries import listings

    with opened(context) as office, office.store.read() as conn:
        print_listing(listings.balances(conn), name="balances", format_=format_, json=json)


def invoices(context: typer.Context, as_of: AsOf = None, format_: ListFormat = "text", json: Json = False) -> None:
    """List every invoice with what is paid and open of it, and how late it is."""
    from meterpos.ledger.queries import listings

    with opened(context) as office, office.store.read() as conn:
        listing = listings.invoices(conn, as_of=day(office, as_of))
        print_listing(listing, name="invoices", format_=format_, json=json)


def aging(context: typer.Context, as_of: AsOf = None, format_: ListFormat = "text", json: Json = False) -> None:
    """List every meter account with something open, by how late it is."""
    from meterpos.ledger.queries import listings

    with opened(context) as office, office.store.read() as conn:
        listing = listings.aging(conn, as_of=day(office, as_of))
        print_listing(listing, name="aging", format_=format_, json=json)


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
    with opened(context) as office, office.store.read() as conn:
        found = statements.find_statements(
            conn,
            meter=meter,
            customer=customer,
            mode=mode,
            from_date=from_date,
            to_date=to_date,
            today=day(office, None),
        )
    statements.print_statements(found, format_=format_, json=json)
