"""Running one statement over a large table in parts, so that progress shows and memory stays small."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

from sqlalchemy import Connection, Table, func, select, text

from meterpos.headoffice.legacy.progress import Progress

PART_ROWS: Final = 100_000
CACHE_KIB: Final = 128 * 1024
WORK_KIB: Final = 64 * 1024


def ranges(conn: Connection, table: Table, column: str = "id") -> Iterator[tuple[int, int, int]]:
    """Return (first, last, rows) of each part of a table, by an indexed whole-number column.

    Rows of one value stay in one part, so a part may hold a few rows less or more; `rows` is what it is about.
    """
    key = table.c[column]
    low = conn.execute(select(func.min(key))).scalar_one()
    while low is not None:
        above = select(key).where(key >= low).order_by(key).limit(1).offset(PART_ROWS)
        high = conn.execute(above).scalar_one_or_none()
        if high == low:  # more rows of one value than a part holds
            high = conn.execute(select(func.min(key)).where(key > low)).scalar_one_or_none()
        if high is None:
            last = conn.execute(select(func.max(key))).scalar_one()
            rest = conn.execute(select(func.count()).select_from(table).where(key >= low)).scalar_one()
            yield low, last, int(rest)
            return
        yield low, high - 1, PART_ROWS
        low = high


def count(conn: Connection, table: Table) -> int:
    """Return how many rows a table has."""
    return int(conn.execute(select(func.count()).select_from(table)).scalar_one())


def in_parts(
    conn: Connection, sentence: str, table: Table, *, progress: Progress, doing: str, column: str = "id",
    values: Mapping[str, Any] | None = None,
) -> None:  # fmt: skip
    """Run a statement with :low and :high over each part of `table`; its work was expected before."""
    statement = text(sentence)
    for low, high, rows in ranges(conn, table, column):
        conn.execute(statement, {"low": low, "high": high, **(values or {})})
        progress.advance(rows, doing)


def whole(conn: Connection, sentence: str, *, progress: Progress, doing: str, work: float = 0) -> int:
    """Run one statement and return how many rows it wrote."""
    written = conn.execute(text(sentence)).rowcount
    progress.advance(work, doing)
    return int(written)


@contextmanager
def room_to_work(conn: Connection) -> Iterator[None]:
    """Give a large transaction memory: with its usual 2 MB SQLite writes pages again and again, with its usual 4 MB
    PostgreSQL sorts and joins on disk."""
    if conn.dialect.name != "sqlite":
        conn.exec_driver_sql(f"SET LOCAL work_mem = '{WORK_KIB}kB'")  # until the transaction ends
        yield
        return
    (before,) = conn.exec_driver_sql("PRAGMA cache_size").one()
    conn.exec_driver_sql(f"PRAGMA cache_size = -{CACHE_KIB}")
    try:
        yield
    finally:
        conn.exec_driver_sql(f"PRAGMA cache_size = {before}")


def analyse(conn: Connection, *tables: Table) -> None:
    """Tell PostgreSQL how large the tables are that were just filled: without, it plans for empty ones."""
    if conn.dialect.name == "postgresql":
        for table in tables:
            conn.exec_driver_sql(f'ANALYZE "{table.name}"')
