"""Claiming payments from their receipts' QR, after a disaster: one entry a receipt, which head office posts."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, select

from meterpos.errors import UserError
from meterpos.ledger.journal import SHORT_BYTES, Entry, parse
from meterpos.ledger.moment import Moment
from meterpos.ledger.operations.entries import stand_at_counter, write_entry
from meterpos.ledger.operations.people import require_right
from meterpos.ledger.queries.seals import verdict
from meterpos.ledger.seal import Seal, read_seal
from meterpos.ledger.tables import journal


class UnusableReceipt(UserError):
    """A QR is not one of ours, or was made by nobody head office knows; nothing was claimed."""


@dataclass(frozen=True, slots=True)
class Scanned:
    """The QR of one receipt and the method its paper names; ``where`` says in a sentence where it was read."""

    text: str
    method: str
    where: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed:
    """What became of scanned receipts: the entries made, and how many stand in this ledger or were claimed before."""

    entries: tuple[Entry, ...]
    known: int


def claim_receipts(connection: Connection, *, receipts: Sequence[Scanned], moment: Moment, clerk: str) -> Claimed:
    """Write an entry for each receipt that is missing here; those that are here, or were claimed before, are counted.

    Raises: UnusableReceipt naming the first that cannot be believed, with nothing written; NotEnrolled, MayNot.
    """
    counter = stand_at_counter(connection, moment=moment, clerk=clerk)
    require_right(connection, counter, "approve")
    claimed = _claimed_before(connection)
    entries: list[Entry] = []
    known = 0
    for one in receipts:
        seal = _believed(connection, one)
        if _receipt_of(seal) in claimed or _is_here(connection, seal):
            known += 1
            continue
        claimed.add(_receipt_of(seal))
        body = {"seal": one.text, "number": seal.number, "method": one.method}
        day = moment.localise(seal.at).date()
        entries.append(write_entry(connection, counter, kind="receipt_claimed", body=body, business_date=day))
    return Claimed(entries=tuple(entries), known=known)


def _believed(connection: Connection, one: Scanned) -> Seal:
    try:
        found = verdict(connection, one.text)
    except UserError as error:
        raise UnusableReceipt(
            f"{one.where}: this is not the code of a meterpos receipt, or not all of it. Scan it again."
        ) from error
    if found.truth == "forged":
        raise UnusableReceipt(f"{one.where}: receipt {found.seal.number} is not genuine. Take it out, and keep it.")
    if found.truth == "unknown_till":
        till = found.seal.till_name
        raise UnusableReceipt(f"{one.where}: no key of till {till} is known here. Sync first, then try again.")
    return read_seal(one.text.strip())


def _is_here(connection: Connection, seal: Seal) -> bool:
    query = select(journal.c.entry_id).where(journal.c.stream == seal.stream, journal.c.seq == seal.seq)
    return any(entry_id[:SHORT_BYTES] == seal.entry_prefix for entry_id in connection.execute(query).scalars())


def _claimed_before(connection: Connection) -> set[tuple[bytes, str]]:
    query = select(journal.c.data).where(journal.c.kind == "receipt_claimed")
    return {
        _receipt_of(read_seal(str(parse(data).body["seal"]).strip())) for data in connection.execute(query).scalars()
    }


def _receipt_of(seal: Seal) -> tuple[bytes, str]:
    """Return what tells a receipt from every other: a till and its copy may give one number to two."""
    return seal.entry_prefix, seal.number
