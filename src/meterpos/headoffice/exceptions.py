"""The exceptions desk: open items with a code, an owner and an age, resolved by facts, never by editing."""

import base64
import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, func, insert, or_, select, update

from meterpos.errors import UserError
from meterpos.headoffice import bulk
from meterpos.headoffice.tables import assignments, exceptions

OWNERS: Final[Mapping[str, str]] = {
    "duplicate_reference": "accounts",
    "unknown_meter": "accounts",
    "unknown_account": "accounts",
    "account_closed": "accounts",
    "meter_moved": "accounts",
    "invoice_of_another_account": "accounts",
    "double_reversal": "accounts",
    "reversal_before_payment": "accounts",
    "reversal_of_another_till": "manager",
    "reversal_of_moved": "accounts",
    "suspense_overdrawn": "accounts",
    "reversal_not_approved": "manager",
    "approval_unknown": "manager",
    "closed_shift": "supervisor",
    "plan_overpaid": "accounts",
    "plan_request": "manager",
    "plan_not_by_manager": "manager",
    "plan_without_effect": "support",
    "customer_report": "customer care",
    "put_right_request": "manager",
    "clock_suspect": "support",
    "fork": "support",
    "chain_gap": "support",
    "chain_broken": "support",
    "foreign_stream": "support",
    "bad_signature": "support",
    "revoked_device": "support",
    "unknown_kind": "support",
    "unreadable": "support",
    "unpostable": "support",
    "digest_mismatch": "support",
    "rolled_back": "support",
    "witness": "support",
    "ledger_check": "support",
    "claimed_receipt": "accounts",
    "claim_refused": "accounts",
    "brought_forward_differs": "accounts",
    "note_waiting": "manager",
    "legacy_suspense": "accounts",
    "legacy_plan": "manager",
    "sms_gateway": "support",
    "unmatched_money": "accounts",
    "unmatched_payment": "accounts",
    "wrong_amount": "accounts",
    "doubled_money": "accounts",
    "unknown_reference": "accounts",
    "money_taken_back": "accounts",
    "forged_callback": "support",
    "callback_not_on_statement": "accounts",
}
"""Every code there is, and who looks at it first."""

MEANINGS: Final[Mapping[str, str]] = {
    "duplicate_reference": "The reference is already another payment's; the money waits in the till's suspense.",
    "unknown_meter": "Paid for a meter the till did not know; the money waits in the till's suspense.",
    "unknown_account": "Paid to an account that does not exist; the money waits in the till's suspense.",
    "account_closed": "Paid to an account that had been closed; the money stands on it.",
    "meter_moved": "Paid to an account whose meter had gone to another customer; the money stands on it.",
    "invoice_of_another_account": "The payment names another account's invoice; it pays its own account's oldest debt.",
    "double_reversal": "The payment was already reversed; this second reversal has no effect.",
    "reversal_before_payment": "A reversal came whose payment has not come yet.",
    "reversal_of_another_till": "A till reversed a payment it did not take; the reversal has no effect.",
    "reversal_of_moved": "A till reversed a payment that had been moved to another account; the money came back.",
    "suspense_overdrawn": "A till's suspense gave out more than it holds: money placed from it was also taken back.",
    "reversal_not_approved": "A reversal without an approval; it counts.",
    "approval_unknown": "Approved by telephone digits that were not given here, or not for this; it counts.",
    "closed_shift": "Something was recorded in a shift that had been closed.",
    "plan_overpaid": "More was paid than the plan's total; the excess is held as credit.",
    "plan_request": "A plan made at a till: it stands and was numbered; cancel it if it is mistaken.",
    "plan_not_by_manager": "A plan made at a till by nobody who may; it stands until it is cancelled.",
    "plan_without_effect": "A plan made at a till under a number that is taken; it has no effect.",
    "customer_report": "A customer told a clerk of a change; decide and correct the customer.",
    "put_right_request": "A till asks to have another till's receipt taken back, or moved to the right meter.",
    "clock_suspect": "The till's clock is ahead of head office's.",
    "fork": "Two different entries with one place in a till's journal: the till was copied or restored. Both are kept.",
    "chain_gap": "Entries before these have not come; these are kept and posted.",
    "chain_broken": "A batch does not end where its signature says; it is kept unread.",
    "foreign_stream": "A till delivered another till's journal; it is kept unread.",
    "bad_signature": "Something was sent in a till's name without its key; nothing of it was kept.",
    "revoked_device": "A revoked till delivered; what it sent is held until someone releases it.",
    "unknown_kind": "An entry of a kind this version does not know; it is kept, and posted by the version that does.",
    "unreadable": "An entry whose bytes are not an entry; it is kept unread.",
    "unpostable": "An entry that could not be posted; it is kept unread.",
    "rolled_back": "A till has seen more than head office has: head office came back from a backup and did not say so.",
    "digest_mismatch": "A till's balances differ from head office's, also after looking twice.",
    "witness": "A till remembers what head office lost in a restore; see: meterpos headoffice witnesses",
    "ledger_check": "Head office's own daily check found what must not be; run: meterpos headoffice check --rebuild",
    "claimed_receipt": "A payment known from its receipt's QR alone; it counts until the original is found.",
    "claim_refused": "A till claimed a payment from a receipt's QR, and it could not be posted.",
    "brought_forward_differs": "An invoice brings forward other than its account owed just before; it never counts.",
    "note_waiting": "A credit or debit note, waiver or write-off waits for a second person.",
    "legacy_suspense": "A payment of the old books has no meter; the money waits in suspense.",
    "legacy_plan": "An instalment plan of the old books is not certain; what it said is kept here as it was.",
    "sms_gateway": "The SMS gateway takes no messages: its key, its sender or its purse; they wait.",
    "unmatched_money": "Money came in by M-Pesa or bank that no payment names; it is posted to nothing yet.",
    "unmatched_payment": "A payment by M-Pesa or bank that the statement of its day does not show.",
    "wrong_amount": "The statement shows another amount than was paid under this reference; nothing was confirmed.",
    "doubled_money": "The same reference came in twice with different content; the first stands.",
    "unknown_reference": "Paid by paybill for an account nobody knows; the money waits in suspense.",
    "money_taken_back": "M-Pesa or the bank took money back that no payment could be found for.",
    "forged_callback": "Somebody without the secret told of a payment; nothing of it was kept.",
    "callback_not_on_statement": "A payment told of by callback is not on the statement of its day; it may be forged.",
}


