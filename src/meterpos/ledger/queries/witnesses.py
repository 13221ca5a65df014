"""What this till remembers of the feed and head office does not: facts that a restore took from it."""

from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, select

from meterpos.ledger.feedrows import columns_of, data_of
from meterpos.ledger.tables import accounts, facts


@dataclass(frozen=True, slots=True, kw_only=True)
class Remembered:
    """A fact heard in ``generation`` at ``position`` (0: its place is forgotten), as a row of the feed says it."""

    fact_id: str
    generation: int
    position: int
    zone: str
    data: bytes


_forgotten: Final = (
    select(*columns_of(facts), facts.c.generation, facts.c.position, accounts.c.zone)
    .select_from(facts.join(accounts, accounts.c.account_no == facts.c.stands_on))
    .where(facts.c.position.is_(None), facts.c.decision == "none", facts.c.generation.is_not(None))
    .order_by(facts.c.generation, facts.c.position, facts.c.fact_id)
)


def forgotten_facts(connection: Connection) -> tuple[Remembered, ...]:
    """Return what a restore of head office took from it and it was not told of yet, by the order of its hearing.

    These are others' facts that lost their place: head office began a generation, or named them no more when the till
    looked a second time. Facts of accounts that this till no longer serves are others' to remember.
    """
    return tuple(_remembered(row) for row in connection.execute(_forgotten))


def _remembered(row: Any) -> Remembered:
    return Remembered(
        fact_id=row.fact_id,
        generation=row.generation,
        position=row.position or 0,
        zone=row.zone,
        data=data_of(facts, row),
    )
