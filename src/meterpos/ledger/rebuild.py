"""A ledger worked out anew from journal and feed, in a database of its own, and held against what is kept.

What head office says is given, as it came down the feed: customers, meters, accounts, its own facts, the places and
decisions of all. Everything else has to follow from the journal's bytes: tenders, shifts, cash, papers, facts,
movements, sums, digests. Nothing of the ledger that is looked at is changed.
"""

from collections.abc import Collection, Iterator, Sequence
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, String, Table, func, insert, select

from meterpos.ledger.balances import recalculate_all
from meterpos.ledger.checks import Problem
from meterpos.ledger.feedrows import TABLES, columns_of
from meterpos.ledger.journal import STREAM_BYTES, BrokenEntry, Entry, make_entry, short_id
from meterpos.ledger.operations.feed import sum_digests_anew
from meterpos.ledger.posting import fact_of, post, same_content
from meterpos.ledger.projection import facts_of, project_tables
from meterpos.ledger.queries.ordering import as_text
from meterpos.ledger.rules.facts import Fact
from meterpos.ledger.tables import (
    accounts,
    cash_movements,
    customers,
    facts,
    journal,
    movements,
    papers,
    shifts,
    streams,
    tenders,
    till_identity,
    zone_digests,
)

CHUNK: Final = 300
_GIVEN: Final = tuple(table for table in TABLES.values() if table is not facts)
_SUMS: Final = tuple(column for column in accounts.columns if column not in set(columns_of(accounts)))

WORKED_OUT: Final[tuple[tuple[Table, tuple[Any, ...]], ...]] = (
    (tenders, tuple(tenders.columns)),
    (shifts, tuple(shifts.columns)),
    (cash_movements, tuple(cash_movements.columns)),
    (papers, tuple(papers.columns)),
    (streams, (streams.c.stream, streams.c.till_name, streams.c.device_id, streams.c.label, streams.c.reason)),
    (facts, tuple(facts.columns)),
    (movements, tuple(movements.columns)),
    (accounts, (accounts.c.account_no, *_SUMS)),
    (customers, (customers.c.customer_no, customers.c.balance_minor, customers.c.overpayment_minor)),
)
"""Every table that follows from journal and feed, and which of its columns do."""


def rebuild(kept: Connection, scratch: Connection, *, aside: Collection[bytes] = ()) -> None:
    """Fill the empty ledger ``scratch`` with what journal and feed of ``kept`` say.

    ``aside`` are ids of entries that were kept and not posted. An entry whose bytes are not those of its id is left
    out, and what it stood for will be found to differ.
    """
    for table in _GIVEN:
        _copy(kept, scratch, table, columns_of(table))
    _copy(kept, scratch, till_identity, tuple(till_identity.columns))
    mine: set[bytes] = set()
    for entries in _entries(kept, aside=set(aside)):
        project_tables(scratch, entries)
        post(scratch, [fact for entry in entries for fact in facts_of(entry)])
        mine.update(entry.entry_id for entry in entries)
    for rows in _partitions(kept, select(facts)):
        _take_facts(scratch, [fact_of(row) for row in rows], mine=mine)
    recalculate_all(scratch)


def find_rebuilt_differences(kept: Connection, scratch: Connection) -> Iterator[Problem]:
    """Say where what is kept is not what was worked out, a sentence a row, by table.

    Shifts of a stream that a copied till went on in are left out: both branches speak of the same shift, and which of
    them spoke last is not in the journal.
    """
    branched = set(kept.execute(_BRANCHED).scalars())
    for table, columns in WORKED_OUT:
        for key, problem in _differences(kept, scratch, table, columns):
            if table is not shifts or key[0] not in branched:
                yield problem
    if kept.execute(select(till_identity.c.id)).first() is not None:
        sum_digests_anew(scratch)
        for _, problem in _differences(kept, scratch, zone_digests, tuple(zone_digests.columns)):
            yield problem


_BRANCHED: Final = select(journal.c.stream).group_by(journal.c.stream, journal.c.seq).having(func.count() > 1)


# --- filling ----------------------------------------------------------------------------------------------------------


def _copy(kept: Connection, scratch: Connection, table: Table, columns: Sequence[Any]) -> None:
    for rows in _partitions(kept, select(*columns)):
        scratch.execute(insert(table), [dict(row._mapping) for row in rows])


