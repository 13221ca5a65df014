"""The last reading of each meter, for the first bill run: counting goes on where the old books left it.

What was read before is billed already, and the old books keep no day of it; it stays in staging.
"""

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Final

from sqlalchemy import Connection, text

from meterpos.headoffice import bulk
from meterpos.headoffice.billing.readings import keep
from meterpos.headoffice.legacy import problems
from meterpos.headoffice.legacy.state import POSTING
from meterpos.ledger.rules.metering import MILLI, Reading, Register, take_reading

AT_ONCE: Final = 5_000
NOTED_FROM: Final = "migration"
READING_MAX: Final = 10**12
"""Readings have at most twelve digits."""

_LAST: Final = """
    SELECT m.id, coalesce(m.current_reading, m.last_reading, m.initial_reading) AS reading, b.billed_on, m.installed_on
    FROM legacy_meters m
    LEFT JOIN (
        SELECT a.meter_id, max(s.invoice_date) AS billed_on FROM legacy_invoice_sums s
        JOIN legacy_accounts a ON a.account_id = s.account_id GROUP BY a.meter_id
    ) AS b ON b.meter_id = m.id
    WHERE coalesce(m.current_reading, m.last_reading, m.initial_reading) IS NOT NULL ORDER BY m.id
"""


def post_readings(conn: Connection, meter_no: Mapping[int, str], *, at: datetime, today: str) -> int:
    """Keep each meter's last reading, of the day of its last invoice; what is no reading is listed. Return how many."""
    problems.clear(conn, POSTING)
    found: list[problems.Problem] = []
    count = 0
    for chunk in bulk.chunks(_readings(conn, meter_no, today, found), AT_ONCE):
        keep(conn, chunk, at=at, noted_from=NOTED_FROM)
        count += len(chunk)
    problems.keep(conn, POSTING, found)
    return count


def _readings(
    conn: Connection, meter_no: Mapping[int, str], today: str, found: list[problems.Problem]
) -> Iterator[tuple[str, Reading]]:
    for row in conn.execute(text(_LAST)).all():
        milli = milli_of(row.reading)
        if milli is None:
            found.append(("reading_unreadable", "meters", str(row.id), f"its reading is {row.reading[:40]}"))
            continue
        day = min(row.billed_on or row.installed_on or today, today)
        reading = take_reading(Register(), read_on=date.fromisoformat(day), reading_milli=milli)
        assert reading is not None, "the first reading of a meter is always taken"
        yield meter_no[row.id], reading


def milli_of(said: str) -> int | None:
    """Return the thousandths of a unit that an old reading says; None where it is none, or has a part of one."""
    try:
        exact = Decimal(said.replace(",", "")) * MILLI
    except InvalidOperation:
        return None
    if not exact.is_finite() or not 0 <= exact < READING_MAX * MILLI or exact != exact.to_integral_value():
        return None
    return int(exact)
