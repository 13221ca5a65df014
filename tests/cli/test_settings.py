"""Settings and printers by command."""

from pathlib import Path

import pytest

from tests.cli.commands import TillCommands, run


def test_a_till_that_has_not_worked_yet_is_set_up_by_command(till: TillCommands, tmp_path: Path) -> None:
    answer = till.ask("settings", "--set", f"printer=file:{tmp_path}/roll.bin", "--set", "columns=32")
    assert (answer["printer"], answer["columns"]) == (f"file:{tmp_path}/roll.bin", 32)
    assert till.ask("settings", "--set", "printer=")["printer"] is None
    assert "text_size         100" in till.do("settings").out


def test_a_working_tills_printer_needs_a_managers_word(open_till: TillCommands, pin: str) -> None:
    refused = open_till("settings", "--set", "columns=32")
    assert (refused.code, refused.told) == (1, "A manager has to approve new settings, not the one who asks.\n")
    clerk = open_till("settings", "--set", "columns=32", "--approver", "otieno", "--approver-pin-file", pin)
    assert clerk.code == 1 and "may not do this" in clerk.told
    assert open_till.ask("settings", "--set", "theme=dark")["theme"] == "dark"


@pytest.mark.parametrize("change", ["columns", "columns=wide", "home=/tmp", "=1"])
def test_a_setting_there_is_not_is_wrong_usage(till: TillCommands, change: str) -> None:
    done = till("settings", "--set", change)
    assert (done.code, done.out) == (2, "")


def test_a_test_paper_goes_to_any_printer(till: TillCommands, tmp_path: Path) -> None:
    assert till.ask("test-print", "--print", f"file:{tmp_path}/roll.bin") == {"confirmed": True, "detail": ""}
    assert b"TEST PAPER" in (tmp_path / "roll.bin").read_bytes()
    missing = till("test-print")
    assert missing.code == 1 and "meterpos till printers" in missing.told
    away = till("test-print", "--print", f"dev:{tmp_path}/lp0")
    assert away.code == 1 and "is not there" in away.told


def test_the_printers_of_this_machine_are_listed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "lpstat").write_text("#!/bin/sh\necho Counter\n")
    (tmp_path / "lpstat").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    found = run("till", "printers", "--json").answer["printers"]
    assert {"device": "cups:Counter", "title": "Counter"} in found
