"""Fixtures of the migration: the example's old books on every kind of source."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.headoffice.legacy import old_books
from tests.support.headoffice import office

__all__ = ["office"]

KINDS = ("sqlite", "postgresql", "mariadb", "csv")
MakeSource = Callable[[str, str], str]


@pytest.fixture
def source_of(request: pytest.FixtureRequest, tmp_path: Path) -> MakeSource:
    """Make old books of a script on one kind of source and return how a command names them."""

    def make(kind: str, script: str) -> str:
        if kind == "postgresql":
            return old_books.in_postgresql(request.getfixturevalue("postgres_databases"), script)
        if kind == "mariadb":
            return old_books.in_mariadb(request.getfixturevalue("mariadb_databases"), script)
        file = tmp_path / "old.db"
        url = old_books.in_sqlite(file, script)
        return url if kind == "sqlite" else old_books.in_csv(tmp_path / "dump", file)

    return make
