"""Statements: every line that changed what is owed between two days, with the running balance."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from sqlalchemy import BigInteger, Connection, bindparam, case, cast, func, select

from meterpos.errors import UserError
from meterpos.ledger.queries.accounts import (
    Account,
    UnknownMeterOrAccount,
    accounts_of_customer,
    pending,
    resolve,
)
from meterpos.ledger.rules.balances import PLAIN_KINDS
from meterpos.ledger.tables import customers, facts, movements

ORDER_WITHIN_A_DAY: Final = ("opening", "invoice", "adjustment", "payment", "bounce", "reversal")


class UnusablePeriod(UserError):
    """The first day of a period comes after its last."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementLine:
    """One line: what is added to the debt (debit) or taken from it (credit), and what is owed after it.

    `number` is the invoice, receipt or adjustment; `method` and `reference` say how a payment was made. A reversal
    and a bounce are lines of their own; what they undo stays.
    """

    date: date
    kind: str
    number: str
    method: str | None
    reference: str | None
    text: str | None
    account_no: str
    debit_minor: int
    credit_minor: int
    balance_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """What happened on one or several accounts from `from_date` to `to_date`, both included.

    Balances are signed: below zero is the customer's credit. `paid_minor` is less what was reversed.
    Opening + invoiced + adjusted − paid = closing. What is pending is told apart and counts nowhere.
    """

    accounts: tuple[Account, ...]
    from_date: date
    to_date: date
    opening_minor: int
    lines: tuple[StatementLine, ...]
    closing_minor: int
    invoiced_minor: int
    adjusted_minor: int
    paid_minor: int
    pending_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Addressee:
    """Whom a statement is for; every field may be empty, for an account of nobody."""

    customer_no: str
    name: str
    phone: str
    place: str
    language: str = "en"


_WHO: Final = select(
    customers.c.customer_no, customers.c.name, customers.c.phone, customers.c.place, customers.c.language
).where(customers.c.customer_no == bindparam("customer_no"))
_of: Final = movements.c.account_no.in_(bindparam("account_nos", expanding=True))
_BEFORE: Final = select(cast(func.coalesce(func.sum(movements.c.amount_minor), 0), BigInteger)).where(
    _of, movements.c.fact_date < bindparam("from_date")
)
_LINES: Final = (
    select(
        movements.c.fact_date,
        movements.c.kind,
        facts.c.number,
        facts.c.method,
        facts.c.reference,
        facts.c.text,
        movements.c.account_no,
        movements.c.amount_minor,
    )
    .join_from(movements, facts, facts.c.fact_id == movements.c.fact_id)
    .where(_of, movements.c.fact_date.between(bindparam("from_date"), bindparam("to_date")))
    .order_by(
        movements.c.fact_date,
        case({kind: rank for rank, kind in enumerate(ORDER_WITHIN_A_DAY)}, value=movements.c.kind),
        facts.c.number,
        movements.c.fact_id,
    )
)
_PENDING: Final = select(cast(func.coalesce(-func.sum(facts.c.amount_minor), 0), BigInteger)).where(
    facts.c.stands_on.in_(bindparam("account_nos", expanding=True)),
    facts.c.kind == "payment",
    facts.c.fact_date <= bindparam("to_date"),
    pending(),
)


def statement(connection: Connection, meter_or_account: str, *, from_date: date, to_date: date) -> Statement:
    """Return the statement of one meter's or account's money.

    Raises: UnknownMeterOrAccount; UnusablePeriod.
    """
    return _statement(connection, [resolve(connection, meter_or_account)], from_date=from_date, to_date=to_date)


def consolidated_statement(connection: Connection, customer_no: str, *, from_date: date, to_date: date) -> Statement:
    """Return one statement over all of a customer's meter accounts, closed ones included.

    Raises: UnknownCustomerNumber; UnusablePeriod.
    """
    owned = accounts_of_customer(connection, customer_no)
    return _statement(connection, owned, from_date=from_date, to_date=to_date)


