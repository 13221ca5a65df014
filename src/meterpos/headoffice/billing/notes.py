"""Credit and debit notes, waivers, write-offs and transfers: asked for by one person, agreed to by another.

What is below the utility's limit (`approval_from_minor`; 0 is none) is posted at once. What waits stands on the
exceptions desk and changes nothing until somebody else agrees.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final, Literal

from sqlalchemy import Connection, func, insert, select, update

from meterpos.errors import UserError
from meterpos.headoffice import books, exceptions
from meterpos.headoffice.approvals import approver
from meterpos.headoffice.billing.periods import PENALTY
from meterpos.headoffice.exceptions import Opening
from meterpos.headoffice.feed import Outgoing
from meterpos.headoffice.locks import hold_accounts
from meterpos.headoffice.tables import bills, notes
from meterpos.ledger.money import format_amount
from meterpos.ledger.operations.people import MayNotApprove
from meterpos.ledger.queries.settings import utility_settings
from meterpos.ledger.tables import accounts

NoteKind = Literal["credit-note", "debit-note", "waiver", "write-off", "transfer"]
SERIES: Final = "NOTE"
_ALWAYS: Final = frozenset({"write-off"})
"""What a second person agrees to whatever the limit."""


class UnusableNote(UserError):
    """A note cannot be made, or agreed to, so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """A note as people see it; ``adjustment_no`` is what it made, None while it waits or where it was refused."""

    note_no: str
    kind: str
    account_no: str
    to_account: str | None
    amount_minor: int
    reason: str
    asked_by: str
    asked_at: datetime
    decided_by: str | None
    decided_at: datetime | None
    status: str
    adjustment_no: str | None


def ask(
    conn: Connection,
    outgoing: Outgoing,
    *,
    kind: NoteKind,
    account_no: str,
    amount_minor: int,
    reason: str,
    by: str,
    on: date,
    at: datetime,
    to_account: str | None = None,
) -> Note:
    """Make a note over an amount above zero: posted at once where it wants no approval, else waiting for it.

    Raises: UnusableNote, UnknownAccount, NothingToMove.
    """
    if amount_minor <= 0:
        raise UnusableNote("A note is over an amount above zero. Give an amount.", field="amount")
    if not by.strip():
        raise UnusableNote("Say who asks for it.", field="by")
    _check(conn, kind, account_no, to_account, amount_minor)
    limit_minor = utility_settings(conn).approval_from_minor
    waits = kind in _ALWAYS or (limit_minor > 0 and amount_minor >= limit_minor)
    number = books.next_number(conn, SERIES)
    row: dict[str, Any] = {
        "note_no": number,
        "kind": kind,
        "account_no": account_no,
        "to_account": to_account,
        "amount_minor": amount_minor,
        "reason": books.reason_of(reason),
        "asked_by": by.strip(),
        "asked_at": at,
        "status": "waiting",
    }
    conn.execute(insert(notes), row)
    if waits:
        details = {"kind": kind, "account": account_no, "amount_minor": amount_minor, "reason": row["reason"]}
        exceptions.open_all(conn, [Opening(code="note_waiting", subject=number, details=details)], at=at)
    else:
        _post(conn, outgoing, find(conn, number), by=by.strip(), on=on, at=at)
    return find(conn, number)


def _check(conn: Connection, kind: str, account_no: str, to_account: str | None, amount_minor: int) -> None:
    if kind == "transfer":
        assert to_account is not None, "a transfer to nowhere"
        books.check_transfer(conn, from_account=account_no, to_account=to_account, amount_minor=amount_minor)
        return
    books.take_numbers(conn, "ADJ", 0)  # as every adjustment does: its series first, then its account
    hold_accounts(conn, {account_no})
    owed_minor = owed(conn, account_no)
    if kind in ("waiver", "write-off") and amount_minor > owed_minor:
        raise UnusableNote(
            f"Account {account_no} owes {format_amount(owed_minor)}, not {format_amount(amount_minor)}: no more "
            "than what is owed can be given up.",
            field="amount",
        )


def owed(conn: Connection, account_no: str) -> int:
    """Return what an account owes in all. Raises: UnknownAccount."""
    net_minor = conn.execute(select(accounts.c.net_minor).where(accounts.c.account_no == account_no)).scalar()
    if net_minor is None:
        raise books.UnknownAccount(f"There is no account {account_no}. Check its number.", field="account")
    return max(int(net_minor), 0)


