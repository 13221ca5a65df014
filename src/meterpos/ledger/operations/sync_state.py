"""What an exchange leaves behind at the till: what head office signed for, and the record of the exchange."""

from datetime import datetime
from typing import Final

from sqlalchemy import Connection, delete, func, insert, literal, select, update

from meterpos.errors import MeterposError
from meterpos.ledger.tables import couriers, exchanges, journal, streams

EXCHANGES_KEPT: Final = 500


class AckMismatch(MeterposError):
    """Head office signed for a head this till's journal does not have at that place."""


def record_ack(
    connection: Connection,
    *,
    stream: bytes,
    through_seq: int,
    head: bytes,
    generation: int,
    signed_at: datetime,
    may_go_back: bool = False,
) -> None:
    """Keep what head office signed for: ``stream`` up to ``through_seq``, whose entry is ``head``.

    Within one generation it only moves forward, unless ``may_go_back``: the answer to a question just asked is the
    present truth, also where head office lost entries it had signed for and nobody said so; an old courier file is not.

    Raises: AckMismatch when the head is not ours.
    """
    if through_seq:
        ours = connection.execute(
            select(journal.c.entry_id).where(journal.c.stream == stream, journal.c.seq == through_seq)
        ).scalar_one_or_none()
        if ours != head:
            raise AckMismatch(f"head office signed for another entry {through_seq} than this till made")
    connection.execute(
        update(streams)
        .where(streams.c.stream == stream)
        .where(
            literal(may_go_back)
            | streams.c.generation.is_(None)
            | (streams.c.generation != generation)
            | (streams.c.through_seq <= through_seq)
        )
        .values(through_seq=through_seq, head=head, generation=generation, signed_at=signed_at)
    )


def record_exchange(
    connection: Connection,
    *,
    started_at: datetime,
    finished_at: datetime,
    outcome: str,
    pushed: int,
    pulled: int,
    detail: str = "",
) -> None:
    """Keep how one exchange went; the last 500 are kept."""
    connection.execute(
        insert(exchanges),
        {
            "started_at": started_at,
            "finished_at": finished_at,
            "outcome": outcome,
            "pushed": pushed,
            "pulled": pulled,
            "detail": detail,
        },
    )
    newest = connection.execute(select(func.max(exchanges.c.exchange_id))).scalar_one()
    connection.execute(delete(exchanges).where(exchanges.c.exchange_id <= newest - EXCHANGES_KEPT))


def note_courier(connection: Connection, *, request: str, made_at: datetime) -> None:
    """Remember a courier file that was made: its answer may speak of what head office holds."""
    connection.execute(insert(couriers), {"request": request, "made_at": made_at})


def is_latest_word(connection: Connection, *, request: str) -> bool:
    """Tell whether nothing newer was heard of head office since this courier file was made."""
    return connection.execute(select(couriers.c.courier_id).where(couriers.c.request == request)).first() is not None


def forget_couriers(connection: Connection, *, through: str | None = None) -> None:
    """Head office was heard of: files made until now, or until ``through`` was made, say nothing newer any more."""
    query = delete(couriers)
    if through is not None:
        last = select(func.max(couriers.c.courier_id)).where(couriers.c.request == through).scalar_subquery()
        query = query.where(couriers.c.courier_id <= last)
    connection.execute(query)
