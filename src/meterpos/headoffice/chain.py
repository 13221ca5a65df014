"""Where delivered entries stand: on their stream's one signed chain, on a branch a copied till made, or after a gap.

The first branch to arrive is the stream's own; entries of another are kept beside it, and so are entries whose
predecessor has not come. Nothing is ever refused, and a till is always answered about its own branch.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, Literal

from sqlalchemy import Connection, bindparam, delete, exists, func, select, update

from meterpos.headoffice import bulk
from meterpos.headoffice.feed import Outgoing, till_zone
from meterpos.headoffice.tables import side_entries
from meterpos.ledger.feedrows import STREAM_GREW
from meterpos.ledger.journal import FIRST_PREV, Entry, make_entry
from meterpos.ledger.tables import journal, streams, tenders
from meterpos.sync.wire import Push, Recall

Branch = Literal["main", "fork", "gap", "apart"]
"""On the chain, on a copied till's branch, after something missing, or no part of the stream at all."""

RECALLED_BYTES_MAX: Final = 8 * 1024 * 1024
_UNHELD: Final = (0, FIRST_PREV)


@dataclass(slots=True)
class Placed:
    """Where the entries of one batch stand, and how far their stream reaches now."""

    through_seq: int
    head: bytes
    known: frozenset[bytes]
    new: list[Entry] = field(default_factory=list)
    sides: dict[bytes, Branch] = field(default_factory=dict)
    """New entries beside the chain."""
    joined: list[bytes] = field(default_factory=list)
    """Entries that were beside it and have found their place."""
    last: Branch = "main"
    """Where the batch's last entry stands, or the one before it where it is empty."""
    last_id: bytes = b""
    beside: bool = True
    """Whether anything of the stream stands beside its chain."""


def entries_of(push: Push) -> list[Entry]:
    """Return the batch's entries; each id is computed from the one before, beginning at the batch's `prev`."""
    entries: list[Entry] = []
    prev = push.prev
    for index, data in enumerate(push.entries):
        entry = make_entry(stream=push.stream, seq=push.from_seq + index, prev=prev, data=data)
        entries.append(entry)
        prev = entry.entry_id
    return entries


def place(conn: Connection, stream: Any, push: Push, entries: Sequence[Entry]) -> Placed:
    """Work out where each entry stands; `stream` is the locked row of its stream. Nothing is written."""
    beside = bool(conn.execute(_BESIDE, {"of_stream": push.stream}).scalar_one())
    held: dict[bytes, Branch] = {}
    branch: Branch = "main"
    if beside or (push.from_seq, push.prev) != (stream.through_seq + 1, stream.head):
        held, branch = _held(conn, push), _branch_of(conn, push)
    # else it goes on where all that is here ends, as nearly every batch does
    placed = Placed(through_seq=stream.through_seq, head=stream.head, known=frozenset(held), beside=beside)
    for entry in entries:
        if entry.entry_id in held:
            branch = held[entry.entry_id]
            continue
        placed.new.append(entry)
        if branch == "main" and entry.seq == placed.through_seq + 1:
            placed.through_seq, placed.head = entry.seq, entry.entry_id
            continue
        branch = "fork" if branch == "main" else branch
        placed.sides[entry.entry_id] = branch
    placed.last = branch
    if entries:
        placed.last_id = entries[-1].entry_id
    return placed


_BOTH: Final = journal.outerjoin(side_entries, side_entries.c.entry_id == journal.c.entry_id)
_HELD: Final = (
    select(journal.c.entry_id, side_entries.c.why)
    .select_from(_BOTH)
    .where(
        journal.c.stream == bindparam("of_stream"),
        journal.c.seq >= bindparam("from_seq"),
        journal.c.seq <= bindparam("through_seq"),
    )
)
_PREVIOUS: Final = (
    select(journal.c.seq, side_entries.c.why)
    .select_from(_BOTH)
    .where(journal.c.entry_id == bindparam("of_entry"), journal.c.stream == bindparam("of_stream"))
)
_REACHES: Final = (
    update(streams)
    .where(streams.c.stream == bindparam("of_stream"))
    .values(through_seq=bindparam("through"), head=bindparam("its_head"))
)
_WAITING: Final = (
    select(side_entries)
    .where(side_entries.c.stream == bindparam("of_stream"), side_entries.c.why == "gap")
    .order_by(side_entries.c.seq)
)
_BESIDE: Final = select(exists().where(side_entries.c.stream == bindparam("of_stream")))
_PAPERS: Final = select(func.count(), func.coalesce(func.sum(tenders.c.total_minor), 0)).where(
    tenders.c.stream == bindparam("of_stream"), tenders.c.seq <= bindparam("through_seq")
)


