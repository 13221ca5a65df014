"""Posting facts: storing them, keeping the movements of their groups, and stamping head office's decisions.

The same code posts one payment at the counter, a page of the feed and an import of a million rows.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from itertools import islice
from operator import attrgetter
from types import NoneType
from typing import Any, Final, TypeVar

import msgspec
from sqlalchemy import Connection, Date, Table, bindparam, delete, select, update

from meterpos.errors import MeterposError
from meterpos.ledger import bulk
from meterpos.ledger.rules.balances import FOLLOWING_KINDS, Movement, counts_alone, movements_of, subject_of
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
_MOVED: Final = ("stands_on", *Movement.__struct_fields__[1:])
"""What of a fact that stands alone is its movement, in the order of its columns."""
_moved: Final = attrgetter(*_MOVED)
_loose: Final = attrgetter("counts", "account_no", "invoice_no", "method", "reference", "text", "clerk")
_TEXT: Final = frozenset({str, NoneType})
_learn: Final = (
    update(facts_table)
    .where(facts_table.c.fact_id == bindparam("of_fact"), facts_table.c.clerk.is_(None))
    .values(clerk=bindparam("to_clerk"))
)
_forget_movement: Final = delete(movements_table).where(
    movements_table.c.account_no == bindparam("of_account"), movements_table.c.fact_id == bindparam("of_fact")
)
_facts: Final = bulk.AboutMany(facts_table.c.fact_id, lambda these: select(facts_table).where(these))
_speaking: Final = bulk.AboutMany(facts_table.c.of_fact_id, lambda these: select(facts_table).where(these))


class ChangedFact(MeterposError):
    """A fact came again under the same id with other content; facts never change."""


@dataclass(frozen=True, slots=True)
class Posted:
    """What posting did: the accounts whose sums may differ, and how many facts were new.

    ``spoken_of`` are the payments of which other facts speak; ``unstored`` what `post_new` left to its caller.
    """

    accounts: frozenset[str]
    new: int
    spoken_of: frozenset[str] = frozenset()
    unstored: tuple[Fact, ...] = ()


@dataclass(frozen=True, slots=True)
class _Moved:
    """Groups whose movements may change by a new stamp, and the accounts they stood or now stand on."""

    subjects: frozenset[str]
    accounts: frozenset[str]


def fact_of(row: Any) -> Fact:
    """Return the fact in a row of the facts table, all of its columns in order."""
    return Fact(**dict(zip(_COLUMNS, row, strict=True)))


def store_placed(connection: Connection, facts: Sequence[Fact], *, generation: int, positions: Sequence[int]) -> None:
    """Store facts that `post_new` left, each with its place in the feed."""
    stamps = {"generation": [generation] * len(facts), "position": positions}
    _store(connection, facts_table, Fact.__struct_fields__, map(msgspec.structs.astuple, facts), **stamps)


def _store(
    connection: Connection,
    table: Table,
    names: Sequence[str],
    rows: Iterable[tuple[Any, ...]],
    **instead: Sequence[Any],
) -> None:
    """Insert these rows, some columns' values instead of theirs; dates are written as both databases read them."""
    values = list(zip(*rows, strict=True))
    if not values:
        return
    columns: dict[str, Sequence[Any]] = dict(zip(names, values, strict=True))
    for name in names:
        if isinstance(table.c[name].type, Date):
            columns[name] = [None if day is None else day.isoformat() for day in columns[name]]
    bulk.insert_columns(connection, table, {**columns, **instead})


def store(connection: Connection, facts: Iterable[Fact]) -> None:
    """Store facts as they are: those `post_new` left, where others are about to ask for them."""
    _store(connection, facts_table, Fact.__struct_fields__, map(msgspec.structs.astuple, facts))


def _store_movements(connection: Connection, movements: Iterable[Movement]) -> None:
    _store(connection, movements_table, Movement.__struct_fields__, map(msgspec.structs.astuple, movements))


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
    store(connection, new)
    restamped = [fact for fact in facts if fact.fact_id in known]
    moved = _restamp(connection, restamped, known)
    accounts = _post_movements(connection, new, moved=moved, fresh=fresh)
    return Posted(frozenset(accounts), len(new))


def post_new(connection: Connection, facts: Sequence[Fact]) -> Posted:
    """Do what `post` does with facts none of which is stored, and leave most of them, as ``unstored``, to be stored
    with their place in the feed before the transaction ends: a row written once is worth half of one stamped later.

    What others speak of is stored at once, and so is what a database might refuse: it has to do so here.
    """
    if not facts:
        return Posted(frozenset(), 0)
    regrouped = _regrouped(connection, facts)
    alone = [fact for fact in facts if subject_of(fact) not in regrouped]
    unstored = tuple([fact for fact in alone if _is_sound(fact)])
    waiting = {fact.fact_id for fact in unstored}
    store(connection, [fact for fact in facts if fact.fact_id not in waiting])
    _store(connection, movements_table, Movement.__struct_fields__, map(_moved, filter(counts_alone, alone)))
    accounts = {fact.stands_on for fact in facts}
    if regrouped:
        accounts |= rewrite_groups(connection, sorted(regrouped))
    return Posted(frozenset(accounts), len(facts), frozenset(regrouped), unstored)


def _is_sound(fact: Fact) -> bool:
    """Tell whether a fact has the types its columns want, where its movement and its paper do not show it."""
    counts, *texts = map(type, _loose(fact))
    return counts is bool and _TEXT.issuperset(texts)


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
    _store_movements(connection, movements_of(alone))
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
        _store_movements(connection, added)
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
    return {row.fact_id: fact_of(row) for row in _facts.execute(connection, ids)}


def _followers(connection: Connection, ids: Sequence[str]) -> list[Fact]:
    """Return the facts that speak of these payments."""
    return list(map(fact_of, _speaking.execute(connection, ids)))


def _chunks(items: Iterable[T], size: int = CHUNK) -> Iterator[list[T]]:
    rest = iter(items)
    while chunk := list(islice(rest, size)):
        yield chunk
