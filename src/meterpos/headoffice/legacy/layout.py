"""The old schema: its tables, and for each column where it goes and how it is read."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Table

from meterpos.headoffice.legacy import values
from meterpos.headoffice.legacy.values import Convert
from meterpos.headoffice.tables import legacy as staging


@dataclass(frozen=True, slots=True)
class OldColumn:
    """One column of the old schema; without a required one its table cannot be read."""

    name: str
    convert: Convert
    required: bool = False
    to: str | None = None
    """The staging column, where it has another name."""


@dataclass(frozen=True, slots=True)
class OldTable:
    """One table of the old schema. `parent` names the table whose rows say which tenant's these are."""

    name: str
    table: Table
    columns: Sequence[OldColumn]
    required: bool = True
    parent: tuple[str, str] | None = None
    """(own column, parent table)"""


def _must(name: str, convert: Convert, to: str | None = None) -> OldColumn:
    return OldColumn(name, convert, required=True, to=to)


def _may(name: str, convert: Convert = values.words, to: str | None = None) -> OldColumn:
    return OldColumn(name, convert, to=to)


TENANT: Final = "tenant_id"

TABLES: Final = (
    OldTable("users", staging.legacy_users, (
        _must("id", values.whole), _may("role"), _must("name", values.words), _may("telephone"), _may("status"),
        _must("balance", values.amount, "balance_minor"), _may("overpayment", values.amount, "overpayment_minor"),
        _may("created_at", values.day, "created_on"),
    )),
    OldTable("contacts", staging.legacy_contacts, (
        _must("id", values.whole), _must("user_id", values.whole), _may("name"), _may("phone"),
    ), required=False, parent=("user_id", "users")),
    OldTable("meters", staging.legacy_meters, (
        _must("id", values.whole), _must("meter_number", values.words), _may("serial_number"), _may("status"),
        _may("initial_reading"), _may("current_reading"), _may("last_reading"),
        _may("installation_date", values.day, "installed_on"),
    )),
    OldTable("meter_assignments", staging.legacy_assignments, (
        _must("id", values.whole), _must("customer_id", values.whole), _must("meter_id", values.whole),
        _must("is_active", values.flag), _may("assigned_at", values.day, "assigned_on"),
        _may("ended_at", values.day, "ended_on"),
    )),
    OldTable("bills", staging.legacy_bills, (
        _must("id", values.whole), _must("meter_assignment_id", values.whole, "assignment_id"),
        _may("customer_id", values.whole), _may("bill_ref"), _must("bill_type", values.words),
        _must("amount", values.amount, "amount_minor"), _may("status"), _may("bill_date", values.day, "billed_on"),
    )),
    OldTable("invoices", staging.legacy_invoices, (
        _must("id", values.whole), _may("invoice_number"), _must("customer_id", values.whole),
        _may("meter_id", values.whole), _must("invoice_date", values.day), _may("due_date", values.day),
        _must("amount", values.amount, "amount_minor"), _may("balance_brought_forward", values.amount, "forward_minor"),
        _may("total_amount", values.amount, "total_minor"), _may("balance", values.amount, "balance_minor"),
        _may("state"), _may("status"),
    )),
    OldTable("invoice_bills", staging.legacy_invoice_bills, (
        _must("invoice_id", values.whole), _must("bill_id", values.whole), _must("id", values.whole),
    ), parent=("invoice_id", "invoices")),
    OldTable("payments", staging.legacy_payments, (
        _must("id", values.whole), _must("customer_id", values.whole), _must("invoice_id", values.whole),
        _may("meter_id", values.whole), _may("method"), _may("reference"),
        _must("amount", values.amount, "amount_minor"),
        _must("status", values.words), _must("date", values.day, "paid_on"), _may("reversal_reason"),
        _must("reversed_at", values.day, "reversed_on"), _may("created_by"),
    )),
    OldTable("journals", staging.legacy_journals, (
        _must("id", values.whole), _may("customer_id", values.whole), _may("account"),
        _must("debit", values.amount, "debit_minor"), _must("credit", values.amount, "credit_minor"),
        _must("reference", values.words), _may("date", values.day, "journal_date"),
    ), required=False),
    OldTable("amount_phase_customers", staging.legacy_plans, (
        _must("id", values.words), _may("name"), _may("phone"), _may("current_phase"),
        _may("amount_kw", values.words, "capacity_kw"),
        _must("amount_total", values.amount, "total_minor"), _may("amount_paid", values.amount, "paid_minor"),
        _may("amount_utr_number", values.words, "utr_number"), _may("amount_paid_date", values.day, "paid_on"),
        _may("amount_payments_data", values.raw, "payments_data"),
    ), required=False),
)  # fmt: skip
"""In the order in which they are read: parents first."""
