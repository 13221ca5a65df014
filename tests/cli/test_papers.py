"""Reversing, looking at papers again, counted copies, and whether a QR is true."""

from pathlib import Path

import pytest
from sqlalchemy import delete, insert, update

from meterpos.ledger import signing
from meterpos.ledger.seal import seal_text
from meterpos.ledger.tables import devices, streams
from tests.cli.commands import TillCommands, file
from tests.support.tills import DEVICE_KEY, Counter

PAY = ("pay", "--meter", "MTR-001", "--amount", "2500", "--method", "cash", "--tendered", "3000")
FIRST, SECOND = "KSM01-B7K-000001", "KSM01-B7K-000002"
REVERSE = ("reverse", FIRST, "--reason", "wrong amount", "--refund", "cash", "--approver", "otieno")


@pytest.fixture
def known_device(counter: Counter) -> None:
    """The till's own key, as it comes down the feed."""
    row = {"device_id": "device-1", "till_name": "KSM01", "public_key": signing.public_of(DEVICE_KEY), "revoked": False}
    with counter.till.store.write() as connection:
        connection.execute(insert(devices), row)


def seal(counter: Counter, till: TillCommands, number: str) -> str:
    """The QR of a paper, as a scanner reads it."""
    text: str = till.ask("receipt", number)["seal"]
    return text


def test_a_reversal_gives_the_cash_back_and_stands_beside_its_receipt(
    counter: Counter, pin: str, open_till: TillCommands
) -> None:
    open_till.do(*PAY)
    answer = open_till.ask(*REVERSE, "--approver-pin-file", pin)
    assert (answer["receipt_no"], answer["reverses"], answer["approved_by"]) == (SECOND, FIRST, "otieno")
    assert (answer["total_minor"], answer["refund_cash_minor"]) == (250000, 250000)
    assert answer["balance_after_minor"] == counter.net("A1") == 230000
    assert open_till.ask("receipt", FIRST)["reversed_by"] == SECOND
    assert open_till.ask("receipt", SECOND)["reverses"] == FIRST


def test_a_reversal_tells_the_clerk_what_to_give_back(pin: str, open_till: TillCommands) -> None:
    open_till.do(*PAY)
    assert open_till.do(*REVERSE, "--approver-pin-file", pin).out.splitlines() == [
        f"Reversed KES 2,500.00 of {FIRST}: {SECOND}",
        "Give back 2,500.00 in cash.",
        "MTR-001: balance 2,300.00, credit 0.00",
    ]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("reverse", "KSM01-B7K-000009", *REVERSE[2:]), "No receipt KSM01-B7K-000009 is known here."),
        ((*REVERSE[:-1], "achieng"), "A second person has to approve. Ask a supervisor."),
        ((*REVERSE[:-1], "nobody"), "No user 'nobody' may work here."),
        (("reverse", FIRST, "--reason", " ", *REVERSE[4:]), "Give the reason for the reversal"),
    ],
)
def test_a_reversal_that_may_not_be_is_refused(
    counter: Counter, pin: str, open_till: TillCommands, arguments: tuple[str, ...], sentence: str
) -> None:
    open_till.do(*PAY)
    before = counter.print_of_ledger()
    done = open_till(*arguments, "--approver-pin-file", pin)
    assert (done.code, done.raw) == (1, b"") and sentence in done.told
    assert counter.print_of_ledger() == before


def test_a_wrong_pin_reverses_nothing_and_is_counted(
    tmp_path: Path, counter: Counter, pin: str, open_till: TillCommands
) -> None:
    open_till.do(*PAY)
    before = counter.print_of_ledger()
    wrong = file(tmp_path, "wrong.pin", "1111\n")
    for _ in range(3):
        done = open_till(*REVERSE, "--approver-pin-file", wrong)
        assert done.code == 1 and "That PIN is not right." in done.told
    assert "Too many wrong PINs. Try again in" in open_till(*REVERSE, "--approver-pin-file", pin).told
    assert counter.print_of_ledger()[1:5] == before[1:5]  # the journal alone grew: it says who tried


