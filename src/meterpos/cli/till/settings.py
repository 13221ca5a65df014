"""The till's own settings and its printers: shown, changed, found, tried."""

from typing import TYPE_CHECKING, Annotated, Final

import typer

from meterpos.cli import show
from meterpos.cli.style import Clerk, Json, PinFile, Print, example
from meterpos.cli.till.approvals import Agreement, approvable
from meterpos.cli.till.opened import NobodyActs, opened, who_acts
from meterpos.ledger.rules.approvals import NO_SUBJECT, Wanted

if TYPE_CHECKING:
    from meterpos.settings import TillSettings
    from meterpos.till import Till

SHOWN: Final = ("printer", "columns", "language", "theme", "text_size", "lock_after_min", "exchange_every_s", "mirror")
WHOLE: Final = ("columns", "text_size", "lock_after_min", "exchange_every_s")


def add_to(group: typer.Typer) -> None:
    """Add this file's commands to the group."""
    line = "meterpos till settings --set printer=cups:Counter --approver wanjiku --approver-pin-file pin.txt"
    group.command("settings", epilog=example(line))(settings)
    group.command("printers", epilog=example("meterpos till printers"))(printers)
    group.command("test-print", epilog=example("meterpos till test-print --print tcp:192.168.1.50"))(try_printer)


@approvable
def settings(
    context: typer.Context,
    *,
    changes: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=VALUE", help=f"Change one of {', '.join(SHOWN)}; empty takes it away."),
    ] = None,
    agreement: Agreement,
    clerk: Clerk = None,
    pin_file: PinFile = None,
    json: Json = False,
) -> None:
    """Show the till's own settings, or change some; once it has worked, a manager has to agree to all but its looks."""
    wanted = _wanted(changes or [])
    with opened(context) as till:
        if wanted:
            name = who_acts(till, clerk=clerk, pin_file=pin_file)
            approval = agreement.approve(till, lambda: Wanted("settings", NO_SUBJECT, 0), clerk=name)
            till.apply_settings(changes=wanted, clerk=name, approval=approval)
        told = _shown(till.settings)
    if json:
        show.as_json(told)
    else:
        show.as_pairs((name, "none" if value is None else str(value)) for name, value in told.items())


def printers(json: Json = False) -> None:
    """List the printers this machine shows, by the name that --print and the settings take."""
    from meterpos.printing.devices.finding import find_printers

    found = find_printers()
    if json:
        show.as_json({"printers": [{"device": one.spec, "title": one.title} for one in found]})
    elif found:
        show.as_table(("device", "title"), [(one.spec, one.title) for one in found])
    else:
        show.tell("No printer shows itself here. One on the network is named tcp:ADDRESS.")


def try_printer(context: typer.Context, device: Print = None, json: Json = False) -> None:
    """Print a test paper with a ruler that tells the columns of the roll."""
    with opened(context) as till:
        sent = till.print_test(device=_printer(till, device), language=till.settings.language)
    if json:
        show.as_json({"confirmed": sent.confirmed, "detail": sent.detail})
    else:
        show.tell("The printer says that it printed." if sent.confirmed else "Sent. Look at the paper.")
        if sent.detail:
            show.tell_aside(sent.detail)


def _printer(till: "Till", device: str | None) -> str:
    named = device or till.settings.printer
    if named is None:
        raise NobodyActs("This till has no printer. Name one with --print; `meterpos till printers` lists them.")
    return named


def _wanted(changes: list[str]) -> dict[str, str | int | None]:
    wanted: dict[str, str | int | None] = {}
    for change in changes:
        name, equals, value = change.partition("=")
        if name not in SHOWN or not equals or (name in WHOLE and value and not value.isdecimal()):
            raise typer.BadParameter(f"'{change}' is no NAME=VALUE of {', '.join(SHOWN)}", param_hint="--set")
        wanted[name] = None if not value else int(value) if name in WHOLE else value
    return wanted


def _shown(found: "TillSettings") -> dict[str, object]:
    return {name: getattr(found, name) for name in SHOWN}
