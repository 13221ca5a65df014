"""Becoming a till of a head office, and exchanging with it."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from meterpos.cli import show
from meterpos.cli.style import CHECK_FOUND, Json, example
from meterpos.cli.till.opened import opened
from meterpos.errors import UserError

if TYPE_CHECKING:
    from meterpos.ledger.queries.status import Waiting
    from meterpos.sync.exchange import ExchangeResult
    from meterpos.till import Till


class NotExchanged(UserError):
    """The exchange stopped before its end; what was done until then stands."""


def add_to(group: typer.Typer) -> None:
    """Add this file's commands to the group."""
    group.command(
        "enrol",
        epilog=example("meterpos till enrol --server https://office.example --code 4TZK-2QAM-77PX-2LHD-KU3S-6RAO-EQ"),
    )(enrol)
    group.command("sync", epilog=example("meterpos till sync --json"))(sync)


def enrol(
    context: typer.Context,
    server: Annotated[str, typer.Option("--server", metavar="URL", help="The address of head office.")],
    code: Annotated[
        str, typer.Option("--code", metavar="CODE", help="The one-time code that `headoffice till add` printed.")
    ],
    json: Json = False,
) -> None:
    """Make this home a till of a head office, once, with the one-time code from there."""
    with opened(context) as till:
        who = till.enrol(server=server, code=code)
        home = till.settings.home
    if json:
        show.as_json(
            {
                "till": who.till_name,
                "title": who.title,
                "zones": list(who.zones),
                "stream": who.stream,
                "label": who.label,
                "server": who.server_url,
            }
        )
        return
    show.tell(f"This is till {who.full_title} of {who.server_url}, zones {', '.join(who.zones) or 'none'}.")
    if (home / "secrets").exists():
        show.tell(f"Its keys are in {home / 'secrets'}, in files that only you can read.")
    show.tell("Now fetch customers and balances: meterpos till sync")


def sync(
    context: typer.Context,
    *,
    courier_out: Annotated[
        Path | None,
        typer.Option("--courier-out", metavar="FILE", help="Write what waits to a file for head office instead."),
    ] = None,
    courier_in: Annotated[
        Path | None,
        typer.Option("--courier-in", metavar="FILE", help="Read the file head office answered with instead."),
    ] = None,
    json: Json = False,
) -> None:
    """Send what waits to head office and fetch what is new, by network or by stick. Exit code 3 when both differ."""
    if courier_out is not None and courier_in is not None:
        raise typer.BadParameter("choose one of --courier-out and --courier-in", param_hint="--courier-in")
    with opened(context) as till:
        _need_enrolled(till)
        if courier_out is not None:
            _write_courier(till, courier_out, json=json)
        elif courier_in is not None:
            _read_courier(till, courier_in, json=json)
        else:
            _exchange(till, json=json)


def _exchange(till: "Till", *, json: bool) -> None:
    from meterpos.ledger.queries.status import waiting

    result = till.exchange()
    with till.store.read() as connection:
        behind = waiting(connection)
    if json:
        show.as_json(
            {
                "outcome": result.outcome,
                "pushed": result.pushed,
                "pulled": result.pulled,
                "waiting": result.waiting,
                "waiting_minor": behind.amount_minor,
                "agreed": result.agreed,
                "position": result.position,
                "generation": result.generation,
                "exceptions": result.exceptions,
                "held": result.held,
                "detail": result.detail,
            }
        )
    else:
        _tell(result, behind)
    if not result.is_complete:
        raise NotExchanged(
            result.detail or f"The exchange stopped ({result.outcome}). What was done stands; try again."
        )
    _differs(result.agreed)


def _write_courier(till: "Till", file: Path, *, json: bool) -> None:
    out = till.courier_out(file)
    if json:
        show.as_json({"file": str(file), "entries": out.entries, "batches": out.batches, "bytes": out.size_bytes})
        return
    show.tell(f"{file} holds {_entries(out.entries)} for head office, encrypted ({out.size_bytes / 1024:.0f} KB).")
    show.tell("They wait here until its answer is read: meterpos till sync --courier-in FILE")


def _read_courier(till: "Till", file: Path, *, json: bool) -> None:
    read = till.courier_in(file)
    if json:
        show.as_json(
            {
                "pushed": read.pushed,
                "pulled": read.pulled,
                "recalled": read.recalled,
                "waiting": read.waiting,
                "agreed": read.agreed,
                "position": read.position,
                "generation": read.generation,
                "detail": read.detail,
            }
        )
    else:
        show.tell(
            f"Head office has signed for {_entries(read.pushed)} more; {_rows(read.pulled)} of the feed came, "
            f"now at {read.position}."
        )
        if read.detail:
            show.tell(read.detail)
        show.tell(f"Still to be sent: {_entries(read.waiting)}." if read.waiting else "Nothing waits.")
    _differs(read.agreed)


def _differs(agreed: bool | None) -> None:
    if agreed is False:
        show.tell_aside(
            "Head office and this till differ after comparing. Work on; head office has opened an exception."
        )
        raise typer.Exit(CHECK_FOUND)


def _need_enrolled(till: "Till") -> None:
    from meterpos.ledger.queries.identity import identity

    with till.store.read() as connection:
        identity(connection)


def _tell(result: "ExchangeResult", behind: "Waiting") -> None:
    from meterpos.ledger.money import format_amount

    show.tell(f"Sent {_entries(result.pushed)}, fetched {_rows(result.pulled)} of the feed, now at {result.position}.")
    if result.exceptions:
        show.tell(f"Head office opened an exception for {result.exceptions} of them.")
    if result.held:
        show.tell("Head office holds what this till sends: the till was turned away there. Ask why.")
    show.tell(
        f"Still to be sent: {_entries(result.waiting)}, {format_amount(behind.amount_minor)}."
        if result.waiting
        else "Nothing waits: head office has signed for everything."
    )


def _entries(count: int) -> str:
    return f"{count} {'entry' if count == 1 else 'entries'}"


def _rows(count: int) -> str:
    return f"{count} {'row' if count == 1 else 'rows'}"
