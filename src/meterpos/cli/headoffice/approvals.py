"""`meterpos headoffice approve`: the digits that answer a till by telephone."""

from typing import Annotated

import typer

from meterpos.cli.headoffice.opened import opened, tell
from meterpos.cli.style import Json, example


def add_to(group: typer.Typer) -> None:
    """Add this file's command to the group."""
    line = "meterpos headoffice approve KSM01/B7K/reverse/KSM01-B7K-000123/250000/7Q2M4XAB/K9 --by otieno"
    group.command("approve", epilog=example(line))(approve)


def approve(
    context: typer.Context,
    challenge: Annotated[str, typer.Argument(metavar="CHALLENGE", help="What the till shows, as it is read out.")],
    by: Annotated[str, typer.Option("--by", metavar="USER", help="The supervisor or manager who approves.")],
    json: Json = False,
) -> None:
    """Approve what a till asks by telephone and print the eight digits to read out; they work there once."""
    from meterpos.headoffice import approvals
    from meterpos.ledger.money import format_amount

    with opened(context) as office, office.write() as (conn, _):
        asked, code = approvals.approve(conn, text=challenge, by=by, keys=office.keys, today=office.moment().today)
    of = "" if asked.subject == "-" else f" of {asked.subject}"
    tell(
        f"{code}\n{by} approves at {asked.till_name}: {asked.kind}{of}, {format_amount(asked.amount_minor)}. "
        "The digits work there once.",
        {"code": code, "till": asked.till_name, "kind": asked.kind, "amount_minor": asked.amount_minor, "by": by},
        json=json,
    )
