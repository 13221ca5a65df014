"""The feed: who is to know of what, in which order. It says where a thing stands in line; the ledger says what it is.

A key has one row, the latest, so reading from 0 is the snapshot, and no row ever holds a stale copy.
"""

from typing import Final

from sqlalchemy import BigInteger, Column, Index, Integer, String, Table

from meterpos.headoffice.tables.base import metadata
from meterpos.ledger.tables.base import Serial, UtcDateTime

feed: Final = Table(
    "feed",
    metadata,
    Column("position", Serial, primary_key=True, autoincrement=False),
    Column("zone", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("key", String, nullable=False),
    Column("digest", BigInteger, nullable=False, server_default="0"),
    comment="digest: a fact's share in its zone's digest, as a signed 64-bit number",
)
Index("ix_feed_key", feed.c.kind, feed.c.key, feed.c.zone, unique=True)
Index("ix_feed_zone", feed.c.zone, feed.c.position)

counters: Final = Table(
    "counters",
    metadata,
    Column("name", String, primary_key=True),
    Column("value", BigInteger, nullable=False),
)

generations: Final = Table(
    "generations",
    metadata,
    Column("generation", Integer, primary_key=True, autoincrement=False),
    Column("parent", Integer),
    Column("parent_position", BigInteger),
    Column("created_at", UtcDateTime, nullable=False),
    comment="a restored head office begins a new one, which names where its parent stood",
)
