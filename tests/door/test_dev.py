"""The developers' door: what it promises besides running other programs."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import dev
from tests.door import floors
from tests.support import programs

ROOT = Path(__file__).parents[2]
LOCK = (ROOT / "requirements.lock").read_text(encoding="utf-8")


@pytest.mark.parametrize("command", dev.COMMANDS)
def test_every_command_has_help_with_an_example(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        dev.main([command, "--help"])
    assert ended.value.code == 0
    assert f"example:\n  python3 dev.py {command}" in capsys.readouterr().out


def test_a_program_that_is_not_there_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(dev, "ROOT", tmp_path)
    assert dev.main(["bench"]) == 1
    assert capsys.readouterr().err == "dev.py: There is no bench/run.py yet.\n"


def test_the_door_needs_nothing_but_python() -> None:
    done = subprocess.run(
        [sys.executable, "-I", "-S", str(ROOT / "dev.py"), "--help"],
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": os.environ["PATH"]},
    )
    assert done.returncode == 0
    assert "faults" in done.stdout


def test_the_lock_pins_with_hashes_and_names_no_address() -> None:
    assert "://" not in LOCK
    assert "--index" not in LOCK
    assert "--find-links" not in LOCK
    blocks = re.split(r"\n(?=\w)", LOCK.partition("\n\n")[0] if "\n\n" in LOCK else LOCK)
    pins = [block for block in blocks if "==" in block.partition("\n")[0]]
    assert len(pins) > 50
    assert [pin for pin in pins if "--hash=sha256:" not in pin] == []


def test_missing_system_libraries_are_named_in_one_sentence(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(dev, "QT_LIBRARIES", {"libnotthere.so.9": "libnotthere9"})
    monkeypatch.setattr(dev, "can_apt", lambda: False)
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr("shutil.which", lambda name: f"/usr/bin/{name}")
    with pytest.raises(dev.DoorError, match=r"run `sudo apt-get install libnotthere9`"):
        dev.ensure_qt_libraries()
    monkeypatch.setattr("shutil.which", lambda name: None)
    with pytest.raises(dev.DoorError, match=r"install those that provide libnotthere\.so\.9"):
        dev.ensure_qt_libraries()


def test_missing_system_libraries_are_installed_where_that_is_possible(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    installed: list[str] = []
    monkeypatch.setattr(dev, "QT_LIBRARIES", {"libnotthere.so.9": "libnotthere9"})
    monkeypatch.setattr(dev, "can_apt", lambda: True)
    monkeypatch.setattr(dev, "apt_install", installed.extend)
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    dev.ensure_qt_libraries()
    assert installed == ["libnotthere9"]
    assert "libnotthere9" in capsys.readouterr().out


def test_programs_only_some_tests_need_are_installed_or_said_to_be_missing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    installed: list[str] = []
    monkeypatch.setattr(programs, "TEST_PROGRAMS", {"notthere": "notthere-core"})
    monkeypatch.setattr(programs, "apt_install", installed.extend)
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(programs, "can_apt", lambda: False)
    programs.main()
    assert (installed, "without notthere" in capsys.readouterr().out) == ([], True)
    monkeypatch.setattr(programs, "can_apt", lambda: True)
    programs.main()
    assert installed == ["notthere-core"]


def test_a_failing_pip_is_one_sentence_without_the_address_of_an_index(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    fake = tmp_path / "python"
    fake.write_text("#!/bin/sh\necho 'ERROR: Could not reach https://user:secret@index.invalid/x'\nexit 1\n")
    fake.chmod(0o755)
    monkeypatch.setattr(dev, "PYTHON", fake)
    with pytest.raises(dev.DoorError) as raised:
        dev.pip("installing", [])
    assert "Could not reach the package index" in str(raised.value)
    assert "invalid" not in str(raised.value)


def test_the_stamp_follows_the_lock(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    before = dev.stamp()
    assert dev.stamp() == before
    lock = tmp_path / "requirements.lock"
    lock.write_text(LOCK + "\n")
    monkeypatch.setattr(dev, "LOCK", lock)
    assert dev.stamp() != before


def measured(percent: float, lines: list[int]) -> dict[str, object]:
    return {"summary": {"percent_covered": percent}, "missing_lines": lines, "missing_branches": [[14, -9]]}


def test_a_file_below_its_floor_is_named_with_its_lines(tmp_path: Path) -> None:
    for name in ("full.py", "part.py", "unseen.py"):
        (tmp_path / name).touch()
    files = {"full.py": measured(100.0, []), "part.py": measured(97.5, [12])}

    complaints = list(floors.below_floors(files, {"*.py": 100, "gone/*.py": 90}, root=tmp_path))

    assert complaints == [
        "part.py: 97.5 % covered, floor 100 % (missing: 12, 14->exit)",
        "unseen.py: 0 % covered, floor 100 %",
        "gone/*.py: the floor names no file; correct it in pyproject.toml",
    ]


def test_the_floors_hold_everything_that_carries_money() -> None:
    held = floors.coverage_floors()
    assert set(held.values()) == {100}
    assert "src/meterpos/ledger/rules/*.py" in held


def test_continuous_integration_runs_the_command_of_the_readme() -> None:
    ci = ROOT / ".ci" / "run"
    assert "\npython3 dev.py test" in (ROOT / "README.md").read_text(encoding="utf-8")
    assert "\npython3 dev.py test " in ci.read_text(encoding="utf-8")
    assert "\npython3 dev.py check --no-tests\n" in ci.read_text(encoding="utf-8")
    assert os.access(ci, os.X_OK)
