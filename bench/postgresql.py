"""A PostgreSQL server to measure on, and how much processor time it took: it works in processes of its own."""

import os
import sqlite3
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

AT_ONCE: Final = 50_000
TICKS: Final = os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else 100


def server() -> str:
    """Start the throw-away server of the tests (it writes without fsync) and return its URL; it ends with us."""
    from tests.support.postgres import server_url

    return server_url(Path(tempfile.mkdtemp(prefix="meterpos-bench-pg-")), os.getpid())


def databases() -> Iterator[str]:
    """Yield URLs of empty databases of a throw-away server."""
    from tests.support.postgres import Databases

    made = Databases(server())
    while True:
        yield made.new()


def books_in(url: str, name: str, old: Path) -> str:
    """Copy old books from SQLite into the schema `old` of a database of this name; return its URL."""
    import psycopg

    plain = url.replace("+psycopg", "")
    with psycopg.connect(f"{plain}/postgres", autocommit=True) as server_:
        if server_.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,)).fetchone() is None:
            server_.execute(f'CREATE DATABASE "{name}"')
    with psycopg.connect(f"{plain}/{name}") as there, sqlite3.connect(old) as here:
        there.execute("CREATE SCHEMA old")
        there.execute("SET search_path = old")
        for table, made in here.execute("SELECT name, sql FROM sqlite_master WHERE type = 'table'").fetchall():
            there.execute(made)
            _copy(here, there, table)
            there.execute(f'ANALYZE old."{table}"')
    return f"{url}/{name}"


def _copy(here: sqlite3.Connection, there: Any, table: str) -> None:
    rows = here.execute(f"SELECT * FROM {table}")
    with there.cursor() as cursor, cursor.copy(f'COPY old."{table}" FROM STDIN') as copy:
        for row in rows:
            copy.write_row(row)


def fresh(url: str, name: str, template: str) -> str:
    """Return the URL of a new database, a copy of `template`; an old one of this name goes."""
    import psycopg

    with psycopg.connect(f"{url.replace('+psycopg', '')}/postgres", autocommit=True) as there:
        there.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        there.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
    return f"{url}/{name}"


def cpu_s(url: str) -> float | None:
    """Return the processor time the whole server behind `url` took so far; None where that cannot be seen."""
    import psycopg

    with psycopg.connect(url.replace("+psycopg", "")) as there:
        (own,) = there.execute("SELECT pg_backend_pid()").fetchone()  # type: ignore[misc]
        return _tree_s(own) if Path("/proc/self/stat").exists() else None


def _tree_s(backend: int) -> float:
    """Add up the server, those of its processes that live, and (through it) those that ended."""
    everybody = {int(one.name): _stat(one) for one in Path("/proc").iterdir() if one.name.isdigit()}
    postmaster = next((_parent(stat) for pid, stat in everybody.items() if pid == backend and stat), None)
    total = 0
    for pid, stat in everybody.items():
        if stat and (pid == postmaster or _parent(stat) == postmaster):
            own, reaped = sum(map(int, stat[11:13])), sum(map(int, stat[13:15]))
            total += own + (reaped if pid == postmaster else 0)
    return total / TICKS


def _parent(stat: list[str]) -> int:
    return int(stat[1])


def _stat(process: Path) -> list[str]:
    """Return the fields of a process after its name, which may hold anything."""
    try:
        return (process / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []
