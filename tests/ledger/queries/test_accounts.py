"""One account: found by either number, what is open on it, what happened last, its summary."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest
from msgspec.structs import replace
from sqlalchemy import Connection, insert

from meterpos.ledger.balances import recalculate_all
from meterpos.ledger.posting import post
from meterpos.ledger.queries.accounts import (
    UnknownCustomerNumber,
    UnknownMeterOrAccount,
    financial_summary,
    last_transactions,
    ledger_of,
    open_invoices,
    resolve,
)
from meterpos.ledger.queries.statements import (
    UnusablePeriod,
    consolidated_statement,
    statement,
    statements_per_meter,
)
from meterpos.ledger.rules.facts import Fact
from meterpos.ledger.tables import accounts, customers, meters
from tests.support.ledgers import empty_ledger

DAY = date(2026, 6, 1)
AS_OF = DAY + timedelta(days=45)


def fact(fact_id: str, kind: Any, day: int, amount_minor: int, account_no: str = "A2", **more: Any) -> Fact:
    return Fact(
        fact_id=fact_id,
        kind=kind,
        account_no=account_no,
        stands_on=account_no,
        number=fact_id[2:],
        fact_date=DAY + timedelta(days=day),
        amount_minor=amount_minor,
        **more,
    )


PAID = fact("p:P1", "payment", 12, -700, method="mpesa", reference="SKJ3XY71AB", invoice_no="INV-2")
WRONG = fact("p:P2", "payment", 13, -50, method="cash")
PENDING = fact("p:P3", "payment", 14, -300, method="cheque", reference="000123", counts=False)
FACTS = [
    fact("o:A2", "opening", 0, 1000, due_date=DAY),
    fact("i:INV-1", "invoice", 1, 500, due_date=DAY + timedelta(days=15)),
    fact("i:INV-2", "invoice", 11, 600, due_date=DAY + timedelta(days=45), brought_forward_minor=1500),
    fact("a:ADJ-1", "adjustment", 12, -100, text="meter reading corrected"),
    PAID,
    WRONG,
    fact("r:P2", "reversal", 14, 50, of_fact_id="p:P2", text="wrong meter"),
    PENDING,
    fact("i:INV-9", "invoice", 3, 80, account_no="A3", due_date=DAY),
    replace(fact("i:INV-8", "invoice", 3, 80), decision="none"),
]


def account(account_no: str, meter_no: str, opened: int, closed: int | None = None) -> dict[str, Any]:
    return {
        "account_no": account_no,
        "kind": "meter",
        "customer_no": "C1",
        "meter_no": meter_no,
        "zone": "z",
        "opened_on": DAY + timedelta(days=opened),
        "closed_on": None if closed is None else DAY + timedelta(days=closed),
    }


@pytest.fixture
def ledger(database_url: str) -> Iterator[Connection]:
    with empty_ledger(database_url) as store, store.write() as connection:
        connection.execute(insert(customers), [{"customer_no": "C1", "name": "Grace Akinyi Otieno", "zone": "z"}])
        connection.execute(insert(meters), [{"meter_no": "MTR-1", "utility": "water", "status": "active"}])
        connection.execute(
            insert(accounts),
            [
                account("A1", "MTR-1", -90, -10),
                account("A2", "MTR-1", 0),
                account("A3", "MTR-3", -90, -50),
                account("A4", "MTR-3", -50, -5),
            ],
        )
        post(connection, FACTS)
        recalculate_all(connection)
        yield connection


@pytest.mark.parametrize(
    ("typed", "found"), [("MTR-1", "A2"), (" mtr-1 ", "A2"), ("A1", "A1"), ("a2", "A2"), ("MTR-3", "A4")]
)
def test_a_meter_means_its_active_account_else_its_last(ledger: Connection, typed: str, found: str) -> None:
    assert resolve(ledger, typed).account_no == found


def test_an_account_says_whose_it_is_and_how_it_stands(ledger: Connection) -> None:
    one = resolve(ledger, "MTR-1")
    assert (one.customer_name, one.utility, one.status) == ("Grace Akinyi Otieno", "water", "Outstanding")
    assert (one.net_minor, one.total_billed_minor, one.total_paid_minor) == (1300, 1100, 700)


def test_a_number_nobody_knows_is_refused_in_a_sentence(ledger: Connection) -> None:
    with pytest.raises(UnknownMeterOrAccount, match="No meter or account 'MTR-7' is known here") as refused:
        resolve(ledger, "MTR-7")
    assert refused.value.field == "meter"


def test_what_is_open_stands_in_the_order_in_which_it_will_be_paid(ledger: Connection) -> None:
    shown = [
        (one.number, one.kind, one.amount_minor, one.open_minor, one.days_overdue)
        for one in open_invoices(ledger, "A2", as_of=AS_OF)
    ]
    assert shown == [("A2", "opening", 1000, 800, 45), ("INV-1", "invoice", 500, 500, 30)]
    assert open_invoices(ledger, "nobody's", as_of=AS_OF) == ()


def test_a_reversed_or_pending_payment_pays_nothing(ledger: Connection) -> None:
    assert {credit.fact_id for credit in ledger_of(ledger, "A2").credits} == {"a:ADJ-1", "p:P1"}


def test_the_last_transactions_tell_what_is_pending_and_what_was_reversed(ledger: Connection) -> None:
    told = [
        (one.number, one.kind, one.amount_minor, one.counts, one.reversed)
        for one in last_transactions(ledger, "A2", limit=4)
    ]
    assert told == [
        ("P3", "payment", -300, False, False),
        ("P2", "reversal", 50, True, False),
        ("P2", "payment", -50, True, True),
        ("P1", "payment", -700, True, False),
    ]


def test_a_summary_adds_up(ledger: Connection) -> None:
    summary = financial_summary(ledger, "MTR-1", as_of=AS_OF)
    one = summary.account
    assert one.net_minor == (
        summary.opening_minor + one.total_billed_minor + summary.adjusted_minor - one.total_paid_minor
    )
    assert (summary.opening_minor, summary.adjusted_minor) == (1000, -100)
    assert (summary.pending_count, summary.pending_minor) == (1, 300)
    assert summary.aging.columns_minor == (0, 500, 800, 0, 0)
    assert (summary.open_count, summary.oldest_due) == (2, DAY)
    assert (summary.last_payment_date, summary.last_payment_minor) == (PAID.fact_date, 700)


def test_a_summary_of_an_account_nothing_happened_on_is_empty(ledger: Connection) -> None:
    summary = financial_summary(ledger, "A1", as_of=AS_OF)
    assert (summary.last_payment_date, summary.last_payment_minor, summary.oldest_due) == (None, 0, None)
    assert summary.aging.total_minor == summary.open_count == summary.pending_count == 0


def test_a_statement_runs_from_its_opening_to_its_closing_balance(ledger: Connection) -> None:
    told = statement(ledger, "MTR-1", from_date=DAY + timedelta(days=11), to_date=DAY + timedelta(days=14))
    assert told.opening_minor == 1500
    assert [
        (line.kind, line.number, line.debit_minor, line.credit_minor, line.balance_minor) for line in told.lines
    ] == [
        ("invoice", "INV-2", 600, 0, 2100),
        ("adjustment", "ADJ-1", 0, 100, 2000),
        ("payment", "P1", 0, 700, 1300),
        ("payment", "P2", 0, 50, 1250),
        ("reversal", "P2", 50, 0, 1300),
    ]
    assert told.closing_minor == 1300
    assert (told.invoiced_minor, told.adjusted_minor, told.paid_minor, told.pending_minor) == (600, -100, 700, 300)
    assert told.lines[2].reference == "SKJ3XY71AB"


def test_a_statement_of_quiet_days_closes_as_it_opens(ledger: Connection) -> None:
    told = statement(ledger, "A2", from_date=DAY + timedelta(days=20), to_date=DAY + timedelta(days=20))
    assert (told.opening_minor, told.closing_minor, told.lines) == (1300, 1300, ())


def test_a_customer_has_one_statement_or_one_a_meter(ledger: Connection) -> None:
    period = {"from_date": DAY - timedelta(days=99), "to_date": AS_OF}
    together = consolidated_statement(ledger, "C1", **period)
    apart = statements_per_meter(ledger, "C1", **period)
    assert [one.accounts[0].account_no for one in apart] == ["A2", "A1", "A3", "A4"]
    assert together.closing_minor == sum(one.closing_minor for one in apart) == 1380
    assert len(together.lines) == sum(len(one.lines) for one in apart)


def test_a_statement_of_nobody_or_of_a_period_that_ends_before_it_begins_is_refused(ledger: Connection) -> None:
    with pytest.raises(UnknownCustomerNumber, match="No customer 'C9'"):
        consolidated_statement(ledger, "C9", from_date=DAY, to_date=DAY)
    with pytest.raises(UnusablePeriod, match="2026-06-01, comes after the last, 2026-05-31"):
        statement(ledger, "A2", from_date=DAY, to_date=DAY - timedelta(days=1))
