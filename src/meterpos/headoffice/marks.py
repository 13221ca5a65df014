"""How far head office was checked, and the check of what came since: what a start has time for.

As at a till (ledger/marks.py), but of many streams at once, of which some have branches and gaps: what stands beside a
stream's chain is the whole check's alone.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, Select, func, select

from meterpos.headoffice import bulk, feed
from meterpos.headoffice.tables import answers, side_entries
from meterpos.ledger.checks import Problem, immutable_tables_refuse_change
from meterpos.ledger.journal import FIRST_PREV, Entry, make_entry
from meterpos.ledger.marks import AT_ONCE, ENTRY_COLUMNS, authentic, authenticated, check_newer
from meterpos.ledger.tables import journal, streams, tenders

STILL_THERE: Final = "checked_entries_are_still_there"


@dataclass(frozen=True, slots=True)
class Place:
    """How far one stream was checked: the end of its chain, and how many entries and papers there were in all."""

    through_seq: int
    head: str
    entries: int
    papers: int


@dataclass(frozen=True, slots=True)
class Mark:
    """How far head office was checked: its feed, and each stream by its name in hex."""

    position: int
    streams: dict[str, Place]


def write_mark(mark: Mark, *, secret: bytes) -> bytes:
    """Return the bytes of a mark, a line of JSON and its authentication."""
    said = {
        "position": mark.position,
        "streams": {
            stream: [place.through_seq, place.head, place.entries, place.papers]
            for stream, place in mark.streams.items()
        },
    }
    return authenticated(json.dumps(said, sort_keys=True, separators=(",", ":")).encode(), secret=secret)


def read_mark(data: bytes, *, secret: bytes) -> Mark | None:
    """Return the mark in these bytes, None when they were not written with this secret."""
    line = authentic(data, secret=secret)
    if line is None:
        return None
    said = json.loads(line)
    return Mark(said["position"], {stream: Place(*place) for stream, place in said["streams"].items()})


def mark_of(conn: Connection) -> Mark:
    """Return the mark of head office as it stands; only where it was just found sound."""
    entries, papers = _counts(conn)
    ends = conn.execute(select(streams.c.stream, streams.c.through_seq, streams.c.head))
    return Mark(
        feed.end(conn),
        {
            stream.hex(): Place(through_seq, head.hex(), entries.get(stream, 0), papers.get(stream, 0))
            for stream, through_seq, head in ends
        },
    )


def _counts(conn: Connection) -> tuple[dict[bytes, int], dict[bytes, int]]:
    """Count the entries and the papers of each stream."""
    found = []
    for table in (journal, tenders):
        rows = conn.execute(select(table.c.stream, func.count()).group_by(table.c.stream))
        found.append({row[0]: int(row[1]) for row in rows})
    return found[0], found[1]


def check_since(conn: Connection, mark: Mark) -> Iterator[Problem]:
    """Say what does not hold of what was checked before (cheaply: is it still all there?) and of all that came since.

    Bytes altered in place below the mark are the whole check's to find.
    """
    for sentence in immutable_tables_refuse_change(conn):
        yield Problem(immutable_tables_refuse_change.__name__, sentence)
    if feed.end(conn) < mark.position:
        yield Problem(
            STILL_THERE,
            f"The feed went to {mark.position} when it was last checked, now to {feed.end(conn)}. If a backup was put "
            "in place by hand, say so with: meterpos headoffice restore --already",
        )
    yield from _still_there(conn, mark)
    yield from _heads(conn, mark)
    yield from _newer(conn, mark)


def _still_there(conn: Connection, mark: Mark) -> Iterator[Problem]:
    now = mark_of(conn).streams
    nothing = Place(0, FIRST_PREV.hex(), 0, 0)
    for stream, before in sorted(mark.streams.items()):
        found = now.get(stream, nothing)
        for what, had, has in (
            ("signed entries", before.through_seq, found.through_seq),
            ("entries", before.entries, found.entries),
            ("papers", before.papers, found.papers),
        ):
            if has < had:
                yield Problem(STILL_THERE, f"Stream {stream} had {had} {what} when it was last checked, now {has}.")


def _heads(conn: Connection, mark: Mark) -> Iterator[Problem]:
    """The last entry of each stream that was checked is here, and is the one it was."""
    heads = {bytes.fromhex(place.head): stream for stream, place in mark.streams.items() if place.through_seq}
    for chunk in bulk.chunks(sorted(heads), bulk.CHUNK):
        rows = conn.execute(select(*ENTRY_COLUMNS).where(journal.c.entry_id.in_(chunk)))
        whole = {entry.entry_id for entry in map(_made, rows)}
        for head in sorted(set(chunk) - whole):
            yield Problem(
                STILL_THERE, f"The last entry of stream {heads[head]} that was checked is not the one it was."
            )


def _made(row: Any) -> Entry:
    return make_entry(stream=row.stream, seq=row.seq, prev=row.prev, data=row.data)


def _newer(conn: Connection, mark: Mark) -> Iterator[Problem]:
    """Check what came onto each stream's chain since."""
    for row in conn.execute(select(streams).order_by(streams.c.stream)).all():
        before = mark.streams.get(row.stream.hex())
        after = (0, FIRST_PREV) if before is None else (before.through_seq, bytes.fromhex(before.head))
        if row.through_seq <= after[0]:
            continue
        found = conn.execute(_chain(row, after[0]), execution_options={"yield_per": AT_ONCE})
        entries = (Entry(*one) for one in found)
        yield from check_newer(conn, entries, stream=row.stream, after=after, aside=_aside(conn, row, after[0]))


def _chain(row: Any, after_seq: int) -> Select[Any]:
    beside = side_entries.c.entry_id == journal.c.entry_id
    return (
        select(*ENTRY_COLUMNS)
        .select_from(journal.outerjoin(side_entries, beside))
        .where(_between(row, after_seq), side_entries.c.entry_id.is_(None))
        .order_by(journal.c.seq)
    )


def _aside(conn: Connection, row: Any, after_seq: int) -> set[bytes]:
    kept = select(journal.c.entry_id).join(answers, answers.c.entry_id == journal.c.entry_id)
    return set(conn.execute(kept.where(_between(row, after_seq), answers.c.outcome == "quarantined")).scalars())


def _between(row: Any, after_seq: int) -> Any:
    return (journal.c.stream == row.stream) & (journal.c.seq > after_seq) & (journal.c.seq <= row.through_seq)
