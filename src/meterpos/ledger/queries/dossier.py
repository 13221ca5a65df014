"""What is looked up about one customer or one meter: contacts, what happened on all meters, a meter at a glance."""

from dataclasses import dataclass
from datetime import date
from heapq import nlargest
from typing import Final

from sqlalchemy import Connection, bindparam, select

from meterpos.ledger.queries.accounts import (
    FinancialSummary,
    OpenInvoice,
    Transaction,
    financial_summary,
    last_transactions,
    open_invoices,
)
from meterpos.ledger.queries.customers import Customer, customer
from meterpos.ledger.queries.lists import MeterRow, meter_rows
from meterpos.ledger.tables import accounts, contacts, customers, meters


@dataclass(frozen=True, slots=True)
class Contact:
    """Whom else to call about a customer; ``consent``: they agreed to be written to."""

    name: str
    phone: str
    consent: bool


@dataclass(frozen=True, slots=True)
class Happening:
    """One transaction and the meter it was on."""

    meter_no: str
    transaction: Transaction


@dataclass(frozen=True, slots=True)
class CustomerDossier:
    """A customer with contacts and what happened last on all their meters, newest first.

    ``customer.meters`` leaves out closed accounts that are settled; ``meters`` are all, those in use first.
    """

    customer: Customer
    meters: tuple[MeterRow, ...]
    contacts: tuple[Contact, ...]
    happened: tuple[Happening, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class MeterDossier:
    """A meter at a glance: its sums, what is open in the order it will be paid, whose it is and how to reach them."""

    summary: FinancialSummary
    open: tuple[OpenInvoice, ...]
    serial_no: str
    phone: str


_CONTACTS: Final = (
    select(contacts.c.name, contacts.c.phone, contacts.c.consent)
    .where(contacts.c.customer_no == bindparam("customer_no"))
    .order_by(contacts.c.name, contacts.c.contact_id)
)
_ACCOUNTS: Final = (
    select(accounts.c.account_no)
    .outerjoin(meters, meters.c.meter_no == accounts.c.meter_no)
    .where(accounts.c.customer_no == bindparam("customer_no"), accounts.c.meter_no.is_not(None))
    .order_by(
        accounts.c.closed_on.is_not(None), meters.c.status != "active", accounts.c.meter_no, accounts.c.account_no
    )
)
_SERIAL: Final = select(meters.c.serial_no).where(meters.c.meter_no == bindparam("meter_no"))
_PHONE: Final = select(customers.c.phone).where(customers.c.customer_no == bindparam("customer_no"))


def customer_dossier(connection: Connection, customer_no: str, *, today: date, limit: int = 60) -> CustomerDossier:
    """Return what there is to know about a customer; ``limit`` bounds what happened.

    Raises: UnknownCustomer.
    """
    whom = {"customer_no": customer_no}
    found = customer(connection, customer_no, today=today)
    rows = meter_rows(connection, tuple(connection.execute(_ACCOUNTS, whom).scalars()), today=today)
    happened = [
        Happening(row.meter_no, one)
        for row in rows
        for one in last_transactions(connection, row.account_no, limit=limit)
    ]
    return CustomerDossier(
        found,
        rows,
        tuple(Contact(*row) for row in connection.execute(_CONTACTS, whom)),
        tuple(nlargest(limit, happened, key=lambda one: one.transaction.date)),
    )


def meter_dossier(connection: Connection, account_no: str, *, today: date) -> MeterDossier:
    """Return a meter at a glance, by its account.

    Raises: UnknownMeterOrAccount.
    """
    summary = financial_summary(connection, account_no, as_of=today)
    account = summary.account
    serial_no = connection.execute(_SERIAL, {"meter_no": account.meter_no}).scalar()
    phone = connection.execute(_PHONE, {"customer_no": account.customer_no}).scalar()
    return MeterDossier(
        summary=summary,
        open=open_invoices(connection, account.account_no, as_of=today),
        serial_no=serial_no or "",
        phone=phone or "",
    )
