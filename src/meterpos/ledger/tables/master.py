"""Whom and what the utility serves; at a till these rows come from the feed and are never written otherwise."""

from typing import Final

from sqlalchemy import Boolean, Column, Date, Index, String, Table, literal_column

from meterpos.ledger.tables.base import amount, metadata

customers: Final = Table(
    "customers",
    metadata,
    Column("customer_no", String, primary_key=True),
    Column("name", String, nullable=False),
    Column("phone", String, nullable=False, server_default=""),
    Column("place", String, nullable=False, server_default=""),
    Column("zone", String, nullable=False),
    Column("status", String, nullable=False, server_default="active"),
    Column("language", String, nullable=False, server_default="en"),
    Column("opened_on", Date),
    amount("balance_minor", server_default="0"),
    amount("overpayment_minor", server_default="0"),
    comment="balance and overpayment are written by balances.py alone",
    sqlite_with_rowid=True,
)

contacts: Final = Table(
    "contacts",
    metadata,
    Column("contact_id", String, primary_key=True),
    Column("customer_no", String, nullable=False, index=True),
    Column("name", String, nullable=False),
    Column("phone", String, nullable=False),
    Column("consent", Boolean, nullable=False),
)

meters: Final = Table(
    "meters",
    metadata,
    Column("meter_no", String, primary_key=True),
    Column("serial_no", String, nullable=False, server_default=""),
    Column("utility", String, nullable=False),
    Column("status", String, nullable=False),
    Column("location", String, nullable=False, server_default=""),
)
OUT_OF_USE: Final = meters.c.status != literal_column("'active'")
"""Written out, so that the index of these few is found: looking each meter up would fetch a page a meter."""
Index("ix_meters_out_of_use", meters.c.meter_no, sqlite_where=OUT_OF_USE)

accounts: Final = Table(
    "accounts",
    metadata,
    Column("account_no", String, primary_key=True),
    Column("kind", String, nullable=False),
    Column("customer_no", String, index=True),
    Column("meter_no", String, index=True),
    Column("till_name", String),
    Column("zone", String, nullable=False),
    Column("opened_on", Date),
    Column("closed_on", Date),
    amount("net_minor", server_default="0"),
    amount("balance_minor", server_default="0"),
    amount("overpayment_minor", server_default="0"),
    amount("total_billed_minor", server_default="0"),
    amount("total_paid_minor", server_default="0"),
    Column("last_invoice_date", Date),
    comment="the sums and last_invoice_date are written by balances.py alone",
)
for _name, _first in (
    ("ix_accounts_net", accounts.c.net_minor),
    ("ix_accounts_invoiced", accounts.c.last_invoice_date),
):
    # the orders in which meters are listed, with what the list leaves out (decision record 0022)
    Index(
        _name,
        _first.desc(),
        accounts.c.meter_no,
        accounts.c.account_no,
        accounts.c.closed_on,
        sqlite_where=accounts.c.meter_no.is_not(None),
    )
plans: Final = Table(
    "plans",
    metadata,
    Column("account_no", String, primary_key=True),
    Column("capacity_kw", String, nullable=False),
    amount("total_minor"),
    Column("plan_no", String, index=True),
    comment="plan_no is head office's number, None until it gave one; what was agreed never changes",
)
