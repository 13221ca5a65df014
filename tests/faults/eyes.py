"""Looking on from outside: what stands on a simulated disk, in plain SQL and as the driver gives it.

A judgement reads whole tables after every schedule, and most of their rows it has seen a hundred times: a row of the
facts is made into a fact once.
"""

import json
from datetime import date
from typing import Any, Final

from meterpos.ledger.rules.facts import Fact
from meterpos.ledger.tables import facts
from tests.faults.disks import SimStore

FACTS_MAX: Final = 50_000
"""So many are kept; a tree of schedules has some thousands."""

_COLUMNS: Final = tuple(column.name for column in facts.columns)
_DAYS: Final = tuple(_COLUMNS.index(name) for name in ("fact_date", "due_date"))
_COUNTS: Final = _COLUMNS.index("counts")
_ALL: Final = f"SELECT {', '.join(_COLUMNS)} FROM facts"
_made: Final[dict[tuple[Any, ...], Fact]] = {}


def facts_of(store: SimStore) -> list[Fact]:
    """Return every fact of a ledger; the same row gives the same object."""
    if len(_made) > FACTS_MAX:
        _made.clear()
    return [_made.get(row) or _fact(row) for row in store.look(_ALL)]


def _fact(row: tuple[Any, ...]) -> Fact:
    values = list(row)
    for place in _DAYS:
        values[place] = None if row[place] is None else date.fromisoformat(row[place])
    values[_COUNTS] = bool(row[_COUNTS])
    made = _made[row] = Fact(**dict(zip(_COLUMNS, values, strict=True)))
    return made


def column(store: SimStore, query: str, *values: Any) -> list[Any]:
    """Return the first column of what a query finds."""
    return [row[0] for row in store.look(query, *values)]


def entry_ids(store: SimStore) -> list[bytes]:
    """Return the id of every entry of a journal."""
    return column(store, "SELECT entry_id FROM journal")


def accounts_of(store: SimStore) -> list[tuple[str, int, str]]:
    """Return number, sum and zone of every account."""
    return store.look("SELECT account_no, net_minor, zone FROM accounts")


def zones_of(store: SimStore) -> tuple[str, ...]:
    """Return the zones a till reads besides everybody's."""
    ((zones, name),) = store.look("SELECT zones, till_name FROM till_identity")
    return (*json.loads(zones), f"till:{name}")


def marks(values: tuple[Any, ...]) -> str:
    """Return as many marks as there are values."""
    return ", ".join("?" * len(values))
