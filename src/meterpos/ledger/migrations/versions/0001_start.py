"""The first tables of the ledger."""

import sqlalchemy as sa
from alembic import op

from meterpos.ledger.tables import triggers

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Create every table, index and immutability trigger."""
    op.create_table(
        "accounts",
        sa.Column("account_no", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("customer_no", sa.String(), nullable=True),
        sa.Column("meter_no", sa.String(), nullable=True),
        sa.Column("till_name", sa.String(), nullable=True),
        sa.Column("zone", sa.String(), nullable=False),
        sa.Column("opened_on", sa.Date(), nullable=True),
        sa.Column("closed_on", sa.Date(), nullable=True),
        sa.Column("net_minor", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("balance_minor", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("overpayment_minor", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("total_billed_minor", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("total_paid_minor", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("last_invoice_date", sa.Date(), nullable=True),
        sa.PrimaryKeyConstraint("account_no", name=op.f("pk_accounts")),
    )
    op.create_index(op.f("ix_accounts_customer_no"), "accounts", ["customer_no"], unique=False)
    op.create_index(op.f("ix_accounts_meter_no"), "accounts", ["meter_no"], unique=False)
    for name, first in (("ix_accounts_net", "net_minor"), ("ix_accounts_invoiced", "last_invoice_date")):
        op.create_index(
            name,
            "accounts",
            [sa.literal_column(f"{first} DESC"), "meter_no", "account_no", "closed_on"],
            unique=False,
            sqlite_where=sa.text("meter_no IS NOT NULL"),
            postgresql_where=sa.text("meter_no IS NOT NULL"),
        )
    op.create_table(
        "cash_movements",
        sa.Column("entry_id", sa.LargeBinary(), nullable=False),
        sa.Column("stream", sa.LargeBinary(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("movement_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("counter", sa.BigInteger(), nullable=False),
        sa.Column("shift", sa.Integer(), nullable=True),
        sa.Column("business_date", sa.Date(), nullable=False),
        sa.Column("at", sa.String(24), nullable=False),
        sa.Column("clerk", sa.String(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("difference_minor", sa.BigInteger(), nullable=False),
        sa.Column("slip", sa.String(), nullable=True),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("to_clerk", sa.String(), nullable=True),
        sa.Column("approved_by", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("entry_id", name=op.f("pk_cash_movements")),
    )
    op.create_index("ix_cash_movements_counter", "cash_movements", ["stream", "counter"], unique=False)
    op.create_index(op.f("ix_cash_movements_movement_id"), "cash_movements", ["movement_id"], unique=False)
    op.create_index(op.f("ix_cash_movements_number"), "cash_movements", ["number"], unique=False)
    op.create_index("ix_cash_movements_shift", "cash_movements", ["stream", "shift"], unique=False)
    op.create_table(
        "contacts",
        sa.Column("contact_id", sa.String(), nullable=False),
        sa.Column("customer_no", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("phone", sa.String(), nullable=False),
        sa.Column("consent", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("contact_id", name=op.f("pk_contacts")),
    )
    op.create_index(op.f("ix_contacts_customer_no"), "contacts", ["customer_no"], unique=False)
    op.create_table(
        "customers",
        sa.Column("customer_no", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("phone", sa.String(), server_default="", nullable=False),
        sa.Column("place", sa.String(), server_default="", nullable=False),
        sa.Column("zone", sa.String(), nullable=False),
        sa.Column("status", sa.String(), server_default="active", nullable=False),
        sa.Column("language", sa.String(), server_default="en", nullable=False),
        sa.Column("opened_on", sa.Date(), nullable=True),
        sa.Column("balance_minor", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("overpayment_minor", sa.BigInteger(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("customer_no", name=op.f("pk_customers")),
        sqlite_with_rowid=True,
    )
    op.create_table(
        "devices",
        sa.Column("device_id", sa.String(), nullable=False),
        sa.Column("till_name", sa.String(), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("revoked", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("device_id", name=op.f("pk_devices")),
    )
    op.create_table(
        "drafts",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_drafts")),
    )
    op.create_table(
        "exchanges",
        sa.Column(
            "exchange_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("started_at", sa.String(24), nullable=False),
        sa.Column("finished_at", sa.String(24), nullable=False),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("pushed", sa.Integer(), nullable=False),
        sa.Column("pulled", sa.Integer(), nullable=False),
        sa.Column("detail", sa.String(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("exchange_id", name=op.f("pk_exchanges")),
    )
    op.create_table(
        "couriers",
        sa.Column(
            "courier_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("request", sa.String(), nullable=False),
        sa.Column("made_at", sa.String(24), nullable=False),
        sa.Column("told", sa.JSON(), server_default="{}", nullable=False),
        sa.PrimaryKeyConstraint("courier_id", name=op.f("pk_couriers")),
    )
    op.create_table(
        "facts",
        sa.Column("fact_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("account_no", sa.String(), nullable=False),
        sa.Column("stands_on", sa.String(), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("fact_date", sa.Date(), nullable=False),
        sa.Column("due_date", sa.Date(), nullable=True),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("counts", sa.Boolean(), nullable=False),
        sa.Column("invoice_no", sa.String(), nullable=True),
        sa.Column("of_fact_id", sa.String(), nullable=True),
        sa.Column("method", sa.String(), nullable=True),
        sa.Column("reference", sa.String(), nullable=True),
        sa.Column("brought_forward_minor", sa.BigInteger(), nullable=True),
        sa.Column("text", sa.String(), nullable=True),
        sa.Column("entry_id", sa.LargeBinary(), nullable=True),
        sa.Column("generation", sa.Integer(), nullable=True),
        sa.Column("position", sa.BigInteger(), nullable=True),
        sa.Column("decision", sa.String(), nullable=True),
        sa.Column("clerk", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("fact_id", name=op.f("pk_facts")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_facts_account", "facts", ["stands_on", "fact_date"], unique=False)
    for name, column, some in (
        ("ix_facts_of", "of_fact_id", "of_fact_id IS NOT NULL"),
        ("ix_facts_reference", "reference", "reference IS NOT NULL"),
        ("ix_facts_number", "number", "kind = 'payment' AND position IS NOT NULL"),
    ):
        where = sa.text(some)
        op.create_index(name, "facts", [column], unique=False, sqlite_where=where, postgresql_where=where)
    lost = sa.text("position IS NULL AND decision = 'none' AND generation IS NOT NULL")
    if op.get_bind().dialect.name == "sqlite":
        op.create_index("ix_facts_lost", "facts", ["fact_id"], unique=False, sqlite_where=lost)
    op.create_table(
        "journal",
        sa.Column("entry_id", sa.LargeBinary(), nullable=False),
        sa.Column("stream", sa.LargeBinary(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("prev", sa.LargeBinary(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.Column("received_at", sa.String(24), nullable=True),
        sa.PrimaryKeyConstraint("entry_id", name=op.f("pk_journal")),
    )
    op.create_index("ix_journal_stream", "journal", ["stream", "seq"], unique=False)
    op.create_table(
        "meters",
        sa.Column("meter_no", sa.String(), nullable=False),
        sa.Column("serial_no", sa.String(), server_default="", nullable=False),
        sa.Column("utility", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("location", sa.String(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("meter_no", name=op.f("pk_meters")),
    )
    op.create_index(
        "ix_meters_out_of_use",
        "meters",
        ["meter_no"],
        unique=False,
        sqlite_where=sa.text("status != 'active'"),
        postgresql_where=sa.text("status != 'active'"),
    )
    op.create_table(
        "movements",
        sa.Column("account_no", sa.String(), nullable=False),
        sa.Column("fact_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("fact_date", sa.Date(), nullable=False),
        sa.Column("due_date", sa.Date(), nullable=True),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("invoice_no", sa.String(), nullable=True),
        sa.Column("of_fact_id", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("account_no", "fact_id", name=op.f("pk_movements")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "papers",
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("copies", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_papers")),
    )
    op.create_table(
        "pins",
        sa.Column("user_name", sa.String(), nullable=False),
        sa.Column("pin_hash", sa.String(), nullable=False),
        sa.Column("code_hash", sa.String(), nullable=False),
        sa.Column("failures", sa.Integer(), server_default="0", nullable=False),
        sa.Column("locked_until", sa.String(24), nullable=True),
        sa.PrimaryKeyConstraint("user_name", name=op.f("pk_pins")),
    )
    op.create_table(
        "plans",
        sa.Column("account_no", sa.String(), nullable=False),
        sa.Column("capacity_kw", sa.String(), nullable=False),
        sa.Column("total_minor", sa.BigInteger(), nullable=False),
        sa.Column("plan_no", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("account_no", name=op.f("pk_plans")),
    )
    op.create_index(op.f("ix_plans_plan_no"), "plans", ["plan_no"])
    op.create_table(
        "settings",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("value", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_settings")),
    )
    op.create_table(
        "shifts",
        sa.Column("stream", sa.LargeBinary(), nullable=False),
        sa.Column("shift", sa.Integer(), nullable=False),
        sa.Column("clerk", sa.String(), nullable=False),
        sa.Column("business_date", sa.Date(), nullable=False),
        sa.Column("opened_at", sa.String(24), nullable=False),
        sa.Column("float_minor", sa.BigInteger(), nullable=False),
        sa.Column("closed_at", sa.String(24), nullable=True),
        sa.Column("expected_minor", sa.BigInteger(), nullable=True),
        sa.Column("counted_minor", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("stream", "shift", name=op.f("pk_shifts")),
    )
    op.create_table(
        "spool",
        sa.Column("job_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("entry_id", sa.LargeBinary(), nullable=False),
        sa.Column("paper", sa.String(), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("copy_no", sa.Integer(), nullable=False),
        sa.Column("device", sa.String(), nullable=False),
        sa.Column("columns", sa.Integer(), nullable=False),
        sa.Column("drawer", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("queued_at", sa.String(24), nullable=False),
        sa.Column("sent_at", sa.String(24), nullable=True),
        sa.Column("detail", sa.String(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("job_id", name=op.f("pk_spool")),
    )
    op.create_index(op.f("ix_spool_number"), "spool", ["number"], unique=False)
    op.create_index(
        "ix_spool_queued",
        "spool",
        ["job_id"],
        unique=False,
        sqlite_where=sa.text("state = 'queued'"),
        postgresql_where=sa.text("state = 'queued'"),
    )
    op.create_table(
        "streams",
        sa.Column("stream", sa.LargeBinary(), nullable=False),
        sa.Column("till_name", sa.String(), nullable=False),
        sa.Column("device_id", sa.String(), nullable=False),
        sa.Column("label", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("opened_at", sa.String(24), nullable=False),
        sa.Column("is_current", sa.Boolean(), nullable=False),
        sa.Column("through_seq", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("head", sa.LargeBinary(), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=True),
        sa.Column("signed_at", sa.String(24), nullable=True),
        sa.PrimaryKeyConstraint("stream", name=op.f("pk_streams")),
    )
    op.create_table(
        "tenders",
        sa.Column("entry_id", sa.LargeBinary(), nullable=False),
        sa.Column("stream", sa.LargeBinary(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("tender_id", sa.String(), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("counter", sa.BigInteger(), nullable=False),
        sa.Column("shift", sa.Integer(), nullable=False),
        sa.Column("business_date", sa.Date(), nullable=False),
        sa.Column("at", sa.String(24), nullable=False),
        sa.Column("clerk", sa.String(), nullable=False),
        sa.Column("customer_no", sa.String(), nullable=True),
        sa.Column("customer_name", sa.String(), nullable=False),
        sa.Column("meters", sa.String(), nullable=False),
        sa.Column("methods", sa.String(), nullable=False),
        sa.Column("total_minor", sa.BigInteger(), nullable=False),
        sa.Column("cash_minor", sa.BigInteger(), nullable=False),
        sa.Column("of_number", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("entry_id", "kind", name=op.f("pk_tenders")),
    )
    op.create_index("ix_tenders_counter", "tenders", ["stream", "counter"], unique=False)
    op.create_index(op.f("ix_tenders_number"), "tenders", ["number"], unique=False)
    op.create_index(
        "ix_tenders_of",
        "tenders",
        ["of_number"],
        unique=False,
        sqlite_where=sa.text("of_number IS NOT NULL"),
        postgresql_where=sa.text("of_number IS NOT NULL"),
    )
    op.create_index("ix_tenders_seq", "tenders", ["stream", "seq", "total_minor"], unique=False)
    op.create_index("ix_tenders_shift", "tenders", ["stream", "shift"], unique=False)
    op.create_index(op.f("ix_tenders_tender_id"), "tenders", ["tender_id"], unique=False)
    op.create_table(
        "till_identity",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("till_name", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("device_id", sa.String(), nullable=False),
        sa.Column("stream", sa.LargeBinary(), nullable=False),
        sa.Column("label", sa.String(), nullable=False),
        sa.Column("server_url", sa.String(), nullable=False),
        sa.Column("server_key", sa.LargeBinary(), nullable=False),
        sa.Column("box_key", sa.LargeBinary(), nullable=False),
        sa.Column("zones", sa.JSON(), nullable=False),
        sa.Column("certificate", sa.LargeBinary(), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("as_of", sa.String(24), nullable=True),
        sa.Column("training", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("master_position", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("in_doubt", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_till_identity")),
    )
    op.create_table(
        "users",
        sa.Column("user_name", sa.String(), nullable=False),
        sa.Column("display_name", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("expires_on", sa.Date(), nullable=True),
        sa.Column("revoked", sa.Boolean(), nullable=False),
        sa.Column("code_hash", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("user_name", name=op.f("pk_users")),
    )
    op.create_table(
        "zone_digests",
        sa.Column("zone", sa.String(), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("total", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("zone", name=op.f("pk_zone_digests")),
    )
    triggers.create(op.get_bind())
