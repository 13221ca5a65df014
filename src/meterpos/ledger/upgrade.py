"""Bringing a database to this version of the tables; a newer one is refused, unharmed."""

from pathlib import Path
from typing import Final

from sqlalchemy import Connection, String, column, inspect, select, table

from meterpos.errors import MeterposError, UserError
from meterpos.ledger.store import Store, UnreadableDatabase
from meterpos.ledger.tables import triggers

HEAD: Final = "0001"
"""The newest step of the ledger's history; a test holds it against the folder."""

VERSION_TABLE: Final = "ledger_version"
_FOLDER: Final = Path(__file__).parent / "migrations"


class NewerDatabase(UserError):
    """The database was made by a later version of meterpos."""


class LostTriggers(MeterposError):
    """After a migration a table that must be immutable is not."""


def upgrade(store: Store) -> None:
    """Create or migrate the ledger's tables, in one transaction; of a SQLite database that has some, a copy is kept.

    Raises: NewerDatabase when a later version of meterpos made it; DiskFull with nothing changed.
    """
    with store.read() as connection:
        found = version(connection, version_table=VERSION_TABLE)
    if found == HEAD:
        return
    if found is not None and found < HEAD:
        keep_copy(store, step=found)
    with store.write() as connection:
        migrate(connection, folder=_FOLDER, version_table=VERSION_TABLE)
        missing = triggers.EXPECTED - triggers.present(connection)
        if missing:
            raise LostTriggers(f"the migration lost the triggers {', '.join(sorted(missing))}")


def keep_copy(store: Store, *, step: str) -> Path | None:
    """Copy a SQLite database beside itself, under its own key, before its tables change; return where, None elsewhere.

    What goes wrong with an upgrade is found out later: the copy of each step stays until somebody takes it away.
    """
    if store.dialect != "sqlite":
        return None
    place = store.path.with_name(f"{store.path.name}.before-{step}")
    part = place.with_name(f"{place.name}.part")
    part.unlink(missing_ok=True)
    store.copy_to(part)
    part.replace(place)
    return place


def migrate(connection: Connection, *, folder: Path, version_table: str) -> None:
    """Run the Alembic history in ``folder`` on ``connection``, inside the caller's transaction.

    Raises: NewerDatabase when the database stands at a step the history does not know.
    """
    from alembic import command
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(folder).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes.update(connection=connection, version_table=version_table)
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    found = version(connection, version_table=version_table)
    if found is not None and found not in known:
        raise NewerDatabase(
            f"This database was made by a later version of meterpos (step {found}). "
            "Install that version; nothing was changed."
        )
    command.upgrade(config, "head")


def version(connection: Connection, *, version_table: str) -> str | None:
    """Return the step a history stands at, None before its first. Raises: UnreadableDatabase."""
    if not inspect(connection).has_table(version_table):
        return None
    query = select(column("version_num", String)).select_from(table(version_table)).limit(2)
    found = connection.execute(query).scalars().all()
    if len(found) > 1:
        raise UnreadableDatabase(
            f"The database is damaged: {version_table} holds more than one step. Restore a backup; nothing was changed."
        )
    return found[0] if found else None
