"""Asking head office to put right what another till took: a till changes its own receipts alone."""

import re
from typing import Final, Literal

from sqlalchemy import Connection, bindparam, select

from meterpos.ledger.journal import Entry, paper_of, read_back
from meterpos.ledger.moment import Moment
from meterpos.ledger.operations.entries import known_as_of, stand_at_counter, write_entry
from meterpos.ledger.operations.people import require_right
from meterpos.ledger.operations.reversals import NotReversible, check_reason
from meterpos.ledger.queries.accounts import resolve
from meterpos.ledger.queries.receipts import made_elsewhere, moved_away
from meterpos.ledger.queries.seals import verdict
from meterpos.ledger.tables import tenders

What = Literal["reverse", "correct"]
_NUMBER: Final = re.compile(r"[A-Z0-9]{1,24}-[A-Z0-9]{3}-[0-9]{6,}", re.ASCII)

_own: Final = select(tenders.c.entry_id).where(tenders.c.number == bindparam("number"))


def request_putting_right(
    connection: Connection,
    *,
    number: str,
    what: What,
    reason: str,
    to_meter: str | None = None,
    seal: str | None = None,
    moment: Moment,
    clerk: str,
) -> Entry:
    """Ask head office to take back another till's receipt ``number``, or to move it to ``to_meter``.

    The receipt is one head office sent a payment of, or one whose QR (``seal``) is genuine: its till may serve a zone
    this one does not. One of this till is asked about where head office moved its money. Head office decides; nothing
    changes here until then.

    Raises: NotReversible (this till's own, unknown, reversed before, no reason), UnknownMeterOrAccount, MayNot.
    """
    counter = stand_at_counter(connection, moment=moment, clerk=clerk)
    require_right(connection, counter, what)
    asked = number.strip().upper()
    _check_elsewhere(connection, asked, seal)
    said = check_reason(reason, of="request")
    meter = None
    if what == "correct":
        if not (to_meter or "").strip():
            raise NotReversible("Name the meter it was meant for.", field="meter")
        meter = resolve(connection, to_meter or "").meter_no
    body = {"number": asked, "what": what, "to_meter": meter, "reason": said, "known": known_as_of(counter)}
    return write_entry(connection, counter, kind="put_right_request", body=body)


def _check_elsewhere(connection: Connection, number: str, seal: str | None) -> None:
    if not _NUMBER.fullmatch(number):
        raise NotReversible(f"'{number[:40]}' is no receipt's number, such as KSM01-B7K-000123.", field="number")
    own = connection.execute(_own, {"number": number}).scalars().first()
    if own is not None:
        if moved_away(connection, paper_of(read_back(connection, own), number)) is not None:
            return
        raise NotReversible(f"Receipt {number} was made at this till. Put it right here.", field="number")
    if seal is not None:
        found = verdict(connection, seal)
        if found.seal.number != number or found.truth not in ("genuine", "reversed"):
            raise NotReversible(f"That code is not one of a genuine receipt {number}. Keep the paper.", field="number")
        if found.truth == "reversed":
            raise NotReversible(f"Receipt {number} was already reversed by {found.reversed_by}.", field="number")
        return
    paid = made_elsewhere(connection, number)
    if paid is None:
        raise NotReversible(
            f"No receipt {number} is known here. Check the number, or scan the code on the paper.", field="number"
        )
    if paid.reversed_by is not None:
        raise NotReversible(f"Receipt {number} was already reversed by {paid.reversed_by}.", field="number")
