"""A small day at a pay point, by commands alone, each a process of its own, against a head office that answers."""

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from meterpos.headoffice import auth, master
from meterpos.ledger.queries import listings
from tests.cli.commands import file
from tests.support.headoffice import Server, make_office


@dataclass(frozen=True)
class Desk:
    """A clerk's command line at one home."""

    home: Path

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a command as a process of its own."""
        command = [sys.executable, "-m", "meterpos", "till", "--home", str(self.home), *arguments]
        return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)

    def do(self, *arguments: str) -> str:
        """Run one that must succeed."""
        done = self.run(*arguments)
        assert done.returncode == 0, f"{arguments}: {done.stderr}"
        return done.stdout

    def ask(self, *arguments: str) -> Any:
        """Run one that must succeed, with --json."""
        return json.loads(self.do(*arguments, "--json"))


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """A head office with the town, on SQLite; the exchange itself is tested on both databases."""
    running = Server.start(make_office(tmp_path / "office", f"sqlite:///{tmp_path / 'office.db'}"))
    running.import_town()
    yield running
    running.stop()


def add_users(server: Server) -> dict[str, str]:
    """Add a clerk and a supervisor at head office and return their codes."""
    codes = {}
    for number, (user, role) in enumerate((("achieng", "clerk"), ("otieno", "supervisor"))):
        codes[user] = auth.make_user_code(bytes([number]) * 8)
        with server.office.write() as (connection, outgoing):
            master.add_user(
                connection,
                outgoing,
                user_name=user,
                display_name=user.title(),
                role=role,
                expires_on=None,
                code=codes[user],
            )
    return codes


def balances_at(server: Server, zone_accounts: set[str]) -> list[str]:
    """What head office says of the accounts a till has."""
    written = StringIO(newline="")
    with server.office.read() as connection:
        listings.write_csv(listings.balances(connection), written)
    header, *rows = written.getvalue().splitlines()
    return [header, *(row for row in rows if row.split(",")[0] in zone_accounts)]


def test_a_small_day_by_commands_alone(tmp_path: Path, server: Server) -> None:
    desk = Desk(tmp_path / "till")
    codes = add_users(server)
    enrolled = desk.ask("enrol", "--server", server.url, "--code", server.add_till("KSM01", ["Kondele", "Migosi"]))
    assert (enrolled["till"], enrolled["zones"]) == ("KSM01", ["Kondele", "Migosi"])
    first = desk.ask("sync")
    assert first["pulled"] > 100 and (first["waiting"], first["agreed"]) == (0, True)

    pin = file(tmp_path, "otieno.pin", "4711\n")
    desk.do("set-pin", "otieno", "--code", codes["otieno"], "--pin-file", pin)
    assert desk.ask("shift", "open", "--float", "5000")["clerk"] == "achieng"

    owing = desk.ask("aging")["aging"]
    one, other = owing[0]["meter_no"], owing[1]["meter_no"]
    roll = tmp_path / "roll.bin"
    cash = desk.ask(
        "pay", "--meter", one, "--amount", "2500", "--method", "cash", "--tendered", "3000", "--print", f"file:{roll}"
    )
    assert (cash["change_minor"], cash["printed"]) == (50000, "confirmed")
    mpesa = desk.ask("pay", "--meter", other, "--amount", "1500", "--method", "mpesa", "--reference", "SKJ3XY71AB")
    receipt = desk.do("receipt", cash["receipt_no"])
    assert cash["receipt_no"] in receipt and "2,500.00" in receipt
    genuine = desk.ask("verify-receipt", desk.ask("receipt", mpesa["receipt_no"])["seal"])
    assert genuine["verdict"] == "genuine"
    undone = desk.ask(
        *("reverse", cash["receipt_no"], "--reason", "wrong meter", "--refund", "cash"),
        *("--approver", "otieno", "--approver-pin-file", pin),
    )
    assert undone["refund_cash_minor"] == 250000

    synced = desk.ask("sync")
    assert (synced["waiting"], synced["agreed"], synced["exceptions"]) == (0, True, 0)
    closed = desk.ask("shift", "close", "--counted", file(tmp_path, "count.csv", ["denomination,count", "1000,5"]))
    assert (closed["expected_minor"], closed["difference_minor"]) == (500000, 0)
    assert desk.ask("sync")["waiting"] == 0

    here = desk.do("balances", "--format", "csv").splitlines()
    assert here == balances_at(server, {row.split(",")[0] for row in here[1:]})
    assert len(here) > 10
    assert desk.do("check").endswith("no problems.\n")
    assert server.codes() == []


def test_a_wrong_code_enrols_nothing(tmp_path: Path, server: Server) -> None:
    desk = Desk(tmp_path / "till")
    code = server.add_till("KSM01", ["Kondele"])
    server.add_till("KSM01", ["Kondele"], again=True)
    for wrong in (code[:-1], code):
        done = desk.run("enrol", "--server", server.url, "--code", wrong)
        assert (done.returncode, done.stdout) == (1, "") and done.stderr.count("\n") == 1
    assert "not enrolled" in desk.run("sync").stderr


def test_without_a_line_the_till_works_on_and_says_what_waits(tmp_path: Path, server: Server) -> None:
    desk = Desk(tmp_path / "till")
    add_users(server)
    desk.do("enrol", "--server", server.url, "--code", server.add_till("KSM01", ["Kondele"]))
    desk.do("sync")
    server.stop()
    desk.do("shift", "open", "--float", "0")
    meter = desk.ask("aging")["aging"][0]["meter_no"]
    desk.do("pay", "--meter", meter, "--amount", "100", "--method", "cash")
    done = desk.run("sync", "--json")
    answer = json.loads(done.stdout)
    assert done.returncode == 1 and done.stderr == answer["detail"] + "\n"
    assert answer["waiting"] >= 2 and answer["waiting_minor"] == 10000