def penalties(conn: Connection, account_no: str) -> int:
    """Return what an account was asked for being late, less what was waived of it, at most what it owes.

    Raises: UnknownAccount.
    """
    of_account = bills.c.account_no == account_no, bills.c.kind == PENALTY, bills.c.invoice_no.is_not(None)
    asked = conn.execute(select(func.coalesce(func.sum(bills.c.amount_minor), 0)).where(*of_account)).scalar_one()
    waivers = notes.c.account_no == account_no, notes.c.kind == "waiver", notes.c.status != "refused"
    waived = conn.execute(select(func.coalesce(func.sum(notes.c.amount_minor), 0)).where(*waivers)).scalar_one()
    return min(max(int(asked) - int(waived), 0), owed(conn, account_no))


WHOLE: Final = {"waiver": penalties, "write-off": owed}
"""What a note is over where it names no amount; of another kind it names one."""


def approve(conn: Connection, outgoing: Outgoing, *, note_no: str, by: str, on: date, at: datetime) -> Note:
    """Agree to a note that waits: it is posted now. Raises: UnusableNote, MayNotApprove."""
    note = _waiting(conn, note_no)
    approver(conn, by, today=on)
    if by == note.asked_by:
        raise MayNotApprove(f"{by} asked for {note_no}; a second person agrees to it.", field="by")
    _check(conn, note.kind, note.account_no, note.to_account, note.amount_minor)
    _post(conn, outgoing, note, by=by, on=on, at=at)
    exceptions.settle(conn, "note_waiting", [note_no], at=at, resolution=f"Approved by {by}.")
    return find(conn, note_no)


def refuse(conn: Connection, *, note_no: str, by: str, on: date, at: datetime) -> Note:
    """Refuse a note that waits: it changes nothing. Raises: UnusableNote, MayNotApprove."""
    _waiting(conn, note_no)
    approver(conn, by, today=on)
    _decide(conn, note_no, status="refused", by=by, at=at, adjustment_no=None)
    exceptions.settle(conn, "note_waiting", [note_no], at=at, resolution=f"Refused by {by}.")
    return find(conn, note_no)


def _post(conn: Connection, outgoing: Outgoing, note: Note, *, by: str, on: date, at: datetime) -> None:
    if note.kind == "transfer":
        assert note.to_account is not None, f"a transfer to nowhere: {note.note_no}"
        number = books.transfer(
            conn,
            outgoing,
            from_account=note.account_no,
            to_account=note.to_account,
            amount_minor=note.amount_minor,
            reason=note.reason,
            on=on,
        )
    else:
        sign = 1 if note.kind == "debit-note" else -1
        number = books.adjust(
            conn,
            outgoing,
            account_no=note.account_no,
            amount_minor=sign * note.amount_minor,
            reason=note.reason,
            on=on,
        )
    _decide(conn, note.note_no, status="approved", by=by, at=at, adjustment_no=number)


def _decide(conn: Connection, note_no: str, *, status: str, by: str, at: datetime, adjustment_no: str | None) -> None:
    values = {"status": status, "decided_by": by, "decided_at": at, "adjustment_no": adjustment_no}
    conn.execute(update(notes).where(notes.c.note_no == note_no).values(values))


def _waiting(conn: Connection, note_no: str) -> Note:
    conn.execute(select(notes.c.note_no).where(notes.c.note_no == note_no).with_for_update()).all()
    note = find(conn, note_no)
    if note.status != "waiting":
        raise UnusableNote(f"{note_no} was {note.status} by {note.decided_by} already. Nothing was changed.")
    return note


def find(conn: Connection, note_no: str) -> Note:
    """Return a note. Raises: UnusableNote."""
    row = conn.execute(select(notes).where(notes.c.note_no == note_no)).one_or_none()
    if row is None:
        raise UnusableNote(f"There is no note {note_no[:40]}. See: meterpos headoffice note list", field="note")
    return Note(**row._mapping)


def listed(conn: Connection, *, every: bool) -> Sequence[Note]:
    """Return the notes that wait, or every note, oldest first."""
    query = select(notes).order_by(notes.c.asked_at, notes.c.note_no)
    if not every:
        query = query.where(notes.c.status == "waiting")
    return [Note(**row._mapping) for row in conn.execute(query)]
