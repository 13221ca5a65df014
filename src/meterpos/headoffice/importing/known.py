"""What head office knows before an import begins, so that references resolve and nothing comes twice."""

from dataclasses import dataclass, field

from sqlalchemy import Connection, select

from meterpos.headoffice.tables import claims, feed
from meterpos.ledger.tables import accounts, contacts, customers, facts, meters


@dataclass(slots=True)
class Known:
    """Numbers in use; grows as an import is read."""

    customers: dict[str, str] = field(default_factory=dict)
    """customer -> zone"""
    contacts: set[str] = field(default_factory=set)
    meters: set[str] = field(default_factory=set)
    accounts: dict[str, str] = field(default_factory=dict)
    """account -> zone"""
    active: dict[str, str] = field(default_factory=dict)
    """meter -> its active account"""
    meters_sent: set[tuple[str, str]] = field(default_factory=set)
    """(zone, meter) in the feed"""
    invoices: dict[str, str] = field(default_factory=dict)
    """invoice -> account"""
    invoice_lines: dict[str, int] = field(default_factory=dict)
    payments: set[str] = field(default_factory=set)
    adjustments: set[str] = field(default_factory=set)
    references: dict[str, str] = field(default_factory=dict)
    """METHOD:REFERENCE -> whose it is"""


def read(conn: Connection) -> Known:
    """Return what is known at this moment."""
    known = Known()
    known.customers = {row[0]: row[1] for row in conn.execute(select(customers.c.customer_no, customers.c.zone))}
    known.contacts = set(conn.execute(select(contacts.c.contact_id)).scalars())
    known.meters = set(conn.execute(select(meters.c.meter_no)).scalars())
    for row in conn.execute(
        select(accounts.c.account_no, accounts.c.zone, accounts.c.kind, accounts.c.meter_no, accounts.c.closed_on)
    ):
        if row.kind != "suspense":
            known.accounts[row.account_no] = row.zone
        if row.kind == "meter" and row.closed_on is None:
            known.active[row.meter_no] = row.account_no
    sent = conn.execute(select(feed.c.zone, feed.c.key).where(feed.c.kind == "meter"))
    known.meters_sent = {(row.zone, row.key) for row in sent}
    known.references = {
        row.key: row.owner
        for row in conn.execute(select(claims.c.key, claims.c.owner).where(claims.c.kind == "reference"))
    }
    _read_numbers(conn, known)
    return known


def _read_numbers(conn: Connection, known: Known) -> None:
    rows = conn.execute(select(facts.c.kind, facts.c.number, facts.c.account_no).where(facts.c.entry_id.is_(None)))
    for kind, number, account_no in rows:
        if kind == "invoice":
            known.invoices[number] = account_no
        elif kind == "payment":
            known.payments.add(number)
        elif kind == "adjustment":
            known.adjustments.add(number)
