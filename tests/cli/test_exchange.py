"""Enrolling and exchanging by command, against a head office that answers, one that does not, and wrong codes."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.commands import TillCommands
from tests.support.headoffice import TOWN, Server, make_office
from tests.support.tills import Counter


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """A head office with the town, on SQLite; the exchange itself is tested on both databases."""
    running = Server.start(make_office(tmp_path / "office", f"sqlite:///{tmp_path / 'office.db'}"))
    running.import_town()
    yield running
    running.stop()


@pytest.fixture
def new(tmp_path: Path) -> TillCommands:
    """A home that is no till yet."""
    return TillCommands(tmp_path / "new")


def test_a_till_is_enrolled_and_told_what_to_do_next(server: Server, new: TillCommands) -> None:
    told = new.do("enrol", "--server", server.url, "--code", server.add_till("KSM01", ["Kondele", "Migosi"])).out
    assert told.splitlines()[0] == f"This is till KSM01 KSM01 Market of {server.url}, zones Kondele, Migosi."
    assert f"Its keys are in {new.home / 'secrets'}, in files that only you can read." in told
    assert told.splitlines()[-1] == "Now fetch customers and balances: meterpos till sync"
    told = new.do("sync").out
    assert told.startswith("Sent 1 entry, fetched ") and told.endswith("head office has signed for everything.\n")
    answer = new.ask("sync")
    assert (answer["outcome"], answer["pushed"], answer["pulled"], answer["waiting"]) == ("complete", 0, 0, 0)
    assert answer["agreed"] is True and answer["position"] > 100 and answer["generation"] == 1


def test_a_till_of_every_zone_lists_what_head_office_lists(server: Server, new: TillCommands) -> None:
    new.do(
        "enrol",
        "--server",
        server.url,
        "--code",
        server.add_till("KSM01", ["Kondele", "Mamboleo", "Migosi", "Nyalenda"]),
    )
    new.do("sync")
    for listing in (("balances",), ("invoices", "--as-of", "2026-11-20"), ("aging", "--as-of", "2026-11-20")):
        expected = TOWN / "expected" / f"{listing[0]}.csv"
        assert new.do(*listing, "--format", "csv").raw == expected.read_bytes()


def test_a_wrong_or_used_code_enrols_nothing(server: Server, new: TillCommands, tmp_path: Path) -> None:
    old = server.add_till("KSM01", ["Kondele"])
    code = server.add_till("KSM01", ["Kondele"], again=True)
    for wrong in (old[:-1], old):
        done = new("enrol", "--server", server.url, "--code", wrong)
        assert (done.code, done.raw) == (1, b"") and done.told.count("\n") == 1
    assert "This till is not enrolled yet." in new("sync").told
    new.do("enrol", "--server", server.url, "--code", code)
    used = TillCommands(tmp_path / "other")("enrol", "--server", server.url, "--code", code)
    assert used.code == 1 and used.told.count("\n") == 1


def test_a_till_does_not_become_another(server: Server, new: TillCommands) -> None:
    new.do("enrol", "--server", server.url, "--code", server.add_till("KSM01", ["Kondele"]))
    done = new("enrol", "--server", server.url, "--code", server.add_till("KSM02", ["Kondele"]))
    assert (done.code, done.raw) == (1, b"") and "belongs to " in done.told
    assert new.ask("sync")["outcome"] == "complete"


def test_without_a_line_the_till_works_on_and_says_what_waits(counter: Counter, open_till: TillCommands) -> None:
    open_till.do("pay", "--meter", "MTR-001", "--amount", "100", "--method", "cash")
    done = open_till("sync", "--json")
    answer = json.loads(done.raw)
    assert (done.code, done.told) == (1, answer["detail"] + "\n")
    assert (answer["pushed"], answer["waiting"], answer["waiting_minor"]) == (0, 3, 10000)
    told = open_till("sync").out
    assert told.splitlines()[-1] == "Still to be sent: 3 entries, 100.00."
