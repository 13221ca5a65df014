"""Looking at the ledger by command: search, account, listings, statement, recalculation, check, shift."""

import csv
import io
import os
import subprocess
import sys
from pathlib import Path

import pypdfium2
import pytest
from sqlalchemy import insert, update

from meterpos.ledger.operations.feed import sum_digests_anew
from meterpos.ledger.tables import accounts, customers, papers, users
from tests.cli.commands import TillCommands, file
from tests.support.tills import Counter

PAY = ("pay", "--meter", "MTR-001", "--amount", "2500", "--method", "cash")


def test_a_customer_is_found_by_part_of_a_name(till: TillCommands) -> None:
    (found,) = till.ask("search", "akin")["customers"]
    assert (found["customer_no"], found["balance_minor"], found["overdue"]) == ("AC-10482", 740000, True)
    assert [hit["customer_no"] for hit in till.ask("search", "otieno", "--limit", "1")["customers"]] == ["AC-10482"]
    lines = till.do("search", "otieno").out.splitlines()
    assert lines[0].split() == ["customer", "name", "phone", "place", "meters", "balance", "credit"]
    assert lines[1].split()[:4] == ["AC-10482", "Grace", "Akinyi", "Otieno"]


def test_nobody_found_says_what_to_try(till: TillCommands) -> None:
    assert till.do("search", "zzz").out.startswith("Nobody found.")
    assert till.ask("search", "zzz") == {"customers": []}


def test_an_account_tells_what_is_open_and_what_happened(open_till: TillCommands) -> None:
    open_till.do(*PAY)
    answer = open_till.ask("account", "MTR-078")
    assert (answer["account_no"], answer["balance_minor"], answer["status"]) == ("A3", 510000, "Outstanding")
    assert [(one["number"], one["open_minor"]) for one in answer["open_invoices"]] == [
        ("INV-2026-00390", 250000),
        ("INV-2026-00421", 260000),
    ]
    paid = open_till.ask("account", "A1")
    assert (paid["overpayment_minor"], paid["open_invoices"]) == (20000, [])
    assert [one["kind"] for one in paid["last_transactions"]] == ["payment", "invoice"]
    told = open_till.do("account", "mtr-001").out
    assert "Credit    200.00" in told and "KSM01-B7K-000001  Cash  -2,500.00" in told
    assert "INV-2026-00421" in open_till.do("account", "A3").out


def test_names_are_utf_8_whatever_the_system_says(counter: Counter, till: TillCommands) -> None:
    with counter.till.store.write() as connection:
        connection.execute(update(customers).values(name="Café “Jua” Ŋ"))
    command = [sys.executable, "-m", "meterpos", "till", "--home", str(till.home), "account", "MTR-001"]
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    done = subprocess.run(command, env=environment, capture_output=True, timeout=60, check=True)
    assert "Café “Jua” Ŋ" in done.stdout.decode()


def test_listings_are_csv_with_decimals_and_json_with_minor_units(open_till: TillCommands) -> None:
    open_till.do(*PAY)
    written = open_till.do("balances", "--format", "csv").raw
    assert b"\r" not in written
    rows = list(csv.DictReader(io.StringIO(written.decode())))
    assert rows[0]["account_no"] == "A1" and rows[0]["net"] == "-200.00"
    assert open_till.ask("balances")["balances"][0]["net_minor"] == -20000
    assert open_till.do("invoices", "--as-of", "2026-11-20", "--format", "csv").out.splitlines()[1] == (
        "INV-2026-00390,A3,2026-09-25,2026-10-09,2500.00,0.00,2500.00,unpaid,42"
    )
    assert open_till.ask("invoices", "--as-of", "2026-11-20")["invoices"][1]["days_overdue"] == 12
    assert open_till.do("aging", "--as-of", "2026-11-20", "--format", "csv").out.splitlines()[1] == (
        "A3,MTR-078,AC-10482,0.00,2600.00,2500.00,0.00,0.00,5100.00"
    )
    assert open_till.ask("aging", "--as-of", "2027-11-20")["aging"][0]["over_90_minor"] == 510000
    assert open_till.do("aging").out.splitlines()[0].split()[-1] == "total"


