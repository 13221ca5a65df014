"""Long lists to look through: all meters, all customers, in an order, under a filter; never all of them at once.

A list is read in two steps, so that 150,000 rows scroll: first its numbers, in chunks that each hold the reader for
some milliseconds, then the rows of the few that are seen.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from sqlalchemy import BindParameter, ColumnElement, Connection, Select, bindparam, exists, func, or_, select, tuple_

from meterpos.ledger.queries.overdue import overdue_accounts
from meterpos.ledger.queries.search import CustomerHit, find_customers
from meterpos.ledger.rules.listing import Order, Owing, Show, reads_all
from meterpos.ledger.rules.searching import phone_form, without_separators
from meterpos.ledger.search_index import is_present
from meterpos.ledger.tables import accounts, customers, meters
from meterpos.ledger.tables.master import OUT_OF_USE
from meterpos.ledger.tables.search import people

CHUNK: Final = 4_000
"""How many numbers are read at once."""

AT_FIRST: Final = 500
"""How many are read before anything is shown."""

LOOKED_INTO: Final = 400
"""How many accounts at once are looked into for what is past due: their charges have to be read."""

PEOPLE_AT_ONCE: Final = 400
"""How many customers at once, in the order of the alphabet, have their meters read."""

FOUND_MAX: Final = 200
"""How many customers a text finds."""


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where the next chunk goes on: behind a row in index order, or with what was already put in order."""

    behind: tuple[Any, ...] = ()
    waiting: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Chunk:
    """The next numbers of a list; ``after`` is None at its end."""

    numbers: tuple[str, ...]
    after: Cursor | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MeterRow:
    """One account with its meter. ``closed``: the meter went to somebody else; ``overdue``: something is past due."""

    account_no: str
    meter_no: str
    customer_no: str | None
    customer_name: str
    utility: str
    location: str
    status: str
    closed: bool
    balance_minor: int
    overpayment_minor: int
    last_invoice_date: date | None
    overdue: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerRow:
    """One customer. ``meters`` counts the meters in use; the sums are over the meters they have now."""

    customer_no: str
    name: str
    phone: str
    status: str
    meters: int
    balance_minor: int
    overpayment_minor: int
    overdue: bool


# --- meters: the numbers ----------------------------------------------------------------------------------------------

_out_of_use: Final = exists().where(meters.c.meter_no == accounts.c.meter_no, OUT_OF_USE)
_not_active: Final = select(meters.c.meter_no).where(OUT_OF_USE)
_has_meter: Final = accounts.c.meter_no.is_not(None)
_by_number: Final = (accounts.c.meter_no, accounts.c.account_no)
_FIRST: Final[dict[Order, ColumnElement[Any]]] = {
    "balance": accounts.c.net_minor,
    "last_invoice": accounts.c.last_invoice_date,
}


def list_meters(
    connection: Connection,
    *,
    text: str = "",
    show: Show = "active",
    state: Owing = "any",
    order: Order = "number",
    after: Cursor | None = None,
    today: date,
) -> Chunk:
    """Return the next account numbers of the list of meters; ``text`` is a part of a number, or whose meters.

    ``active`` leaves out meters that are disconnected or out of use, and accounts whose meter went to somebody else.
    """
    cursor = after or Cursor()
    if cursor.waiting:
        return _looked_into(connection, cursor.waiting, state, today)
    wanted = (_has_meter, *_shown(show), *_standing(state))
    if reads_all(text=text, show=show):
        found = _all_at_once(connection, [*wanted, *_matching(connection, text, today)], order)
        return _looked_into(connection, found, state, today)
    if order == "customer" and is_present(connection):
        chunk = _next_by_customer(connection, wanted, cursor)
    elif order == "customer":
        return _looked_into(connection, _all_at_once(connection, wanted, order), state, today)
    else:
        limit = LOOKED_INTO if state == "overdue" else _how_many(after)
        first = _FIRST.get(order)
        if first is None:
            chunk = _next_by_number(connection, wanted, cursor, limit=limit)
        else:
            chunk = _next_from_the_top(connection, first, wanted, cursor, limit=limit)
    return Chunk(_late_of(connection, chunk.numbers, today), chunk.after) if state == "overdue" else chunk


def _how_many(after: Cursor | None) -> int:
    return CHUNK if after is not None else min(AT_FIRST, CHUNK)


def _shown(show: Show) -> tuple[ColumnElement[bool], ...]:
    if show == "active":
        return accounts.c.closed_on.is_(None), accounts.c.meter_no.not_in(_not_active)
    if show == "inactive":
        return (or_(accounts.c.closed_on.is_not(None), accounts.c.meter_no.in_(_not_active)),)
    return ()


