"""How far each stream of a till's journal goes, and how far head office has signed for it."""

from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, bindparam, func, select

from meterpos.ledger.journal import FIRST_PREV
from meterpos.ledger.tables import journal, streams, tenders


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamState:
    """One stream: `last_seq` is its last entry, `through_seq` and `head` what head office signed for in
    `generation`.
    """

    stream: bytes
    is_current: bool
    through_seq: int
    head: bytes
    last_seq: int
    generation: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamPlace:
    """One place in a stream: its entry's id (None: this till has none there), and the papers up to it.

    `count` is tenders and reversals, `sum_minor` their total, reversals taken off.
    """

    entry_id: bytes | None
    count: int
    sum_minor: int


_last_seq: Final = func.coalesce(
    select(func.max(journal.c.seq)).where(journal.c.stream == streams.c.stream).scalar_subquery(), 0
)
_states: Final = select(streams, _last_seq.label("last_seq")).order_by(
    streams.c.is_current, streams.c.opened_at, streams.c.stream
)
_entry_at: Final = select(journal.c.entry_id).where(
    journal.c.stream == bindparam("of_stream"), journal.c.seq == bindparam("at_seq")
)
_papers: Final = select(func.count(), func.coalesce(func.sum(tenders.c.total_minor), 0)).where(
    tenders.c.stream == bindparam("of_stream"), tenders.c.seq <= bindparam("through_seq")
)


def stream_states(connection: Connection) -> tuple[StreamState, ...]:
    """Return the streams of this ledger, the oldest first, the current one last."""
    return tuple(
        StreamState(
            stream=row.stream,
            is_current=row.is_current,
            through_seq=row.through_seq,
            head=row.head,
            last_seq=row.last_seq,
            generation=row.generation,
        )
        for row in connection.execute(_states)
    )


def entry_at(connection: Connection, stream: bytes, *, seq: int) -> bytes | None:
    """Return the id of the entry at ``seq`` of ``stream``, None where this till has none there."""
    entry_id: bytes | None = connection.execute(_entry_at, {"of_stream": stream, "at_seq": seq}).scalar_one_or_none()
    return entry_id


def stream_place(connection: Connection, stream: bytes, *, seq: int) -> StreamPlace:
    """Return what stands at `seq` of `stream`; at 0 stand 32 zero bytes."""
    entry_id = FIRST_PREV if seq == 0 else None
    if seq:
        entry_id = entry_at(connection, stream, seq=seq)
    row = connection.execute(_papers, {"of_stream": stream, "through_seq": seq}).one()
    return StreamPlace(entry_id=entry_id, count=row[0], sum_minor=int(row[1]))
