"""Customers' sums recalculated a range of them at a time: every account is summed once, and the figures stay here.

What a range's customers had and have is kept beside the ledger in a temporary table, so that they are counted, listed
and written without summing again; nothing but figures and the few large changes leaves the database.
"""

from typing import Any, Final, NamedTuple

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    Connection,
    MetaData,
    Select,
    String,
    Subquery,
    Table,
    Update,
    bindparam,
    false,
    func,
    insert,
    literal_column,
    or_,
    select,
    true,
    update,
)

from meterpos.ledger.balances import ACTIVE, KEPT_FOR_NOTHING, differs, kept_of, minor, summed
from meterpos.ledger.tables import accounts, customers, movements

_weighed: Final = Table(
    "weighed_customers",
    MetaData(),
    Column("customer_no", String, nullable=False),
    Column("has_meter", Boolean, nullable=False),
    Column("balance_was", BigInteger, nullable=False),
    Column("overpayment_was", BigInteger, nullable=False),
    Column("balance", BigInteger, nullable=False),
    Column("overpayment", BigInteger, nullable=False),
    prefixes=["TEMPORARY"],
)


class RangeFigures(NamedTuple):
    """What a range came to. Counted are customers with meters; sums of money are over all of the range."""

    processed: int
    with_balance: int
    with_overpayment: int
    clear: int
    balances_changed: int
    overpayments_changed: int
    balance_before_minor: int
    balance_after_minor: int
    overpayment_before_minor: int
    overpayment_after_minor: int


class CustomerChange(NamedTuple):
    """A customer's sums as they were kept, and as they are now."""

    customer_no: str
    name: str
    balance_was_minor: int
    overpayment_was_minor: int
    balance_minor: int
    overpayment_minor: int


def _in_range(of: Any) -> ColumnElement[bool]:
    within: ColumnElement[bool] = of.c.customer_no > bindparam("after")
    through: ColumnElement[bool] = of.c.customer_no <= bindparam("through")
    return within & through


# --- accounts ---------------------------------------------------------------------------------------------------------


def _sums_sqlite() -> Subquery:
    """Sum by the place of a row: the index of owners has it, so a range looks at no other and sorts nothing."""
    owned = accounts.alias("owned")
    place: ColumnElement[Any] = literal_column("owned.rowid")
    query = (
        select(place.label("place"), *summed())
        .select_from(owned.outerjoin(movements, movements.c.account_no == owned.c.account_no))
        .where(_in_range(owned))
        .group_by(owned.c.customer_no, place)
    )
    return query.subquery("sums")


def _sums_postgresql() -> Subquery:
    """Sum account by account: a join would walk the movements of all accounts before the range, for each range."""
    owned = accounts.alias("owned")
    of_one = select(*summed()).where(movements.c.account_no == owned.c.account_no).lateral("of_one")
    query = select(literal_column("owned.ctid").label("place"), *of_one.c)
    return query.select_from(owned.join(of_one, true())).where(_in_range(owned)).subquery("sums")


def _update_of(sums: Subquery, place: str) -> Update:
    values = kept_of(sums)
    own: ColumnElement[Any] = literal_column(f"accounts.{place}")
    return update(accounts).values(values).where(sums.c.place == own, differs(values, accounts))


_UPDATES: Final = {
    "sqlite": _update_of(_sums_sqlite(), "rowid"),
    "postgresql": _update_of(_sums_postgresql(), "ctid"),
}

# --- customers --------------------------------------------------------------------------------------------------------


def _weigh() -> Select[Any]:
    sums = (
        select(
            accounts.c.customer_no,
            func.count().filter(accounts.c.kind == "meter").label("meters"),
            minor(func.sum(accounts.c.balance_minor).filter(ACTIVE)).label("balance"),
            minor(func.sum(accounts.c.overpayment_minor).filter(ACTIVE)).label("overpayment"),
        )
        .where(_in_range(accounts))
        .group_by(accounts.c.customer_no)
        .subquery("sums")
    )
    return select(
        customers.c.customer_no,
        sums.c.meters > 0,
        customers.c.balance_minor,
        customers.c.overpayment_minor,
        sums.c.balance,
        sums.c.overpayment,
    ).join_from(sums, customers, customers.c.customer_no == sums.c.customer_no)


_ZERO: Final[ColumnElement[int]] = literal_column("0", BigInteger)
_NAMES: Final = [column.name for column in _weighed.columns]
_WEIGH: Final = insert(_weighed).from_select(_NAMES, _weigh())
_WEIGH_EMPTIED: Final = insert(_weighed).from_select(
    _NAMES,
    select(
        customers.c.customer_no, false(), customers.c.balance_minor, customers.c.overpayment_minor, _ZERO, _ZERO
    ).where(KEPT_FOR_NOTHING, _in_range(customers)),
)
_is, _has_meter = _weighed.c, _weighed.c.has_meter
_FIGURES: Final = select(
    func.count().filter(_has_meter),
    func.count().filter(_has_meter, _is.balance > 0),
    func.count().filter(_has_meter, _is.overpayment > 0),
    func.count().filter(_has_meter, _is.balance == 0, _is.overpayment == 0),
    func.count().filter(_is.balance != _is.balance_was),
    func.count().filter(_is.overpayment != _is.overpayment_was),
    *(minor(func.sum(column)) for column in (_is.balance_was, _is.balance, _is.overpayment_was, _is.overpayment)),
).select_from(_weighed)
_LARGE: Final = (
    select(
        _is.customer_no,
        customers.c.name,
        _is.balance_was,
        _is.overpayment_was,
        _is.balance,
        _is.overpayment,
    )
    .join_from(_weighed, customers, customers.c.customer_no == _is.customer_no)
    .where(
        or_(
            func.abs(_is.balance - _is.balance_was) > bindparam("above"),
            func.abs(_is.overpayment - _is.overpayment_was) > bindparam("above"),
        )
    )
    .order_by(_is.customer_no)
    .limit(bindparam("limit"))
)
_WRITE: Final = (
    update(customers)
    .values(balance_minor=_is.balance, overpayment_minor=_is.overpayment)
    .where(
        _is.customer_no == customers.c.customer_no,
        or_(_is.balance != _is.balance_was, _is.overpayment != _is.overpayment_was),
    )
)


def recalculate_range(
    connection: Connection, *, after: str, through: str, above_minor: int, listed_max: int
) -> tuple[RangeFigures, tuple[CustomerChange, ...]]:
    """Recalculate the accounts of the customers after one number up to another, and these.

    Returns the figures, and at most ``listed_max`` customers one of whose sums changed by more than ``above_minor``.
    On PostgreSQL nobody else may write to accounts meanwhile: what was summed must still be so when it is written.
    """
    asked = {"after": after, "through": through}
    connection.execute(_UPDATES[connection.dialect.name], asked)
    _weighed.create(connection, checkfirst=False)
    connection.execute(_WEIGH, asked)
    connection.execute(_WEIGH_EMPTIED, asked)
    figures = RangeFigures._make(connection.execute(_FIGURES).one())
    large: tuple[CustomerChange, ...] = ()
    if figures.balances_changed or figures.overpayments_changed:
        asked_for = {"above": above_minor, "limit": listed_max}
        large = tuple(map(CustomerChange._make, connection.execute(_LARGE, asked_for)))
        connection.execute(_WRITE)
    _weighed.drop(connection, checkfirst=False)
    return figures, large
