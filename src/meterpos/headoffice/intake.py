"""Taking in what tills deliver: stored first, then posted; never refused, and the same batch twice gives one result.

Raw bytes are kept before anything else. The batch is then posted in one savepoint, and only if that fails entry by
entry: one bad entry never blocks the queue. What cannot be posted is kept aside with an open exception.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import groupby
from typing import Any, Final

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from meterpos.headoffice import approvals, bulk, chain, exceptions, feed, moved, put_right_requests, receipt_claims
from meterpos.headoffice.auth import Device
from meterpos.headoffice.bench import read_bench, write_claims
from meterpos.headoffice.decisions import decide, zones_of
from meterpos.headoffice.exceptions import Opening
from meterpos.headoffice.feed import Outgoing
from meterpos.headoffice.locks import hold_accounts, savepoint
from meterpos.headoffice.plan_requests import make_plans, overpaid
from meterpos.headoffice.tables import answers, tills
from meterpos.ledger.balances import recalculate
from meterpos.ledger.journal import FIRST_PREV, KINDS, SCHEMA, BrokenEntry, Entry
from meterpos.ledger.posting import post_new, store
from meterpos.ledger.projection import facts_of, project_tables
from meterpos.ledger.rules.facts import Fact
from meterpos.ledger.tables import journal, streams
from meterpos.ledger.tables.base import format_instant
from meterpos.sync.wire import Answer, Lineage, Outcome, Push

log: Final = logging.getLogger(__name__)

REQUESTS: Final = frozenset({"customer_report", "put_right_request"})
"""Openings that ask head office for something; their entries are in order."""


_STORED: Final[tuple[Outcome, str]] = ("stored", "")
_STREAM: Final = select(streams).where(streams.c.stream == bindparam("of_stream")).with_for_update()

_CONTACT: Final = (
    update(tills)
    .where(tills.c.till_name == bindparam("of_till"))
    .values(
        last_contact_at=bindparam("at"),
        software=bindparam("its_software"),
        reported_generation=bindparam("in_generation"),
        reported_position=bindparam("at_position"),
    )
)
_CONTACT_AND_CONDITION: Final = _CONTACT.values(condition=bindparam("its_condition"))

KEPT_CODES: Final = ("revoked_device", "unknown_kind", "unpostable", "unreadable")
"""Why an entry may be kept aside that can be posted later."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """What head office signs for: the acknowledgement but for its signature."""

    generation: int
    lineage: tuple[Lineage, ...]
    through_seq: int
    head: bytes
    count: int
    sum_minor: int
    answers: tuple[Answer, ...]
    held: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class _Post:
    """Whose entries are posted and when; ``at_once``: more is posted in this transaction and may ask for their facts,
    which otherwise are stored at its end, with their places in the feed.
    """

    stream: bytes
    device: Device
    at: datetime
    at_once: bool = False


@dataclass(slots=True)
class _Outcomes:
    """What became of each new entry, as it is found out."""

    by_entry: dict[bytes, tuple[Outcome, str]] = field(default_factory=dict)
    openings: list[Opening] = field(default_factory=list)
    payments: list[str] = field(default_factory=list)

    def keep_aside(self, entry: Entry, code: str, *, till_name: str, subject: str = "", **details: Any) -> None:
        """Note an entry that is kept and not posted."""
        self.by_entry[entry.entry_id] = ("quarantined", code)
        self.openings.append(
            Opening(
                code=code,
                subject=subject or entry.short_id,
                till_name=till_name,
                entry_id=entry.entry_id,
                details={"seq": entry.seq, **details},
            )
        )


def read_entries(push: Push) -> list[Entry]:
    """Return the batch's entries, hashed and parsed: all that can be done of the intake before the database waits."""
    entries = chain.entries_of(push)
    for entry in entries:
        _kind(entry)
    return entries


