"""Opening and closing shifts."""

from datetime import date

import pytest
from sqlalchemy import insert, select, update

from meterpos.ledger.operations.cash import CashRequest
from meterpos.ledger.operations.entries import NoOpenShift, stand_at_counter, write_entry
from meterpos.ledger.operations.shifts import ShiftAlreadyOpen, UnusableCount
from meterpos.ledger.queries.shifts import closed_shifts
from meterpos.ledger.tables import journal, settings, shifts, till_identity
from tests.support.tills import CLERK, Counter


def test_closing_a_shift_says_what_should_be_there_and_what_is(counter: Counter) -> None:
    counter.pay("A1", 250_000, tendered_minor=300_000)
    counter.pay("A2", 70_000, method="mpesa", reference="SJK4T2LM9Q")
    counter.reverse(counter.pay("A3", 10_000).content.body["number"])
    body = counter.till.close_shift(counted_minor=740_000, clerk=CLERK).content.body
    assert (body["float"], body["cash_taken"], body["cash_refunded"]) == (500_000, 260_000, 10_000)
    assert (body["expected"], body["counted"], body["difference"]) == (750_000, 740_000, -10_000)
    assert body["totals"] == [
        {"method": "cash", "count": 2, "amount": 260_000},
        {"method": "mpesa", "count": 1, "amount": 70_000},
    ]
    assert body["reversals"] == {"count": 1, "amount": 10_000}
    assert body["receipts"] == {"count": 3, "first": "KSM01-B7K-000001", "last": "KSM01-B7K-000003"}
    assert body["waiting"] == {"count": 6, "amount": 320_000}
    assert body["number"] == "KSM01-B7K-Z00001"


def test_the_grand_total_never_goes_back_to_zero(counter: Counter) -> None:
    counter.pay("A1", 100)
    counter.till.close_shift(counted_minor=500_100, clerk=CLERK)
    counter.open_shift()
    counter.pay("A1", 200)
    assert counter.till.close_shift(counted_minor=500_200, clerk=CLERK).content.body["grand_total"] == 300


def test_one_shift_at_a_time(counter: Counter) -> None:
    with pytest.raises(ShiftAlreadyOpen, match="Shift 1"):
        counter.open_shift()
    counter.till.close_shift(counted_minor=500_000, clerk=CLERK)
    with pytest.raises(NoOpenShift):
        counter.till.close_shift(counted_minor=0, clerk=CLERK)


@pytest.mark.parametrize("minor", [-1, 10_000_000_01])
def test_a_drawer_cannot_hold_that(counter: Counter, minor: int) -> None:
    with pytest.raises(UnusableCount, match="Count it again"):
        counter.till.close_shift(counted_minor=minor, clerk=CLERK)


def test_a_clock_that_went_back_is_an_entry_and_not_a_refused_payment(counter: Counter) -> None:
    counter.till.close_shift(counted_minor=500_000, clerk=CLERK)
    counter.clock.turn(days=-3)
    opened = counter.open_shift()
    assert opened.content.business_date == date(2026, 11, 20)
    with counter.till.store.read() as connection:
        kinds = connection.execute(select(journal.c.kind).order_by(journal.c.seq)).scalars().all()
    assert list(kinds[-2:]) == ["clock_changed", "shift_opened"]
    assert counter.pay("A1", 100).content.business_date == date(2026, 11, 20)


def test_the_signed_server_date_moves_the_business_date_forward(counter: Counter) -> None:
    counter.till.close_shift(counted_minor=500_000, clerk=CLERK)
    later = counter.clock.at.replace(day=23)
    with counter.till.store.write() as connection:
        connection.execute(update(till_identity).values(as_of=later))
    assert counter.open_shift().content.business_date == date(2026, 11, 23)


