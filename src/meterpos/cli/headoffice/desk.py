"""`meterpos headoffice exceptions`: what a person has to look at."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from meterpos.cli import show
from meterpos.cli.headoffice.opened import opened, tell
from meterpos.cli.style import Json, example, new_group

if TYPE_CHECKING:
    from meterpos.headoffice.exceptions import Assignment, Item

app = new_group(help="What a person has to look at: each with an owner and an age, resolved by facts.")

Number = Annotated[str, typer.Argument(metavar="ID", help="The item's number, as listed.")]


@app.command("list", epilog=example("meterpos headoffice exceptions list"))
def list_items(
    context: typer.Context,
    *,
    everything: Annotated[bool, typer.Option("--all", help="Resolved ones too.")] = False,
    code: Annotated[str | None, typer.Option("--code", metavar="CODE", help="Only those of one kind.")] = None,
    owner: Annotated[
        str | None,
        typer.Option(
            "--owner",
            metavar="WHO",
            help="Only those of accounts, manager, supervisor, support…; or given to this person.",
        ),
    ] = None,
    json: Json = False,
) -> None:
    """List the open items, oldest first."""
    from meterpos.headoffice import exceptions

    with opened(context) as office, office.store.read() as conn:
        found = exceptions.listed(conn, resolved=everything, code=code, owner=owner)
        now = office.moment().at
    if json:
        show.as_json({"exceptions": [_answer(item) | {"age_days": (now - item.opened_at).days} for item in found]})
        return
    rows = [
        (
            item.exception_id,
            item.code,
            item.subject,
            item.owner,
            item.assigned_to or "",
            f"{(now - item.opened_at).days} d",
        )
        for item in found
    ]
    show.as_table(("id", "code", "subject", "owner", "given to", "age"), rows, right=("age",))
    show.tell(f"{len(found)} {'item' if len(found) == 1 else 'items'}.")


@app.command("show", epilog=example("meterpos headoffice exceptions show K7Q2M4XP"))
def show_item(context: typer.Context, number: Number, json: Json = False) -> None:
    """Show one item whole."""
    from meterpos.headoffice import exceptions

    with opened(context) as office, office.store.read() as conn:
        item = exceptions.find(conn, number)
        given = exceptions.assigned(conn, number)
        now = office.moment().at
    if json:
        show.as_json(_answer(item) | {"age_days": (now - item.opened_at).days, "assignments": list(map(asdict, given))})
        return
    pairs = [
        ("id", item.exception_id),
        ("code", item.code),
        ("meaning", item.meaning),
        ("subject", item.subject),
        ("till", item.till_name or ""),
        ("owner", item.owner),
        ("opened", f"{item.opened_at:%Y-%m-%d %H:%M} UTC, {(now - item.opened_at).days} days ago"),
        *(("given", _gift(one)) for one in given),
        *((name, "" if value is None else str(value)) for name, value in item.details.items()),
        ("resolved", "" if item.resolved_at is None else f"{item.resolved_at:%Y-%m-%d %H:%M} UTC"),
        ("by", item.resolved_by or ""),
        ("resolution", item.resolution or ""),
    ]
    show.as_pairs(pairs)


@app.command("assign", epilog=example("meterpos headoffice exceptions assign K7Q2M4XP --to achieng --by wanjiru"))
def assign(
    context: typer.Context,
    number: Number,
    *,
    to: Annotated[str | None, typer.Option("--to", metavar="NAME", help="Who shall look at it.")] = None,
    back: Annotated[
        bool, typer.Option("--back", help="Nobody in particular: give it back to those who look at its kind.")
    ] = False,
    by: Annotated[str, typer.Option("--by", metavar="NAME", help="Who gives it.")],
    note: Annotated[str, typer.Option("--note", metavar="TEXT", help="A word with it.")] = "",
    json: Json = False,
) -> None:
    """Give an item to a person. Who had it before stays known: see show."""
    from meterpos.headoffice import exceptions

    if back == bool(to and to.strip()):
        raise typer.BadParameter("name a person, or give it back with --back", param_hint="--to")
    with opened(context) as office, office.write() as (conn, _):
        item = exceptions.assign(conn, number, to=to or "", by=by, note=note, at=office.moment().at)
    whose = f"{item.assigned_to}'s" if item.assigned_to else f"for {item.owner} again"
    tell(f"{item.exception_id} is {whose}.", _answer(item), json=json)


@app.command(
    "resolve", epilog=example("meterpos headoffice exceptions resolve K7Q2M4XP --by wanjiru --resolution 'TRF-000004'")
)
def resolve(
    context: typer.Context,
    number: Number,
    *,
    by: Annotated[str, typer.Option("--by", metavar="NAME", help="Who looked at it.")],
    resolution: Annotated[str, typer.Option("--resolution", metavar="TEXT", help="What was done about it.")],
    json: Json = False,
) -> None:
    """Close an item, saying what was done about it; what it asks for is posted by its own commands."""
    from meterpos.headoffice import exceptions

    with opened(context) as office, office.write() as (conn, _):
        item = exceptions.resolve(conn, number, by=by, resolution=resolution, at=office.moment().at)
    tell(f"{item.exception_id} is resolved: {item.resolution}", _answer(item), json=json)


def _gift(one: "Assignment") -> str:
    note = f" ({one.note})" if one.note else ""
    return f"{one.assigned_at:%Y-%m-%d %H:%M} UTC to {one.assigned_to or 'nobody'} by {one.assigned_by}{note}"


def _answer(item: "Item") -> dict[str, Any]:
    return {
        "id": item.exception_id,
        "code": item.code,
        "meaning": item.meaning,
        "subject": item.subject,
        "till": item.till_name,
        "entry_id": item.entry_id,
        "details": item.details,
        "owner": item.owner,
        "assigned_to": item.assigned_to,
        "assigned_by": item.assigned_by,
        "assigned_at": item.assigned_at,
        "note": item.note,
        "opened_at": item.opened_at,
        "resolved_at": item.resolved_at,
        "resolved_by": item.resolved_by,
        "resolution": item.resolution,
    }
