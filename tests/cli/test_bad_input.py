"""Bad input at a till: one sentence on stderr that says what to do, exit code 1, and the ledger as it was before."""

import sqlite3
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, update
from sqlalchemy.pool import Pool

from meterpos.ledger.tables import accounts
from meterpos.till import Till
from tests.cli.commands import TillCommands, file, run
from tests.support.tills import Counter

PAY = ("pay", "--meter", "MTR-001", "--method", "cash")
MPESA = ("pay", "--meter", "MTR-001", "--amount", "100", "--method", "mpesa", "--reference")


@pytest.fixture
def unharmed(counter: Counter, open_till: TillCommands) -> Iterator[None]:
    """Compare the ledger after the test with what it was before."""
    before = counter.print_of_ledger()
    yield
    assert counter.print_of_ledger() == before


def refused(done: Any, sentence: str) -> None:
    """One sentence, on stderr, with exit code 1."""
    assert (done.code, done.raw) == (1, b"")
    assert sentence in done.told and done.told.count("\n") == 1 and "Traceback" not in done.told


@pytest.mark.usefixtures("unharmed")
@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ((*PAY, "--amount", "many"), "'many' is not an amount. Use digits and at most two decimals"),
        ((*PAY, "--amount", "25.005"), "'25.005' is not an amount."),
        ((*PAY, "--amount", "-100"), "An amount has no sign here."),
        ((*PAY, "--amount", "0"), "Every amount of a payment is above zero."),
        ((*PAY, "--amount", "9999999999999"), "is more than 999,999,999,999.99. Check the amount."),
        ((*PAY, "--amount", "٢٥٠٠"), "is not an amount."),
        ((*PAY, "--amount", "100", "--tendered", "50"), "50.00 missing. Ask for the rest or lower the amount."),
        ((*PAY, "--amount", "100", "--invoice", "INV-2026-00390"), "belongs to another meter."),
        ((*MPESA, "SK\udc80"), "A sign that is no letter (NUL, or half of one) was given."),
        ((*PAY, "--amount", "100", "--clerk", "otieno"), "Give the PIN of otieno in a file: --pin-file FILE."),
        ((*PAY, "--amount", "100", "--pin-file", "pin"), "Add --clerk NAME."),
        (
            (*PAY, "--amount", "100", "--clerk", "otieno", "--pin-file", "nowhere"),
            "nowhere cannot be read: No such file",
        ),
        ((*PAY, "--amount", "100", "--print", "usb:1"), "'usb:1' names no printer. Use tcp:HOST"),
        (("pay", "--meter", "MTR-999", "--amount", "100", "--method", "cash"), "'MTR-999' is known here."),
        (MPESA[:-1], "Enter the M-Pesa code."),
        ((*MPESA, "X" * 65), "The M-Pesa code has 65 characters, 64 at most."),
        (("pay", "--meter", "MTR-001", "--amount", "100", "--leg", "cash"), "'cash' is no leg. Write METHOD:AMOUNT"),
        (("pay", "--meter", "MTR-001", "--amount", "100", "--leg", "cash:60"), "40.00 missing. Make them equal."),
        (("pay", "--meter", "MTR-001", "--amount", "100", "--leg", "gold:100"), "'gold' is no method of paying."),
        (("account", "MTR-999"), "No meter or account 'MTR-999' is known here."),
        (("receipt", "KSM01-B7K-000009"), "No receipt KSM01-B7K-000009 was made at this till. Check the number."),
        (("receipt", "KSM01-B7K-000009", "--copy"), "No receipt KSM01-B7K-000009 was made at this till."),
        (("verify-receipt", "HTTP://EXAMPLE"), "This code is not from a meterpos receipt"),
        (("verify-receipt", "MP1AAAA"), "This code is not from a meterpos receipt"),
        (("set-pin", "otieno", "--code", "CODE-WRONG", "--pin-file", "{pin}"), "That code is not valid or was used"),
        (("set-pin", "nobody", "--code", "CODE", "--pin-file", "{pin}"), "No user 'nobody' may work here."),
        (("shift", "open", "--float", "5000"), "Shift 1 is still open. Close it first."),
        (("shift", "close", "--counted", "nowhere.csv"), "nowhere.csv cannot be read: No such file"),
        (("statement", "--meter", "MTR-001", "--from", "2026-02-01", "--to", "2026-01-01"), "Exchange them."),
        (("statement", "--customer", "AC-0"), "No customer 'AC-0' with a meter is known here."),
        (("recalculate", "--meter", "MTR-999"), "No meter or account 'MTR-999' is known here."),
        (("enrol", "--server", "ftp://office", "--code", "AAAA"), "is not an address."),
        (("enrol", "--server", "http://office.example", "--code", "AAAA"), "Use https://office.example."),
        (("enrol", "--server", "https://office.example", "--code", "AAAA"), "That is not an enrolment code"),
    ],
)
def test_it_is_refused_in_a_sentence(
    tmp_path: Path, open_till: TillCommands, arguments: tuple[str, ...], sentence: str
) -> None:
    pin = file(tmp_path, "new.pin", "2468\n")
    refused(open_till(*(argument.format(pin=pin) for argument in arguments)), sentence)


