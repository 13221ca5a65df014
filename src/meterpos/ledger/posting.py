"""Posting facts: storing them, keeping the movements of their groups, and stamping head office's decisions.

The same code posts one payment at the counter, a page of the feed and an import of a million rows.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from itertools import islice
from operator import attrgetter
from typing import Any, Final, TypeVar

import msgspec
from sqlalchemy import Connection, Date, Table, bindparam, delete, select, update

from meterpos.errors import MeterposError
from meterpos.ledger import bulk
from meterpos.ledger.rules.balances import FOLLOWING_KINDS, Movement, movements_of, subject_of
from meterpos.ledger.rules.facts import Fact
from meterpos.ledger.tables import facts as facts_table
from meterpos.ledger.tables import movements as movements_table
from meterpos.ledger.tables.facts import STAMP_COLUMNS, TOLD_LATER

CHUNK: Final = 900
PAIRS: Final = 20_000
T = TypeVar("T")

_content: Final = attrgetter(*(name for name in Fact.__struct_fields__ if name not in (*STAMP_COLUMNS, TOLD_LATER)))
_stamped: Final = attrgetter(*STAMP_COLUMNS, "fact_id")
_COLUMNS: Final = tuple(column.name for column in facts_table.columns)
_learn: Final = (
    update(facts_table)
    .where(facts_table.c.fact_id == bindparam("of_fact"), facts_table.c.clerk.is_(None))
    .values(clerk=bindparam("to_clerk"))
)
_forget_movement: Final = delete(movements_table).where(
    movements_table.c.account_no == bindparam("of_account"), movements_table.c.fact_id == bindparam("of_fact")
)
_facts: Final = select(facts_table)


class ChangedFact(MeterposError):
    """A fact came again under the same id with other content; facts never change."""


@dataclass(frozen=True, slots=True)
class Posted:
    """What posting did: the accounts whose sums may differ, and how many facts were new."""

    accounts: frozenset[str]
    new: int


@dataclass(frozen=True, slots=True)
class _Moved:
    """Groups whose movements may change by a new stamp, and the accounts they stood or now stand on."""

    subjects: frozenset[str]
    accounts: frozenset[str]


def fact_of(row: Any) -> Fact:
    """Return the fact in a row of the facts table, all of its columns in order."""
    return Fact(**dict(zip(_COLUMNS, row, strict=True)))


def _store(connection: Connection, table: Table, things: Sequence[Fact] | Sequence[Movement]) -> None:
    """Insert a row for each of ``things``; dates are written as both databases read them."""
    if not things:
        return
    names = things[0].__struct_fields__
    columns: list[Iterable[Any]] = list(zip(*map(msgspec.structs.astuple, things), strict=True))
    for place, name in enumerate(names):
        if isinstance(table.c[name].type, Date):
            columns[place] = [None if day is None else day.isoformat() for day in columns[place]]
    bulk.insert(connection, table, list(zip(*columns, strict=True)), columns=names)


def post(
    connection: Connection, facts: Sequence[Fact], *, fresh: bool = False, known: Mapping[str, Fact] | None = None
) -> Posted:
    """Store ``facts``, restamp those already known, and bring the movements of their groups up to date.

    ``fresh`` promises that none of them, and nothing that speaks of them, is stored yet (a payment just taken, an
    import into an empty ledger): no look-up is made. ``known`` are those of them that are stored, where the caller has
    read them. Balances are not recalculated here.

    Raises: ChangedFact when a known id comes with other content.
    """
    if not facts:
        return Posted(frozenset(), 0)
    if known is None:
        known = {} if fresh else known_facts(connection, [fact.fact_id for fact in facts])
    new = [fact for fact in facts if fact.fact_id not in known]
    _store(connection, facts_table, new)
    restamped = [fact for fact in facts if fact.fact_id in known]
    moved = _restamp(connection, restamped, known)
    accounts = _post_movements(connection, new, moved=moved, fresh=fresh)
    return Posted(frozenset(accounts), len(new))


def _restamp(connection: Connection, again: Sequence[Fact], known: Mapping[str, Fact]) -> _Moved:
    stamps = []
    moved = []
    learned = []
    for fact in again:
        old = known[fact.fact_id]
        if not same_content(old, fact):
            raise ChangedFact(f"fact {fact.fact_id} came again with other content")
        stamps.append(_stamped(fact))
        if old.stands_on != fact.stands_on or (old.decision == "none") != (fact.decision == "none"):
            moved += [old, fact]
        if old.clerk is None and fact.clerk is not None:
            learned.append({"of_fact": fact.fact_id, "to_clerk": fact.clerk})
    if stamps:
        bulk.update(connection, facts_table, stamps, columns=STAMP_COLUMNS, key="fact_id")
    if learned:
        connection.execute(_learn, learned)
    return _Moved(frozenset(map(subject_of, moved)), frozenset(fact.stands_on for fact in moved))


def _post_movements(connection: Connection, new: Sequence[Fact], *, moved: _Moved, fresh: bool) -> set[str]:
    regrouped = set() if fresh else _regrouped(connection, new) | moved.subjects
    alone = [fact for fact in new if subject_of(fact) not in regrouped]
    added = movements_of(alone)
    _store(connection, movements_table, added)
    accounts = {fact.stands_on for fact in new} | moved.accounts
    if regrouped:
        accounts |= rewrite_groups(connection, sorted(regrouped), also_on=moved.accounts)
    return accounts


def _regrouped(connection: Connection, new: Sequence[Fact]) -> set[str]:
    """Return the subjects whose groups were, or now are, more than one new fact."""
    following = {subject_of(fact) for fact in new if fact.kind in FOLLOWING_KINDS}
    payments = [fact.fact_id for fact in new if fact.kind == "payment"]
    return following | {fact.of_fact_id or "" for fact in _followers(connection, payments)}


def rewrite_groups(connection: Connection, subjects: Sequence[str], *, also_on: Set[str] = frozenset()) -> set[str]:
    """Write the movements of the groups of ``subjects`` anew from their facts; return the accounts touched.

    ``also_on`` names accounts on which their movements may still stand besides those the facts themselves name.
    """
    accounts: set[str] = set()
    for chunk in _chunks(subjects):
        group = [*known_facts(connection, chunk).values(), *_followers(connection, chunk)]
        old = _standing(connection, group, also_on)
        added = movements_of(group)
        if old:
            connection.execute(_forget_movement, old)
        _store(connection, movements_table, added)
        accounts |= {row["of_account"] for row in old} | {movement.account_no for movement in added}
    return accounts


def _standing(connection: Connection, facts: Sequence[Fact], also_on: Set[str]) -> list[dict[str, str]]:
    """Return where the movements of whole groups stand: on an account one of the group names, or one of ``also_on``."""
    places: dict[str, set[str]] = defaultdict(set)
    for fact in facts:
        places[subject_of(fact)] |= {fact.account_no, fact.stands_on}
    pairs = {(place, fact.fact_id) for fact in facts for place in places[subject_of(fact)]}
    pairs |= {(place, fact.fact_id) for fact in facts for place in also_on}
    table = movements_table.c
    found = select(table.account_no, table.fact_id)
    return [
        {"of_account": row.account_no, "of_fact": row.fact_id}
        for some in _chunks(sorted(pairs), PAIRS)
        for row in connection.execute(
            found.where(bulk.among_pairs(connection, (table.account_no, table.fact_id), some))
        )
    ]


def same_content(one: Fact, other: Fact) -> bool:
    """Tell whether two facts are the same but for head office's stamp; a clerk one of them lacks is no difference."""
    return bool(_content(one) == _content(other)) and (one.clerk == other.clerk or None in (one.clerk, other.clerk))


def known_facts(connection: Connection, ids: Sequence[str]) -> dict[str, Fact]:
    """Return those of these facts that are stored, by id."""
    rows = connection.execute(_facts.where(bulk.among(connection, facts_table.c.fact_id, ids))).all()
    return {row.fact_id: fact_of(row) for row in rows}


def _followers(connection: Connection, ids: Sequence[str]) -> list[Fact]:
    """Return the facts that speak of these payments."""
    rows = connection.execute(_facts.where(bulk.among(connection, facts_table.c.of_fact_id, ids)))
    return list(map(fact_of, rows))


def _chunks(items: Iterable[T], size: int = CHUNK) -> Iterator[list[T]]:
    rest = iter(items)
    while chunk := list(islice(rest, size)):
        yield chunk
