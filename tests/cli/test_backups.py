"""Backups and restores by command."""

from pathlib import Path

import pytest

from tests.cli.commands import TillCommands
from tests.support.tills import Counter

PAY = ("pay", "--meter", "MTR-001", "--amount", "2500", "--method", "cash")


def test_a_till_comes_back_from_its_backup_in_a_stream_of_its_own(
    counter: Counter, open_till: TillCommands, tmp_path: Path
) -> None:
    counter.till.close()
    stick = tmp_path / "stick.db"
    open_till.do(*PAY)
    told = open_till.do("backup", str(stick)).out
    assert told.startswith(f"{stick} holds till KSM01 with 3 entries") and "is whole" in told
    assert open_till("backup", str(stick)).told == (
        f"{stick} is there already. Choose another name, or take it away.\n"
    )
    open_till.do(*PAY)
    asked = open_till("restore", str(stick))
    assert asked.code == 1 and "Add --yes" in asked.told
    done = open_till.ask("restore", str(stick), "--yes")
    assert (done["till"], done["entries"], done["saved"], done["needs_code"]) == ("KSM01", 3, 1, False)
    assert Path(done["laid_aside"], "ledger.db").exists()
    open_till.do("shift", "open", "--float", "100")
    assert done["label"] in open_till.do(*PAY).out
    assert open_till.do("check").out.endswith("no problems.\n")
    told = open_till.do("restore", str(stick), "--yes").out
    assert "3 newer entries" not in told and "newer entries were saved" in told and told.endswith("till sync\n")


def test_a_key_that_is_none_is_refused(counter: Counter, open_till: TillCommands, tmp_path: Path) -> None:
    counter.till.close()
    open_till.do("backup", str(tmp_path / "stick.db"))
    for content in ("nonsense", "abcd"):
        (tmp_path / "key").write_text(content)
        done = open_till("restore", str(tmp_path / "stick.db"), "--yes", "--key-file", str(tmp_path / "key"))
        assert done.code == 1 and "64 hexadecimal digits" in done.told


def test_commands_keep_the_mirror_and_say_when_its_stick_is_out(
    counter: Counter, open_till: TillCommands, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stick = tmp_path / "stick"
    monkeypatch.setenv("METERPOS_TILL_MIRROR", str(stick))
    assert "Put the stick back; payments go on." in open_till.do(*PAY).told
    stick.mkdir()
    assert open_till.do(*PAY).told == ""
    size = (stick / "KSM01.mirror").stat().st_size
    open_till.do("account", "MTR-001")
    assert (stick / "KSM01.mirror").stat().st_size == size
    assert open_till.ask("settings")["mirror"] == str(stick)


def test_receipts_are_claimed_all_or_none(counter: Counter, open_till: TillCommands, tmp_path: Path, pin: str) -> None:
    text = counter.till.seal(counter.pay())
    scanned = tmp_path / "scanned.csv"
    who = ("--clerk", "otieno", "--pin-file", pin)
    scanned.write_text(f"{text},mpesa\n\n{text}\n")
    assert "may not do this" in open_till("rebuild-from-receipts", str(scanned)).told
    assert open_till.ask("rebuild-from-receipts", str(scanned), *who) == {"claimed": [], "known": 2}
    scanned.write_text(f"{text},gold\n")
    assert "line 1: 'gold' is no method." in open_till("rebuild-from-receipts", str(scanned)).told
    scanned.write_text(f"{text}\n{text[:40]}\n")
    done = open_till("rebuild-from-receipts", str(scanned), *who)
    assert done.code == 1 and f"{scanned}, line 2: this is not the code" in done.told
    scanned.write_text(text)
    told = open_till.do("rebuild-from-receipts", str(scanned), *who).out
    assert told.startswith("0 receipts are claimed; 1 are here, or were claimed before.\n")
