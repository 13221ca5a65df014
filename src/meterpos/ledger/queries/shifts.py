"""The open shift and what was taken in a shift, added up from its papers."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import Connection, bindparam, func, select

from meterpos.ledger.journal import parse
from meterpos.ledger.queries.cash import CashMovement, movements_of_shift
from meterpos.ledger.rules.cash import DrawerCash, drawer_cash
from meterpos.ledger.rules.tenders import METHODS
from meterpos.ledger.tables import journal, shifts, streams, tenders


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """One shift of one stream; what was counted is None until it is closed."""

    stream: bytes
    shift: int
    clerk: str
    business_date: date
    opened_at: datetime
    float_minor: int
    closed_at: datetime | None
    expected_minor: int | None
    counted_minor: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosedShift:
    """One closed shift of this till and the number of its report; what it was over is positive, short negative."""

    number: str
    shift: int
    clerk: str
    business_date: date
    opened_at: datetime
    closed_at: datetime
    counted_minor: int
    difference_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MethodTotal:
    """What was taken by one method: in how many tenders, how much; reversals are counted apart."""

    method: str
    count: int
    amount_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ShiftTotals:
    """What a shift's papers add up to; ``reversed_minor`` is above zero, ``first_number`` None where there are none."""

    cash: DrawerCash
    by_method: tuple[MethodTotal, ...]
    receipts: int
    first_number: str | None
    last_number: str | None
    reversals: int
    reversed_minor: int
    reprints: int
    movements: tuple[CashMovement, ...] = ()
    drawer_openings: int = 0
    abandoned: int = 0

    @property
    def taken_minor(self) -> int:
        """Return what was taken by all methods, before reversals."""
        return sum(one.amount_minor for one in self.by_method)

    @property
    def cash_taken_minor(self) -> int:
        """Return the cash applied; change is never cash taken."""
        return self.cash.taken_minor

    @property
    def cash_refunded_minor(self) -> int:
        """Return the cash given back by reversals."""
        return self.cash.refunded_minor

    @property
    def expected_minor(self) -> int:
        """Return what must lie in the drawer."""
        return self.cash.expected_minor


_open: Final = (
    select(shifts)
    .join(streams, streams.c.stream == shifts.c.stream)
    .where(streams.c.is_current, shifts.c.closed_at.is_(None))
    .order_by(shifts.c.shift.desc())
    .limit(1)
)
_one: Final = select(shifts).where(shifts.c.stream == bindparam("stream"), shifts.c.shift == bindparam("shift"))
_recent: Final = select(shifts).order_by(shifts.c.opened_at.desc())
_closed: Final = (
    select(shifts, streams.c.till_name, streams.c.label)
    .join(streams, streams.c.stream == shifts.c.stream)
    .where(shifts.c.closed_at.is_not(None))
    .order_by(shifts.c.closed_at.desc(), shifts.c.shift.desc())
)
_papers: Final = (
    select(
        tenders.c.entry_id,
        tenders.c.kind,
        tenders.c.number,
        tenders.c.methods,
        tenders.c.total_minor,
        tenders.c.cash_minor,
    )
    .where(tenders.c.stream == bindparam("stream"), tenders.c.shift == bindparam("shift"))
    .order_by(tenders.c.counter)
)
_data: Final = select(journal.c.data).where(journal.c.entry_id.in_(bindparam("entry_ids", expanding=True)))
_of_stream: Final = select(journal.c.seq, journal.c.kind, journal.c.data).where(journal.c.stream == bindparam("stream"))
_grand_total: Final = select(func.coalesce(func.sum(tenders.c.total_minor), 0)).where(
    tenders.c.stream == bindparam("stream"), tenders.c.kind == "tender"
)


def current_shift(connection: Connection) -> Shift | None:
    """Return the open shift of this till, None when none is open."""
    row = connection.execute(_open).one_or_none()
    return None if row is None else Shift(**row._mapping)


def find_shift(connection: Connection, *, stream: bytes, shift: int) -> Shift | None:
    """Return one shift, open or closed; None when there is no such shift."""
    row = connection.execute(_one, {"stream": stream, "shift": shift}).one_or_none()
    return None if row is None else Shift(**row._mapping)


