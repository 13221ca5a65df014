"""Paying at a till by command: what is answered, what is printed, and what the ledger then says."""

import uuid
from pathlib import Path

import pytest

from meterpos.ledger.queries.receipts import find_receipt
from meterpos.ledger.tables import meters
from tests.cli.commands import TillCommands, file
from tests.support.tills import Counter


def test_cash_with_change_is_taken_and_told(open_till: TillCommands) -> None:
    done = open_till.do("pay", "--meter", "MTR-001", "--amount", "2,500", "--method", "cash", "--tendered", "3000")
    assert done.out.splitlines() == [
        "Took KES 2,500.00 from Grace Akinyi Otieno: KSM01-B7K-000001",
        "Change 500.00",
        "MTR-001: 2,300.00 to INV-2026-00456, 0.00 left on it",
        "MTR-001: balance 0.00, credit 200.00",
    ]
    assert done.told == ""


def test_the_answer_has_the_receipt_the_allocation_and_the_balance_after(
    counter: Counter, open_till: TillCommands
) -> None:
    answer = open_till.ask(
        "pay", "--meter", "mtr-078", "--amount", "3000", "--method", "mpesa", "--reference", "skj3xy71ab"
    )
    assert answer["receipt_no"] == "KSM01-B7K-000001" and len(answer["entry_id"]) == 64
    assert answer["legs"] == [{"method": "mpesa", "amount_minor": 300000, "reference": "SKJ3XY71AB", "counts": True}]
    (part,) = answer["allocation"]
    assert [(line["number"], line["amount_minor"], line["left_minor"]) for line in part["lines"]] == [
        ("INV-2026-00390", 250000, 0),
        ("INV-2026-00421", 50000, 210000),
    ]
    assert (answer["balance_after_minor"], answer["credit_after_minor"]) == (210000, 0)
    assert counter.net("A3") == 210000


def test_an_invoice_may_be_named(open_till: TillCommands) -> None:
    arguments = ("pay", "--meter", "MTR-078", "--amount", "2600", "--method", "cash", "--invoice", "INV-2026-00421")
    (line,) = open_till.ask(*arguments)["allocation"][0]["lines"]
    assert (line["number"], line["amount_minor"], line["left_minor"]) == ("INV-2026-00421", 260000, 0)


def test_several_meters_and_methods_make_one_receipt(tmp_path: Path, counter: Counter, open_till: TillCommands) -> None:
    rows = file(tmp_path, "meters.csv", ["meter_no,amount", "MTR-001,2300", "MTR-078,200"])
    answer = open_till.ask(
        "pay-many", rows, "--leg", "cash:1000", "--leg", "mpesa:1500:SKJ3XY71AB", "--tendered", "1000"
    )
    assert answer["total_minor"] == 250000 and answer["change_minor"] == 0
    assert [(part["meter_no"], part["amount_minor"]) for part in answer["allocation"]] == [
        ("MTR-001", 230000),
        ("MTR-078", 20000),
    ]
    assert [leg["amount_minor"] for leg in answer["legs"]] == [100000, 150000]
    assert (counter.net("A1"), counter.net("A3")) == (0, 490000)


def test_the_same_tender_id_pays_once(counter: Counter, open_till: TillCommands) -> None:
    arguments = ("pay", "--meter", "MTR-001", "--amount", "100", "--method", "cash", "--tender-id", str(uuid.uuid4()))
    first = open_till.ask(*arguments)
    before = counter.print_of_ledger()
    assert open_till.ask(*arguments) == first
    assert counter.print_of_ledger() == before
    other = open_till(*(arguments[:4]), "200", *arguments[5:])
    assert other.code == 1 and "was already taken as KSM01-B7K-000001 with other amounts" in other.told


def test_the_same_tender_id_is_answered_even_after_the_shift(tmp_path: Path, open_till: TillCommands) -> None:
    arguments = ("pay", "--meter", "MTR-001", "--amount", "100", "--method", "cash", "--tender-id", str(uuid.uuid4()))
    first = open_till.ask(*arguments)
    open_till.do("shift", "close", "--counted", file(tmp_path, "count", "5100"))
    assert open_till.ask(*arguments) == first


def test_money_for_a_meter_not_known_here_is_kept_aside(open_till: TillCommands) -> None:
    arguments = ("pay", "--meter", "MTR-999", "--amount", "500", "--method", "cash")
    refused = open_till(*arguments)
    assert refused.code == 1 and "--unknown-name NAME" in refused.told
    answer = open_till.ask(*arguments, "--unknown-name", "Akoth", "--unknown-phone", "0712000111")
    (part,) = answer["allocation"]
    assert (part["account_no"], part["meter_no"], part["in_suspense"]) == ("SUSPENSE-KSM01", "MTR-999", True)
    told = open_till.do(*arguments, "--unknown-name", "Akoth").out
    assert "MTR-999: 500.00 kept aside for head office to place" in told


def test_a_receipt_is_printed_where_asked(tmp_path: Path, open_till: TillCommands) -> None:
    roll = tmp_path / "roll.bin"
    arguments = ("pay", "--meter", "MTR-001", "--amount", "100", "--method", "cash", "--print", f"file:{roll}")
    assert open_till.ask(*arguments)["printed"] == "confirmed"
    assert b"KSM01-B7K-000001" in roll.read_bytes()
    (job,) = open_till.ask("jobs")["jobs"]
    assert (job["number"], job["state"]) == ("KSM01-B7K-000001", "confirmed")


