"""What a person should look at, found while reading and computing; kept with the row it is about."""

from collections.abc import Iterable

from sqlalchemy import Connection, delete, func, select

from meterpos.headoffice import bulk
from meterpos.headoffice.tables.legacy import legacy_problems

Problem = tuple[str, str, str, str]
"""(code, table, row, what is seen)"""


def clear(conn: Connection, step: str) -> None:
    """Forget what a step found; it is about to look again."""
    conn.execute(delete(legacy_problems).where(legacy_problems.c.step == step))


def keep(conn: Connection, step: str, found: Iterable[Problem]) -> int:
    """Keep what a step found and return how much it was."""
    kept = 0
    for chunk in bulk.chunks(found, 5_000):
        bulk.insert(conn, legacy_problems, [(step, *problem) for problem in chunk])
        kept += len(chunk)
    return kept


def counts(conn: Connection, step: str) -> dict[str, int]:
    """Return how often each code was found by a step."""
    query = (
        select(legacy_problems.c.code, func.count())
        .where(legacy_problems.c.step == step)
        .group_by(legacy_problems.c.code)
        .order_by(legacy_problems.c.code)
    )
    return {row[0]: row[1] for row in conn.execute(query)}


def ids(conn: Connection, step: str, code: str, *, limit: int = 1_000) -> list[str]:
    """Return the rows, at most `limit`, in which a step found this."""
    query = (
        select(legacy_problems.c.row_id)
        .where(legacy_problems.c.step == step, legacy_problems.c.code == code)
        .order_by(legacy_problems.c.row_id)
        .limit(limit)
    )
    return list(conn.execute(query).scalars())
