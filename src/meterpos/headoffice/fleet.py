"""The tills in the field, as head office last heard of them: how long ago, how far behind, what may be lost."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, bindparam, func, select

from meterpos.headoffice import feed
from meterpos.headoffice.tables import exceptions, tills
from meterpos.ledger.journal import parse
from meterpos.ledger.tables import journal, streams, tenders

SILENT_DAYS: Final = 2
"""A till not heard of for so many whole days is silent."""
DISK_LEAST_MB: Final = 1_000
ENTRIES_LOOKED_AT: Final = 500
"""Of each stream's end, for papers that were not printed."""
LOOKED_BACK: Final = timedelta(days=7)
USUAL_OVER: Final = timedelta(days=30)


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


@dataclass(frozen=True, slots=True, kw_only=True)
class TillCondition:
    """How one till is.

    ``silent_days`` is None where it was never heard of; ``behind`` how many places of the feed it
    had not pulled as its last exchange began.
    ``waiting`` and ``waiting_minor`` are what it said it holds and has not come. ``usual_day_minor`` is what it takes
    on a day, and ``at_risk_minor`` what waits and what it may have taken since: an estimate. ``not_printed`` papers of
    the last days have ``printer`` as their last reason.
    """

    seen: TillSeen
    silent_days: int | None
    behind: int
    waiting: int
    waiting_minor: int
    usual_day_minor: int
    at_risk_minor: int
    not_printed: int
    printer: str
    disk_free_mb: int | None
    open_exceptions: int
    warnings: tuple[str, ...]

    def as_answer(self) -> dict[str, Any]:
        """Return it as a program reads it."""
        answer = asdict(self)
        seen: dict[str, Any] = answer.pop("seen")
        return seen | answer


def list_tills(conn: Connection) -> tuple[TillSeen, ...]:
    """Return every till, by name."""
    columns = [tills.c[name] for name in TillSeen.__dataclass_fields__]
    rows = conn.execute(select(*columns).order_by(tills.c.till_name))
    return tuple(TillSeen(**{**row._mapping, "zones": tuple(row.zones)}) for row in rows)


_SAID: Final = select(tills.c.till_name, tills.c.condition)
_STREAMS: Final = select(streams.c.stream, streams.c.till_name, streams.c.through_seq, streams.c.opened_at).order_by(
    streams.c.opened_at
)
_LAST: Final = select(func.max(journal.c.seq)).where(journal.c.stream == bindparam("stream"))
_NOT_PRINTED: Final = (
    select(journal.c.data)
    .where(
        journal.c.stream == bindparam("stream"),
        journal.c.seq > bindparam("after"),
        journal.c.kind == "print_failed",
    )
    .order_by(journal.c.seq)
)
_TAKEN: Final = select(
    func.coalesce(func.sum(tenders.c.total_minor), 0), func.count(tenders.c.business_date.distinct())
).where(tenders.c.stream.in_(bindparam("streams", expanding=True)), tenders.c.at >= bindparam("since"))
_ITEMS: Final = (
    select(exceptions.c.till_name, func.count().label("open"))
    .where(exceptions.c.resolved_at.is_(None), exceptions.c.till_name.is_not(None))
    .group_by(exceptions.c.till_name)
)


def fleet(conn: Connection, *, at: datetime, silent_days: int = SILENT_DAYS) -> tuple[TillCondition, ...]:
    """Return how every till is at this instant, by name; one silent for ``silent_days`` or more is warned of."""
    end, generation = feed.end(conn), feed.generation(conn)
    said: dict[str, Mapping[str, int]] = {row.till_name: row.condition or {} for row in conn.execute(_SAID)}
    items: dict[str, int] = {row.till_name: row.open for row in conn.execute(_ITEMS)}
    found: dict[str, list[Any]] = {}
    for row in conn.execute(_STREAMS):
        found.setdefault(row.till_name, []).append(row)
    return tuple(
        _condition(
            conn,
            seen,
            said=said[seen.till_name],
            streams_of=found.get(seen.till_name, []),
            behind=_behind(seen, end=end, generation=generation),
            items=items.get(seen.till_name, 0),
            at=at,
            silent_days=silent_days,
        )
        for seen in list_tills(conn)
    )


def _behind(seen: TillSeen, *, end: int, generation: int) -> int:
    """Count the places of the feed a till has not pulled; of another generation it has to begin anew."""
    if seen.reported_position is None or seen.reported_generation != generation:
        return end
    return max(end - seen.reported_position, 0)


def _condition(
    conn: Connection,
    seen: TillSeen,
    *,
    said: Mapping[str, int],
    streams_of: list[Any],
    behind: int,
    items: int,
    at: datetime,
    silent_days: int,
) -> TillCondition:
    silent = None if seen.last_contact_at is None else max((at - seen.last_contact_at).days, 0)
    has_come = not streams_of or streams_of[-1].through_seq >= said.get("last_seq", 0)
    waiting, waiting_minor = (0, 0) if has_come else (said.get("waiting", 0), said.get("waiting_minor", 0))
    usual_minor = _usual_day_minor(conn, streams_of, until=seen.last_contact_at or at)
    reasons = list(_not_printed(conn, streams_of, since=at - LOOKED_BACK))
    disk = said.get("disk_free_mb")
    return TillCondition(
        seen=seen,
        silent_days=silent,
        behind=behind,
        waiting=waiting,
        waiting_minor=waiting_minor,
        usual_day_minor=usual_minor,
        at_risk_minor=waiting_minor + usual_minor * (silent or 0),
        not_printed=len(reasons),
        printer=reasons[-1] if reasons else "",
        disk_free_mb=disk,
        open_exceptions=items,
        warnings=tuple(_warnings(seen, silent, silent_days, not_printed=len(reasons), disk=disk)),
    )


def _usual_day_minor(conn: Connection, streams_of: list[Any], *, until: datetime) -> int:
    """Return what a till took on a day on which it took something, over the weeks before it was last heard of."""
    if not streams_of:
        return 0
    asked = {"streams": [row.stream for row in streams_of], "since": until - USUAL_OVER}
    taken_minor, days = conn.execute(_TAKEN, asked).one()
    return max(int(taken_minor), 0) // days if days else 0


def _not_printed(conn: Connection, streams_of: list[Any], *, since: datetime) -> Iterable[str]:
    """Yield why papers of the last days were not printed, the latest last."""
    for row in streams_of:
        last = conn.execute(_LAST, {"stream": row.stream}).scalar() or 0
        asked = {"stream": row.stream, "after": last - ENTRIES_LOOKED_AT}
        for data in conn.execute(_NOT_PRINTED, asked).scalars():
            entry = parse(data)
            if entry.at >= since:
                yield str(entry.body.get("reason", ""))


def _warnings(
    seen: TillSeen, silent: int | None, silent_days: int, *, not_printed: int, disk: int | None
) -> Iterable[str]:
    if seen.status == "enrolled" and (silent is None or silent >= silent_days):
        yield "silent"
    if not_printed:
        yield "printer"
    if disk is not None and disk < DISK_LEAST_MB:
        yield "disk"
