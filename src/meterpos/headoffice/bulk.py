"""Many rows at once where one side of the exchange alone needs it; plain insertion is `ledger/bulk.py`'s."""

import json
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any, Final

from sqlalchemy import Connection, String, Table, func, literal
from sqlalchemy.dialects import postgresql, sqlite

from meterpos.ledger.bulk import AboutMany, among, driver_of, insert

__all__ = ["AboutMany", "among", "chunks", "driver_of", "insert", "insert_new", "pairs", "stamp_facts"]

CHUNK: Final = 900
"""How many values one IN list holds."""

_CLAIM_SQLITE: Final = (
    "INSERT INTO claims (kind, key, owner) SELECT value ->> 0, value ->> 1, value ->> 2 FROM json_each(?) WHERE true "
    "ON CONFLICT DO NOTHING RETURNING kind, key"
)
_CLAIM_POSTGRESQL: Final = (
    "INSERT INTO claims (kind, key, owner) SELECT * FROM unnest(%s::text[], %s::text[], %s::text[]) "
    "ON CONFLICT DO NOTHING RETURNING kind, key"
)
_STAMP_SQLITE: Final = "UPDATE facts SET generation = ?, position = ? WHERE fact_id = ?"
_STAMP_POSTGRESQL: Final = (
    "UPDATE facts SET generation = %s, position = placed.position "
    "FROM unnest(%s::text[], %s::bigint[]) AS placed (fact_id, position) WHERE facts.fact_id = placed.fact_id"
)


def pairs(conn: Connection, given: Mapping[str, str]) -> Any:
    """Return pairs of texts as a table of ``key`` and ``value``, given as one value or two."""
    if conn.dialect.name == "sqlite":
        return func.json_each(json.dumps(dict(given))).table_valued("key", "value")
    sides = (literal(list(side), postgresql.ARRAY(String)) for side in (given.keys(), given.values()))
    return func.unnest(*sides).table_valued("key", "value").render_derived()


def insert_new(conn: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert those of `rows` whose primary key is not there yet; waits for others that are inserting the same."""
    if not rows:
        return
    conn.execute(_insert_new(conn.dialect.name, table), list(rows))


@cache
def _insert_new(dialect: str, table: Table) -> Any:
    return (sqlite if dialect == "sqlite" else postgresql).insert(table).on_conflict_do_nothing()


def claim(conn: Connection, rows: Sequence[tuple[str, str, str]]) -> set[tuple[str, str]]:
    """Claim what nobody has claimed yet, given as (kind, key, owner); return kind and key of what was free.

    Waits for others that are claiming the same, so everybody claims in one order.
    """
    if conn.dialect.name == "sqlite":
        free = conn.exec_driver_sql(_CLAIM_SQLITE, (json.dumps(rows),))
    else:
        free = conn.exec_driver_sql(_CLAIM_POSTGRESQL, tuple(list(side) for side in zip(*rows, strict=True)))
    return {(kind, key) for kind, key in free}


def stamp_facts(conn: Connection, generation: int, positions: Mapping[str, int]) -> None:
    """Write a place in the feed onto each of these facts."""
    if not positions:
        return
    if conn.dialect.name == "sqlite":
        driver_of(conn).executemany(
            _STAMP_SQLITE, [(generation, place, fact_id) for fact_id, place in positions.items()]
        )
        return
    with driver_of(conn).cursor() as cursor:
        cursor.execute(_STAMP_POSTGRESQL, (generation, list(positions.keys()), list(positions.values())))


def chunks(items: Iterable[Any], size: int) -> Iterable[list[Any]]:
    """Cut `items` into lists of at most `size`."""
    chunk: list[Any] = []
    for item in items:
        chunk.append(item)
        if len(chunk) == size:
            yield chunk
            chunk = []
    if chunk:
        yield chunk