class UnknownException(UserError):
    """There is no such open item."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """Something a person has to look at. The same code and subject are the same item, opened once."""

    code: str
    subject: str
    till_name: str | None = None
    entry_id: bytes | None = None
    details: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """An item of the desk as people see it. ``owner`` looks at its kind; ``assigned_to`` is who was given this one."""

    exception_id: str
    code: str
    meaning: str
    subject: str
    till_name: str | None
    entry_id: bytes | None
    details: Mapping[str, Any]
    owner: str
    assigned_to: str | None
    assigned_by: str | None
    assigned_at: datetime | None
    note: str
    opened_at: datetime
    resolved_at: datetime | None
    resolved_by: str | None
    resolution: str | None


def exception_id(code: str, subject: str) -> str:
    """Return the number of an item: eight letters that follow from what it is about."""
    digest = hashlib.sha256(f"{code}\0{subject}".encode()).digest()
    return base64.b32encode(digest[:5]).decode("ascii")


RECURRING: Final = frozenset(
    {
        "fork",
        "chain_gap",
        "clock_suspect",
        "revoked_device",
        "bad_signature",
        "digest_mismatch",
        "plan_overpaid",
        "suspense_overdrawn",
        "put_right_request",
        "rolled_back",
        "witness",
        "ledger_check",
        "sms_gateway",
        "forged_callback",
    }
)
"""What may happen again after it was resolved; anything else is resolved for good."""


NAME_MAX: Final = 60
NOTE_MAX: Final = 200
_last: Final = assignments.alias("last")
_given: Final = assignments.alias("given")
_ITEMS: Final = select(
    exceptions, _given.c.assigned_to, _given.c.assigned_by, _given.c.assigned_at, _given.c.note
).select_from(
    exceptions.outerjoin(
        _given,
        (_given.c.exception_id == exceptions.c.exception_id)
        & (_given.c.assigned_at >= exceptions.c.opened_at)
        & (
            _given.c.place
            == select(func.max(_last.c.place))
            .where(_last.c.exception_id == exceptions.c.exception_id)
            .scalar_subquery()
        ),
    )
)
"""Items with whom they were given to last; what recurs is opened again for whoever looks at its kind."""


def open_all(conn: Connection, openings: Sequence[Opening], *, at: datetime) -> None:
    """Open these items; one that is open is left as it is, one that recurs is opened again."""
    rows = {}
    for opening in openings:
        assert opening.code in OWNERS, opening.code
        number = exception_id(opening.code, opening.subject)
        rows[number] = {
            "exception_id": number,
            "code": opening.code,
            "subject": opening.subject,
            "till_name": opening.till_name,
            "entry_id": opening.entry_id,
            "details": dict(opening.details),
            "owner": OWNERS[opening.code],
            "opened_at": at,
        }
    bulk.insert_new(conn, exceptions, [rows[number] for number in sorted(rows)])
    for number in sorted(number for number, row in rows.items() if row["code"] in RECURRING):
        conn.execute(
            update(exceptions)
            .where(exceptions.c.exception_id == number, exceptions.c.resolved_at.is_not(None))
            .values(opened_at=at, details=rows[number]["details"], resolved_at=None, resolved_by=None, resolution=None)
        )


def settle(conn: Connection, code: str, subjects: Collection[str], *, at: datetime, resolution: str) -> None:
    """Close the open items that what has just happened settles by itself."""
    of_subjects = bulk.among(conn, exceptions.c.subject, subjects)
    conn.execute(
        update(exceptions)
        .where(exceptions.c.code == code, of_subjects, exceptions.c.resolved_at.is_(None))
        .values(resolved_at=at, resolved_by="head office", resolution=resolution)
    )


def resolve(conn: Connection, number: str, *, by: str, resolution: str, at: datetime) -> Item:
    """Close one item, saying what was done about it. Raises: UnknownException."""
    item = find(conn, number)
    if not resolution.strip():
        raise UnknownException("Say what was done about it.", field="resolution")
    done = conn.execute(
        update(exceptions)
        .where(exceptions.c.exception_id == item.exception_id, exceptions.c.resolved_at.is_(None))
        .values(resolved_at=at, resolved_by=by, resolution=resolution.strip())
    )
    item = find(conn, number)
    if not done.rowcount:
        raise UnknownException(f"{item.exception_id} was already resolved by {item.resolved_by}: {item.resolution}")
    return item


def is_open(conn: Connection, number: str) -> bool:
    """Tell whether this item is open."""
    query = select(exceptions.c.exception_id)
    query = query.where(exceptions.c.exception_id == number, exceptions.c.resolved_at.is_(None))
    return conn.execute(query).first() is not None


def find(conn: Connection, number: str) -> Item:
    """Return one item. Raises: UnknownException."""
    query = _ITEMS.where(exceptions.c.exception_id == number.strip().upper())
    row = conn.execute(query).one_or_none()
    if row is None:
        raise UnknownException(f"There is no exception {number}. See: meterpos headoffice exceptions list")
    return _item(row)


def listed(
    conn: Connection, *, resolved: bool = False, code: str | None = None, owner: str | None = None
) -> tuple[Item, ...]:
    """Return the open items, oldest first; with ``resolved`` the resolved ones too.

    ``owner`` is whoever looks at a kind, or a person: then what was given to them.
    """
    query = _ITEMS.order_by(exceptions.c.opened_at, exceptions.c.exception_id)
    if not resolved:
        query = query.where(exceptions.c.resolved_at.is_(None))
    if code is not None:
        query = query.where(exceptions.c.code == code)
    if owner is not None:
        mine = func.lower(_given.c.assigned_to) == owner.strip().lower()
        query = query.where(or_(exceptions.c.owner == owner, mine))
    return tuple(map(_item, conn.execute(query)))


def _item(row: Any) -> Item:
    values = dict(row._mapping)
    given = values["assigned_to"] or None
    if given is None:
        values |= {"assigned_by": None, "assigned_at": None}
    return Item(**{**values, "meaning": MEANINGS[row.code], "assigned_to": given, "note": values["note"] or ""})


# --- given to a person ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    """An item was given to a person, or back (``assigned_to`` empty), by another."""

    assigned_to: str
    assigned_by: str
    assigned_at: datetime
    note: str


def assign(conn: Connection, number: str, *, to: str, by: str, note: str, at: datetime) -> Item:
    """Give an open item to a person; ``to`` empty gives it back to those who look at its kind. Nothing is overwritten.

    The same person again is one. Raises: UnknownException.
    """
    held = select(exceptions.c.exception_id).where(exceptions.c.exception_id == number.strip().upper())
    conn.execute(held.with_for_update()).all()  # two who give it at once take turns
    item = find(conn, number)
    person, said = to.strip(), note.strip()
    if item.resolved_at is not None:
        raise UnknownException(f"{item.exception_id} was already resolved by {item.resolved_by}: {item.resolution}")
    if not by.strip():
        raise UnknownException("Say who gives it.", field="by")
    for name, text, longest in (("to", person, NAME_MAX), ("note", said, NOTE_MAX)):
        if len(text) > longest or not text.isprintable():
            raise UnknownException(f"Write at most {longest} characters, on one line.", field=name)
    if person == (item.assigned_to or "") and said == item.note:
        return item
    place = conn.execute(
        select(func.count()).select_from(assignments).where(assignments.c.exception_id == item.exception_id)
    ).scalar_one()
    values = {"assigned_to": person, "assigned_by": by.strip(), "assigned_at": at, "note": said}
    conn.execute(insert(assignments).values(exception_id=item.exception_id, place=place + 1, **values))
    return find(conn, number)


def assigned(conn: Connection, number: str) -> tuple[Assignment, ...]:
    """Return to whom an item was given, the first first; also before it was opened again."""
    columns = (assignments.c.assigned_to, assignments.c.assigned_by, assignments.c.assigned_at, assignments.c.note)
    query = select(*columns).where(assignments.c.exception_id == number.strip().upper()).order_by(assignments.c.place)
    return tuple(Assignment(**row._mapping) for row in conn.execute(query))