def _standing(state: Owing) -> tuple[ColumnElement[bool], ...]:
    if state == "any":
        return ()
    return (accounts.c.net_minor < 0,) if state == "credit" else (accounts.c.net_minor > 0,)


def _matching(connection: Connection, text: str, today: date) -> tuple[ColumnElement[bool], ...]:
    """Return the condition that a number holds the text, or the customer is one whom it may mean."""
    if not text.strip():
        return ()
    hits = find_customers(connection, text, today=today, limit=FOUND_MAX)
    found = [hit.customer_no for hit in hits if _is_by_person(hit, text)]
    part = accounts.c.meter_no.icontains(text.strip(), autoescape=True)
    return (or_(part, accounts.c.customer_no.in_(found)),)


def _is_by_person(hit: CustomerHit, text: str) -> bool:
    """Tell whether somebody was found by name, phone or own number, not by one of many meters."""
    typed = without_separators(text)
    by_number = typed in without_separators(hit.customer_no) or (
        typed.isdecimal() and phone_form(typed) in phone_form(hit.phone)
    )
    return bool(hit.matched) or by_number


def _all_at_once(connection: Connection, wanted: Sequence[ColumnElement[bool]], order: Order) -> tuple[str, ...]:
    query = select(accounts.c.account_no).where(*wanted)
    if order == "customer":
        query = query.outerjoin(customers, customers.c.customer_no == accounts.c.customer_no)
        query = query.order_by(customers.c.name, accounts.c.customer_no, *_by_number)
    elif order == "balance":
        query = query.order_by(accounts.c.net_minor.desc(), *_by_number)
    elif order == "last_invoice":
        query = query.order_by(accounts.c.last_invoice_date.is_(None), accounts.c.last_invoice_date.desc(), *_by_number)
    else:
        query = query.order_by(*_by_number)
    return tuple(connection.execute(query).scalars())


def _looked_into(connection: Connection, found: tuple[str, ...], state: Owing, today: date) -> Chunk:
    """Return numbers that stand in order already; where what is past due is asked for, some of them."""
    if state != "overdue":
        return Chunk(found, None)
    rest = found[LOOKED_INTO:]
    return Chunk(_late_of(connection, found[:LOOKED_INTO], today), Cursor(waiting=rest) if rest else None)


def _late_of(connection: Connection, numbers: Sequence[str], today: date) -> tuple[str, ...]:
    late = overdue_accounts(connection, numbers, today=today) if numbers else frozenset()
    return tuple(number for number in numbers if number in late)


def _next_by_number(
    connection: Connection, wanted: Sequence[ColumnElement[bool]], cursor: Cursor, *, limit: int
) -> Chunk:
    meter_no, account_no = cursor.behind or ("", "")  # a beginning in any case: without, SQLite sorts all of them
    query = select(*_by_number).where(
        *wanted,
        accounts.c.meter_no >= meter_no,
        or_(accounts.c.meter_no > meter_no, accounts.c.account_no > account_no),
    )
    query = query.order_by(*_by_number).limit(limit)
    rows = connection.execute(query).all()
    return Chunk(tuple(row.account_no for row in rows), Cursor(tuple(rows[-1])) if len(rows) == limit else None)


def _next_from_the_top(
    connection: Connection,
    first: ColumnElement[Any],
    wanted: Sequence[ColumnElement[bool]],
    cursor: Cursor,
    *,
    limit: int,
) -> Chunk:
    """Read on where the largest values of a column stand first and none at all last, along an index of its own.

    What stands behind a row is asked in turns, each of them one walk along the index: the rest of those with the same
    value, those with less, those without.
    """
    rows: list[Any] = []
    for turn in _turns(first, cursor):
        query = select(first, *_by_number).where(*wanted, *turn).order_by(first.desc(), *_by_number)
        rows += connection.execute(query.limit(limit - len(rows))).all()
        if len(rows) == limit:
            return Chunk(tuple(row.account_no for row in rows), Cursor(tuple(rows[-1])))
    return Chunk(tuple(row.account_no for row in rows), None)


def _turns(first: ColumnElement[Any], cursor: Cursor) -> list[tuple[ColumnElement[bool], ...]]:
    without = first.is_(None)
    if not cursor.behind:
        return [(first.is_not(None),), (without,)]
    value, *place = cursor.behind
    behind = tuple_(*_by_number) > tuple_(*place)
    if value is None:
        return [(without, behind)]
    return [(first == value, behind), (first < value,), (without,)]


