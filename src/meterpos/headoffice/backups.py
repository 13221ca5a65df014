"""Backups of head office: one SQLite file with every table, whatever database it was made from or is restored into.

A restored head office begins a new generation, which names where the backup's feed ended: tills let go of what came
after, offer again what it no longer holds, and bring it to the present. Keys are no part of a backup.
"""

import shutil
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from sqlalchemy import Column, Connection, MetaData, String, Table, delete, func, insert, inspect, select, text

from meterpos.errors import UserError
from meterpos.headoffice import feed, upgrade
from meterpos.headoffice.checks import run_checks
from meterpos.headoffice.office import open_store
from meterpos.headoffice.restores import begin_generation
from meterpos.headoffice.tables import generations
from meterpos.headoffice.tables import metadata as headoffice_metadata
from meterpos.ledger.store import Store, UnreadableDatabase, make_durable
from meterpos.ledger.tables import journal
from meterpos.ledger.tables import metadata as ledger_metadata
from meterpos.ledger.upgrade import VERSION_TABLE
from meterpos.settings import HeadOfficeSettings
from meterpos.sync.lock import HomeBusy, home_alone

AT_ONCE: Final = 2_000
IN_USE: Final = HomeBusy("Head office is open: stop its server and other commands, then restore.")
REPLACED: Final = "replaced"
_VERSIONS: Final = tuple(
    Table(name, MetaData(), Column("version_num", String)) for name in (VERSION_TABLE, upgrade.VERSION_TABLE)
)


class CannotBackUp(UserError):
    """The backup could not be made, or the copy does not hold what was copied."""


