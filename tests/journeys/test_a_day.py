"""A clerk's day, as sentences."""

from datetime import date, timedelta

from sqlalchemy import select

from meterpos.ledger.tables import journal as journal_table
from meterpos.ledger.tables import till_identity
from meterpos.sync.client import Line
from meterpos.till import open_till
from tests.journeys.conftest import CLERK, OpenTill
from tests.journeys.words import (
    invoice_at_head_office,
    net,
    number_of,
    paper,
    pay,
    print_waiting,
    prove_the_promise,
    states,
    tender,
)
from tests.printing.fake_printer import fake_printer
from tests.support.headoffice import Server, sync


def test_a_day_offline_then_a_sync_delivers_everything_once(town: Server, open_pay_point: OpenTill) -> None:
    till = open_pay_point()
    before = town.net("A0000001")
    for amount in range(1, 41):
        pay(till, "A0000001", amount * 100)
    till.close_shift(counted_minor=582_000, clerk=CLERK)
    assert town.net("A0000001") == before
    result = sync(till)
    assert (result.is_complete, result.waiting, result.agreed) == (True, 0, True)
    assert town.net("A0000001") == before - 82_000 == net(till, "A0000001")
    prove_the_promise(town, till)


def test_after_a_power_cut_between_commit_and_print_the_clerk_is_told_and_prints_again(
    town: Server, open_pay_point: OpenTill
) -> None:
    till = open_pay_point()
    number = number_of(pay(till, "A0000001", 1_000))
    till.store.close()
    again = open_till(till.settings.home)
    later = again.now() + timedelta(minutes=5)
    again.now = lambda: later
    assert print_waiting(again) == ()
    assert states(again, number) == ["unconfirmed"]
    copy = again.reprint(number=number, clerk=CLERK)
    assert copy.content.body["copy"] == 1
    assert [done.job.copy_no for done in print_waiting(again)] == [1]
    assert sync(again).waiting == 0
    prove_the_promise(town, again)


def test_an_answer_that_was_lost_is_asked_for_again_and_nothing_is_doubled(
    town: Server, open_pay_point: OpenTill
) -> None:
    till = open_pay_point()
    before = town.net("A0000001")
    pay(till, "A0000001", 1_000)

    class LosesAnswers:
        """A line on which every request arrives and no answer comes back."""

        def send(self, path: str, message: bytes) -> bytes | object:
            from meterpos.sync.steps import Failure

            with Line(town.url) as line:
                line.send(path, message)
            return Failure("cut", "The answer was lost.")

    lost = till_exchange(till, LosesAnswers())
    assert not lost.is_complete
    assert lost.waiting > 0
    assert town.net("A0000001") == before - 1_000
    again = sync(till)
    assert (again.waiting, again.agreed) == (0, True)
    assert town.net("A0000001") == before - 1_000
    prove_the_promise(town, till)


def till_exchange(till: object, line: object) -> object:
    from meterpos.sync.exchange import exchange

    return exchange(till.store, home=till.settings.home, device_key=till.device_key, line=line)


def test_a_printer_out_of_paper_keeps_nobody_waiting_and_doubles_nothing(
    town: Server, open_pay_point: OpenTill
) -> None:
    with fake_printer() as printer:
        till = open_pay_point(printer=printer.spec)
        first = number_of(pay(till, "A0000001", 1_000))
        print_waiting(till)
        printer.paper_lasts = 0
        second = number_of(pay(till, "A0000001", 2_000))
        (told,) = print_waiting(till)
        assert told.state in ("failed", "unconfirmed")
        assert "paper" in told.detail
        third = number_of(pay(till, "A0000001", 3_000))
        print_waiting(till)
        printer.paper_lasts = None
        assert print_waiting(till) == ()
        for number in (second, third):
            till.reprint(number=number, clerk=CLERK)
        assert [done.state for done in print_waiting(till)] == ["confirmed", "confirmed"]
        assert states(till, first) == ["confirmed"]
    sync(till)
    prove_the_promise(town, till)


def test_a_double_press_pays_once(town: Server, open_pay_point: OpenTill) -> None:
    till = open_pay_point()
    before = town.net("A0000001")
    asked = tender(till, "A0000001", 5_000)
    one, other = (till.take(request=asked, clerk=CLERK) for _ in range(2))
    assert one == other
    assert len(print_waiting(till)) == 1
    sync(till)
    assert town.net("A0000001") == before - 5_000
    prove_the_promise(town, till)


def test_a_clock_set_back_stops_no_payment_and_is_said(town: Server, open_pay_point: OpenTill) -> None:
    till = open_pay_point()
    today = pay(till, "A0000001", 1_000).content.business_date
    till.close_shift(counted_minor=501_000, clerk=CLERK)
    earlier = till.now() - timedelta(days=400)
    till.now = lambda: earlier
    till.open_shift(float_minor=0, clerk=CLERK)
    assert pay(till, "A0000001", 1_000).content.business_date == today
    with till.store.read() as connection:
        kinds = set(connection.execute(select(journal_table.c.kind)).scalars())
    assert "clock_changed" in kinds
    assert sync(till).waiting == 0
    prove_the_promise(town, till)


