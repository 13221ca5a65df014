"""`meterpos headoffice fleet`: how the tills in the field are."""

from typing import TYPE_CHECKING, Annotated

import typer

from meterpos.cli import show
from meterpos.cli.headoffice.opened import opened
from meterpos.cli.style import Json, example

if TYPE_CHECKING:
    from meterpos.headoffice.fleet import TillCondition


def add_to(group: typer.Typer) -> None:
    """Add this file's command to the group."""
    group.command("fleet", epilog=example("meterpos headoffice fleet --silent 3"))(fleet)


def fleet(
    context: typer.Context,
    *,
    silent: Annotated[
        int | None,
        typer.Option("--silent", metavar="N", min=0, help="Only tills not heard of for N days or more, or never."),
    ] = None,
    json: Json = False,
) -> None:
    """Show every till: last contact, version, how far behind, what may be lost with it, and what to look at.

    At risk is what it said it holds, and what it usually takes on a day for each day it was silent: an estimate.
    """
    from meterpos.headoffice import fleet as tills

    with opened(context) as office, office.store.read() as conn:
        days = tills.SILENT_DAYS if silent is None else silent
        found = tills.fleet(conn, at=office.moment().at, silent_days=days)
    if silent is not None:
        found = tuple(one for one in found if one.silent_days is None or one.silent_days >= silent)
    if json:
        show.as_json({"tills": [one.as_answer() for one in found]})
        return
    titles = ("till", "title", "status", "last contact", "silent", "software", "behind", "at risk", "look at")
    show.as_table(titles, map(_row, found), right=("silent", "behind", "at risk"))
    show.tell(f"{len(found)} {'till' if len(found) == 1 else 'tills'}.")


def _row(one: "TillCondition") -> tuple[str, ...]:
    from meterpos.ledger.money import format_amount

    seen = one.seen
    return (
        seen.till_name,
        seen.title,
        seen.status,
        "never" if seen.last_contact_at is None else f"{seen.last_contact_at:%Y-%m-%d %H:%M} UTC",
        "" if one.silent_days is None else f"{one.silent_days} d",
        seen.software,
        f"{one.behind:,}",
        format_amount(one.at_risk_minor),
        "; ".join(_to_look_at(one)),
    )


def _to_look_at(one: "TillCondition") -> list[str]:
    said = {
        "silent": "silent",
        "printer": f"{one.not_printed} not printed: {one.printer}",
        "disk": f"disk has {one.disk_free_mb} MB left",
    }
    told = [said[warning] for warning in one.warnings]
    if one.open_exceptions:
        told.append(f"{one.open_exceptions} {'exception' if one.open_exceptions == 1 else 'exceptions'}")
    return told
