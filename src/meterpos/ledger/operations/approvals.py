"""Asking head office for an approval by telephone, and taking its answer: once, within five tries."""

import hmac
from typing import Final

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from meterpos.errors import UserError
from meterpos.ledger.journal import Approval
from meterpos.ledger.moment import Moment
from meterpos.ledger.operations.entries import Counter, stand_at_counter, write_entry
from meterpos.ledger.queries.identity import identity
from meterpos.ledger.rules.approvals import TRIES_MAX, Challenge, Wanted, code_of
from meterpos.ledger.rules.rights import may
from meterpos.ledger.tables import drafts, users


class NotAskedFor(UserError):
    """No approval of this was asked for, or it was used or tried too often."""


class WrongApprovalCode(UserError):
    """The digits are not head office's answer."""


_draft: Final = select(drafts.c.data).where(drafts.c.name == bindparam("name"))


def ask_approval(connection: Connection, *, wanted: Wanted, nonce: str) -> Challenge:
    """Return what to read to head office; the same again while it was not answered, so that tries are counted.

    Raises: NotEnrolled.
    """
    name = _name(wanted)
    data = connection.execute(_draft, {"name": name}).scalar_one_or_none()
    if data is None:
        data = {"nonce": nonce, "tries": 0}
        connection.execute(insert(drafts), {"name": name, "data": data})
    return _challenge(connection, wanted, data["nonce"])


def use_code(
    connection: Connection, *, wanted: Wanted, code: str, key: bytes, moment: Moment, clerk: str
) -> Approval | None:
    """Return the approval the digits give; None where they are wrong. The entry it stands in uses them up.

    So an act that is refused after the call has cost no call: the digits are good for it until it is done. The caller
    commits either way: a wrong try is counted and stands in the journal; after five, ask anew.

    Raises: NotAskedFor, NotEnrolled.
    """
    name = _name(wanted)
    data = connection.execute(_draft, {"name": name}).scalar_one_or_none()
    if data is None:
        raise NotAskedFor(
            "No approval of this is open: it was not asked for, was used, or was tried too often. Ask for it again.",
            field="approval_code",
        )
    challenge = _challenge(connection, wanted, data["nonce"])
    counter = stand_at_counter(connection, moment=moment, clerk=clerk)
    given = "".join(code.split())
    for by in _approvers(connection, counter):
        expected = code_of(challenge, key=key, stream=counter.identity.stream, by=by)
        if hmac.compare_digest(expected.encode(), given.encode()):
            return Approval(by=by, how="code", nonce=challenge.nonce)
    tries = data["tries"] + 1
    if tries < TRIES_MAX:
        connection.execute(update(drafts).where(drafts.c.name == name).values(data={**data, "tries": tries}))
    else:
        connection.execute(delete(drafts).where(drafts.c.name == name))
    body = {"failures": tries, "approving": True, "nonce": challenge.nonce}
    write_entry(connection, counter, kind="sign_in_failed", body=body)
    return None


def given(found: Approval | None) -> Approval:
    """Return what the digits gave. Raises: WrongApprovalCode where they gave nothing."""
    if found is None:
        raise WrongApprovalCode("Those digits are not right. Have them read again.", field="approval_code")
    return found


def _approvers(connection: Connection, counter: Counter) -> list[str]:
    """Return who may approve today, but for the clerk who asks."""
    rows = connection.execute(select(users).where(~users.c.revoked, users.c.user_name != counter.clerk))
    return [
        row.user_name
        for row in rows
        if may(row.role, "approve", has_ended=row.expires_on is not None and row.expires_on < counter.signed_today)
    ]


def _challenge(connection: Connection, wanted: Wanted, nonce: str) -> Challenge:
    who = identity(connection)
    return Challenge(
        till_name=who.till_name,
        label=who.label,
        kind=wanted.kind,
        subject=wanted.subject,
        amount_minor=wanted.amount_minor,
        nonce=nonce,
    )


def _name(wanted: Wanted) -> str:
    return f"approval:{wanted.kind}:{wanted.subject}:{wanted.amount_minor}"
