"""The listings head office and till both print: balances, invoices and aging of meters; plans; a row at a time.

Rows stream from the database in the order of their first column as text, so that a listing of millions needs no more
memory than what is open.
"""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from itertools import chain, islice
from typing import Any, Final, Generic, NamedTuple, TextIO, TypeVar

from sqlalchemy import Connection, Select, func, select

from meterpos.ledger.money import format_decimal
from meterpos.ledger.queries.open_charges import aged_accounts, open_charges
from meterpos.ledger.queries.ordering import as_text
from meterpos.ledger.queries.plans import payments_that_stand
from meterpos.ledger.rules.aging import days_overdue
from meterpos.ledger.rules.allocation import State
from meterpos.ledger.rules.instalments import PlanState
from meterpos.ledger.tables import accounts, customers, movements
from meterpos.ledger.tables import plans as agreed

ROWS_AT_ONCE: Final = 1000
_MINOR: Final = "_minor"


class BalanceRow(NamedTuple):
    """One account's sums."""

    account_no: str
    meter_no: str | None
    customer_no: str | None
    net_minor: int
    balance_minor: int
    overpayment_minor: int
    total_billed_minor: int
    total_paid_minor: int
    last_invoice_date: date | None


class InvoiceRow(NamedTuple):
    """One invoice, how much of it is paid and how late the rest is."""

    invoice_no: str
    account_no: str
    invoice_date: date
    due_date: date
    amount_minor: int
    paid_minor: int
    open_minor: int
    state: State
    days_overdue: int


class AgingRow(NamedTuple):
    """What is open on one account, by lateness."""

    account_no: str
    meter_no: str | None
    customer_no: str | None
    not_due_minor: int
    d1_30_minor: int
    d31_60_minor: int
    d61_90_minor: int
    over_90_minor: int
    total_minor: int


class PlanRow(NamedTuple):
    """One instalment plan; ``payments`` counts the papers that stand.

    ``amount_paid``, ``amount_utr_number`` and ``amount_paid_date`` are the old system's names: what is paid, and the
    reference and payment date of the last payment that stands.
    """

    plan_no: str
    account_no: str
    customer_no: str | None
    customer_name: str | None
    capacity_kw: str
    total_minor: int
    amount_paid_minor: int
    pending_minor: int
    payments: int
    status: str
    phase: str
    amount_utr_number: str | None
    amount_paid_date: date | None


Row = TypeVar("Row", BalanceRow, InvoiceRow, AgingRow, PlanRow)


@dataclass(frozen=True, slots=True)
class Listing(Generic[Row]):
    """The names of the columns, and the rows, to be read once while the connection is open."""

    columns: tuple[str, ...]
    rows: Iterator[Row]

    def __iter__(self) -> Iterator[Row]:
        """Read the rows."""
        return self.rows


def balances(connection: Connection) -> Listing[BalanceRow]:
    """List every meter account with its sums, by account."""
    query = (
        select(*(accounts.c[name] for name in BalanceRow._fields))
        .where(accounts.c.kind == "meter")
        .order_by(as_text(connection, accounts.c.account_no))
    )
    return Listing(BalanceRow._fields, map(BalanceRow._make, _stream(connection, query)))


def invoices(connection: Connection, *, as_of: date) -> Listing[InvoiceRow]:
    """List every invoice of a meter account with its state, by invoice; lateness is counted from `as_of`."""
    return Listing(InvoiceRow._fields, _invoice_rows(connection, as_of))


def aging(connection: Connection, *, as_of: date) -> Listing[AgingRow]:
    """List every meter account with something open, by account; lateness is counted from `as_of`."""
    return Listing(AgingRow._fields, _aging_rows(connection, as_of))


def plans(connection: Connection) -> Listing[PlanRow]:
    """List every instalment plan with what is paid and how, by plan."""
    return Listing(PlanRow._fields, _plan_rows(connection))


def write_csv(listing: Listing[Any], stream: TextIO) -> None:
    """Write a listing as CSV: amounts as decimals, lines ended by LF. Open `stream` with `newline=""`."""
    for _ in csv_rows(listing, stream):
        pass


