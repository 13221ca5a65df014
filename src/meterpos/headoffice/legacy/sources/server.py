"""Old books in a database: one read-only transaction, rows streamed as they are read."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

from meterpos.headoffice.legacy.sources.base import Row, UnusableSource

FETCHED: Final = 5_000


class DatabaseSource:
    """A database seen through its driver. `stream` gives a cursor that does not hold a whole table in memory."""

    def __init__(
        self,
        connection: Any,
        *,
        stream: Callable[[], Any],
        quote: str,
        mark: str,
        columns_sql: str,
        schema: tuple[str, ...],
    ) -> None:
        self._connection: Final = connection
        self._stream: Final = stream
        self._quote: Final = quote
        self._mark: Final = mark
        self._columns_sql: Final = columns_sql
        self._schema: Final = schema
        self._known: Final[dict[str, tuple[str, ...] | None]] = {}

    def columns(self, table: str) -> tuple[str, ...] | None:
        """Return a table's columns in order, in small letters; None where there is no such table."""
        if table not in self._known:
            rows = self._ask(table, self._columns_sql, (*self._schema, table))
            self._known[table] = tuple(str(row[0]).lower() for row in rows) or None
        return self._known[table]

    def count(self, table: str, *, tenant: int | None, parent: tuple[str, str] | None) -> int:
        """Return how many rows `chunks` will give."""
        where, values = self._where(tenant, parent)
        ((found,),) = self._ask(table, f"SELECT count(*) FROM {self._name(table)}{where}", values)
        return int(found)

    def chunks(self, table: str, *, tenant: int | None, parent: tuple[str, str] | None) -> Iterator[Sequence[Row]]:
        """Return a table's rows, as the driver gives them."""
        where, values = self._where(tenant, parent)
        listed = ", ".join(map(self._name, self.columns(table) or ()))
        cursor = self._stream()
        try:
            cursor.execute(f"SELECT {listed} FROM {self._name(table)}{where}", values)
            while some := cursor.fetchmany(FETCHED):
                yield some
        except Exception as error:  # each driver has errors of its own
            raise UnusableSource(f"{table} could not be read to its end: {error}. Try again.") from error
        finally:
            cursor.close()

    def owners(self, table: str, ids: Sequence[int]) -> dict[int, int]:
        """Return whose those of these rows are that exist: id -> tenant."""
        marks = ", ".join([self._mark] * len(ids))
        names = f"{self._name('id')}, {self._name('tenant_id')}"
        sentence = f"SELECT {names} FROM {self._name(table)} WHERE {self._name('id')} IN ({marks})"
        return {int(row[0]): int(row[1]) for row in self._ask(table, sentence, tuple(ids))}

    def _ask(self, table: str, sentence: str, values: tuple[Any, ...]) -> Sequence[Row]:
        """Return all rows of a query that gives few. Raises: UnusableSource."""
        try:
            cursor = self._connection.cursor()
            cursor.execute(sentence, values)
            found: Sequence[Row] = cursor.fetchall()
            cursor.close()
        except Exception as error:  # each driver has errors of its own
            raise UnusableSource(
                f"{table} cannot be read: {error}. Look at the rights of the user it names."
            ) from error
        return found

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def _where(self, tenant: int | None, parent: tuple[str, str] | None) -> tuple[str, tuple[int, ...]]:
        if tenant is None:
            return "", ()
        mine = f"{self._name('tenant_id')} = {self._mark}"
        if parent is None:
            return f" WHERE {mine}", (tenant,)
        own, table = parent
        of_parent = f"SELECT {self._name('id')} FROM {self._name(table)} WHERE {mine}"
        return f" WHERE {self._name(own)} IN ({of_parent})", (tenant,)

    def _name(self, name: str) -> str:
        assert name.replace("_", "").replace("$", "").isalnum() or self._quote not in name, name
        return f"{self._quote}{name}{self._quote}"