def statements_per_meter(
    connection: Connection, customer_no: str, *, from_date: date, to_date: date
) -> tuple[Statement, ...]:
    """Return a statement for each of a customer's meter accounts.

    Raises: UnknownCustomerNumber; UnusablePeriod.
    """
    owned = accounts_of_customer(connection, customer_no)
    return tuple(_statement(connection, [one], from_date=from_date, to_date=to_date) for one in owned)


def statement_of_theirs(
    connection: Connection, customer_no: str, meter_or_account: str, *, from_date: date, to_date: date
) -> Statement:
    """Return the statement of one meter of a customer: the account they have or last had there.

    Raises: UnknownCustomerNumber; UnknownMeterOrAccount when no such meter is or was theirs; UnusablePeriod.
    """
    typed = meter_or_account.strip().upper()
    for one in accounts_of_customer(connection, customer_no):
        if typed in ((one.meter_no or "").upper(), one.account_no.upper()):
            return _statement(connection, [one], from_date=from_date, to_date=to_date)
    raise UnknownMeterOrAccount(
        f"Customer '{customer_no[:40]}' has no meter or account '{typed[:40]}'. Leave --meter out to see them all.",
        field="meter",
    )


def statements_asked(
    connection: Connection,
    *,
    meter: str | None,
    customer: str | None,
    is_consolidated: bool,
    from_date: date,
    to_date: date,
) -> tuple[Statement, ...]:
    """Return the statements of a meter, of all meters of a customer, or of the one meter of a customer.

    Raises: UnknownCustomerNumber; UnknownMeterOrAccount; UnusablePeriod.
    """
    assert meter is not None or customer is not None, "a statement is somebody's"
    if customer is None:
        return (statement(connection, meter or "", from_date=from_date, to_date=to_date),)
    if meter is not None:
        return (statement_of_theirs(connection, customer, meter, from_date=from_date, to_date=to_date),)
    if is_consolidated:
        return (consolidated_statement(connection, customer, from_date=from_date, to_date=to_date),)
    return statements_per_meter(connection, customer, from_date=from_date, to_date=to_date)


def addressee(connection: Connection, statement: Statement) -> Addressee:
    """Return whom a statement is for."""
    account = statement.accounts[0]
    row = connection.execute(_WHO, {"customer_no": account.customer_no}).one_or_none()
    if row is not None:
        return Addressee(**row._mapping)
    return Addressee(customer_no=account.customer_no or "", name=account.customer_name or "", phone="", place="")


def _statement(connection: Connection, owned: Sequence[Account], *, from_date: date, to_date: date) -> Statement:
    if from_date > to_date:
        raise UnusablePeriod(
            f"The first day, {from_date}, comes after the last, {to_date}. Exchange them.", field="from_date"
        )
    asked = {"account_nos": [one.account_no for one in owned], "from_date": from_date, "to_date": to_date}
    opening_minor: int = connection.execute(_BEFORE, asked).scalar_one()
    lines = _running(connection.execute(_LINES, asked).all(), opening_minor)
    sums = {"invoice": 0, "paid": 0, "adjusted": 0}
    for line in lines:
        column = line.kind if line.kind == "invoice" else "adjusted" if line.kind in PLAIN_KINDS else "paid"
        sums[column] += line.debit_minor - line.credit_minor
    return Statement(
        accounts=tuple(owned),
        from_date=from_date,
        to_date=to_date,
        opening_minor=opening_minor,
        lines=lines,
        closing_minor=lines[-1].balance_minor if lines else opening_minor,
        invoiced_minor=sums["invoice"],
        adjusted_minor=sums["adjusted"],
        paid_minor=-sums["paid"],
        pending_minor=connection.execute(_PENDING, asked).scalar_one(),
    )


def _running(rows: Sequence[Any], balance_minor: int) -> tuple[StatementLine, ...]:
    lines = []
    for row in rows:
        balance_minor += row.amount_minor
        lines.append(
            StatementLine(
                date=row.fact_date,
                kind=row.kind,
                number=row.number,
                method=row.method,
                reference=row.reference,
                text=row.text,
                account_no=row.account_no,
                debit_minor=max(row.amount_minor, 0),
                credit_minor=max(-row.amount_minor, 0),
                balance_minor=balance_minor,
            )
        )
    return tuple(lines)