def receive(
    conn: Connection, outgoing: Outgoing, *, push: Push, entries: Sequence[Entry], device: Device, at: datetime
) -> Received:
    """Take in one batch whose signature was checked, inside the caller's transaction; the caller flushes the feed.

    ``entries`` are what `read_entries` made of it. Batches of one stream take turns: the row of the stream is locked
    first.
    """
    stream = _hold_stream(conn, push=push, device=device, at=at)
    placed = chain.place(conn, stream, push, entries)
    refused = _kept_apart(push, entries, stream=stream, device=device)
    if refused:
        placed.through_seq, placed.head, placed.last = stream.through_seq, stream.head, "main"
        placed.sides = {entry.entry_id: "apart" for entry in placed.new}
    _store(conn, placed.new, at=at)
    chain.record(conn, push.stream, placed)
    outcomes = _Outcomes()
    aside = refused or ("revoked_device" if device.revoked else "")
    if aside:
        for entry in placed.new:
            outcomes.keep_aside(entry, aside, till_name=device.till_name, subject=_subject(aside, push, device))
    else:
        _post(conn, outgoing, outcomes, placed.new, _Post(stream=push.stream, device=device, at=at))
        _note_chain(conn, outcomes, placed, push=push, device=device, at=at)
    standing = feed.standing(conn)
    outgoing.generation = standing.generation
    _note_rollback(outcomes, standing, push=push, device=device)
    _write_down(conn, outcomes, at=at)
    _note_contact(conn, push=push, device=device, at=at)
    through_seq, head = chain.signed_for(placed, push, entries)
    count, sum_minor = chain.tally(conn, push.stream, through_seq=through_seq, head=head, beside=placed.beside)
    return Received(
        generation=standing.generation,
        lineage=standing.lineage,
        through_seq=through_seq,
        head=head,
        count=count,
        sum_minor=sum_minor,
        answers=tuple(_answer(entry, placed.known, outcomes) for entry in entries),
        held=device.revoked,
    )


def post_kept(conn: Connection, outgoing: Outgoing, *, device: Device, at: datetime) -> tuple[int, int]:
    """Post what a till delivered and head office kept aside: held while it was revoked, or not understood then.

    A person decided so. Return how many entries were posted, and how many are still kept aside.
    """
    query = (
        select(journal.c.stream, journal.c.seq, journal.c.prev, journal.c.data, journal.c.entry_id)
        .join(answers, answers.c.entry_id == journal.c.entry_id)
        .join(streams, streams.c.stream == journal.c.stream)
        .where(streams.c.till_name == device.till_name, answers.c.code.in_(KEPT_CODES))
        .order_by(journal.c.stream, journal.c.seq)
    )
    kept = [Entry(*row) for row in conn.execute(query)]
    outcomes = _Outcomes()
    for stream, group in groupby(kept, key=lambda entry: entry.stream):
        entries = list(group)
        for chunk in bulk.chunks(entries, bulk.CHUNK):
            conn.execute(delete(answers).where(answers.c.entry_id.in_([entry.entry_id for entry in chunk])))
        _post(conn, outgoing, outcomes, entries, _Post(stream=stream, device=device, at=at, at_once=True))
    _write_down(conn, outcomes, at=at)
    posted = [entry.short_id for entry in kept if outcomes.by_entry[entry.entry_id][0] != "quarantined"]
    for code in KEPT_CODES:
        exceptions.settle(conn, code, [*posted, device.till_name], at=at, resolution="Posted.")
    return len(posted), len(kept) - len(posted)


# --- storing


def _hold_stream(conn: Connection, *, push: Push, device: Device, at: datetime) -> Any:
    """Return the stream's row, made where it is new, locked until the transaction ends."""
    known = conn.execute(_STREAM, {"of_stream": push.stream}).one_or_none()
    if known is not None:
        return known
    new = {
        "stream": push.stream,
        "till_name": device.till_name,
        "device_id": device.device_id,
        "label": "",
        "reason": "",
        "opened_at": at,
        "is_current": False,
        "through_seq": 0,
        "head": FIRST_PREV,
    }
    bulk.insert_new(conn, streams, [new])
    return conn.execute(_STREAM, {"of_stream": push.stream}).one()


