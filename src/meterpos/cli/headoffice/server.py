"""Setting head office up, serving, upgrading and checking it."""

from typing import Annotated

import typer

from meterpos.cli import show
from meterpos.cli.headoffice.opened import Chosen, opened, tell
from meterpos.cli.style import CHECK_FOUND, Json, Rebuild, example


def add_to(group: typer.Typer) -> None:
    """Add this file's commands to the group."""
    group.command("init", epilog=example("meterpos headoffice init"))(init)
    group.command("serve", epilog=example("meterpos headoffice serve --host 0.0.0.0 --port 8440"))(serve)
    group.command("upgrade", epilog=example("meterpos headoffice upgrade"))(upgrade)
    group.command("check", epilog=example("meterpos headoffice check --json"))(check)


def init(context: typer.Context, json: Json = False) -> None:
    """Set up a head office: its tables, and the keys every till will know it by."""
    from datetime import UTC, datetime

    from meterpos.headoffice.office import found

    chosen: Chosen = context.obj
    settings = chosen.settings()
    place = found(settings, now=datetime.now(UTC))
    where = "the system's keyring" if place == "keyring" else f"files only you can read, in {settings.home / 'secrets'}"
    tell(
        f"Head office of {settings.utility} is set up. Its keys are in {where}: keep a copy in a safe; "
        "without them every till must be enrolled again.",
        {"utility": settings.utility, "home": str(settings.home), "keys": place},
        json=json,
    )


def serve(
    context: typer.Context,
    *,
    host: Annotated[str, typer.Option("--host", metavar="ADDRESS", help="Where to listen.")] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", metavar="N", min=0, max=65535, help="On which port.")] = 8440,
    workers: Annotated[
        int, typer.Option("--workers", metavar="N", min=1, max=64, help="How many processes; several need PostgreSQL.")
    ] = 1,
    everyone: Annotated[
        bool,
        typer.Option("--all", help="Serve every utility on this machine, each below its name: http://ADDRESS/NAME."),
    ] = False,
) -> None:
    """Answer tills until told to stop; put a proxy with a certificate in front for tills elsewhere."""
    import os

    from meterpos.headoffice import app, logs
    from meterpos.headoffice.office import open_office

    chosen: Chosen = context.obj
    logs.set_up()
    if everyone:
        _serve_all(chosen, host=host, port=port, workers=workers)
        return
    settings = chosen.settings()
    if workers > 1 and settings.database_url.startswith("sqlite"):
        raise typer.BadParameter("several workers need PostgreSQL", param_hint="--workers")
    show.tell_aside(f"Head office of {settings.utility} answers on http://{host}:{port}. Ctrl+C stops it.")
    if workers == 1:
        app.serve(lambda: app.create_app(open_office(settings)), host=host, port=port)
        return
    open_office(settings).close()
    os.environ["METERPOS_DATABASE"] = settings.database_url
    os.environ["METERPOS_UTILITY"] = settings.utility
    app.serve("meterpos.headoffice.app:from_environment", host=host, port=port, workers=workers)


def _serve_all(chosen: Chosen, *, host: str, port: int, workers: int) -> None:
    from meterpos.headoffice import app

    if chosen.database or chosen.utility:
        raise typer.BadParameter(
            "every utility has its own database; leave --database and --utility out", param_hint="--all"
        )
    offices = app.open_every()
    names = ", ".join(office.settings.utility for office in offices)
    is_sqlite = any(office.store.dialect == "sqlite" for office in offices)
    if workers > 1:
        for office in offices:
            office.close()
        if is_sqlite:
            raise typer.BadParameter("several workers need PostgreSQL for every utility", param_hint="--workers")
    show.tell_aside(f"Head offices of {names} answer on http://{host}:{port}/NAME. Ctrl+C stops them.")
    if workers == 1:
        app.serve(lambda: app.create_several(offices), host=host, port=port)
    else:
        app.serve("meterpos.headoffice.app:several_from_environment", host=host, port=port, workers=workers)


def upgrade(context: typer.Context, json: Json = False) -> None:
    """Bring the database to this version of meterpos. Make a backup first."""
    from meterpos.headoffice import upgrade as upgrading
    from meterpos.ledger.store import Store

    chosen: Chosen = context.obj
    store = Store(chosen.settings().database_url)
    try:
        upgrading.upgrade(store)
    finally:
        store.close()
    tell("The database is of this version.", {"upgraded": True}, json=json)


def check(context: typer.Context, *, rebuild: Rebuild = False, json: Json = False) -> None:
    """Check everything that must always hold; leaves with 3 when something does not."""
    from meterpos.headoffice.checks import rebuilt_differences, run_checks

    with opened(context) as office:
        with office.store.read() as conn:
            problems = list(run_checks(conn))
        if rebuild:
            problems += rebuilt_differences(office.store, folder=office.settings.home)
    if json:
        told = [{"check": problem.check, "sentence": problem.sentence} for problem in problems]
        show.as_json({"rebuilt": rebuild, "problems": told})
    else:
        show.tell_problems(problems)
        show.tell(f"{len(problems)} found." if problems else "Everything holds.")
    if problems:
        raise typer.Exit(CHECK_FOUND)
