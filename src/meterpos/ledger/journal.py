"""Entries: canonical bytes, identity, the hash chain, and reading and appending a till's journal.

An entry's bytes are made once and never re-serialised: they are stored, hashed, sent and shown as they are.
"""

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from typing import Any, Final

import msgspec
from sqlalchemy import Connection, bindparam, insert, select

from meterpos.errors import MeterposError
from meterpos.ledger import plain
from meterpos.ledger.canonical import read, write
from meterpos.ledger.tables import journal
from meterpos.ledger.tables.base import format_instant, parse_instant
from meterpos.ledger.texts import readable_all

SCHEMA: Final = 1
STREAM_BYTES: Final = 16
FIRST_PREV: Final = bytes(32)
SHORT_BYTES: Final = 16
"""How much of an entry id stands in fact ids and in a receipt's QR."""

KINDS: Final = frozenset(
    {
        "stream_opened",
        "shift_opened",
        "shift_closed",
        "tender",
        "reversal",
        "correction",
        "cash_movement",
        "plan_request",
        "put_right_request",
        "print_failed",
        "reprinted",
        "drawer_opened",
        "signed_in",
        "signed_out",
        "sign_in_failed",
        "locked",
        "clock_changed",
        "payment_abandoned",
        "settings_applied",
        "report",
        "receipt_claimed",
    }
)
"""The kinds this version makes; any other is stored and posted once it is known."""

_TAG: Final = b"meterpos entry v1\0"
_NUL: Final = rb"\u0000"
"""How canonical bytes write NUL. Half a surrogate pair they cannot write at all."""

_head: Final = (
    select(journal.c.seq, journal.c.entry_id)
    .where(journal.c.stream == bindparam("stream"))
    .order_by(journal.c.seq.desc())
    .limit(1)
)
_insert: Final = insert(journal)
_by_id: Final = select(journal).where(journal.c.entry_id == bindparam("entry_id"))
_after: Final = (
    select(journal.c.seq, journal.c.prev, journal.c.data, journal.c.entry_id)
    .where(journal.c.stream == bindparam("of_stream"), journal.c.seq > bindparam("after_seq"))
    .order_by(journal.c.seq)
    .limit(bindparam("entries_max"))
)


class BrokenEntry(MeterposError):
    """Stored bytes do not hash to the id they are stored under, or are not an entry."""


@dataclass(frozen=True, slots=True)
class Approval:
    """Who allowed it and how: a second person's PIN, or a phone code, bound to ``nonce``."""

    by: str
    how: str
    nonce: str


class EntryContent(msgspec.Struct, frozen=True):
    """What an entry says, parsed from its bytes. A struct: one is made for each entry that comes in."""

    schema: int
    kind: str
    at: datetime
    business_date: date
    shift: int | None
    clerk: str
    approval: Approval | None
    body: dict[str, Any]


class Entry(msgspec.Struct, frozen=True, dict=True):
    """One thing that happened at a till: its place in the stream, the bytes, and the id that seals both."""

    stream: bytes
    seq: int
    prev: bytes
    data: bytes
    entry_id: bytes

    @cached_property
    def content(self) -> EntryContent:
        """What the bytes say. Raises: BrokenEntry when they are not an entry."""
        return parse(self.data)

    @cached_property
    def plain(self) -> plain.PlainTender | None:
        """What the bytes say where they are a plain tender, as most are: read in half the time; None of any other."""
        return plain.read(self.data)

    @property
    def kind(self) -> str:
        """The kind of entry. Raises: BrokenEntry when the bytes are not an entry."""
        return "tender" if self.plain is not None else self.content.kind

    @cached_property
    def short_id(self) -> str:
        """The 22 characters that stand for this entry in fact ids."""
        return short_id(self.entry_id)


class Paper(Entry, frozen=True, dict=True):
    """One of the two papers of a correction, seen as the entry it would be if it stood alone."""

    said: EntryContent

    @property
    def plain(self) -> None:
        """A correction's tender is not plain."""

    @cached_property
    def content(self) -> EntryContent:
        """What this paper says."""
        return self.said


def papers_of(entry: Entry) -> tuple[Entry, ...]:
    """Return the customer papers of an entry, in the order of their numbers; each says what its paper says.

    A tender or a reversal is a paper itself; a correction makes a reversal and a tender; others make none.
    """
    content = entry.content
    if content.kind in ("tender", "reversal"):
        return (entry,)
    if content.kind != "correction":
        return ()
    place = (entry.stream, entry.seq, entry.prev, entry.data, entry.entry_id)
    return tuple(
        Paper(*place, msgspec.structs.replace(content, kind=kind, body=content.body[kind]))
        for kind in ("reversal", "tender")
    )


def paper_of(entry: Entry, number: str) -> Entry:
    """Return the paper ``number`` of an entry; the entry itself where it is no correction."""
    return next((paper for paper in papers_of(entry) if paper.content.body["number"] == number), entry)


def canonical(value: Mapping[str, Any]) -> bytes:
    """Return the one way to write ``value``: UTF-8 JSON, sorted keys, no spaces, no floats."""
    assert _is_plain(value), "an entry holds text, whole numbers, yes/no, nothing, lists and objects"
    return write(value)


