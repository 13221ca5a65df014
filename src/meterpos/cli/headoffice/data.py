"""Bringing a utility's files in, and listing what its meters owe."""

from pathlib import Path
from typing import Annotated

import typer

from meterpos.cli import exports, listings, show, statements
from meterpos.cli.headoffice.opened import BOOKS, opened
from meterpos.cli.style import Json, example

WARNINGS_SHOWN = 20


def add_to(group: typer.Typer) -> None:
    """Add this file's commands to the group."""
    group.command("import", epilog=example("meterpos headoffice import town/ --dry-run"))(import_directory)
    listings.add_to(group, BOOKS)
    statements.add_to(group, BOOKS)
    exports.add_to(group, BOOKS)


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
        done = load(office.store, directory, dry_run=dry_run, moment=office.moment())
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
