"""Old books for tests: the example's, on every kind of source, and the schema to make others."""

import csv
import re
import sqlite3
from pathlib import Path

from tests.support.mariadb import MariaDatabases
from tests.support.postgres import Databases

DATA = Path(__file__).parents[2] / "data" / "legacy"
EXAMPLE = DATA / "legacy.sql"
REPORTS = ("payments", "invoices", "meters", "plans", "journals", "invoices-without-bills")


def expected(report: str) -> str:
    """Return what a report of the example prints."""
    return (DATA / "expected" / f"{report.replace('-', '_')}.csv").read_text(encoding="utf-8")


def schema() -> str:
    """Return the statements that make the old tables."""
    lines = EXAMPLE.read_text(encoding="utf-8").splitlines()
    return "\n".join(line for line in lines if line.startswith("CREATE"))


def in_sqlite(file: Path, script: str) -> str:
    """Make an SQLite file of a script and return its URL."""
    file.unlink(missing_ok=True)
    with sqlite3.connect(file) as connection:
        connection.executescript(f"PRAGMA synchronous = OFF; BEGIN; {script} COMMIT;")
    connection.close()
    return f"sqlite:///{file.as_posix()}"


def in_postgresql(databases: Databases, script: str) -> str:
    """Make a PostgreSQL database of a script and return its URL."""
    import psycopg
    from sqlalchemy import make_url

    url = databases.new()
    plain = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(plain) as link:
        link.execute(script.encode())
    return plain


def in_mariadb(databases: MariaDatabases, script: str) -> str:
    """Make a MariaDB database of a script and return its URL."""
    url = databases.new()
    with databases.connect(url) as connection:
        cursor = connection.cursor()
        for statement in _many_rows_each(script):
            cursor.execute(statement)
    return url


def _many_rows_each(script: str) -> list[str]:
    """Return the statements of a script, rows of one table in one statement, so that loading takes no time."""
    statements: list[str] = []
    for line in script.splitlines():
        match = re.match(r"(INSERT INTO \w+ VALUES) (\(.*\));$", line)
        if match and statements and statements[-1].startswith(match[1]):
            statements[-1] += f", {match[2]}"
        elif line.strip():
            statements.append(line.rstrip(";"))
    return statements


def in_csv(folder: Path, sqlite_file: Path) -> str:
    """Dump an SQLite file as CSV, a file a table, and return the folder."""
    folder.mkdir()
    connection = sqlite3.connect(sqlite_file)
    for (table,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
        cursor = connection.execute(f"SELECT * FROM {table}")
        with (folder / f"{table}.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow([column[0] for column in cursor.description])
            writer.writerows(["\\N" if cell is None else cell for cell in row] for row in cursor)
    connection.close()
    return str(folder)
