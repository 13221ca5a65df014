"""What people and time do with money that was not matched at once: placing it, and payments that arrive after it."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import Connection, select

from meterpos.headoffice import books, exceptions, putting_right
from meterpos.headoffice.books import UnknownPayment
from meterpos.headoffice.feed import Outgoing
from meterpos.headoffice.matching.money import OPEN, Money, Open, Taken
from meterpos.headoffice.matching.places import Place
from meterpos.headoffice.matching.standing import fitting, standing
from meterpos.headoffice.matching.taking import finish, match, post_money
from meterpos.headoffice.tables import exceptions as items
from meterpos.headoffice.tables import money_in
from meterpos.ledger.rules.tenders import normalise_reference
from meterpos.ledger.tables import accounts, facts
from meterpos.ledger.tables.facts import is_numbered

_WAITED: Final = ("unknown_reference", "unknown_meter", "unknown_account", "duplicate_reference")


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """Where money was placed: the number of the payment or transfer that did it."""

    number: str
    account_no: str
    amount_minor: int


def place(
    conn: Connection, outgoing: Outgoing, *, number: str, to_account: str, reason: str, on: date, at: datetime
) -> Placed:
    """Place money that waits: money no payment names is posted, money in suspense is moved. ``number`` is its
    reference, or the number of its payment.

    Raises: UnknownPayment, AlreadySaid, NothingToMove, UnknownAccount.
    """
    row = _open_money(conn, number)
    if row is not None:
        return _post(conn, outgoing, row, to_account=to_account, reason=reason, on=on, at=at)
    held = _in_suspense(conn, number)
    made_by, amount_minor = putting_right.move_receipt(
        conn, outgoing, number=held, to_account=to_account, reason=reason, on=on, at=at
    )
    _settle(conn, held, resolution=f"Placed: {made_by}.", at=at)
    return Placed(number=made_by, account_no=to_account, amount_minor=amount_minor)


def _settle(conn: Connection, number: str, *, resolution: str, at: datetime) -> None:
    """Settle the items that say this paper's money waits in suspense."""
    query = select(items.c.code, items.c.subject).where(
        items.c.code.in_(_WAITED), items.c.subject.startswith(number, autoescape=True), items.c.resolved_at.is_(None)
    )
    for code, subject in conn.execute(query).all():
        if subject.split()[0] == number:
            exceptions.settle(conn, code, [subject], at=at, resolution=resolution)


def _open_money(conn: Connection, number: str) -> Open | None:
    query = select(money_in).where(money_in.c.reference == normalise_reference(number), money_in.c.outcome.in_(OPEN))
    row = conn.execute(query.with_for_update()).first()
    return None if row is None else _open(row)


def _open(row: Any) -> Open:
    names = ("method", "reference", "amount_minor", "paid_on", "account_ref", "payer")
    money = Money(**{name: row._mapping[name] for name in names})
    return Open(money, row.outcome, row.on_statement_at is not None)


def _post(
    conn: Connection, outgoing: Outgoing, open_: Open, *, to_account: str, reason: str, on: date, at: datetime
) -> Placed:
    one = open_.money
    said = books.reason_of(reason)
    there = standing(conn, one.method, [one.reference]).get(one.reference, [])
    if there:
        receipts = ", ".join(sorted({payment.fact.number for payment in there}))
        raise UnknownPayment(
            f"{one.reference} still pays {receipts}. Take that back first: meterpos headoffice payments reverse"
        )
    done = Taken()
    post_money(conn, outgoing, done, open_, Place(to_account), today=on)
    done.settled.append(one.subject)
    finish(conn, outgoing, done, at=at)
    number = done.numbers[one.reference]
    for code in ("unmatched_money", "wrong_amount"):
        exceptions.settle(conn, code, [one.subject], at=at, resolution=f"Placed: {number} ({said}).")
    return Placed(number=number, account_no=to_account, amount_minor=one.amount_minor)


def _in_suspense(conn: Connection, number: str) -> str:
    """Return the number of the paper whose payments stand in suspense. Raises: UnknownPayment."""
    query = (
        select(facts.c.number)
        .join(accounts, accounts.c.account_no == facts.c.stands_on)
        .where(facts.c.kind == "payment", accounts.c.kind == "suspense")
        .distinct()
    )
    named = conn.execute(query.where(is_numbered(number.strip().upper()))).scalars().all()
    named = named or conn.execute(query.where(facts.c.reference == normalise_reference(number))).scalars().all()
    if len(named) != 1:
        what = f"Several papers hold it: {', '.join(sorted(named))}. Name one." if named else "Check it."
        raise UnknownPayment(f"No money in suspense or from a statement waits under {number}. {what}")
    return str(named[0])


def has_arrivals(conn: Connection) -> bool:
    """Tell whether a payment has come for money that waits: the open rows are few."""
    return bool(_arrived(conn, limit=1))


def match_arrivals(conn: Connection, outgoing: Outgoing, *, at: datetime, today: date, limit: int = 500) -> Taken:
    """Match money that waits with payments that came since, as when a till was offline, or paid the rest of a code."""
    done = Taken()
    match(conn, outgoing, _arrived(conn, limit=limit), done, today=today)
    finish(conn, outgoing, done, at=at)
    return done


def _arrived(conn: Connection, *, limit: int) -> list[Open]:
    """Return open money about which its payments now say something new."""
    query = select(money_in).where(money_in.c.outcome.in_(OPEN)).order_by(money_in.c.paid_on, money_in.c.reference)
    rows = conn.execute(query).all()
    found: list[Open] = []
    for method in sorted({row.method for row in rows}):
        mine = [row for row in rows if row.method == method]
        paid = standing(conn, method, [row.reference for row in mine])
        for row in mine:
            there = paid.get(row.reference, [])
            if fitting(there, row.amount_minor) or (there and row.outcome == "waiting"):
                found.append(_open(row))
    return found[:limit]
