"""Taking back entries this till once made and lost: from head office, a mirror, or the ledger a backup replaced."""

from collections.abc import Sequence

from sqlalchemy import Connection, select

from meterpos.errors import MeterposError
from meterpos.ledger.balances import recalculate
from meterpos.ledger.journal import Entry, make_entry, store_entry
from meterpos.ledger.journal import head as end_of
from meterpos.ledger.posting import post
from meterpos.ledger.projection import facts_of, project_tables
from meterpos.ledger.tables import facts

CHUNK = 300


class DoesNotFollow(MeterposError):
    """The entries do not continue the stream as this ledger has it; nothing was kept."""


def keep_recalled(
    connection: Connection, *, stream: bytes, after_seq: int, head: bytes, entries: Sequence[bytes]
) -> tuple[Entry, ...]:
    """Append entries of ``stream`` that follow its end here, ``head`` at ``after_seq``; return them.

    Their ids are computed, so a chain that ends where head office signed is the till's own. Facts that came back
    through the feed meanwhile keep the place head office gave them.

    Raises: DoesNotFollow when the stream does not end there.
    """
    if end_of(connection, stream) != (after_seq, head):
        raise DoesNotFollow(f"stream {stream.hex()} does not end at entry {after_seq} here")
    made: list[Entry] = []
    prev = head
    for seq, data in enumerate(entries, after_seq + 1):
        made.append(make_entry(stream=stream, seq=seq, prev=prev, data=data))
        prev = made[-1].entry_id
    for entry in made:
        store_entry(connection, entry)
    for start in range(0, len(made), CHUNK):
        _project(connection, made[start : start + CHUNK])
    return tuple(made)


def _project(connection: Connection, entries: Sequence[Entry]) -> None:
    project_tables(connection, entries)
    stated = [fact for entry in entries for fact in facts_of(entry)]
    ids = [fact.fact_id for fact in stated]
    known = {
        fact_id
        for start in range(0, len(ids), CHUNK)
        for fact_id in connection.execute(
            select(facts.c.fact_id).where(facts.c.fact_id.in_(ids[start : start + CHUNK]))
        ).scalars()
    }
    posted = post(connection, [fact for fact in stated if fact.fact_id not in known])
    recalculate(connection, posted.accounts)
