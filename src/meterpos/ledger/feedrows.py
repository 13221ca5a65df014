"""What a row of the feed says: the columns of the ledger table its kind names, less what each side works out itself."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any, Final, Protocol

import msgspec
from sqlalchemy import Boolean, Column, Date, LargeBinary, Table

from meterpos.errors import MeterposError
from meterpos.ledger.canonical import write
from meterpos.ledger.tables import (
    accounts,
    contacts,
    customers,
    devices,
    facts,
    meters,
    plans,
    settings,
    users,
)

TABLES: Final[Mapping[str, Table]] = {
    "setting": settings,
    "device": devices,
    "user": users,
    "customer": customers,
    "contact": contacts,
    "meter": meters,
    "account": accounts,
    "plan": plans,
    "fact": facts,
}
"""Which table a kind of row describes; a kind not named here is left for the version that knows it."""

ACCOUNT_LEFT: Final = "account_left"
"""A row that names no table: the account of its key is no longer served in the row's zone."""

STREAM_GREW: Final = "stream_grew"
"""A row that names no table: head office was brought more of the till's earlier stream of its key (in hex)."""

KEPT_HERE: Final[Mapping[str, frozenset[str]]] = {
    "customers": frozenset({"balance_minor", "overpayment_minor"}),
    "accounts": frozenset(
        {
            "net_minor",
            "balance_minor",
            "overpayment_minor",
            "total_billed_minor",
            "total_paid_minor",
            "last_invoice_date",
        }
    ),
    "facts": frozenset({"generation", "position"}),
}
"""Columns that do not travel."""

MAY_LACK: Final[Mapping[str, frozenset[str]]] = {"facts": frozenset({"clerk"})}
"""Columns that an older head office does not send: they are empty then (decision record 0030)."""


class UnreadableRow(MeterposError):
    """A row of the feed does not have the columns of its kind."""


class RowLike(Protocol):
    """A row of the feed as it arrives; ``data`` is a JSON object in UTF-8."""

    @property
    def position(self) -> int: ...
    @property
    def zone(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def key(self) -> str: ...
    @property
    def data(self) -> bytes: ...


def columns_of(table: Table) -> tuple[Column[Any], ...]:
    """Return the columns of ``table`` that travel."""
    kept = KEPT_HERE.get(table.name, frozenset())
    return tuple(column for column in table.columns if column.name not in kept)


def data_of(table: Table, row: Any) -> bytes:
    """Return what a row of ``table`` says as it travels."""
    return write({column.name: plain(getattr(row, column.name)) for column in columns_of(table)})


def plain(value: Any) -> Any:
    """Return a value as it travels: dates as ISO text, octets as hex."""
    if value is None or isinstance(value, (str, int, dict, list)):
        return value
    return value.hex() if isinstance(value, bytes) else value.isoformat()


def decoder(table: Table) -> Callable[[RowLike], dict[str, Any]]:
    """Return the function that turns rows of this table's kind into values for its columns."""
    columns = columns_of(table)
    names = [column.name for column in columns]
    lacking = dict.fromkeys(MAY_LACK.get(table.name, ()))
    converters = [(column.name, _converter(column)) for column in columns if _converter(column) is not None]
    (key,) = table.primary_key.columns

    def decode(row: RowLike) -> dict[str, Any]:
        try:
            found = lacking | msgspec.json.decode(row.data)
            values = {name: found[name] for name in names}
            for name, convert in converters:
                if values[name] is not None and convert is not None:
                    values[name] = convert(values[name])
        except (ValueError, KeyError, TypeError) as error:
            raise UnreadableRow(f"feed row {row.position} ({row.kind} {row.key}): {error!r}") from error
        if values[key.name] != row.key:
            raise UnreadableRow(f"feed row {row.position}: key {row.key} holds {values[key.name]}")
        return values

    return decode


def decode_all(table: Table, rows: Sequence[RowLike]) -> list[dict[str, Any]]:
    """Return the values of ``rows``, all of this table's kind. Raises: UnreadableRow."""
    decode = decoder(table)
    return [decode(row) for row in rows]


def _converter(column: Column[Any]) -> Callable[[Any], Any] | None:
    if isinstance(column.type, Date):
        return date.fromisoformat
    if isinstance(column.type, LargeBinary):
        return bytes.fromhex
    if isinstance(column.type, Boolean):
        return bool
    return None