def test_a_statement_runs_from_what_was_brought_to_what_is_carried_forward(open_till: TillCommands) -> None:
    open_till.do(*PAY)
    period = ("--from", "2026-11-01", "--to", "2099-12-31")
    rows = list(
        csv.reader(io.StringIO(open_till.do("statement", "--meter", "MTR-001", *period, "--format", "csv").out))
    )
    assert rows[0][-3:] == ["debit", "credit", "balance"]
    assert [(row[2], *row[-3:]) for row in rows[1:]] == [
        ("brought_forward", "", "", "0.00"),
        ("invoice", "2300.00", "0.00", "2300.00"),
        ("payment", "0.00", "2500.00", "-200.00"),
        ("carried_forward", "", "", "-200.00"),
    ]
    (whole,) = open_till.ask("statement", "--customer", "AC-10482", "--mode", "consolidated", *period)["statements"]
    assert (whole["opening_minor"], whole["closing_minor"], len(whole["account_nos"])) == (510000, 490000, 3)
    each = open_till.ask("statement", "--customer", "AC-10482", *period)["statements"]
    assert [one["closing_minor"] for one in each] == [-20000, 0, 510000]
    of_theirs = ("--customer", "AC-10482", "--meter", "mtr-001", "--mode", "meter")
    (one,) = open_till.ask("statement", *of_theirs, *period)["statements"]
    assert one["closing_minor"] == -20000
    told = open_till.do("statement", "--meter", "MTR-001", "--mode", "meter", *period).out
    assert told.startswith("Statement of MTR-001, Grace Akinyi Otieno, 2026-11-01 to 2099-12-31\n")


@pytest.mark.parametrize(
    ("options", "wide_mm"),
    [((), 210), (("--paper", "58"), 58), (("--paper", "80"), 80), (("--columns", "42"), 80), (("--columns", "32"), 58)],
)
def test_a_statement_is_a_pdf_of_a4_or_of_a_roll(
    open_till: TillCommands, options: tuple[str, ...], wide_mm: int
) -> None:
    asked = ("statement", "--meter", "MTR-001", "--from", "2026-01-01", "--format", "pdf", *options)
    assert pdf_width_mm(open_till.do(*asked).raw) == wide_mm


@pytest.mark.parametrize(("options", "wide_mm"), [((), 80), (("--paper", "58"), 58), (("--paper", "a4"), 210)])
def test_a_receipt_is_a_pdf_of_a_roll_or_of_a4(open_till: TillCommands, options: tuple[str, ...], wide_mm: int) -> None:
    number = open_till.ask(*PAY)["receipt_no"]
    assert pdf_width_mm(open_till.do("receipt", number, "--format", "pdf", *options).raw) == wide_mm


def test_a_statement_is_bytes_for_the_printer(open_till: TillCommands) -> None:
    printed = open_till.do("statement", "--customer", "AC-10482", "--from", "2026-01-01", "--format", "escpos").raw
    assert b"STATEMENT" in printed and b"Grace Akinyi Otieno" in printed and b"+2,300.00" in printed


def test_a_meter_of_somebody_else_is_refused(open_till: TillCommands) -> None:
    done = open_till("statement", "--customer", "AC-10482", "--meter", "MTR-112", "--mode", "meter")
    assert done.code == 1 and "has no meter or account 'MTR-112'" in done.told


def pdf_width_mm(pdf: bytes) -> int:
    """Return how wide the pages of a PDF are."""
    document = pypdfium2.PdfDocument(pdf)
    try:
        return round(document[0].get_size()[0] * 25.4 / 72)
    finally:
        document.close()


