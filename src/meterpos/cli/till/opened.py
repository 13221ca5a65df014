"""The open till behind a command, and who acts at it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from meterpos.cli.files import read_pin
from meterpos.errors import UserError

if TYPE_CHECKING:
    from meterpos.till import Till


class NobodyActs(UserError):
    """A command that writes needs to know who acts."""


@contextmanager
def opened(context: typer.Context) -> "Iterator[Till]":
    """Open the till of the group's --home, and let go of it afterwards. Raises: what `open_till` raises."""
    from meterpos.till import open_till

    home: Path | None = context.obj
    till = open_till(home)
    try:
        yield till
        _mirror(till)
    finally:
        till.close()


def _mirror(till: "Till") -> None:
    """Bring the mirror up to date once everything is done; a medium that is missing is said and stops nothing."""
    if till.settings.mirror is None:
        return
    from meterpos.cli import show

    try:
        till.mirror()
    except UserError as missing:
        show.tell_aside(str(missing))


def who_acts(till: "Till", *, clerk: str | None, pin_file: Path | None) -> str:
    """Return the clerk named, once their PIN is right; else the clerk of the open shift, "" where none is open.

    Raises: NobodyActs, UnusableFile, WrongPin, UnknownUser, TooManyTries.
    """
    from meterpos.ledger.queries.shifts import current_shift

    if clerk is not None:
        return signed_in(till, clerk=clerk, pin_file=pin_file)
    if pin_file is not None:
        raise NobodyActs("--pin-file says how someone proves who they are. Add --clerk NAME.", field="clerk")
    with till.store.read() as connection:
        shift = current_shift(connection)
    return "" if shift is None else shift.clerk


def signed_in(till: "Till", *, clerk: str, pin_file: Path | None) -> str:
    """Return ``clerk`` once the PIN in the file is theirs. Raises: as `who_acts`."""
    if pin_file is None:
        raise NobodyActs(f"Give the PIN of {clerk} in a file: --pin-file FILE.", field="pin_file")
    till.sign_in(user_name=clerk, pin=read_pin(pin_file))
    return clerk
