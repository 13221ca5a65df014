"""Taking a migration back."""

from typing import TYPE_CHECKING

import typer

from meterpos.cli import show
from meterpos.cli.migrate import words
from meterpos.cli.style import Json, Yes, example, make_sure

if TYPE_CHECKING:
    from meterpos.cli.headoffice.opened import Chosen


def add_to(group: typer.Typer) -> None:
    """Add this file's command to the group."""
    group.command("rollback", epilog=example("meterpos migrate rollback --yes"))(rollback)


def rollback(context: typer.Context, *, yes: Yes = False, json: Json = False) -> None:
    """Bring back the backup made before posting, under a new generation; refused once a till has pulled any of it."""
    import secrets
    from datetime import UTC, datetime

    from meterpos.headoffice.legacy.backups import roll_back
    from meterpos.headoffice.restores import LEAP_MAX

    make_sure("The ledger goes back to where it stood before the migration was posted; stop the server first.", yes=yes)
    chosen: Chosen = context.obj
    done = roll_back(chosen.settings(), leap=secrets.randbelow(LEAP_MAX), at=datetime.now(UTC))
    aside = None if done.laid_aside is None else str(done.laid_aside)
    if json:
        show.as_json({"generation": done.generation, "laid_aside": aside, "problems": list(done.problems)})
        return
    show.tell(f"Head office is as it was before the migration, as generation {done.generation}.")
    if aside:
        show.tell(f"What it was with the migration lies in {aside}.")
    words.tell_next(("correct what was wrong, then begin again: meterpos migrate import-legacy",))
