"""A small day at a pay point, by commands alone, each a process of its own, against a head office that answers."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.cli.commands import file
from tests.support.headoffice import TOWN

ANSWERS_WITHIN_S = 60
PERIOD = ("--from", "2026-01-01", "--to", "2099-12-31")


@dataclass(frozen=True)
class Desk:
    """Somebody's command line: a group with its options, in an environment of its own."""

    group: tuple[str, ...]
    environment: dict[str, str] = field(default_factory=dict)

    def command(self, *arguments: str) -> list[str]:
        """Return the whole command line."""
        return [sys.executable, "-m", "meterpos", *self.group, *arguments]

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a command as a process of its own."""
        whole = {**os.environ, **self.environment}
        return subprocess.run(
            self.command(*arguments), env=whole, capture_output=True, text=True, timeout=120, check=False
        )

    def do(self, *arguments: str) -> str:
        """Run one that must succeed."""
        done = self.run(*arguments)
        assert done.returncode == 0, f"{arguments}: {done.stderr}"
        return done.stdout

    def ask(self, *arguments: str) -> Any:
        """Run one that must succeed, with --json."""
        return json.loads(self.do(*arguments, "--json"))


@dataclass
class HeadOffice:
    """A head office set up and served by its own commands."""

    desk: Desk
    url: str
    process: subprocess.Popen[bytes]

    def stop(self) -> None:
        """Stop answering, as Ctrl+C does."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            self.process.wait(30)

    def code_of(self, till: str, *zones: str, again: bool = False) -> str:
        """Return the one-time code of a till."""
        named = [word for zone in zones for word in ("--zone", zone)]
        code: str = self.desk.ask("till", "add", till, *named, *(["--again"] if again else []))["code"]
        return code


@pytest.fixture
def head_office(tmp_path: Path) -> Iterator[HeadOffice]:
    """A head office with the town, a clerk and a supervisor to come."""
    desk = Desk(("headoffice",), {"METERPOS_HEADOFFICE_HOME": str(tmp_path / "office")})
    desk.do("init")
    desk.do("import", str(TOWN / "import"))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen(
        desk.command("serve", "--port", str(port)), env={**os.environ, **desk.environment}, stderr=subprocess.DEVNULL
    )
    running = HeadOffice(desk, f"http://127.0.0.1:{port}", process)
    _wait_until_it_answers(port, process)
    yield running
    running.stop()


def _wait_until_it_answers(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + ANSWERS_WITHIN_S
    while time.monotonic() < deadline:
        assert process.poll() is None, "head office stopped"
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.1)
    raise AssertionError("head office does not answer")


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """A till's command line."""
    return Desk(("till", "--home", str(tmp_path / "till")))


@pytest.mark.slow
def test_a_small_day_by_commands_alone(tmp_path: Path, head_office: HeadOffice, desk: Desk) -> None:
    code = head_office.desk.ask("user", "add", "otieno", "--role", "supervisor")["code"]
    head_office.desk.do("user", "add", "achieng", "--role", "clerk", "--display", "Achieng O.")
    enrolled = desk.ask(
        "enrol", "--server", head_office.url, "--code", head_office.code_of("KSM01", "Kondele", "Migosi")
    )
    assert (enrolled["till"], enrolled["zones"]) == ("KSM01", ["Kondele", "Migosi"])
    first = desk.ask("sync")
    assert first["pulled"] > 100 and (first["waiting"], first["agreed"]) == (0, True)

    pin = file(tmp_path, "otieno.pin", "4711\n")
    desk.do("set-pin", "otieno", "--code", code, "--pin-file", pin)
    assert desk.ask("shift", "open", "--float", "5000")["clerk"] == "achieng"

    owing = desk.ask("aging")["aging"]
    one, other = owing[0]["meter_no"], owing[1]["meter_no"]
    roll = tmp_path / "roll.bin"
    cash = desk.ask(
        *("pay", "--meter", one, "--amount", "2500", "--method", "cash", "--tendered", "3000"),
        *("--print", f"file:{roll}"),
    )
    assert (cash["change_minor"], cash["printed"]) == (50000, "confirmed")
    mpesa = desk.ask("pay", "--meter", other, "--amount", "1500", "--method", "mpesa", "--reference", "SKJ3XY71AB")
    receipt = desk.do("receipt", cash["receipt_no"])
    assert cash["receipt_no"] in receipt and "2,500.00" in receipt and "Achieng O." in receipt
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

    for listing in (("balances",), ("invoices", "--as-of", "2026-12-24"), ("aging", "--as-of", "2026-12-24")):
        assert desk.do(*listing, "--format", "csv") == _of_this_till(desk, head_office, *listing)
    for side in (desk, head_office.desk):
        assert side.ask("check")["problems"] == []
        paid = side.ask("statement", "--meter", other, *PERIOD)["statements"][0]["lines"]
        assert mpesa["receipt_no"] in [line["number"] for line in paid]


def _of_this_till(desk: Desk, head_office: HeadOffice, *listing: str) -> str:
    """Return head office's listing, cut to the accounts that this till knows."""
    known = set(re.findall(r"^(A\d+),", desk.do("balances", "--format", "csv"), re.MULTILINE))
    assert len(known) > 10
    header, *rows = head_office.desk.do(*listing, "--format", "csv").splitlines(keepends=True)
    return "".join([header, *(row for row in rows if known & set(row.split(",")[:2]))])
