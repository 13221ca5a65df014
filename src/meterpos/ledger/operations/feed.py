"""Applying head office's feed at a till: a page, its recalculation and the cursor in one transaction."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Table, bindparam, case, delete, select, update
from sqlalchemy.dialects.sqlite import insert

from meterpos.errors import MeterposError
from meterpos.ledger import search_index
from meterpos.ledger.balances import recalculate
from meterpos.ledger.feedrows import ACCOUNT_LEFT, STREAM_GREW, TABLES, RowLike, columns_of, decode_all
from meterpos.ledger.operations import places
from meterpos.ledger.posting import fact_of, known_facts, post, rewrite_groups, same_content
from meterpos.ledger.rules.balances import subject_of
from meterpos.ledger.rules.digest import WRAP, digest_share
from meterpos.ledger.rules.facts import Fact
from meterpos.ledger.tables import (
    accounts,
    facts,
    plans,
    streams,
    till_identity,
    zone_digests,
)


class StaleCursor(MeterposError):
    """The page does not continue from where this till stands; it was not applied."""


@dataclass(frozen=True, slots=True)
class Applied:
    """What a page did: how many rows, and the accounts whose balances were recalculated."""

    count: int
    accounts: frozenset[str]


@dataclass(frozen=True, slots=True)
class ZoneSum:
    """The digest of one zone as this till holds it."""

    count: int
    total: int


def apply_page(
    connection: Connection,
    *,
    generation: int,
    after: int,
    through: int,
    rows: Sequence[RowLike],
    as_of: datetime,
) -> Applied:
    """Apply the rows between ``after`` and ``through`` and move the cursor; ``as_of`` is the server's signed time.

    Rows of a kind this version does not know are passed over. Raises: StaleCursor, UnreadableRow, ChangedFact.
    """
    _move_cursor(connection, generation=generation, after=after, through=through, as_of=as_of)
    _note_master(connection, rows)
    return _apply_rows(connection, rows, generation=generation)


def apply_again(connection: Connection, *, generation: int, rows: Sequence[RowLike]) -> Applied:
    """Apply rows of a second look at a zone; the cursor stays where it is.

    Raises: StaleCursor when the till has entered another generation; UnreadableRow, ChangedFact.
    """
    check_generation(connection, generation)
    _note_master(connection, rows)
    return _apply_rows(connection, rows, generation=generation)


def check_generation(connection: Connection, generation: int) -> None:
    """Raise StaleCursor unless the till is in this generation of head office."""
    here = connection.execute(select(till_identity.c.generation).where(till_identity.c.id == 1)).scalar_one()
    if here != generation:
        raise StaleCursor(f"a page of generation {generation} for a till in generation {here}")


def _apply_rows(connection: Connection, rows: Sequence[RowLike], *, generation: int) -> Applied:
    by_kind: dict[str, list[RowLike]] = defaultdict(list)
    for row in rows:
        by_kind[row.kind].append(row)
    touched: set[str] = set()
    sought: set[str] = set()
    for kind, table in TABLES.items():
        if kind in by_kind and kind != "fact":
            values = decode_all(table, by_kind[kind])
            if kind == "plan":
                _forget_agreed(connection, values)
            _upsert(connection, table, values)
            if kind in ("customer", "account"):
                sought |= {value["customer_no"] for value in values if value["customer_no"]}
            if kind == "account":
                touched |= {value["account_no"] for value in values}
    for customers, left in _let_leave(connection, by_kind[ACCOUNT_LEFT]):
        sought |= customers
        touched |= left
    _ask_again(connection, by_kind[STREAM_GREW])
    search_index.refresh(connection, customer_nos=sought)
    touched |= _apply_facts(connection, by_kind["fact"], generation=generation)
    recalculate(connection, touched)
    return Applied(len(rows), frozenset(touched))


def _ask_again(connection: Connection, rows: Sequence[RowLike]) -> None:
    """Let earlier streams of which head office was brought more be asked about."""
    grown = streams.c.stream.in_([bytes.fromhex(row.key) for row in rows]), ~streams.c.is_current
    if rows:
        connection.execute(update(streams).where(*grown).values(generation=None))


def _forget_agreed(connection: Connection, values: Sequence[Mapping[str, Any]]) -> None:
    """Forget plans that a restored head office has made anew under the same number with other content.

    Their totals lost their effect when the till went back in the feed; where one still counts, the database refuses.
    """
    for value in values:
        differs = (plans.c.capacity_kw != value["capacity_kw"]) | (plans.c.total_minor != value["total_minor"])
        connection.execute(delete(plans).where(plans.c.account_no == value["account_no"], differs))


def _let_leave(connection: Connection, rows: Sequence[RowLike]) -> Iterator[tuple[set[str], set[str]]]:
    """Let go of accounts that left a zone of this till's; yield the customers and accounts that each touches.

    One that came to another of its zones only changes the digest in which its facts are counted. Of one that is gone,
    the facts stand without effect, as after a restore; this till's own come back in its own line.
    """
    for row in rows:
        account = connection.execute(select(accounts).where(accounts.c.account_no == row.key)).one_or_none()
        if account is None:
            continue
        placed = connection.execute(
            select(facts).where(facts.c.stands_on == row.key, facts.c.position.is_not(None))
        ).all()
        here = [fact_of(one) for one in placed]
        _shift_digest(connection, row.zone, here, sign=-1)
        if account.zone != row.zone:
            _shift_digest(connection, account.zone, here, sign=1)
            continue
        yield places.let_go(connection, account, here)


def _shift_digest(connection: Connection, zone: str, moved: Sequence[Fact], *, sign: int) -> None:
    held = zone_sums(connection).get(zone, ZoneSum(0, 0))
    total = (held.total + sign * sum(map(_share, moved))) % WRAP
    _set_digest(connection, zone, ZoneSum(held.count + sign * len(moved), total))


def _move_cursor(connection: Connection, *, generation: int, after: int, through: int, as_of: datetime) -> None:
    moved = connection.execute(
        update(till_identity)
        .where(till_identity.c.id == 1, till_identity.c.generation == generation, till_identity.c.position == after)
        .values(position=through, as_of=as_of)
    )
    if moved.rowcount != 1:
        raise StaleCursor(f"a page of generation {generation} after {after} does not continue this till's feed")


def _note_master(connection: Connection, rows: Sequence[RowLike]) -> None:
    """Keep the place of the last row heard that is no fact: above it, a restored head office took nothing back."""
    last = max((row.position for row in rows if row.kind != "fact"), default=0)
    higher = update(till_identity).where(till_identity.c.id == 1, till_identity.c.master_position < last)
    if last:
        connection.execute(higher.values(master_position=last))


def _upsert(connection: Connection, table: Table, values: Sequence[Mapping[str, Any]]) -> None:
    names = [column.name for column in columns_of(table)]
    (key,) = table.primary_key.columns
    statement = insert(table)
    statement = statement.on_conflict_do_update(
        index_elements=[key], set_={name: statement.excluded[name] for name in names if name != key.name}
    )
    connection.execute(statement, list(values))


def _apply_facts(connection: Connection, rows: Sequence[RowLike], *, generation: int) -> frozenset[str]:
    if not rows:
        return frozenset()
    arrived = [
        Fact(**values, generation=generation, position=row.position)
        for values, row in zip(decode_all(facts, rows), rows, strict=True)
    ]
    known = known_facts(connection, [fact.fact_id for fact in arrived])
    _move_digests(connection, arrived, [row.zone for row in rows], known)
    forgotten = _forget_changed(connection, arrived, known)
    return forgotten | post(connection, arrived, known=known).accounts


def _forget_changed(connection: Connection, arrived: Sequence[Fact], known: dict[str, Fact]) -> frozenset[str]:
    """Forget facts of head office's own that it now states otherwise, in the ledger and in ``known``; return the
    accounts touched.

    A head office that was restored may use a number again, for another invoice or adjustment: what it said before is
    no fact any more, and must not keep what it says now from being heard. What an entry states never changes.
    """
    changed = [
        known[fact.fact_id]
        for fact in arrived
        if fact.fact_id in known
        and fact.entry_id is None
        and known[fact.fact_id].entry_id is None
        and not same_content(fact, known[fact.fact_id])
    ]
    if not changed:
        return frozenset()
    stood = {fact.account_no for fact in changed} | {fact.stands_on for fact in changed}
    places.unplace(connection, changed, decision="none")
    touched = rewrite_groups(connection, sorted(set(map(subject_of, changed))), also_on=stood)
    connection.execute(_forget, [{"of_fact": fact.fact_id} for fact in changed])
    for fact in changed:
        del known[fact.fact_id]
    return frozenset(touched | stood)


_forget: Final = delete(facts).where(facts.c.fact_id == bindparam("of_fact"))


def _move_digests(
    connection: Connection, arrived: Sequence[Fact], zones: Sequence[str], before: Mapping[str, Fact]
) -> None:
    """Add the arrived facts to their zones' digests; one that had a place before leaves with what it was.

    One that now stands on another account leaves the zone of the account it stood on.
    """
    placed = {fact_id: fact for fact_id, fact in before.items() if fact.position is not None}
    moved = [fact.fact_id for fact in arrived if fact.fact_id in placed and _moves(placed[fact.fact_id], fact)]
    old_zones = _zones_of(connection, {placed[fact_id].stands_on for fact_id in moved}) if moved else {}
    counts: dict[str, int] = defaultdict(int)
    totals: dict[str, int] = defaultdict(int)
    for fact, zone in zip(arrived, zones, strict=True):
        counts[zone] += 1
        totals[zone] += _share(fact)
        old = placed.get(fact.fact_id)
        if old is not None:
            old_zone = old_zones[old.stands_on] if _moves(old, fact) else zone
            counts[old_zone] -= 1
            totals[old_zone] -= _share(old)
    known = zone_sums(connection)
    for zone, count in counts.items():
        held = known.get(zone, ZoneSum(0, 0))
        _set_digest(connection, zone, ZoneSum(held.count + count, (held.total + totals[zone]) % WRAP))


def _moves(old: Fact, new: Fact) -> bool:
    return old.stands_on != new.stands_on


def _zones_of(connection: Connection, account_nos: Set[str]) -> dict[str, str]:
    """Return the zone whose digest counts the facts of these accounts: the till's own for those it does not know."""
    till = connection.execute(select(till_identity.c.till_name)).scalar_one()
    query = select(accounts.c.account_no, accounts.c.zone).where(accounts.c.account_no.in_(sorted(account_nos)))
    zones = {row.account_no: row.zone for row in connection.execute(query)}
    return {account_no: zones.get(account_no, f"till:{till}") for account_no in account_nos}


