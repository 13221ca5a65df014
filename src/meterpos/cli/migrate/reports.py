"""Validating a migration and printing what it came to."""

import sys
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from meterpos.cli import show
from meterpos.cli.headoffice.opened import opened
from meterpos.cli.migrate import words
from meterpos.cli.style import CHECK_FOUND, Json, example

if TYPE_CHECKING:
    from meterpos.headoffice.legacy.reports import Report

Name = Literal["payments", "invoices", "meters", "plans", "journals", "invoices-without-bills", "proof", "review"]
IDS_SHOWN = 10


def add_to(group: typer.Typer) -> None:
    """Add this file's commands to the group."""
    group.command("validate", epilog=example("meterpos migrate validate --check balances"))(validate)
    group.command("report", epilog=example("meterpos migrate report proof --format pdf > proof.pdf"))(report)


def validate(
    context: typer.Context,
    *,
    check: Annotated[
        Literal["payments", "invoices", "balances", "journals", "all"],
        typer.Option("--check", metavar="payments|invoices|balances|journals|all", help="Which part of it."),
    ] = "all",
    json: Json = False,
) -> None:
    """Check what must hold of the migration and list what does not, with counts and ids; leaves with 3 then."""
    from meterpos.headoffice.legacy import problems
    from meterpos.headoffice.legacy.run import Runner
    from meterpos.headoffice.legacy.state import VALIDATE
    from meterpos.headoffice.legacy.steps.checks import GROUPS, STOPS

    progress = words.Progressing()
    with opened(context) as office:
        outcome = Runner(office, tell=progress).validate(GROUPS if check == "all" else (check,))
        progress.end()
        with office.store.read() as conn:
            ids = {code: problems.ids(conn, VALIDATE, code) for code in outcome.counts}
    if json:
        found = [
            {"code": code, "count": count, "stops": code in STOPS, "ids": ids[code]}
            for code, count in outcome.counts.items()
        ]
        show.as_json({"problems": found})
    else:
        for code, count in outcome.counts.items():
            more = ", …" if count > IDS_SHOWN else ""
            weight = " (stops a live run)" if code in STOPS else ""
            show.tell(f"{code.replace('_', ' ')}: {count:,}{weight}: {', '.join(ids[code][:IDS_SHOWN])}{more}")
        show.tell(
            "Everything holds." if not outcome.counts else "All of it: meterpos migrate report review --format csv"
        )
    if outcome.counts:
        raise typer.Exit(CHECK_FOUND)


def report(
    context: typer.Context,
    name: Annotated[
        Name,
        typer.Argument(
            metavar="REPORT",
            help="payments, invoices, meters, plans, journals, invoices-without-bills, proof or review.",
        ),
    ],
    *,
    format_: Annotated[
        Literal["text", "csv", "xlsx", "pdf"],
        typer.Option("--format", metavar="text|csv|xlsx|pdf", help="text for people, csv for programs."),
    ] = "text",
    json: Json = False,
) -> None:
    """Print what the migration comes to: tables as CSV, a spreadsheet or PDF."""
    from meterpos.headoffice.legacy import papers, reports

    with opened(context) as office, office.store.read() as conn:
        made = reports.report(conn, name)
        if json:
            show.as_json({name: [_in_minor(made, row) for row in made.rows]})
        elif format_ == "csv":
            papers.write_csv(made, sys.stdout)
        elif format_ == "text":
            right = [column for column in made.columns if column in made.money]
            show.as_table(made.columns, made.rows, right=right)
        else:
            if sys.stdout.isatty():
                raise typer.BadParameter("is a file: send it to one, as in > report.pdf", param_hint="--format")
            head = f"{office.settings.utility}, {office.moment().at:%Y-%m-%d %H:%M} UTC"
            show.as_bytes(papers.as_bytes(made, format_, head=head))


def _in_minor(made: "Report", row: tuple[str, ...]) -> dict[str, object]:
    from meterpos.ledger.money import parse_amount

    return {
        f"{column}_minor" if column in made.money else column: (
            parse_amount(cell, signed=True) if cell and column in made.money else cell or None
        )
        for column, cell in zip(made.columns, row, strict=True)
    }
