"""The rows that some work left in a database, and the floor under that work: the driver inserting those rows alone."""

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Table

from bench.measure import milliseconds
from meterpos.headoffice.office import Office
from meterpos.ledger.bulk import driver_of

Rows = dict[str, list[tuple[object, ...]]]
"""Rows by table, in their order."""


@dataclass(frozen=True)
class Took:
    """How long something took, and how much of a processor of this process (a database server has its own)."""

    wall_ns: int
    cpu_ns: int

    @property
    def said(self) -> str:
        """Both, in words."""
        return f"{milliseconds(self.wall_ns)}, processor {milliseconds(self.cpu_ns)}"


@contextmanager
def timing(into: list[Took]) -> Iterator[None]:
    """Time what is done inside."""
    wall, cpu = time.perf_counter_ns(), time.process_time_ns()
    yield
    into.append(Took(time.perf_counter_ns() - wall, time.process_time_ns() - cpu))


def left_in(office: Office, tables: Sequence[Table], where: Mapping[str, str]) -> Rows:
    """Return the rows of these tables, as the driver gives them; ``where`` leaves some out."""
    with office.store.read() as conn:
        cursor = driver_of(conn).cursor()
        rows = {}
        for table in tables:
            chosen = f" WHERE {where[table.name]}" if table.name in where else ""
            names = ", ".join(f'"{column.name}"' for column in table.columns)
            as_text = names.replace('"lines"', 'CAST("lines" AS text)')
            cursor.execute(f'SELECT {as_text} FROM "{table.name}"{chosen}')
            rows[table.name] = [tuple(row) for row in cursor.fetchall()]
        cursor.close()
    return rows


def new(before: Rows, after: Rows) -> Rows:
    """Return the rows that were not there before, in their order."""
    known = {table: set(rows) for table, rows in before.items()}
    return {table: [row for row in rows if row not in known[table]] for table, rows in after.items()}


def insert_bare(office: Office, tables: Sequence[Table], rows: Rows) -> None:
    """Insert these rows in one transaction, a statement a table, by the driver alone."""
    with office.store.write() as conn:
        mark = "?" if conn.dialect.name == "sqlite" else "%s"
        cursor = driver_of(conn).cursor()
        for table in tables:
            names = ", ".join(f'"{column.name}"' for column in table.columns)
            marks = ", ".join([mark] * len(table.columns))
            cursor.executemany(f'INSERT INTO "{table.name}" ({names}) VALUES ({marks})', rows[table.name])
        cursor.close()


def files(scratch: Path) -> Iterator[str]:
    """Yield URLs of SQLite databases that are not there yet."""
    scratch.mkdir(parents=True, exist_ok=True)
    n = 0
    while True:
        n += 1
        yield f"sqlite:///{(scratch / f'books-{n}.db').as_posix()}"
