"""The staging tables of a migration from customer-centric books."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

INSTANT = sa.String(24)
IDENTITY = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Create the staging tables: the old rows, what the steps make of them, and the migration itself."""
    _rows()
    _results()
    _about()


def _rows() -> None:
    op.create_table(
        "legacy_users",
        sa.Column("id", IDENTITY, autoincrement=False, nullable=False),
        sa.Column("role", sa.String),
        sa.Column("name", sa.String),
        sa.Column("telephone", sa.String),
        sa.Column("status", sa.String),
        sa.Column("balance_minor", sa.BigInteger),
        sa.Column("overpayment_minor", sa.BigInteger),
        sa.Column("created_on", sa.String),
        sa.Column("extra", sa.Text),
        sa.PrimaryKeyConstraint("id", name="pk_legacy_users"),
    )
    op.create_table(
        "legacy_contacts",
        sa.Column("id", IDENTITY, autoincrement=False, nullable=False),
        sa.Column("user_id", sa.BigInteger),
        sa.Column("name", sa.String),
        sa.Column("phone", sa.String),
        sa.Column("extra", sa.Text),
        sa.PrimaryKeyConstraint("id", name="pk_legacy_contacts"),
    )
    op.create_table(
        "legacy_meters",
        sa.Column("id", IDENTITY, autoincrement=False, nullable=False),
        sa.Column("meter_number", sa.String),
        sa.Column("serial_number", sa.String),
        sa.Column("status", sa.String),
        sa.Column("initial_reading", sa.String),
        sa.Column("current_reading", sa.String),
        sa.Column("last_reading", sa.String),
        sa.Column("installed_on", sa.String),
        sa.Column("extra", sa.Text),
        sa.PrimaryKeyConstraint("id", name="pk_legacy_meters"),
    )
    op.create_table(
        "legacy_assignments",
        sa.Column("id", IDENTITY, autoincrement=False, nullable=False),
        sa.Column("customer_id", sa.BigInteger),
        sa.Column("meter_id", sa.BigInteger),
        sa.Column("is_active", sa.Integer),
        sa.Column("assigned_on", sa.String),
        sa.Column("ended_on", sa.String),
        sa.Column("extra", sa.Text),
        sa.PrimaryKeyConstraint("id", name="pk_legacy_assignments"),
    )
    op.create_table(
        "legacy_bills",
        sa.Column("id", IDENTITY, autoincrement=False, nullable=False),
        sa.Column("assignment_id", sa.BigInteger),
        sa.Column("customer_id", sa.BigInteger),
        sa.Column("bill_ref", sa.String),
        sa.Column("bill_type", sa.String),
        sa.Column("amount_minor", sa.BigInteger),
        sa.Column("status", sa.String),
        sa.Column("billed_on", sa.String),
        sa.Column("extra", sa.Text),
        sa.PrimaryKeyConstraint("id", name="pk_legacy_bills"),
    )
    op.create_table(
        "legacy_invoices",
        sa.Column("id", IDENTITY, autoincrement=False, nullable=False),
        sa.Column("invoice_number", sa.String),
        sa.Column("customer_id", sa.BigInteger),
        sa.Column("meter_id", sa.BigInteger),
        sa.Column("invoice_date", sa.String),
        sa.Column("due_date", sa.String),
        sa.Column("amount_minor", sa.BigInteger),
        sa.Column("forward_minor", sa.BigInteger),
        sa.Column("total_minor", sa.BigInteger),
        sa.Column("balance_minor", sa.BigInteger),
        sa.Column("state", sa.String),
        sa.Column("status", sa.String),
        sa.Column("extra", sa.Text),
        sa.PrimaryKeyConstraint("id", name="pk_legacy_invoices"),
    )
    op.create_table(
        "legacy_invoice_bills",
        sa.Column("invoice_id", IDENTITY, autoincrement=False, nullable=False),
        sa.Column("bill_id", IDENTITY, autoincrement=False, nullable=False),
        sa.Column("id", IDENTITY, autoincrement=False, nullable=False),
        sa.Column("extra", sa.Text),
        sa.PrimaryKeyConstraint("invoice_id", "bill_id", "id", name="pk_legacy_invoice_bills"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "legacy_payments",
        sa.Column("id", IDENTITY, autoincrement=False, nullable=False),
        sa.Column("customer_id", sa.BigInteger),
        sa.Column("invoice_id", sa.BigInteger),
        sa.Column("meter_id", sa.BigInteger),
        sa.Column("method", sa.String),
        sa.Column("reference", sa.String),
        sa.Column("amount_minor", sa.BigInteger),
        sa.Column("status", sa.String),
        sa.Column("paid_on", sa.String),
        sa.Column("reversal_reason", sa.String),
        sa.Column("reversed_on", sa.String),
        sa.Column("created_by", sa.String),
        sa.Column("extra", sa.Text),
        sa.PrimaryKeyConstraint("id", name="pk_legacy_payments"),
    )
    op.create_table(
        "legacy_journals",
        sa.Column("id", IDENTITY, autoincrement=False, nullable=False),
        sa.Column("customer_id", sa.BigInteger),
        sa.Column("account", sa.String),
        sa.Column("debit_minor", sa.BigInteger),
        sa.Column("credit_minor", sa.BigInteger),
        sa.Column("reference", sa.String),
        sa.Column("journal_date", sa.String),
        sa.Column("extra", sa.Text),
        sa.PrimaryKeyConstraint("id", name="pk_legacy_journals"),
    )
    op.create_table(
        "legacy_plans",
        sa.Column("id", sa.String, nullable=False),
        sa.Column("name", sa.String),
        sa.Column("phone", sa.String),
        sa.Column("current_phase", sa.String),
        sa.Column("capacity_kw", sa.String),
        sa.Column("total_minor", sa.BigInteger),
        sa.Column("paid_minor", sa.BigInteger),
        sa.Column("utr_number", sa.String),
        sa.Column("paid_on", sa.String),
        sa.Column("payments_data", sa.Text),
        sa.Column("extra", sa.Text),
        sa.PrimaryKeyConstraint("id", name="pk_legacy_plans"),
    )


def _results() -> None:
    op.create_table(
        "legacy_accounts",
        sa.Column("account_id", IDENTITY, autoincrement=False, nullable=False),
        sa.Column("customer_id", sa.BigInteger, nullable=False),
        sa.Column("meter_id", sa.BigInteger),
        sa.Column("is_active", sa.Integer, nullable=False),
        sa.Column("was_active", sa.Integer, nullable=False),
        sa.Column("opened_on", sa.String),
        sa.Column("closed_on", sa.String),
        sa.PrimaryKeyConstraint("account_id", name="pk_legacy_accounts"),
    )
    op.create_index("ix_legacy_accounts_customer", "legacy_accounts", ["customer_id"])
    op.create_table(
        "legacy_homes",
        sa.Column("customer_id", IDENTITY, autoincrement=False, nullable=False),
        sa.Column("meter_id", IDENTITY, autoincrement=False, nullable=False),
        sa.Column("account_id", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("customer_id", "meter_id", name="pk_legacy_homes"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "legacy_choices",
        sa.Column("customer_id", IDENTITY, autoincrement=False, nullable=False),
        sa.Column("account_id", sa.BigInteger, nullable=False),
        sa.Column("meter_id", sa.BigInteger),
        sa.Column("meters", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("customer_id", name="pk_legacy_choices"),
    )
    op.create_table(
        "legacy_billed",
        sa.Column("invoice_id", IDENTITY, autoincrement=False, nullable=False),
        sa.Column("account_id", sa.BigInteger),
        sa.Column("amount_minor", sa.BigInteger, nullable=False),
        sa.Column("forward_minor", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("invoice_id", name="pk_legacy_billed"),
    )
    op.create_table(
        "legacy_invoice_places",
        sa.Column("invoice_id", IDENTITY, autoincrement=False, nullable=False),
        sa.Column("customer_id", sa.BigInteger, nullable=False),
        sa.Column("account_id", sa.BigInteger),
        sa.Column("meter_id", sa.BigInteger),
        sa.Column("placed_by", sa.String),
        sa.PrimaryKeyConstraint("invoice_id", name="pk_legacy_invoice_places"),
    )
    op.create_table(
        "legacy_payment_places",
        sa.Column("payment_id", IDENTITY, autoincrement=False, nullable=False),
        sa.Column("customer_id", sa.BigInteger, nullable=False),
        sa.Column("account_id", sa.BigInteger),
        sa.Column("meter_id", sa.BigInteger),
        sa.Column("assigned_by", sa.String),
        sa.Column("amount_minor", sa.BigInteger, nullable=False),
        sa.Column("counts", sa.Integer, nullable=False),
        sa.Column("left_out", sa.String),
        sa.Column("paid_on", sa.String),
        sa.PrimaryKeyConstraint("payment_id", name="pk_legacy_payment_places"),
    )
    op.create_table(
        "legacy_invoice_sums",
        sa.Column("invoice_id", IDENTITY, autoincrement=False, nullable=False),
        sa.Column("account_id", sa.BigInteger, nullable=False),
        sa.Column("invoice_date", sa.String),
        sa.Column("amount_minor", sa.BigInteger, nullable=False),
        sa.Column("forward_minor", sa.BigInteger, nullable=False),
        sa.Column("total_minor", sa.BigInteger, nullable=False),
        sa.Column("has_bills", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("invoice_id", name="pk_legacy_invoice_sums"),
    )
    op.create_table(
        "legacy_openings",
        sa.Column("account_id", IDENTITY, autoincrement=False, nullable=False),
        sa.Column("invoice_id", sa.BigInteger, nullable=False),
        sa.Column("forward_minor", sa.BigInteger, nullable=False),
        sa.Column("before_minor", sa.BigInteger, nullable=False),
        sa.Column("opening_minor", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("account_id", name="pk_legacy_openings"),
    )
    op.create_table(
        "legacy_account_sums",
        sa.Column("account_id", IDENTITY, autoincrement=False, nullable=False),
        sa.Column("opening_minor", sa.BigInteger, nullable=False),
        sa.Column("billed_minor", sa.BigInteger, nullable=False),
        sa.Column("paid_minor", sa.BigInteger, nullable=False),
        sa.Column("net_minor", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("account_id", name="pk_legacy_account_sums"),
    )
    op.create_table(
        "legacy_backups",
        sa.Column("customer_id", IDENTITY, autoincrement=False, nullable=False),
        sa.Column("balance_minor", sa.BigInteger),
        sa.Column("overpayment_minor", sa.BigInteger),
        sa.PrimaryKeyConstraint("customer_id", name="pk_legacy_backups"),
    )
    op.create_table(
        "legacy_customers",
        sa.Column("customer_id", IDENTITY, autoincrement=False, nullable=False),
        sa.Column("balance_minor", sa.BigInteger, nullable=False),
        sa.Column("overpayment_minor", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("customer_id", name="pk_legacy_customers"),
    )
    op.create_table(
        "legacy_proofs",
        sa.Column("customer_id", IDENTITY, autoincrement=False, nullable=False),
        sa.Column("old_minor", sa.BigInteger, nullable=False),
        sa.Column("new_minor", sa.BigInteger, nullable=False),
        sa.Column("forward_again_minor", sa.BigInteger, nullable=False),
        sa.Column("stored_differs_minor", sa.BigInteger, nullable=False),
        sa.Column("reversed_counted_minor", sa.BigInteger, nullable=False),
        sa.Column("pending_counted_minor", sa.BigInteger, nullable=False),
        sa.Column("payment_moved_minor", sa.BigInteger, nullable=False),
        sa.Column("inactive_minor", sa.BigInteger, nullable=False),
        sa.Column("drift_minor", sa.BigInteger, nullable=False),
        sa.Column("unexplained_minor", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("customer_id", name="pk_legacy_proofs"),
    )
    op.create_table(
        "legacy_plan_sums",
        sa.Column("id", sa.String, nullable=False),
        sa.Column("total_minor", sa.BigInteger),
        sa.Column("paid_minor", sa.BigInteger),
        sa.Column("excess_minor", sa.BigInteger, nullable=False),
        sa.Column("status", sa.String),
        sa.Column("phase", sa.String),
        sa.Column("exception", sa.String),
        sa.PrimaryKeyConstraint("id", name="pk_legacy_plan_sums"),
    )
    op.create_table(
        "legacy_plan_payments",
        sa.Column("plan_id", sa.String, nullable=False),
        sa.Column("line", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("amount_minor", sa.BigInteger, nullable=False),
        sa.Column("reference", sa.String),
        sa.Column("paid_on", sa.String),
        sa.Column("notes", sa.String),
        sa.Column("counts", sa.Integer, nullable=False),
        sa.Column("added_by", sa.String),
        sa.PrimaryKeyConstraint("plan_id", "line", name="pk_legacy_plan_payments"),
    )


def _about() -> None:
    op.create_table(
        "legacy_problems",
        sa.Column("step", sa.String, nullable=False),
        sa.Column("code", sa.String, nullable=False),
        sa.Column("subject", sa.String, nullable=False),
        sa.Column("row_id", sa.String, nullable=False),
        sa.Column("detail", sa.Text, nullable=False),
    )
    op.create_index("ix_legacy_problems_step", "legacy_problems", ["step", "code"])
    op.create_table(
        "legacy_decisions",
        sa.Column("payment_id", IDENTITY, autoincrement=False, nullable=False),
        sa.Column("meter_number", sa.String),
        sa.Column("account_id", sa.BigInteger),
        sa.PrimaryKeyConstraint("payment_id", name="pk_legacy_decisions"),
    )
    op.create_table(
        "legacy_steps",
        sa.Column("step", sa.String, nullable=False),
        sa.Column("finished_at", INSTANT, nullable=False),
        sa.Column("seconds", sa.Float, nullable=False),
        sa.Column("details", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("step", name="pk_legacy_steps"),
    )
