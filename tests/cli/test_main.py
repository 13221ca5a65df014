"""The command itself: it starts quickly, and leaves with the right code and one sentence."""

import subprocess
import sys

import pytest
from sqlalchemy.exc import OperationalError

from meterpos import __version__
from meterpos.cli import main as door
from meterpos.errors import MeterposError, UserError

HEAVY = (
    "sqlalchemy",
    "PySide6",
    "urllib3",
    "fastapi",
    "reportlab",
    "PIL",
    "rich",
    "cryptography",
    "argon2",
    "alembic",
)


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "meterpos", *arguments], capture_output=True, text=True, timeout=60, check=False
    )


def test_it_tells_its_version() -> None:
    done = run("--version")
    assert (done.returncode, done.stdout, done.stderr) == (0, f"meterpos {__version__}\n", "")


@pytest.mark.parametrize("arguments", [("--help",), ("till", "--help"), ("till", "pay", "--help")])
def test_help_in_a_pipe_is_plain(arguments: tuple[str, ...]) -> None:
    done = run(*arguments)
    assert done.returncode == 0
    assert done.stdout.startswith("Usage: meterpos ")
    assert not set(done.stdout) & set("\x1b╭│╰─")


def test_wrong_usage_leaves_with_two() -> None:
    done = run("till", "pay", "--metre", "MTR-001")
    assert done.returncode == 2
    assert "No such option: --metre" in done.stderr


def test_help_loads_nothing_heavy() -> None:
    code = (
        "import sys\n"
        "from meterpos.cli.main import main\n"
        "try:\n    main(['till', 'pay', '--help'])\nexcept SystemExit:\n    pass\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (UserError("Close the door."), "Close the door.\n"),
        (MeterposError("the door is open"), "the door is open. This should not happen: keep this line and tell "),
        (PermissionError(13, "Permission denied", "/srv/till"), "/srv/till: Permission denied. "),
        (OperationalError("INSERT", {}, Exception("disk I/O error")), "The database did not do it: disk I/O error. "),
        (OperationalError("BEGIN", {}, Exception("database is locked")), "Another window or command is writing "),
    ],
)
def test_an_error_becomes_one_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], error: Exception, sentence: str
) -> None:
    def fail(**_: object) -> None:
        raise error

    monkeypatch.setattr(door, "_commands", lambda: fail)
    with pytest.raises(SystemExit) as left:
        door.main([])
    told = capsys.readouterr()
    assert (left.value.code, told.out) == (1, "")
    assert told.err.startswith(sentence) and told.err.count("\n") == 1


def test_a_bug_is_not_dressed_up(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(**_: object) -> None:
        raise AssertionError

    monkeypatch.setattr(door, "_commands", lambda: fail)
    with pytest.raises(AssertionError):
        door.main([])


@pytest.mark.parametrize("group", ["till", "headoffice", "migrate"])
def test_a_group_says_of_each_command_a_whole_sentence(group: str) -> None:
    said = run(group, "--help").stdout.partition("Commands:")[2]
    assert "..." not in said
    assert "\n\n" not in said.strip(), "one list"
