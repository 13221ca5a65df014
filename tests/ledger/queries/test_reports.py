"""Collections, aged debt and finances: what reports are composed from, on a till that took money."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from meterpos.ledger.operations.cash import CashRequest
from meterpos.ledger.operations.tenders import LegRequest
from meterpos.ledger.queries.accounts import UnknownMeterOrAccount
from meterpos.ledger.queries.collections import Collected, collecting_clerks, collections
from meterpos.ledger.queries.custody import custody
from meterpos.ledger.queries.debts import AgedDebt, aged_debt
from meterpos.ledger.queries.differences import kept_wrong
from meterpos.ledger.queries.finances import Finances, Month, finances
from meterpos.ledger.queries.statements import addressee, statement, statement_of_theirs
from meterpos.till import new_tender_id
from tests.support.tills import CLERK, GRACE, JAMES, Counter, request

TODAY = date(2026, 11, 20)
YEAR = date(2026, 1, 1)


@pytest.fixture
def counter(tmp_path: Path) -> Iterator[Counter]:
    """A till with Grace and James, and no shift open."""
    made = Counter.at(tmp_path)
    yield made
    made.till.close()


@pytest.fixture
def taking(counter: Counter) -> Counter:
    """A counter with a shift open."""
    counter.open_shift()
    return counter


def collected(counter: Counter, first: date = TODAY, last: date = TODAY) -> dict[str, Collected]:
    with counter.till.store.read() as connection:
        return {one.method: one for one in collections(connection, from_date=first, to_date=last)}


def aged(counter: Counter) -> AgedDebt:
    with counter.till.store.read() as connection:
        return aged_debt(connection, as_of=TODAY)


def summed(counter: Counter) -> Finances:
    with counter.till.store.read() as connection:
        return finances(connection, from_date=YEAR, to_date=TODAY)


def test_collections_tell_methods_apart_by_clerk_as_people_know_them(taking: Counter) -> None:
    taking.pay("A1", 100_000)
    taking.pay("A1", 50_000)
    taking.pay("A3", 70_000, method="mpesa", reference="SJK4T2LM9Q")
    found = collected(taking)
    assert {method: (one.receipts, one.taken_minor) for method, one in found.items()} == {
        "cash": (2, 150_000),
        "mpesa": (1, 70_000),
    }
    assert {(one.day, one.clerk) for one in found.values()} == {(TODAY, "Achieng O.")}


def test_collections_are_narrowed_down_to_a_clerk_and_a_method(taking: Counter) -> None:
    taking.pay("A1", 100_000)
    taking.pay("A3", 70_000, method="mpesa", reference="SJK4T2LM9Q")
    legs = (
        LegRequest(method="cash", amount_minor=1_000, reference=None),
        LegRequest(method="mpesa", amount_minor=2_000, reference="SJK4T2LM9R"),
    )
    taking.till.take(request=request("A4", 3_000, customer_no=JAMES, legs=legs), clerk="otieno")
    with taking.till.store.read() as connection:
        assert collecting_clerks(connection) == (("achieng", "Achieng O."), ("otieno", "Otieno P."))
        asked = {"from_date": TODAY, "to_date": TODAY}
        his = collections(connection, **asked, clerk="otieno")
        mobile = collections(connection, **asked, method="mpesa")
        both = collections(connection, **asked, clerk="otieno", method="mpesa")
    assert [(one.clerk, one.method, one.taken_minor) for one in his] == [
        ("Otieno P.", "cash", 1_000),
        ("Otieno P.", "mpesa", 2_000),
    ]
    assert [(one.clerk, one.taken_minor) for one in mobile] == [("Achieng O.", 70_000), ("Otieno P.", 2_000)]
    assert both == (his[1],)


def test_a_payment_by_two_methods_is_collected_under_each(taking: Counter) -> None:
    legs = (
        LegRequest(method="cash", amount_minor=150_000, reference=None),
        LegRequest(method="mpesa", amount_minor=100_000, reference="SJK4T2LM9Q"),
    )
    number = taking.pay("A1", 250_000, legs=legs).content.body["number"]
    found = collected(taking)
    assert (found["cash"].taken_minor, found["mpesa"].taken_minor) == (150_000, 100_000)
    taking.reverse(number)
    found = collected(taking)
    assert [one.taken_minor - one.taken_back_minor for one in found.values()] == [0, 0]
    assert [one.receipts for one in found.values()] == [1, 1]


def test_what_is_taken_back_is_told_apart(taking: Counter) -> None:
    taking.reverse(taking.pay("A1", 100_000).content.body["number"])
    (one,) = collected(taking).values()
    assert (one.receipts, one.taken_minor, one.taken_back_minor) == (1, 100_000, 100_000)


def test_a_correction_is_taken_back_and_taken_again(taking: Counter) -> None:
    taking.correct(taking.pay("A1", 100_000).content.body["number"])
    (one,) = collected(taking).values()
    assert (one.receipts, one.taken_minor, one.taken_back_minor) == (2, 200_000, 100_000)


def test_custody_follows_the_cash_from_the_drawer_to_the_safe_and_the_bank(taking: Counter) -> None:
    taking.pay("A1", 250_000)
    move(taking, "drop", 600_000)
    move(taking, "banking", 400_000, slip="EQ-88")
    with taking.till.store.read() as connection:
        found = custody(connection, from_date=TODAY, to_date=TODAY)
    (till,) = found.tills
    assert (till.till, till.drawer_minor, till.safe_minor, till.banked_minor) == ("KSM01", 150_000, 200_000, 400_000)
    assert [(one.clerk, one.expected_minor, one.difference_minor) for one in found.shifts] == [("Achieng O.", None, 0)]
    assert [(one.kind, one.amount_minor, one.slip) for one in found.moved] == [
        ("drop", 600_000, ""),
        ("banking", 400_000, "EQ-88"),
    ]
    taking.till.close_shift(counted_minor=149_500, clerk=CLERK)
    with taking.till.store.read() as connection:
        closed = custody(connection, from_date=TODAY, to_date=TODAY)
        before = custody(connection, from_date=YEAR, to_date=date(2026, 11, 19))
    assert (closed.tills[0].drawer_minor, closed.tills[0].safe_minor) == (0, -150_500)
    assert (closed.tills[0].difference_minor, closed.shifts[0].difference_minor) == (-500, -500)
    assert (before.shifts, before.moved, before.tills[0].difference_minor) == ((), (), 0)


def move(counter: Counter, kind: Any, amount_minor: int, **options: Any) -> None:
    asked = CashRequest(movement_id=new_tender_id(), kind=kind, amount_minor=amount_minor, **options)
    counter.till.move_cash(request=asked, clerk=CLERK)


def test_collections_of_another_day_are_none(taking: Counter) -> None:
    taking.pay("A1", 100_000)
    assert collected(taking, date(2026, 11, 1), date(2026, 11, 19)) == {}


def test_aged_debt_names_whose_it_is_largest_first(counter: Counter) -> None:
    found = aged(counter)
    assert (found.largest[0].row.account_no, found.largest[0].name) == ("A3", "Grace Akinyi Otieno")
    assert [row.account_no for row in found.rows] == sorted(row.account_no for row in found.rows)
    assert found.aging.total_minor == sum(row.total_minor for row in found.rows)


def test_aged_debt_of_nobody_is_nothing(counter: Counter) -> None:
    with counter.till.store.write() as connection:
        connection.exec_driver_sql("UPDATE accounts SET balance_minor = 0")
    found = aged(counter)
    assert (found.rows, found.largest, found.aging.total_minor) == ((), (), 0)


def test_who_reads_aged_debt_hears_how_far_it_is(counter: Counter, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("meterpos.ledger.queries.debts.TOLD_EVERY", 1)
    heard: list[tuple[int, int]] = []
    with counter.till.store.read() as connection:
        found = aged_debt(connection, as_of=TODAY, progress=lambda done, whole: heard.append((done, whole)))
    assert heard == [(n, len(found.rows)) for n in range(1, len(found.rows) + 1)]


def test_finances_add_up_what_is_owed_and_held(taking: Counter) -> None:
    found = summed(taking)
    assert (found.outstanding_minor, found.overpayments_minor) == (860_000, 0)
    assert [debt.account_no for debt in found.debts][:2] == ["A3", "A1"]
    assert found.active_meters == 4


def test_finances_count_what_was_collected_less_what_was_reversed(taking: Counter) -> None:
    before = summed(taking)
    taking.pay("A1", 100_000)
    taking.reverse(taking.pay("A3", 30_000).content.body["number"])
    after = summed(taking)
    assert after.collected_minor - before.collected_minor == 100_000
    assert after.billed_minor == before.billed_minor
    assert after.months[-1].first == date(2026, 11, 1)


def test_the_collection_rate_is_of_what_was_billed() -> None:
    fields = dict.fromkeys(("active_meters", "owing_accounts", "outstanding_minor", "overpayments_minor"), 0)
    nothing = Finances(from_date=YEAR, to_date=TODAY, months=(), debts=(), **fields)
    some = Finances(from_date=YEAR, to_date=TODAY, months=(Month(YEAR, 3000, 2000),), debts=(), **fields)
    assert (nothing.collection_permille, some.collection_permille) == (None, 666)


def test_a_statement_is_addressed_to_the_customer_in_their_language(counter: Counter) -> None:
    with counter.till.store.read() as connection:
        found = statement(connection, "MTR-001", from_date=YEAR, to_date=TODAY)
        to = addressee(connection, found)
    assert (to.customer_no, to.name, to.language) == (GRACE, "Grace Akinyi Otieno", "en")


def test_a_statement_of_money_nobody_claimed_is_addressed_to_nobody(taking: Counter) -> None:
    with taking.till.store.write() as connection:
        connection.exec_driver_sql("UPDATE accounts SET customer_no = NULL WHERE account_no = 'A4'")
        found = statement(connection, "MTR-112", from_date=YEAR, to_date=TODAY)
        assert addressee(connection, found).name == ""


def test_the_statement_of_one_meter_of_a_customer_refuses_anothers(counter: Counter) -> None:
    with counter.till.store.read() as connection:
        found = statement_of_theirs(connection, GRACE, " mtr-078 ", from_date=YEAR, to_date=TODAY)
        assert found.accounts[0].account_no == "A3"
        with pytest.raises(UnknownMeterOrAccount):
            statement_of_theirs(connection, GRACE, "MTR-112", from_date=YEAR, to_date=TODAY)


def test_kept_sums_that_are_wrong_are_told_with_their_names(counter: Counter) -> None:
    with counter.till.store.write() as connection:
        connection.exec_driver_sql("UPDATE accounts SET net_minor = 1 WHERE account_no = 'A1'")
        connection.exec_driver_sql("UPDATE customers SET balance_minor = 5 WHERE customer_no = 'AC-10077'")
    heard: list[tuple[int, int]] = []
    with counter.till.store.read() as connection:
        found = kept_wrong(connection, progress=lambda done, whole: heard.append((done, whole)))
        one = kept_wrong(connection, ["A1"])
    assert [(wrong.of, wrong.number, wrong.name, wrong.kept_minor, wrong.computed_minor) for wrong in found] == [
        ("account", "A1", "MTR-001 Grace Akinyi Otieno", 1, 230_000),
        ("customer", "AC-10077", "James Otieno", 5, 120_000),
    ]
    assert one == found[:1]
    assert heard == [(4, 4)]


def test_where_every_kept_sum_is_right_nothing_is_told(counter: Counter) -> None:
    with counter.till.store.read() as connection:
        assert kept_wrong(connection) == ()
