"""Whether a till has pulled what was migrated: from then on the migration cannot be taken back."""

from collections.abc import Iterable
from datetime import datetime
from typing import Protocol

from sqlalchemy import Connection

from meterpos.headoffice.legacy import state


class Placed(Protocol):
    """A row of the feed, as it is sent."""

    @property
    def position(self) -> int:
        """Where it stands in line."""


def is_first(conn: Connection, rows: Iterable[Placed]) -> bool:
    """Tell whether these rows are the first migrated ones that any till is sent."""
    posted = state.done(conn, state.POSTING)
    if posted is None or state.done(conn, state.PULLED) is not None:
        return False
    first, last = posted.details["feed_first"], posted.details["feed_last"]
    return any(first <= row.position <= last for row in rows)


def note(conn: Connection, *, till_name: str, at: datetime) -> None:
    """Note that a till is about to be sent migrated rows; before they leave, so that it can never be forgotten."""
    if state.done(conn, state.PULLED) is None:
        state.note(conn, state.PULLED, at=at, seconds=0, details={"till": till_name})
