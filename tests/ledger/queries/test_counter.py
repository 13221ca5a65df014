"""What pages and commands ask of a till that has been at work: customer, shift, receipts, status, people."""

from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import insert, update

from meterpos.ledger.journal import BrokenEntry
from meterpos.ledger.money import format_amount
from meterpos.ledger.operations.sync_state import record_ack, record_exchange
from meterpos.ledger.operations.tenders import LegRequest, PartRequest
from meterpos.ledger.queries import people, receipts, shifts, status
from meterpos.ledger.queries.accounts import ledger_of
from meterpos.ledger.queries.customers import UnknownCustomer, customer
from meterpos.ledger.tables import accounts, meters, pins, users
from meterpos.till import new_tender_id
from tests.support.tills import CLERK, GRACE, JAMES, STREAM, Counter, request

TODAY = date(2026, 11, 20)


@pytest.fixture
def counter(tmp_path: Path) -> Counter:
    return Counter.at(tmp_path / "home")


# --- customer ---------------------------------------------------------------------------------------------------------


def test_a_customer_is_shown_with_what_each_meter_owes(counter: Counter) -> None:
    with counter.till.store.read() as connection:
        grace = customer(connection, GRACE, today=TODAY)
    assert (grace.name, grace.balance_minor, grace.overpayment_minor) == ("Grace Akinyi Otieno", 740_000, 0)
    cards = {card.meter_no: card for card in grace.meters}
    assert list(cards) == ["MTR-001", "MTR-045", "MTR-078"]
    due = cards["MTR-001"]
    assert (due.balance_minor, due.latest_invoice_no, due.latest_invoice_due) == (
        230_000,
        "INV-2026-00456",
        date(2026, 11, 24),
    )
    assert (due.open_invoices, due.days_overdue) == (1, 0)
    late = cards["MTR-078"]
    assert (late.balance_minor, late.open_invoices, late.days_overdue) == (510_000, 2, 42)
    assert (cards["MTR-045"].latest_invoice_no, cards["MTR-045"].open_invoices) == (None, 0)


def test_a_card_says_what_the_account_says(counter: Counter) -> None:
    counter.open_shift()
    counter.pay("A3", 100_000, invoice_no="INV-2026-00421")
    counter.reverse(counter.pay("A3", 50_000).content.body["number"])
    with counter.till.store.read() as connection:
        for card in customer(connection, GRACE, today=TODAY).meters:
            allocation = ledger_of(connection, card.account_no).allocation
            assert card.open_invoices == sum(1 for charge in allocation.charges if charge.open_minor)
            assert card.balance_minor == allocation.open_minor
            assert card.overpayment_minor == allocation.credit_minor


def test_meters_out_of_use_come_after_the_others_and_closed_accounts_only_with_money(counter: Counter) -> None:
    with counter.till.store.write() as connection:
        connection.execute(update(meters).where(meters.c.meter_no == "MTR-001").values(status="disconnected"))
        connection.execute(
            update(accounts).where(accounts.c.account_no.in_(["A3", "A2"])).values(closed_on=date(2026, 11, 1))
        )
        grace = customer(connection, GRACE, today=TODAY)
    assert [(card.account_no, card.closed) for card in grace.meters] == [("A1", False), ("A3", True)]
    assert (grace.other_balance_minor, grace.other_overpayment_minor) == (510_000, 0)


def test_an_unknown_customer_is_named(counter: Counter) -> None:
    with counter.till.store.read() as connection, pytest.raises(UnknownCustomer, match="AC-0"):
        customer(connection, "AC-0", today=TODAY)


# --- shift ------------------------------------------------------------------------------------------------------------


def test_no_shift_is_open_before_the_first_and_after_closing(counter: Counter) -> None:
    with counter.till.store.read() as connection:
        assert shifts.current_shift(connection) is None
    counter.open_shift(500_000)
    with counter.till.store.read() as connection:
        shift = shifts.current_shift(connection)
    assert shift is not None
    assert (shift.shift, shift.clerk, shift.float_minor, shift.business_date) == (1, CLERK, 500_000, TODAY)
    counter.till.close_shift(counted_minor=500_000, clerk=CLERK)
    with counter.till.store.read() as connection:
        assert shifts.current_shift(connection) is None
        [closed] = shifts.recent_shifts(connection)
        assert closed == shifts.find_shift(connection, stream=STREAM, shift=1)
        assert shifts.find_shift(connection, stream=STREAM, shift=2) is None
    assert (closed.expected_minor, closed.counted_minor) == (500_000, 500_000)


