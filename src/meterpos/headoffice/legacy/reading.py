"""import-legacy: one tenant's old rows into the staging tables, old ids kept; the old books are only read."""

import json
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import Connection, delete

from meterpos.errors import UserError
from meterpos.headoffice import bulk
from meterpos.headoffice.legacy import problems, values
from meterpos.headoffice.legacy.layout import TABLES, TENANT, OldColumn, OldTable
from meterpos.headoffice.legacy.progress import Progress
from meterpos.headoffice.legacy.sources import Source
from meterpos.headoffice.legacy.state import IMPORT
from meterpos.headoffice.tables.legacy import READ, legacy_decisions
from meterpos.ledger.bulk import Row

CHUNK_ROWS: Final = 5_000
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
    for table in READ:
        conn.execute(delete(table))
    conn.execute(delete(legacy_decisions))
    problems.clear(conn, IMPORT)
    done = Read()
    for plan in plans:
        done.rows[plan.old.name] = _take(conn, source, plan, progress)
        done.unknown.extend(f"{plan.old.name}.{name}" for name in plan.unknown)
        done.missing.extend(f"{plan.old.name}.{column.name}" for column in plan.missing)
    done.missing.extend(old.name for old in TABLES if source.columns(old.name) is None)
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
    plans, lacking = [], []
    for old in TABLES:
        names = source.columns(old.name)
        if names is None:
            lacking += [f"the table {old.name}"] if old.required else []
            continue
        lacking += [
            f"{old.name}.{column.name}" for column in old.columns if column.required and column.name not in names
        ]
        mine, parent = _owner(source, old, names, tenant)
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
    found: list[problems.Problem] = []
    taken = 0
    columns = [*map(_staged, _present(plan)), "extra"]
    for chunk in bulk.chunks(_rows(source, plan, found), CHUNK_ROWS):
        bulk.insert(conn, plan.old.table, chunk, columns=columns)
        taken += len(chunk)
        progress.advance(len(chunk), plan.old.name)
        if len(found) >= CHUNK_ROWS:
            problems.keep(conn, IMPORT, found)
            found.clear()
    problems.keep(conn, IMPORT, found)
    return taken


def _present(plan: _Plan) -> list[OldColumn]:
    return [column for column in plan.old.columns if column.name in plan.names]


def _staged(column: OldColumn) -> str:
    return column.to or column.name


def _rows(source: Source, plan: _Plan, found: list[problems.Problem]) -> Iterator[Row]:
    """Read, convert and pass on the rows; a row whose key was there already, or has none, is noted and left out."""
    places = [(plan.names.index(column.name), column.convert) for column in _present(plan)]
    spare = [(name, plan.names.index(name)) for name in plan.unknown]
    taken = [_staged(column) for column in _present(plan)]
    keys = [taken.index(column.name) for column in plan.old.table.primary_key]
    identity, row_id = taken.index("id"), plan.names.index("id")
    seen = _Seen()
    for row in source.rows(plan.old.name, tenant=plan.tenant, parent=plan.parent):
        try:
            cells = [convert(row[place]) for place, convert in places]
        except (values.Unreadable, values.Rounded):
            cells = _carefully(row, plan, str(row[row_id]), found)
        cells.append(_extra(row, spare))
        if any(cells[place] is None for place in keys) or not seen.add(cells[identity]):
            code = "repeated_id" if all(cells[place] is not None for place in keys) else "unreadable"
            found.append((code, plan.old.name, str(row[row_id]), _shown(dict(zip(plan.names, row, strict=True)))))
            continue
        yield cells


class _Seen:
    """Remembers identities: cheaply while they only grow, as they do in a dump; in a set once they do not."""

    def __init__(self) -> None:
        self._grown = array("q", [-(2**63)])
        self._known: set[Any] | None = None

    def add(self, identity: Any) -> bool:
        """Note an identity and tell whether it is new."""
        if self._known is None:
            if isinstance(identity, int) and identity > self._grown[-1]:
                self._grown.append(identity)
                return True
            self._known = set(self._grown)
        if identity in self._known:
            return False
        self._known.add(identity)
        return True


def _carefully(row: Sequence[Any], plan: _Plan, row_id: str, found: list[problems.Problem]) -> list[Any]:
    """Convert a row value by value; what cannot be read is noted as it was and left empty."""
    cells: list[Any] = []
    for column in _present(plan):
        value = row[plan.names.index(column.name)]
        where = f"{column.name} = {_shown(value)}"
        try:
            cells.append(column.convert(value))
        except values.Rounded as rounded:
            cells.append(rounded.minor)
            found.append(("part_of_a_cent", plan.old.name, row_id, where))
        except values.Unreadable as error:
            cells.append(None)
            found.append(("unreadable", plan.old.name, row_id, f"{where} {error}"))
    return cells


def _shown(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=values.plain)
    return text[:SHOWN]


def _extra(row: Sequence[Any], spare: Sequence[tuple[str, int]]) -> str | None:
    kept = {name: values.plain(row[place]) for name, place in spare if row[place] is not None}
    return json.dumps(kept, ensure_ascii=False) if kept else None
