"""The exported books: other bookkeepers accept them and find every sum as they say."""

import csv
import io
import shutil
import subprocess
from pathlib import Path

import pytest

from meterpos.cli.exports import PLACES, place_of
from meterpos.ledger.money import parse_amount
from meterpos.ledger.queries.books import book_balances
from meterpos.ledger.rules.postings import Posting
from tests.cli.commands import TillCommands
from tests.faults.counter import begin, day
from tests.support.tills import Counter


@pytest.fixture
def after_a_day(counter: Counter, till: TillCommands) -> TillCommands:
    """The commands of a till after a day's work: all methods, all that is put right, cash moved, a shift closed."""
    begin(counter)
    for _ in day(counter):
        pass
    return till


def told(program: str, *arguments: str) -> str:
    """Run a bookkeeper's program and return what it says."""
    if shutil.which(program) is None:
        pytest.skip(f"{program} is not installed")
    done = subprocess.run([program, *arguments], capture_output=True, text=True, timeout=60, check=False)
    return done.stdout + done.stderr if done.returncode == 0 else f"NO: {done.stdout}{done.stderr}"


def written(folder: Path, till: TillCommands, kind: str) -> Path:
    path = folder / f"books.{kind}"
    path.write_bytes(till.do("export", "--format", kind).raw)
    return path


def test_beancount_accepts_the_books_and_a_shilling_too_many_it_does_not(
    tmp_path: Path, after_a_day: TillCommands
) -> None:
    path = written(tmp_path, after_a_day, "beancount")
    assert told("bean-check", str(path)) == ""
    path.write_text(path.read_text().replace("balance Assets:Drawer  ", "balance Assets:Drawer  1"))
    assert told("bean-check", str(path)).startswith("NO: ")


def test_hledger_accepts_the_books_and_holds_what_we_say(
    tmp_path: Path, counter: Counter, after_a_day: TillCommands
) -> None:
    path = written(tmp_path, after_a_day, "hledger")
    listed = told("hledger", "-f", str(path), "balance", "--flat", "--depth", "2", "-O", "csv", "--empty", "-N")
    theirs = {
        row[0]: row[1].removeprefix("KES ") for row in csv.reader(io.StringIO(listed)) if row[1] not in ("0", "balance")
    }
    with counter.till.store.read() as connection:
        ours = {PLACES[book]: minor for book, minor in book_balances(connection).items() if minor}
    assert {place: parse_amount(amount, signed=True) for place, amount in theirs.items()} == ours
    path.write_text(path.read_text().replace("KES 0.00 =* KES ", "KES 0.00 =* KES 1", 1))
    assert told("hledger", "-f", str(path), "balance").startswith("NO: ")


def test_as_csv_every_entry_adds_up_to_zero(after_a_day: TillCommands) -> None:
    sums: dict[str, int] = {}
    rows = list(csv.DictReader(io.StringIO(after_a_day.do("export").out)))
    for row in rows:
        sums[row["entry"]] = sums.get(row["entry"], 0) + parse_amount(row["amount"], signed=True)
    assert len(sums) > 25
    assert set(sums.values()) == {0}
    assert {row["book"] for row in rows} >= {
        "receivable",
        "drawer",
        "safe",
        "mpesa_clearing",
        "float",
        "cash_over_short",
    }


@pytest.mark.parametrize("account_no", ["a1", "Å 7", "X41", "A:B", "A;B", "", "-A", "A 1"])
def test_no_two_accounts_share_a_name_elsewhere(account_no: str) -> None:
    others = ["A1", "A0000001", "X", "A-1", "41", "AB"]
    places = [place_of(Posting("receivable", 1, number)) for number in (account_no, *others)]
    assert len(set(places)) == len(places)
    assert all(place.removeprefix("Assets:Receivable:").isascii() for place in places)
