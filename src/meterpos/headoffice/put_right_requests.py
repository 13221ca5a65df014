"""What tills ask head office to put right: one item a receipt, however often and by however many tills it is asked."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Any, Final

from sqlalchemy import Connection, select, update

from meterpos.headoffice import bulk
from meterpos.headoffice.exceptions import Opening
from meterpos.headoffice.tables import exceptions as items
from meterpos.ledger.journal import short_id
from meterpos.ledger.rules.facts import till_fact_id
from meterpos.ledger.tables import facts, tenders

ASKED: Final = "put_right_request"
ALSO_MAX: Final = 20
"""How many more who asked an item names: what they ask is mostly the same."""


def merged(conn: Connection, openings: Sequence[Opening]) -> list[Opening]:
    """Return what is to be opened: of several who ask about one receipt the first, who names the others.

    Where an item is open already, it names them. A receipt that was taken back meanwhile is asked about for nothing.
    """
    asking = [opening for opening in openings if opening.code == ASKED]
    if not asking:
        return list(openings)
    numbers = {opening.subject for opening in asking}
    undone, standing = _undone(conn, numbers), _open(conn, numbers)
    first: dict[str, Opening] = {}
    for opening in asking:
        number = opening.subject
        if number in undone:
            continue
        if number in standing:
            standing[number] = _with(standing[number], opening)
            said = {"details": standing[number]}
            conn.execute(update(items).where(items.c.code == ASKED, items.c.subject == number).values(said))
        elif number in first:
            first[number] = replace(first[number], details=_with(first[number].details, opening))
        else:
            first[number] = opening
    return [*(opening for opening in openings if opening.code != ASKED), *first.values()]


def _with(details: Any, opening: Opening) -> dict[str, Any]:
    """Return what an item says, with one more who asks."""
    also = [*details.get("also", ()), {"till": opening.till_name, **opening.details}]
    return {**details, "also": also[:ALSO_MAX]}


def _open(conn: Connection, numbers: Collection[str]) -> dict[str, Any]:
    query = select(items.c.subject, items.c.details).where(items.c.code == ASKED, items.c.resolved_at.is_(None))
    return {
        row.subject: row.details
        for chunk in bulk.chunks(sorted(numbers), bulk.CHUNK)
        for row in conn.execute(query.where(items.c.subject.in_(chunk)).with_for_update())
    }


def _undone(conn: Connection, numbers: Collection[str]) -> set[str]:
    """Return which of these receipts were taken back: found by their papers, since facts have no index by number."""
    firsts: dict[str, str] = {}
    papers = select(tenders.c.number, tenders.c.entry_id).where(tenders.c.kind == "tender")
    for chunk in bulk.chunks(sorted(numbers), bulk.CHUNK):
        for number, entry_id in conn.execute(papers.where(tenders.c.number.in_(chunk))):
            firsts[till_fact_id(short_id(entry_id), 0)] = number
    undone = select(facts.c.of_fact_id).where(facts.c.kind == "reversal", facts.c.decision.is_distinct_from("none"))
    return {
        firsts[fact_id]
        for chunk in bulk.chunks(sorted(firsts), bulk.CHUNK)
        for fact_id in conn.execute(undone.where(facts.c.of_fact_id.in_(chunk))).scalars()
    }
