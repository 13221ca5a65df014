"""Many rows at once, straight through the driver: executemany on SQLite, COPY on PostgreSQL.

Rows are tuples of values as the database keeps them: dates and instants as text, money as whole minor units.
"""

import json
from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import ARRAY, ColumnElement, Connection, String, Table, any_, func, literal, select, tuple_

Row = Sequence[Any]


def insert(connection: Connection, table: Table, rows: Sequence[Row], *, columns: Sequence[str] | None = None) -> None:
    """Insert ``rows``, whose values stand in the order of ``columns`` (all of the table's, in order, unless given)."""
    if not rows:
        return
    names = tuple(columns) if columns is not None else tuple(column.name for column in table.columns)
    names, rows = _filled(table, names, rows)
    listed = ", ".join(f'"{name}"' for name in names)
    if connection.dialect.name == "sqlite":
        marks = ", ".join("?" * len(names))
        sentence = f'INSERT INTO "{table.name}" ({listed}) VALUES ({marks})'  # noqa: S608 - names of our own tables
        connection.exec_driver_sql(sentence, rows)
        return
    with driver_of(connection).cursor() as cursor, cursor.copy(f'COPY "{table.name}" ({listed}) FROM STDIN') as copy:
        for row in rows:
            copy.write_row(row)


def update(
    connection: Connection, table: Table, rows: Sequence[tuple[Any, ...]], *, columns: Sequence[str], key: str
) -> None:
    """Write ``columns`` of rows that are there; ``rows`` hold their values, in order, and last the ``key``'s."""
    mark = "?" if connection.dialect.name == "sqlite" else "%s"
    changed = ", ".join(f'"{name}" = {mark}' for name in columns)
    sentence = f'UPDATE "{table.name}" SET {changed} WHERE "{key}" = {mark}'  # noqa: S608 - names of our own tables
    connection.exec_driver_sql(sentence, list(rows))


def _filled(table: Table, names: tuple[str, ...], rows: Sequence[Row]) -> tuple[tuple[str, ...], list[tuple[Any, ...]]]:
    """Leave out columns that no row fills: the driver takes longest to hand over nothing, a microsecond each."""
    values = list(zip(*rows, strict=True))
    empty = {place for place, column in enumerate(values) if column[0] is None and _is_empty(column)}
    used = [place for place, name in enumerate(names) if place not in empty or table.c[name].server_default is not None]
    return tuple(names[place] for place in used), list(zip(*(values[place] for place in used), strict=True))


def _is_empty(column: Sequence[Any]) -> bool:
    return column.count(None) == len(column)


def among(conn: Connection, column: ColumnElement[str], values: Collection[str]) -> ColumnElement[bool]:
    """Return the condition that a text is one of many, given as one value: no list of a thousand marks to write out."""
    if conn.dialect.name == "sqlite":
        given = func.json_each(json.dumps(list(values))).table_valued("value")
        return column.in_(select(given.c.value))
    return column == any_(literal(list(values), ARRAY(String)))


def among_pairs(
    conn: Connection, columns: tuple[ColumnElement[str], ColumnElement[str]], pairs: Collection[tuple[str, str]]
) -> ColumnElement[bool]:
    """Return the condition that two texts are one of many pairs. Two lists would be looked up each with each."""
    wanted = list(pairs)
    if conn.dialect.name == "sqlite":
        value = func.json_each(json.dumps(wanted)).table_valued("value").c.value
        return tuple_(*columns).in_(select(func.json_extract(value, "$[0]"), func.json_extract(value, "$[1]")))
    ones, others = (literal([pair[place] for pair in wanted], ARRAY(String)) for place in (0, 1))
    given = func.unnest(ones, others).table_valued("one", "other").render_derived()
    return tuple_(*columns).in_(select(given.c.one, given.c.other))


def driver_of(connection: Connection) -> Any:
    """Return the driver's own connection, inside the transaction that ``connection`` holds."""
    return connection.connection.driver_connection
