"""One account: which it is, what it owes and why, what is open, and what happened last."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Final

from sqlalchemy import BigInteger, ColumnElement, Connection, bindparam, cast, exists, func, select

from meterpos.errors import UserError
from meterpos.ledger.rules.aging import Aging, age, days_overdue
from meterpos.ledger.rules.allocation import Allocation, Charge, ChargeKind, Credit, allocate
from meterpos.ledger.rules.balances import UNDOING_KINDS, Counted, Status, charges_and_credits, status_of
from meterpos.ledger.tables import accounts, customers, facts, meters, movements, users

SHOWN_AS_TRANSACTIONS: Final = ("opening", "invoice", "adjustment", "payment", "reversal", "bounce")


class UnknownMeterOrAccount(UserError):
    """Nothing here has this number."""


class UnknownCustomerNumber(UserError):
    """No customer with a meter has this number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """One account with its meter and customer; the sums are those kept by balances.py, in minor units."""

    account_no: str
    kind: str
    zone: str
    customer_no: str | None
    customer_name: str | None
    meter_no: str | None
    utility: str | None
    location: str | None
    meter_status: str | None
    opened_on: date | None
    closed_on: date | None
    net_minor: int
    balance_minor: int
    overpayment_minor: int
    total_billed_minor: int
    total_paid_minor: int
    last_invoice_date: date | None

    @property
    def status(self) -> Status:
        """Outstanding, Credit or Clear."""
        return status_of(self.net_minor)


@dataclass(frozen=True, slots=True)
class AccountLedger:
    """What counts on an account: what it owes, and what pays it. Input of the allocation rule."""

    account_no: str
    charges: tuple[Charge, ...]
    credits: tuple[Credit, ...]

    @property
    def allocation(self) -> Allocation:
        """Distribute the credits over the charges."""
        return allocate(self.charges, self.credits)


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenInvoice:
    """A charge that is not fully paid; `kind` tells an invoice from an opening debt or an adjustment."""

    number: str
    kind: ChargeKind
    fact_date: date
    due_date: date
    amount_minor: int
    open_minor: int
    days_overdue: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Transaction:
    """One thing that happened to an account. `amount_minor` is its effect on what is owed, once it counts.

    ``clerk_name`` is what who made it is called, wherever that was; empty where nobody did, or it was not told.
    """

    date: date
    kind: str
    number: str
    method: str | None
    reference: str | None
    amount_minor: int
    counts: bool
    reversed: bool
    text: str | None
    clerk_name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FinancialSummary:
    """An account at a glance. Billed, paid, opening and adjusted add up to the net; pending payments do not count."""

    account: Account
    opening_minor: int
    adjusted_minor: int
    pending_minor: int
    pending_count: int
    aging: Aging
    open_count: int
    oldest_due: date | None
    last_payment_date: date | None
    last_payment_minor: int


# --- which account ----------------------------------------------------------------------------------------------------

_ACCOUNT: Final = select(
    accounts.c.account_no,
    accounts.c.kind,
    accounts.c.zone,
    accounts.c.customer_no,
    customers.c.name.label("customer_name"),
    accounts.c.meter_no,
    meters.c.utility,
    meters.c.location,
    meters.c.status.label("meter_status"),
    accounts.c.opened_on,
    accounts.c.closed_on,
    accounts.c.net_minor,
    accounts.c.balance_minor,
    accounts.c.overpayment_minor,
    accounts.c.total_billed_minor,
    accounts.c.total_paid_minor,
    accounts.c.last_invoice_date,
).select_from(
    accounts.outerjoin(meters, meters.c.meter_no == accounts.c.meter_no).outerjoin(
        customers, customers.c.customer_no == accounts.c.customer_no
    )
)
_BY_ACCOUNT: Final = _ACCOUNT.where(accounts.c.account_no == bindparam("number"))
_BY_METER: Final = (
    _ACCOUNT.where(accounts.c.meter_no == bindparam("number"))
    .order_by(
        accounts.c.closed_on.is_not(None),
        accounts.c.closed_on.desc(),
        accounts.c.opened_on.desc(),
        accounts.c.account_no,
    )
    .limit(1)
)


