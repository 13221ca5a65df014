"""Copies of head office's database, and coming back from one as a new generation."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from meterpos.cli import show
from meterpos.cli.headoffice.opened import Chosen, opened, tell
from meterpos.cli.style import Json, Yes, example, make_sure

if TYPE_CHECKING:
    from meterpos.headoffice.backups import Restored


def add_to(group: typer.Typer) -> None:
    """Add this file's commands to the group."""
    group.command("backup", epilog=example("meterpos headoffice backup /backup/lake-2026-11-20.db"))(backup)
    group.command("restore", epilog=example("meterpos headoffice restore /backup/lake-2026-11-20.db"))(restore)


def backup(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A new file, best on another machine.")],
    json: Json = False,
) -> None:
    """Copy every table as it stands at one moment, while tills go on, into one file; it is opened and looked at."""
    from meterpos.headoffice.backups import back_up

    with opened(context) as office:
        saved = back_up(office.store, file)
    tell(
        f"{file} holds {saved.entries} entries of tills and the feed up to {saved.position} "
        f"({saved.size_bytes / 2**20:.1f} MB). It was opened and is whole. It is not encrypted, and holds no keys.",
        {
            "file": str(file),
            "entries": saved.entries,
            "position": saved.position,
            "generation": saved.generation,
            "bytes": saved.size_bytes,
        },
        json=json,
    )


def restore(
    context: typer.Context,
    file: Annotated[Path | None, typer.Argument(metavar="[FILE]", help="What `backup` made.")] = None,
    *,
    already: Annotated[
        bool,
        typer.Option(
            "--already", help="The database was put back by other means: only begin the new generation that needs."
        ),
    ] = False,
    yes: Yes = False,
    json: Json = False,
) -> None:
    """Put a backup in the database's place and begin a new generation: tills offer again what it does not hold."""
    import secrets
    from datetime import UTC, datetime

    from meterpos.headoffice import backups
    from meterpos.headoffice.restores import LEAP_MAX

    if (file is None) != already:
        raise typer.BadParameter("give a file, or --already and none", param_hint="FILE")
    leap, at = secrets.randbelow(LEAP_MAX), datetime.now(UTC)
    if file is None:
        make_sure("Every till will fetch everything again.", yes=yes)
        with opened(context) as office:
            done = backups.own_up(office.store, leap=leap, at=at)
    else:
        make_sure("The database will be replaced by this backup (the present one is laid aside).", yes=yes)
        chosen: Chosen = context.obj
        done = backups.restore(chosen.settings(), file, leap=leap, at=at)
    _tell(done, json=json)


def _tell(done: "Restored", *, json: bool) -> None:
    aside = None if done.laid_aside is None else str(done.laid_aside)
    for sentence in done.problems[: show.PROBLEMS_SHOWN]:
        show.tell_aside(f"The backup itself is not in order: {sentence}")
    tell(
        f"Head office goes on with {done.entries} entries as generation {done.generation}, after {done.parent} at "
        f"{done.parent_position}. Tills bring it to the present as they exchange."
        + (f" The database it replaces lies in {aside}." if aside else ""),
        {
            "generation": done.generation,
            "parent": done.parent,
            "parent_position": done.parent_position,
            "entries": done.entries,
            "laid_aside": aside,
            "problems": list(done.problems),
        },
        json=json,
    )
