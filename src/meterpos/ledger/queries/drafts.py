"""Payments that were begun and neither taken nor given up: what a crash left, and what was put aside."""

from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, func, select

from meterpos.ledger.tables import drafts, tenders

PREFIX: Final = "pay:"


@dataclass(frozen=True, slots=True)
class KeptDraft:
    """One payment begun. ``taken`` is the number of the receipt made under its id: it was paid, and must not be again.

    ``data`` is what the window kept, as it kept it.
    """

    tender_id: str
    data: dict[str, Any]
    taken: str | None


_tender_id: Final = func.substr(drafts.c.name, len(PREFIX) + 1)
_kept: Final = (
    select(_tender_id.label("tender_id"), drafts.c.data, tenders.c.number.label("taken"))
    .select_from(drafts.outerjoin(tenders, (tenders.c.tender_id == _tender_id) & (tenders.c.kind == "tender")))
    .where(drafts.c.name.startswith(PREFIX, autoescape=True))
    .order_by(drafts.c.name)
)


def kept_drafts(connection: Connection) -> tuple[KeptDraft, ...]:
    """Return every payment begun, each with the receipt it became, if it did."""
    return tuple(KeptDraft(row.tender_id, row.data, row.taken) for row in connection.execute(_kept))
