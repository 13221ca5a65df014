"""`meterpos headoffice report`: the papers of head office, as text, PDF, CSV or a workbook."""

import io
import sys
from collections.abc import Callable
from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from meterpos.cli import show, statements
from meterpos.cli.headoffice.opened import BOOKS, COLUMNS, day, opened
from meterpos.cli.statements import Customer, Meter, ModeOption
from meterpos.cli.style import example, new_group

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from meterpos.headoffice.office import Office
    from meterpos.printing.report import Imprint, Report

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


@app.command("financial", epilog=example("meterpos headoffice report financial --from 2026-11-01 --format pdf > f.pdf"))
def financial(
    context: typer.Context,
    *,
    from_date: From = None,
    to_date: To = None,
    format_: Format = "text",
    language: Language = "en",
) -> None:
    """What is owed and held, billed and collected, the ten largest debts, and the aging of every meter."""
    from meterpos.ledger.queries.debts import aged_debt
    from meterpos.ledger.queries.finances import finances
    from meterpos.printing.finances import compose_finances

    def make(connection: "Connection", made_by: "Imprint", first: date, last: date) -> "Report":
        found = finances(connection, from_date=first, to_date=last)
        return compose_finances(found, imprint=made_by, debt=aged_debt(connection, as_of=last))

    _of_period(context, make, from_date, to_date, format_=format_, language=language)


@app.command("collections", epilog=example("meterpos headoffice report collections --from 2026-11-20 --format csv"))
def collections(
    context: typer.Context,
    *,
    from_date: From = None,
    to_date: To = None,
    format_: Format = "text",
    language: Language = "en",
) -> None:
    """What was taken, and taken back, by method, till, clerk and day; also what came in at no till."""
    from meterpos.ledger.queries import collections as queries
    from meterpos.printing.collections import compose_collections

    def make(connection: "Connection", made_by: "Imprint", first: date, last: date) -> "Report":
        found = queries.collections(connection, from_date=first, to_date=last, elsewhere=True)
        return compose_collections(found, from_date=first, to_date=last, imprint=made_by)

    _of_period(context, make, from_date, to_date, format_=format_, language=language)


@app.command("custody", epilog=example("meterpos headoffice report custody --from 2026-11-20"))
def custody(
    context: typer.Context,
    *,
    from_date: From = None,
    to_date: To = None,
    format_: Format = "text",
    language: Language = "en",
) -> None:
    """Where the cash is: each till's drawers and safe now, and the period's shifts, drops, pay-outs and bankings."""
    from meterpos.ledger.queries import custody as queries
    from meterpos.printing.custody import compose_custody

    def make(connection: "Connection", made_by: "Imprint", first: date, last: date) -> "Report":
        return compose_custody(queries.custody(connection, from_date=first, to_date=last), imprint=made_by)

    _of_period(context, make, from_date, to_date, format_=format_, language=language)


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
    from meterpos.ledger.queries.debts import owing_customers
    from meterpos.printing.aging import compose_owing

    with opened(context) as office, office.store.read() as connection:
        del from_date
        owing = owing_customers(connection, as_of=day(office, to_date))
        made = compose_owing(owing, imprint=_imprint(connection, office, language))
    _write(made, format_)


@app.command("trial-balance", epilog=example("meterpos headoffice report trial-balance --to 2026-11-30 --format csv"))
def trial_balance(
    context: typer.Context,
    *,
    from_date: From = None,
    to_date: To = None,
    format_: Format = "text",
    language: Language = "en",
) -> None:
    """What every book held before the period, what changed, and what it holds, in debit and credit: the sum is zero."""
    from datetime import timedelta

    from meterpos.ledger.queries.books import book_balances
    from meterpos.printing.trial_balance import compose_trial_balance

    def make(connection: "Connection", made_by: "Imprint", first: date, last: date) -> "Report":
        before = book_balances(connection, until=first - timedelta(days=1))
        after = book_balances(connection, until=last)
        return compose_trial_balance(before, after, from_date=first, to_date=last, imprint=made_by)

    _of_period(context, make, from_date, to_date, format_=format_, language=language)


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
    with opened(context) as office, office.store.read() as connection:
        last = day(office, to_date)
        first = from_date.date() if from_date else date(last.year, 1, 1)
        made = statements.made(
            connection, office, BOOKS, meter=meter, customer=customer, mode=mode, first=first, last=last
        )
    _write(made, format_)


Make = Callable[["Connection", "Imprint", date, date], "Report"]


def _of_period(
    context: typer.Context,
    make: Make,
    from_date: datetime | None,
    to_date: datetime | None,
    *,
    format_: str,
    language: str,
) -> None:
    """Make a report of a period, of one moment of the books, and write it."""
    with opened(context) as office, office.store.read() as connection:
        last = day(office, to_date)
        first = from_date.date() if from_date else last.replace(day=1)
        if first > last:
            raise typer.BadParameter("the first day comes after the last", param_hint="--from")
        made = make(connection, _imprint(connection, office, language), first, last)
    _write(made, format_)


def _imprint(connection: "Connection", office: "Office", language: str) -> "Imprint":
    from meterpos.printing.report import imprint

    return imprint(connection, moment=office.moment(), language=language, is_till=False)


def _write(made: "Report", format_: str) -> None:
    if format_ == "csv":
        show.as_csv(made.columns, made.rows)
    elif format_ == "xlsx":
        show.as_bytes(_workbook(made))
    elif format_ == "pdf":
        from meterpos.printing.a4 import render_a4

        show.as_bytes(render_a4(made.document))
    else:
        from meterpos.printing.preview import render_text

        sys.stdout.write(render_text(made.document, columns=COLUMNS))


def _workbook(made: "Report") -> bytes:
    from meterpos.headoffice.workbook import Sheet, write_workbook

    name = made.stem.rstrip("-0123456789")
    sheets = [Sheet(name=name, columns=made.columns, rows=made.rows, money=made.money)]
    sheets += [Sheet(name=one.name, columns=one.columns, rows=one.rows, money=one.money) for one in made.sheets]
    out = io.BytesIO()
    write_workbook(sheets, out, title=made.document.title)
    return out.getvalue()