def _entries(kept: Connection, *, aside: set[bytes]) -> Iterator[list[Entry]]:
    """Yield the entries that are whole, some at a time, in the order they were posted in."""
    query = select(journal.c.stream, journal.c.seq, journal.c.prev, journal.c.data, journal.c.entry_id)
    query = query.order_by(journal.c.received_at, journal.c.stream, journal.c.seq, journal.c.entry_id)
    for rows in _partitions(kept, query):
        entries = [Entry(*row) for row in rows]
        yield [entry for entry in entries if entry.entry_id not in aside and _is_whole(entry)]


def _is_whole(entry: Entry) -> bool:
    if len(entry.stream) != STREAM_BYTES or entry.seq < 1:
        return False
    made = make_entry(stream=entry.stream, seq=entry.seq, prev=entry.prev, data=entry.data)
    try:
        return made == entry and bool(entry.content.kind)
    except BrokenEntry:
        return False


def _take_facts(scratch: Connection, kept: Sequence[Fact], *, mine: set[bytes]) -> None:
    """Take from kept facts what only head office can say: its own facts, and everybody's places and decisions."""
    rows = scratch.execute(select(facts).where(facts.c.fact_id.in_([fact.fact_id for fact in kept])))
    stated = {row.fact_id: fact_of(row) for row in rows}
    told = [
        fact
        for fact in kept
        if (same_content(stated[fact.fact_id], fact) if fact.fact_id in stated else _is_head_offices(fact, mine))
    ]
    post(scratch, told)


def _is_head_offices(fact: Fact, mine: set[bytes]) -> bool:
    return fact.entry_id not in mine and fact.decision is not None


def _partitions(connection: Connection, query: Any) -> Iterator[Sequence[Any]]:
    yield from connection.execute(query, execution_options={"yield_per": CHUNK}).partitions()


# --- comparing --------------------------------------------------------------------------------------------------------


def _differences(
    kept: Connection, scratch: Connection, table: Table, columns: Sequence[Any]
) -> Iterator[tuple[tuple[Any, ...], Problem]]:
    """Walk both sides in the order of the key; yield each key at which they are not the same, and how."""
    names = [column.name for column in columns]
    places = [names.index(column.name) for column in table.primary_key.columns]
    here, there = _sorted(kept, table, columns), _sorted(scratch, table, columns)
    left, right = next(here, None), next(there, None)
    while left is not None or right is not None:
        key = min(tuple(row[place] for place in places) for row in (left, right) if row is not None)
        mine = left if left is not None and tuple(left[place] for place in places) == key else None
        made = right if right is not None and tuple(right[place] for place in places) == key else None
        if mine is None:
            yield key, _problem(table, f"{_named(key)} is missing.")
        elif made is None:
            yield key, _problem(table, f"{_named(key)} is kept, but nothing in journal or feed makes it.")
        elif tuple(mine) != tuple(made):
            yield key, _problem(table, f"{_named(key)} {_apart(names, mine, made)}.")
        left = left if mine is None else next(here, None)
        right = right if made is None else next(there, None)


def _sorted(connection: Connection, table: Table, columns: Sequence[Any]) -> Iterator[Any]:
    keys: list[ColumnElement[Any]] = [
        as_text(connection, column) if isinstance(column.type, String) else column
        for column in table.primary_key.columns
    ]
    for rows in _partitions(connection, select(*columns).order_by(*keys)):
        yield from rows


def _problem(table: Table, said: str) -> Problem:
    return Problem(f"rebuilt_{table.name}", f"{table.name}: {said}")


def _named(key: tuple[Any, ...]) -> str:
    return " ".join(short_id(part) if isinstance(part, bytes) else str(part) for part in key)


def _apart(names: Sequence[str], kept: Sequence[Any], made: Sequence[Any]) -> str:
    parts = [
        f"{name} {_shown(one)}, worked out {_shown(other)}"
        for name, one, other in zip(names, kept, made, strict=True)
        if one != other
    ]
    return "keeps " + "; ".join(parts)


def _shown(value: Any) -> str:
    return "nothing" if value is None else short_id(value) if isinstance(value, bytes) else str(value)
