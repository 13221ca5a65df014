"""The tills head office knows: their zones, their keys, and what they last said of themselves."""

from typing import Final

from sqlalchemy import JSON, BigInteger, Column, Index, Integer, LargeBinary, String, Table

from meterpos.headoffice.tables.base import metadata
from meterpos.ledger.tables.base import UtcDateTime

tills: Final = Table(
    "tills",
    metadata,
    Column("till_name", String, primary_key=True),
    Column("title", String, nullable=False),
    Column("zones", JSON, nullable=False),
    Column("status", String, nullable=False),
    Column("device_id", String),
    Column("public_key", LargeBinary),
    Column("code_hash", String),
    Column("code_expires_at", UtcDateTime),
    Column("enrolled_at", UtcDateTime),
    Column("last_contact_at", UtcDateTime),
    Column("software", String, nullable=False, server_default=""),
    Column("reported_generation", Integer),
    Column("reported_position", BigInteger),
    Column("courier_key", LargeBinary),
    Column("condition", JSON),
    comment="status: waiting, enrolled or revoked; code_hash outlives its use, so a lost answer can be asked "
    "for again; condition is what the till said of itself as its last exchange began (sync.records.CONDITION)",
)
Index("ix_tills_device", tills.c.device_id, unique=True)
Index("ix_tills_code", tills.c.code_hash, unique=True)
