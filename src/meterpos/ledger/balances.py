"""What is kept per account and customer: sums over movements, recalculated in set-based SQL for one, many or all.

Nothing else writes these columns. Only rows that differ are written, and those are returned. The movements themselves
are rebuilt from facts here too.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import islice
from typing import Any, Final, NamedTuple

from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    Connection,
    Select,
    String,
    Subquery,
    Update,
    any_,
    bindparam,
    case,
    cast,
    delete,
    exists,
    func,
    insert,
    literal_column,
    or_,
    select,
    update,
)

from meterpos.ledger.posting import rewrite_groups
from meterpos.ledger.rules.balances import PLAIN_KINDS, UNDOING_KINDS, Totals
from meterpos.ledger.tables import accounts, customers, facts, movements

CHUNK: Final = 900
"""How many are asked about at once on SQLite, a mark each; PostgreSQL takes them as one value, and any number."""

ZERO: Final[ColumnElement[int]] = literal_column("0", BigInteger)
"""Constants are written out: SQLite computes an aggregate once only where it sees that two are the same."""
_OTHERWISE_OWED: Final[list[ColumnElement[str]]] = [
    literal_column(f"'{kind}'") for kind in sorted(PLAIN_KINDS - {"invoice"})
]
KEPT: Final = (
    accounts.c.net_minor,
    accounts.c.balance_minor,
    accounts.c.overpayment_minor,
    accounts.c.total_billed_minor,
    accounts.c.total_paid_minor,
    accounts.c.last_invoice_date,
)


class Changed(NamedTuple):
    """An account whose sums were written, and what it owes (below zero: holds) now. A tuple: there may be many."""

    account_no: str
    net_minor: int


@dataclass(frozen=True, slots=True)
class Difference:
    """An account whose kept sums are not those of its movements."""

    account_no: str
    kept: Totals
    computed: Totals


class CustomerSums(NamedTuple):
    """A customer's sums over active meter accounts."""

    customer_no: str
    balance_minor: int
    overpayment_minor: int


# --- accounts: the sums of their movements ----------------------------------------------------------------------------


def minor(value: ColumnElement[Any]) -> ColumnElement[int]:
    """Return a sum as whole minor units, 0 of nothing."""
    return cast(func.coalesce(value, ZERO), BigInteger)  # PostgreSQL sums 64 bits into numeric


Which = Callable[[Any], ColumnElement[bool]]
"""Which accounts: a condition on the table it is given."""


def summed() -> tuple[ColumnElement[Any], ...]:
    """Return what is summed over an account's movements, each under the name it is kept by.

    What was paid is what is neither billed nor otherwise owed: openings and adjustments are few, payments are half of
    all rows, and not summing them a second time saves a sixth of the whole.
    """
    moved = movements.c
    amount = moved.amount_minor
    is_invoice = moved.kind == literal_column("'invoice'")
    net = minor(func.sum(amount))
    billed = minor(func.sum(amount).filter(is_invoice))
    otherwise_owed = minor(func.sum(amount).filter(moved.kind.in_(_OTHERWISE_OWED)))
    return (
        net.label("net_minor"),
        billed.label("total_billed_minor"),
        (billed + otherwise_owed - net).label("total_paid_minor"),
        func.max(moved.fact_date).filter(is_invoice).label("last_invoice_date"),
    )


def _sums(which: Which | None) -> Subquery:
    """Sum the movements of each account; both tables are walked through covering keys, in the same order."""
    owned = accounts.alias("owned")
    query: Select[Any] = (
        select(owned.c.account_no, *summed())
        .select_from(owned.outerjoin(movements, movements.c.account_no == owned.c.account_no))
        .group_by(owned.c.account_no)
    )
    if which is not None:
        query = query.where(which(owned))
    return query.subquery("sums")


def kept_of(sums: Subquery) -> dict[str, ColumnElement[Any]]:
    """Return what is kept of an account, by column, out of its sums."""
    net = sums.c.net_minor
    return {
        "net_minor": net,
        "balance_minor": case((net > ZERO, net), else_=ZERO),
        "overpayment_minor": case((net < ZERO, -net), else_=ZERO),
        "total_billed_minor": sums.c.total_billed_minor,
        "total_paid_minor": sums.c.total_paid_minor,
        "last_invoice_date": sums.c.last_invoice_date,
    }


def differs(values: Mapping[str, ColumnElement[Any]], table: Any) -> ColumnElement[bool]:
    """Return the condition that a row is kept otherwise."""
    return or_(*(table.c[name].is_distinct_from(value) for name, value in values.items()))


def _one_of(column: ColumnElement[Any], name: str, dialect: str) -> ColumnElement[bool]:
    """Return the condition that a text is one of those given as ``name``."""
    if dialect == "sqlite":
        return column.in_(bindparam(name, expanding=True))
    return column == any_(bindparam(name, type_=ARRAY(String)))


