"""Composing what rows of the feed say from the ledger's tables, as they are when the page is read."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final

from sqlalchemy import Connection, Table, bindparam, select

from meterpos.ledger.feedrows import ACCOUNT_LEFT, STREAM_GREW, TABLES, columns_of, plain
from meterpos.sync.framing import encode
from meterpos.sync.wire import FeedRow

CHUNK: Final = 900
FORMAT: Final = 1
"""The version of the data of each kind; a till passes over what it does not know yet."""

Place = tuple[int, str, str, str]
_Reader = Callable[[Connection, Sequence[str]], dict[str, bytes]]


def compose(conn: Connection, places: Sequence[Place]) -> Iterator[FeedRow]:
    """Yield the rows at these places `(position, zone, kind, key)`, in the order given."""
    wanted: dict[str, list[str]] = defaultdict(list)
    for _, _, kind, key in places:
        wanted[kind].append(key)
    data = {kind: _READERS[kind](conn, keys) for kind, keys in wanted.items()}
    for position, zone, kind, key in places:
        yield FeedRow(position=position, zone=zone, kind=kind, key=key, version=FORMAT, data=data[kind][key])


def _reader(table: Table) -> _Reader:
    columns = columns_of(table)
    names = [column.name for column in columns]
    (key,) = table.primary_key.columns
    query = select(*columns).where(key.in_(bindparam("keys", expanding=True)))

    def read(conn: Connection, keys: Sequence[str]) -> dict[str, bytes]:
        found: dict[str, bytes] = {}
        for start in range(0, len(keys), CHUNK):
            for row in conn.execute(query, {"keys": list(keys[start : start + CHUNK])}):
                values = {name: plain(value) for name, value in zip(names, row, strict=True)}
                found[values[key.name]] = encode(values)
        return found

    return read


def _left(_: Connection, keys: Sequence[str]) -> dict[str, bytes]:
    return {key: encode({"account_no": key}) for key in keys}


def _grew(_: Connection, keys: Sequence[str]) -> dict[str, bytes]:
    return {key: encode({"stream": key}) for key in keys}


_READERS: Final[Mapping[str, _Reader]] = {
    **{kind: _reader(table) for kind, table in TABLES.items()},
    ACCOUNT_LEFT: _left,
    STREAM_GREW: _grew,
}
