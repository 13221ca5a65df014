"""Reading the old books into staging."""

from typing import Annotated

import typer

from meterpos.cli import show
from meterpos.cli.headoffice.opened import opened
from meterpos.cli.migrate import words
from meterpos.cli.style import Json, example


def add_to(group: typer.Typer) -> None:
    """Add this file's command to the group."""
    shown = example("meterpos migrate import-legacy --source mysql://reader@db/billing --tenant 1")
    group.command("import-legacy", epilog=shown)(import_legacy)


def import_legacy(
    context: typer.Context,
    *,
    source: Annotated[
        str,
        typer.Option("--source", metavar="URL|DIR", help="mysql://, postgresql://, sqlite:///FILE or a folder of CSV."),
    ],
    tenant: Annotated[int, typer.Option("--tenant", metavar="T", help="Which tenant of it; no other is touched.")],
    json: Json = False,
) -> None:
    """Read one tenant's old books into staging, replacing what was staged; the old books are never written to."""
    from sqlalchemy.engine import make_url

    from meterpos.headoffice.legacy.run import Runner
    from meterpos.headoffice.legacy.sources import open_source

    with opened(context) as office:
        progress = words.Progressing()
        books = open_source(source)
        named = make_url(source).render_as_string(hide_password=True) if "://" in source else source
        try:
            outcome = Runner(office, tell=progress).import_books(books, tenant=tenant, named=named)
        finally:
            progress.end()
            books.close()
    if json:
        show.as_json(words.as_answer([outcome], dry_run=False))
        return
    words.tell_outcome(outcome)
    words.tell_next(("look at it all, changing nothing: meterpos migrate meter-financials --dry-run",))
