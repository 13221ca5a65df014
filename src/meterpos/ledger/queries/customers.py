"""One customer as the counter sees them: who they are, their meters and what each owes."""

from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from sqlalchemy import Connection, bindparam, select

from meterpos.errors import UserError
from meterpos.ledger.queries.charges import allocations, latest_invoice
from meterpos.ledger.rules.aging import days_overdue
from meterpos.ledger.rules.allocation import Allocation
from meterpos.ledger.tables import accounts, customers, meters


class UnknownCustomer(UserError):
    """No such customer is known here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MeterCard:
    """One account of a customer, with its meter; money in minor units.

    ``closed``: the meter went to somebody else, what is owed or held stayed. ``open_invoices`` counts everything open,
    an opening debt included; ``days_overdue`` is how late the oldest of it is, 0 when nothing is.
    """

    account_no: str
    meter_no: str
    utility: str
    location: str
    status: str
    closed: bool
    net_minor: int
    balance_minor: int
    overpayment_minor: int
    latest_invoice_no: str | None
    latest_invoice_due: date | None
    latest_invoice_minor: int
    open_invoices: int
    days_overdue: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Customer:
    """One customer. ``balance_minor`` and ``overpayment_minor`` are over the meters they have now.

    ``other_balance_minor`` and ``other_overpayment_minor`` are what closed accounts and plans still owe or hold.
    """

    customer_no: str
    name: str
    phone: str
    place: str
    zone: str
    status: str
    language: str
    balance_minor: int
    overpayment_minor: int
    other_balance_minor: int
    other_overpayment_minor: int
    meters: tuple[MeterCard, ...]


_customer: Final = select(
    customers.c.customer_no,
    customers.c.name,
    customers.c.phone,
    customers.c.place,
    customers.c.zone,
    customers.c.status,
    customers.c.language,
    customers.c.balance_minor,
    customers.c.overpayment_minor,
).where(customers.c.customer_no == bindparam("customer_no"))
_accounts: Final = (
    select(
        accounts.c.account_no,
        accounts.c.kind,
        accounts.c.meter_no,
        accounts.c.closed_on,
        accounts.c.net_minor,
        accounts.c.balance_minor,
        accounts.c.overpayment_minor,
        meters.c.utility,
        meters.c.location,
        meters.c.status,
    )
    .outerjoin(meters, meters.c.meter_no == accounts.c.meter_no)
    .where(accounts.c.customer_no == bindparam("customer_no"))
)


def customer(connection: Connection, customer_no: str, *, today: date) -> Customer:
    """Return a customer with their meters: those in use, then those that are not, debt first, then closed accounts.

    Closed accounts with nothing owed or held are left out. ``today`` is the day lateness is counted from.

    Raises: UnknownCustomer.
    """
    row = connection.execute(_customer, {"customer_no": customer_no}).one_or_none()
    if row is None:
        raise UnknownCustomer(f"Customer {customer_no} is not known here. Search again, or sync first.")
    held = connection.execute(_accounts, {"customer_no": customer_no}).all()
    shown = [one for one in held if one.kind == "meter" and (one.closed_on is None or one.net_minor)]
    states = allocations(connection, [one.account_no for one in shown])
    return Customer(
        **row._mapping,
        other_balance_minor=sum(one.balance_minor for one in held if not _is_current(one)),
        other_overpayment_minor=sum(one.overpayment_minor for one in held if not _is_current(one)),
        meters=tuple(_card(one, states[one.account_no], today) for one in sorted(shown, key=_order)),
    )


def _is_current(one: Any) -> bool:
    return one.kind == "meter" and one.closed_on is None


def _order(one: Any) -> tuple[bool, bool, bool, str, str]:
    in_use = one.status == "active"
    return one.closed_on is not None, not in_use, not in_use and one.net_minor <= 0, one.meter_no, one.account_no


def _card(one: Any, state: Allocation, today: date) -> MeterCard:
    still_open = [charge for charge in state.charges if charge.open_minor]
    number, due, amount_minor = latest_invoice(state) or (None, None, 0)
    return MeterCard(
        account_no=one.account_no,
        meter_no=one.meter_no,
        utility=one.utility or "",
        location=one.location or "",
        status=one.status or "",
        closed=one.closed_on is not None,
        net_minor=one.net_minor,
        balance_minor=one.balance_minor,
        overpayment_minor=one.overpayment_minor,
        latest_invoice_no=number,
        latest_invoice_due=due,
        latest_invoice_minor=amount_minor,
        open_invoices=len(still_open),
        days_overdue=max((days_overdue(each.charge.due_date, as_of=today) for each in still_open), default=0),
    )
