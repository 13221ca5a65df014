"""Old books as a directory of CSV dumps, a file a table: users.csv, meters.csv, … with a header row, UTF-8."""

import csv
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from meterpos.headoffice import bulk
from meterpos.headoffice.legacy.sources.base import Row, UnusableSource

NULLS: Final = frozenset({"", "\\N", "NULL"})
"""How dumps write nothing."""

AT_ONCE: Final = 5_000
FIELD_MAX: Final = min(sys.maxsize, 2**31 - 1)


class DumpSource:
    """A directory of CSV files. Cells are text; one of `NULLS` is nothing."""

    def __init__(self, directory: Path) -> None:
        csv.field_size_limit(FIELD_MAX)
        self._files: Final = {file.stem.lower(): file for file in sorted(directory.glob("*.csv"))}
        if not self._files:
            raise UnusableSource(f"{directory} holds no CSV files. Dump each table to a file: users.csv, meters.csv, …")
        self._parents: Final[dict[tuple[str, int], frozenset[str]]] = {}

    def columns(self, table: str) -> tuple[str, ...] | None:
        """Return the header of the table's file, in small letters; a file without one is of no table.

        Raises: UnusableSource where the header cannot be read, or names a column twice.
        """
        file = self._files.get(table)
        if file is None:
            return None
        try:
            with _lines(file) as (reader, _):
                names = tuple(name.strip().lower() for name in next(reader, []))
        except (csv.Error, UnicodeDecodeError) as error:
            raise UnusableSource(f"{file.name} cannot be read: {error}. Dump it again, as UTF-8.") from error
        twice = [name for name in names if names.count(name) > 1]
        if twice:
            raise UnusableSource(f"{file.name}, line 1: {twice[0]} stands twice in the header. Dump it again.")
        return names or None

    def count(self, table: str, *, tenant: int | None, parent: tuple[str, str] | None) -> int:
        """Return how many lines the file has, which is how much is to be read."""
        del tenant, parent
        with self._files[table].open("rb") as file:
            return max(sum(1 for _ in file) - 1, 0)

    def chunks(self, table: str, *, tenant: int | None, parent: tuple[str, str] | None) -> Iterator[Sequence[Row]]:
        """Return the file's rows. Raises: UnusableSource naming file and line."""
        names = self.columns(table) or ()
        mine = (
            [None if cell in NULLS else cell for cell in row]
            for row in self._all(table, len(names))
            if tenant is None or self._is_of(row, names, tenant, parent)
        )
        return iter(bulk.chunks(mine, AT_ONCE))

    def owners(self, table: str, ids: Sequence[int]) -> dict[int, int]:
        """Return whose those of these rows are that exist: id -> tenant."""
        names = self.columns(table) or ()
        identity, owner = names.index("id"), names.index("tenant_id")
        wanted = {str(one) for one in ids}
        rows = self._all(table, len(names))
        return {int(row[identity]): int(row[owner]) for row in rows if row[identity].strip() in wanted}

    def close(self) -> None:
        """Nothing is held open."""

    def _is_of(self, row: list[str], names: tuple[str, ...], tenant: int, parent: tuple[str, str] | None) -> bool:
        if parent is None:
            return row[names.index("tenant_id")].strip() == str(tenant)
        own, table = parent
        return row[names.index(own)].strip() in self._ids(table, tenant)

    def _ids(self, table: str, tenant: int) -> frozenset[str]:
        if (table, tenant) not in self._parents:
            names = self.columns(table) or ()
            identity, owner = names.index("id"), names.index("tenant_id")
            self._parents[table, tenant] = frozenset(
                row[identity].strip() for row in self._all(table, len(names)) if row[owner].strip() == str(tenant)
            )
        return self._parents[table, tenant]

    def _all(self, table: str, width: int) -> Iterator[list[str]]:
        with _lines(self._files[table]) as (reader, file):
            next(reader, None)
            while True:
                try:
                    row = next(reader, None)
                except (csv.Error, UnicodeDecodeError) as error:
                    raise UnusableSource(f"{file.name}, line {reader.line_num}: {error}. Dump it again.") from error
                if row is None:
                    return
                if not row:
                    continue
                if len(row) != width:
                    raise UnusableSource(
                        f"{file.name}, line {reader.line_num}: {len(row)} values where the header names {width}."
                    )
                yield row


class _lines:  # noqa: N801 - used as a with block
    """Open a CSV file for reading."""

    def __init__(self, file: Path) -> None:
        self._file = file
        try:
            self._stream = file.open(encoding="utf-8-sig", newline="")
        except OSError as error:
            raise UnusableSource(f"{file} cannot be read: {error.strerror}.") from error

    def __enter__(self):  # type: ignore[no-untyped-def]
        return csv.reader(self._stream, strict=True), self._file

    def __exit__(self, *_: object) -> None:
        self._stream.close()