def test_a_shift_may_be_given_its_date_by_the_clerk(counter: Counter) -> None:
    counter.till.close_shift(counted_minor=500_000, clerk=CLERK)
    entry = counter.till.open_shift(float_minor=0, clerk=CLERK, business_date=date(2026, 11, 22))
    assert entry.content.business_date == date(2026, 11, 22)
    with counter.till.store.read() as connection:
        assert connection.execute(select(shifts.c.shift).where(shifts.c.closed_at.is_(None))).scalar_one() == 2


def test_a_count_by_note_and_coin_is_kept(counter: Counter) -> None:
    body = counter.till.close_shift(
        counted_minor=500_000, clerk=CLERK, notes=((100_000, 4), (50_000, 2), (20_000, 0))
    ).content.body
    assert body["count"] == [
        {"denomination": 100_000, "count": 4},
        {"denomination": 50_000, "count": 2},
        {"denomination": 20_000, "count": 0},
    ]


@pytest.mark.parametrize(
    ("notes", "says"),
    [(((100_000, 4),), "add up to 4,000.00, not 5,000.00"), (((0, 4),), "has a value"), (((1, -1),), "from zero up")],
)
def test_a_count_that_is_none_closes_nothing(counter: Counter, notes: tuple[tuple[int, int], ...], says: str) -> None:
    before = counter.print_of_ledger()
    with pytest.raises(UnusableCount, match=says):
        counter.till.close_shift(counted_minor=500_000, clerk=CLERK, notes=notes)
    assert counter.print_of_ledger() == before


def test_the_report_says_what_was_moved_and_how_often_the_drawer_was_opened(counter: Counter) -> None:
    counter.till.move_cash(request=CashRequest(movement_id="m", kind="drop", amount_minor=100_000), clerk=CLERK)
    with counter.till.store.write() as connection:
        at_counter = stand_at_counter(connection, moment=counter.till.moment(), clerk=CLERK)
        write_entry(connection, at_counter, kind="drawer_opened", body={"reason": "change"})
    body = counter.till.close_shift(counted_minor=400_000, clerk=CLERK).content.body
    assert (body["expected"], body["difference"], body["drawer_openings"]) == (400_000, 0, 1)
    assert body["movements"] == [
        {"kind": "drop", "number": "KSM01-B7K-C00001", "amount": 100_000, "slip": None, "to": None}
    ]


def test_the_report_so_far_is_told_and_never_written(counter: Counter) -> None:
    counter.pay("A1", 250_000)
    before = counter.print_of_ledger()
    report = counter.till.report_so_far(clerk=CLERK)
    assert report.content.body["number"] == "KSM01-B7K-X00001"
    assert report.content.body["expected"] == 750_000
    assert "counted" not in report.content.body
    assert counter.print_of_ledger() == before
    counter.till.close_shift(counted_minor=750_000, clerk=CLERK)
    with pytest.raises(NoOpenShift):
        counter.till.report_so_far(clerk=CLERK)


def test_a_utility_may_want_every_drawer_counted_by_note_and_coin(counter: Counter) -> None:
    with counter.till.store.write() as connection:
        connection.execute(insert(settings), {"key": "count_total_alone", "value": False})
    with pytest.raises(UnusableCount, match="by note and coin"):
        counter.till.close_shift(counted_minor=500_000, clerk=CLERK)
    counter.till.close_shift(counted_minor=500_000, clerk=CLERK, notes=((100_000, 5),))


def test_what_was_counted_first_stands_on_the_report(counter: Counter) -> None:
    body = counter.till.close_shift(counted_minor=500_000, clerk=CLERK, earlier_minor=(499_000,)).content.body
    assert body["earlier_counts"] == [499_000]


def test_closed_shifts_are_listed_the_latest_first(counter: Counter) -> None:
    counter.till.close_shift(counted_minor=499_000, clerk=CLERK)
    counter.open_shift()
    counter.till.close_shift(counted_minor=500_000, clerk=CLERK)
    counter.open_shift()
    with counter.till.store.read() as connection:
        found = closed_shifts(connection)
    assert [(one.number, one.difference_minor) for one in found] == [
        ("KSM01-B7K-Z00002", 0),
        ("KSM01-B7K-Z00001", -1_000),
    ]
