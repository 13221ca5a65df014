"""The feed: who gets to know of what, and in which order.

A row says only where a thing stands in line; a page is composed from the ledger when it is read, so nothing in the
feed can be stale. Positions come from a counter row updated last before the commit: its lock makes commit order =
number order on every database (a sequence lost 18 % of rows under 16 writers). Zones: '*' is everybody, 'till:NAME' one
till, anything else a zone of the utility.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from heapq import merge
from itertools import islice
from typing import Final

from sqlalchemy import Connection, bindparam, delete, func, insert, select, update

from meterpos.headoffice import bulk
from meterpos.headoffice.feedrows import compose
from meterpos.headoffice.tables import counters, feed, generations
from meterpos.ledger.posting import store_placed
from meterpos.ledger.rules.digest import WRAP, digest_share
from meterpos.ledger.rules.facts import Fact
from meterpos.ledger.tables import zone_digests
from meterpos.sync.wire import FeedRow, Lineage, ZoneDigest

EVERYBODY: Final = "*"
COUNTER: Final = "feed"


def till_zone(till_name: str) -> str:
    """Return the zone that only this till pulls."""
    return f"till:{till_name}"


@dataclass(slots=True)
class Outgoing:
    """What one transaction will send down, collected as it goes and given its places by `flush` at the very end."""

    rows: dict[tuple[str, str, str], Fact | None] = field(default_factory=dict)
    taken_out: set[tuple[str, str, str]] = field(default_factory=set)
    """Rows that leave a zone's line without another in their place."""
    unstored: dict[str, Fact] = field(default_factory=dict)
    """New facts that are stored with their place; nothing of them stands in any line yet."""
    generation: int | None = None
    """The generation of head office, where it was read already."""

    def send(self, kind: str, key: str, *, zone: str = EVERYBODY) -> None:
        """Send the present state of one thing to a zone."""
        self.rows[zone, kind, key] = None

    def take_out(self, kind: str, key: str, *, zone: str) -> None:
        """Let a zone hear of one thing no more; who has heard of it must be told otherwise that it left."""
        self.taken_out.add((zone, kind, key))

    def add(self, other: "Outgoing") -> None:
        """Take over what another collected."""
        self.rows.update(other.rows)
        self.taken_out.update(other.taken_out)
        self.unstored.update(other.unstored)

    def send_fact(self, fact: Fact, *, zones: Iterable[str]) -> None:
        """Send a fact, as decided, to the zones that see it; flushing also stamps it with its place."""
        for zone in zones:
            self.rows[zone, "fact", fact.fact_id] = fact


@dataclass(frozen=True, slots=True)
class Standing:
    """The generation head office lives in, the restores it has been through (newest first), and where its feed ends."""

    generation: int
    lineage: tuple[Lineage, ...]
    end: int


@dataclass(frozen=True, slots=True)
class PageOfFeed:
    """Rows after a position, in order; `digests` only when there is no more."""

    rows: tuple[FeedRow, ...]
    through: int
    more: bool
    digests: Mapping[str, ZoneDigest]


_GENERATION: Final = select(func.max(generations.c.generation))
_END: Final = select(counters.c.value).where(counters.c.name == COUNTER)
_STANDING: Final = select(generations, _END.scalar_subquery().label("end")).order_by(generations.c.generation.desc())
_TAKE: Final = (
    update(counters)
    .where(counters.c.name == COUNTER)
    .values(value=counters.c.value + bindparam("places"))
    .returning(counters.c.value)
)
_DIGESTS: Final = select(zone_digests).where(zone_digests.c.zone.in_(bindparam("zones", expanding=True)))

_LINE: Final = (
    select(feed.c.position, feed.c.zone, feed.c.kind, feed.c.key)
    .where(feed.c.zone == bindparam("of_zone"), feed.c.position > bindparam("after"))
    .order_by(feed.c.position)
    .limit(bindparam("rows_max"))
)
_LINE_WITHOUT_FACTS: Final = _LINE.where(feed.c.kind != "fact")
_LEAVE: Final = bulk.AboutMany(
    feed.c.key,
    lambda named: (
        delete(feed)
        .where(feed.c.zone == bindparam("of_zone"), feed.c.kind == bindparam("of_kind"), named)
        .returning(feed.c.digest)
    ),
)
_SUMMED: Final = (
    update(zone_digests)
    .where(zone_digests.c.zone == bindparam("of_zone"))
    .values(count=bindparam("facts"), total=bindparam("summed"))
)


def generation(conn: Connection) -> int:
    """Return the generation head office lives in."""
    return int(conn.execute(_GENERATION).scalar_one())


def lineage(conn: Connection) -> tuple[Lineage, ...]:
    """Return the restores head office has been through, newest first."""
    return standing(conn).lineage


def standing(conn: Connection) -> Standing:
    """Return where head office stands."""
    rows = conn.execute(_STANDING).all()
    restores = [row for row in rows if row.parent is not None]
    return Standing(
        generation=rows[0].generation,
        lineage=tuple(
            Lineage(generation=row.generation, parent=row.parent, parent_through=row.parent_position)
            for row in restores
        ),
        end=rows[0].end,
    )


def end(conn: Connection) -> int:
    """Return the last place that was taken."""
    return int(conn.execute(_END).scalar_one())


