"""What happened at tills: the journal as made, its streams, and the tenders and shifts projected from it."""

from typing import Final

from sqlalchemy import BigInteger, Boolean, Column, Date, Index, Integer, LargeBinary, String, Table

from meterpos.ledger.tables.base import UtcDateTime, amount, metadata

journal: Final = Table(
    "journal",
    metadata,
    Column("entry_id", LargeBinary, primary_key=True),
    Column("stream", LargeBinary, nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("prev", LargeBinary, nullable=False),
    Column("kind", String, nullable=False),
    Column("data", LargeBinary, nullable=False),
    Column("received_at", UtcDateTime),
    comment="immutable; data is the canonical bytes exactly as the till made them",
)
# Not unique: head office keeps both branches of a cloned till.
Index("ix_journal_stream", journal.c.stream, journal.c.seq)

streams: Final = Table(
    "streams",
    metadata,
    Column("stream", LargeBinary, primary_key=True),
    Column("till_name", String, nullable=False),
    Column("device_id", String, nullable=False),
    Column("label", String, nullable=False),
    Column("reason", String, nullable=False),
    Column("opened_at", UtcDateTime, nullable=False),
    Column("is_current", Boolean, nullable=False),
    Column("through_seq", BigInteger, nullable=False, server_default="0"),
    Column("head", LargeBinary, nullable=False),
    Column("generation", Integer),
    Column("signed_at", UtcDateTime),
    comment="through_seq and head: how far head office has signed for the stream without a gap",
)

tenders: Final = Table(
    "tenders",
    metadata,
    Column("entry_id", LargeBinary, primary_key=True),
    Column("stream", LargeBinary, nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("kind", String, primary_key=True),
    Column("tender_id", String, nullable=False, index=True),
    Column("number", String, nullable=False, index=True),
    Column("counter", BigInteger, nullable=False),
    Column("shift", Integer, nullable=False),
    Column("business_date", Date, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("clerk", String, nullable=False),
    Column("customer_no", String),
    Column("customer_name", String, nullable=False),
    Column("meters", String, nullable=False),
    Column("methods", String, nullable=False),
    amount("total_minor"),
    amount("cash_minor"),
    Column("of_number", String),
    comment="a row a paper, two of a correction; cash_minor is what the drawer gained (by a reversal: lost, negative)",
)
AT_TILLS_ALONE: Final = ("ix_tenders_tender_id", "ix_tenders_counter", "ix_tenders_shift")
"""What only a till looks for: a form sent twice, its next number, its shift. Head office's own history drops them: each
would have to be kept for every payment of every till.
"""
Index("ix_tenders_counter", tenders.c.stream, tenders.c.counter)
Index("ix_tenders_seq", tenders.c.stream, tenders.c.seq, tenders.c.total_minor)
Index("ix_tenders_shift", tenders.c.stream, tenders.c.shift)
Index(
    "ix_tenders_of",
    tenders.c.of_number,
    sqlite_where=tenders.c.of_number.is_not(None),
)

shifts: Final = Table(
    "shifts",
    metadata,
    Column("stream", LargeBinary, primary_key=True),
    Column("shift", Integer, primary_key=True),
    Column("clerk", String, nullable=False),
    Column("business_date", Date, nullable=False),
    Column("opened_at", UtcDateTime, nullable=False),
    amount("float_minor"),
    Column("closed_at", UtcDateTime),
    amount("expected_minor", nullable=True),
    amount("counted_minor", nullable=True),
)
