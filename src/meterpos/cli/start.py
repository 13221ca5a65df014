"""Where the process starts. The window is shown without reading the commands first: they take longer than it does."""

import contextlib
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from meterpos.errors import UserError


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Open the window for ``till``, also with --home and --training; give anything else to the commands, as given."""
    given = tuple(sys.argv[1:] if arguments is None else arguments)
    if given[:1] == ("till",) and (asked := _asked_window(given[1:])) is not None:
        from meterpos.cli.window import open_window

        # What keeps it from opening is found and told again by the commands: one place turns errors into sentences.
        with contextlib.suppress(UserError):
            open_window(asked[0], training=asked[1])
    from meterpos.cli import main as commands

    commands.main(given)


def _asked_window(options: tuple[str, ...]) -> tuple[Path | None, bool] | None:
    """Return the home and whether to practise, None where there is more than that."""
    home, training = None, False
    while options:
        if options[0] == "--training":
            training, options = True, options[1:]
        elif options[0] == "--home" and options[1:]:
            home, options = Path(options[1]), options[2:]
        else:
            return None
    return home, training
