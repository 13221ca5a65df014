"""What tills remember of what head office lost in a restore."""

from typing import Annotated

import typer

from meterpos.cli import show
from meterpos.cli.headoffice.opened import opened
from meterpos.cli.style import Json, example
from meterpos.ledger.money import format_amount


def add_to(group: typer.Typer) -> None:
    """Add this file's command to the group."""
    group.command("witnesses", epilog=example("meterpos headoffice witnesses"))(witnesses)


def witnesses(
    context: typer.Context,
    *,
    everything: Annotated[bool, typer.Option("--all", help="Also what has come back since.")] = False,
    json: Json = False,
) -> None:
    """List what tills heard of and head office lost in a restore: to be made again, or to be waited for."""
    from dataclasses import asdict

    from meterpos.headoffice.witnesses import listed

    with opened(context) as office, office.store.read() as conn:
        found = listed(conn, also_found=everything)
    if json:
        show.as_json({"witnesses": [asdict(lost) for lost in found]})
        return
    rows = [
        (
            lost.till_name,
            lost.kind,
            lost.number,
            lost.account_no,
            lost.fact_date.isoformat(),
            format_amount(lost.amount_minor),
            "yes" if lost.is_here else "no",
        )
        for lost in found
    ]
    show.as_table(("till", "kind", "number", "account", "date", "amount", "here"), rows, right=("amount",))
    show.tell(f"{len(found)} {'fact' if len(found) == 1 else 'facts'}.")
