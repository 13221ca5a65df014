"""Statements, the same at till and head office: a text for people, CSV or JSON for programs."""

import sys
from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from meterpos.cli import show
from meterpos.cli.books import Books
from meterpos.cli.rendering import Columns, PaperSize, check_columns, rendered
from meterpos.cli.style import Json, example

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from meterpos.cli.books import Open
    from meterpos.ledger.queries.statements import Statement
    from meterpos.printing.report import Report

Mode = Literal["consolidated", "per-meter", "meter"]
Format = Literal["text", "escpos", "pdf", "csv"]

Meter = Annotated[str | None, typer.Option("--meter", metavar="M", help="One meter or account.")]
Customer = Annotated[str | None, typer.Option("--customer", metavar="C", help="All meters of one customer.")]
ModeOption = Annotated[
    Mode | None,
    typer.Option(
        "--mode",
        metavar="consolidated|per-meter|meter",
        help="With --customer: one statement over all meters, one a meter (the usual), or with --meter of one alone.",
    ),
]
FromDate = Annotated[
    datetime | None,
    typer.Option("--from", metavar="D", formats=["%Y-%m-%d"], help="The first day; else the first of --to's year."),
]
ToDate = Annotated[
    datetime | None, typer.Option("--to", metavar="D", formats=["%Y-%m-%d"], help="The last day; else today.")
]


FormatOption = Annotated[
    Format,
    typer.Option("--format", metavar="text|escpos|pdf|csv", help="A table, printer bytes, A4 (or --paper), CSV."),
]


def add_to(group: typer.Typer, books: Books) -> None:
    """Add the statement of these books to a group."""

    def statement(
        context: typer.Context,
        *,
        meter: Meter = None,
        customer: Customer = None,
        mode: ModeOption = None,
        from_date: FromDate = None,
        to_date: ToDate = None,
        format_: FormatOption = "text",
        columns: Columns = None,
        paper_size: PaperSize = None,
        json: Json = False,
    ) -> None:
        """Show everything that changed what a meter owes, line by line, with the balance after each."""
        check_columns(columns)
        _check_whom(meter=meter, customer=customer, mode=mode)
        with books.opened(context) as open_, open_.store.read() as connection:
            last = books.day(open_, to_date)
            first = from_date.date() if from_date else date(last.year, 1, 1)
            found = _find(connection, meter=meter, customer=customer, mode=mode, first=first, last=last)
            paper = _paper(connection, found, open_, books)
        if json:
            show.as_json({"statements": [_object(one) for one in found]})
        elif format_ == "csv":
            show.as_csv(paper.columns, paper.rows)
        elif format_ == "text":
            for place, one in enumerate(found):
                sys.stdout.write("\n" if place else "")
                _tell(one)
        else:
            size = paper_size or (None if columns else "a4")
            show.as_bytes(rendered(paper.document, format_, columns=columns or books.columns(open_), size=size))

    group.command(
        "statement",
        epilog=example(f"meterpos {books.program} statement --meter MTR-001 --from 2026-01-01 --format pdf > s.pdf"),
    )(statement)


def made(
    connection: "Connection",
    open_: "Open",
    books: Books,
    *,
    meter: str | None,
    customer: str | None,
    mode: Mode | None,
    first: date,
    last: date,
) -> "Report":
    """Return the statement asked for as a report. Raises: typer.BadParameter; what the queries raise."""
    _check_whom(meter=meter, customer=customer, mode=mode)
    found = _find(connection, meter=meter, customer=customer, mode=mode, first=first, last=last)
    return _paper(connection, found, open_, books)


def _check_whom(*, meter: str | None, customer: str | None, mode: Mode | None) -> None:
    """Raises: typer.BadParameter unless it is one meter, one customer, or one meter of a customer by its mode."""
    if meter is None and customer is None:
        raise typer.BadParameter("choose --meter or --customer", param_hint="--meter")
    if meter is not None and customer is not None and mode != "meter":
        raise typer.BadParameter("one meter of a customer is asked for by --mode meter", param_hint="--mode")
    if (mode == "meter") != (meter is not None) and mode is not None:
        raise typer.BadParameter(
            "consolidated and per-meter go with --customer alone, meter with --meter", param_hint="--mode"
        )


def _find(
    connection: "Connection", *, meter: str | None, customer: str | None, mode: Mode | None, first: date, last: date
) -> "tuple[Statement, ...]":
    """Return the statements asked for. Raises: what the queries raise."""
    from meterpos.ledger.queries import statements

    return statements.statements_asked(
        connection,
        meter=meter,
        customer=customer,
        is_consolidated=mode == "consolidated",
        from_date=first,
        to_date=last,
    )


def _paper(connection: "Connection", found: "tuple[Statement, ...]", open_: "Open", books: Books) -> "Report":
    """Compose the statement in the language of the customer."""
    from meterpos.ledger.queries.statements import addressee
    from meterpos.printing.report import imprint
    from meterpos.printing.statement import compose_statement

    to = addressee(connection, found[0])
    made_by = imprint(connection, moment=open_.moment(), language=to.language, is_till=books.is_till)
    return compose_statement(found, to=to, imprint=made_by)


def _object(one: "Statement") -> dict[str, Any]:
    return {
        "account_nos": [account.account_no for account in one.accounts],
        "meter_nos": [account.meter_no for account in one.accounts],
        "customer_no": one.accounts[0].customer_no,
        "from_date": one.from_date,
        "to_date": one.to_date,
        "opening_minor": one.opening_minor,
        "invoiced_minor": one.invoiced_minor,
        "adjusted_minor": one.adjusted_minor,
        "paid_minor": one.paid_minor,
        "closing_minor": one.closing_minor,
        "pending_minor": one.pending_minor,
        "lines": [
            {
                "account_no": line.account_no,
                "date": line.date,
                "kind": line.kind,
                "number": line.number,
                "method": line.method,
                "reference": line.reference,
                "text": line.text,
                "debit_minor": line.debit_minor,
                "credit_minor": line.credit_minor,
                "balance_minor": line.balance_minor,
            }
            for line in one.lines
        ],
    }


def _tell(one: "Statement") -> None:
    from meterpos.ledger.money import format_amount

    first = one.accounts[0]
    meters = ", ".join(account.meter_no or account.account_no for account in one.accounts)
    show.tell(f"Statement of {meters}, {first.customer_name or first.customer_no}, {one.from_date} to {one.to_date}")
    rows = [
        (
            str(line.date),
            line.kind,
            line.number,
            " ".join(
                word for word in (show.METHOD_NAMES.get(line.method or "", ""), line.reference, line.text) if word
            ),
            format_amount(line.debit_minor) if line.debit_minor else "",
            format_amount(line.credit_minor) if line.credit_minor else "",
            format_amount(line.balance_minor),
        )
        for line in one.lines
    ]
    brought = ("", "brought forward", "", "", "", "", format_amount(one.opening_minor))
    carried = ("", "carried forward", "", "", "", "", format_amount(one.closing_minor))
    show.as_table(
        ("date", "what", "number", "how", "owed", "paid", "balance"),
        [brought, *rows, carried],
        right=("owed", "paid", "balance"),
    )
    if one.pending_minor:
        show.tell(f"Not counted yet, waiting to clear: {format_amount(one.pending_minor)}")
