"""Opening and closing a shift: the float, the count, and the report that freezes both."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import Connection, func, select

from meterpos.errors import UserError
from meterpos.ledger import journal as chain
from meterpos.ledger.journal import Entry
from meterpos.ledger.moment import Moment
from meterpos.ledger.operations.entries import Counter, paper_frame, stand_at_counter, write_entry
from meterpos.ledger.operations.people import require_right
from meterpos.ledger.queries.identity import Identity
from meterpos.ledger.queries.shifts import Shift, current_shift, grand_total, report_number, totals
from meterpos.ledger.queries.status import waiting
from meterpos.ledger.rules.cash import said_of_count, wrong_with_count
from meterpos.ledger.tables import shifts, streams

FLOAT_MAX: Final = 10_000_000_00
REPORT_SO_FAR: Final = "shift_report"
"""The kind of the X report, which no journal holds."""


class ShiftAlreadyOpen(UserError):
    """One shift at a time."""


class UnusableCount(UserError):
    """The float or the count is not an amount a drawer can hold."""


def last_business_date(connection: Connection, who: Identity) -> date | None:
    """Return the business date of this till's latest shift, None before the first."""
    latest: date | None = connection.execute(
        select(func.max(shifts.c.business_date))
        .select_from(shifts.join(streams, streams.c.stream == shifts.c.stream))
        .where(streams.c.till_name == who.till_name)
    ).scalar_one()
    return latest


def propose_business_date(connection: Connection, *, moment: Moment) -> date:
    """Return the latest of today, the last business date and the last signed server date."""
    counter = stand_at_counter(connection, moment=moment, clerk="")
    who = counter.identity
    known = [moment.today, last_business_date(connection, who)]
    if who.as_of is not None:
        known.append(moment.localise(who.as_of).date())
    return max(day for day in known if day is not None)


def open_shift(
    connection: Connection, *, float_minor: int, moment: Moment, clerk: str, business_date: date | None = None
) -> Entry:
    """Open the next shift with ``float_minor`` in the drawer; a clock that went back is recorded, never refused.

    Raises: ShiftAlreadyOpen, MayNot, UnusableCount, NotEnrolled.
    """
    counter = stand_at_counter(connection, moment=moment, clerk=clerk)
    if counter.shift is not None:
        raise ShiftAlreadyOpen(f"Shift {counter.shift.shift} is still open. Close it first.")
    require_right(connection, counter, "open_shift")
    _check_drawer(float_minor, field="float")
    proposed = propose_business_date(connection, moment=moment)
    if moment.today < proposed:
        write_entry(
            connection,
            counter,
            kind="clock_changed",
            body={"was": proposed.isoformat(), "now": moment.today.isoformat()},
            business_date=proposed,
        )
    return write_entry(
        connection,
        counter,
        kind="shift_opened",
        body={"float": float_minor, "till_title": counter.identity.full_title},
        business_date=business_date or proposed,
        shift=_next_shift(connection, counter.identity),
    )


def close_shift(
    connection: Connection,
    *,
    counted_minor: int,
    moment: Moment,
    clerk: str,
    notes: Sequence[tuple[int, int]] = (),
    earlier_minor: Sequence[int] = (),
    language: str = "en",
) -> Entry:
    """Close the open shift with what was counted in the drawer and return the entry its report is made from.

    ``notes`` says how many of each note and coin (in minor units) were counted, where it was counted so;
    ``earlier_minor`` what was counted before the clerk saw a difference and counted again: it stands on the report.
    ``language`` is what the report speaks, the till's.

    Raises: NoOpenShift, MayNot, UnusableCount, NotEnrolled.
    """
    counter = stand_at_counter(connection, moment=moment, clerk=clerk)
    counter.require_shift()
    require_right(connection, counter, "close_shift")
    _check_drawer(counted_minor, field="counted")
    wrong = wrong_with_count(notes, counted_minor=counted_minor, alone=counter.settings.count_total_alone)
    if wrong:
        raise UnusableCount(wrong, field="counted")
    shift = current_shift(connection)
    assert shift is not None, "a shift is required above"
    body = _report(connection, counter, shift, sign="Z", language=language)
    counted = {
        "counted": counted_minor,
        "difference": counted_minor - body["expected"],
        **said_of_count(notes, earlier_minor),
    }
    return write_entry(connection, counter, kind="shift_closed", body=body | counted)


def report_so_far(connection: Connection, *, moment: Moment, clerk: str, language: str = "en") -> Entry:
    """Return what the report of the open shift would say now (X), in the form of an entry that is never appended.

    Raises: NoOpenShift, NotEnrolled.
    """
    counter = stand_at_counter(connection, moment=moment, clerk=clerk)
    opened = counter.require_shift()
    shift = current_shift(connection)
    assert shift is not None, "a shift is required above"
    seq, prev = chain.head(connection, counter.identity.stream)
    data = chain.content_bytes(
        kind=REPORT_SO_FAR,
        at=moment.at,
        business_date=opened.business_date,
        shift=opened.shift,
        clerk=clerk,
        body=_report(connection, counter, shift, sign="X", language=language),
    )
    return chain.make_entry(stream=counter.identity.stream, seq=seq + 1, prev=prev, data=data)


def _report(connection: Connection, counter: Counter, shift: Shift, *, sign: str, language: str) -> dict[str, Any]:
    sums = totals(connection, shift)
    who = counter.identity
    _, head = chain.head(connection, who.stream)
    behind = waiting(connection)
    return {
        **paper_frame(connection, counter, language=language),
        "number": report_number(till_name=who.till_name, label=who.label, sign=sign, shift=shift.shift),
        "shift": shift.shift,
        "opened_local": _local(counter, shift.opened_at),
        "closed_local": _local(counter, counter.moment.at),
        "float": shift.float_minor,
        "cash_taken": sums.cash_taken_minor,
        "cash_refunded": sums.cash_refunded_minor,
        "recounted": sums.cash.recounted_minor,
        "movements": [
            {"kind": one.kind, "number": one.number, "amount": one.amount_minor, "slip": one.slip, "to": one.to_clerk}
            for one in sums.movements
        ],
        "drawer_openings": sums.drawer_openings,
        "abandoned": sums.abandoned,
        "expected": sums.expected_minor,
        "totals": [{"method": one.method, "count": one.count, "amount": one.amount_minor} for one in sums.by_method],
        "reversals": {"count": sums.reversals, "amount": sums.reversed_minor},
        "receipts": {"count": sums.receipts, "first": sums.first_number, "last": sums.last_number},
        "reprints": sums.reprints,
        "grand_total": grand_total(connection, who.stream),
        "chain_head": chain.short_id(head),
        "waiting": {"count": behind.count, "amount": behind.amount_minor},
        "through_seq": behind.through_seq,
    }


def _local(counter: Counter, instant: datetime) -> str:
    return counter.moment.localise(instant).strftime("%Y-%m-%dT%H:%M")


def _next_shift(connection: Connection, who: Identity) -> int:
    last = connection.execute(
        select(func.max(shifts.c.shift))
        .select_from(shifts.join(streams, streams.c.stream == shifts.c.stream))
        .where(streams.c.till_name == who.till_name)
    ).scalar_one()
    return int(last or 0) + 1


def _check_drawer(minor: int, *, field: str) -> None:
    if not 0 <= minor <= FLOAT_MAX:
        raise UnusableCount(
            "The cash in a drawer cannot be below zero or above 10,000,000.00. Count it again.", field=field
        )
