"""Cash moved by commands."""

from pathlib import Path

from sqlalchemy import insert

from meterpos.ledger.tables import settings
from meterpos.printing.thermal import drawer_pulse
from tests.cli.commands import TillCommands, file
from tests.support.tills import Counter


def test_cash_is_dropped_and_banked_by_command(tmp_path: Path, open_till: TillCommands) -> None:
    roll = tmp_path / "roll.bin"
    told = open_till.do("cash", "--kind", "drop", "--amount", "1000", "--print", f"file:{roll}").out
    assert told == "Put into the safe KES 1,000.00: KSM01-B7K-C00001\n"
    assert b"CASH TO THE SAFE" in roll.read_bytes()
    answer = open_till.ask("cash", "--kind", "banking", "--amount", "400", "--slip", "EQ-7")
    assert (answer["amount_minor"], answer["slip"], answer["printed"]) == (40000, "EQ-7", None)
    refused = open_till("cash", "--kind", "drop", "--amount", "9,000,000")
    assert refused.code == 1 and "Count again." in refused.told


def test_an_id_of_ones_own_moves_cash_once(open_till: TillCommands) -> None:
    drop = ("cash", "--kind", "drop", "--amount", "1", "--movement-id", "0b8cf9a5-6c33-4c5c-8f58-33f7a1c3b0aa")
    assert open_till.ask(*drop)["number"] == open_till.ask(*drop)["number"]


def test_between_shifts_someone_has_to_say_who_banks(pin: str, till: TillCommands) -> None:
    banking = ("cash", "--kind", "banking", "--amount", "1", "--slip", "EQ-7")
    assert "No shift is open, so say who acts" in till(*banking).told
    assert "The safe must hold 0.00" in till(*banking, "--clerk", "otieno", "--pin-file", pin).told


def test_a_payout_is_approved_by_command(pin: str, open_till: TillCommands) -> None:
    payout = ("cash", "--kind", "payout", "--amount", "50", "--reason", "soap")
    refused = open_till(*payout)
    assert refused.code == 1 and "second person" in refused.told
    half = open_till(*payout, "--approver", "otieno")
    assert half.code == 1 and "--approver NAME --approver-pin-file FILE" in half.told
    done = open_till.do(*payout, "--approver", "otieno", "--approver-pin-file", pin)
    assert done.out.startswith("Paid out KES 50.00")


def test_a_drawer_is_handed_over_with_the_next_clerk_s_pin(pin: str, open_till: TillCommands) -> None:
    handover = ("cash", "--kind", "handover", "--amount", "0", "--to", "otieno")
    assert "Give the PIN of otieno" in open_till(*handover).told
    told = open_till.do(*handover, "--to-pin-file", pin).out
    assert "Handed over to otieno KES 0.00" in told and "short." in told
    assert open_till.ask("shift", "report")["clerk"] == "otieno"


def test_a_handover_is_counted_by_note_and_coin(pin: str, open_till: TillCommands, tmp_path: Path) -> None:
    counted = file(tmp_path, "count.csv", ["denomination,count", "1000,4", "500,2"])
    handover = ("cash", "--kind", "handover", "--to", "otieno", "--to-pin-file", pin)
    assert open_till(*handover).code == open_till(*handover, "--amount", "1", "--counted", counted).code == 2
    assert open_till("cash", "--kind", "drop", "--counted", counted).code == 2
    moved = open_till.ask(*handover, "--counted", counted)
    assert (moved["amount_minor"], moved["difference_minor"]) == (500_000, 0)
    assert moved["count"] == [{"denomination_minor": 100_000, "count": 4}, {"denomination_minor": 50_000, "count": 2}]


def test_a_full_drawer_takes_mpesa_and_what_a_supervisor_approves(
    counter: Counter, pin: str, open_till: TillCommands
) -> None:
    with counter.till.store.write() as connection:
        connection.execute(insert(settings), {"key": "cash_stop_minor", "value": 500_000})
    pay = ("pay", "--meter", "MTR-001", "--amount", "10", "--method")
    refused = open_till(*pay, "cash")
    assert refused.code == 1 and "would pass its limit of 5,000.00" in refused.told
    assert open_till.ask(*pay, "mpesa", "--reference", "SJK4T2LM9Q")["cash_warning"] is None
    taken = open_till.do(*pay, "cash", "--approver", "otieno", "--approver-pin-file", pin)
    assert "above the limit of 5,000.00" in taken.told


def test_a_drawer_is_opened_for_a_reason_and_counted(tmp_path: Path, open_till: TillCommands) -> None:
    assert "Say why the drawer is opened" in open_till("open-drawer", "--reason", " ").told
    assert open_till.do("open-drawer", "--reason", "change").out == "Noted: open the drawer with its key.\n"
    roll = tmp_path / "roll.bin"
    told = open_till.do("open-drawer", "--reason", "check", "--print", f"file:{roll}").out
    assert told == "The drawer is told to open; the report counts it.\n"
    assert roll.read_bytes() == drawer_pulse()
    away = open_till.ask("open-drawer", "--reason", "check", "--print", "tcp:127.0.0.1:9")
    assert (away["told_to_open"], bool(away["detail"])) == (False, True)
    assert open_till.ask("shift", "report")["drawer_openings"] == 3
