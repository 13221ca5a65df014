"""Witnesses: what tills remember of the feed and head office lost in a restore.

What a till says it heard is signed by the till alone, so nobody posts it: it is kept word for word and stands open on
the desk until it came back (from the till that made it, or made again) or a person says why not.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from typing import Any, Final

from sqlalchemy import Connection, Select, select

from meterpos.headoffice import bulk, exceptions, feed
from meterpos.headoffice.auth import Device
from meterpos.headoffice.exceptions import Opening
from meterpos.headoffice.tables import witnesses
from meterpos.ledger.feedrows import decode_all
from meterpos.ledger.tables import facts
from meterpos.sync.wire import FeedRow, Witness

CODE: Final = "witness"


@dataclass(frozen=True, slots=True, kw_only=True)
class Lost:
    """A fact as a till remembers it. ``is_here``: it came back since."""

    fact_id: str
    kind: str
    number: str
    account_no: str
    fact_date: date
    amount_minor: int
    till_name: str
    generation: int
    received_at: datetime
    is_here: bool


def take_in(conn: Connection, said: Witness, *, device: Device, at: datetime) -> int:
    """Keep what a till remembers and head office does not know; return how many facts that is.

    Rows of another kind, and of zones the till does not serve, are passed over. Raises: UnreadableRow.
    """
    told = [row for row in said.rows if row.kind == "fact" and row.zone in device.pulled]
    values = decode_all(facts, told)
    here = set(conn.execute(select(facts.c.fact_id).where(_named(conn, facts.c.fact_id, told))).scalars())
    rows = [
        {
            "fact_id": row.key,
            "till_name": device.till_name,
            "generation": said.generation,
            "position": row.position,
            "zone": row.zone,
            "data": row.data,
            "received_at": at,
        }
        for row in told
        if row.key not in here
    ]
    bulk.insert_new(conn, witnesses, rows)
    if rows:
        exceptions.open_all(conn, _openings(conn, said, values, {row["fact_id"] for row in rows}, device), at=at)
    return len(rows)


def _named(conn: Connection, column: Any, rows: Sequence[FeedRow]) -> Any:
    return bulk.among(conn, column, [row.key for row in rows])


def _openings(
    conn: Connection, said: Witness, values: Sequence[dict[str, Any]], lost: set[Any], device: Device
) -> list[Opening]:
    """Open one item a till; and where they were heard in this very generation, head office was restored unannounced."""
    numbers = [str(value["number"]) for value in values if value["fact_id"] in lost]
    details = {"generation": said.generation, "count": len(numbers), "first": numbers[0], "last": numbers[-1]}
    openings = [Opening(code=CODE, subject=device.till_name, till_name=device.till_name, details=details)]
    if said.generation == feed.generation(conn):
        openings.append(
            Opening(
                code="rolled_back",
                subject=f"generation {said.generation}",
                till_name=device.till_name,
                details={"remembered": len(numbers), "first": numbers[0]},
            )
        )
    return openings


def settle_found(conn: Connection, *, at: datetime) -> None:
    """Close the items of tills of whose witnesses nothing is missing any more."""
    missing = {lost.till_name for lost in listed(conn)}
    heard = set(conn.execute(select(witnesses.c.till_name).distinct()).scalars())
    exceptions.settle(conn, CODE, heard - missing, at=at, resolution="All that the till remembered is here again.")


def listed(conn: Connection, *, also_found: bool = False) -> tuple[Lost, ...]:
    """Return what tills remember and head office does not have, by till; with ``also_found`` what came back too."""
    query = _listed if also_found else _listed.where(facts.c.fact_id.is_(None))
    found = conn.execute(query)
    return tuple(lost for _, rows in groupby(found, key=lambda row: row.till_name) for lost in _read(list(rows)))


_listed: Final[Select[Any]] = (
    select(witnesses, facts.c.fact_id.is_not(None).label("is_here"))
    .select_from(witnesses.outerjoin(facts, facts.c.fact_id == witnesses.c.fact_id))
    .order_by(witnesses.c.till_name, witnesses.c.generation, witnesses.c.position, witnesses.c.fact_id)
)


def _read(rows: Sequence[Any]) -> list[Lost]:
    as_told = [
        FeedRow(position=row.position, zone=row.zone, kind="fact", key=row.fact_id, version=1, data=row.data)
        for row in rows
    ]
    return [
        Lost(
            fact_id=row.fact_id,
            kind=value["kind"],
            number=value["number"],
            account_no=value["account_no"],
            fact_date=value["fact_date"],
            amount_minor=value["amount_minor"],
            till_name=row.till_name,
            generation=row.generation,
            received_at=row.received_at,
            is_here=bool(row.is_here),
        )
        for row, value in zip(rows, decode_all(facts, as_told), strict=True)
    ]


def tills_without_item(conn: Connection) -> tuple[str, ...]:
    """Return the tills that remember something missing here and have no item on the desk."""
    from meterpos.headoffice.tables import exceptions as table

    named = select(table.c.subject).where(table.c.code == CODE)
    missing = _listed.with_only_columns(witnesses.c.till_name).order_by(None).distinct()
    rows = conn.execute(missing.where(facts.c.fact_id.is_(None), witnesses.c.till_name.not_in(named)))
    return tuple(sorted(rows.scalars()))
