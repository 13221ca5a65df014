"""Approving by telephone: the digits are given once, noted, and every use of them is held against that note.

Both stand among the claims: 'approval' TILL NONCE -> who approved what, 'approval_used' TILL NONCE -> the entry.
"""

from collections.abc import Sequence
from datetime import date
from typing import Any, Final

from sqlalchemy import Connection, select

from meterpos import vault
from meterpos.errors import UserError
from meterpos.headoffice import bulk
from meterpos.headoffice.auth import Device, Keys, UnknownTill
from meterpos.headoffice.exceptions import Opening
from meterpos.headoffice.tables import claims
from meterpos.ledger.journal import Entry, parse
from meterpos.ledger.operations.people import MayNotApprove
from meterpos.ledger.rules.approvals import NO_SUBJECT, Challenge, Wanted, code_of, read_challenge, subject_of
from meterpos.ledger.rules.rights import may
from meterpos.ledger.tables import journal, streams, users

GIVEN: Final = "approval"
USED: Final = "approval_used"


class AlreadyApproved(UserError):
    """Someone else approved this very challenge."""


def approve(conn: Connection, *, text: str, by: str, keys: Keys, today: date) -> tuple[Challenge, str]:
    """Note that ``by`` approves what the till asks, and return what that is with the digits to read out.

    Raises: ChallengeMistyped, UnknownTill, MayNotApprove, AlreadyApproved.
    """
    challenge = read_challenge(text)
    stream, key = _key_of(conn, challenge, keys=keys)
    user = approver(conn, by, today=today)
    if challenge.kind == "plan" and not may(user.role, "plan"):
        raise MayNotApprove(f"Only a manager agrees to an instalment plan; '{by}' is a {user.role}.", field="by")
    row = {"kind": GIVEN, "key": f"{challenge.till_name} {challenge.nonce}", "owner": _said(challenge, by)}
    bulk.insert_new(conn, claims, [row])
    noted = conn.execute(select(claims.c.owner).where(claims.c.kind == GIVEN, claims.c.key == row["key"])).scalar_one()
    if noted != row["owner"]:
        raise AlreadyApproved(f"This was answered before, otherwise: {noted}. Let the till ask again.")
    return challenge, code_of(challenge, key=key, stream=stream, by=by)


def approver(conn: Connection, by: str, *, today: date) -> Any:
    """Return the row of a user who may approve today. Raises: MayNotApprove."""
    user = conn.execute(select(users).where(users.c.user_name == by)).one_or_none()
    has_ended = user is not None and user.expires_on is not None and user.expires_on < today
    if user is None or user.revoked or not may(user.role, "approve", has_ended=has_ended):
        raise MayNotApprove(f"'{by}' is no supervisor or manager whose rights hold today.", field="by")
    return user


def unknown_codes(conn: Connection, device: Device, ready: Sequence[Entry]) -> list[Opening]:
    """Return what to look at in entries approved by digits that head office did not give, or gave for something else.

    The first entry that uses an approval owns it.
    """
    found = []
    for entry in ready:
        approval = entry.content.approval
        if approval is None or approval.how != "code":
            continue
        key = f"{device.till_name} {approval.nonce}"
        bulk.insert_new(conn, claims, [{"kind": USED, "key": key, "owner": entry.short_id}])
        rows = conn.execute(select(claims.c.kind, claims.c.owner).where(claims.c.key == key))
        noted = {row.kind: row.owner for row in rows}
        asked = {_said(wanted, approval.by) for wanted in _asked_by(entry)}
        if noted.get(GIVEN) not in asked or noted[USED] != entry.short_id:
            details = {"approved_by": approval.by, "nonce": approval.nonce, "kind": entry.content.kind}
            found.append(
                Opening(
                    code="approval_unknown",
                    subject=entry.short_id,
                    till_name=device.till_name,
                    entry_id=entry.entry_id,
                    details=details,
                )
            )
    return found


def _key_of(conn: Connection, challenge: Challenge, *, keys: Keys) -> tuple[bytes, bytes]:
    """Return the stream a till asks from and its approval key. Raises: UnknownTill."""
    of_till = streams.c.till_name == challenge.till_name
    stream = conn.execute(select(streams.c.stream).where(of_till, streams.c.label == challenge.label)).scalars().first()
    opened = conn.execute(
        select(journal.c.data)
        .join_from(journal, streams, streams.c.stream == journal.c.stream)
        .where(of_till, journal.c.kind == "stream_opened")
        .order_by(streams.c.opened_at.desc())
    )
    wrapped = next((key for data in opened.scalars() if (key := parse(data).body.get("approval_key_wrapped"))), None)
    if stream is None or wrapped is None:
        raise UnknownTill(
            f"Till {challenge.till_name} ({challenge.label}) has not been heard of here yet. It has to sync once first."
        )
    return stream, vault.unwrap(keys.box, bytes.fromhex(wrapped))


def _said(asked: Challenge | Wanted, by: str) -> str:
    return f"{by} {asked.kind} {asked.subject} {asked.amount_minor}"


def _asked_by(entry: Entry) -> list[Wanted]:
    """Return what an entry may have needed its approval for, as its till asked."""
    body, kind = entry.content.body, entry.content.kind
    if kind == "reversal":
        return [Wanted("reverse", body["of"]["number"], body["total"])]
    if kind == "correction":
        return [Wanted("correct", body["reversal"]["of"]["number"], body["reversal"]["total"])]
    if kind == "cash_movement":
        return [Wanted("payout", NO_SUBJECT, body["amount"])]
    if kind == "plan_request":
        return [Wanted("plan", subject_of(body["customer"]["no"]), body["total"])]
    if kind == "settings_applied":
        return [Wanted("settings", NO_SUBJECT, 0)]
    total_minor = sum(part["amount"] for part in body.get("parts", ()))
    used_again = [subject_of(leg["reference"]) for leg in body.get("legs", ()) if leg["reference"]]
    return [
        Wanted("over-limit", NO_SUBJECT, total_minor),
        *(Wanted("reference", reference, total_minor) for reference in used_again),
    ]