def _account_update(which: Which | None) -> Update:
    sums = _sums(which)
    values = kept_of(sums)
    query = update(accounts).values(values).where(sums.c.account_no == accounts.c.account_no, differs(values, accounts))
    return query.returning(accounts.c.account_no, accounts.c.net_minor)


def _account_differences(which: Which | None) -> Select[Any]:
    sums = _sums(which)
    values = kept_of(sums)
    computed = [value.label(f"computed_{name}") for name, value in values.items()]
    return (
        select(accounts.c.account_no, *KEPT, *computed)
        .join_from(accounts, sums, sums.c.account_no == accounts.c.account_no)
        .where(differs(values, accounts))
        .order_by(accounts.c.account_no)
    )


# --- customers: the sums of their active meter accounts ---------------------------------------------------------------


ACTIVE: Final = (accounts.c.kind == "meter") & accounts.c.closed_on.is_(None)
"""The accounts whose sums are their customer's."""


Owned = Callable[[ColumnElement[str]], ColumnElement[bool]]
"""Which customers: a condition on the column that names an account's owner."""


def _customer_sums(of: Owned | None) -> Subquery:
    """Sum the accounts of the customers that ``of`` says (None: of all)."""
    owner: ColumnElement[str] = accounts.c.customer_no
    if of is None:
        owner = owner.concat("")  # by sorting a plain scan: the index would fetch every account in random order
    query = (
        select(
            owner.label("customer_no"),
            minor(func.sum(accounts.c.balance_minor).filter(ACTIVE)).label("balance_minor"),
            minor(func.sum(accounts.c.overpayment_minor).filter(ACTIVE)).label("overpayment_minor"),
        )
        .where(accounts.c.customer_no.is_not(None) if of is None else of(owner))
        .group_by(owner)
    )
    return query.subquery("sums")


def _customer_values(sums: Subquery) -> dict[str, ColumnElement[Any]]:
    return {name: sums.c[name] for name in ("balance_minor", "overpayment_minor")}


def _customer_update(of: Owned | None) -> Any:
    sums = _customer_sums(of)
    values = _customer_values(sums)
    return (
        update(customers)
        .values(values)
        .where(sums.c.customer_no == customers.c.customer_no, differs(values, customers))
        .returning(*_customer_columns())
    )


KEPT_FOR_NOTHING: Final = ((customers.c.balance_minor != 0) | (customers.c.overpayment_minor != 0)) & ~exists().where(
    accounts.c.customer_no == customers.c.customer_no
)
"""The customers of whom something is kept though they have no account."""


def _emptied() -> Update:
    return update(customers).values(balance_minor=0, overpayment_minor=0).where(KEPT_FOR_NOTHING)


def _customer_columns() -> tuple[Any, ...]:
    return customers.c.customer_no, customers.c.balance_minor, customers.c.overpayment_minor


def _customer_differences() -> Select[Any]:
    sums = _customer_sums(None)
    return (
        select(*_customer_columns(), sums.c.balance_minor, sums.c.overpayment_minor)
        .join_from(sums, customers, sums.c.customer_no == customers.c.customer_no)
        .where(differs(_customer_values(sums), customers))
        .order_by(customers.c.customer_no)
    )


_UPDATE_ALL: Final = _account_update(None)
_DIFFERENCES_OF_ALL: Final = _account_differences(None)
_CUSTOMER_DIFFERENCES: Final = _customer_differences()
_KEPT_WITHOUT_ACCOUNTS: Final = select(*_customer_columns()).where(KEPT_FOR_NOTHING).order_by(customers.c.customer_no)
_CUSTOMERS_ALL: Final = _customer_update(None)
_EMPTIED_ALL: Final = _emptied().returning(*_customer_columns())


class _Some(NamedTuple):
    """The statements about some: of ``accounts``, or of ``customers``."""

    update: Update
    differences: Select[Any]
    owners: Any
    customers: Any
    emptied: Any
    at_once: int | None


@cache
def _some(dialect: str) -> _Some:
    def named(of: Any) -> ColumnElement[bool]:
        return _one_of(of.c.account_no, "accounts", dialect)

    emptied = _emptied().where(_one_of(customers.c.customer_no, "customers", dialect))
    return _Some(
        update=_account_update(named),
        differences=_account_differences(named),
        owners=_customer_update(lambda owner: owner.in_(select(accounts.c.customer_no).where(named(accounts)))),
        customers=_customer_update(lambda owner: _one_of(owner, "customers", dialect)),
        emptied=emptied.returning(*_customer_columns()),
        at_once=CHUNK if dialect == "sqlite" else None,
    )


# --- what others call -------------------------------------------------------------------------------------------------