def take_positions(conn: Connection, count: int) -> int:
    """Take `count` places at the end of the line and return the first; others wait until this transaction ends."""
    last = conn.execute(_TAKE, {"places": count}).scalar_one()
    return int(last) - count + 1


def flush(conn: Connection, outgoing: Outgoing) -> int:
    """Give everything collected its place; the last statements before the commit. Return how many rows were sent."""
    if not outgoing.rows:
        return 0
    current = outgoing.generation or generation(conn)
    first = take_positions(conn, len(outgoing.rows))
    unstored = outgoing.unstored
    known = [row for row in outgoing.rows if row[2] not in unstored]
    gone = _forget(conn, sorted({*known, *outgoing.taken_out}))
    placed: list[tuple[int, str, str, str, int]] = []
    added: list[tuple[str, int]] = []
    positions: dict[str, int] = {}
    for position, ((zone, kind, key), fact) in enumerate(outgoing.rows.items(), first):
        share = 0
        if fact is not None:
            share = digest_of(fact)
            added.append((zone, share))
            positions[key] = position
        placed.append((position, zone, kind, key, share))
    bulk.insert(conn, feed, placed)
    _store_with_place(conn, unstored, current, positions)
    if len(positions) > len(unstored):
        bulk.stamp_facts(conn, current, {key: place for key, place in positions.items() if key not in unstored})
    move_digests(conn, _steps(added, gone))
    outgoing.rows.clear()
    outgoing.taken_out.clear()
    outgoing.unstored.clear()
    return len(placed)


def _store_with_place(
    conn: Connection, unstored: Mapping[str, Fact], current: int, positions: Mapping[str, int]
) -> None:
    if unstored:
        places = [positions[fact_id] for fact_id in unstored]
        store_placed(conn, list(unstored.values()), generation=current, positions=places)


def digest_of(fact: Fact) -> int:
    """Return a fact's share in the digest of its zone, as the signed 64-bit number the feed keeps."""
    share = digest_share(
        fact_id=fact.fact_id, stands_on=fact.stands_on, amount_minor=fact.amount_minor, decision=fact.decision
    )
    return share - WRAP if share >= WRAP // 2 else share


def _forget(conn: Connection, keys: Sequence[tuple[str, str, str]]) -> list[tuple[str, int]]:
    """Take the rows of these keys out of the line; return zone and digest of those that were facts."""
    gone: list[tuple[str, int]] = []
    by_kind: dict[tuple[str, str], list[str]] = defaultdict(list)
    for zone, kind, key in keys:
        by_kind[zone, kind].append(key)
    for (zone, kind), names in by_kind.items():
        rows = _LEAVE.execute(conn, names, of_zone=zone, of_kind=kind)
        if kind == "fact":
            gone += [(zone, row.digest) for row in rows]
    return gone


def move_digests(conn: Connection, steps: Mapping[str, tuple[int, int]]) -> None:
    """Add `(facts, sum of their shares)` to each zone's digest; safe because the counter row's lock is held."""
    known = digests(conn, steps)
    for zone, (count, total) in sorted(steps.items()):
        old = known.get(zone)
        summed = f"{((old.total if old else 0) + total) % WRAP:016x}"
        if old is None:
            conn.execute(insert(zone_digests), {"zone": zone, "count": count, "total": summed})
        else:
            conn.execute(_SUMMED, {"of_zone": zone, "facts": old.count + count, "summed": summed})


def _steps(added: Iterable[tuple[str, int]], removed: Iterable[tuple[str, int]]) -> dict[str, tuple[int, int]]:
    steps: dict[str, tuple[int, int]] = {}
    for sign, shares in ((1, added), (-1, removed)):
        for zone, share in shares:
            count, total = steps.get(zone, (0, 0))
            steps[zone] = (count + sign, total + sign * share)
    return steps


def digests(conn: Connection, zones: Collection[str]) -> dict[str, ZoneDigest]:
    """Return the digests of those of `zones` that have facts."""
    rows = conn.execute(_DIGESTS, {"zones": sorted(zones)})
    return {zone: ZoneDigest(count=count, total=int(total, 16)) for zone, count, total in rows}


def page(conn: Connection, *, zones: Sequence[str], after: int, limit: int, facts: bool = True) -> PageOfFeed:
    """Return the next rows of `zones` after a position, as they are now; `conn` must see one unchanging state."""
    through = end(conn)
    lines = [_zone_line(conn, zone, after=after, limit=limit + 1, facts=facts) for zone in sorted(set(zones))]
    places = list(islice(merge(*lines), limit + 1))
    more = len(places) > limit
    places = places[:limit]
    return PageOfFeed(
        rows=tuple(compose(conn, places)),
        through=places[-1][0] if more else max(through, after),
        more=more,
        digests={} if more else _all_digests(conn, zones),
    )


def _all_digests(conn: Connection, zones: Collection[str]) -> dict[str, ZoneDigest]:
    known = digests(conn, zones)
    return {zone: known.get(zone, ZoneDigest(count=0, total=0)) for zone in sorted(set(zones))}


def _zone_line(conn: Connection, zone: str, *, after: int, limit: int, facts: bool) -> list[tuple[int, str, str, str]]:
    query = _LINE if facts else _LINE_WITHOUT_FACTS
    rows = conn.execute(query, {"of_zone": zone, "after": after, "rows_max": limit})
    return [(row[0], row[1], row[2], row[3]) for row in rows]
