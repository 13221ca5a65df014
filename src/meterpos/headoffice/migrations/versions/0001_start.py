"""The feed, the tills, and what intake decided."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

INSTANT = sa.String(24)


def upgrade() -> None:
    """Create every table of head office's own."""
    op.create_table(
        "feed",
        sa.Column("position", sa.BigInteger, autoincrement=False, nullable=False),
        sa.Column("zone", sa.String, nullable=False),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("key", sa.String, nullable=False),
        sa.Column("digest", sa.BigInteger, nullable=False, server_default="0"),
        sa.PrimaryKeyConstraint("position", name="pk_feed"),
    )
    op.create_index("ix_feed_key", "feed", ["kind", "key", "zone"], unique=True)
    op.create_index("ix_feed_zone", "feed", ["zone", "position"])
    op.create_table(
        "counters",
        sa.Column("name", sa.String, nullable=False),
        sa.Column("value", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_counters"),
    )
    op.create_table(
        "generations",
        sa.Column("generation", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("parent", sa.Integer),
        sa.Column("parent_position", sa.BigInteger),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("generation", name="pk_generations"),
    )
    op.create_table(
        "tills",
        sa.Column("till_name", sa.String, nullable=False),
        sa.Column("title", sa.String, nullable=False),
        sa.Column("zones", sa.JSON, nullable=False),
        sa.Column("status", sa.String, nullable=False),
        sa.Column("device_id", sa.String),
        sa.Column("public_key", sa.LargeBinary),
        sa.Column("code_hash", sa.String),
        sa.Column("code_expires_at", INSTANT),
        sa.Column("enrolled_at", INSTANT),
        sa.Column("last_contact_at", INSTANT),
        sa.Column("software", sa.String, nullable=False, server_default=""),
        sa.Column("reported_generation", sa.Integer),
        sa.Column("reported_position", sa.BigInteger),
        sa.Column("courier_key", sa.LargeBinary),
        sa.PrimaryKeyConstraint("till_name", name="pk_tills"),
    )
    op.create_index("ix_tills_device", "tills", ["device_id"], unique=True)
    op.create_index("ix_tills_code", "tills", ["code_hash"], unique=True)
    _desk()


def _desk() -> None:
    op.create_table(
        "exceptions",
        sa.Column("exception_id", sa.String, nullable=False),
        sa.Column("code", sa.String, nullable=False),
        sa.Column("subject", sa.String, nullable=False),
        sa.Column("till_name", sa.String),
        sa.Column("entry_id", sa.LargeBinary),
        sa.Column("details", sa.JSON, nullable=False),
        sa.Column("owner", sa.String),
        sa.Column("opened_at", INSTANT, nullable=False),
        sa.Column("resolved_at", INSTANT),
        sa.Column("resolved_by", sa.String),
        sa.Column("resolution", sa.String),
        sa.PrimaryKeyConstraint("exception_id", name="pk_exceptions"),
    )
    unresolved = sa.text("resolved_at IS NULL")
    op.create_index(
        "ix_exceptions_open", "exceptions", ["opened_at"], sqlite_where=unresolved, postgresql_where=unresolved
    )
    op.create_table(
        "answers",
        sa.Column("entry_id", sa.LargeBinary, nullable=False),
        sa.Column("outcome", sa.String, nullable=False),
        sa.Column("code", sa.String, nullable=False),
        sa.PrimaryKeyConstraint("entry_id", name="pk_answers"),
    )
    op.create_table(
        "side_entries",
        sa.Column("entry_id", sa.LargeBinary, nullable=False),
        sa.Column("stream", sa.LargeBinary, nullable=False),
        sa.Column("seq", sa.BigInteger, nullable=False),
        sa.Column("prev", sa.LargeBinary, nullable=False),
        sa.Column("why", sa.String, nullable=False),
        sa.PrimaryKeyConstraint("entry_id", name="pk_side_entries"),
    )
    op.create_index("ix_side_entries_stream", "side_entries", ["stream", "seq"])
    op.create_table(
        "claims",
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("key", sa.String, nullable=False),
        sa.Column("owner", sa.String, nullable=False),
        sa.PrimaryKeyConstraint("kind", "key", name="pk_claims"),
    )
    op.create_table(
        "receipt_claims",
        sa.Column("number", sa.String, nullable=False),
        sa.Column("short_id", sa.String, nullable=False),
        sa.Column("fact_id", sa.String, nullable=False),
        sa.Column("till_name", sa.String, nullable=False),
        sa.Column("account_no", sa.String, nullable=False),
        sa.Column("amount_minor", sa.BigInteger, nullable=False),
        sa.Column("method", sa.String, nullable=False),
        sa.Column("fact_date", sa.Date, nullable=False),
        sa.Column("seal", sa.String, nullable=False),
        sa.Column("claimed_at", INSTANT, nullable=False),
        sa.Column("claimed_by", sa.String, nullable=False),
        sa.Column("superseded_at", INSTANT),
        sa.PrimaryKeyConstraint("number", name="pk_receipt_claims"),
    )
    op.create_index("ix_receipt_claims_short_id", "receipt_claims", ["short_id"])
