"""Undoing a tender: its own entry, number, date and shift; the original stays, marked by having a reversal."""

from typing import Any, Final, Literal

from sqlalchemy import Connection, bindparam, select

from meterpos.errors import UserError
from meterpos.ledger.journal import Approval, Entry, paper_of, read_back
from meterpos.ledger.moment import Moment
from meterpos.ledger.operations.entries import (
    Counter,
    known_as_of,
    next_number,
    paper_frame,
    stand_at_counter,
    write_entry,
)
from meterpos.ledger.operations.people import require_right
from meterpos.ledger.projection import facts_of
from meterpos.ledger.queries.accounts import ledger_of
from meterpos.ledger.queries.receipts import moved_away, reversed_elsewhere
from meterpos.ledger.rules.allocation import Credit, allocate
from meterpos.ledger.rules.facts import Fact
from meterpos.ledger.tables import facts, streams, tenders
from meterpos.ledger.tables.base import format_instant
from meterpos.ledger.tables.facts import is_numbered

REASON_MAX: Final = 200


class NotReversible(UserError):
    """The receipt cannot be reversed here."""


class NotOfThisTill(NotReversible):
    """Another till made the receipt: head office can be asked to put it right."""


class MovedAway(NotReversible):
    """Head office put the money elsewhere: it can be asked to put the receipt right."""


class NotApproved(UserError):
    """A second person has to approve, never the one who asks."""


_paper: Final = (
    select(tenders.c.entry_id, tenders.c.kind, tenders.c.tender_id, tenders.c.of_number, streams.c.till_name)
    .select_from(tenders.join(streams, streams.c.stream == tenders.c.stream))
    .where(tenders.c.number == bindparam("number"))
)
_reversal_of: Final = select(tenders.c.number).where(tenders.c.of_number == bindparam("number"))
_elsewhere: Final = select(facts.c.fact_id).where(is_numbered(bindparam("number")))


def reverse_tender(
    connection: Connection,
    *,
    number: str,
    reason: str,
    refund: Literal["cash", "none"],
    tender_id: str,
    moment: Moment,
    clerk: str,
    approval: Approval,
) -> Entry:
    """Reverse the whole receipt ``number`` in the open shift and return the reversal's entry.

    ``refund`` says what happens to its cash: given back from the drawer, or not. Money that came by another method is
    given back by head office. The same ``tender_id`` again returns the same entry.

    Raises: NotReversible (unknown, another till's, a reversal itself, reversed before, no reason), NotApproved,
        MayNot, NoOpenShift.
    """
    found = standing_receipt(connection, number=number, tender_id=tender_id)
    if isinstance(found, Entry):
        return found
    said = check_reason(reason, of="reversal")
    require_second_person(approval, clerk=clerk, what="a reversal")
    counter = stand_at_counter(connection, moment=moment, clerk=clerk)
    counter.require_shift()
    require_right(connection, counter, "reverse")
    original = paper_of(read_back(connection, found.entry_id), number)
    body = reversal_body(
        connection,
        counter,
        original,
        number=next_number(connection, counter),
        reason=said,
        refund=refund,
        tender_id=tender_id,
    )
    return write_entry(connection, counter, kind="reversal", body=body, approval=approval)


def standing_receipt(connection: Connection, *, number: str, tender_id: str) -> Any:
    """Return the row of this till's receipt ``number``, which stands; or the entry that undid it by this very act.

    Raises: NotReversible (unknown, another till's, a reversal itself, reversed before, moved away by head office).
    """
    row = _own_paper(connection, number)
    done = connection.execute(_reversal_of, {"number": number}).scalars().first()
    if done is not None:
        return _done_before(connection, number=number, done=done, tender_id=tender_id)
    if row.kind != "tender":
        raise NotReversible(f"{number} is itself a reversal. Take the payment again instead.")
    elsewhere = reversed_elsewhere(connection, row.entry_id)
    if elsewhere is not None:
        raise NotReversible(f"Receipt {number} was already reversed by head office: {elsewhere}.", field="number")
    _refuse_moved(connection, paper_of(read_back(connection, row.entry_id), number))
    return row