def _next_by_customer(connection: Connection, wanted: Sequence[ColumnElement[bool]], cursor: Cursor) -> Chunk:
    """Read the meters of the next customers in the order of the alphabet, those who left last."""
    behind = cursor.behind[0] if cursor.behind else 0
    some = select(people.c.place, people.c.customer_no).where(people.c.place > behind)
    some = some.order_by(people.c.place).limit(PEOPLE_AT_ONCE)
    last = connection.execute(select(func.max(some.subquery().c.place))).scalar_one()
    if last is None:
        return Chunk((), None)
    query: Select[Any] = (
        select(accounts.c.account_no)
        .join_from(people, accounts, accounts.c.customer_no == people.c.customer_no)
        .where(people.c.place > behind, people.c.place <= last, *wanted)
        .order_by(people.c.place, *_by_number)
    )
    return Chunk(tuple(connection.execute(query).scalars()), Cursor((last,)))


# --- meters: the rows -------------------------------------------------------------------------------------------------

_numbers: Final[BindParameter[Any]] = bindparam("numbers", expanding=True)
_METERS: Final = (
    select(
        accounts.c.account_no,
        accounts.c.meter_no,
        accounts.c.customer_no,
        func.coalesce(customers.c.name, "").label("customer_name"),
        func.coalesce(meters.c.utility, "").label("utility"),
        func.coalesce(meters.c.location, "").label("location"),
        func.coalesce(meters.c.status, "").label("status"),
        accounts.c.closed_on.is_not(None).label("closed"),
        accounts.c.balance_minor,
        accounts.c.overpayment_minor,
        accounts.c.last_invoice_date,
    )
    .select_from(
        accounts.outerjoin(meters, meters.c.meter_no == accounts.c.meter_no).outerjoin(
            customers, customers.c.customer_no == accounts.c.customer_no
        )
    )
    .where(accounts.c.account_no.in_(_numbers))
)


def meter_rows(connection: Connection, account_nos: Sequence[str], *, today: date) -> tuple[MeterRow, ...]:
    """Return the rows of these accounts, in this order; what is no longer known is left out."""
    found = {row.account_no: row for row in connection.execute(_METERS, {"numbers": list(account_nos)})}
    late = _late(connection, (row.account_no for row in found.values() if row.balance_minor), today)
    return tuple(
        MeterRow(**{**found[number]._mapping, "closed": bool(found[number].closed)}, overdue=number in late)
        for number in account_nos
        if number in found
    )


def _late(connection: Connection, owing: Any, today: date) -> Collection[str]:
    numbers = list(owing)
    return overdue_accounts(connection, numbers, today=today) if numbers else ()


# --- customers --------------------------------------------------------------------------------------------------------

_CUSTOMERS: Final = select(
    customers.c.customer_no,
    customers.c.name,
    customers.c.phone,
    customers.c.status,
    customers.c.balance_minor,
    customers.c.overpayment_minor,
).where(customers.c.customer_no.in_(_numbers))
_HELD: Final = select(
    accounts.c.customer_no, accounts.c.account_no, accounts.c.net_minor, _out_of_use.label("out_of_use")
).where(accounts.c.customer_no.in_(_numbers), _has_meter, accounts.c.closed_on.is_(None))


def list_customers(connection: Connection, *, text: str = "", after: Cursor | None = None, today: date) -> Chunk:
    """Return the next customer numbers: by name, those who left last; with a text those whom it may mean, best first.

    At most ``FOUND_MAX`` are found by a text: it is typed on until the right one is among them.
    """
    if text.strip():
        hits = find_customers(connection, text, today=today, limit=FOUND_MAX)
        return Chunk(tuple(hit.customer_no for hit in hits), None)
    if not is_present(connection):
        query = select(customers.c.customer_no).order_by(
            customers.c.status != "active", customers.c.name, customers.c.customer_no
        )
        return Chunk(tuple(connection.execute(query).scalars()), None)
    behind = after.behind[0] if after is not None else 0
    some = select(people.c.place, people.c.customer_no).where(people.c.place > behind)
    limit = _how_many(after)
    rows = connection.execute(some.order_by(people.c.place).limit(limit)).all()
    numbers = tuple(row.customer_no for row in rows)
    return Chunk(numbers, Cursor((rows[-1].place,)) if len(rows) == limit else None)


def customer_rows(connection: Connection, customer_nos: Sequence[str], *, today: date) -> tuple[CustomerRow, ...]:
    """Return the rows of these customers, in this order; who is no longer known is left out."""
    asked = {"numbers": list(customer_nos)}
    found = {row.customer_no: row for row in connection.execute(_CUSTOMERS, asked)}
    held: dict[str, list[Any]] = {}
    for row in connection.execute(_HELD, asked):
        held.setdefault(row.customer_no, []).append(row)
    late = _late(connection, (row.account_no for rows in held.values() for row in rows if row.net_minor > 0), today)
    return tuple(
        CustomerRow(
            **found[number]._mapping,
            meters=sum(not row.out_of_use for row in held.get(number, ())),
            overdue=any(row.account_no in late for row in held.get(number, ())),
        )
        for number in customer_nos
        if number in found
    )