def test_a_shift_adds_up_what_was_taken_in_it_alone(counter: Counter) -> None:
    counter.open_shift(100_000)
    counter.pay("A1", 70_000)
    counter.till.close_shift(counted_minor=170_000, clerk=CLERK)
    counter.open_shift(500_000)
    first = counter.pay("A1", 250_000, tendered_minor=300_000).content.body["number"]
    counter.pay("A3", 100_000, method="mpesa", reference="SJK4T2LM9Q")
    legs = (
        LegRequest(method="cash", amount_minor=30_000),
        LegRequest(method="bank", amount_minor=5_000, reference="FT12"),
    )
    part = PartRequest(account_no="A3", amount_minor=35_000)
    mixed = request("A3", 35_000, legs=legs, parts=(part,))
    last = counter.till.take(request=mixed, clerk=CLERK).content.body["number"]
    counter.reverse(first)
    with counter.till.store.read() as connection:
        shift = shifts.current_shift(connection)
        assert shift is not None
        sums = shifts.totals(connection, shift)
        grand = shifts.grand_total(connection, STREAM)
    assert [(one.method, one.count, one.amount_minor) for one in sums.by_method] == [
        ("cash", 2, 280_000),
        ("mpesa", 1, 100_000),
        ("bank", 1, 5_000),
    ]
    assert (sums.cash_taken_minor, sums.cash_refunded_minor) == (280_000, 250_000)
    assert sums.expected_minor == 500_000 + 280_000 - 250_000
    assert (sums.receipts, sums.first_number, sums.last_number) == (3, first, last)
    assert (sums.reversals, sums.reversed_minor, sums.taken_minor) == (1, 250_000, 385_000)
    assert grand == 385_000 + 70_000


def test_copies_are_counted_in_the_shift_they_were_asked_for_in(tmp_path: Path) -> None:
    counter = Counter.at(tmp_path / "home", printer=f"file:{tmp_path / 'paper'}")
    counter.open_shift()
    number = counter.pay("A1", 1_000).content.body["number"]
    counter.till.reprint(number=number, clerk=CLERK)
    counter.till.close_shift(counted_minor=501_000, clerk=CLERK)
    counter.open_shift()
    counter.till.reprint(number=number, clerk=CLERK)
    counter.till.reprint(number=number, clerk=CLERK)
    with counter.till.store.read() as connection:
        copies = [shifts.totals(connection, shift).reprints for shift in shifts.recent_shifts(connection)]
        assert sorted(copies) == [1, 2]
        assert receipts.find_receipt(connection, number).copies == 3


# --- receipts ---------------------------------------------------------------------------------------------------------


def test_a_receipt_is_found_by_its_number_with_what_became_of_it(counter: Counter) -> None:
    counter.open_shift()
    entry = counter.pay("A1", 250_000)
    number = entry.content.body["number"]
    undone = counter.reverse(number).content.body["number"]
    with counter.till.store.read() as connection:
        receipt = receipts.find_receipt(connection, f" {number.lower()} ")
        reversal = receipts.find_receipt(connection, undone)
    assert (receipt.entry, receipt.kind, receipt.copies) == (entry, "tender", 0)
    assert (receipt.reversed_by, receipt.reverses) == (undone, None)
    assert (reversal.kind, reversal.reversed_by, reversal.reverses) == ("reversal", None, number)


def test_a_receipt_that_was_never_made_is_refused_by_name(counter: Counter) -> None:
    with counter.till.store.read() as connection, pytest.raises(receipts.NoSuchReceipt, match="KSM01-B7K-000999"):
        receipts.find_receipt(connection, "KSM01-B7K-000999")


def test_a_receipt_whose_bytes_were_altered_is_not_shown(counter: Counter) -> None:
    counter.open_shift()
    number = counter.pay("A1", 250_000).content.body["number"]
    with counter.till.store.write() as connection:
        connection.exec_driver_sql("DROP TRIGGER journal_update_refused")
        connection.exec_driver_sql(
            "UPDATE journal SET data = CAST(replace(data, '250000', '950000') AS BLOB) WHERE kind = 'tender'"
        )
    with counter.till.store.read() as connection, pytest.raises(BrokenEntry):
        receipts.find_receipt(connection, number)