@pytest.mark.usefixtures("unharmed")
@pytest.mark.parametrize(
    ("rows", "sentence"),
    [
        (["meter_no,amount", "MTR-001,100", "MTR-999,100"], "No meter or account 'MTR-999' is known here."),
        (["meter_no,amount", "MTR-001,100", "MTR-045,1e2"], "line 3, column amount: '1e2' is not an amount."),
        (["meter_no,amount", "MTR-001,100,5"], "line 2: 3 columns, not meter_no,amount."),
        (["meter_no,amount", "MTR-001,100", "MTR-001,100"], "A meter stands twice in this payment."),
        (["meter_no,amount", "MTR-001,100", "MTR-112,100"], "MTR-112 is not this customer's."),
    ],
)
def test_a_bad_row_takes_nothing_of_its_file(
    tmp_path: Path, open_till: TillCommands, rows: list[str], sentence: str
) -> None:
    refused(open_till("pay-many", file(tmp_path, "meters.csv", rows), "--method", "cash"), sentence)


def test_a_reference_is_used_once(counter: Counter, open_till: TillCommands) -> None:
    open_till.do(*MPESA, "SKJ3XY71AB")
    before = counter.print_of_ledger()
    refused(open_till(*MPESA, "skj3 xy71 ab"), "was already used for payment KSM01-B7K-000001.")
    assert counter.print_of_ledger() == before


def test_nothing_is_taken_outside_a_shift(tmp_path: Path, counter: Counter, open_till: TillCommands) -> None:
    open_till.do("shift", "close", "--counted", file(tmp_path, "count", "5000"))
    before = counter.print_of_ledger()
    refused(open_till(*PAY, "--amount", "100"), "No shift is open. Open a shift, then take the payment again.")
    refused(open_till("shift", "report"), "No shift is open. Open one: meterpos till shift open")
    refused(open_till("shift", "close", "--counted", str(tmp_path / "count")), "No shift is open.")
    assert counter.print_of_ledger() == before


def test_a_meter_handed_over_between_choosing_and_paying_is_not_paid(
    counter: Counter, open_till: TillCommands, monkeypatch: pytest.MonkeyPatch
) -> None:
    take = Till.take

    def hand_over_first(till: Till, **request: Any) -> Any:
        with till.store.write() as connection:
            closed = update(accounts).where(accounts.c.account_no == "A1").values(closed_on=date(2026, 11, 20))
            connection.execute(closed)
        return take(till, **request)

    monkeypatch.setattr(Till, "take", hand_over_first)
    before = counter.print_of_ledger()
    refused(open_till(*PAY, "--amount", "100"), "MTR-001 was closed or handed to another customer on 20 Nov 2026")
    assert counter.print_of_ledger() == before


def test_a_till_that_is_not_enrolled_says_how_to_become_one(tmp_path: Path) -> None:
    till = TillCommands(tmp_path / "new")
    for arguments in (
        ("sync",),
        (*PAY, "--amount", "100", "--unknown-name", "Akoth"),
        ("shift", "open", "--float", "0"),
    ):
        refused_told = till(*arguments)
        assert refused_told.code == 1
        assert "This till is not enrolled yet. Ask head office for a code" in refused_told.told


