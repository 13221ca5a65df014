"""Where the cash of all pay points went: from the drawers into the safes and to the bank, shift by shift."""

from dataclasses import dataclass
from datetime import date
from typing import Final

from sqlalchemy import Connection, bindparam, select

from meterpos.ledger.queries.cash import drawer_minor, in_safe_minor
from meterpos.ledger.rules.cash import MovementKind
from meterpos.ledger.tables import cash_movements, shifts, streams, users


@dataclass(frozen=True, slots=True, kw_only=True)
class ShiftKept:
    """One shift of a till; ``expected_minor`` and ``counted_minor`` are None while it is open."""

    till: str
    day: date
    shift: int
    clerk: str
    float_minor: int
    expected_minor: int | None
    counted_minor: int | None

    @property
    def difference_minor(self) -> int:
        """What its count was over (short, negative); zero while it is open."""
        return 0 if self.counted_minor is None else self.counted_minor - (self.expected_minor or 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """Cash that was moved at a till, once; ``shift`` is None for what was banked between shifts."""

    till: str
    day: date
    shift: int | None
    clerk: str
    kind: MovementKind
    number: str
    amount_minor: int
    difference_minor: int
    slip: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TillCash:
    """One till: what its drawers and its safe must hold now, and what was banked in the period."""

    till: str
    drawer_minor: int
    safe_minor: int
    banked_minor: int
    difference_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Custody:
    """The cash of every till; shifts and movements are those of the period, both days included."""

    from_date: date
    to_date: date
    tills: tuple[TillCash, ...]
    shifts: tuple[ShiftKept, ...]
    moved: tuple[Moved, ...]


_SHIFTS: Final = (
    select(
        streams.c.till_name.label("till"),
        shifts.c.business_date.label("day"),
        shifts.c.shift,
        shifts.c.clerk,
        shifts.c.float_minor,
        shifts.c.expected_minor,
        shifts.c.counted_minor,
    )
    .join_from(shifts, streams, streams.c.stream == shifts.c.stream)
    .where(shifts.c.business_date.between(bindparam("from_date"), bindparam("to_date")))
    .order_by(streams.c.till_name, shifts.c.business_date, streams.c.opened_at, shifts.c.shift)
)
_OPEN: Final = (
    select(streams.c.till_name, shifts.c.stream, shifts.c.shift)
    .join_from(shifts, streams, streams.c.stream == shifts.c.stream)
    .where(shifts.c.closed_at.is_(None))
)
_MOVED: Final = (
    select(
        streams.c.till_name.label("till"),
        cash_movements.c.business_date.label("day"),
        *(
            cash_movements.c[name]
            for name in ("shift", "clerk", "kind", "number", "amount_minor", "difference_minor", "slip", "reason")
        ),
    )
    .join_from(cash_movements, streams, streams.c.stream == cash_movements.c.stream)
    .where(cash_movements.c.business_date.between(bindparam("from_date"), bindparam("to_date")))
    .order_by(streams.c.till_name, cash_movements.c.at, cash_movements.c.counter)
)
_NAMES: Final = select(users.c.user_name, users.c.display_name)
_TILLS: Final = select(streams.c.till_name).distinct().order_by(streams.c.till_name)


def custody(connection: Connection, *, from_date: date, to_date: date) -> Custody:
    """Return what the drawers and safes hold now, and what the period's shifts and movements were.

    Clerks are named as people know them.
    """
    asked = {"from_date": from_date, "to_date": to_date}
    names: dict[str, str] = {row.user_name: row.display_name for row in connection.execute(_NAMES)}
    kept = tuple(
        ShiftKept(**{**row._mapping, "clerk": names.get(row.clerk) or row.clerk})
        for row in connection.execute(_SHIFTS, asked)
    )
    moved = tuple(
        Moved(**{**row._mapping, "clerk": names.get(row.clerk) or row.clerk, "slip": row.slip or ""})
        for row in connection.execute(_MOVED, asked)
    )
    drawers: dict[str, int] = {}
    for row in connection.execute(_OPEN).all():
        held_minor = drawer_minor(connection, stream=row.stream, shift=row.shift)
        drawers[row.till_name] = drawers.get(row.till_name, 0) + held_minor
    return Custody(
        from_date=from_date,
        to_date=to_date,
        tills=tuple(_till(connection, name, drawers, kept, moved) for name in connection.execute(_TILLS).scalars()),
        shifts=kept,
        moved=moved,
    )


def _till(
    connection: Connection, name: str, drawers: dict[str, int], kept: tuple[ShiftKept, ...], moved: tuple[Moved, ...]
) -> TillCash:
    mine = [one for one in moved if one.till == name]
    counts = [one.difference_minor for one in mine] + [one.difference_minor for one in kept if one.till == name]
    return TillCash(
        till=name,
        drawer_minor=drawers.get(name, 0),
        safe_minor=in_safe_minor(connection, till_name=name),
        banked_minor=sum(one.amount_minor for one in mine if one.kind == "banking"),
        difference_minor=sum(counts),
    )