def test_a_printer_in_trouble_takes_nothing_back(tmp_path: Path, counter: Counter, open_till: TillCommands) -> None:
    device = f"file:{tmp_path / 'nowhere' / 'roll.bin'}"
    done = open_till("pay", "--meter", "MTR-001", "--amount", "2300", "--method", "cash", "--print", device, "--json")
    assert (done.code, done.answer["printed"]) == (0, "failed")
    assert done.told.startswith("KSM01-B7K-000001 is saved. The paper cannot be written to ")
    assert counter.net("A1") == 0


def test_someone_else_may_act_with_their_pin(pin: str, open_till: TillCommands) -> None:
    arguments = ("pay", "--meter", "MTR-001", "--amount", "100", "--method", "cash", "--clerk", "otieno")
    assert open_till.ask(*arguments, "--pin-file", pin)["clerk"] == "otieno"
    assert open_till.ask(*arguments[:-2])["clerk"] == "achieng"


def test_an_odd_reference_is_taken_and_doubted_aloud(open_till: TillCommands) -> None:
    done = open_till.do("pay", "--meter", "MTR-001", "--amount", "100", "--method", "mpesa", "--reference", "SKJ3")
    assert done.told.startswith("An M-Pesa code has 10 letters and digits") and done.told.count("\n") == 1


def test_the_sms_goes_where_it_is_wished(counter: Counter, open_till: TillCommands) -> None:
    arguments = ("pay", "--meter", "MTR-001", "--amount", "100", "--method", "cash")
    open_till.do(*arguments, "--sms-to", "0712 345 678")
    assert "0712 345 678" in open_till.do("receipt", "KSM01-B7K-000001").out
    open_till.do(*arguments, "--no-sms")
    assert "SMS" not in open_till.do("receipt", "KSM01-B7K-000002").out
    assert open_till(*arguments, "--sms-to", "0712 345 678", "--no-sms").code == 2
    assert open_till(*arguments, "--sms-to", "grace").told.startswith("That is not a phone number.")


@pytest.mark.parametrize(
    "arguments",
    [
        ("--meter", "MTR-001", "--amount", "100"),
        ("--meter", "MTR-001", "--amount", "100", "--method", "cash", "--leg", "cash:100"),
        ("--meter", "MTR-001", "--amount", "100", "--reference", "SKJ3XY71AB", "--leg", "cash:100"),
        ("--meter", "MTR-001", "--amount", "100", "--method", "card"),
        ("--meter", "MTR-001", "--method", "cash"),
        ("--meter", "MTR-001", "--amount", "100", "--method", "cash", "--tender-id", "mine"),
    ],
)
def test_wrong_usage_leaves_with_two_and_takes_nothing(
    counter: Counter, open_till: TillCommands, arguments: tuple[str, ...]
) -> None:
    before = counter.print_of_ledger()
    assert open_till("pay", *arguments).code == 2
    assert counter.print_of_ledger() == before


def test_the_rest_of_a_reference_is_used_with_a_second_persons_approval(
    counter: Counter, pin: str, open_till: TillCommands
) -> None:
    by_mpesa = ("--amount", "500", "--method", "mpesa", "--reference", "SJK4T2LM9Q")
    open_till.do("pay", "--meter", "MTR-001", *by_mpesa)
    refused = open_till("pay", "--meter", "MTR-112", *by_mpesa)
    assert refused.code == 1 and "a supervisor can approve using the rest of it" in refused.told
    alone = open_till("pay", "--meter", "MTR-112", *by_mpesa, "--approver", "achieng", "--approver-pin-file", pin)
    assert (alone.code, alone.told.strip()) == (1, "A second person has to approve. Ask a supervisor.")
    open_till.do("pay", "--meter", "MTR-112", *by_mpesa, "--approver", "otieno", "--approver-pin-file", pin)
    with counter.till.store.read() as connection:
        approval = find_receipt(connection, "KSM01-B7K-000002").entry.content.approval
    assert approval is not None and (approval.by, approval.how) == ("otieno", "pin")
    assert counter.net("A4") == 70_000


def test_the_slip_to_connect_a_meter_again_comes_with_the_payment_that_clears_its_debt(
    counter: Counter, open_till: TillCommands
) -> None:
    with counter.till.store.write() as connection:
        connection.execute(meters.update().where(meters.c.meter_no == "MTR-001").values(status="disconnected"))
    answer = open_till.ask("pay", "--meter", "MTR-001", "--amount", "2300", "--method", "cash")
    assert answer["allocation"][0]["reconnects"] is True
    assert "RECONNECTION SLIP" in open_till.do("receipt", answer["receipt_no"], "--reconnection").out
    other = open_till.ask("pay", "--meter", "MTR-078", "--amount", "1", "--method", "cash")
    refused = open_till("receipt", other["receipt_no"], "--reconnection")
    assert refused.code == 1
    assert "cleared no debt of a disconnected meter" in refused.told