def test_a_receipt_is_reversed_once(counter: Counter, pin: str, open_till: TillCommands) -> None:
    open_till.do(*PAY)
    open_till.do(*REVERSE, "--approver-pin-file", pin)
    before = counter.print_of_ledger()
    done = open_till(*REVERSE, "--approver-pin-file", pin)
    assert done.code == 1 and f"Receipt {FIRST} was already reversed by {SECOND}." in done.told
    assert counter.print_of_ledger() == before


def test_a_receipt_can_be_seen_in_every_form(counter: Counter, open_till: TillCommands) -> None:
    open_till.do(*PAY)
    before = counter.print_of_ledger()
    text = open_till.do("receipt", FIRST.lower(), "--columns", "32").out
    assert "PAYMENT RECEIPT" in text and max(map(len, text.splitlines())) <= 32
    assert open_till.do("receipt", FIRST, "--format", "pdf").raw.startswith(b"%PDF-")
    assert open_till.do("receipt", FIRST, "--format", "png").raw.startswith(b"\x89PNG\r\n")
    assert open_till.do("receipt", FIRST, "--format", "escpos").raw.startswith(b"\x1b@")
    assert open_till("receipt", FIRST, "--columns", "40").code == 2
    assert counter.print_of_ledger() == before, "looking is not a copy"


def test_a_copy_says_so_and_is_counted(tmp_path: Path, open_till: TillCommands) -> None:
    open_till.do(*PAY)
    assert "COPY" not in open_till.do("receipt", FIRST).out
    assert "COPY 1" in open_till.do("receipt", FIRST, "--copy").out
    roll = tmp_path / "roll.bin"
    done = open_till.do("receipt", FIRST, "--copy", "--print", f"file:{roll}")
    assert done.out == f"Copy 2 of {FIRST}: confirmed\n"
    assert b"COPY 2" in roll.read_bytes() and b"\x1bp" not in roll.read_bytes(), "a copy opens no drawer"
    assert open_till.ask("receipt", FIRST)["copies"] == 2
    assert open_till("receipt", FIRST, "--print", "file:x").code == 2


def test_a_receipt_that_never_came_out_is_printed_as_it_was(tmp_path: Path, open_till: TillCommands) -> None:
    open_till.do(*PAY, "--print", f"file:{tmp_path / 'nowhere' / 'roll.bin'}")
    roll = tmp_path / "roll.bin"
    done = open_till.do("receipt", FIRST, "--copy", "--print", f"file:{roll}")
    assert done.out == f"{FIRST}, which had not come out: confirmed\n"
    assert b"COPY" not in roll.read_bytes()
    assert open_till.ask("receipt", FIRST)["copies"] == 0


def test_what_was_printed_is_listed(tmp_path: Path, open_till: TillCommands) -> None:
    assert open_till.do("jobs").out == "Nothing was sent to a printer yet.\n"
    open_till.do(*PAY, "--print", f"file:{tmp_path / 'roll.bin'}")
    open_till("receipt", FIRST, "--copy", "--print", f"file:{tmp_path / 'nowhere' / 'roll.bin'}")
    header, latest, first = open_till.do("jobs").out.splitlines()
    assert header.split() == ["job", "queued", "number", "copy", "printer", "state"]
    assert FIRST in latest and "failed" in latest and "cannot be written to" in latest
    assert first.split()[-1] == "confirmed"


def test_a_copy_outside_a_shift_is_someones(tmp_path: Path, pin: str, open_till: TillCommands) -> None:
    open_till.do(*PAY)
    open_till.do("shift", "close", "--counted", file(tmp_path, "count", "7500"))
    refused = open_till("receipt", FIRST, "--copy")
    assert refused.code == 1 and "say who asks for the copy: --clerk NAME" in refused.told
    assert "COPY 1" in open_till.do("receipt", FIRST, "--copy", "--clerk", "otieno", "--pin-file", pin).out


