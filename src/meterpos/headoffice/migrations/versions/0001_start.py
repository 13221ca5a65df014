"""The feed, the tills, what intake decided, and what is billed."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

INSTANT = sa.String(24)
SERIAL = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Create every table of head office's own; drop the ledger's indexes that only tills look through."""
    for name in ("ix_tenders_tender_id", "ix_tenders_counter", "ix_tenders_shift"):
        op.drop_index(name, table_name="tenders")
    op.create_table(
        "feed",
        sa.Column("position", SERIAL, autoincrement=False, nullable=False),
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
        sa.Column("condition", sa.JSON),
        sa.PrimaryKeyConstraint("till_name", name="pk_tills"),
    )
    op.create_index("ix_tills_device", "tills", ["device_id"], unique=True)
    op.create_index("ix_tills_code", "tills", ["code_hash"], unique=True)
    _tokens()
    _desk()
    _billing()
    _notes()
    _messages()
    _money_in()


def _tokens() -> None:
    op.create_table(
        "tokens",
        sa.Column("token_id", sa.String, nullable=False),
        sa.Column("name", sa.String, nullable=False),
        sa.Column("role", sa.String, nullable=False),
        sa.Column("token_hash", sa.String, nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("expires_at", INSTANT),
        sa.Column("revoked_at", INSTANT),
        sa.Column("last_used_on", sa.Date),
        sa.PrimaryKeyConstraint("token_id", name="pk_tokens"),
    )
    op.create_index("ix_tokens_name", "tokens", ["name"])
    op.create_table(
        "done_once",
        sa.Column("request", sa.String, nullable=False),
        sa.Column("digest", sa.String, nullable=False),
        sa.Column("answer", sa.JSON),
        sa.Column("done_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("request", name="pk_done_once"),
    )


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
        "exception_assignments",
        sa.Column("exception_id", sa.String, nullable=False),
        sa.Column("place", sa.Integer, nullable=False),
        sa.Column("assigned_to", sa.String, nullable=False),
        sa.Column("assigned_by", sa.String, nullable=False),
        sa.Column("assigned_at", INSTANT, nullable=False),
        sa.Column("note", sa.String, nullable=False),
        sa.PrimaryKeyConstraint("exception_id", "place", name="pk_exception_assignments"),
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
        sa.Column("fact_id", sa.String, nullable=False),
        sa.Column("number", sa.String, nullable=False),
        sa.Column("short_id", sa.String, nullable=False),
        sa.Column("till_name", sa.String, nullable=False),
        sa.Column("account_no", sa.String, nullable=False),
        sa.Column("amount_minor", sa.BigInteger, nullable=False),
        sa.Column("method", sa.String, nullable=False),
        sa.Column("fact_date", sa.Date, nullable=False),
        sa.Column("seal", sa.String, nullable=False),
        sa.Column("claimed_at", INSTANT, nullable=False),
        sa.Column("claimed_by", sa.String, nullable=False),
        sa.Column("superseded_at", INSTANT),
        sa.PrimaryKeyConstraint("fact_id", name="pk_receipt_claims"),
    )
    op.create_index("ix_receipt_claims_short_id", "receipt_claims", ["short_id"])
    standing = sa.text("superseded_at IS NULL")
    op.create_index(
        "ix_receipt_claims_open", "receipt_claims", ["till_name"], sqlite_where=standing, postgresql_where=standing
    )
    op.create_table(
        "witnesses",
        sa.Column("fact_id", sa.String, nullable=False),
        sa.Column("till_name", sa.String, nullable=False),
        sa.Column("generation", sa.Integer, nullable=False),
        sa.Column("position", sa.BigInteger, nullable=False),
        sa.Column("zone", sa.String, nullable=False),
        sa.Column("data", sa.LargeBinary, nullable=False),
        sa.Column("received_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("fact_id", "till_name", name="pk_witnesses"),
    )


def _billing() -> None:
    op.create_table(
        "metering",
        sa.Column("meter_no", sa.String, nullable=False),
        sa.Column("tariff", sa.String),
        sa.Column("digits", sa.Integer),
        sa.PrimaryKeyConstraint("meter_no", name="pk_metering"),
    )
    op.create_table(
        "tariffs",
        sa.Column("tariff", sa.String, nullable=False),
        sa.Column("starts_on", sa.Date, nullable=False),
        sa.Column("ends_on", sa.Date),
        sa.Column("terms", sa.JSON, nullable=False),
        sa.PrimaryKeyConstraint("tariff", "starts_on", name="pk_tariffs"),
    )
    op.create_table(
        "readings",
        sa.Column("meter_no", sa.String, nullable=False),
        sa.Column("read_on", sa.Date, nullable=False),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("source", sa.String, nullable=False),
        sa.Column("reading_milli", sa.BigInteger, nullable=False),
        sa.Column("usage_milli", sa.BigInteger, nullable=False),
        sa.Column("total_milli", sa.BigInteger, nullable=False),
        sa.Column("rolled_over", sa.Boolean, nullable=False),
        sa.Column("noted_at", INSTANT, nullable=False),
        sa.Column("noted_from", sa.String, nullable=False, server_default=""),
        sa.PrimaryKeyConstraint("meter_no", "read_on", "kind", name="pk_readings"),
    )
    op.create_table(
        "bill_runs",
        sa.Column("run_id", sa.String, nullable=False),
        sa.Column("period", sa.String),
        sa.Column("made_on", sa.Date, nullable=False),
        sa.Column("due_on", sa.Date, nullable=False),
        sa.Column("started_at", INSTANT, nullable=False),
        sa.Column("ended_at", INSTANT),
        sa.PrimaryKeyConstraint("run_id", name="pk_bill_runs"),
    )
    op.create_table(
        "bill_errors",
        sa.Column("run_id", sa.String, nullable=False),
        sa.Column("account_no", sa.String, nullable=False),
        sa.Column("reason", sa.String, nullable=False),
        sa.PrimaryKeyConstraint("run_id", "account_no", name="pk_bill_errors"),
    )
    _bills()
    _invoice_papers()


def _invoice_papers() -> None:
    op.create_table(
        "paper_frames",
        sa.Column("frame", sa.String, nullable=False),
        sa.Column("words", sa.JSON, nullable=False),
        sa.PrimaryKeyConstraint("frame", name="pk_paper_frames"),
    )
    names = ("customer_no", "customer_name", "phone", "place", "language", "meter_no", "location", "frame")
    op.create_table(
        "invoice_papers",
        sa.Column("invoice_no", sa.String, nullable=False),
        *(sa.Column(name, sa.String, nullable=False) for name in names),
        sa.PrimaryKeyConstraint("invoice_no", name="pk_invoice_papers"),
    )


def _bills() -> None:
    op.create_table(
        "bills",
        sa.Column("bill_no", sa.String, nullable=False),
        sa.Column("account_no", sa.String, nullable=False),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("amount_minor", sa.BigInteger, nullable=False),
        sa.Column("description", sa.String, nullable=False, server_default=""),
        sa.Column("reference", sa.String, nullable=False, server_default=""),
        sa.Column("made_on", sa.Date, nullable=False),
        sa.Column("period", sa.String),
        sa.Column("run_id", sa.String),
        sa.Column("read_on", sa.Date),
        sa.Column("through_milli", sa.BigInteger),
        sa.Column("lines", sa.JSON),
        sa.Column("invoice_no", sa.String),
        sa.PrimaryKeyConstraint("bill_no", name="pk_bills"),
    )
    for name, columns, unique, where in (
        ("ix_bills_pending", ["account_no"], False, "invoice_no IS NULL"),
        ("ix_bills_invoice", ["invoice_no"], False, "invoice_no IS NOT NULL"),
        ("ix_bills_period", ["account_no", "period", "kind"], True, "period IS NOT NULL"),
        ("ix_bills_run", ["run_id", "account_no"], False, "run_id IS NOT NULL"),
    ):
        part = sa.text(where)
        op.create_index(name, "bills", columns, unique=unique, sqlite_where=part, postgresql_where=part)


def _notes() -> None:
    op.create_table(
        "notes",
        sa.Column("note_no", sa.String, nullable=False),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("account_no", sa.String, nullable=False),
        sa.Column("to_account", sa.String),
        sa.Column("amount_minor", sa.BigInteger, nullable=False),
        sa.Column("reason", sa.String, nullable=False),
        sa.Column("asked_by", sa.String, nullable=False),
        sa.Column("asked_at", INSTANT, nullable=False),
        sa.Column("decided_by", sa.String),
        sa.Column("decided_at", INSTANT),
        sa.Column("status", sa.String, nullable=False),
        sa.Column("adjustment_no", sa.String),
        sa.PrimaryKeyConstraint("note_no", name="pk_notes"),
    )
    op.create_table(
        "meter_events",
        sa.Column("meter_no", sa.String, nullable=False),
        sa.Column("noted_at", INSTANT, nullable=False),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("event_date", sa.Date, nullable=False),
        sa.Column("text", sa.String, nullable=False, server_default=""),
        sa.PrimaryKeyConstraint("meter_no", "noted_at", "kind", name="pk_meter_events"),
    )


def _messages() -> None:
    op.create_table(
        "sms",
        sa.Column("sms_id", sa.String, nullable=False),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("subject", sa.String, nullable=False),
        sa.Column("phone", sa.String, nullable=False),
        sa.Column("customer_no", sa.String),
        sa.Column("account_no", sa.String),
        sa.Column("language", sa.String, nullable=False),
        sa.Column("text", sa.String, nullable=False),
        sa.Column("encoding", sa.String, nullable=False),
        sa.Column("units", sa.Integer, nullable=False),
        sa.Column("parts", sa.Integer, nullable=False),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("tries", sa.Integer, nullable=False, server_default="0"),
        sa.Column("queued_at", INSTANT, nullable=False),
        sa.Column("due_at", INSTANT, nullable=False),
        sa.Column("tried_at", INSTANT),
        sa.Column("ended_at", INSTANT),
        sa.Column("gateway_id", sa.String),
        sa.Column("cost_minor", sa.BigInteger),
        sa.Column("detail", sa.String, nullable=False, server_default=""),
        sa.PrimaryKeyConstraint("sms_id", name="pk_sms"),
    )
    waits = sa.text("state IN ('queued', 'sending')")
    op.create_index("ix_sms_once", "sms", ["kind", "subject", "phone"], unique=True)
    op.create_index("ix_sms_due", "sms", ["due_at"], sqlite_where=waits, postgresql_where=waits)
    op.create_index("ix_sms_tried", "sms", ["tried_at"])
    op.create_index("ix_sms_customer_no", "sms", ["customer_no"])
    op.create_index("ix_sms_gateway_id", "sms", ["gateway_id"])
    op.create_table(
        "sms_templates",
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("language", sa.String, nullable=False),
        sa.Column("text", sa.String, nullable=False),
        sa.PrimaryKeyConstraint("kind", "language", name="pk_sms_templates"),
    )
    op.create_table(
        "sms_gateway",
        sa.Column("id", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("url", sa.String, nullable=False, server_default=""),
        sa.Column("username", sa.String, nullable=False, server_default=""),
        sa.Column("sender", sa.String, nullable=False, server_default=""),
        sa.Column("country", sa.String, nullable=False),
        sa.Column("per_minute", sa.Integer, nullable=False),
        sa.Column("from_hour", sa.Integer, nullable=False, server_default="0"),
        sa.Column("to_hour", sa.Integer, nullable=False, server_default="24"),
        sa.Column("part_cost_minor", sa.BigInteger, nullable=False),
        sa.Column("since", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_sms_gateway"),
    )
    op.create_table(
        "sms_opt_outs",
        sa.Column("phone", sa.String, nullable=False),
        sa.Column("since", INSTANT, nullable=False),
        sa.Column("why", sa.String, nullable=False),
        sa.PrimaryKeyConstraint("phone", name="pk_sms_opt_outs"),
    )


def _money_in() -> None:
    op.create_table(
        "money_in",
        sa.Column("method", sa.String, nullable=False),
        sa.Column("reference", sa.String, nullable=False),
        sa.Column("amount_minor", sa.BigInteger, nullable=False),
        sa.Column("paid_on", sa.Date, nullable=False),
        sa.Column("account_ref", sa.String, nullable=False, server_default=""),
        sa.Column("payer", sa.String, nullable=False, server_default=""),
        sa.Column("source", sa.String, nullable=False),
        sa.Column("received_at", INSTANT, nullable=False),
        sa.Column("on_statement_at", INSTANT),
        sa.Column("outcome", sa.String, nullable=False),
        sa.Column("number", sa.String),
        sa.PrimaryKeyConstraint("method", "reference", name="pk_money_in"),
    )
    is_open = sa.text("outcome IN ('waiting', 'wrong_amount')")
    op.create_index("ix_money_in_open", "money_in", ["paid_on"], sqlite_where=is_open, postgresql_where=is_open)
