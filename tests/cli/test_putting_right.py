"""Another till's receipt by commands: asked about at a till, put right at head office."""

from datetime import date
from pathlib import Path

import pytest

from meterpos.ledger.rules.facts import Fact
from tests.cli.commands import TillCommands, run
from tests.support.tills import Counter, post_facts

NUMBER = "KSM02-C4T-000118"


def test_a_till_asks_head_office_about_another_tills_receipt(counter: Counter, open_till: TillCommands) -> None:
    asking = ("ask-put-right", NUMBER.lower(), "--reason", "wrong meter")
    assert f"No receipt {NUMBER} is known here" in open_till(*asking).told
    paid = Fact(
        fact_id="x.0",
        kind="payment",
        account_no="A1",
        stands_on="A1",
        number=NUMBER,
        fact_date=date(2026, 11, 20),
        amount_minor=-100,
        method="cash",
        decision="account",
        generation=1,
        position=9,
    )
    post_facts(counter, [paid])
    done = open_till.do(*asking)
    assert done.out == f"Head office is asked about {NUMBER} at the next exchange.\n"
    answer = open_till.ask(*asking, "--to-meter", "MTR-112")
    assert (answer["what"], answer["to_meter"]) == ("correct", "MTR-112")
    assert "is known here" in open_till(*asking, "--to-meter", "MTR-NONE").told


def test_an_approval_of_a_plan_is_asked_for_by_its_customer(open_till: TillCommands) -> None:
    asked = open_till.ask("challenge", "--kind", "plan", "--amount", "240000", "--subject", "AC-10482")
    assert "/plan/AC-10482/24000000/" in asked["challenge"]


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A head office with two meters, and a payment on each."""
    monkeypatch.setenv("METERPOS_HEADOFFICE_HOME", str(tmp_path))
    assert run("headoffice", "init").code == 0
    folder = tmp_path / "import"
    folder.mkdir()
    for name, lines in {
        "customers": "customer_no,name,phone,zone,status,opened_on\nAC-1,Grace,0712345678,Kondele,active,2026-01-01\n",
        "meters": "meter_no,serial_no,utility,status,location\nM1,,water,active,\nM2,,water,active,\n",
        "accounts": "account_no,customer_no,meter_no,opened_on,closed_on,opening_balance\n"
        "A1,AC-1,M1,2026-01-01,,100.00\nA2,AC-1,M2,2026-01-01,,100.00\n",
        "payments": "payment_no,account_no,paid_on,amount,method,reference,invoice_no,status,reversed_on\n"
        "PAY-1,A1,2026-02-01,40.00,cash,,,completed,\nPAY-2,A1,2026-02-02,10.00,cash,,,completed,\n",
    }.items():
        (folder / f"{name}.csv").write_text(lines)
    done = run("headoffice", "import", str(folder))
    assert done.code == 0, done.told


def net(account_no: str) -> int:
    rows = run("headoffice", "balances", "--json").answer["balances"]
    return next(int(row["net_minor"]) for row in rows if row["account_no"] == account_no)


@pytest.mark.usefixtures("office")
def test_head_office_takes_a_receipt_back_and_moves_another() -> None:
    assert (net("A1"), net("A2")) == (50_00, 100_00)
    done = run("headoffice", "payments", "reverse", "pay-1", "--reason", "paid twice")
    assert done.out.startswith("REV-000001: 40.00 of receipt pay-1 taken back."), done.told
    moved = run("headoffice", "payments", "move", "PAY-2", "--to", "M2", "--reason", "wrong meter", "--json").answer
    assert (moved["to"], moved["amount_minor"]) == ("A2", 10_00)
    assert (net("A1"), net("A2")) == (100_00, 90_00)
    again = run("headoffice", "payments", "reverse", "PAY-1", "--reason", "paid twice")
    assert again.code == 1 and "Nothing was changed" in again.told
    assert run("headoffice", "check").code == 0