def _share(fact: Fact) -> int:
    return digest_share(
        fact_id=fact.fact_id, stands_on=fact.stands_on, amount_minor=fact.amount_minor, decision=fact.decision
    )


_sums: Final = select(zone_digests)
_new: Final = insert(zone_digests)
_empty: Final = delete(zone_digests).where(zone_digests.c.zone == bindparam("of_zone"))
_set: Final = _new.on_conflict_do_update(
    index_elements=["zone"], set_={"count": _new.excluded["count"], "total": _new.excluded.total}
)


def _set_digest(connection: Connection, zone: str, held: ZoneSum) -> None:
    if held == ZoneSum(0, 0):
        connection.execute(_empty, {"of_zone": zone})  # as if it had never had any
    else:
        connection.execute(_set, {"zone": zone, "count": held.count, "total": f"{held.total:016x}"})


def zone_sums(connection: Connection) -> dict[str, ZoneSum]:
    """Return the digests this till holds, by zone."""
    return {zone: ZoneSum(count, int(total, 16)) for zone, count, total in connection.execute(_sums)}


def begin_again(connection: Connection, *, generation: int, keep_through: int = 0) -> int:
    """Go back to ``keep_through`` in the feed and enter ``generation``: after a restore of the server, or to pull anew.

    Facts placed above lose their place: this till's own become provisional again, all others stand without effect
    until the feed brings them again. Where other rows were heard above, the till is in doubt until it has looked at
    its zones anew (looking.py). Returns how many facts lost their place.
    """
    above = connection.execute(select(*places.NAMED).where(facts.c.position > keep_through)).all()
    touched = places.take_away(connection, above)
    heard = till_identity.c.master_position
    connection.execute(
        update(till_identity)
        .where(till_identity.c.id == 1)
        .values(
            generation=generation,
            position=keep_through,
            in_doubt=till_identity.c.in_doubt | (heard > keep_through),
            master_position=case((heard > keep_through, keep_through), else_=heard),
        )
    )
    sum_digests_anew(connection)
    recalculate(connection, touched)
    return len(above)


def sum_digests_anew(connection: Connection) -> None:
    """Keep the digests that follow from the facts that still have a place."""
    sums = summed_digests(connection)
    connection.execute(delete(zone_digests))
    for zone, held in sums.items():
        _set_digest(connection, zone, held)


def summed_digests(connection: Connection) -> dict[str, ZoneSum]:
    """Work the digests out from the facts that have a place, by the zone of the account each stands on."""
    till = connection.execute(select(till_identity.c.till_name)).scalar()
    rows = connection.execute(
        select(facts.c.fact_id, facts.c.stands_on, facts.c.amount_minor, facts.c.decision, accounts.c.zone)
        .select_from(facts.outerjoin(accounts, accounts.c.account_no == facts.c.stands_on))
        .where(facts.c.position.is_not(None))
    )
    counts: dict[str, int] = defaultdict(int)
    totals: dict[str, int] = defaultdict(int)
    for fact_id, stands_on, amount_minor, decision, known_zone in rows:
        zone = known_zone or f"till:{till}"
        counts[zone] += 1
        totals[zone] += digest_share(fact_id=fact_id, stands_on=stands_on, amount_minor=amount_minor, decision=decision)
    return {zone: ZoneSum(count, totals[zone] % WRAP) for zone, count in counts.items()}
