"""Statements, the same at till and head office: a text for people, CSV or JSON for programs."""

import sys
from collections.abc import Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

import typer

from meterpos.cli import show

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from meterpos.ledger.queries.statements import Statement, StatementLine

Mode = Literal["consolidated", "per-meter", "meter"]
COLUMNS: Final = ("account_no", "date", "kind", "number", "method", "reference", "text", "debit", "credit", "balance")

Meter = Annotated[str | None, typer.Option("--meter", metavar="M", help="One meter or account.")]
Customer = Annotated[str | None, typer.Option("--customer", metavar="C", help="All meters of one customer.")]
ModeOption = Annotated[
    Mode | None,
    typer.Option(
        "--mode",
        metavar="consolidated|per-meter|meter",
        help="With --customer: one statement over all meters, or one a meter. meter is what --meter does.",
    ),
]
FromDate = Annotated[
    datetime | None,
    typer.Option("--from", metavar="D", formats=["%Y-%m-%d"], help="The first day; else the first of --to's year."),
]
ToDate = Annotated[
    datetime | None, typer.Option("--to", metavar="D", formats=["%Y-%m-%d"], help="The last day; else today.")
]


def find_statements(
    connection: "Connection",
    *,
    meter: str | None,
    customer: str | None,
    mode: Mode | None,
    from_date: datetime | None,
    to_date: datetime | None,
    today: date,
) -> "tuple[Statement, ...]":
    """Return the statements asked for. Raises: typer.BadParameter on wrong usage; what the queries raise."""
    from meterpos.ledger.queries import statements

    if (meter is None) == (customer is None):
        raise typer.BadParameter("choose --meter or --customer", param_hint="--meter")
    if (mode == "meter") != (meter is not None) and mode is not None:
        raise typer.BadParameter(
            "consolidated and per-meter go with --customer, meter with --meter", param_hint="--mode"
        )
    last = to_date.date() if to_date else today
    first = from_date.date() if from_date else date(last.year, 1, 1)
    if meter is not None:
        return (statements.statement(connection, meter, from_date=first, to_date=last),)
    assert customer is not None, "one of the two was given"
    if mode == "per-meter":
        return statements.statements_per_meter(connection, customer, from_date=first, to_date=last)
    return (statements.consolidated_statement(connection, customer, from_date=first, to_date=last),)


def print_statements(found: "Sequence[Statement]", *, format_: str, json: bool) -> None:
    """Print statements; their JSON is one object whose ``statements`` holds them."""
    if json:
        show.as_json({"statements": [_object(one) for one in found]})
    elif format_ == "csv":
        show.as_csv(COLUMNS, [row for one in found for row in _rows(one)])
    else:
        for place, one in enumerate(found):
            sys.stdout.write("\n" if place else "")
            _tell(one)


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


def _rows(one: "Statement") -> list[tuple[object, ...]]:
    """Return the statement's rows between what was brought and what is carried forward."""
    from meterpos.ledger.money import format_decimal

    whose = " ".join(account.account_no for account in one.accounts)
    nothing = ("", "", "", "", "", "")
    return [
        (whose, one.from_date, "brought_forward", *nothing, format_decimal(one.opening_minor)),
        *(_row(line) for line in one.lines),
        (whose, one.to_date, "carried_forward", *nothing, format_decimal(one.closing_minor)),
    ]


def _row(line: "StatementLine") -> tuple[object, ...]:
    from meterpos.ledger.money import format_decimal

    return (
        line.account_no,
        line.date,
        line.kind,
        line.number,
        line.method,
        line.reference,
        line.text,
        format_decimal(line.debit_minor),
        format_decimal(line.credit_minor),
        format_decimal(line.balance_minor),
    )


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
