"""Readings nobody could bring: a month's missing ones guessed from how each meter went before."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, select

from meterpos.headoffice.billing import periods, readings, runs
from meterpos.headoffice.billing.periods import Period
from meterpos.headoffice.billing.runs import CannotRun
from meterpos.headoffice.tables import readings as readings_table
from meterpos.ledger.rules.metering import Reading, ReadingRefused, estimate
from meterpos.ledger.store import Store
from meterpos.ledger.tables import accounts, meters

LOOKED_BACK: Final = timedelta(days=124)
"""How far back the readings are looked at from which a guess is made: four months."""
REASONS_MAX: Final = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimated:
    """How many meters were estimated; which could not be and why, of those the first thousand."""

    estimated: int
    errors: int
    reasons: dict[str, str]


def estimate_missing(store: Store, *, period: Period, on: date, at: datetime) -> Estimated:
    """Estimate each active meter that has no reading of a period yet, for a day of it. A door: a write block a lot.

    Raises: CannotRun.
    """
    if not period.starts_on <= on <= period.ends_on:
        raise CannotRun(f"{on:%d %b %Y} is no day of {period.name}. Give a day of that month.", field="on")
    count = errors = 0
    reasons: dict[str, str] = {}
    after = ""
    while True:
        with store.write() as conn:
            runs.wait_turn(conn)
            missing = _unread(conn, period, on, after=after)
            made, refused = _estimate(conn, missing, on=on)
            readings.keep(conn, made, at=at, noted_from="estimate")
        count, errors = count + len(made), errors + len(refused)
        reasons |= dict(list(refused.items())[: REASONS_MAX - len(reasons)])
        if len(missing) < runs.AT_ONCE:
            return Estimated(estimated=count, errors=errors, reasons=reasons)
        after = missing[-1]


def _unread(conn: Connection, period: Period, on: date, *, after: str) -> Sequence[str]:
    read: Any = (
        select(readings_table.c.meter_no)
        .where(
            readings_table.c.meter_no == accounts.c.meter_no,
            readings_table.c.kind == "read",
            readings_table.c.read_on >= period.starts_on,
            readings_table.c.read_on <= period.ends_on,
        )
        .exists()
    )
    query = (
        select(accounts.c.meter_no)
        .join(meters, meters.c.meter_no == accounts.c.meter_no)
        .where(
            accounts.c.kind == "meter",
            accounts.c.closed_on.is_(None),
            accounts.c.opened_on <= on,
            meters.c.status == "active",
            accounts.c.meter_no > after,
            ~read,
        )
        .order_by(accounts.c.meter_no)
        .limit(runs.AT_ONCE)
    )
    return conn.execute(query).scalars().all()


def _estimate(
    conn: Connection, meter_nos: Sequence[str], *, on: date
) -> tuple[list[tuple[str, Reading]], dict[str, str]]:
    known = readings.registers(conn, meter_nos)
    earlier = periods.readings_of(conn, meter_nos, on - LOOKED_BACK, on)
    made: list[tuple[str, Reading]] = []
    refused: dict[str, str] = {}
    for meter_no in meter_nos:
        went = [(one.read_on, one.total_milli) for one in earlier.get(meter_no, ())]
        try:
            made.append((meter_no, estimate(known[meter_no], went, read_on=on)))
        except ReadingRefused as error:
            refused[meter_no] = str(error)
    return made, refused
