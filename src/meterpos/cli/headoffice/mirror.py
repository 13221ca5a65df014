"""`meterpos headoffice mirror`: what a dead till's stick still holds."""

from pathlib import Path
from typing import Annotated

import typer

from meterpos.cli.headoffice.opened import opened, tell
from meterpos.cli.style import Json, example, new_group

app = new_group(help="The mirrors tills keep on a second medium.")


@app.command("read", epilog=example("meterpos headoffice mirror read /media/stick/KSM01.mirror"))
def read(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The mirror, from the till's stick.")],
    json: Json = False,
) -> None:
    """Take in what a till kept on its second medium, as if the till had delivered it; again changes nothing."""
    from meterpos.headoffice.mirrors import read_mirror
    from meterpos.sync.courier_file import load

    with opened(context) as office:
        done = read_mirror(office, load(file))
    tell(
        f"The mirror of till {done.till_name} holds {done.entries} entries; {done.new} of them were new here"
        + (f", {done.exceptions} with an exception." if done.exceptions else ".")
        + (" Its end cannot be read: it was torn off while it was written, or damaged." if done.is_torn else ""),
        {
            "till": done.till_name,
            "entries": done.entries,
            "new": done.new,
            "exceptions": done.exceptions,
            "torn": done.is_torn,
        },
        json=json,
    )


@app.callback()
def mirror() -> None:
    """The mirrors tills keep on a second medium."""
