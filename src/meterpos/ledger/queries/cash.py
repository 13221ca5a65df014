"""Where the cash of a pay point is: what moved in a shift, what the drawer and the safe must hold."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import BigInteger, Connection, bindparam, cast, func, select

from meterpos.ledger.queries.settings import utility_settings
from meterpos.ledger.rules.cash import MovementKind, limit_sentence, safe_minor
from meterpos.ledger.tables import cash_movements, shifts, streams, tenders


@dataclass(frozen=True, slots=True, kw_only=True)
class CashMovement:
    """Cash that was moved, once; ``difference_minor`` is what the count of a handover was over (short, negative)."""

    number: str
    kind: MovementKind
    at: datetime
    clerk: str
    amount_minor: int
    difference_minor: int
    slip: str | None
    reason: str
    to_clerk: str | None
    approved_by: str | None


_COLUMNS: Final = tuple(cash_movements.c[name] for name in CashMovement.__dataclass_fields__)
_of_shift: Final = (
    select(*_COLUMNS)
    .where(cash_movements.c.stream == bindparam("stream"), cash_movements.c.shift == bindparam("shift"))
    .order_by(cash_movements.c.counter)
)
_float: Final = select(shifts.c.float_minor).where(
    shifts.c.stream == bindparam("stream"), shifts.c.shift == bindparam("shift")
)
_papers: Final = select(cast(func.coalesce(func.sum(tenders.c.cash_minor), 0), BigInteger)).where(
    tenders.c.stream == bindparam("stream"), tenders.c.shift == bindparam("shift")
)
_moved: Final = (
    select(
        cash_movements.c.kind,
        cast(func.sum(cash_movements.c.amount_minor), BigInteger).label("amount_minor"),
    )
    .join_from(cash_movements, streams, streams.c.stream == cash_movements.c.stream)
    .where(streams.c.till_name == bindparam("till_name"))
    .group_by(cash_movements.c.kind)
)
_closed: Final = (
    select(
        cast(func.coalesce(func.sum(shifts.c.counted_minor), 0), BigInteger),
        cast(func.coalesce(func.sum(shifts.c.float_minor), 0), BigInteger),
    )
    .join_from(shifts, streams, streams.c.stream == shifts.c.stream)
    .where(streams.c.till_name == bindparam("till_name"), shifts.c.closed_at.is_not(None))
)

_open: Final = (
    select(shifts.c.stream, shifts.c.shift)
    .join_from(shifts, streams, streams.c.stream == shifts.c.stream)
    .where(streams.c.is_current, shifts.c.closed_at.is_(None))
)


def movements_of_shift(connection: Connection, *, stream: bytes, shift: int) -> tuple[CashMovement, ...]:
    """Return the cash moved in a shift, in its order."""
    rows = connection.execute(_of_shift, {"stream": stream, "shift": shift})
    return tuple(CashMovement(**row._mapping) for row in rows)


def drawer_minor(connection: Connection, *, stream: bytes, shift: int) -> int:
    """Return what the drawer of a shift must hold now; zero of a shift that is not known."""
    place = {"stream": stream, "shift": shift}
    held_minor = connection.execute(_float, place).scalar() or 0
    held_minor += connection.execute(_papers, place).scalar_one()
    for moved in movements_of_shift(connection, stream=stream, shift=shift):
        held_minor += moved.difference_minor - (moved.amount_minor if moved.kind in {"drop", "payout"} else 0)
    return int(held_minor)


def held_in_drawer(connection: Connection) -> int:
    """Return what the drawer of the open shift must hold now; zero between shifts."""
    shift = connection.execute(_open).one_or_none()
    return 0 if shift is None else drawer_minor(connection, stream=shift.stream, shift=shift.shift)


def in_safe_minor(connection: Connection, *, till_name: str) -> int:
    """Return what the safe of a till must hold, over all its streams."""
    place = {"till_name": till_name}
    sums: dict[str, int] = {row.kind: row.amount_minor for row in connection.execute(_moved, place)}
    counted_minor, floats_minor = connection.execute(_closed, place).one()
    return safe_minor(
        dropped_minor=sums.get("drop", 0),
        banked_minor=sums.get("banking", 0),
        counted_minor=counted_minor,
        floats_minor=floats_minor,
    )


def cash_warning(connection: Connection) -> str:
    """Return what to tell the clerk of the cash held in the open shift; empty below the utility's limits."""
    settings = utility_settings(connection)
    if not (settings.cash_warn_minor or settings.cash_stop_minor):
        return ""
    held_minor = held_in_drawer(connection)
    return limit_sentence(held_minor, warn_minor=settings.cash_warn_minor, stop_minor=settings.cash_stop_minor)