@pytest.mark.usefixtures("known_device")
def test_a_receipt_is_genuine_until_it_is_reversed(counter: Counter, pin: str, open_till: TillCommands) -> None:
    open_till.do(*PAY)
    text = seal(counter, open_till, FIRST)
    answer = open_till.ask("verify-receipt", text)
    assert (answer["verdict"], answer["receipt_no"], answer["amount_minor"]) == ("genuine", FIRST, 250000)
    assert (answer["meter_no"], answer["is_reversal"]) == ("MTR-001", False)
    assert open_till.do("verify-receipt", text).out.startswith("Genuine when printed: made by till KSM01.")
    open_till.do(*REVERSE, "--approver-pin-file", pin)
    done = open_till("verify-receipt", text)
    assert (done.code, done.told) == (3, "")
    assert f"reversed since by {SECOND}" in done.out


@pytest.mark.usefixtures("known_device")
def test_a_forged_receipt_is_found(counter: Counter, open_till: TillCommands) -> None:
    entry = counter.till.store  # the bytes are right, the key is not
    open_till.do(*PAY)
    with entry.read() as connection:
        from meterpos.ledger.queries.receipts import find_receipt

        forged = seal_text(find_receipt(connection, FIRST).entry, device_private=bytes(32))
    done = open_till("verify-receipt", forged)
    assert done.code == 3 and done.out.startswith("NOT genuine: no device of till KSM01 made this receipt.")


def test_a_receipt_of_an_unknown_till_is_not_judged(counter: Counter, open_till: TillCommands) -> None:
    open_till.do(*PAY)
    with counter.till.store.write() as connection:
        connection.execute(delete(devices))
    text = seal(counter, open_till, FIRST)
    with counter.till.store.write() as connection:
        connection.execute(update(streams).values(till_name="KSM99"))
    done = open_till("verify-receipt", text, "--json")
    assert (done.code, done.answer["verdict"]) == (3, "unknown_till")


@pytest.mark.usefixtures("known_device")
def test_a_receipt_of_a_device_turned_away_is_doubted(counter: Counter, open_till: TillCommands) -> None:
    open_till.do(*PAY)
    with counter.till.store.write() as connection:
        connection.execute(update(devices).values(revoked=True))
    done = open_till("verify-receipt", seal(counter, open_till, FIRST))
    assert done.code == 3 and "Its device was turned away by head office since." in done.out


CORRECT = ("correct", FIRST, "--to-meter", "MTR-112", "--reason", "wrong meter", "--approver", "otieno")


def test_a_correction_moves_a_receipt_to_the_right_meter(counter: Counter, pin: str, open_till: TillCommands) -> None:
    open_till.do(*PAY)
    answer = open_till.ask(*CORRECT, "--approver-pin-file", pin)
    assert (answer["corrects"], answer["reversal_no"], answer["receipt_no"]) == (FIRST, SECOND, "KSM01-B7K-000003")
    assert (answer["total_minor"], answer["approved_by"], answer["printed"]) == (250000, "otieno", None)
    assert (counter.net("A1"), counter.net("A4")) == (230000, -130000)
    assert open_till.ask("receipt", FIRST)["reversed_by"] == SECOND
    assert "KSM01-B7K-000003" in open_till.ask("receipt", SECOND)["text"]


def test_a_correction_prints_both_papers_and_tells_the_clerk(pin: str, open_till: TillCommands, tmp_path: Path) -> None:
    open_till.do(*PAY)
    told = open_till.do(*CORRECT, "--approver-pin-file", pin, "--print", f"file:{tmp_path / 'roll'}").out.splitlines()
    assert told == [
        f"Put right {FIRST}: taken back by {SECOND}, paid again as KSM01-B7K-000003.",
        "MTR-001: balance 2,300.00, credit 0.00",
        "MTR-112: balance 0.00, credit 1,300.00",
    ]
    jobs = open_till.ask("jobs")["jobs"]
    assert [(job["number"], job["paper"]) for job in jobs] == [
        ("KSM01-B7K-000003", "receipt"),
        (SECOND, "reversal"),
    ]


def test_a_correction_needs_a_second_person(pin: str, open_till: TillCommands) -> None:
    open_till.do(*PAY)
    done = open_till(*CORRECT[:-1], "achieng", "--approver-pin-file", pin)
    assert (done.code, done.told.strip()) == (1, "A second person has to approve. Ask a supervisor.")
