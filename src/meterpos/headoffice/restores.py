"""What a head office that came back from a backup says of itself: a new generation, which names where it began."""

from datetime import datetime
from typing import Final

from sqlalchemy import Connection, insert, update

from meterpos.headoffice.feed import end, generation
from meterpos.headoffice.tables import generations, sms, sms_gateway

LEAP_MAX: Final = 1 << 20


def begin_generation(conn: Connection, *, leap: int, at: datetime, common: int | None = None) -> int:
    """Begin the next generation, from where this database's feed ends, and return it.

    ``leap``, below LEAP_MAX, is random: two restores of one backup must not become the same generation, or tills that
    met the first would take the second for it. ``common`` is up to where the feed is what tills know, all of it unless
    given.
    """
    assert 0 <= leap < LEAP_MAX, leap
    parent = generation(conn)
    position = end(conn) if common is None else common
    new = parent + 1 + leap
    conn.execute(
        insert(generations),
        {"generation": new, "parent": parent, "parent_position": position, "created_at": at},
    )
    _hold_messages(conn, at=at)
    return new


def _hold_messages(conn: Connection, *, at: datetime) -> None:
    """Send nothing by itself that may have gone out before the disaster: what waited in the backup, and old news."""
    waits = update(sms).where(sms.c.state.in_(("queued", "sending")))
    conn.execute(waits.values(state="unsure", detail="waited in the backup this head office came back from"))
    conn.execute(update(sms_gateway).values(since=at))