def recalculate(connection: Connection, account_nos: Collection[str] | None) -> tuple[Changed, ...]:
    """Bring the sums of these accounts (None: of all) and of their customers in line with the movements.

    Returns the accounts that were different before; unknown account numbers are passed over.
    """
    if account_nos is None:
        return recalculate_all(connection)
    some, changed = _some(connection.dialect.name), list[Changed]()
    for chunk in _chunks(sorted(account_nos), some.at_once):
        changed += map(Changed._make, connection.execute(some.update, {"accounts": chunk}))
        connection.execute(some.owners, {"accounts": chunk})
    return tuple(changed)


def recalculate_all(connection: Connection) -> tuple[Changed, ...]:
    """Recalculate every account and customer; returns the accounts that were different before."""
    changed = tuple(map(Changed._make, connection.execute(_UPDATE_ALL).all()))
    recalculate_customers(connection, None)
    return changed


def recalculate_customers(connection: Connection, customer_nos: Collection[str] | None) -> tuple[CustomerSums, ...]:
    """Bring the sums of these customers (None: of all) in line with their accounts; returns those that changed."""
    if customer_nos is None:
        rows = [*connection.execute(_CUSTOMERS_ALL), *connection.execute(_EMPTIED_ALL)]
        return tuple(map(CustomerSums._make, rows))
    some, changed = _some(connection.dialect.name), list[CustomerSums]()
    for chunk in _chunks(customer_nos, some.at_once):
        for query in (some.customers, some.emptied):
            changed += map(CustomerSums._make, connection.execute(query, {"customers": chunk}))
    return tuple(changed)


def find_differences(connection: Connection, account_nos: Collection[str] | None) -> tuple[Difference, ...]:
    """Return what `recalculate` would change, changing nothing."""
    if account_nos is None:
        return tuple(map(_difference, connection.execute(_DIFFERENCES_OF_ALL)))
    some = _some(connection.dialect.name)
    return tuple(
        _difference(row)
        for chunk in _chunks(sorted(account_nos), some.at_once)
        for row in connection.execute(some.differences, {"accounts": chunk})
    )


def find_customer_differences(connection: Connection) -> tuple[tuple[CustomerSums, CustomerSums], ...]:
    """Return, for each customer `recalculate_customers` would change, what is kept and what the accounts say."""
    differing = [
        (CustomerSums._make(row[:3]), CustomerSums(row[0], *row[3:]))
        for row in connection.execute(_CUSTOMER_DIFFERENCES)
    ]
    without_accounts = map(CustomerSums._make, connection.execute(_KEPT_WITHOUT_ACCOUNTS))
    return (*differing, *((kept, CustomerSums(kept.customer_no, 0, 0)) for kept in without_accounts))


def _difference(row: Any) -> Difference:
    return Difference(row.account_no, _totals(row, ""), _totals(row, "computed_"))


def _totals(row: Any, prefix: str) -> Totals:
    names = ("net_minor", "total_billed_minor", "total_paid_minor", "last_invoice_date")
    return Totals(**{name: getattr(row, f"{prefix}{name}") for name in names})


# --- movements: rebuilt from facts ------------------------------------------------------------------------------------

_STANDING_ALONE: Final = (
    select(
        facts.c.stands_on,
        facts.c.fact_id,
        facts.c.kind,
        facts.c.fact_date,
        facts.c.due_date,
        facts.c.amount_minor,
        facts.c.number,
        facts.c.invoice_no,
        facts.c.of_fact_id,
    )
    .where(
        facts.c.kind.in_([*sorted(PLAIN_KINDS), "payment"]),
        facts.c.counts,
        facts.c.decision.is_distinct_from("none"),
    )
    .order_by(facts.c.stands_on, facts.c.fact_id)
)
_SPOKEN_OF: Final = (
    select(facts.c.of_fact_id)
    .distinct()
    .where(facts.c.of_fact_id > bindparam("after"), facts.c.kind.in_([*UNDOING_KINDS, "clearing"]))
    .order_by(facts.c.of_fact_id)
    .limit(CHUNK)
)


def rebuild_movements(connection: Connection) -> None:
    """Write every movement anew from the facts, by the rule that posts them.

    A fact of which nothing speaks is its own movement, and most are: they go in one statement. The groups of payments
    that were reversed, bounced or cleared follow, by the rule itself.
    """
    connection.execute(delete(movements))
    columns = [column.name for column in movements.columns]
    connection.execute(insert(movements).from_select(columns, _STANDING_ALONE))
    after = ""
    while subjects := connection.execute(_SPOKEN_OF, {"after": after}).scalars().all():
        rewrite_groups(connection, subjects)
        after = subjects[-1]


def _chunks(items: Iterable[str], at_once: int | None) -> Iterator[list[str]]:
    rest = iter(items)
    while chunk := list(islice(rest, at_once)):
        yield chunk
