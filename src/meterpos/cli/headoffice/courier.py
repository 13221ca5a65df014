"""The exchange by stick, seen from head office."""

from pathlib import Path
from typing import Annotated

import typer

from meterpos.cli.headoffice.opened import opened, tell
from meterpos.cli.style import Json, example


def add_to(group: typer.Typer) -> None:
    """Add this file's command to the group."""
    group.command("courier", epilog=example("meterpos headoffice courier --in ksm01.courier --out answer.courier"))(
        courier
    )


def courier(
    context: typer.Context,
    *,
    file: Annotated[Path | None, typer.Option("--in", metavar="FILE", help="The file a till wrote.")] = None,
    till: Annotated[
        str | None, typer.Option("--for", metavar="NAME", help="A till to write news for that sent no file now.")
    ] = None,
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="Where to write the answer.")],
    json: Json = False,
) -> None:
    """Take in a till's courier file and write the answer to it, or write a till's news without one."""
    from meterpos.headoffice.courier import answer, pages_for
    from meterpos.sync.courier_file import load, save

    if (file is None) == (till is None):
        raise typer.BadParameter("give either --in FILE or --for NAME", param_hint="--in")
    with opened(context) as office:
        done = answer(office, load(file)) if file is not None else pages_for(office, till_name=till or "")
    save(out, done.data)
    tell(
        f"Till {done.till_name}: {done.entries} entries, {done.new} of them new"
        + (f", {done.exceptions} with an exception" if done.exceptions else "")
        + (" (held: the till was revoked)" if done.held else "")
        + f". {out} takes the answer and {done.rows} rows back. At the till: "
        f"meterpos till sync --courier-in {out.name}",
        {
            "till": done.till_name,
            "entries": done.entries,
            "new": done.new,
            "exceptions": done.exceptions,
            "held": done.held,
            "rows": done.rows,
            "file": str(out),
            "bytes": len(done.data),
        },
        json=json,
    )
