"""Setting the PIN with which a user acts and approves at this till."""

from pathlib import Path
from typing import Annotated

import typer

from meterpos.cli import show
from meterpos.cli.files import read_pin
from meterpos.cli.style import Json, example
from meterpos.cli.till.opened import opened


def add_to(group: typer.Typer) -> None:
    """Add this file's commands to the group."""
    group.command("set-pin", epilog=example("meterpos till set-pin achieng --code 7KQ2M4XP --pin-file pin"))(set_pin)


def set_pin(
    context: typer.Context,
    user: Annotated[str, typer.Argument(metavar="USER", help="The user's name at head office.")],
    code: Annotated[str, typer.Option("--code", metavar="CODE", help="The one-time code head office gave.")],
    pin_file: Annotated[
        Path, typer.Option("--pin-file", metavar="FILE", help="A file whose first line is the new PIN: 4 to 12 digits.")
    ],
    json: Json = False,
) -> None:
    """Set a user's PIN at this till with the one-time code from head office."""
    pin = read_pin(pin_file)
    with opened(context) as till:
        till.set_pin(user_name=user, code=code, pin=pin)
    if json:
        show.as_json({"user_name": user})
    else:
        show.tell(f"The PIN of {user} is set at this till. It is kept here only; delete {pin_file}.")
