"""Enrolling and exchanging by command, against a head office that answers, one that does not, and wrong codes."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.commands import TillCommands, run
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


def test_a_day_is_carried_on_a_stick(server: Server, new: TillCommands, tmp_path: Path) -> None:
    new.do("enrol", "--server", server.url, "--code", server.add_till("KSM01", ["Kondele"]))
    there, back = tmp_path / "ksm01.courier", tmp_path / "answer.courier"
    told = new.do("sync", "--courier-out", str(there)).out
    assert told.startswith(f"{there} holds 1 entry for head office, encrypted") and "--courier-in FILE" in told
    office = ("headoffice", "--database", f"sqlite:///{tmp_path / 'office.db'}")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("METERPOS_HEADOFFICE_HOME", str(tmp_path / "homes"))
        patch.setattr("meterpos.settings._home", lambda *_: tmp_path / "homes")
        (tmp_path / "homes").mkdir()
        (tmp_path / "homes" / "utility").symlink_to(tmp_path / "office")
        done = run(*office, "courier", "--in", str(there), "--out", str(back), "--json")
        assert done.code == 0, done.told
        assert (done.answer["till"], done.answer["entries"], done.answer["new"]) == ("KSM01", 1, 1)
        assert run(*office, "courier", "--out", str(back)).code == 2
        told = run(*office, "courier", "--for", "KSM01", "--out", str(tmp_path / "news")).out
        assert told.startswith("Till KSM01: 0 entries, 0 of them new.")
    answer = new.ask("sync", "--courier-in", str(back))
    assert (answer["pushed"], answer["waiting"], answer["agreed"], answer["detail"]) == (1, 0, True, "")
    again = new.do("sync", "--courier-in", str(back)).out
    assert "This file was read before" in again and again.endswith("Nothing waits.\n")
    refused = new("sync", "--courier-in", str(there))
    assert refused.code == 1 and "goes to head office" in refused.told
    assert new("sync", "--courier-in", str(back), "--courier-out", str(there)).code == 2
    assert new.ask("sync")["pushed"] == 0
