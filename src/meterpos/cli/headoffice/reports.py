"""`meterpos headoffice report`: the papers of head office, as text, PDF, CSV or a workbook."""

from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from meterpos.cli import show, statements
from meterpos.cli.headoffice.opened import BOOKS, day, opened
from meterpos.cli.statements import Customer, Meter, ModeOption
from meterpos.cli.style import example, new_group

if TYPE_CHECKING:
    from meterpos.headoffice.reports import Format as Format_
    from meterpos.headoffice.reports import Kind

app = new_group(help="The papers of head office: text for people, PDF for A4, CSV and XLSX for programs.")

Format = Annotated[
    Literal["text", "pdf", "csv", "xlsx"],
    typer.Option("--format", metavar="text|pdf|csv|xlsx", help="text for people, a PDF of A4, csv, or a workbook."),
]
Language = Annotated[
    Literal["en", "sw"], typer.Option("--language", metavar="en|sw", help="The language of the paper.")
]
From = Annotated[
    datetime | None,
    typer.Option("--from", metavar="D", formats=["%Y-%m-%d"], help="The first day; else the first of --to's month."),
]
To = Annotated[
    datetime | None, typer.Option("--to", metavar="D", formats=["%Y-%m-%d"], help="The last day; else today.")
]


def _add(kind: "Kind", about: str, *, typed: str) -> None:
    """Add the command of a report of a period; ``typed`` is what its example adds."""

    @app.command(kind, help=about, epilog=example(f"meterpos headoffice report {kind} {typed}"))
    def command(
        context: typer.Context,
        *,
        from_date: From = None,
        to_date: To = None,
        format_: Format = "text",
        language: Language = "en",
    ) -> None:
        _of_period(context, kind, from_date, to_date, format_=format_, language=language)


_add(
    "financial",
    "What is owed and held, billed and collected, the ten largest debts, and the aging of every meter.",
    typed="--from 2026-11-01 --format pdf > f.pdf",
)
_add(
    "collections",
    "What was taken, and taken back, by method, till, clerk and day; also what came in at no till.",
    typed="--from 2026-11-20 --format csv",
)
_add(
    "custody",
    "Where the cash is: each till's drawers and safe now, and the period's shifts, drops, pay-outs and bankings.",
    typed="--from 2026-11-20",
)


@app.command("aging", epilog=example("meterpos headoffice report aging --format xlsx > aging.xlsx"))
def aging(
    context: typer.Context,
    *,
    from_date: Annotated[
        datetime | None,
        typer.Option(
            "--from", metavar="D", formats=["%Y-%m-%d"], help="As in the other reports; what is open is listed whole."
        ),
    ] = None,
    to_date: Annotated[
        datetime | None,
        typer.Option(
            "--to", "--as-of", metavar="D", formats=["%Y-%m-%d"], help="The day lateness is counted from; else today."
        ),
    ] = None,
    format_: Format = "text",
    language: Language = "en",
) -> None:
    """Who owes: each customer with the oldest open invoice, its date and how late it is, the most overdue first."""
    _of_period(context, "aging", from_date, to_date, format_=format_, language=language)


_add(
    "trial-balance",
    "What every book held before the period, what changed, and what it holds, in debit and credit: the sum is zero.",
    typed="--to 2026-11-30 --format csv",
)


@app.command(
    "statement", epilog=example("meterpos headoffice report statement --customer AC-10482 --format xlsx > s.xlsx")
)
def statement(
    context: typer.Context,
    *,
    meter: Meter = None,
    customer: Customer = None,
    mode: ModeOption = None,
    from_date: statements.FromDate = None,
    to_date: To = None,
    format_: Format = "text",
) -> None:
    """Everything that changed what a meter owes, line by line, in the language of the customer."""
    from meterpos.headoffice.reports import write

    with opened(context) as office, office.store.read() as connection:
        last = day(office, to_date)
        first = from_date.date() if from_date else date(last.year, 1, 1)
        made = statements.made(
            connection, office, BOOKS, meter=meter, customer=customer, mode=mode, first=first, last=last
        )
    show.as_bytes(write(made, format_))


def _of_period(
    context: typer.Context,
    kind: "Kind",
    from_date: datetime | None,
    to_date: datetime | None,
    *,
    format_: "Format_",
    language: str,
) -> None:
    """Make a report of a period, of one moment of the books, and write it."""
    from meterpos.headoffice import reports
    from meterpos.printing.report import imprint

    with opened(context) as office, office.store.read() as connection:
        last = day(office, to_date)
        first = from_date.date() if from_date else last.replace(day=1)
        if first > last:
            raise typer.BadParameter("the first day comes after the last", param_hint="--from")
        made_by = imprint(connection, moment=office.moment(), language=language, is_till=False)
        made = reports.make(connection, kind, first=first, last=last, imprint=made_by)
    show.as_bytes(reports.write(made, format_))
