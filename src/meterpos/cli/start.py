"""Where the process starts. The window is shown without reading the commands first: they take longer than it does."""

import contextlib
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from meterpos.errors import UserError


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Open the window for ``till`` and ``till --home DIR``; give anything else to the commands, as given."""
    given = tuple(sys.argv[1:] if arguments is None else arguments)
    if _asks_for_window(given):
        from meterpos.cli.window import open_window

        # What keeps it from opening is found and told again by the commands: one place turns errors into sentences.
        with contextlib.suppress(UserError):
            open_window(Path(given[2]) if given[2:] else None)
    from meterpos.cli import main as commands

    commands.main(given)


def _asks_for_window(given: tuple[str, ...]) -> bool:
    return given == ("till",) or (given[:2] == ("till", "--home") and len(given) == 3)
