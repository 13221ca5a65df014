"""What is open on every account that owes, worked out by the database in sets: the rule of allocation, as SQL.

A payment that names an invoice pays it first; all other money pays the oldest due first (`rules.allocation`). So what
is open of the rest is the end of the line: counted from the latest due back, as much as the account owes. Tests hold it
against the rule itself, for any facts.
"""

from datetime import date
from typing import Any, Final

from sqlalchemy import CTE, BigInteger, ColumnElement, Connection, Select, Subquery, case, cast, func, select, union_all

from meterpos.ledger.queries.ordering import as_text
from meterpos.ledger.rules.aging import first_due_dates
from meterpos.ledger.rules.balances import PLAIN_KINDS, UNDOING_KINDS
from meterpos.ledger.tables import accounts, facts, movements

_owing: Final = (accounts.c.kind == "meter") & (accounts.c.balance_minor > 0)
_net: Final = func.sum(movements.c.amount_minor)
_OWED: Final = (
    select(accounts.c.account_no, cast(_net, BigInteger).label("owed_minor"))
    .join_from(accounts, movements, movements.c.account_no == accounts.c.account_no)
    .where(_owing)
    .group_by(accounts.c.account_no)
    .having(_net > 0)
    .cte("owed")
)
"""What each account owes by its movements; what is kept only says where to look."""
_undoing: Final = movements.alias("undoing")
_UNDONE: Final = (
    select(_undoing.c.of_fact_id)
    .join_from(facts, _undoing, (_undoing.c.account_no == facts.c.stands_on) & (_undoing.c.fact_id == facts.c.fact_id))
    .where(facts.c.of_fact_id.is_not(None), facts.c.kind.in_(UNDOING_KINDS), _undoing.c.of_fact_id.is_not(None))
)
"""Payments that were taken back: they name nothing any more."""


def _charge_columns() -> list[ColumnElement[Any]]:
    return [
        movements.c.account_no,
        movements.c.fact_id,
        movements.c.kind,
        movements.c.number,
        movements.c.fact_date,
        func.coalesce(movements.c.due_date, movements.c.fact_date).label("due_date"),
        movements.c.amount_minor,
    ]


_is_charge: Final = (movements.c.amount_minor > 0) & movements.c.kind.in_(sorted(PLAIN_KINDS))


def open_charges(connection: Connection) -> Subquery:
    """Return each open charge of the meters, with ``open_minor``; ``is_oldest`` is the first that will be paid."""
    named = _named()
    left = union_all(_unnamed(named), _by_name(connection, named)).cte("left_over")
    until = func.sum(left.c.left_minor).over(
        partition_by=left.c.account_no,
        order_by=[place.desc() for place in _payment_order(connection, left)],
        rows=(None, 0),
    )
    line = select(left, until.label("until_minor")).where(left.c.left_minor > 0).subquery("line")
    before = line.c.until_minor - line.c.left_minor
    still = line.c.owed_minor - before
    return (
        select(
            line.c.account_no,
            line.c.fact_id,
            line.c.kind,
            line.c.number,
            line.c.fact_date,
            line.c.due_date,
            case((line.c.left_minor < still, line.c.left_minor), else_=still).label("open_minor"),
            (line.c.until_minor >= line.c.owed_minor).label("is_oldest"),
        )
        .where(before < line.c.owed_minor)
        .subquery("open_charges")
    )


def aged_accounts(connection: Connection, *, as_of: date) -> Subquery:
    """Return each meter account with something open: its sums by lateness, and the oldest of its open charges."""
    charge = open_charges(connection).c
    columns = _by_lateness(charge.due_date, charge.open_minor, as_of)
    sums = (
        select(
            charge.account_no,
            *(column.label(f"{name}_minor") for name, column in columns.items()),
            _sum(charge.open_minor).label("total_minor"),
            *(
                func.max(charge[name]).filter(charge.is_oldest).label(f"oldest_{name}")
                for name in ("number", "fact_date", "due_date")
            ),
        )
        .group_by(charge.account_no)
        .subquery("sums")
    )
    of = accounts.alias("of")
    return (
        select(sums, of.c.meter_no, of.c.customer_no)
        .join_from(sums, of, of.c.account_no == sums.c.account_no)
        .subquery("aged_accounts")
    )


