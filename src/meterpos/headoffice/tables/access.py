"""Tokens by which people and programs ask head office over HTTP; only their hashes are kept."""

from typing import Final

from sqlalchemy import Column, Date, Index, String, Table

from meterpos.headoffice.tables.base import metadata
from meterpos.ledger.tables.base import UtcDateTime

tokens: Final = Table(
    "tokens",
    metadata,
    Column("token_id", String, primary_key=True),
    Column("name", String, nullable=False),
    Column("role", String, nullable=False),
    Column("token_hash", String, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime),
    Column("revoked_at", UtcDateTime),
    Column("last_used_on", Date),
    comment="token_hash is SHA-256 of a secret of 160 random bits, which no guess reaches",
)
Index("ix_tokens_name", tokens.c.name)
