"""`meterpos till`: everything the window does, for scripts, tests and a PC without a display."""

from pathlib import Path
from typing import Annotated

import typer

from meterpos.cli.style import new_group
from meterpos.cli.till import (
    approvals,
    backups,
    care,
    cash,
    customers,
    exchange,
    lists,
    papers,
    payments,
    people,
    plans,
    reversals,
    settings,
    shifts,
)

ABOUT = "One till: its payments, shifts, papers and exchange with head office. Without a command it opens the window."
app = new_group(help=ABOUT, opens=True)


@app.callback()
def till(
    context: typer.Context,
    home: Annotated[
        Path | None,
        typer.Option(
            "--home", metavar="DIR", help="Where the till lives; else METERPOS_HOME, else your own data folder."
        ),
    ] = None,
    training: Annotated[
        bool, typer.Option("--training", help="Practise in a made-up town beside it, with its own ledger, never sent.")
    ] = False,
) -> None:
    """One till: its ledger, its money, its papers. Without a command it opens the window."""
    context.obj = _practice(home) if training and context.invoked_subcommand is not None else home
    if context.invoked_subcommand is None:
        from meterpos.cli.window import open_window

        open_window(home, training=training)


def _practice(home: Path | None) -> Path:
    """Return the home of the till to practise at, made where there is none yet."""
    from meterpos.till.training import open_training

    till = open_training(home)
    till.close()
    return till.settings.home


for group in (
    exchange,
    customers,
    payments,
    reversals,
    approvals,
    cash,
    papers,
    lists,
    plans,
    people,
    settings,
    care,
    backups,
):
    group.add_to(app)
app.add_typer(shifts.app, name="shift")
