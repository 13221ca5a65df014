"""`meterpos headoffice exceptions`: what a person has to look at."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from meterpos.cli import show
from meterpos.cli.headoffice.opened import opened, tell
from meterpos.cli.style import Json, example, new_group

if TYPE_CHECKING:
    from meterpos.headoffice.exceptions import Item

app = new_group(help="What a person has to look at: each with an owner and an age, resolved by facts.")

Number = Annotated[str, typer.Argument(metavar="ID", help="The item's number, as listed.")]


@app.command("list", epilog=example("meterpos headoffice exceptions list"))
def list_items(
    context: typer.Context,
    *,
    everything: Annotated[bool, typer.Option("--all", help="Resolved ones too.")] = False,
    code: Annotated[str | None, typer.Option("--code", metavar="CODE", help="Only those of one kind.")] = None,
    owner: Annotated[
        str | None, typer.Option("--owner", metavar="WHO", help="Only those of accounts, manager, supervisor, support…")
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
        (item.exception_id, item.code, item.subject, item.owner, f"{(now - item.opened_at).days} d") for item in found
    ]
    show.as_table(("id", "code", "subject", "owner", "age"), rows, right=("age",))
    show.tell(f"{len(found)} {'item' if len(found) == 1 else 'items'}.")


@app.command("show", epilog=example("meterpos headoffice exceptions show K7Q2M4XP"))
def show_item(context: typer.Context, number: Number, json: Json = False) -> None:
    """Show one item whole."""
    from meterpos.headoffice import exceptions

    with opened(context) as office, office.store.read() as conn:
        item = exceptions.find(conn, number)
    if json:
        show.as_json(_answer(item))
        return
    pairs = [
        ("id", item.exception_id),
        ("code", item.code),
        ("meaning", item.meaning),
        ("subject", item.subject),
        ("till", item.till_name or ""),
        ("owner", item.owner),
        ("opened", f"{item.opened_at:%Y-%m-%d %H:%M} UTC"),
        *((name, "" if value is None else str(value)) for name, value in item.details.items()),
        ("resolved", "" if item.resolved_at is None else f"{item.resolved_at:%Y-%m-%d %H:%M} UTC"),
        ("by", item.resolved_by or ""),
        ("resolution", item.resolution or ""),
    ]
    show.as_pairs(pairs)


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
        "opened_at": item.opened_at,
        "resolved_at": item.resolved_at,
        "resolved_by": item.resolved_by,
        "resolution": item.resolution,
    }
