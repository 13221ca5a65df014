"""Telling head office what it lost: what was told is not told again."""

from collections.abc import Collection

from sqlalchemy import Connection, update

from meterpos.ledger import bulk
from meterpos.ledger.tables import facts


def record_told(connection: Connection, *, fact_ids: Collection[str]) -> None:
    """Note that head office was told of these facts; those that have a place are left as they are."""
    told = update(facts).where(bulk.among(connection, facts.c.fact_id, fact_ids), facts.c.position.is_(None))
    connection.execute(told.values(generation=None))