def test_the_latest_papers_come_first_and_can_be_searched(counter: Counter) -> None:
    counter.open_shift()
    numbers = [counter.pay("A1", 10_000).content.body["number"]]
    counter.clock.turn(minutes=1)
    numbers.append(counter.pay("A4", 20_000, customer_no=JAMES).content.body["number"])
    counter.clock.turn(minutes=1)
    numbers.append(counter.reverse(numbers[0]).content.body["number"])
    with counter.till.store.read() as connection:
        rows = receipts.recent(connection)
        assert [row.number for row in rows] == numbers[::-1]
        assert [row.number for row in receipts.recent(connection, text="james")] == [numbers[1]]
        assert [row.number for row in receipts.recent(connection, text="mtr-001 grace")] == [numbers[2], numbers[0]]
        assert receipts.recent(connection, text="100%") == ()
        assert [row.number for row in receipts.recent(connection, text="0722 118 904")] == [numbers[1]]
        assert [row.number for row in receipts.recent(connection, text="+254 722-118904")] == [numbers[1]]
        day = rows[0].business_date.isoformat()
        assert [row.number for row in receipts.recent(connection, text=f"grace {day}")] == [numbers[2], numbers[0]]
        assert receipts.recent(connection, text="2020-01-01") == ()
        amount = format_amount(abs(rows[1].total_minor))
        assert rows[1].number in {row.number for row in receipts.recent(connection, text=amount)}
        assert receipts.recent(connection, text="987654.32") == ()
        assert len(receipts.recent(connection, limit=1)) == 1
    newest, middle, oldest = rows
    assert (newest.kind, newest.total_minor, newest.reverses) == ("reversal", -10_000, numbers[0])
    assert (middle.customer, middle.meters, middle.methods) == ("James Otieno", ("MTR-112",), ("cash",))
    assert (oldest.reversed_by, oldest.printed) == (numbers[2], None)


def test_the_list_says_how_printing_went(tmp_path: Path) -> None:
    counter = Counter.at(tmp_path / "home", printer=f"file:{tmp_path / 'paper'}")
    counter.open_shift()
    counter.pay("A1", 10_000)
    with counter.till.store.read() as connection:
        [row] = receipts.recent(connection)
    assert row.printed in ("queued", "sent")


def test_the_entry_of_a_form_is_found_after_a_commit_in_doubt(counter: Counter) -> None:
    counter.open_shift()
    asked = request("A1", 10_000, tender_id=new_tender_id())
    entry = counter.till.take(request=asked, clerk=CLERK)
    with counter.till.store.read() as connection:
        assert receipts.entry_of_tender(connection, asked.tender_id) == entry
        assert receipts.entry_of_tender(connection, new_tender_id()) is None


# --- status -----------------------------------------------------------------------------------------------------------


def test_what_waits_is_counted_until_head_office_signed_for_it(counter: Counter) -> None:
    counter.open_shift()
    counter.pay("A1", 250_000)
    second = counter.pay("A1", 100_000)
    with counter.till.store.read() as connection:
        before = status.status(connection)
    assert (before.enrolled, before.till_name, before.title) == (True, "KSM01", "Kisumu Market")
    assert (before.waiting_count, before.waiting_papers, before.waiting_minor) == (4, 2, 350_000)
    with counter.till.store.write() as connection:
        record_ack(
            connection,
            stream=STREAM,
            through_seq=second.seq - 1,
            head=second.prev,
            generation=1,
            signed_at=counter.clock(),
        )
    with counter.till.store.read() as connection:
        after = status.waiting(connection)
    assert (after.count, after.papers, after.amount_minor, after.through_seq) == (1, 1, 100_000, second.seq - 1)


def test_exchanges_are_told_latest_first(counter: Counter) -> None:
    with counter.till.store.write() as connection:
        for outcome in ("no line", "done"):
            record_exchange(
                connection,
                started_at=counter.clock(),
                finished_at=counter.clock(),
                outcome=outcome,
                pushed=2,
                pulled=3,
                detail="",
            )
    with counter.till.store.read() as connection:
        assert [one.outcome for one in status.exchanges(connection)] == ["done", "no line"]
        last = status.status(connection).last_exchange
    assert last is not None
    assert (last.outcome, last.pushed, last.pulled, last.started_at) == ("done", 2, 3, counter.clock())


# --- people -----------------------------------------------------------------------------------------------------------


def test_everybody_who_may_work_here_is_listed_by_name(counter: Counter) -> None:
    with counter.till.store.write() as connection:
        gone = {"user_name": "gone", "display_name": "A. Gone", "role": "clerk", "revoked": True}
        connection.execute(insert(users), gone)
        connection.execute(insert(pins), {"user_name": CLERK, "pin_hash": "x", "code_hash": "y"})
        listed = people.users(connection)
        assert [(user.display_name, user.has_pin) for user in listed] == [("Achieng O.", True), ("Otieno P.", False)]
        assert people.find_user(connection, CLERK) == listed[0]
        assert people.find_user(connection, "gone") is None
