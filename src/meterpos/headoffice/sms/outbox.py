"""The outbox: messages queued once per fact and telephone, listed, repeated by a person, and who wants none."""

import base64
import hashlib
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, delete, func, select, update

from meterpos.errors import UserError
from meterpos.headoffice import bulk
from meterpos.headoffice.sms.length import measure
from meterpos.headoffice.tables import sms, sms_opt_outs

STATES: Final = ("queued", "sending", "sent", "unsure", "delivered", "failed", "cancelled")
AGAIN: Final = ("failed", "unsure", "cancelled")
"""States from which a person may have a message sent again."""


class UnknownMessage(UserError):
    """There is no such message, or nothing can be done about it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A message to be queued. The same kind, subject and phone are the same message, sent once."""

    kind: str
    subject: str
    phone: str
    customer_no: str | None
    account_no: str | None
    language: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A message as people see it."""

    sms_id: str
    kind: str
    subject: str
    phone: str
    customer_no: str | None
    account_no: str | None
    language: str
    text: str
    encoding: str
    units: int
    parts: int
    state: str
    tries: int
    queued_at: datetime
    tried_at: datetime | None
    ended_at: datetime | None
    cost_minor: int | None
    detail: str


def sms_id(draft: Draft) -> str:
    """Return the number of a message: it follows from what it is about and to whom it goes."""
    digest = hashlib.sha256("\0".join((draft.kind, draft.subject, draft.phone)).encode()).digest()
    return base64.b32encode(digest[:10]).decode("ascii")


def queue(conn: Connection, drafts: Sequence[Draft], *, at: datetime) -> int:
    """Queue those of ``drafts`` that are new and whose phone wants messages; return how many that were."""
    unwanted = opted_out(conn, {draft.phone for draft in drafts})
    rows = {sms_id(draft): draft for draft in drafts if draft.phone not in unwanted}
    known: set[str] = set()
    for chunk in bulk.chunks(sorted(rows), bulk.CHUNK):
        known.update(conn.execute(select(sms.c.sms_id).where(sms.c.sms_id.in_(chunk))).scalars())
    new = [_row(number, draft, at) for number, draft in rows.items() if number not in known]
    bulk.insert_new(conn, sms, new)
    return len(new)


def _row(number: str, draft: Draft, at: datetime) -> dict[str, Any]:
    length = measure(draft.text)
    return {
        "sms_id": number,
        "kind": draft.kind,
        "subject": draft.subject,
        "phone": draft.phone,
        "customer_no": draft.customer_no,
        "account_no": draft.account_no,
        "language": draft.language,
        "text": draft.text,
        "encoding": length.encoding,
        "units": length.units,
        "parts": length.parts,
        "state": "queued",
        "queued_at": at,
        "due_at": at,
    }


def listed(
    conn: Connection, *, state: str | None = None, customer_no: str | None = None, limit: int = 50
) -> tuple[Message, ...]:
    """Return the latest messages, newest first; of one state and about one customer where they are named."""
    columns = [sms.c[name] for name in Message.__dataclass_fields__]
    query = select(*columns).order_by(sms.c.queued_at.desc(), sms.c.sms_id).limit(limit)
    if state is not None:
        query = query.where(sms.c.state == state)
    if customer_no is not None:
        query = query.where(sms.c.customer_no == customer_no)
    return tuple(Message(**row._mapping) for row in conn.execute(query))


def counted(conn: Connection) -> dict[str, int]:
    """Return how many messages there are of each state."""
    found = {row[0]: int(row[1]) for row in conn.execute(select(sms.c.state, func.count()).group_by(sms.c.state))}
    return {state: found[state] for state in STATES if state in found}


def send_again(conn: Connection, numbers: Collection[str], *, at: datetime) -> int:
    """Queue messages again that failed, or of which nobody knows whether they went; a person decided so.

    Raises: UnknownMessage when one of them is not such a message; nothing is changed then.
    """
    for number in numbers:
        query = select(sms.c.state).where(sms.c.sms_id == number)
        state = conn.execute(query).scalar_one_or_none()
        if state not in AGAIN:
            what = "There is no such message" if state is None else f"It is {state}"
            raise UnknownMessage(f"{number} cannot be sent again. {what}. See: meterpos headoffice sms outbox")
    again = update(sms).where(sms.c.sms_id.in_(sorted(numbers)), sms.c.state.in_(AGAIN))
    return conn.execute(again.values(state="queued", tries=0, due_at=at, ended_at=None, detail="")).rowcount


# --- who wants none


def opted_out(conn: Connection, phones: Iterable[str]) -> frozenset[str]:
    """Return those of ``phones`` that want no messages."""
    found: set[str] = set()
    for chunk in bulk.chunks(sorted(set(phones)), bulk.CHUNK):
        found.update(conn.execute(select(sms_opt_outs.c.phone).where(sms_opt_outs.c.phone.in_(chunk))).scalars())
    return frozenset(found)


def opt_out(conn: Connection, phone: str, *, why: str, at: datetime) -> None:
    """Send nothing to this phone any more; what waits for it is cancelled."""
    bulk.insert_new(conn, sms_opt_outs, [{"phone": phone, "since": at, "why": why}])
    waits = update(sms).where(sms.c.phone == phone, sms.c.state == "queued")
    conn.execute(waits.values(state="cancelled", ended_at=at, detail=f"opted out: {why}"))


def opt_in(conn: Connection, phone: str) -> bool:
    """Send to this phone again; tell whether it had opted out."""
    return conn.execute(delete(sms_opt_outs).where(sms_opt_outs.c.phone == phone)).rowcount > 0
