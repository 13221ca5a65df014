"""How every group of commands is set up, and the options that mean the same everywhere."""

import sys
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from typer.core import TyperGroup

from meterpos.errors import UserError

USER_ERROR: Final = 1
CHECK_FOUND: Final = 3
"""Exit codes besides 0, done, and 2, wrong usage, which is the parser's own."""


_SENTENCE_MAX: Final = 400


class NotAgreed(UserError):
    """The person did not agree, so nothing was done."""


class Group(TyperGroup):
    """A group that lists its commands with the whole first sentence of each, not with what fits on a line."""

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write the commands in their order, each with what it does."""
        commands = [(name, self.get_command(ctx, name)) for name in self.list_commands(ctx)]
        with formatter.section("Commands"):
            formatter.write_dl([(name, one.get_short_help_str(limit=_SENTENCE_MAX)) for name, one in commands if one])


def new_group(*, help: str, opens: bool = False) -> typer.Typer:
    """Return an empty group. ``opens`` is whether it does something without a command."""
    return typer.Typer(
        cls=Group,
        help=help,
        no_args_is_help=not opens,
        invoke_without_command=opens,
        add_completion=False,
        # Boxes and colours are for people at a terminal; a pipe, a file and a test get plain text.
        rich_markup_mode="rich" if sys.stdout is not None and sys.stdout.isatty() else None,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["--help"]},
    )


def example(command: str) -> str:
    """Return the line at the end of a command's help that shows it in use."""
    return f"Example: {command}"


Json = Annotated[bool, typer.Option("--json", help="Print one JSON object; money in whole minor units.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask.")]
Rebuild = Annotated[
    bool, typer.Option("--rebuild", help="Also work every table out anew from journal and feed, and compare.")
]
Clerk = Annotated[
    str | None, typer.Option("--clerk", metavar="NAME", help="Who acts, with --pin-file; else the clerk of the shift.")
]
PinFile = Annotated[
    Path | None, typer.Option("--pin-file", metavar="FILE", help="A file whose first line is the clerk's PIN.")
]
Print = Annotated[
    str | None,
    typer.Option(
        "--print",
        metavar="DEVICE",
        help="Print there: tcp:HOST[:PORT], dev:PATH, serial:PATH[?baud=19200], cups:NAME, windows:NAME or file:PATH.",
    ),
]


def make_sure(what: str, *, yes: bool) -> None:
    """Ask whether to go on, unless told not to. Raises: NotAgreed when the answer is no, or nobody can answer."""
    if yes:
        return
    if not sys.stdin.isatty():
        raise NotAgreed(f"{what} Add --yes if that is what you want.")
    if not typer.confirm(f"{what} Go on?", err=True):
        raise NotAgreed("Nothing was done.")
