"""The command `meterpos`: its groups, and the one place where an error becomes a sentence and an exit code."""

import io
import sys
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

from meterpos import __version__
from meterpos.cli import headoffice, migrate, till
from meterpos.cli.style import USER_ERROR, new_group
from meterpos.errors import MeterposError, UserError
from meterpos.ledger.texts import is_text, require_text

app = new_group(help="Point of sale for utility pay points, with its head office.")
app.add_typer(till.app, name="till")
app.add_typer(headoffice.app, name="headoffice")
app.add_typer(migrate.app, name="migrate")


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run one command and leave with its exit code; ``arguments`` None means the process's own."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        # Names, CSV and JSON are UTF-8 with plain line feeds on every system, whatever its own habit for pipes.
        sys.stdout.reconfigure(encoding="utf-8", newline="\n")
    try:
        _refuse_no_text(sys.argv[1:] if arguments is None else arguments)
        _commands()(args=arguments, prog_name="meterpos")
    except UserError as error:
        _leave(str(error))
    except MeterposError as error:
        _leave(f"{error}. This should not happen: keep this line and tell whoever looks after meterpos.")
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        _leave(f"{where}{error.strerror or error}. Nothing more was done.")
    except Exception as error:
        sentence = _of_the_database(error)
        if sentence is None:
            raise
        _leave(sentence)
    sys.exit(0)


def _refuse_no_text(arguments: Sequence[str]) -> None:
    """Refuse arguments that are no text, but for files that are really called so. Raises: UnusableText."""
    for argument in arguments:
        if not is_text(argument) and ("\0" in argument or not Path(argument).exists()):
            require_text(argument)


@cache
def _commands() -> Any:
    """Return every command, put together once a process: 30 ms, which a process that runs many pays once."""
    return typer.main.get_command(app)


def _of_the_database(error: Exception) -> str | None:
    """Return the sentence for what the database says, None where it is not the database that speaks.

    SQLAlchemy is asked for only where a command has loaded it: help must not wait for it.
    """
    loaded = sys.modules.get("sqlalchemy.exc")
    if loaded is None or not isinstance(error, loaded.DBAPIError):
        return None
    if "locked" in str(error.orig):
        return "Another window or command is writing just now (database is locked). Nothing was changed; try again."
    return (
        f"The database did not do it: {error.orig}. What was not finished is taken back; see to that, then try again."
    )


def _leave(sentence: str) -> NoReturn:
    print(sentence, file=sys.stderr)
    sys.exit(USER_ERROR)


def _tell_version(wanted: bool) -> None:
    if wanted:
        print(f"meterpos {__version__}")
        raise typer.Exit


@app.callback()
def root(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", callback=_tell_version, is_eager=True)
    ] = False,
) -> None:
    """Point of sale for utility pay points, with its head office."""
