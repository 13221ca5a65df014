"""Papers made at this till: one by its number, the latest, and those a search finds."""

import re
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final, Literal

from sqlalchemy import Connection, bindparam, func, or_, select

from meterpos.errors import UserError
from meterpos.ledger.journal import Entry, paper_of, read_back, short_id
from meterpos.ledger.money import AmountError, format_amount, parse_amount
from meterpos.ledger.projection import facts_of
from meterpos.ledger.queries.accounts import CLERK_NAME
from meterpos.ledger.rules.facts import adjustment_id, till_fact_id
from meterpos.ledger.tables import accounts, customers, facts, papers, spool, tenders, users
from meterpos.ledger.tables.facts import is_numbered

TEXT_MAX: Final = 80
PHONE_DIGITS: Final = 9
"""How many digits at its end tell a phone number, with or without 0 or +254 before them."""


class NoSuchReceipt(UserError):
    """No receipt has this number here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """One customer paper with the entry it is composed from; of a correction, the half that is this paper.

    ``copies`` were asked for after the original; ``reversed_by`` is the number of its reversal, ``reverses`` the
    number of what it reverses, ``moved`` where head office put its money; None where there is none.
    """

    entry: Entry
    number: str
    kind: Literal["tender", "reversal"]
    copies: int
    reversed_by: str | None
    reverses: str | None
    moved: "Moved | None"


@dataclass(frozen=True, slots=True)
class Moved:
    """Where head office put the money of a receipt: by which transfer, and to which meter or account; ``to`` is empty
    where that is not known here.
    """

    number: str
    to: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptRow:
    """One line of the list of papers; ``printed`` is the state of its latest print job, None where it has none."""

    number: str
    kind: Literal["tender", "reversal"]
    at: datetime
    business_date: date
    shift: int
    clerk: str
    customer_no: str | None
    customer: str
    meters: tuple[str, ...]
    methods: tuple[str, ...]
    total_minor: int
    reversed_by: str | None
    reverses: str | None
    printed: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Elsewhere:
    """What head office sent of another till's receipt. ``clerk_name`` is empty where it was not told.

    ``reversed_by`` is the number under which it was taken back, None while it stands.
    """

    number: str
    till_name: str
    clerk_name: str
    day: date
    amount_minor: int
    methods: tuple[str, ...]
    customer: str
    reversed_by: str | None


_reversal: Final = tenders.alias("reversal")
_reversed_by: Final = (
    select(func.min(_reversal.c.number)).where(_reversal.c.of_number == tenders.c.number).scalar_subquery()
)
_printed: Final = (
    select(spool.c.state)
    .where(spool.c.number == tenders.c.number)
    .order_by(spool.c.job_id.desc())
    .limit(1)
    .scalar_subquery()
)
_one: Final = (
    select(
        tenders.c.entry_id,
        tenders.c.number,
        tenders.c.kind,
        tenders.c.of_number,
        func.coalesce(papers.c.copies, 0).label("copies"),
        _reversed_by.label("reversed_by"),
    )
    .outerjoin(papers, papers.c.number == tenders.c.number)
    .where(tenders.c.number == bindparam("number"))
)
_rows: Final = select(
    tenders.c.number,
    tenders.c.kind,
    tenders.c.at,
    tenders.c.business_date,
    tenders.c.shift,
    tenders.c.clerk,
    tenders.c.customer_no,
    tenders.c.customer_name,
    tenders.c.meters,
    tenders.c.methods,
    tenders.c.total_minor,
    tenders.c.of_number,
    _reversed_by.label("reversed_by"),
    _printed.label("printed"),
).order_by(tenders.c.at.desc(), tenders.c.counter.desc())
_undoing: Final = facts.alias("undoing")
_paid: Final = (
    select(
        facts.c.fact_date,
        facts.c.amount_minor,
        facts.c.method,
        CLERK_NAME.label("clerk_name"),
        func.coalesce(customers.c.name, "").label("customer"),
        select(func.min(_undoing.c.number))
        .where(
            _undoing.c.of_fact_id == facts.c.fact_id,
            _undoing.c.kind == "reversal",
            _undoing.c.decision.is_distinct_from("none"),
        )
        .scalar_subquery()
        .label("reversed_by"),
    )
    .join_from(facts, accounts, accounts.c.account_no == facts.c.stands_on, isouter=True)
    .join(customers, customers.c.customer_no == accounts.c.customer_no, isouter=True)
    .join(users, users.c.user_name == facts.c.clerk, isouter=True)
    .where(facts.c.kind == "payment")
    .order_by(facts.c.fact_id)
)
_paid_by: Final = _paid.where(is_numbered(bindparam("number")))
_paid_of: Final = _paid.where(facts.c.fact_id.between(bindparam("low"), bindparam("high")))
_undone: Final = select(facts.c.number).where(
    facts.c.of_fact_id == bindparam("payment"),
    facts.c.kind == "reversal",
    facts.c.entry_id.is_(None),
    facts.c.decision.is_distinct_from("none"),
)
_taken: Final = (
    select(func.max(facts.c.number), func.sum(facts.c.amount_minor))
    .where(
        facts.c.of_fact_id.in_(bindparam("payments", expanding=True)),
        facts.c.kind == "adjustment",
        facts.c.decision.is_distinct_from("none"),
    )
    .group_by(facts.c.of_fact_id)
    .order_by(facts.c.of_fact_id)
)
_given: Final = (
    select(func.coalesce(accounts.c.meter_no, facts.c.stands_on))
    .join_from(facts, accounts, accounts.c.account_no == facts.c.stands_on, isouter=True)
    .where(facts.c.fact_id == bindparam("given"))
)
_of_tender: Final = select(tenders.c.entry_id).where(tenders.c.tender_id == bindparam("tender_id"))


def find_receipt(connection: Connection, number: str) -> Receipt:
    """Return the receipt or reversal ``number``, its bytes checked against their hash.

    Raises: NoSuchReceipt; BrokenEntry when the stored bytes were altered.
    """
    row = connection.execute(_one, {"number": number.strip().upper()}).first()
    if row is None:
        raise NoSuchReceipt(_not_here(connection, number.strip()[:TEXT_MAX].upper()), field="number")
    entry = paper_of(read_back(connection, row.entry_id), row.number)
    return Receipt(
        entry=entry,
        number=row.number,
        kind=row.kind,
        copies=row.copies,
        reversed_by=row.reversed_by or (reversed_elsewhere(connection, row.entry_id) if row.kind == "tender" else None),
        reverses=row.of_number,
        moved=moved_away(connection, entry),
    )


def moved_away(connection: Connection, paper: Entry) -> Moved | None:
    """Return where head office put the money of a receipt's payments, None while all of it is where they stand."""
    paid = [fact.fact_id for fact in facts_of(paper) if fact.kind == "payment"]
    for number, amount_minor in connection.execute(_taken, {"payments": paid}):
        if amount_minor > 0:
            given = connection.execute(_given, {"given": adjustment_id(f"{number}.2")}).scalars().first()
            return Moved(number, given or "")
    return None


