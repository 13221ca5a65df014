"""Tokens by which people and programs ask head office over HTTP, only their hashes; and what they asked to be done."""

from typing import Final

from sqlalchemy import JSON, Column, Date, Index, String, Table

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

done_once: Final = Table(
    "done_once",
    metadata,
    Column("request", String, primary_key=True),
    Column("digest", String, nullable=False),
    Column("answer", JSON),
    Column("done_at", UtcDateTime, nullable=False),
    comment="writes asked for over HTTP, by token and the request's own key, with what was answered; kept for 30 days",
)
