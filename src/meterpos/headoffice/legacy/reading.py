"""import-legacy: one tenant's old rows into the staging tables, old ids kept; the old books are only read."""

import gc
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import compress
from typing import Any, Final

from sqlalchemy import Connection, Table, delete, select

from meterpos.errors import UserError
from meterpos.headoffice import bulk
from meterpos.headoffice.legacy import problems, strangers, values
from meterpos.headoffice.legacy.layout import TABLES, TENANT, OldColumn, OldTable
from meterpos.headoffice.legacy.progress import Progress
from meterpos.headoffice.legacy.sources import Source
from meterpos.headoffice.legacy.state import IMPORT
from meterpos.headoffice.legacy.steps.parts import analyse
from meterpos.headoffice.tables.legacy import MADE, READ
from meterpos.ledger.bulk import Row

SHOWN: Final = 200


class NotTheOldSchema(UserError):
    """Tables or columns without which nothing can be moved are not there."""


class NoSuchTenant(UserError):
    """The source has nothing of that tenant."""


@dataclass(frozen=True, slots=True)
class Read:
    """What was read: rows by table, and columns that differ from the schema that is known."""

    rows: dict[str, int] = field(default_factory=dict)
    unknown: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    problems: dict[str, int] = field(default_factory=dict)


def read_books(conn: Connection, source: Source, *, tenant: int, progress: Progress) -> Read:
    """Replace what is staged by one tenant's rows of `source`.

    Raises: NotTheOldSchema naming all that is missing; NoSuchTenant; UnusableSource.
    """
    plans = _plan(source, tenant)
    for plan in plans:
        progress.expect(plan.expected)
    for table in (*READ, *MADE):
        conn.execute(delete(table))
    problems.clear(conn, IMPORT)
    done = Read()
    for plan in plans:
        done.rows[plan.old.name] = _take(conn, source, plan, progress)
        done.unknown.extend(f"{plan.old.name}.{name}" for name in plan.unknown)
        done.missing.extend(f"{plan.old.name}.{column.name}" for column in plan.missing)
    done.missing.extend(old.name for old in TABLES if source.columns(old.name) is None)
    analyse(conn, *READ)
    problems.keep(conn, IMPORT, list(strangers.find(conn, source)))
    if not done.rows.get("users"):
        raise NoSuchTenant(
            f"There are no users of tenant {tenant}. Nothing was read; check the number.", field="tenant"
        )
    done.problems.update(problems.counts(conn, IMPORT))
    return done


@dataclass(frozen=True, slots=True)
class _Plan:
    """How one table is read."""

    old: OldTable
    names: Sequence[str]
    tenant: int | None
    parent: tuple[str, str] | None
    expected: int

    @property
    def missing(self) -> list[OldColumn]:
        return [column for column in self.old.columns if column.name not in self.names]

    @property
    def unknown(self) -> list[str]:
        known = {column.name for column in self.old.columns} | {TENANT}
        return [name for name in self.names if name not in known]


def _plan(source: Source, tenant: int) -> list[_Plan]:
    """Say how each table is read. Where one says whose its rows are, a required one that does not would bring
    everybody's: it is missing that column."""
    plans, lacking = [], []
    by_tenant = any(TENANT in (source.columns(old.name) or ()) for old in TABLES)
    for old in TABLES:
        names = source.columns(old.name)
        if names is None:
            lacking += [f"the table {old.name}"] if old.required else []
            continue
        lacking += [
            f"{old.name}.{column.name}" for column in old.columns if column.required and column.name not in names
        ]
        mine, parent = _owner(source, old, names, tenant)
        lacking += [f"{old.name}.{TENANT}"] if mine is None and old.required and by_tenant else []
        plans.append(_Plan(old, names, mine, parent, source.count(old.name, tenant=mine, parent=parent)))
    if lacking:
        raise NotTheOldSchema(
            f"These are missing, without which nothing can be moved: {', '.join(lacking)}. Nothing was read.",
            field="source",
        )
    return plans


def _owner(
    source: Source, old: OldTable, names: Sequence[str], tenant: int
) -> tuple[int | None, tuple[str, str] | None]:
    """Say whose the rows of a table are: by its own column, by its parent's, or everybody's."""
    if TENANT in names:
        return tenant, None
    if old.parent is not None and TENANT in (source.columns(old.parent[1]) or ()):
        return tenant, old.parent
    return None, None


def _take(conn: Connection, source: Source, plan: _Plan, progress: Progress) -> int:
    reader = _Reader(plan)
    columns = [*map(_staged, _present(plan)), *(["extra"] if plan.unknown else [])]
    taken = 0
    with _without_collecting():
        for chunk in source.chunks(plan.old.name, tenant=plan.tenant, parent=plan.parent):
            rows = reader.rows(chunk)
            if not _all_new(conn, plan.old.table, rows, columns):
                rows = reader.without(_keys_there(conn, plan.old.table, rows, columns), rows)
                bulk.insert(conn, plan.old.table, rows, columns=columns)
            problems.keep(conn, IMPORT, reader.found)
            reader.found.clear()
            taken += len(rows)
            progress.advance(len(chunk), plan.old.name)
    return taken