def recent_shifts(connection: Connection, *, limit: int = 50) -> tuple[Shift, ...]:
    """Return the last shifts, the latest first."""
    return tuple(Shift(**row._mapping) for row in connection.execute(_recent.limit(limit)))


def report_number(*, till_name: str, label: str, sign: str, shift: int) -> str:
    """Return the number of a shift's report: sign Z once it is closed, X before."""
    return f"{till_name}-{label}-{sign}{shift:05d}"


def closed_shifts(connection: Connection, *, limit: int = 50) -> tuple[ClosedShift, ...]:
    """Return the last shifts that were closed here with their reports' numbers, the latest first."""
    return tuple(
        ClosedShift(
            number=report_number(till_name=row.till_name, label=row.label, sign="Z", shift=row.shift),
            shift=row.shift,
            clerk=row.clerk,
            business_date=row.business_date,
            opened_at=row.opened_at,
            closed_at=row.closed_at,
            counted_minor=row.counted_minor,
            difference_minor=row.counted_minor - row.expected_minor,
        )
        for row in connection.execute(_closed.limit(limit))
    )


def totals(connection: Connection, shift: Shift) -> ShiftTotals:
    """Add up the papers of a shift, open or closed."""
    papers = connection.execute(_papers, {"stream": shift.stream, "shift": shift.shift}).all()
    taken = [paper for paper in papers if paper.kind == "tender"]
    undone = [paper for paper in papers if paper.kind == "reversal"]
    moved = movements_of_shift(connection, stream=shift.stream, shift=shift.shift)
    noted = _noted(connection, shift)
    return ShiftTotals(
        cash=drawer_cash(
            float_minor=shift.float_minor,
            drawer_minor=(paper.cash_minor for paper in papers),
            moved_out_minor=sum(one.amount_minor for one in moved if one.kind in {"drop", "payout"}),
            recounted_minor=sum(one.difference_minor for one in moved),
        ),
        movements=moved,
        by_method=_by_method(connection, taken),
        receipts=len(taken),
        first_number=taken[0].number if taken else None,
        last_number=taken[-1].number if taken else None,
        reversals=len(undone),
        reversed_minor=-sum(paper.total_minor for paper in undone),
        reprints=noted["reprinted"],
        drawer_openings=noted["drawer_opened"],
        abandoned=noted["payment_abandoned"],
    )


def grand_total(connection: Connection, stream: bytes) -> int:
    """Return all that was ever taken on a stream, in minor units; nothing resets it and reversals do not lower it."""
    return int(connection.execute(_grand_total, {"stream": stream}).scalar_one())


def _by_method(connection: Connection, taken: Iterable[Any]) -> tuple[MethodTotal, ...]:
    """Sum tenders by method: one paid by a single method says so in its row, others in their entry."""
    counts = dict.fromkeys(METHODS, 0)
    sums = dict.fromkeys(METHODS, 0)
    several = []
    for paper in taken:
        if paper.methods in counts:
            counts[paper.methods] += 1
            sums[paper.methods] += paper.total_minor
        else:
            several.append(paper.entry_id)
    for legs in _legs_of(connection, several):
        for method in {leg["method"] for leg in legs}:
            counts[method] += 1
            sums[method] += sum(leg["amount"] for leg in legs if leg["method"] == method)
    return tuple(
        MethodTotal(method=method, count=counts[method], amount_minor=sums[method])
        for method in METHODS
        if counts[method]
    )


def _legs_of(connection: Connection, entry_ids: list[bytes]) -> Iterable[list[dict[str, Any]]]:
    if entry_ids:
        for data in connection.execute(_data, {"entry_ids": entry_ids}).scalars():
            yield parse(data).body["legs"]


def _noted(connection: Connection, shift: Shift) -> dict[str, int]:
    """Count copies asked for, drawer openings and payments given up in a shift: entries from its opening on."""
    counts = {"reprinted": 0, "drawer_opened": 0, "payment_abandoned": 0}
    rows = connection.execute(_of_stream.order_by(journal.c.seq.desc()), {"stream": shift.stream})
    for row in rows:
        if row.kind in counts and (said := parse(row.data)).shift == shift.shift:
            counts[row.kind] += row.kind != "reprinted" or said.body["copy"] > 0
        if row.kind == "shift_opened" and parse(row.data).shift == shift.shift:
            break
    rows.close()
    return counts
