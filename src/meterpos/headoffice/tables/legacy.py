"""The old customer-centric books on their way in: what was read, what each step made of it, and what to look at.

They stand in head office's own database, so that a step, and the posting, is one transaction with what it reads
(decision record 0014). Dates are ISO text as in the old rows, money is whole minor units, flags are 0 and 1.
"""

from typing import Any, Final

from sqlalchemy import BigInteger, Column, Float, Index, Integer, String, Table, Text

from meterpos.headoffice.tables.base import metadata
from meterpos.ledger.tables.base import UtcDateTime


def _identity(name: str = "id") -> Column[int]:
    """Return a key. On SQLite an INTEGER that is the whole key is the row's own number: no index beside the table."""
    return Column(name, BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=False)


def _number(name: str, **options: Any) -> Column[int]:
    return Column(name, BigInteger, **options)


def _text(*names: str) -> list[Column[str]]:
    return [Column(name, String) for name in names]


def _extra() -> Column[str]:
    """Return the column for what is not known here of an old row: a JSON object, word for word."""
    return Column("extra", Text)


# --- the old rows, as read

legacy_users: Final = Table(
    "legacy_users", metadata, _identity(), *_text("role", "name", "telephone", "status"),
    _number("balance_minor"), _number("overpayment_minor"), *_text("created_on"), _extra(),
)  # fmt: skip
legacy_contacts: Final = Table(
    "legacy_contacts", metadata, _identity(), _number("user_id"), *_text("name", "phone"), _extra()
)
legacy_meters: Final = Table(
    "legacy_meters", metadata, _identity(),
    *_text("meter_number", "serial_number", "status", "initial_reading", "current_reading", "last_reading"),
    *_text("installed_on"), _extra(),
)  # fmt: skip
legacy_assignments: Final = Table(
    "legacy_assignments", metadata, _identity(), _number("customer_id"), _number("meter_id"),
    Column("is_active", Integer), *_text("assigned_on", "ended_on"), _extra(),
)  # fmt: skip
legacy_bills: Final = Table(
    "legacy_bills", metadata, _identity(), _number("assignment_id"), _number("customer_id"),
    *_text("bill_ref", "bill_type"), _number("amount_minor"), *_text("status", "billed_on"), _extra(),
)  # fmt: skip
legacy_invoices: Final = Table(
    "legacy_invoices", metadata, _identity(), *_text("invoice_number"), _number("customer_id"), _number("meter_id"),
    *_text("invoice_date", "due_date"), _number("amount_minor"), _number("forward_minor"), _number("total_minor"),
    _number("balance_minor"), *_text("state", "status"), _extra(),
)  # fmt: skip
legacy_invoice_bills: Final = Table(
    "legacy_invoice_bills", metadata, _identity("invoice_id"), _identity("bill_id"), _identity(), _extra(),
    sqlite_with_rowid=False, comment="by invoice, so that its bills are read in one place; a link may stand twice",
)  # fmt: skip
legacy_payments: Final = Table(
    "legacy_payments", metadata, _identity(), _number("customer_id"), _number("invoice_id"), _number("meter_id"),
    *_text("method", "reference"), _number("amount_minor"), *_text("status", "paid_on", "reversal_reason"),
    *_text("reversed_on", "created_by"), _extra(),
)  # fmt: skip
legacy_journals: Final = Table(
    "legacy_journals", metadata, _identity(), _number("customer_id"), *_text("account"), _number("debit_minor"),
    _number("credit_minor"), *_text("reference", "journal_date"), _extra(),
)  # fmt: skip
legacy_plans: Final = Table(
    "legacy_plans", metadata, Column("id", String, primary_key=True), *_text("name", "phone", "current_phase"),
    *_text("capacity_kw"), _number("total_minor"), _number("paid_minor"), *_text("utr_number", "paid_on"),
    Column("payments_data", Text), _extra(),
)  # fmt: skip

# --- what the steps make of them