def made_elsewhere(connection: Connection, number: str, *, entry_prefix: bytes | None = None) -> Elsewhere | None:
    """Return what head office sent of another till's receipt, None where it sent nothing or it is this till's.

    With ``entry_prefix``, from the receipt's QR, its payments are found by their ids, else by their number.
    """
    wanted = {"number": number.strip().upper()}
    if connection.execute(_one, wanted).first() is not None:
        return None
    if entry_prefix is None:
        paid = connection.execute(_paid_by, wanted).all()
    else:
        stem = till_fact_id(short_id(entry_prefix), 0)[:-1]
        paid = connection.execute(_paid_of, {"low": stem, "high": f"{stem}~"}).all()
    if not paid:
        return None
    return Elsewhere(
        number=wanted["number"],
        till_name=wanted["number"].rsplit("-", 2)[0],
        clerk_name=paid[0].clerk_name,
        day=paid[0].fact_date,
        amount_minor=-sum(row.amount_minor for row in paid),
        methods=tuple(dict.fromkeys(row.method for row in paid)),
        customer=paid[0].customer,
        reversed_by=paid[0].reversed_by,
    )


def _not_here(connection: Connection, number: str) -> str:
    found = made_elsewhere(connection, number)
    if found is None:
        return f"No receipt {number} was made at this till. Check the number."
    over, till = format_amount(found.amount_minor), found.till_name
    if found.clerk_name:
        return f"Receipt {number} over {over} was made by {found.clerk_name} at till {till}. Only that till prints it."
    return f"Receipt {number} over {over} was made at till {till}. Only that till prints it."


def reversed_elsewhere(connection: Connection, entry_id: bytes) -> str | None:
    """Return the number under which head office took the payment of an entry back, None where it did not."""
    return connection.execute(_undone, {"payment": till_fact_id(short_id(entry_id), 0)}).scalars().first()


def entry_of_tender(connection: Connection, tender_id: str) -> Entry | None:
    """Return the entry that was made for a form's tender id, None when there is none."""
    entry_id = connection.execute(_of_tender, {"tender_id": tender_id}).scalars().first()
    return None if entry_id is None else read_back(connection, entry_id)


def recent(connection: Connection, *, text: str = "", limit: int = 50) -> tuple[ReceiptRow, ...]:
    """Return the latest papers, the latest first; with ``text``, those that hold each of its words.

    A word is found in the number, the customer's name, number or phone, the meters, the amount (``2500``, ``2,500.00``)
    and the business date (``2026-11-20``).
    """
    rows = connection.execute(_rows.where(*map(_holds, _words(text[:TEXT_MAX]))).limit(limit))
    return tuple(_row(row) for row in rows)


def _words(text: str) -> list[str]:
    """Return the words of a search; a phone number is one, however it is spaced."""
    digits = re.sub(r"[\s+()-]", "", text)
    return [digits] if digits.isdecimal() and len(digits) >= PHONE_DIGITS else text.split()


def _holds(word: str) -> Any:
    columns = (tenders.c.number, tenders.c.customer_name, tenders.c.meters, func.coalesce(tenders.c.customer_no, ""))
    found = [column.icontains(word, autoescape=True) for column in columns]
    if word.isdecimal() and len(word) >= PHONE_DIGITS:
        called = select(customers.c.customer_no).where(customers.c.phone.endswith(word[-PHONE_DIGITS:]))
        found.append(tenders.c.customer_no.in_(called))
    with suppress(AmountError):
        minor = parse_amount(word)
        found.append(tenders.c.total_minor.in_((minor, -minor)))
    with suppress(ValueError):
        found.append(tenders.c.business_date == date.fromisoformat(word))
    return or_(*found)


def _row(row: Any) -> ReceiptRow:
    return ReceiptRow(
        number=row.number,
        kind=row.kind,
        at=row.at,
        business_date=row.business_date,
        shift=row.shift,
        clerk=row.clerk,
        customer_no=row.customer_no,
        customer=row.customer_name,
        meters=tuple(row.meters.split()),
        methods=tuple(row.methods.split()),
        total_minor=row.total_minor,
        reversed_by=row.reversed_by,
        reverses=row.of_number,
        printed=row.printed,
    )
