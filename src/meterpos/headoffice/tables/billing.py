"""What is billed and why: readings, tariffs, bills and bill runs, what invoices' papers said,
notes that want approval, what was done to meters.

An invoice is a fact; the bills it gathers say what for. Bills of kind BALANCE repeat what is owed and never count.
"""

from typing import Final

from sqlalchemy import JSON, BigInteger, Boolean, Column, Date, Index, Integer, String, Table

from meterpos.headoffice.tables.base import metadata
from meterpos.ledger.tables.base import UtcDateTime, amount

metering: Final = Table(
    "metering",
    metadata,
    Column("meter_no", String, primary_key=True),
    Column("tariff", String),
    Column("digits", Integer),
    comment="where a meter differs: a tariff other than its utility's, the digits at which its register rolls over",
)

tariffs: Final = Table(
    "tariffs",
    metadata,
    Column("tariff", String, primary_key=True),
    Column("starts_on", Date, primary_key=True),
    Column("ends_on", Date),
    Column("terms", JSON, nullable=False),
    comment="terms: blocks, standing charge, minimum, levies and penalty in force from one day to another (None: on)",
)

readings: Final = Table(
    "readings",
    metadata,
    Column("meter_no", String, primary_key=True),
    Column("read_on", Date, primary_key=True),
    Column("kind", String, primary_key=True),
    Column("source", String, nullable=False),
    Column("reading_milli", BigInteger, nullable=False),
    Column("usage_milli", BigInteger, nullable=False),
    Column("total_milli", BigInteger, nullable=False),
    Column("rolled_over", Boolean, nullable=False),
    Column("noted_at", UtcDateTime, nullable=False),
    Column("noted_from", String, nullable=False, server_default=""),
    comment="kind: 'read', or 'start' of a register just fitted; source: actual, estimated or final; thousandths of a "
    "unit; total: all that went through the meter's registers so far",
)

bill_runs: Final = Table(
    "bill_runs",
    metadata,
    Column("run_id", String, primary_key=True),
    Column("period", String),
    Column("made_on", Date, nullable=False),
    Column("due_on", Date, nullable=False),
    Column("started_at", UtcDateTime, nullable=False),
    Column("ended_at", UtcDateTime),
    comment="ended_at: None until every account was looked at; what it made is counted from its bills",
)

bills: Final = Table(
    "bills",
    metadata,
    Column("bill_no", String, primary_key=True),
    Column("account_no", String, nullable=False),
    Column("kind", String, nullable=False),
    amount("amount_minor"),
    Column("description", String, nullable=False, server_default=""),
    Column("reference", String, nullable=False, server_default=""),
    Column("made_on", Date, nullable=False),
    Column("period", String),
    Column("run_id", String),
    Column("read_on", Date),
    Column("through_milli", BigInteger),
    Column("lines", JSON),
    Column("invoice_no", String),
    comment="through: the meter's total that is billed with it; lines: what the amount is made of; invoice_no: None "
    "until it stands on its one invoice",
)
Index("ix_bills_pending", bills.c.account_no, sqlite_where=bills.c.invoice_no.is_(None),
      postgresql_where=bills.c.invoice_no.is_(None))  # fmt: skip
Index("ix_bills_invoice", bills.c.invoice_no, sqlite_where=bills.c.invoice_no.is_not(None),
      postgresql_where=bills.c.invoice_no.is_not(None))  # fmt: skip
Index("ix_bills_period", bills.c.account_no, bills.c.period, bills.c.kind, unique=True,
      sqlite_where=bills.c.period.is_not(None), postgresql_where=bills.c.period.is_not(None))  # fmt: skip
Index("ix_bills_run", bills.c.run_id, bills.c.account_no, sqlite_where=bills.c.run_id.is_not(None),
      postgresql_where=bills.c.run_id.is_not(None))  # fmt: skip

paper_frames: Final = Table(
    "paper_frames",
    metadata,
    Column("frame", String, primary_key=True),
    Column("words", JSON, nullable=False),
    comment="what the utility said on the invoices of a time: head, foot, currency, paybill; frame: a digest of it",
)

invoice_papers: Final = Table(
    "invoice_papers",
    metadata,
    Column("invoice_no", String, primary_key=True),
    Column("customer_no", String, nullable=False),
    Column("customer_name", String, nullable=False),
    Column("phone", String, nullable=False),
    Column("place", String, nullable=False),
    Column("language", String, nullable=False),
    Column("meter_no", String, nullable=False),
    Column("location", String, nullable=False),
    Column("frame", String, nullable=False),
    comment="whom an invoice named as it was issued; frame: what stood around it",
)

bill_errors: Final = Table(
    "bill_errors",
    metadata,
    Column("run_id", String, primary_key=True),
    Column("account_no", String, primary_key=True),
    Column("reason", String, nullable=False),
    comment="accounts a run could not bill, and why; gone once it could",
)

notes: Final = Table(
    "notes",
    metadata,
    Column("note_no", String, primary_key=True),
    Column("kind", String, nullable=False),
    Column("account_no", String, nullable=False),
    Column("to_account", String),
    amount("amount_minor"),
    Column("reason", String, nullable=False),
    Column("asked_by", String, nullable=False),
    Column("asked_at", UtcDateTime, nullable=False),
    Column("decided_by", String),
    Column("decided_at", UtcDateTime),
    Column("status", String, nullable=False),
    Column("adjustment_no", String),
    comment="kind: credit-note, debit-note, waiver, write-off, or transfer to to_account; status: waiting, approved or "
    "refused",
)

meter_events: Final = Table(
    "meter_events",
    metadata,
    Column("meter_no", String, primary_key=True),
    Column("noted_at", UtcDateTime, primary_key=True),
    Column("kind", String, primary_key=True),
    Column("event_date", Date, nullable=False),
    Column("text", String, nullable=False, server_default=""),
    comment="what was done to a meter: replaced, disconnected, reconnected",
)