def content_bytes(
    *,
    kind: str,
    at: datetime,
    business_date: date,
    shift: int | None,
    clerk: str,
    body: Mapping[str, Any],
    approval: Approval | None = None,
) -> bytes:
    """Return the canonical bytes of an entry's content."""
    content: dict[str, Any] = {
        "schema": SCHEMA,
        "kind": kind,
        "at": format_instant(at),
        "business_date": business_date.isoformat(),
        "shift": shift,
        "clerk": clerk,
        "body": body,
    }
    if approval is not None:
        content["approval"] = {"by": approval.by, "how": approval.how, "nonce": approval.nonce}
    return canonical(content)


def parse(data: bytes) -> EntryContent:
    """Return what canonical bytes say.

    Raises: BrokenEntry when they are not the canonical bytes of an entry.
    """
    try:
        raw = read(data)
        if _NUL in data:
            raw = readable_all(raw)  # no database of head office takes it; the bytes stay as they are
        approval = raw.get("approval")
        shift = raw["shift"]
        if not (shift is None or type(shift) is int) or not isinstance(raw["body"], dict):
            raise BrokenEntry("the entry's shift or body has the wrong form")
        return EntryContent(
            schema=int(raw["schema"]),
            kind=str(raw["kind"]),
            at=parse_instant(raw["at"]),
            business_date=date.fromisoformat(raw["business_date"]),
            shift=shift,
            clerk=str(raw["clerk"]),
            approval=Approval(approval["by"], approval["how"], approval["nonce"]) if approval else None,
            body=raw["body"],
        )
    except (
        ValueError,
        KeyError,
        TypeError,
        AttributeError,
        AssertionError,
        RecursionError,
    ) as error:
        raise BrokenEntry(f"the bytes are not an entry: {type(error).__name__}: {error}") from error


def make_entry(*, stream: bytes, seq: int, prev: bytes, data: bytes) -> Entry:
    """Return the entry with these bytes at this place; its id is computed, never taken on trust."""
    return Entry(stream, seq, prev, data, entry_id(stream=stream, seq=seq, prev=prev, data=data))


def entry_id(*, stream: bytes, seq: int, prev: bytes, data: bytes) -> bytes:
    """Return SHA-256(tag ‖ stream ‖ seq ‖ prev ‖ bytes), 32 bytes."""
    assert len(stream) == STREAM_BYTES and len(prev) == len(FIRST_PREV) and seq > 0, "not a place in a chain"
    return hashlib.sha256(_TAG + stream + seq.to_bytes(8, "big") + prev + data).digest()


def short_id(entry_id: bytes) -> str:
    """Return the first 16 bytes of an entry id as 22 URL-safe characters."""
    return base64.urlsafe_b64encode(entry_id[:SHORT_BYTES]).rstrip(b"=").decode()


def head(connection: Connection, stream: bytes) -> tuple[int, bytes]:
    """Return ``(seq, entry_id)`` of the last entry of ``stream``; ``(0, 32 zero bytes)`` before the first.

    Read inside the write block that appends; never cached.
    """
    row = connection.execute(_head, {"stream": stream}).one_or_none()
    return (row.seq, row.entry_id) if row is not None else (0, FIRST_PREV)


def append(connection: Connection, *, stream: bytes, data: bytes) -> Entry:
    """Append the entry with these bytes to ``stream`` and return it; inside a write block."""
    seq, prev = head(connection, stream)
    entry = make_entry(stream=stream, seq=seq + 1, prev=prev, data=data)
    store_entry(connection, entry)
    return entry


def store_entry(connection: Connection, entry: Entry, *, received_at: datetime | None = None) -> None:
    """Store an entry as it is."""
    connection.execute(
        _insert,
        {
            "entry_id": entry.entry_id,
            "stream": entry.stream,
            "seq": entry.seq,
            "prev": entry.prev,
            "kind": entry.content.kind,
            "data": entry.data,
            "received_at": received_at,
        },
    )


def read_back(connection: Connection, entry_id: bytes) -> Entry:
    """Return the stored entry after recomputing its hash.

    Raises: BrokenEntry when it is missing or its bytes no longer give this id.
    """
    row = connection.execute(_by_id, {"entry_id": entry_id}).one_or_none()
    if row is None:
        raise BrokenEntry(f"no entry {short_id(entry_id)} is stored")
    entry = make_entry(stream=row.stream, seq=row.seq, prev=row.prev, data=row.data)
    if entry.entry_id != entry_id:
        raise BrokenEntry(f"entry {short_id(entry_id)} was altered where it is stored")
    return entry


def is_kept(connection: Connection, entry_id: bytes) -> bool:
    """Tell whether an entry stands in the journal."""
    return connection.execute(_by_id, {"entry_id": entry_id}).first() is not None


def entries_after(connection: Connection, stream: bytes, *, seq: int, limit: int) -> tuple[Entry, ...]:
    """Return up to ``limit`` entries of ``stream`` above ``seq``, in order, ids as stored."""
    rows = connection.execute(_after, {"of_stream": stream, "after_seq": seq, "entries_max": limit})
    return tuple(Entry(stream, row.seq, row.prev, row.data, row.entry_id) for row in rows)


def _is_plain(value: object) -> bool:
    if value is None or type(value) in (str, int, bool):
        return True
    if type(value) in (list, tuple):
        return all(_is_plain(item) for item in value)  # type: ignore[attr-defined]
    if isinstance(value, Mapping):
        return all(type(key) is str and _is_plain(item) for key, item in value.items())
    return False