def test_a_statement_tells_apart_what_waits_to_clear(open_till: TillCommands) -> None:
    open_till.do("pay", "--meter", "MTR-001", "--amount", "100", "--method", "cheque", "--reference", "000417")
    told = open_till.do("statement", "--meter", "MTR-001", "--from", "2026-01-01", "--to", "2099-12-31").out
    assert told.endswith("Not counted yet, waiting to clear: 100.00\n")
    assert "Waits to clear  100.00" in open_till.do("account", "MTR-001").out


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("--meter", "MTR-001", "--customer", "AC-10482"),
        ("--meter", "MTR-001", "--mode", "per-meter"),
        ("--customer", "AC-10482", "--mode", "meter"),
        ("--meter", "MTR-001", "--format", "pdf", "--columns", "40"),
        ("--meter", "MTR-001", "--from", "1 May"),
    ],
)
def test_a_statement_of_nothing_is_wrong_usage(till: TillCommands, arguments: tuple[str, ...]) -> None:
    assert till("statement", *arguments).code == 2


def test_recalculating_says_what_was_wrong_and_puts_it_right(counter: Counter, till: TillCommands) -> None:
    with counter.till.store.write() as connection:
        connection.execute(update(accounts).where(accounts.c.account_no == "A1").values(net_minor=1))
    wrong = {"account_no": "A1", "net_before_minor": 1, "net_after_minor": 230000}
    assert till.ask("recalculate", "--dry-run") == {"changed": [wrong], "dry_run": True}
    assert counter.net("A1") == 1
    assert till.ask("recalculate", "--meter", "MTR-045")["changed"] == []
    assert till.do("recalculate", "--customer", "AC-10482").out.splitlines()[-1] == "1 account changed."
    assert counter.net("A1") == 230000
    assert till.ask("recalculate", "--all") == {"changed": [], "dry_run": False}
    assert till("recalculate", "--all", "--meter", "MTR-001").code == 2


def test_an_auditor_is_told_what_would_change_and_changes_nothing(
    counter: Counter, till: TillCommands, pin: str
) -> None:
    with counter.till.store.write() as connection:
        connection.execute(update(users).where(users.c.user_name == "otieno").values(role="auditor"))
        connection.execute(update(accounts).where(accounts.c.account_no == "A1").values(net_minor=1))
    who = ("--clerk", "otieno", "--pin-file", pin)
    assert till.ask("recalculate", "--dry-run", *who)["changed"]
    refused = till("recalculate", "--all", *who)
    assert refused.code == 1 and "Otieno P. (auditor) may not do this" in refused.told
    assert counter.net("A1") == 1


def test_a_check_that_finds_something_leaves_with_three(counter: Counter, open_till: TillCommands) -> None:
    open_till.do(*PAY)
    assert open_till.do("check").out.endswith(" checks, no problems.\n")
    with counter.till.store.write() as connection:
        connection.execute(update(accounts).where(accounts.c.account_no == "A1").values(net_minor=1))
    done = open_till("check")
    assert done.code == 3 and "Account A1 keeps a net of 0.01" in done.out
    assert "accounts_keep_the_sums_of_their_movements" in {
        problem["check"] for problem in open_till("check", "--json").answer["problems"]
    }


def test_a_ledger_is_worked_out_anew_and_compared(counter: Counter, open_till: TillCommands) -> None:
    open_till.do(*PAY)
    with counter.till.store.write() as connection:
        sum_digests_anew(connection)
    assert "every table worked out anew, no problems." in open_till.do("check", "--rebuild").out
    with counter.till.store.write() as connection:
        connection.execute(insert(papers), {"number": "X", "copies": 1})
    done = open_till("check", "--rebuild")
    assert done.code == 3
    assert done.out.startswith("papers: X is kept, but nothing in journal or feed makes it.\n")
    assert [path.name for path in open_till.home.iterdir() if path.name.startswith("scratch")] == []