class NotABackup(UserError):
    """The file is no backup of a head office."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Saved:
    """A backup that was opened and looked at: entries in it, the end of its feed, its generation, its size."""

    entries: int
    position: int
    generation: int
    size_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """What came of a restore: the new generation, the one it came from and where, and where the old database lies."""

    generation: int
    parent: int
    parent_position: int
    entries: int
    laid_aside: Path | None
    problems: tuple[str, ...] = ()
    """What the checks say of the backup: it is used all the same, since there may be no better one."""


def back_up(store: Store, file: Path, *, without: Collection[str] = ()) -> Saved:
    """Copy every table as it stands at one moment into a new file, while tills go on; then open it and look.

    ``without`` names tables whose rows are left out.

    Raises: CannotBackUp, DiskFull; there is no file then.
    """
    if file.exists():
        raise CannotBackUp(f"{file} is there already. Choose another name, or take it away.")
    part = file.with_name(file.name + ".part")
    _clear(part)
    try:
        if store.dialect == "sqlite" and not without:
            store.copy_to(part)
        else:
            _copy_tables(store, part, without=without)
        saved = look_at(part)
        part.replace(file)
        make_durable(file)
    except UnreadableDatabase as error:
        raise CannotBackUp(f"The copy cannot be read back ({error}). Try another medium.") from error
    finally:
        _clear(part)
    return saved


def look_at(file: Path, *, name: Path | None = None) -> Saved:
    """Open a backup, look at every page, and say what it holds; ``name`` is what it is called in sentences.

    Raises: NotABackup, UnreadableDatabase.
    """
    name = name or file
    copy = Store(f"sqlite:///{file}")
    try:
        damage = copy.find_damage()
        if damage:
            raise UnreadableDatabase(f"{name} is damaged ({damage[0]}). Use another backup.")
        with copy.read() as conn:
            missing = {generations.name, journal.name} - set(inspect(conn).get_table_names())
            if missing:
                raise NotABackup(f"{name} is no backup of a head office: it lacks {', '.join(sorted(missing))}.")
            return Saved(
                entries=conn.execute(select(func.count()).select_from(journal)).scalar_one(),
                position=feed.end(conn),
                generation=feed.generation(conn),
                size_bytes=file.stat().st_size,
            )
    finally:
        copy.close()


def restore(settings: HeadOfficeSettings, file: Path, *, leap: int, at: datetime) -> Restored:
    """Put a backup in the place of this head office's database, and begin a new generation in it.

    ``leap`` is random, as in `begin_generation`. The database it replaces is laid aside in the home. Nothing is changed
    unless everything can be.

    Raises: HomeBusy, NotABackup, UnreadableDatabase, NewerDatabase, UnusableDatabase, DiskFull.
    """
    settings.home.mkdir(parents=True, exist_ok=True, mode=0o700)
    with home_alone(settings.home, IN_USE):
        if not file.is_file():
            raise NotABackup(f"There is no file {file}. Check the name.")
        work = settings.home / "restoring.db"
        _clear(work)
        try:
            shutil.copyfile(file, work)
            saved = look_at(work, name=file)
            generation, problems = _prepare(work, leap=leap, at=at)
            laid_aside = _put_in_place(settings, work, stamp=f"{generation}")
        finally:
            _clear(work)
    return Restored(
        generation=generation,
        parent=saved.generation,
        parent_position=saved.position,
        entries=saved.entries,
        laid_aside=laid_aside,
        problems=problems,
    )


def own_up(store: Store, *, leap: int, at: datetime) -> Restored:
    """Begin a new generation in a database that was put back by other means, when nobody said so at the time.

    Where its feed ended then is not known any more, so tills keep no place of it and pull everything again.
    """
    with store.write() as conn:
        parent = feed.generation(conn)
        generation = begin_generation(conn, leap=leap, at=at, common=0)
        entries = conn.execute(select(func.count()).select_from(journal)).scalar_one()
    return Restored(generation=generation, parent=parent, parent_position=0, entries=entries, laid_aside=None)


def _prepare(work: Path, *, leap: int, at: datetime) -> tuple[int, tuple[str, ...]]:
    store = Store(f"sqlite:///{work}")
    try:
        upgrade.upgrade(store)
        with store.read() as conn:
            problems = tuple(problem.sentence for problem in run_checks(conn))
        with store.write() as conn:
            generation = begin_generation(conn, leap=leap, at=at)
        store.checkpoint()
    finally:
        store.close()
    make_durable(work)
    return generation, problems


# --- putting it in place ----------------------------------------------------------------------------------------------


def _put_in_place(settings: HeadOfficeSettings, work: Path, *, stamp: str) -> Path | None:
    target = open_store(settings)
    try:
        if target.dialect == "sqlite":
            return _swap(settings, target, work, stamp=stamp)
        return _fill(settings, target, work, stamp=stamp)
    finally:
        target.close()


def _swap(settings: HeadOfficeSettings, target: Store, work: Path, *, stamp: str) -> Path | None:
    """Let SQLite itself write the prepared copy over the old database, in one transaction of its own."""
    aside = None
    if target.path.exists():
        aside = _aside(settings, stamp)
        target.close()
        for suffix in ("", "-wal"):
            part = target.path.with_name(target.path.name + suffix)
            if part.exists():
                shutil.copyfile(part, aside.with_name(aside.name + suffix))
    prepared = Store(f"sqlite:///{work}")
    try:
        prepared.copy_to(target.path)
    finally:
        prepared.close()
    return aside


def _fill(settings: HeadOfficeSettings, target: Store, work: Path, *, stamp: str) -> Path | None:
    """Empty the tables of a database server and fill them from the prepared copy, in one transaction."""
    with target.read() as conn:
        is_set_up = inspect(conn).has_table(generations.name)
    aside = None
    if is_set_up:
        aside = _aside(settings, stamp)
        _copy_tables(target, aside)
    upgrade.upgrade(target)
    prepared = Store(f"sqlite:///{work}")
    try:
        with prepared.read() as source, target.write() as conn:
            names = ", ".join(f'"{table.name}"' for table in _tables())
            conn.execute(text(f"TRUNCATE {names}"))
            for table in _tables():
                _copy(source, conn, table)
                _go_on_counting(conn, table)
    finally:
        prepared.close()
    return aside


def _aside(settings: HeadOfficeSettings, stamp: str) -> Path:
    folder = settings.home / REPLACED
    folder.mkdir(exist_ok=True)
    return folder / f"before-{stamp}.db"


def _copy_tables(store: Store, file: Path, *, without: Collection[str] = ()) -> None:
    """Write every table, as one transaction sees them, into a new SQLite file."""
    copy = Store(f"sqlite:///{file}")
    try:
        upgrade.upgrade(copy)
        with store.read() as source, copy.write() as conn:
            for table in _VERSIONS:
                conn.execute(delete(table))
            for table in (*_tables(), *_VERSIONS):
                if table.name not in without:
                    _copy(source, conn, table)
        copy.checkpoint()
    finally:
        copy.close()
    make_durable(file)


def _tables() -> tuple[Table, ...]:
    return (*ledger_metadata.sorted_tables, *headoffice_metadata.sorted_tables)


def _copy(source: Connection, target: Connection, table: Table) -> None:
    columns = list(table.columns)
    rows = source.execute(select(*columns), execution_options={"yield_per": AT_ONCE})
    for some in rows.partitions():
        target.execute(insert(table), [dict(row._mapping) for row in some])


def _go_on_counting(conn: Connection, table: Table) -> None:
    """Let a key that counts up go on after the rows that were brought."""
    for column in table.primary_key.columns:
        if column.autoincrement is True:
            last = f'SELECT max("{column.name}") FROM "{table.name}"'  # noqa: S608 - names of our own tables
            conn.execute(
                text(f"SELECT setval(pg_get_serial_sequence(:of, :col), ({last})) WHERE ({last}) IS NOT NULL"),
                {"of": table.name, "col": column.name},
            )


def _clear(part: Path) -> None:
    for suffix in ("", "-wal", "-shm"):
        part.with_name(part.name + suffix).unlink(missing_ok=True)
