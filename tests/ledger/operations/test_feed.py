"""Pages of head office's feed at a till."""

import dataclasses
import json
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

import pytest
from msgspec.structs import asdict, replace
from sqlalchemy import select
from sqlalchemy.exc import DatabaseError

from meterpos.ledger.checks import run_checks
from meterpos.ledger.feedrows import UnreadableRow
from meterpos.ledger.operations.feed import StaleCursor, apply_page, begin_again, zone_sums
from meterpos.ledger.posting import ChangedFact, fact_of
from meterpos.ledger.queries.identity import identity
from meterpos.ledger.queries.plans import find_plan
from meterpos.ledger.rules.facts import Fact, opening_id
from meterpos.ledger.tables import customers, facts
from tests.support.tills import Counter, invoice

AS_OF = datetime(2026, 11, 20, 7, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Row:
    position: int
    zone: str
    kind: str
    key: str
    data: bytes


def fact_row(fact: Fact, position: int) -> Row:
    values = asdict(fact)
    del values["generation"], values["position"]
    for name, value in values.items():
        if isinstance(value, date):
            values[name] = value.isoformat()
        elif isinstance(value, bytes):
            values[name] = value.hex()
    return Row(position, "Kondele", "fact", fact.fact_id, json.dumps(values).encode())


def customer_row(position: int, name: str = "Grace Otieno", **changes: Any) -> Row:
    values = {
        "customer_no": "AC-10482",
        "name": name,
        "phone": "0712345678",
        "place": "Kondele",
        "zone": "Kondele",
        "status": "active",
        "language": "sw",
        "opened_on": "2020-01-01",
    }
    return Row(position, "Kondele", "customer", "AC-10482", json.dumps(values | changes).encode())


def apply(counter: Counter, *rows: Row, after: int = 0, generation: int = 1) -> None:
    with counter.till.store.write() as connection:
        apply_page(connection, generation=generation, after=after, through=rows[-1].position, rows=rows, as_of=AS_OF)


def fact_in(counter: Counter, fact_id: str) -> Fact:
    with counter.till.store.read() as connection:
        return fact_of(connection.execute(select(facts).where(facts.c.fact_id == fact_id)).one())


def test_a_page_brings_master_data_and_facts_and_moves_the_cursor(counter: Counter) -> None:
    new = invoice("INV-2026-00777", "A2", 99_000, on=date(2026, 11, 19), position=None)
    apply(counter, customer_row(4), fact_row(new, 7))
    assert counter.net("A2") == 99_000
    with counter.till.store.read() as connection:
        assert identity(connection).position == 7
        assert identity(connection).as_of == AS_OF
        assert connection.execute(select(customers.c.name, customers.c.balance_minor)).first() == (
            "Grace Otieno",
            230_000 + 99_000 + 510_000,
        )


def plan_rows(position: int, total_minor: int) -> list[Row]:
    account = {
        "account_no": "PL-0042",
        "kind": "plan",
        "customer_no": "AC-10482",
        "meter_no": None,
        "till_name": None,
        "zone": "Kondele",
        "opened_on": "2026-11-20",
        "closed_on": None,
    }
    plan = {"account_no": "PL-0042", "capacity_kw": "5", "total_minor": total_minor, "plan_no": "PL-0042"}
    total = Fact(
        fact_id=opening_id("PL-0042"),
        kind="opening",
        account_no="PL-0042",
        stands_on="PL-0042",
        number="PL-0042",
        fact_date=date(2026, 11, 20),
        due_date=date(2026, 11, 20),
        amount_minor=total_minor,
        decision="account",
    )
    return [
        Row(position, "Kondele", "account", "PL-0042", json.dumps(account).encode()),
        Row(position + 1, "Kondele", "plan", "PL-0042", json.dumps(plan).encode()),
        fact_row(total, position + 2),
    ]


def test_a_plan_made_anew_by_a_restored_head_office_takes_the_place_of_the_one_it_lost(counter: Counter) -> None:
    apply(counter, *plan_rows(4, 500_000))
    apply(counter, *plan_rows(7, 500_000), after=6)
    with pytest.raises(DatabaseError, match="plans is immutable"):
        apply(counter, *plan_rows(10, 900_000), after=9)
    with counter.till.store.write() as connection:
        begin_again(connection, generation=2, keep_through=3)
    apply(counter, *plan_rows(4, 900_000), after=3, generation=2)
    with counter.till.store.read() as connection:
        assert find_plan(connection, "PL-0042").state.total_minor == 900_000
        assert list(run_checks(connection)) == []
    assert counter.net("PL-0042") == 900_000


def without_clerk(row: Row) -> Row:
    """Return a row as a head office sends it that does not know who took a payment."""
    values = json.loads(row.data)
    del values["clerk"]
    return dataclasses.replace(row, data=json.dumps(values).encode())


def elsewhere(clerk: str | None = None) -> Fact:
    return Fact(
        fact_id="elsewhere.0",
        kind="payment",
        account_no="A2",
        stands_on="A2",
        number="KSM02-C4T-000118",
        fact_date=date(2026, 11, 19),
        amount_minor=-5_000,
        method="cash",
        entry_id=b"e" * 32,
        decision="account",
        clerk=clerk,
    )


def test_who_took_a_payment_is_learned_from_a_head_office_that_came_to_know_it(counter: Counter) -> None:
    apply(counter, without_clerk(fact_row(elsewhere(), 4)))
    assert fact_in(counter, elsewhere().fact_id).clerk is None
    apply(counter, fact_row(elsewhere(clerk="wanjiku"), 5), after=4)
    assert fact_in(counter, elsewhere().fact_id).clerk == "wanjiku"
    apply(counter, without_clerk(fact_row(elsewhere(), 6)), after=5)
    assert fact_in(counter, elsewhere().fact_id).clerk == "wanjiku"
    with pytest.raises(ChangedFact):
        apply(counter, fact_row(elsewhere(clerk="otieno"), 7), after=6)
    with pytest.raises(DatabaseError, match="facts is immutable"), counter.till.store.write() as connection:
        connection.execute(facts.update().where(facts.c.clerk == "wanjiku").values(clerk="otieno"))


def test_a_tills_own_payment_keeps_its_clerk_when_it_comes_back_without(counter: Counter) -> None:
    entry = counter.pay("A2", 5_000)
    own = replace(fact_in(counter, f"{entry.short_id}.0"), decision="account")
    apply(counter, without_clerk(fact_row(own, 4)))
    assert (fact_in(counter, own.fact_id).clerk, fact_in(counter, own.fact_id).position) == ("achieng", 4)


def test_a_page_that_does_not_continue_is_not_applied(counter: Counter) -> None:
    apply(counter, customer_row(4))
    before = counter.print_of_ledger()
    for after, generation in ((0, 1), (5, 1), (4, 2)):
        with pytest.raises(StaleCursor):
            apply(counter, customer_row(9), after=after, generation=generation)
    assert counter.print_of_ledger() == before


def test_a_row_of_a_kind_from_the_future_is_passed_over(counter: Counter) -> None:
    apply(counter, Row(3, "*", "tariff", "T1", b"{}"))


@pytest.mark.parametrize(
    "row",
    [
        Row(3, "*", "customer", "AC-10482", b"{}"),
        Row(3, "*", "customer", "AC-10482", b"not json"),
        customer_row(3, opened_on="soon"),
        customer_row(3, customer_no="AC-1"),
    ],
)
def test_a_row_that_cannot_be_read_stops_the_page(counter: Counter, row: Row) -> None:
    with pytest.raises(UnreadableRow, match="feed row 3"):
        apply(counter, row)


def test_a_payment_that_comes_back_is_stamped_and_counts_once(counter: Counter) -> None:
    entry = counter.pay("A1", 100_000)
    mine = fact_in(counter, f"{entry.short_id}.0")
    assert mine.position is None
    apply(counter, fact_row(Fact(**{**asdict(mine), "decision": "account"}), 12))
    again = fact_in(counter, mine.fact_id)
    assert (again.position, again.generation, again.decision) == (12, 1, "account")
    assert counter.net("A1") == 130_000


def test_a_payment_head_office_put_in_suspense_leaves_the_account(counter: Counter) -> None:
    entry = counter.pay("A1", 100_000)
    mine = fact_in(counter, f"{entry.short_id}.0")
    moved = Fact(**{**asdict(mine), "decision": "suspense", "stands_on": "SUSPENSE-KSM01"})
    apply(counter, fact_row(moved, 12))
    assert counter.net("A1") == 230_000
    apply(counter, fact_row(Fact(**{**asdict(mine), "decision": "account"}), 13), after=12)
    assert counter.net("A1") == 130_000


def test_a_payment_that_comes_back_with_other_content_stops_the_page(counter: Counter) -> None:
    entry = counter.pay("A1", 100_000)
    mine = asdict(fact_in(counter, f"{entry.short_id}.0"))
    changed = Fact(**{**mine, "decision": "account", "amount_minor": -1})
    with pytest.raises(ChangedFact):
        apply(counter, fact_row(changed, 5))


def test_what_head_office_now_states_otherwise_takes_the_place_of_what_it_said(counter: Counter) -> None:
    old = invoice("INV-9", "A1", 70_000, on=date(2026, 11, 10))
    apply(counter, fact_row(old, 5))
    assert counter.net("A1") == 300_000
    new = invoice("INV-9", "A2", 1, on=date(2026, 11, 12), position=None)
    with counter.till.store.read() as connection:
        placed = zone_sums(connection)["Kondele"].count
    apply(counter, fact_row(new, 6), after=5)
    assert (counter.net("A1"), counter.net("A2")) == (230_000, 1)
    with counter.till.store.read() as connection:
        assert zone_sums(connection)["Kondele"].count == placed
        assert list(run_checks(connection)) == []


def test_digests_add_up_whatever_the_order_and_however_often(counter: Counter, tmp_path: Any) -> None:
    new = [invoice(f"INV-{n}", "A2", n, on=date(2026, 11, 1), position=None) for n in (1, 2, 3)]
    with counter.till.store.read() as connection:
        before = zone_sums(connection)["Kondele"]
    apply(counter, *[fact_row(fact, n) for n, fact in enumerate(new, 1)])
    with counter.till.store.read() as connection:
        held = zone_sums(connection)["Kondele"]
    assert (held.count, held.total != before.total) == (before.count + 3, True)
    apply(counter, *[fact_row(fact, n) for n, fact in enumerate(reversed(new), 4)], after=3)
    with counter.till.store.read() as connection:
        assert zone_sums(connection)["Kondele"] == held


def test_a_payment_in_suspense_is_the_accounts_again_once_head_office_forgot_its_decision(counter: Counter) -> None:
    entry = counter.pay("A1", 100_000)
    mine = asdict(fact_in(counter, f"{entry.short_id}.0"))
    apply(counter, fact_row(Fact(**{**mine, "decision": "suspense", "stands_on": "SUSPENSE-KSM01"}), 12))
    with counter.till.store.write() as connection:
        begin_again(connection, generation=2, keep_through=2)
    assert counter.net("A1") == 130_000
    with counter.till.store.read() as connection:
        assert list(run_checks(connection)) == []


def test_beginning_again_takes_away_what_was_above_and_the_feed_brings_it_back(counter: Counter) -> None:
    entry = counter.pay("A1", 100_000)
    mine = Fact(**{**asdict(fact_in(counter, f"{entry.short_id}.0")), "decision": "account"})
    new = invoice("INV-2026-00777", "A2", 99_000, on=date(2026, 11, 19), position=None)
    apply(counter, fact_row(mine, 5), fact_row(new, 9))
    with counter.till.store.write() as connection:
        begin_again(connection, generation=2, keep_through=2)
    assert counter.net("A1") == 130_000
    assert counter.net("A2") == 0
    assert fact_in(counter, mine.fact_id).position is None
    apply(counter, fact_row(new, 8), after=2, generation=2)
    assert counter.net("A2") == 99_000
