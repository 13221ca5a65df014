"""Many rows at once, straight through the driver: executemany on SQLite, COPY on PostgreSQL.

Rows are tuples of values as the database keeps them: dates and instants as text, money as whole minor units.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite

Row = Sequence[Any]

CHUNK: Final = 900
"""How many values one IN list holds."""

_STAMP_SQLITE: Final = "UPDATE facts SET generation = ?, position = ? WHERE fact_id = ?"
_STAMP_POSTGRESQL: Final = (
    "UPDATE facts SET generation = %s, position = placed.position "
    "FROM unnest(%s::text[], %s::bigint[]) AS placed (fact_id, position) WHERE facts.fact_id = placed.fact_id"
)


def insert(conn: Connection, table: Table, rows: Sequence[Row], *, columns: Sequence[str] | None = None) -> None:
    """Insert `rows`, whose values stand in the order of `columns` (all of the table's, in order, unless given)."""
    if not rows:
        return
    names = tuple(columns) if columns is not None else tuple(column.name for column in table.columns)
    listed = ", ".join(f'"{name}"' for name in names)
    if conn.dialect.name == "sqlite":
        marks = ", ".join("?" * len(names))
        _driver(conn).executemany(f'INSERT INTO "{table.name}" ({listed}) VALUES ({marks})', rows)  # noqa: S608 - names of our own tables
        return
    with _driver(conn).cursor() as cursor, cursor.copy(f'COPY "{table.name}" ({listed}) FROM STDIN') as copy:
        for row in rows:
            copy.write_row(row)


def insert_new(conn: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert those of `rows` whose primary key is not there yet; waits for others that are inserting the same."""
    if not rows:
        return
    dialect = sqlite if conn.dialect.name == "sqlite" else postgresql
    conn.execute(dialect.insert(table).on_conflict_do_nothing(), list(rows))


def stamp_facts(conn: Connection, generation: int, positions: Mapping[str, int]) -> None:
    """Write a place in the feed onto each of these facts."""
    if not positions:
        return
    if conn.dialect.name == "sqlite":
        _driver(conn).executemany(_STAMP_SQLITE, [(generation, place, fact_id) for fact_id, place in positions.items()])
        return
    with _driver(conn).cursor() as cursor:
        cursor.execute(_STAMP_POSTGRESQL, (generation, list(positions.keys()), list(positions.values())))


def _driver(conn: Connection) -> Any:
    return conn.connection.driver_connection


def chunks(items: Iterable[Any], size: int) -> Iterable[list[Any]]:
    """Cut `items` into lists of at most `size`."""
    chunk: list[Any] = []
    for item in items:
        chunk.append(item)
        if len(chunk) == size:
            yield chunk
            chunk = []
    if chunk:
        yield chunk
