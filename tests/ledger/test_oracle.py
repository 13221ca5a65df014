"""The money rules against a slow, deliberately plain oracle that moves every cent by hand, for any order of arrival."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from sqlalchemy import Connection, insert, select

from meterpos.ledger.balances import (
    find_differences,
    rebuild_movements,
    recalculate,
    recalculate_all,
    recalculate_customers,
)
from meterpos.ledger.posting import post
from meterpos.ledger.queries.accounts import ledger_of
from meterpos.ledger.queries.charges import allocations
from meterpos.ledger.queries.listings import aging, invoices
from meterpos.ledger.queries.statements import statement
from meterpos.ledger.rules.allocation import allocate
from meterpos.ledger.rules.balances import Counted, charges_and_credits, movements_of
from meterpos.ledger.rules.facts import Fact
from meterpos.ledger.store import Store
from meterpos.ledger.tables import accounts, customers, movements
from tests.support.ledgers import empty_ledger

DAY = date(2026, 6, 1)
ACCOUNTS = ("A1", "A2", "S")
AS_OF = DAY + timedelta(days=40)


# --- the oracle -------------------------------------------------------------------------------------------------------


@dataclass
class Owed:
    """One charge and the cents that were put on it."""

    due: date
    is_opening: bool
    number: str
    kind: str
    cents: int
    paid: int = 0


@dataclass
class Told:
    """What the oracle says of one account."""

    net: int = 0
    billed: int = 0
    paid: int = 0
    last_invoice: date | None = None
    owed: list[Owed] = field(default_factory=list)
    credit: int = 0


def oracle(facts: Sequence[Fact]) -> dict[str, Told]:
    told = {account_no: Told() for account_no in ACCOUNTS}
    named: dict[str, list[tuple[str | None, int]]] = {account_no: [] for account_no in ACCOUNTS}
    for fact in facts:
        if fact.decision == "none":
            continue
        account = told[fact.stands_on]
        if fact.kind == "payment":
            if stands(fact, facts):
                named[fact.stands_on].append((fact.invoice_no, -fact.amount_minor))
                account.net += fact.amount_minor
                account.paid -= fact.amount_minor
        elif fact.kind in ("opening", "invoice", "adjustment"):
            account.net += fact.amount_minor
            if fact.kind == "invoice":
                account.billed += fact.amount_minor
                if account.last_invoice is None or fact.fact_date > account.last_invoice:
                    account.last_invoice = fact.fact_date
            if fact.amount_minor > 0:
                due = fact.due_date or fact.fact_date
                account.owed.append(Owed(due, fact.kind == "opening", fact.number, fact.kind, fact.amount_minor))
            else:
                named[fact.stands_on].append((None, -fact.amount_minor))
    for account_no, account in told.items():
        hand_out(account, named[account_no])
    return told


def stands(payment: Fact, facts: Sequence[Fact]) -> bool:
    said = [fact.kind for fact in facts if fact.of_fact_id == payment.fact_id and fact.decision != "none"]
    if "reversal" in said or "bounce" in said:
        return False
    return payment.counts or "clearing" in said


def hand_out(account: Told, money: Sequence[tuple[str | None, int]]) -> None:
    pool = 0
    for invoice_no, cents in money:
        for _ in range(cents):
            for owed in account.owed:
                if owed.kind == "invoice" and owed.number == invoice_no and owed.paid < owed.cents:
                    owed.paid += 1
                    break
            else:
                pool += 1
    while pool:
        waiting = [owed for owed in account.owed if owed.paid < owed.cents]
        if not waiting:
            break
        first = waiting[0]
        for owed in waiting[1:]:
            if (owed.due, not owed.is_opening, owed.number) < (first.due, not first.is_opening, first.number):
                first = owed
        first.paid += 1
        pool -= 1
    account.credit = pool


# --- facts of every sort ----------------------------------------------------------------------------------------------


@st.composite
def ledgers(draw: st.DrawFn) -> list[Fact]:
    facts: list[Fact] = []
    for account_no in draw(st.sets(st.sampled_from(ACCOUNTS[:2]))):
        amount = draw(st.integers(-20, 20).filter(bool))
        facts.append(fact(f"o:{account_no}", "opening", account_no, draw(days), amount))
    for n in range(draw(st.integers(0, 5))):
        day = draw(days)
        due = DAY + timedelta(days=day + draw(st.integers(0, 2)))
        account_no = draw(st.sampled_from(ACCOUNTS[:2]))
        facts.append(fact(f"i:{n}", "invoice", account_no, day, draw(st.integers(-4, 20)), due_date=due))
    for n in range(draw(st.integers(0, 2))):
        amount = draw(st.integers(-9, 9).filter(bool))
        facts.append(fact(f"a:ADJ{n}", "adjustment", draw(st.sampled_from(ACCOUNTS)), draw(days), amount))
    for n in range(draw(st.integers(0, 5))):
        facts += draw(payments(n))
    return facts


days = st.integers(0, 4)
decisions = st.sampled_from([None, None, None, "account", "suspense", "none"])


@st.composite
def payments(draw: st.DrawFn, n: int) -> list[Fact]:
    account_no = draw(st.sampled_from(ACCOUNTS[:2]))
    decision = draw(decisions)
    payment = fact(
        f"p:{n}",
        "payment",
        account_no,
        draw(days),
        -draw(st.integers(1, 25)),
        counts=draw(st.booleans()),
        invoice_no=draw(st.sampled_from([None, "0", "1", "2", "3", "unheard of"])),
        method="cheque",
        decision=decision,
        stands_on="S" if decision == "suspense" else account_no,
    )
    said = draw(st.lists(st.sampled_from(["clearing", "reversal", "bounce", "confirmation"]), max_size=3))
    return [payment, *(event(draw, payment, kind, index) for index, kind in enumerate(said))]


def event(draw: st.DrawFn, payment: Fact, kind: str, index: int) -> Fact:
    return fact(
        f"e:{payment.fact_id}.{index}",
        kind,
        payment.account_no,
        draw(days),
        -payment.amount_minor if kind == "reversal" else 0,
        of_fact_id=payment.fact_id,
        decision=draw(st.sampled_from([None, None, "none"])),
        stands_on=payment.stands_on,
    )


def fact(fact_id: str, kind: Any, account_no: str, day: int, amount_minor: int, **more: Any) -> Fact:
    return Fact(
        fact_id=fact_id,
        kind=kind,
        account_no=account_no,
        stands_on=more.pop("stands_on", account_no),
        number=fact_id[2:],
        fact_date=DAY + timedelta(days=day),
        amount_minor=amount_minor,
        **more,
    )


# --- the rules alone --------------------------------------------------------------------------------------------------


@given(facts=ledgers(), data=st.data())
@settings(max_examples=300)
def test_the_rules_say_what_the_oracle_says_for_any_order_of_arrival(facts: list[Fact], data: st.DataObject) -> None:
    arrived = data.draw(st.permutations(facts))
    by_id = {item.fact_id: item for item in facts}
    counted: dict[str, list[Counted]] = {account_no: [] for account_no in ACCOUNTS}
    for m in movements_of(arrived):
        said = by_id[m.fact_id]
        counted[m.account_no].append(
            Counted(
                m.fact_id,
                m.kind,
                m.fact_date,
                m.due_date,
                m.amount_minor,
                said.number,
                said.invoice_no,
                said.of_fact_id,
            )
        )
    for account_no, told in oracle(facts).items():
        result = allocate(*charges_and_credits(counted[account_no]))
        assert {s.charge.number: s.paid_minor for s in result.charges} == {o.number: o.paid for o in told.owed}
        assert result.credit_minor == told.credit
        assert sum(one.amount_minor for one in counted[account_no]) == told.net


# --- the ledger -------------------------------------------------------------------------------------------------------


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    with empty_ledger(database_url) as store:
        with store.write() as connection:
            connection.execute(insert(customers), [{"customer_no": "C", "name": "Grace", "zone": "z"}])
            connection.execute(
                insert(accounts),
                [
                    {"account_no": "A1", "kind": "meter", "customer_no": "C", "meter_no": "M1", "zone": "z"},
                    {"account_no": "A2", "kind": "meter", "customer_no": "C", "meter_no": "M2", "zone": "z"},
                    {"account_no": "S", "kind": "suspense", "customer_no": None, "meter_no": None, "zone": "z"},
                ],
            )
        yield store


class RolledBack(Exception):
    """The example is over."""


@contextmanager
def tried(store: Store) -> Iterator[Connection]:
    try:
        with store.write() as connection:
            yield connection
            raise RolledBack
    except RolledBack:
        pass


def arrivals(data: st.DataObject, facts: list[Fact]) -> list[list[Fact]]:
    """Return batches: a till's fact may come provisionally first and with head office's decision later."""
    stamped = [item for item in facts if item.decision and data.draw(st.booleans())]
    first = [replace(item, decision=None, stands_on=item.account_no) if item in stamped else item for item in facts]
    return [*batches(data, first), *batches(data, stamped)]


def batches(data: st.DataObject, facts: list[Fact]) -> Iterator[list[Fact]]:
    order = list(data.draw(st.permutations(facts)))
    while order:
        size = data.draw(st.integers(1, len(order)))
        yield order[:size]
        order = order[size:]


def kept(connection: Connection) -> dict[str, tuple[Any, ...]]:
    columns = ("net_minor", "balance_minor", "overpayment_minor", "total_billed_minor", "total_paid_minor")
    rows = connection.execute(
        select(accounts.c.account_no, *(accounts.c[c] for c in columns), accounts.c.last_invoice_date)
    )
    return {row[0]: tuple(row[1:]) for row in rows}


def sums(told: dict[str, Told]) -> dict[str, tuple[Any, ...]]:
    return {
        account_no: (one.net, max(one.net, 0), max(-one.net, 0), one.billed, one.paid, one.last_invoice)
        for account_no, one in told.items()
    }


@given(facts=ledgers(), data=st.data())
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_the_ledger_says_what_the_oracle_says_after_every_arrival(
    store: Store, facts: list[Fact], data: st.DataObject
) -> None:
    with tried(store) as connection:
        here: dict[str, Fact] = {}
        for batch in arrivals(data, facts):
            recalculate(connection, post(connection, batch).accounts)
            here.update({item.fact_id: item for item in batch})
            told = oracle(list(here.values()))
            assert kept(connection) == sums(told)
            customer = connection.execute(select(customers.c.balance_minor, customers.c.overpayment_minor)).one()
            assert tuple(customer) == tuple(sum(max(sign * told[a].net, 0) for a in ("A1", "A2")) for sign in (1, -1))
        assert recalculate_all(connection) == ()
        assert recalculate_customers(connection, ["C"]) == recalculate_customers(connection, None) == ()
        assert find_differences(connection, None) == ()
        told = oracle(facts)
        _compare_queries(connection, told)
        posted = sorted(map(tuple, connection.execute(select(movements))))
        rebuild_movements(connection)
        assert sorted(map(tuple, connection.execute(select(movements)))) == posted


def _compare_queries(connection: Connection, told: dict[str, Told]) -> None:
    several = allocations(connection, ACCOUNTS)
    for account_no, one in told.items():
        paid = {owed.number: owed.paid for owed in one.owed}
        for allocation in (ledger_of(connection, account_no).allocation, several[account_no]):
            assert {state.charge.number: state.paid_minor for state in allocation.charges} == paid
            assert allocation.credit_minor == one.credit
        year = statement(connection, account_no, from_date=date(2026, 1, 1), to_date=date(2026, 12, 31))
        assert (year.opening_minor, year.closing_minor) == (0, one.net)
        assert (year.invoiced_minor, year.paid_minor) == (one.billed, one.paid)
    listed = {row.invoice_no: row.open_minor for row in invoices(connection, as_of=AS_OF) if row.open_minor}
    assert listed == {
        owed.number: owed.cents - owed.paid
        for one in told.values()
        for owed in one.owed
        if owed.kind == "invoice" and owed.paid < owed.cents
    }
    aged = {row.account_no: row.total_minor for row in aging(connection, as_of=AS_OF)}
    assert aged == {account_no: one.net for account_no, one in told.items() if account_no != "S" and one.net > 0}