def _held(conn: Connection, push: Push) -> dict[bytes, Branch]:
    """Return the entries held at the batch's places, each with where it stands."""
    if push.through_seq < push.from_seq:
        return {}
    rows = conn.execute(_HELD, {"of_stream": push.stream, "from_seq": push.from_seq, "through_seq": push.through_seq})
    return {row.entry_id: row.why or "main" for row in rows}


def _branch_of(conn: Connection, push: Push) -> Branch:
    """Return where the entry stands that the batch continues; 'gap' when it has not come."""
    if push.prev == FIRST_PREV and push.from_seq == 1:
        return "main"
    row = conn.execute(_PREVIOUS, {"of_entry": push.prev, "of_stream": push.stream}).one_or_none()
    if row is None or row.seq != push.from_seq - 1:
        return "gap"
    branch: Branch = row.why or "main"
    return branch


def record(conn: Connection, stream: bytes, placed: Placed) -> None:
    """Write down what stands beside the chain and how far it reaches, and let waiting entries find their place."""
    rows = [
        {"entry_id": entry.entry_id, "stream": stream, "seq": entry.seq, "prev": entry.prev, "why": why}
        for entry in placed.new
        if (why := placed.sides.get(entry.entry_id)) is not None
    ]
    bulk.insert_new(conn, side_entries, rows)
    placed.beside = placed.beside or bool(rows)
    if placed.new and placed.beside:
        _join(conn, stream, placed)
    conn.execute(_REACHES, {"of_stream": stream, "through": placed.through_seq, "its_head": placed.head})


def _join(conn: Connection, stream: bytes, placed: Placed) -> None:
    """Move entries that waited for their predecessor onto the chain or, where it went on otherwise, onto a branch."""
    waiting = list(conn.execute(_WAITING, {"of_stream": stream}))
    if not waiting:
        return
    anchored = _anchored(conn, stream, [row.prev for row in waiting])
    for row in waiting:
        if row.prev not in anchored:
            continue
        anchored.add(row.entry_id)
        found: Branch = "main"
        if row.seq == placed.through_seq + 1 and row.prev == placed.head:
            placed.through_seq, placed.head = row.seq, row.entry_id
            conn.execute(delete(side_entries).where(side_entries.c.entry_id == row.entry_id))
        else:
            found = placed.sides[row.entry_id] = "fork"
            conn.execute(update(side_entries).where(side_entries.c.entry_id == row.entry_id).values(why="fork"))
        placed.joined.append(row.entry_id)
        if row.entry_id == placed.last_id:
            placed.last = found


def _anchored(conn: Connection, stream: bytes, entry_ids: Sequence[bytes]) -> set[bytes]:
    """Return those of `entry_ids` whose chain reaches back to the stream's first entry."""
    found: set[bytes] = {FIRST_PREV}
    for chunk in bulk.chunks(entry_ids, bulk.CHUNK):
        rows = conn.execute(
            select(journal.c.entry_id)
            .select_from(journal.outerjoin(side_entries, side_entries.c.entry_id == journal.c.entry_id))
            .where(
                journal.c.stream == stream,
                journal.c.entry_id.in_(chunk),
                func.coalesce(side_entries.c.why, "main").not_in(("gap", "apart")),
            )
        )
        found.update(rows.scalars())
    return found


def signed_for(placed: Placed, push: Push, entries: Sequence[Entry]) -> tuple[int, bytes]:
    """Return how far head office can sign for the sender's own branch: `(seq, entry_id)`.

    For the stream's chain that is its end. For another branch, the batch's last entry. For entries after a gap the
    chain's end, from where the till offers again; if it only sends the same again, its history is not that chain's,
    and it is asked to offer everything.
    """
    if placed.last == "main":
        return placed.through_seq, placed.head
    if placed.last == "fork":
        return (entries[-1].seq, entries[-1].entry_id) if entries else (push.from_seq - 1, push.prev)
    if push.from_seq <= placed.through_seq + 1 or (entries and not placed.new):
        return _UNHELD
    return placed.through_seq, placed.head