def resolve(connection: Connection, meter_or_account: str) -> Account:
    """Return the account with this number, or the one of the meter with this number: the active one, else the last.

    Capitals and spaces around the number do not matter.

    Raises: UnknownMeterOrAccount.
    """
    typed = meter_or_account.strip()
    for number in dict.fromkeys((typed, typed.upper())):
        for query in (_BY_METER, _BY_ACCOUNT):
            row = connection.execute(query, {"number": number}).one_or_none()
            if row is not None:
                return Account(**row._mapping)
    raise UnknownMeterOrAccount(
        f"No meter or account '{typed[:40]}' is known here. Check the number or search by name.", field="meter"
    )


_BY_CUSTOMER: Final = _ACCOUNT.where(
    accounts.c.customer_no == bindparam("customer_no"), accounts.c.kind == "meter"
).order_by(accounts.c.closed_on.is_not(None), accounts.c.meter_no, accounts.c.account_no)


def accounts_of_customer(connection: Connection, customer_no: str) -> tuple[Account, ...]:
    """Return a customer's meter accounts, those in use first.

    Raises: UnknownCustomerNumber when there is no such customer, or no meter of theirs.
    """
    rows = connection.execute(_BY_CUSTOMER, {"customer_no": customer_no}).all()
    if not rows:
        raise UnknownCustomerNumber(
            f"No customer '{customer_no[:40]}' with a meter is known here. Check the number or search by name.",
            field="customer",
        )
    return tuple(Account(**row._mapping) for row in rows)


# --- what counts on it ------------------------------------------------------------------------------------------------

COUNTING: Final = select(
    movements.c.fact_id,
    movements.c.kind,
    movements.c.fact_date,
    movements.c.due_date,
    movements.c.amount_minor,
    movements.c.number,
    movements.c.invoice_no,
    movements.c.of_fact_id,
)
"""A movement as allocation asks for it; no fact is fetched, each from a page of its own."""

_LEDGER: Final = COUNTING.where(movements.c.account_no == bindparam("account_no"))


def ledger_of(connection: Connection, account_no: str) -> AccountLedger:
    """Return what counts on one account; an unknown account has nothing."""
    rows = connection.execute(_LEDGER, {"account_no": account_no})
    return ledger_from(account_no, map(Counted._make, rows))


def ledger_from(account_no: str, counted: Iterable[Counted]) -> AccountLedger:
    """Sort what counts on an account into what it owes and what pays it."""
    charges, money = charges_and_credits(tuple(counted))
    return AccountLedger(account_no, charges, money)


def open_invoices(connection: Connection, account_no: str, *, as_of: date) -> tuple[OpenInvoice, ...]:
    """Return what is open on an account in the order in which it will be paid; lateness is counted from `as_of`."""
    return tuple(
        OpenInvoice(
            number=state.charge.number,
            kind=state.charge.kind,
            fact_date=state.charge.fact_date,
            due_date=state.charge.due_date,
            amount_minor=state.charge.amount_minor,
            open_minor=state.open_minor,
            days_overdue=days_overdue(state.charge.due_date, as_of=as_of),
        )
        for state in ledger_of(connection, account_no).allocation.charges
        if state.open_minor
    )


# --- what happened ----------------------------------------------------------------------------------------------------