def _kept_apart(push: Push, entries: Sequence[Entry], *, stream: Any, device: Device) -> str:
    """Return why a batch cannot be part of its stream, empty where it can."""
    if stream.till_name != device.till_name:
        return "foreign_stream"
    if entries and entries[-1].entry_id != push.head:
        return "chain_broken"
    return ""


def _subject(code: str, push: Push, device: Device) -> str:
    """Name what one exception is about: a till once, or a batch."""
    return device.till_name if code == "revoked_device" else f"{device.till_name} {push.stream.hex()} {push.from_seq}"


def _store(conn: Connection, new: Sequence[Entry], *, at: datetime) -> None:
    received_at = format_instant(at)
    bulk.insert(
        conn,
        journal,
        [(entry.entry_id, entry.stream, entry.seq, entry.prev, _kind(entry), entry.data, received_at) for entry in new],
    )


def _kind(entry: Entry) -> str:
    try:
        return entry.kind
    except BrokenEntry:
        return ""


# --- posting


def _post(conn: Connection, outgoing: Outgoing, outcomes: _Outcomes, new: Sequence[Entry], how: _Post) -> None:
    """Post what can be understood: all at once or, should that fail, each by itself."""
    till_name = how.device.till_name
    ready = [entry for entry in new if _is_understood(entry, outcomes, how.device)]
    if not ready or _try_to_post(conn, outgoing, outcomes, ready, how) is None:
        return
    for entry in ready:
        error = _try_to_post(conn, outgoing, outcomes, [entry], replace(how, at_once=True))
        if error is not None:
            log.error("entry %s of till %s could not be posted: %s", entry.short_id, till_name, error)
            outcomes.keep_aside(entry, "unpostable", till_name=till_name, error=error, kind=entry.content.kind)


def _is_understood(entry: Entry, outcomes: _Outcomes, device: Device) -> bool:
    if entry.plain is not None:
        return True
    try:
        content = entry.content
    except BrokenEntry:
        outcomes.keep_aside(entry, "unreadable", till_name=device.till_name)
        return False
    if content.schema == SCHEMA and content.kind in KINDS:
        return True
    outcomes.keep_aside(entry, "unknown_kind", till_name=device.till_name, kind=content.kind, schema=content.schema)
    return False


def _try_to_post(
    conn: Connection, outgoing: Outgoing, outcomes: _Outcomes, ready: Sequence[Entry], how: _Post
) -> str | None:
    """Post these entries in one savepoint; return the name of what went wrong, None when nothing did."""
    sent, found = Outgoing(), _Outcomes()
    try:
        with savepoint(conn):
            _post_together(conn, sent, found, ready, how)
    except Exception as error:  # noqa: BLE001 - whatever an entry does, the queue goes on
        return type(error).__name__
    outgoing.add(sent)
    outcomes.by_entry.update(found.by_entry)
    outcomes.openings += found.openings
    outcomes.payments += found.payments
    return None


