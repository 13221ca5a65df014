"""Instalment plans by commands, at a till."""

from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import insert, update

from meterpos.ledger.tables import accounts, plans, users
from tests.cli.commands import TillCommands, run
from tests.ledger.operations.test_instalments import total
from tests.support.tills import GRACE, Counter, post_facts

PAY = ("pay-plan", "--plan", "PL-0042", "--method", "bank", "--reference", "UTR 0081")


@pytest.fixture
def plan_till(counter: Counter, open_till: TillCommands) -> TillCommands:
    """A till that knows a plan of Grace's."""
    row = {
        "account_no": "PL-0042",
        "kind": "plan",
        "customer_no": GRACE,
        "zone": "Kondele",
        "opened_on": date(2026, 7, 1),
    }
    with counter.till.store.write() as connection:
        connection.execute(insert(accounts), row)
        connection.execute(insert(plans), {"account_no": "PL-0042", "capacity_kw": "5", "total_minor": 500_000})
    post_facts(counter, [total("PL-0042", 500_000)])
    return open_till


def test_a_plan_is_paid_and_looked_at(plan_till: TillCommands) -> None:
    plan_till.do(*PAY, "--amount", "2000", "--date", "2020-11-18", "--notes", "first")
    answer = plan_till.ask("plan", "pl-0042")
    assert (answer["total_minor"], answer["paid_minor"], answer["pending_minor"]) == (500_000, 200_000, 300_000)
    assert (answer["status"], answer["phase"], answer["count"]) == ("partial", "amount", 1)
    (payment,) = answer["payments"]
    assert (payment["paid_on"], payment["reference"], payment["notes"]) == ("2020-11-18", "UTR0081", "first")
    out = plan_till.do("plan", "PL-0042").out
    assert "Pending   3,000.00" in out and "UTR0081" in out and "Achieng O." in out


def test_the_rest_of_a_reference_pays_a_plan_with_approval(pin: str, plan_till: TillCommands) -> None:
    plan_till.do(*PAY, "--amount", "10")
    assert "was already used" in plan_till(*PAY, "--amount", "10").told
    plan_till.do(*PAY, "--amount", "10", "--approver", "otieno", "--approver-pin-file", pin)
    assert plan_till.ask("plan", "PL-0042")["count"] == 2


def test_a_plan_without_payments_is_looked_at(plan_till: TillCommands) -> None:
    assert plan_till.do("plan", "PL-0042").out.splitlines()[-1] == "Payments  0"


def test_more_than_is_pending_is_refused_in_a_sentence(plan_till: TillCommands) -> None:
    done = plan_till(*PAY, "--amount", "5000.01")
    assert (done.code, done.told.strip()) == (
        1,
        "5,000.00 is pending on plan PL-0042: 5,000.01 is 0.01 too much. Take at most what is pending.",
    )
    assert plan_till(*PAY, "--amount", "abc").code == 1
    assert plan_till("pay-plan", "--plan", "MTR-001", "--amount", "1", "--method", "cash").told.startswith(
        "MTR-001 is no"
    )


def test_head_office_makes_and_cancels_a_plan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("METERPOS_HEADOFFICE_HOME", str(tmp_path))
    assert run("headoffice", "init").code == 0
    customers = tmp_path / "import"
    customers.mkdir()
    (customers / "customers.csv").write_text(
        "customer_no,name,phone,zone,status,opened_on\nAC-1,Grace,0712345678,Kondele,active,2026-01-01\n"
    )
    (customers / "meters.csv").write_text("meter_no,serial_no,utility,status,location\n")
    (customers / "accounts.csv").write_text("account_no,customer_no,meter_no,opened_on,closed_on,opening_balance\n")
    done = run("headoffice", "import", str(customers))
    assert done.code == 0, done.told
    add = ("headoffice", "plan", "add", "PL-1", "--customer", "AC-1", "--capacity", "5", "--total", "240000")
    done = run(*add)
    assert (done.code, done.out.strip()) == (0, "Plan PL-1: 5 kW, 240,000.00 in all, of customer AC-1."), done.told
    assert "cannot change" in run(*add).told
    shown = run("headoffice", "plan", "show", "PL-1", "--json").answer
    assert (shown["total_minor"], shown["payments"], shown["status"]) == (24_000_000, [], "pending")
    assert "Pending   240,000.00" in run("headoffice", "plan", "show", "PL-1").out
    assert run("headoffice", "plan", "cancel", "PL-1", "--reason", "wrong", "--json").answer["cancelled"] is True


def test_a_manager_makes_a_plan_and_it_is_listed(counter: Counter, pin: str, plan_till: TillCommands) -> None:
    request = ("plan-request", "--customer", GRACE, "--capacity", "7.5", "--total", "240000")
    assert "Only a manager makes an instalment plan" in plan_till(*request).told
    with counter.till.store.write() as connection:
        connection.execute(update(users).where(users.c.user_name == "otieno").values(role="manager"))
    approved = ("--approver", "otieno", "--approver-pin-file", pin, "--request-id", "one")
    assert "KSM01-B7K-P0001: 7.5 kW, 240,000.00 in all" in plan_till.do(*request, *approved).out
    assert plan_till.ask(*request, *approved)["plan_no"] == "KSM01-B7K-P0001"
    plan_till.do(*PAY, "--amount", "2000", "--date", "2020-11-18")
    lines = plan_till.do("plans", "--format", "csv").out.splitlines()
    assert lines[0].endswith("amount_paid,pending,payments,status,phase,amount_utr_number,amount_paid_date")
    assert lines[2].endswith("5,5000.00,2000.00,3000.00,1,partial,amount,UTR0081,2020-11-18")
    assert [row["status"] for row in plan_till.ask("plans")["plans"]] == ["pending", "partial"]


def test_head_office_lists_its_plans_with_the_old_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("METERPOS_HEADOFFICE_HOME", str(tmp_path))
    assert run("headoffice", "init").code == 0
    done = run("headoffice", "plan", "list", "--format", "csv")
    assert "amount_paid" in done.out and "amount_utr_number" in done.out