legacy_accounts: Final = Table(
    "legacy_accounts", metadata, _identity("account_id"), _number("customer_id", nullable=False), _number("meter_id"),
    Column("is_active", Integer, nullable=False), Column("was_active", Integer, nullable=False),
    *_text("opened_on", "closed_on"),
    comment="one an assignment (its id); below zero: what was billed or paid where no assignment was",
)  # fmt: skip
Index("ix_legacy_accounts_customer", legacy_accounts.c.customer_id)
legacy_homes: Final = Table(
    "legacy_homes", metadata, _identity("customer_id"), _identity("meter_id"), _number("account_id", nullable=False),
    sqlite_with_rowid=False, comment="the account of a customer at a meter",
)  # fmt: skip
legacy_choices: Final = Table(
    "legacy_choices", metadata, _identity("customer_id"), _number("account_id", nullable=False), _number("meter_id"),
    _number("meters", nullable=False),
    comment="among how many meters a payment without invoice is a customer's, and the first of them",
)  # fmt: skip
legacy_billed: Final = Table(
    "legacy_billed", metadata, _identity("invoice_id"), _number("account_id"), _number("amount_minor", nullable=False),
    _number("forward_minor", nullable=False), comment="what an invoice's bills say",
)  # fmt: skip
legacy_invoice_places: Final = Table(
    "legacy_invoice_places", metadata, _identity("invoice_id"), _number("customer_id", nullable=False),
    _number("account_id"), _number("meter_id"), *_text("placed_by"),
)  # fmt: skip
legacy_payment_places: Final = Table(
    "legacy_payment_places", metadata, _identity("payment_id"), _number("customer_id", nullable=False),
    _number("account_id"), _number("meter_id"), *_text("assigned_by"), _number("amount_minor", nullable=False),
    Column("counts", Integer, nullable=False), *_text("left_out", "paid_on"),
    comment="no account: suspense; left_out says why one does not count: reversed or pending",
)  # fmt: skip
legacy_invoice_sums: Final = Table(
    "legacy_invoice_sums", metadata, _identity("invoice_id"), _number("account_id", nullable=False),
    *_text("invoice_date"), _number("amount_minor", nullable=False), _number("forward_minor", nullable=False),
    _number("total_minor", nullable=False), Column("has_bills", Integer, nullable=False),
)  # fmt: skip
legacy_openings: Final = Table(
    "legacy_openings", metadata, _identity("account_id"), _number("invoice_id", nullable=False),
    _number("forward_minor", nullable=False), _number("before_minor", nullable=False),
    _number("opening_minor", nullable=False), comment="opening = brought forward less the net just before",
)  # fmt: skip
legacy_account_sums: Final = Table(
    "legacy_account_sums", metadata, _identity("account_id"), _number("opening_minor", nullable=False),
    _number("billed_minor", nullable=False), _number("paid_minor", nullable=False),
    _number("net_minor", nullable=False),
)  # fmt: skip
legacy_backups: Final = Table(
    "legacy_backups", metadata, _identity("customer_id"), _number("balance_minor"), _number("overpayment_minor"),
    comment="customers' balances as they were before balances went to meters",
)  # fmt: skip
legacy_customers: Final = Table(
    "legacy_customers", metadata, _identity("customer_id"), _number("balance_minor", nullable=False),
    _number("overpayment_minor", nullable=False), comment="sums over active accounts",
)  # fmt: skip

CAUSES: Final = (
    "forward_again_minor", "stored_differs_minor", "reversed_counted_minor", "pending_counted_minor",
    "payment_moved_minor", "inactive_minor", "drift_minor",
)  # fmt: skip
legacy_proofs: Final = Table(
    "legacy_proofs", metadata, _identity("customer_id"), _number("old_minor", nullable=False),
    _number("new_minor", nullable=False), *(_number(name, nullable=False) for name in CAUSES),
    _number("unexplained_minor", nullable=False),
)  # fmt: skip
legacy_plan_sums: Final = Table(
    "legacy_plan_sums", metadata, Column("id", String, primary_key=True), _number("total_minor"),
    _number("paid_minor"), _number("excess_minor", nullable=False), *_text("status", "phase", "exception"),
)  # fmt: skip
legacy_plan_payments: Final = Table(
    "legacy_plan_payments", metadata, Column("plan_id", String, primary_key=True),
    Column("line", Integer, primary_key=True, autoincrement=False), _number("amount_minor", nullable=False),
    *_text("reference", "paid_on", "notes"), Column("counts", Integer, nullable=False), *_text("added_by"),
)  # fmt: skip

# --- about the migration itself

legacy_problems: Final = Table(
    "legacy_problems", metadata, Column("step", String, nullable=False), Column("code", String, nullable=False),
    Column("subject", String, nullable=False), Column("row_id", String, nullable=False),
    Column("detail", Text, nullable=False),
)  # fmt: skip
Index("ix_legacy_problems_step", legacy_problems.c.step, legacy_problems.c.code)
legacy_decisions: Final = Table(
    "legacy_decisions",
    metadata,
    _identity("payment_id"),
    *_text("meter_number"),
    _number("account_id"),
    comment="what a person decided of a payment; no meter: suspense; the account is found when accounts are made",
)
legacy_steps: Final = Table(
    "legacy_steps", metadata, Column("step", String, primary_key=True),
    Column("finished_at", UtcDateTime, nullable=False),
    Column("seconds", Float, nullable=False), Column("details", Text, nullable=False),
    comment="which steps the staging tables stand at; a step takes away those after it",
)  # fmt: skip

READ: Final = (
    legacy_users, legacy_contacts, legacy_meters, legacy_assignments, legacy_bills, legacy_invoices,
    legacy_invoice_bills, legacy_payments, legacy_journals, legacy_plans,
)  # fmt: skip
"""The tables an import fills."""

MADE: Final = (
    legacy_accounts, legacy_homes, legacy_choices, legacy_billed, legacy_invoice_places, legacy_payment_places,
    legacy_invoice_sums, legacy_openings, legacy_account_sums, legacy_backups, legacy_customers, legacy_proofs,
    legacy_plan_sums, legacy_plan_payments, legacy_problems, legacy_decisions,
)  # fmt: skip
"""The tables that say what the steps found in earlier rows; an import empties them."""

STAGING_PREFIX: Final = "legacy_"