def _refuse_moved(connection: Connection, paper: Entry) -> None:
    """Refuse to undo what head office moved, before money changes hands."""
    moved, number = moved_away(connection, paper), paper.content.body["number"]
    if moved is None:
        return
    if moved.to:
        raise MovedAway(
            f"Head office moved the money of {number} to {moved.to}: {moved.number}. Ask head office to put it right.",
            field="number",
        )
    raise MovedAway(
        f"Head office moved the money of {number}: {moved.number}. Ask head office to put it right.", field="number"
    )


def check_reason(reason: str, *, of: str) -> str:
    """Return the reason as it is kept. Raises: NotReversible when there is none, or too much of it."""
    if not reason.strip() or len(reason) > REASON_MAX:
        raise NotReversible(f"Give the reason for the {of}, at most {REASON_MAX} letters.", field="reason")
    return reason.strip()


def require_second_person(approval: Approval, *, clerk: str, what: str) -> None:
    """Check that nobody approves their own act. Raises: NotApproved."""
    if approval.by == clerk:
        raise NotApproved(f"A second person has to approve {what}. Ask a supervisor.", field="approver")


def _own_paper(connection: Connection, number: str) -> Any:
    row = connection.execute(_paper, {"number": number}).one_or_none()
    if row is not None:
        return row
    if connection.execute(_elsewhere, {"number": number}).first() is not None:
        raise NotOfThisTill(
            f"Receipt {number} was not made at this till. Ask head office to reverse it.", field="number"
        )
    raise NotReversible(f"No receipt {number} is known here. Check the number.", field="number")


def _done_before(connection: Connection, *, number: str, done: str, tender_id: str) -> Entry:
    again = connection.execute(
        select(tenders.c.entry_id).where(tenders.c.tender_id == tender_id, tenders.c.number == done)
    ).scalar_one_or_none()
    if again is None:
        raise NotReversible(f"Receipt {number} was already reversed by {done}.", field="number")
    return read_back(connection, again)


def reversal_body(
    connection: Connection,
    counter: Counter,
    original: Entry,
    *,
    number: str,
    reason: str,
    refund: Literal["cash", "none", "moved"],
    tender_id: str,
) -> dict[str, Any]:
    """Return what the reversal ``number`` of a receipt says; *moved* is money that a correction pays in again."""
    paper = original.content.body
    payments = facts_of(original)
    return {
        **paper_frame(connection, counter, language=paper["language"]),
        "tender_id": tender_id,
        "number": number,
        "of": {
            "number": paper["number"],
            "entry": original.short_id,
            "at": format_instant(original.content.at),
            "business_date": original.content.business_date.isoformat(),
        },
        "reason": reason,
        "known": known_as_of(counter),
        "customer": paper["customer"],
        "legs": paper["legs"],
        "refund": [
            {
                "leg": index,
                "method": leg["method"],
                "how": "none" if refund == "cash" and leg["method"] != "cash" else refund,
                "amount": leg["amount"],
            }
            for index, leg in enumerate(paper["legs"])
        ],
        "parts": [_part(connection, part, payments) for part in paper["parts"]],
        "payments": [
            {
                "of": payment.fact_id,
                "account": payment.account_no,
                "amount": -payment.amount_minor,
                "method": payment.method,
                "reference": payment.reference,
            }
            for payment in payments
        ],
        "total": sum(part["amount"] for part in paper["parts"]),
    }


def _part(connection: Connection, part: dict[str, Any], payments: tuple[Fact, ...]) -> dict[str, Any]:
    """Return a part of the reversal: what the account owes and holds once its payments are gone."""
    ledger = ledger_of(connection, part["account"])
    gone = {payment.fact_id for payment in payments}
    left: list[Credit] = [credit for credit in ledger.credits if credit.fact_id not in gone]
    after = allocate(ledger.charges, left)
    kept = ("account", "meter", "utility", "place", "amount", "suspense")
    return {
        **{name: part[name] for name in kept},
        "balance_after": after.open_minor,
        "credit_after": after.credit_minor,
    }