def tally(conn: Connection, stream: bytes, *, through_seq: int, head: bytes, beside: bool) -> tuple[int, int]:
    """Return count and sum of the tenders and reversals on the chain that ends in `head`, reversals negative.

    `beside`: whether anything of the stream may stand beside its chain.
    """
    if not beside:
        row = conn.execute(_PAPERS, {"of_stream": stream, "through_seq": through_seq}).one()
        return int(row[0]), int(row[1])
    totals: dict[bytes, list[int]] = defaultdict(list)
    for entry_id, total_minor in _pairs(
        conn, select(tenders.c.entry_id, tenders.c.total_minor).where(tenders.c.stream == stream)
    ):
        totals[entry_id].append(total_minor)
    before = dict(_pairs(conn, select(journal.c.entry_id, journal.c.prev).where(journal.c.stream == stream)))
    count = total = 0
    while head != FIRST_PREV:
        count, total = count + len(totals[head]), total + sum(totals[head])
        head = before[head]
    return count, total


def _pairs(conn: Connection, query: Any) -> list[tuple[bytes, Any]]:
    return [(row[0], row[1]) for row in conn.execute(query)]


def entries_after(conn: Connection, asked: Recall, *, till_name: str) -> tuple[bytes, ...]:
    """Return the bytes of entries that follow the place a till asks about, on the chain of a stream of its own.

    None where the stream is another till's, or the chain has another entry there. Together they stay within what one
    batch may hold.
    """
    is_theirs = select(streams.c.stream).where(streams.c.stream == asked.stream, streams.c.till_name == till_name)
    if conn.execute(is_theirs).first() is None or not _is_on_chain(conn, asked.stream, asked.after_seq, asked.head):
        return ()
    rows = conn.execute(
        select(journal.c.data)
        .select_from(journal.outerjoin(side_entries, side_entries.c.entry_id == journal.c.entry_id))
        .where(journal.c.stream == asked.stream, journal.c.seq > asked.after_seq, side_entries.c.entry_id.is_(None))
        .order_by(journal.c.seq)
        .limit(asked.limit)
    )
    entries: list[bytes] = []
    total = 0
    for data in rows.scalars():
        total += len(data)
        if total > RECALLED_BYTES_MAX and entries:
            break
        entries.append(data)
    return tuple(entries)


def tell_of_growth(conn: Connection, outgoing: Outgoing, stream: bytes, *, till_name: str) -> None:
    """Tell a till that a stick brought something of one of its streams, so that it asks for what it lost of it.

    A till with one stream needs no telling: it delivers that one, and whoever begins another asks about it at once.
    """
    known = select(func.count()).where(streams.c.till_name == till_name)
    if conn.execute(known).scalar_one() > 1:
        outgoing.send(STREAM_GREW, stream.hex(), zone=till_zone(till_name))


def going_on(asked: Recall, entries: Sequence[bytes]) -> Recall:
    """Return the question for what follows the entries that answered this one."""
    prev = asked.head
    for seq, data in enumerate(entries, asked.after_seq + 1):
        prev = make_entry(stream=asked.stream, seq=seq, prev=prev, data=data).entry_id
    return replace(asked, after_seq=asked.after_seq + len(entries), head=prev)


def _is_on_chain(conn: Connection, stream: bytes, seq: int, head: bytes) -> bool:
    if seq == 0:
        return head == FIRST_PREV
    row = conn.execute(
        select(side_entries.c.entry_id)
        .select_from(journal.outerjoin(side_entries, side_entries.c.entry_id == journal.c.entry_id))
        .where(journal.c.stream == stream, journal.c.seq == seq, journal.c.entry_id == head)
    ).one_or_none()
    return row is not None and row.entry_id is None


def has_gap(conn: Connection, stream: bytes) -> bool:
    """Tell whether entries of the stream still wait for what came before them."""
    query = select(side_entries.c.entry_id).where(side_entries.c.stream == stream, side_entries.c.why == "gap")
    return conn.execute(query.limit(1)).first() is not None