def csv_rows(listing: Listing[Any], stream: TextIO) -> Iterator[None]:
    """Write a listing as CSV some rows at a time, so that whoever asks can hand on what is written so far."""
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(name.removesuffix(_MINOR) for name in listing.columns)
    money = [name.endswith(_MINOR) for name in listing.columns]
    rows = ([_written(cell, is_money) for cell, is_money in zip(row, money, strict=True)] for row in listing)
    while some := list(islice(rows, ROWS_AT_ONCE)):
        writer.writerows(some)
        yield


def _written(cell: Any, is_money: bool) -> Any:
    return format_decimal(cell) if is_money else cell


# --- rows -------------------------------------------------------------------------------------------------------------

_INVOICES: Final = (
    select(
        movements.c.number,
        movements.c.account_no,
        movements.c.fact_date,
        movements.c.due_date,
        movements.c.amount_minor,
        movements.c.fact_id,
    )
    .join_from(movements, accounts, accounts.c.account_no == movements.c.account_no)
    .where(movements.c.kind == "invoice", accounts.c.kind == "meter")
)


def _invoice_rows(connection: Connection, as_of: date) -> Iterator[InvoiceRow]:
    """Read what is open; then all invoices in their order, and look that up."""
    charge = open_charges(connection)
    found = _stream(connection, select(charge.c.fact_id, charge.c.open_minor).where(charge.c.kind == "invoice"))
    open_minor_of: dict[str, int] = {fact_id: int(open_minor) for fact_id, open_minor in found}
    query = _INVOICES.order_by(as_text(connection, movements.c.number), movements.c.fact_id)
    for number, account_no, invoice_date, due_date, amount_minor, fact_id in _stream(connection, query):
        open_minor = open_minor_of.get(fact_id, 0)
        due = due_date or invoice_date
        paid_minor = amount_minor - open_minor
        yield InvoiceRow(
            invoice_no=number,
            account_no=account_no,
            invoice_date=invoice_date,
            due_date=due,
            amount_minor=amount_minor,
            paid_minor=paid_minor,
            open_minor=open_minor,
            state="paid" if not open_minor else "partial" if paid_minor else "unpaid",
            days_overdue=days_overdue(due, as_of=as_of) if open_minor else 0,
        )


def _aging_rows(connection: Connection, as_of: date) -> Iterator[AgingRow]:
    aged = aged_accounts(connection, as_of=as_of)
    query = select(*(aged.c[name] for name in AgingRow._fields)).order_by(as_text(connection, aged.c.account_no))
    for row in _stream(connection, query):
        yield AgingRow._make((*row[:3], *map(int, row[3:])))


_PLANS: Final = (
    select(
        accounts.c.account_no,
        accounts.c.customer_no,
        customers.c.name,
        accounts.c.closed_on,
        accounts.c.net_minor,
        agreed.c.plan_no,
        agreed.c.capacity_kw,
        agreed.c.total_minor,
    )
    .select_from(
        accounts.join(agreed, agreed.c.account_no == accounts.c.account_no).outerjoin(
            customers, customers.c.customer_no == accounts.c.customer_no
        )
    )
    .where(accounts.c.kind == "plan")
)


def _plan_rows(connection: Connection) -> Iterator[PlanRow]:
    number = func.coalesce(agreed.c.plan_no, accounts.c.account_no)
    for row in _stream(connection, _PLANS.order_by(as_text(connection, number), accounts.c.account_no)):
        state = PlanState(total_minor=row.total_minor, net_minor=row.net_minor, is_cancelled=row.closed_on is not None)
        stand = payments_that_stand(connection, row.account_no)
        yield PlanRow(
            plan_no=row.plan_no or row.account_no,
            account_no=row.account_no,
            customer_no=row.customer_no,
            customer_name=row.name,
            capacity_kw=row.capacity_kw,
            total_minor=row.total_minor,
            amount_paid_minor=state.paid_minor,
            pending_minor=state.pending_minor,
            payments=len({one.number for one in stand}),
            status=state.status,
            phase=state.phase,
            amount_utr_number=stand[-1].reference if stand else None,
            amount_paid_date=(stand[-1].paid_on or stand[-1].fact_date) if stand else None,
        )


def _stream(connection: Connection, query: Select[Any]) -> Iterator[Any]:
    result = connection.execute(query, execution_options={"yield_per": ROWS_AT_ONCE})
    return chain.from_iterable(result.partitions())  # twice as fast as row by row