CLERK_NAME: Final = func.coalesce(users.c.display_name, facts.c.clerk, "")
"""What the clerk of a fact is called, where it is joined with the users: people come down the feed to every till."""
_undoing: Final = facts.alias("undoing")
_undone: Final = movements.alias("undone")
_LAST: Final = (
    select(
        facts.c.fact_date.label("date"),
        facts.c.kind,
        facts.c.number,
        facts.c.method,
        facts.c.reference,
        facts.c.amount_minor,
        movements.c.fact_id.is_not(None).label("counts"),
        exists()
        .where(
            _undoing.c.of_fact_id == facts.c.fact_id,
            _undoing.c.kind.in_(UNDOING_KINDS),
            _undoing.c.decision.is_distinct_from("none"),
        )
        .label("reversed"),
        facts.c.text,
        CLERK_NAME.label("clerk_name"),
    )
    .join_from(
        facts,
        movements,
        (movements.c.account_no == facts.c.stands_on) & (movements.c.fact_id == facts.c.fact_id),
        isouter=True,
    )
    .join(users, users.c.user_name == facts.c.clerk, isouter=True)
    .where(
        facts.c.stands_on == bindparam("account_no"),
        facts.c.kind.in_(SHOWN_AS_TRANSACTIONS),
        facts.c.decision.is_distinct_from("none"),
    )
    .order_by(facts.c.fact_date.desc(), facts.c.position.is_not(None), facts.c.position.desc(), facts.c.number.desc())
    .limit(bindparam("limit"))
)


def last_transactions(connection: Connection, account_no: str, *, limit: int = 6) -> tuple[Transaction, ...]:
    """Return what happened to an account last, newest first: also what is pending, reversed or bounced."""
    rows = connection.execute(_LAST, {"account_no": account_no, "limit": limit})
    return tuple(Transaction(**{**row._mapping, "reversed": bool(row.reversed)}) for row in rows)


_BY_KIND: Final = (
    select(movements.c.kind, func.sum(movements.c.amount_minor))
    .where(movements.c.account_no == bindparam("account_no"), movements.c.kind.in_(("opening", "adjustment")))
    .group_by(movements.c.kind)
)


def pending() -> ColumnElement[bool]:
    """Return the condition that a payment in `facts` waits: not counted, cleared, undone or set aside."""
    return (
        ~facts.c.counts
        & facts.c.decision.is_distinct_from("none")
        & ~exists().where(
            _undoing.c.of_fact_id == facts.c.fact_id,
            _undoing.c.kind.in_(("clearing", *UNDOING_KINDS)),
            _undoing.c.decision.is_distinct_from("none"),
        )
    )


_PENDING: Final = select(func.count(), cast(func.coalesce(-func.sum(facts.c.amount_minor), 0), BigInteger)).where(
    facts.c.stands_on == bindparam("account_no"), facts.c.kind == "payment", pending()
)
_LAST_PAYMENT: Final = (
    select(movements.c.fact_date, -movements.c.amount_minor)
    .where(
        movements.c.account_no == bindparam("account_no"),
        movements.c.kind == "payment",
        ~exists().where(
            _undoing.c.of_fact_id == movements.c.fact_id,
            _undone.c.account_no == movements.c.account_no,
            _undone.c.fact_id == _undoing.c.fact_id,
        ),
    )
    .order_by(movements.c.fact_date.desc(), movements.c.fact_id.desc())
    .limit(1)
)


def financial_summary(connection: Connection, meter_or_account: str, *, as_of: date) -> FinancialSummary:
    """Return an account at a glance; lateness is counted from `as_of`, which hides nothing.

    Raises: UnknownMeterOrAccount.
    """
    account = resolve(connection, meter_or_account)
    of = {"account_no": account.account_no}
    by_kind = {kind: int(minor) for kind, minor in connection.execute(_BY_KIND, of)}
    pending_count, pending_minor = connection.execute(_PENDING, of).one()
    last_payment = connection.execute(_LAST_PAYMENT, of).one_or_none()
    still_open = [state for state in ledger_of(connection, account.account_no).allocation.charges if state.open_minor]
    return FinancialSummary(
        account=account,
        opening_minor=by_kind.get("opening", 0),
        adjusted_minor=by_kind.get("adjustment", 0),
        pending_minor=pending_minor,
        pending_count=pending_count,
        aging=age(still_open, as_of=as_of),
        open_count=len(still_open),
        oldest_due=min((state.charge.due_date for state in still_open), default=None),
        last_payment_date=None if last_payment is None else last_payment[0],
        last_payment_minor=0 if last_payment is None else last_payment[1],
    )