@contextmanager
def _without_collecting() -> Iterator[None]:
    """Spare the collector of cycles millions of rows: they have none, and looking takes a seventh of the time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _all_new(conn: Connection, table: Table, rows: Sequence[Row], columns: Sequence[str]) -> bool:
    """Insert rows if none of their keys is there already, and no two have the same; tells whether it did."""
    inner = conn.begin_nested()
    try:
        bulk.insert(conn, table, rows, columns=columns)
    except Exception as error:
        inner.rollback()
        if not _is_of_a_key(error):
            raise
        return False
    inner.commit()
    return True


def _is_of_a_key(error: Exception) -> bool:
    """Tell whether a key stood there already, as SQLAlchemy (SQLite) or the driver (COPY) says it."""
    return type(error).__name__ in ("IntegrityError", "UniqueViolation")


def _keys_there(conn: Connection, table: Table, rows: Sequence[Row], columns: Sequence[str]) -> set[Row]:
    """Return those keys of `rows`, and others beside them, that are in the table."""
    key = list(table.primary_key.columns)
    place = columns.index(key[0].name)
    there: set[Row] = set()
    for chunk in bulk.chunks((row[place] for row in rows), bulk.CHUNK):
        there.update(tuple(row) for row in conn.execute(select(*key).where(key[0].in_(chunk))))
    return there


def _present(plan: _Plan) -> list[OldColumn]:
    return [column for column in plan.old.columns if column.name in plan.names]


def _staged(column: OldColumn) -> str:
    return column.to or column.name


class _Reader:
    """Converts the rows of one table, a column of a chunk at a time; `found` is what it noted."""

    def __init__(self, plan: _Plan) -> None:
        self._plan: Final = plan
        present = _present(plan)
        self._places: Final = [(plan.names.index(column.name), column.convert) for column in present]
        self._spare: Final = [(name, plan.names.index(name)) for name in plan.unknown]
        taken = [_staged(column) for column in present]
        self._keys: Final = [taken.index(column.name) for column in plan.old.table.primary_key]
        self._row_id: Final = plan.names.index("id")
        self._old_rows: Sequence[Sequence[Any]] = ()
        self.found: Final[list[problems.Problem]] = []

    def rows(self, chunk: Sequence[Sequence[Any]]) -> Sequence[Row]:
        """Return a chunk as it is staged; a row without its key is noted and left out."""
        self._old_rows = chunk
        cells = list(zip(*chunk, strict=True))
        try:
            made = [values.all_of(convert, cells[place]) for place, convert in self._places]
        except (values.Unreadable, values.Rounded):
            careful = [self._carefully(row) for row in chunk]
            made = [list(column) for column in zip(*careful, strict=True)]
        if self._spare:
            made.append([_extra(row, self._spare) for row in chunk])
        rows: list[Row] = list(zip(*made, strict=True))
        if all(None not in made[place] for place in self._keys):
            return rows
        keyed = [all(row[place] is not None for place in self._keys) for row in rows]
        self._note_left_out("unreadable", keyed)
        self._old_rows = list(compress(chunk, keyed))
        return list(compress(rows, keyed))

    def without(self, there: set[Row], rows: Sequence[Row]) -> Sequence[Row]:
        """Return the rows just made less those whose key is `there`, or was before in them; these are noted."""
        known, new = set(there), []
        for row in rows:
            key = tuple(row[place] for place in self._keys)
            new.append(key not in known)
            known.add(key)
        self._note_left_out("repeated_id", new)
        return list(compress(rows, new))

    def _note_left_out(self, code: str, kept: Sequence[bool]) -> None:
        for old, is_kept in zip(self._old_rows, kept, strict=True):
            if not is_kept:
                self._note(code, old, _shown(dict(zip(self._plan.names, old, strict=True))))

    def _carefully(self, row: Sequence[Any]) -> list[Any]:
        """Convert a row value by value; what cannot be read is noted as it was and left empty."""
        cells: list[Any] = []
        for column in _present(self._plan):
            value = row[self._plan.names.index(column.name)]
            where = f"{column.name} = {_shown(value)}"
            try:
                cells.append(column.convert(value))
            except values.Rounded as rounded:
                cells.append(rounded.minor)
                self._note("part_of_a_cent", row, where)
            except values.Unreadable as error:
                cells.append(None)
                self._note("unreadable", row, f"{where} {error}")
        return cells

    def _note(self, code: str, row: Sequence[Any], detail: str) -> None:
        self.found.append((code, self._plan.old.name, str(row[self._row_id]), detail))


def _shown(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=values.plain)
    return text[:SHOWN]


def _extra(row: Sequence[Any], spare: Sequence[tuple[str, int]]) -> str | None:
    kept = {name: values.plain(row[place]) for name, place in spare if row[place] is not None}
    return json.dumps(kept, ensure_ascii=False) if kept else None