def test_two_tills_and_one_meter_come_to_the_same_balance(town: Server, open_pay_point: OpenTill) -> None:
    one, other = open_pay_point("KSM01"), open_pay_point("KSM02")
    before = town.net("A0000001")
    pay(one, "A0000001", 1_000)
    pay(other, "A0000001", 2_000)
    for till in (one, other, one):
        assert sync(till).is_complete
    assert {net(one, "A0000001"), net(other, "A0000001"), town.net("A0000001")} == {before - 3_000}
    prove_the_promise(town, one, other)


def test_one_reference_used_at_two_tills_is_decided_at_head_office(town: Server, open_pay_point: OpenTill) -> None:
    one, other = open_pay_point("KSM01"), open_pay_point("KSM02")
    before = town.net("A0000001")
    for till in (one, other):
        pay(till, "A0000001", 1_000, method="mpesa", reference="SJK4T2LM9Q")
    for till in (one, other, one):
        assert sync(till).is_complete
    assert town.codes() == ["duplicate_reference"]
    assert town.net("A0000001") == before - 1_000
    assert net(one, "A0000001") == net(other, "A0000001") == before - 1_000
    prove_the_promise(town, one, other)


def test_an_invoice_that_arrives_for_a_meter_paid_in_advance_consumes_the_credit(
    town: Server, open_pay_point: OpenTill
) -> None:
    till = open_pay_point()
    owed = net(till, "A0000001")
    pay(till, "A0000001", owed + 50_000)
    assert net(till, "A0000001") == -50_000
    sync(till)
    invoice_at_head_office(town, "INV-NEW-1", "A0000001", 80_000, on=date(2026, 11, 20))
    assert sync(till).agreed
    assert net(till, "A0000001") == town.net("A0000001") == 30_000


def test_a_receipt_naming_an_invoice_not_yet_heard_of_says_so_and_the_naming_applies_when_it_comes(
    town: Server, open_pay_point: OpenTill
) -> None:
    till = open_pay_point()
    number = number_of(pay(till, "A0000001", 10_000, invoice_no="INV-NEW-1"))
    assert "INV-NEW-1" in paper(till, number)
    first = paper(till, number)
    sync(till)
    invoice_at_head_office(town, "INV-NEW-1", "A0000001", 10_000, on=date(2026, 11, 20))
    sync(till)
    from meterpos.ledger.queries.accounts import ledger_of
    from meterpos.ledger.rules.allocation import allocate

    for store in (till.store, town.office.store):
        with store.read() as connection:
            ledger = ledger_of(connection, "A0000001")
        (named,) = [one for one in allocate(ledger.charges, ledger.credits).charges if one.charge.number == "INV-NEW-1"]
        assert named.state == "paid"
    assert paper(till, number) == first


def test_a_reprint_after_later_payments_still_says_what_the_first_paper_said(
    town: Server, open_pay_point: OpenTill
) -> None:
    till = open_pay_point()
    number = number_of(pay(till, "A0000001", 10_000))
    first = paper(till, number)
    for amount in (500, 700):
        pay(till, "A0000001", amount)
    sync(till)
    invoice_at_head_office(town, "INV-NEW-1", "A0000001", 10_000, on=date(2026, 11, 20))
    sync(till)
    assert paper(till, number) == first
    copy = paper(till, number, copy_no=1)
    assert "COPY 1" in copy
    said = [line for line in first.splitlines() if line.strip()]
    assert [line for line in copy.splitlines() if line.strip()][-len(said) :] == said


def test_closing_a_shift_with_a_difference_says_it_and_goes_on(town: Server, open_pay_point: OpenTill) -> None:
    till = open_pay_point()
    pay(till, "A0000001", 10_000, tendered_minor=20_000)
    body = till.close_shift(counted_minor=509_000, clerk=CLERK).content.body
    assert (body["expected"], body["difference"]) == (510_000, -1_000)
    assert sync(till).waiting == 0
    till.open_shift(float_minor=509_000, clerk=CLERK)
    pay(till, "A0000001", 100)
    assert sync(till).waiting == 0
    prove_the_promise(town, till)


def test_till_and_head_office_print_the_same_balances(town: Server, open_pay_point: OpenTill) -> None:
    from io import StringIO

    from meterpos.ledger.queries import listings

    till = open_pay_point()
    pay(till, "A0000001", 12_345)
    sync(till)
    with till.store.read() as connection:
        zones = connection.execute(select(till_identity.c.zones)).scalar_one()
        here = StringIO()
        listings.write_csv(listings.balances(connection), here)
    with town.office.store.read() as connection:
        there = StringIO()
        listings.write_csv(listings.balances(connection), there)
    assert zones == ["Mamboleo", "Kondele"]
    assert set(here.getvalue().splitlines()) < set(there.getvalue().splitlines())
    assert len(here.getvalue().splitlines()) > 20