def test_a_shift_is_opened_looked_at_and_closed(tmp_path: Path, till: TillCommands) -> None:
    opened = till.ask("shift", "open", "--float", "5,000")
    assert (opened["shift"], opened["clerk"], opened["float_minor"]) == (1, "achieng", 500000)
    till.do(*PAY, "--tendered", "3000")
    report = till.ask("shift", "report")
    assert (report["expected_minor"], report["totals"]) == (
        750000,
        [{"method": "cash", "count": 1, "amount_minor": 250000}],
    )
    assert "Expected in the drawer  7,500.00" in till.do("shift", "report").out
    count = file(tmp_path, "count.csv", ["denomination,count", "1000,7", "200,2"])
    closed = till.ask("shift", "close", "--counted", count)
    assert (closed["counted_minor"], closed["difference_minor"]) == (740000, -10000)
    assert closed["number"] == "KSM01-B7K-Z00001"
    assert closed["count"] == [{"denomination_minor": 100000, "count": 7}, {"denomination_minor": 20000, "count": 2}]


def test_the_report_so_far_is_a_paper_too(open_till: TillCommands) -> None:
    open_till.do("cash", "--kind", "drop", "--amount", "1000")
    assert "To the safe             1,000.00, KSM01-B7K-C00001" in open_till.do("shift", "report").out
    paper = open_till.do("shift", "report", "--format", "text").out
    assert "X REPORT" in paper and "To the safe (1)" in paper
    assert open_till("shift", "report", "--format", "docx").code == 2


def test_a_shift_counted_in_letters_stays_open(tmp_path: Path, open_till: TillCommands) -> None:
    refused = open_till("shift", "close", "--counted", file(tmp_path, "count.csv", ["denomination,count", "1000,ten"]))
    assert refused.code == 1 and "column count: 'ten' is not a whole number" in refused.told
    assert open_till.ask("shift", "report")["shift"] == 1


def test_a_closed_shift_is_told_and_printed(tmp_path: Path, till: TillCommands) -> None:
    till.do("shift", "open", "--float", "0")
    roll = tmp_path / "roll.bin"
    done = till.do("shift", "close", "--counted", file(tmp_path, "count", "0"), "--print", f"file:{roll}")
    assert "Difference              0.00" in done.out
    assert b"KSM01-B7K-Z00001" in roll.read_bytes()


def test_a_shift_is_opened_for_the_clerk_of_the_last_one(tmp_path: Path, pin: str, till: TillCommands) -> None:
    till.do("shift", "open", "--float", "0", "--clerk", "otieno", "--pin-file", pin, "--date", "2099-01-01")
    till.do("shift", "close", "--counted", file(tmp_path, "count", "0"))
    opened = till.ask("shift", "open", "--float", "0")
    assert (opened["clerk"], opened["business_date"]) == ("otieno", "2099-01-01")


def test_a_pin_is_set_and_its_file_to_be_deleted(tmp_path: Path, till: TillCommands) -> None:
    pin = file(tmp_path, "pin", "2468\n")
    told = till.do("set-pin", "achieng", "--code", "code achieng", "--pin-file", pin).out
    assert told == f"The PIN of achieng is set at this till. It is kept here only; delete {pin}.\n"


def test_two_clerks_have_to_say_who_opens(counter: Counter, till: TillCommands) -> None:
    from meterpos.ledger.tables import users

    with counter.till.store.write() as connection:
        connection.execute(update(users).values(role="clerk"))
    done = till("shift", "open", "--float", "0")
    assert done.code == 1 and "Say who opens the shift: --clerk NAME --pin-file FILE." in done.told


def test_before_head_office_sent_users_a_shift_is_the_login_s(counter: Counter, till: TillCommands) -> None:
    import getpass

    from meterpos.ledger.tables import users

    with counter.till.store.write() as connection:
        connection.execute(update(users).values(revoked=True))
    done = till.do("shift", "open", "--float", "0", "--json")
    assert done.answer["clerk"] == getpass.getuser()
    assert "Head office has sent no users yet" in done.told