def _post_together(
    conn: Connection, outgoing: Outgoing, outcomes: _Outcomes, ready: Sequence[Entry], how: _Post
) -> None:
    device, at = how.device, how.at
    others = [entry for entry in ready if entry.plain is None]
    outcomes.openings += make_plans(conn, outgoing, device, others)
    batch = [(entry, facts_of(entry, decision="account")) for entry in ready]
    bench = read_bench(conn, device=device, at=at, stream=how.stream, batch=batch)
    counting: list[Fact] = []
    for entry, stated in batch:
        decided = decide(bench, entry, stated)
        counting += decided.facts
        outcomes.openings += decided.openings
        if not decided.openings:
            outcomes.by_entry[entry.entry_id] = _STORED
            continue
        codes = [opening.code for opening in decided.openings if opening.code not in REQUESTS]
        outcomes.by_entry[entry.entry_id] = ("exception", codes[0]) if codes else _STORED
    for opening in approvals.unknown_codes(conn, device, others):
        outcomes.openings.append(opening)
        outcomes.by_entry[opening.entry_id or b""] = ("exception", opening.code)
    write_claims(conn, bench)
    project_tables(conn, ready)
    posted = post_new(conn, counting)
    if how.at_once:
        store(conn, posted.unstored)
    else:
        outgoing.unstored.update({fact.fact_id: fact for fact in posted.unstored})
    hold_accounts(conn, posted.accounts)
    recalculate(conn, posted.accounts)
    outcomes.openings += moved.overdrawn(conn, counting, till_name=device.till_name)
    plans = [no for no in posted.accounts if no in bench.accounts and bench.accounts[no].kind == "plan"]
    outcomes.openings += overpaid(conn, plans, till_name=device.till_name)
    outcomes.payments += [fact.fact_id for fact in counting if fact.fact_id in posted.spoken_of]
    for fact in counting:
        outgoing.send_fact(fact, zones=zones_of(bench, fact))
    outcomes.openings += receipt_claims.take_in(conn, outgoing, ready, till_name=device.till_name, at=at)


# --- what is left to say


def _note_chain(
    conn: Connection, outcomes: _Outcomes, placed: chain.Placed, *, push: Push, device: Device, at: datetime
) -> None:
    subject = f"{device.till_name} {push.stream.hex()}"
    for code, branch in (("fork", "fork"), ("chain_gap", "gap")):
        if branch in placed.sides.values():
            outcomes.openings.append(
                Opening(
                    code=code,
                    subject=subject,
                    till_name=device.till_name,
                    details={"from_seq": push.from_seq, "through_seq": placed.through_seq},
                )
            )
    if placed.joined and not chain.has_gap(conn, push.stream):
        exceptions.settle(conn, "chain_gap", [subject], at=at, resolution="What was missing has come.")


def _note_rollback(outcomes: _Outcomes, standing: feed.Standing, *, push: Push, device: Device) -> None:
    """Say that a till has seen more of this feed than there is: head office was restored, and nobody said so."""
    if push.generation == standing.generation and push.position > standing.end:
        outcomes.openings.append(
            Opening(
                code="rolled_back",
                subject=f"generation {push.generation}",
                till_name=device.till_name,
                details={"seen": push.position, "here": standing.end},
            )
        )


def _write_down(conn: Connection, outcomes: _Outcomes, *, at: datetime) -> None:
    exceptions.open_all(conn, put_right_requests.merged(conn, outcomes.openings), at=at)
    if outcomes.payments:
        exceptions.settle(conn, "reversal_before_payment", outcomes.payments, at=at, resolution="The payment has come.")
    odd = [
        {"entry_id": entry_id, "outcome": outcome, "code": code}
        for entry_id, (outcome, code) in outcomes.by_entry.items()
        if outcome != "stored"
    ]
    if odd:
        conn.execute(insert(answers), odd)


def _note_contact(conn: Connection, *, push: Push, device: Device, at: datetime) -> None:
    said = {
        "of_till": device.till_name,
        "at": at,
        "its_software": push.software,
        "in_generation": push.generation,
        "at_position": push.position,
    }
    if push.condition:
        conn.execute(_CONTACT_AND_CONDITION, {**said, "its_condition": dict(push.condition)})
    else:
        conn.execute(_CONTACT, said)


def _answer(entry: Entry, known: frozenset[bytes], outcomes: _Outcomes) -> Answer:
    if entry.entry_id in known:
        return Answer(seq=entry.seq, outcome="had")
    outcome, code = outcomes.by_entry[entry.entry_id]
    return Answer(seq=entry.seq, outcome=outcome, code=code)
