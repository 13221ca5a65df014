"""What an exchange leaves behind at the till: what head office signed for, and the record of the exchange."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Final

from sqlalchemy import Boolean, Connection, bindparam, delete, func, insert, or_, select, true, update

from meterpos.errors import MeterposError
from meterpos.ledger.queries.streams import entry_at
from meterpos.ledger.tables import couriers, exchanges, streams, till_identity

EXCHANGES_KEPT: Final = 500

_signed: Final = (
    update(streams)
    .where(
        streams.c.stream == bindparam("of_stream"),
        or_(
            bindparam("may_go_back", type_=Boolean) == true(),
            streams.c.generation.is_(None),
            streams.c.generation != bindparam("in_generation"),
            streams.c.through_seq <= bindparam("through"),
        ),
    )
    .values(
        through_seq=bindparam("through"),
        head=bindparam("its_head"),
        generation=bindparam("in_generation"),
        signed_at=bindparam("at"),
    )
)
_exchanged: Final = insert(exchanges)
_newest: Final = select(func.max(exchanges.c.exchange_id))
_forget_exchanges: Final = delete(exchanges).where(exchanges.c.exchange_id <= bindparam("through_id"))
_forget_couriers: Final = delete(couriers)


class AckMismatch(MeterposError):
    """Head office signed for a head this till's journal does not have at that place."""


_goes_back: Final = select(streams.c.stream).where(
    streams.c.stream == bindparam("of_stream"),
    streams.c.generation == bindparam("in_generation"),
    streams.c.through_seq > bindparam("through"),
)


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
    Then the till is in doubt of customers, meters and accounts too, until it has looked at its zones anew.

    Raises: AckMismatch when the head is not ours.
    """
    if through_seq:
        ours = entry_at(connection, stream, seq=through_seq)
        if ours != head:
            raise AckMismatch(f"head office signed for another entry {through_seq} than this till made")
    if may_go_back:
        behind = {"of_stream": stream, "in_generation": generation, "through": through_seq}
        if connection.execute(_goes_back, behind).first() is not None:
            connection.execute(update(till_identity).values(in_doubt=True))
    connection.execute(
        _signed,
        {
            "of_stream": stream,
            "may_go_back": may_go_back,
            "in_generation": generation,
            "through": through_seq,
            "its_head": head,
            "at": signed_at,
        },
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
        _exchanged,
        {
            "started_at": started_at,
            "finished_at": finished_at,
            "outcome": outcome,
            "pushed": pushed,
            "pulled": pulled,
            "detail": detail,
        },
    )
    newest = connection.execute(_newest).scalar_one()
    if newest > EXCHANGES_KEPT:
        connection.execute(_forget_exchanges, {"through_id": newest - EXCHANGES_KEPT})


def note_courier(
    connection: Connection, *, request: str, made_at: datetime, told: Mapping[str, Sequence[str]] = MappingProxyType({})
) -> None:
    """Remember a courier file that was made: its answer may speak of what head office holds, and sign for what it was
    ``told``, the ids of lost facts by the digest of the witness that names them.
    """
    row = {"request": request, "made_at": made_at, "told": {digest: list(ids) for digest, ids in told.items()}}
    connection.execute(insert(couriers), row)


def told_by_courier(connection: Connection, *, request: str) -> dict[str, list[str]]:
    """Return what head office was told by this courier file, by the digest of each witness."""
    told = connection.execute(select(couriers.c.told).where(couriers.c.request == request)).scalars().first()
    return dict(told or {})


def is_latest_word(connection: Connection, *, request: str) -> bool:
    """Tell whether nothing newer was heard of head office since this courier file was made."""
    return connection.execute(select(couriers.c.courier_id).where(couriers.c.request == request)).first() is not None


def forget_couriers(connection: Connection, *, through: str | None = None) -> None:
    """Head office was heard of: files made until now, or until ``through`` was made, say nothing newer any more."""
    query = _forget_couriers
    if through is not None:
        last = select(func.max(couriers.c.courier_id)).where(couriers.c.request == through).scalar_subquery()
        query = query.where(couriers.c.courier_id <= last)
    connection.execute(query)
