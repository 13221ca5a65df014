"""Many rows at once, straight through the driver: executemany on SQLite, COPY on PostgreSQL.

Rows are tuples of values as the database keeps them: dates and instants as text, money as whole minor units.
"""

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Connection,
    CursorResult,
    String,
    Table,
    any_,
    bindparam,
    func,
    literal,
    select,
    tuple_,
)

Row = Sequence[Any]


def insert(connection: Connection, table: Table, rows: Sequence[Row], *, columns: Sequence[str] | None = None) -> None:
    """Insert ``rows``, whose values stand in the order of ``columns`` (all of the table's, in order, unless given)."""
    if not rows:
        return
    names = columns if columns is not None else [column.name for column in table.columns]
    insert_columns(connection, table, dict(zip(names, zip(*rows, strict=True), strict=True)))


def insert_columns(connection: Connection, table: Table, columns: Mapping[str, Sequence[Any]]) -> None:
    """Insert at least one row, given as the values of each column by its name."""
    columns = _filled(table, columns)
    rows = list(zip(*columns.values(), strict=True))
    listed = ", ".join(f'"{name}"' for name in columns)
    if connection.dialect.name == "sqlite":
        marks = ", ".join("?" * len(columns))
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


def _filled(table: Table, columns: Mapping[str, Sequence[Any]]) -> Mapping[str, Sequence[Any]]:
    """Leave out columns that no row fills: the driver takes longest to hand over nothing, a microsecond each."""
    return {
        name: values
        for name, values in columns.items()
        if not _is_empty(values) or table.c[name].server_default is not None
    }


def _is_empty(values: Sequence[Any]) -> bool:
    return values[0] is None and values.count(None) == len(values)


def among(conn: Connection, column: ColumnElement[str], values: Collection[str]) -> ColumnElement[bool]:
    """Return the condition that a text is one of many, given as one value: no list of a thousand marks to write out."""
    if conn.dialect.name == "sqlite":
        given = func.json_each(json.dumps(list(values))).table_valued("value")
        return column.in_(select(given.c.value))
    return column == any_(literal(list(values), ARRAY(String)))


class AboutMany:
    """A statement about the rows that many texts name, given as one value: made once a database, not at every use.

    ``make`` turns the condition that ``column`` is one of the texts into the statement.
    """

    def __init__(self, column: ColumnElement[str], make: Callable[[ColumnElement[bool]], Any]) -> None:
        self._column, self._make = column, make
        self._made: Final[dict[str, Any]] = {}

    def execute(self, conn: Connection, texts: Collection[str], **more: Any) -> CursorResult[Any]:
        """Run it about these texts; ``more`` are the statement's other values."""
        dialect = conn.dialect.name
        if dialect not in self._made:
            self._made[dialect] = self._make(self._one_of(dialect))
        given = list(texts)
        return conn.execute(self._made[dialect], {"texts": json.dumps(given) if dialect == "sqlite" else given, **more})

    def _one_of(self, dialect: str) -> ColumnElement[bool]:
        if dialect == "sqlite":
            given = func.json_each(bindparam("texts", type_=String)).table_valued("value")
            return self._column.in_(select(given.c.value))
        return self._column == any_(bindparam("texts", type_=ARRAY(String)))


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
