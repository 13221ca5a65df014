"""What one till keeps about itself: who it is, its settings, its papers, its printer queue, its exchanges."""

from typing import Final

from sqlalchemy import JSON, BigInteger, Boolean, Column, Index, Integer, LargeBinary, String, Table, false

from meterpos.ledger.tables.base import Serial, UtcDateTime, metadata

settings: Final = Table(
    "settings",
    metadata,
    Column("key", String, primary_key=True),
    Column("value", JSON, nullable=False),
)

devices: Final = Table(
    "devices",
    metadata,
    Column("device_id", String, primary_key=True),
    Column("till_name", String, nullable=False),
    Column("public_key", LargeBinary, nullable=False),
    Column("revoked", Boolean, nullable=False),
)

till_identity: Final = Table(
    "till_identity",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("till_name", String, nullable=False),
    Column("title", String, nullable=False),
    Column("device_id", String, nullable=False),
    Column("stream", LargeBinary, nullable=False),
    Column("label", String, nullable=False),
    Column("server_url", String, nullable=False),
    Column("server_key", LargeBinary, nullable=False),
    Column("box_key", LargeBinary, nullable=False),
    Column("zones", JSON, nullable=False),
    Column("certificate", LargeBinary, nullable=False),
    Column("generation", Integer, nullable=False),
    Column("position", BigInteger, nullable=False),
    Column("as_of", UtcDateTime),
    Column("training", Boolean, nullable=False, server_default=false()),
    Column("master_position", BigInteger, nullable=False, server_default="0"),
    Column("in_doubt", Boolean, nullable=False, server_default=false()),
    comment="one row, id 1; generation and position are the cursor in the feed; master_position: the last row heard "
    "that is no fact; in_doubt: a restored head office may not have customers, meters or accounts as they are here",
)

spool: Final = Table(
    "spool",
    metadata,
    Column("job_id", Serial, primary_key=True, autoincrement=True),
    Column("entry_id", LargeBinary, nullable=False),
    Column("paper", String, nullable=False),
    Column("number", String, nullable=False, index=True),
    Column("copy_no", Integer, nullable=False),
    Column("device", String, nullable=False),
    Column("columns", Integer, nullable=False),
    Column("drawer", Boolean, nullable=False),
    Column("state", String, nullable=False),
    Column("queued_at", UtcDateTime, nullable=False),
    Column("sent_at", UtcDateTime),
    Column("detail", String, nullable=False, server_default=""),
)
Index(
    "ix_spool_queued",
    spool.c.job_id,
    sqlite_where=spool.c.state == "queued",
)

papers: Final = Table(
    "papers",
    metadata,
    Column("number", String, primary_key=True),
    Column("copies", Integer, nullable=False),
    comment="how many copies of a paper were asked for after its original",
)

exchanges: Final = Table(
    "exchanges",
    metadata,
    Column("exchange_id", Serial, primary_key=True, autoincrement=True),
    Column("started_at", UtcDateTime, nullable=False),
    Column("finished_at", UtcDateTime, nullable=False),
    Column("outcome", String, nullable=False),
    Column("pushed", Integer, nullable=False),
    Column("pulled", Integer, nullable=False),
    Column("detail", String, nullable=False, server_default=""),
)

couriers: Final = Table(
    "couriers",
    metadata,
    Column("courier_id", Serial, primary_key=True, autoincrement=True),
    Column("request", String, nullable=False),
    Column("made_at", UtcDateTime, nullable=False),
    Column("told", JSON, nullable=False, server_default="{}"),
    comment="courier files made since head office was last heard of: an answer to one is the latest word; told: the "
    "facts each of its witnesses names, by the witness's digest",
)

drafts: Final = Table(
    "drafts",
    metadata,
    Column("name", String, primary_key=True),
    Column("data", JSON, nullable=False),
)

zone_digests: Final = Table(
    "zone_digests",
    metadata,
    Column("zone", String, primary_key=True),
    Column("count", BigInteger, nullable=False),
    Column("total", String, nullable=False),
    comment="additive digest of the positioned facts of a zone; total is 64 bits in hex",
)
