"""The tills in the field, as head office last heard of them."""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from meterpos.headoffice.tables import tills


@dataclass(frozen=True, slots=True, kw_only=True)
class TillSeen:
    """One till; `reported_position` is how far in the feed it said it was."""

    till_name: str
    title: str
    zones: tuple[str, ...]
    status: str
    device_id: str | None
    enrolled_at: datetime | None
    last_contact_at: datetime | None
    software: str
    reported_generation: int | None
    reported_position: int | None

    def as_answer(self) -> dict[str, Any]:
        """Return it as a program reads it."""
        return asdict(self)


def list_tills(conn: Connection) -> tuple[TillSeen, ...]:
    """Return every till, by name."""
    columns = [tills.c[name] for name in TillSeen.__dataclass_fields__]
    rows = conn.execute(select(*columns).order_by(tills.c.till_name))
    return tuple(TillSeen(**{**row._mapping, "zones": tuple(row.zones)}) for row in rows)