def _payment_order(connection: Connection, of: Any) -> list[ColumnElement[Any]]:
    """Return the order in which charges are paid, as `rules.allocation.payment_order` has it."""
    return [
        of.c.due_date,
        case((of.c.kind == "opening", 0), else_=1),
        as_text(connection, of.c.number),
        as_text(connection, of.c.fact_id),
    ]


def _named() -> CTE:
    """Sum what stands on each account in the name of an invoice."""
    return (
        select(accounts.c.account_no, movements.c.invoice_no, (-_sum(movements.c.amount_minor)).label("named_minor"))
        .join_from(accounts, movements, movements.c.account_no == _plainly(accounts.c.account_no))
        .where(
            _owing,
            movements.c.kind == "payment",
            movements.c.amount_minor < 0,
            movements.c.invoice_no.is_not(None),
            movements.c.fact_id.not_in(_UNDONE),
        )
        .group_by(accounts.c.account_no, movements.c.invoice_no)
        .cte("named")
    )


def _plainly(column: ColumnElement[Any]) -> ColumnElement[Any]:
    """Return a column by which nothing can be looked up: SQLite then walks its table, and looks up the movements.

    Left to choose, it would read all movements and look up the few that are asked for.
    """
    return func.coalesce(column, "")


def _unnamed(named: CTE) -> Select[Any]:
    *charge, amount = _charge_columns()
    return (
        select(*charge, _OWED.c.owed_minor, amount.label("left_minor"))
        .select_from(
            _OWED.join(movements, movements.c.account_no == _OWED.c.account_no).outerjoin(
                named,
                (named.c.account_no == movements.c.account_no)
                & (named.c.invoice_no == movements.c.number)
                & (movements.c.kind == "invoice"),
            )
        )
        .where(_is_charge, named.c.account_no.is_(None))
    )


def _by_name(connection: Connection, named: CTE) -> Select[Any]:
    """Take from each named invoice what was paid in its name; of two with one number the one paid first, first."""
    account_no, number = _plainly(named.c.account_no), _plainly(named.c.invoice_no)
    charges = (
        select(*_charge_columns(), _OWED.c.owed_minor, named.c.named_minor)
        .join_from(named, movements, (movements.c.account_no == account_no) & (movements.c.number == number))
        .join(_OWED, _OWED.c.account_no == account_no)
        .where(_is_charge, movements.c.kind == "invoice")
        .subquery("charges")
    )
    until = func.sum(charges.c.amount_minor).over(
        partition_by=[charges.c.account_no, charges.c.number],
        order_by=_payment_order(connection, charges),
        rows=(None, 0),
    )
    line = select(charges, (until - charges.c.named_minor).label("short_minor")).subquery("by_name")
    left = case(
        (line.c.short_minor <= 0, 0),
        (line.c.short_minor < line.c.amount_minor, line.c.short_minor),
        else_=line.c.amount_minor,
    )
    return select(*_identity(line), cast(left, BigInteger).label("left_minor"))


def _identity(of: Any) -> list[ColumnElement[Any]]:
    names = ("account_no", "fact_id", "kind", "number", "fact_date", "due_date", "owed_minor")
    return [of.c[name] for name in names]


def _by_lateness(due: ColumnElement[Any], minor: ColumnElement[Any], as_of: date) -> dict[str, ColumnElement[int]]:
    """Return the sum of each column of lateness."""
    columns: dict[str, ColumnElement[int]] = {}
    before: date | None = None
    for name, first in first_due_dates(as_of):
        within = [] if first is None else [due >= first]
        within += [] if before is None else [due < before]
        columns[name] = _sum(minor, *within)
        before = first
    return columns


def _sum(minor: ColumnElement[Any], *conditions: ColumnElement[bool]) -> ColumnElement[int]:
    summed: Any = func.sum(minor)
    return cast(func.coalesce(summed.filter(*conditions) if conditions else summed, 0), BigInteger)
