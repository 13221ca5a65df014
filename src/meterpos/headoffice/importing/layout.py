"""Which files an import may hold, in the order in which they are read, and what each column is."""

from typing import Final

from meterpos.headoffice.importing import reader
from meterpos.headoffice.importing.reader import ColumnSpec
from meterpos.ledger.rules.tenders import METHODS

CUSTOMERS: Final = (
    ColumnSpec("customer_no", reader.identifier),
    ColumnSpec("name", reader.plain_text),
    ColumnSpec("phone", reader.plain_text, ""),
    ColumnSpec("zone", reader.plain_text, "main"),
    ColumnSpec("status", reader.one_of("active", "inactive", "disconnected", "suspended", "closed"), "active"),
    ColumnSpec("opened_on", reader.optional(reader.iso_date), ""),
    ColumnSpec("language", reader.one_of("en", "sw"), "en"),
    ColumnSpec("place", reader.plain_text, ""),
)
CONTACTS: Final = (
    ColumnSpec("customer_no", reader.identifier),
    ColumnSpec("name", reader.plain_text),
    ColumnSpec("phone", reader.plain_text),
    ColumnSpec("consent", reader.yes_no),
)
METERS: Final = (
    ColumnSpec("meter_no", reader.identifier),
    ColumnSpec("serial_no", reader.plain_text, ""),
    ColumnSpec("utility", reader.one_of("water", "power")),
    ColumnSpec("status", reader.one_of("active", "inactive", "disconnected"), "active"),
    ColumnSpec("location", reader.plain_text, ""),
)
ACCOUNTS: Final = (
    ColumnSpec("account_no", reader.identifier),
    ColumnSpec("customer_no", reader.identifier),
    ColumnSpec("meter_no", reader.identifier),
    ColumnSpec("opened_on", reader.iso_date),
    ColumnSpec("closed_on", reader.optional(reader.iso_date), ""),
    ColumnSpec("opening_balance", reader.amount, "0"),
)
PLANS: Final = (
    ColumnSpec("plan_no", reader.identifier),
    ColumnSpec("customer_no", reader.identifier),
    ColumnSpec("capacity_kw", reader.plain_text),
    ColumnSpec("total", reader.amount_above_zero),
    ColumnSpec("opened_on", reader.iso_date),
)
INVOICES: Final = (
    ColumnSpec("invoice_no", reader.identifier),
    ColumnSpec("account_no", reader.identifier),
    ColumnSpec("invoice_date", reader.iso_date),
    ColumnSpec("due_date", reader.iso_date),
    ColumnSpec("amount", reader.amount),
    ColumnSpec("balance_brought_forward", reader.optional(reader.amount), ""),
)
PAYMENTS: Final = (
    ColumnSpec("payment_no", reader.identifier),
    ColumnSpec("account_no", reader.identifier),
    ColumnSpec("paid_on", reader.iso_date),
    ColumnSpec("amount", reader.amount_above_zero),
    ColumnSpec("method", reader.one_of(*METHODS)),
    ColumnSpec("reference", reader.plain_text, ""),
    ColumnSpec("invoice_no", reader.optional(reader.identifier), ""),
    ColumnSpec("status", reader.one_of("completed", "pending"), "completed"),
    ColumnSpec("reversed_on", reader.optional(reader.iso_date), ""),
)
ADJUSTMENTS: Final = (
    ColumnSpec("adjustment_no", reader.identifier),
    ColumnSpec("account_no", reader.identifier),
    ColumnSpec("made_on", reader.iso_date),
    ColumnSpec("amount", reader.amount),
    ColumnSpec("reason", reader.plain_text, ""),
)

FILES: Final = {
    "customers.csv": CUSTOMERS,
    "contacts.csv": CONTACTS,
    "meters.csv": METERS,
    "accounts.csv": ACCOUNTS,
    "plans.csv": PLANS,
    "invoices.csv": INVOICES,
    "payments.csv": PAYMENTS,
    "adjustments.csv": ADJUSTMENTS,
}
