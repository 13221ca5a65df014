"""What intake decided and what a person has to look at."""

from typing import Final

from sqlalchemy import JSON, BigInteger, Column, Date, Index, Integer, LargeBinary, String, Table

from meterpos.headoffice.tables.base import metadata
from meterpos.ledger.tables.base import UtcDateTime

exceptions: Final = Table(
    "exceptions",
    metadata,
    Column("exception_id", String, primary_key=True),
    Column("code", String, nullable=False),
    Column("subject", String, nullable=False),
    Column("till_name", String),
    Column("entry_id", LargeBinary),
    Column("details", JSON, nullable=False),
    Column("owner", String),
    Column("opened_at", UtcDateTime, nullable=False),
    Column("resolved_at", UtcDateTime),
    Column("resolved_by", String),
    Column("resolution", String),
    comment="the id follows from code and subject, so the same thing is never opened twice",
)
Index("ix_exceptions_open", exceptions.c.opened_at, sqlite_where=exceptions.c.resolved_at.is_(None),
      postgresql_where=exceptions.c.resolved_at.is_(None))  # fmt: skip

assignments: Final = Table(
    "exception_assignments",
    metadata,
    Column("exception_id", String, primary_key=True),
    Column("place", Integer, primary_key=True),
    Column("assigned_to", String, nullable=False),
    Column("assigned_by", String, nullable=False),
    Column("assigned_at", UtcDateTime, nullable=False),
    Column("note", String, nullable=False),
    comment="to whom an item was given, one after the other; the last counts, an empty one gives it back",
)

answers: Final = Table(
    "answers",
    metadata,
    Column("entry_id", LargeBinary, primary_key=True),
    Column("outcome", String, nullable=False),
    Column("code", String, nullable=False),
    comment="only for entries that were not simply stored: kept aside (quarantined, held) or stored with an exception",
)

side_entries: Final = Table(
    "side_entries",
    metadata,
    Column("entry_id", LargeBinary, primary_key=True),
    Column("stream", LargeBinary, nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("prev", LargeBinary, nullable=False),
    Column("why", String, nullable=False),
    comment="journal entries off their stream's signed chain: 'fork' (a cloned till), 'gap' (an earlier is missing)",
)
Index("ix_side_entries_stream", side_entries.c.stream, side_entries.c.seq)

claims: Final = Table(
    "claims",
    metadata,
    Column("kind", String, primary_key=True),
    Column("key", String, primary_key=True),
    Column("owner", String, nullable=False),
    comment="who was first: 'reference' METHOD:REFERENCE -> tender, 'reversal' payment -> reversal",
)

witnesses: Final = Table(
    "witnesses",
    metadata,
    Column("fact_id", String, primary_key=True),
    Column("till_name", String, primary_key=True),
    Column("generation", Integer, nullable=False),
    Column("position", BigInteger, nullable=False),
    Column("zone", String, nullable=False),
    Column("data", LargeBinary, nullable=False),
    Column("received_at", UtcDateTime, nullable=False),
    comment="facts that tills heard of and head office lost in a restore, as each of them says; posted by nobody",
)

receipt_claims: Final = Table(
    "receipt_claims",
    metadata,
    Column("fact_id", String, primary_key=True),
    Column("number", String, nullable=False),
    Column("short_id", String, nullable=False, index=True),
    Column("till_name", String, nullable=False),
    Column("account_no", String, nullable=False),
    Column("amount_minor", BigInteger, nullable=False),
    Column("method", String, nullable=False),
    Column("fact_date", Date, nullable=False),
    Column("seal", String, nullable=False),
    Column("claimed_at", UtcDateTime, nullable=False),
    Column("claimed_by", String, nullable=False),
    Column("superseded_at", UtcDateTime),
    comment="payments known from the QR of their receipt alone, by its entry; superseded when the entry itself comes",
)
Index("ix_receipt_claims_open", receipt_claims.c.till_name, sqlite_where=receipt_claims.c.superseded_at.is_(None),
      postgresql_where=receipt_claims.c.superseded_at.is_(None))  # fmt: skip