def test_a_ledger_that_is_none_is_left_as_it_is(till: TillCommands, counter: Counter) -> None:
    counter.till.close()
    ledger = till.home / "ledger.db"
    ledger.write_bytes(b"this is a shopping list, not a ledger" * 200)
    refused(till("search", "grace"), "cannot be opened with this machine's key")
    assert ledger.read_bytes().startswith(b"this is a shopping list")


def test_a_plain_ledger_that_is_none_is_called_unreadable(tmp_path: Path) -> None:
    file(tmp_path, "meterpos.toml", "[till]\nplain_sqlite = true\n")
    (tmp_path / "ledger.db").write_bytes(b"this is a shopping list, not a ledger" * 200)
    refused(TillCommands(tmp_path)("search", "grace"), "Leave the file as it is and restore a backup.")


def test_another_key_opens_nothing(till: TillCommands, counter: Counter) -> None:
    counter.till.close()
    key = till.home / "secrets" / "ledger.key"
    kept = key.read_bytes()
    key.write_bytes(bytes(32))
    refused(till("search", "grace"), "cannot be opened with this machine's key.")
    key.unlink()
    refused(till("search", "grace"), "is missing on this machine.")
    key.write_bytes(kept)
    key.chmod(0o600)
    till.do("search", "grace")


def test_a_key_that_others_can_read_is_not_used(till: TillCommands) -> None:
    key = till.home / "secrets" / "ledger.key"
    key.chmod(0o644)
    refused(till("search", "grace"), "can be read by other users. Run: chmod 600 ")


def test_a_newer_ledger_is_left_to_the_newer_version(tmp_path: Path) -> None:
    file(tmp_path, "meterpos.toml", "[till]\nplain_sqlite = true\n")
    till = TillCommands(tmp_path)
    till.do("search", "grace")
    with sqlite3.connect(tmp_path / "ledger.db") as connection:
        connection.execute("UPDATE ledger_version SET version_num = '9999'")
    connection.close()
    before = (tmp_path / "ledger.db").read_bytes()
    refused(till("search", "grace"), "was made by a later version of meterpos (step 9999).")
    assert (tmp_path / "ledger.db").read_bytes() == before


def test_settings_that_cannot_be_used_are_named(tmp_path: Path) -> None:
    file(tmp_path, "meterpos.toml", "[till]\ncolumns = 40\n")
    refused(TillCommands(tmp_path)("search", "grace"), "columns is 40 in ")
    file(tmp_path, "meterpos.toml", "[till\n")
    refused(TillCommands(tmp_path)("search", "grace"), "Correct it or take it away.")


def test_a_home_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    refused(TillCommands(Path(file(tmp_path, "file", "x")) / "home")("search", "grace"), "Choose another --home.")


def test_a_full_disk_takes_nothing(counter: Counter, open_till: TillCommands) -> None:
    def fill(driver: Any, _record: object) -> None:
        driver.execute("PRAGMA max_page_count = 1")

    event.listen(Pool, "connect", fill)
    try:
        for _ in range(40):
            before = counter.print_of_ledger()
            done = open_till(*PAY, "--amount", "1")
            if done.code:
                break
    finally:
        event.remove(Pool, "connect", fill)
    refused(done, "The disk is full, so nothing was saved. Free some space and try again.")
    assert counter.print_of_ledger() == before
    open_till.do(*PAY, "--amount", "1")


def test_a_ledger_kept_busy_by_another_is_a_sentence(counter: Counter, open_till: TillCommands) -> None:
    before = counter.print_of_ledger()
    with counter.till.store.write():
        done = open_till(*PAY, "--amount", "1")
    refused(done, "database is locked")
    assert counter.print_of_ledger() == before


def test_a_home_may_come_from_the_environment(till: TillCommands, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("METERPOS_HOME", str(till.home))
    assert "Grace Akinyi Otieno" in run("till", "search", "grace").out
