"""Who may do what: users come down the feed; their PINs stay at the till that set them."""

from typing import Final

from sqlalchemy import Boolean, Column, Date, Integer, String, Table

from meterpos.ledger.tables.base import UtcDateTime, metadata

users: Final = Table(
    "users",
    metadata,
    Column("user_name", String, primary_key=True),
    Column("display_name", String, nullable=False),
    Column("role", String, nullable=False),
    Column("expires_on", Date),
    Column("revoked", Boolean, nullable=False),
    Column("code_hash", String),
)

pins: Final = Table(
    "pins",
    metadata,
    Column("user_name", String, primary_key=True),
    Column("pin_hash", String, nullable=False),
    Column("code_hash", String, nullable=False),
    Column("failures", Integer, nullable=False, server_default="0"),
    Column("locked_until", UtcDateTime),
    comment="argon2id, peppered by a device secret; never sent anywhere",
)
