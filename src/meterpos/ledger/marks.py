"""How far a till's ledger was checked, in a mark that cannot be moved unseen, and the check of what came since.

A mark says of each stream which entry was the last one checked, and how many papers of how much stood before it. It is
kept outside the ledger and authenticated with a secret of this machine: an older ledger put in place of a newer one, or
entries taken off the end, do not fit it.
"""

import hashlib
import hmac
import json
from collections.abc import Iterator, Set
from dataclasses import dataclass
from itertools import islice
from typing import Final

from sqlalchemy import Connection, func, select

from meterpos.ledger.balances import find_differences
from meterpos.ledger.checks import Problem, immutable_tables_refuse_change
from meterpos.ledger.journal import FIRST_PREV, BrokenEntry, Entry, make_entry
from meterpos.ledger.money import format_amount
from meterpos.ledger.posting import fact_of, same_content
from meterpos.ledger.projection import facts_of
from meterpos.ledger.tables import facts, journal, tenders

AT_ONCE: Final = 300
_TAG: Final = b"meterpos mark v1\0"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Up to where one stream was checked: its entry there, and the papers up to it."""

    seq: int
    head: bytes
    papers: int
    sum_minor: int


Mark = dict[bytes, Place]
"""By stream."""


def write_mark(mark: Mark, *, secret: bytes) -> bytes:
    """Return the bytes of a mark, a line of JSON and its authentication."""
    said = {
        stream.hex(): [place.seq, place.head.hex(), place.papers, place.sum_minor] for stream, place in mark.items()
    }
    return authenticated(json.dumps(said, sort_keys=True, separators=(",", ":")).encode(), secret=secret)


def read_mark(data: bytes, *, secret: bytes) -> Mark | None:
    """Return the mark in these bytes, None when they were not written with this secret."""
    line = authentic(data, secret=secret)
    return (
        None
        if line is None
        else {
            bytes.fromhex(stream): Place(seq=seq, head=bytes.fromhex(head), papers=papers, sum_minor=sum_minor)
            for stream, (seq, head, papers, sum_minor) in json.loads(line).items()
        }
    )


def authenticated(line: bytes, *, secret: bytes) -> bytes:
    """Return a line with what proves that it was written with this secret."""
    return line + b"\n" + _proof(line, secret) + b"\n"


def authentic(data: bytes, *, secret: bytes) -> bytes | None:
    """Return the line in these bytes, None when they were not written with this secret."""
    line, _, rest = data.partition(b"\n")
    return line if hmac.compare_digest(rest.strip(), _proof(line, secret)) else None


def _proof(line: bytes, secret: bytes) -> bytes:
    return hmac.new(secret, _TAG + line, hashlib.sha256).hexdigest().encode()


def mark_of(connection: Connection) -> Mark:
    """Return the mark of this ledger as it stands; only for one that was just found sound."""
    ends = connection.execute(select(journal.c.stream, func.max(journal.c.seq)).group_by(journal.c.stream))
    return {stream: _place(connection, stream, seq) for stream, seq in ends.all()}


def check_since(connection: Connection, mark: Mark) -> Iterator[Problem]:
    """Say what does not hold of what was checked before (cheaply: is it still all there?) and of all that came since.

    Bytes altered in place below the mark are the whole check's to find.
    """
    for sentence in immutable_tables_refuse_change(connection):
        yield Problem(immutable_tables_refuse_change.__name__, sentence)
    for stream, place in sorted(mark.items()):
        yield from _still_there(connection, stream, place)
    streams = connection.execute(select(journal.c.stream).distinct()).scalars().all()
    for stream in sorted(streams):
        before = mark.get(stream)
        after = (before.seq, before.head) if before is not None else (0, FIRST_PREV)
        newer = connection.execute(
            select(*ENTRY_COLUMNS).where(journal.c.stream == stream, journal.c.seq > after[0]).order_by(journal.c.seq),
            execution_options={"yield_per": AT_ONCE},
        )
        yield from check_newer(connection, (Entry(*row) for row in newer), stream=stream, after=after)


def _still_there(connection: Connection, stream: bytes, place: Place) -> Iterator[Problem]:
    count = connection.execute(
        select(func.count()).where(journal.c.stream == stream, journal.c.seq <= place.seq)
    ).scalar_one()
    if count != place.seq:
        yield Problem(
            "checked_entries_are_still_there",
            f"Stream {stream.hex()} had {place.seq} entries when it was last checked; {place.seq - count} of them are "
            "gone. If a backup was put in place by hand, restore it with: meterpos till restore FILE",
        )
        return
    now = _place(connection, stream, place.seq)
    if now.head != place.head:
        yield Problem(
            "checked_entries_are_still_there",
            f"Entry {place.seq} of stream {stream.hex()} is not the one that was checked. Tell head office.",
        )
    if (now.papers, now.sum_minor) != (place.papers, place.sum_minor):
        yield Problem(
            "checked_papers_are_still_there",
            f"Stream {stream.hex()} had {place.papers} papers of {format_amount(place.sum_minor)} up to entry "
            f"{place.seq} when it was last checked, now {now.papers} of {format_amount(now.sum_minor)}.",
        )


def _place(connection: Connection, stream: bytes, seq: int) -> Place:
    found = select(journal.c.prev, journal.c.data).where(journal.c.stream == stream, journal.c.seq == seq)
    row = connection.execute(found).first()
    papers, sum_minor = connection.execute(
        select(func.count(), func.coalesce(func.sum(tenders.c.total_minor), 0)).where(
            tenders.c.stream == stream, tenders.c.seq <= seq
        )
    ).one()
    head = b"" if row is None else make_entry(stream=stream, seq=seq, prev=row.prev, data=row.data).entry_id
    return Place(seq=seq, head=head, papers=papers, sum_minor=int(sum_minor))


ENTRY_COLUMNS: Final = (journal.c.stream, journal.c.seq, journal.c.prev, journal.c.data, journal.c.entry_id)


def check_newer(
    connection: Connection,
    rows: Iterator[Entry],
    *,
    stream: bytes,
    after: tuple[int, bytes],
    aside: Set[bytes] = frozenset(),
) -> Iterator[Problem]:
    """Check the entries that follow a place: bytes, chain, facts, and the sums of the accounts they touched.

    Those ``aside`` were kept without being posted, and have no facts.
    """
    last, prev = after
    while entries := list(islice(rows, AT_ONCE)):
        whole: list[Entry] = []
        for entry in entries:
            made = make_entry(stream=stream, seq=entry.seq, prev=entry.prev, data=entry.data)
            if made != entry:
                yield Problem(
                    "entries_hash_to_their_ids",
                    f"Entry {entry.seq} of stream {stream.hex()} does not hash to its id {entry.short_id}.",
                )
            elif (entry.seq, entry.prev) != (last + 1, prev):
                yield Problem(
                    "streams_are_chains_without_gaps",
                    f"Entry {entry.seq} of stream {stream.hex()} does not follow entry {last}.",
                )
            else:
                whole += [entry] if entry.entry_id not in aside else []
            last, prev = entry.seq, entry.entry_id
        yield from _stand_in_the_facts(connection, whole)


def _stand_in_the_facts(connection: Connection, entries: list[Entry]) -> Iterator[Problem]:
    try:
        stated = {fact.fact_id: fact for entry in entries for fact in facts_of(entry)}
    except BrokenEntry as error:
        yield Problem("entries_stand_in_the_facts", f"An entry cannot be read: {error}.")
        return
    stored = {
        row.fact_id: fact_of(row)
        for start in range(0, len(stated), AT_ONCE)
        for row in connection.execute(select(facts).where(facts.c.fact_id.in_(sorted(stated)[start : start + AT_ONCE])))
    }
    for fact_id, fact in stated.items():
        if fact_id not in stored or not same_content(stored[fact_id], fact):
            yield Problem(
                "entries_stand_in_the_facts", f"Receipt {fact.number}: its fact {fact_id} is not what the entry states."
            )
    for one in find_differences(connection, {fact.stands_on for fact in stored.values()}):
        yield Problem(
            "accounts_keep_the_sums_of_their_movements",
            f"Account {one.account_no} keeps a net of {format_amount(one.kept.net_minor)}, its movements add up to "
            f"{format_amount(one.computed.net_minor)}.",
        )
