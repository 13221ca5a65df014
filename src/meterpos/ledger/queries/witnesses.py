"""What this till remembers of the feed and head office does not: facts that a restore took from it."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, func, select

from meterpos.ledger.feedrows import columns_of, data_of
from meterpos.ledger.tables import accounts, facts, till_identity


@dataclass(frozen=True, slots=True, kw_only=True)
class Remembered:
    """A fact heard in ``generation`` at ``position`` (0: its place is forgotten), as a row of the feed says it."""

    fact_id: str
    generation: int
    position: int
    zone: str
    data: bytes


def forgotten_facts(
    connection: Connection, *, zones: Collection[str], heard: Collection[str]
) -> tuple[Remembered, ...]:
    """Return what a restore of head office took from it, by the order in which it was heard.

    Others' facts that lost their place when head office began a generation, and of which it was not told yet; and of
    ``zones``, at which the till has just looked a second time, those that are not among the ids it ``heard`` of.
    Facts of accounts that this till no longer serves are others' to remember.
    """
    unplaced = facts.c.position.is_(None) & (facts.c.decision == "none") & facts.c.generation.is_not(None)
    found = [_remembered(row) for row in connection.execute(_facts(unplaced))]
    if zones:
        till = connection.execute(select(till_identity.c.till_name)).scalar_one()
        zone = func.coalesce(accounts.c.zone, f"till:{till}")
        known = frozenset(heard)
        placed = _facts(facts.c.position.is_not(None) & zone.in_(sorted(zones)), own_zone=f"till:{till}")
        found += [_remembered(row) for row in connection.execute(placed) if row.fact_id not in known]
    return tuple(found)


def _facts(which: ColumnElement[bool], *, own_zone: str | None = None) -> Select[Any]:
    """Select facts with the zone of their account; those of accounts not known here only with an ``own_zone``."""
    zone = accounts.c.zone if own_zone is None else func.coalesce(accounts.c.zone, own_zone)
    joined = facts.join(accounts, accounts.c.account_no == facts.c.stands_on, isouter=own_zone is not None)
    query = select(*columns_of(facts), facts.c.generation, facts.c.position, zone.label("zone"))
    return query.select_from(joined).where(which).order_by(facts.c.generation, facts.c.position, facts.c.fact_id)


def _remembered(row: Any) -> Remembered:
    return Remembered(
        fact_id=row.fact_id,
        generation=row.generation,
        position=row.position or 0,
        zone=row.zone,
        data=data_of(facts, row),
    )
