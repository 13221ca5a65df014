"""How this till stands with head office: what waits to be sent, as of when it knows, how exchanges went."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, func, select

from meterpos.ledger import tables
from meterpos.ledger.queries.identity import find_identity
from meterpos.ledger.tables import journal, streams, tenders


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """What head office has not signed for: ``count`` entries; ``papers`` of them are receipts, ``amount_minor`` in all.

    ``through_seq`` is how far it signed for the current stream; 0 before the first exchange.
    """

    count: int
    papers: int
    amount_minor: int
    through_seq: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """How one round trip with head office went."""

    started_at: datetime
    finished_at: datetime
    outcome: str
    pushed: int
    pulled: int
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """What the status bar says. ``as_of`` is the signed server time of the last page, ``position`` its place."""

    enrolled: bool
    till_name: str
    title: str
    waiting_count: int
    waiting_papers: int
    waiting_minor: int
    as_of: datetime | None
    generation: int
    position: int
    last_exchange: Exchange | None
    training: bool = False


_behind: Final = (
    select(func.count())
    .select_from(streams.join(journal, journal.c.stream == streams.c.stream))
    .where(journal.c.seq > streams.c.through_seq)
)
_papers_behind: Final = (
    select(func.count(), func.coalesce(func.sum(tenders.c.total_minor), 0))
    .select_from(streams.join(tenders, tenders.c.stream == streams.c.stream))
    .where(tenders.c.seq > streams.c.through_seq)
)
_through: Final = select(streams.c.through_seq).where(streams.c.is_current)
_exchanges: Final = select(
    tables.exchanges.c.started_at,
    tables.exchanges.c.finished_at,
    tables.exchanges.c.outcome,
    tables.exchanges.c.pushed,
    tables.exchanges.c.pulled,
    tables.exchanges.c.detail,
).order_by(tables.exchanges.c.exchange_id.desc())


def waiting(connection: Connection) -> Waiting:
    """Return what waits for head office, over every stream this till holds."""
    count = connection.execute(_behind).scalar_one()
    papers, amount_minor = connection.execute(_papers_behind).one()
    through_seq = connection.execute(_through).scalars().first()
    return Waiting(count=count, papers=papers, amount_minor=int(amount_minor), through_seq=through_seq or 0)


def status(connection: Connection) -> Status:
    """Return how this till stands with head office; before it is enrolled everything is empty."""
    who = find_identity(connection)
    behind = waiting(connection)
    return Status(
        enrolled=who is not None,
        till_name=who.till_name if who else "",
        title=who.title if who else "",
        waiting_count=behind.count,
        waiting_papers=behind.papers,
        waiting_minor=behind.amount_minor,
        as_of=who.as_of if who else None,
        generation=who.generation if who else 0,
        position=who.position if who else 0,
        training=who is not None and who.training,
        last_exchange=next(iter(exchanges(connection, limit=1)), None),
    )


def exchanges(connection: Connection, *, limit: int = 50) -> tuple[Exchange, ...]:
    """Return the last exchanges, the latest first."""
    return tuple(Exchange(**row._mapping) for row in connection.execute(_exchanges.limit(limit)))
