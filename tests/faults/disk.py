"""What a till writes to its disk, call by call, as the system saw it: recorded with strace, to be cut or made to fail.

The till is the production one, encrypted, in a process of its own (`counter.py`); what it says on its standard output
stands between its writes, so that it is known what a clerk had been told when the power went.
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
CALLS: Final = ("pwrite64", "write", "fsync", "fdatasync", "ftruncate", "unlink", "openat")
WAITS_S: Final = 60

_LINE = re.compile(r"^\d+ +(\w+)\((.*)\) += (-?\d+)")
_ON_FD = re.compile(r'^(\d+)<((?:\\x[0-9a-f]{2})*)>(?:, "((?:\\x[0-9a-f]{2})*)")?(?:, (\d+))?(?:, (\d+))?')
_PATH = re.compile(r'(?:^AT_FDCWD(?:<[^>]*>)?, )?"?((?:\\x[0-9a-f]{2})+)"(.*)$')


class NoStrace(Exception):
    """strace is not on this machine, or may not trace."""


@dataclass(frozen=True, slots=True)
class Call:
    """One call that changes a disk, or one thing said. `number` counts the calls of its name from the start."""

    name: str
    number: int
    path: str = ""
    offset: int = 0
    data: bytes = b""


def fast() -> str | None:
    """Return where files cost little, None where the system has no such place."""
    return "/dev/shm" if Path("/dev/shm").is_dir() else None


def command(home: Path, work: str, *options: str) -> list[str]:
    """Return the command of a till that does one piece of work."""
    return [sys.executable, "-m", "tests.faults.counter", str(home), work, *options]


def environment() -> dict[str, str]:
    """Return what the till's process needs to find."""
    paths = [str(ROOT / "src"), str(ROOT)]
    return {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(paths),
        "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring",
        "PYTHONDONTWRITEBYTECODE": "1",
    }


def traced(trace: Path, *options: str) -> list[str]:
    """Return the beginning of a command that is traced. Raises: NoStrace."""
    if shutil.which("strace") is None:
        raise NoStrace("strace is not installed")
    return ["strace", "-f", "-y", "-qq", "-xx", "-s", "1000000", *options, "-o", str(trace)]


def record(home: Path, work: str, *options: str, trace: Path) -> list[Call]:
    """Let a till do one piece of work and return what it did to the files below ``home``, in order.

    Raises: NoStrace.
    """
    run = [*traced(trace, "-e", f"trace={','.join(CALLS)}"), *command(home, work, *options)]
    done = subprocess.run(run, env=environment(), cwd=ROOT, capture_output=True, timeout=WAITS_S, check=False)
    if done.returncode != 0:
        raise NoStrace(done.stderr.decode()[-400:])
    with trace.open(encoding="ascii") as lines:
        return _read(list(lines), str(home))


def _read(lines: Sequence[str], home: str) -> list[Call]:
    calls: list[Call] = []
    counted: dict[str, int] = {}
    for line in lines:
        found = _LINE.match(line)
        if found is None:
            assert "unfinished" not in line, "the till has one thread"
            continue
        name, rest, result = found.group(1), found.group(2), int(found.group(3))
        counted[name] = counted.get(name, 0) + 1
        call = _call(name, counted[name], rest, result)
        if call is not None and (call.name == "said" or call.path.startswith(home)):
            calls.append(call)
    return calls


def _call(name: str, number: int, rest: str, result: int) -> Call | None:
    if name in ("unlink", "openat"):
        found = _PATH.match(rest)
        assert found is not None, rest[:200]
        path, more = _text(found.group(1)), found.group(2)
        if result < 0 or (name == "openat" and "O_CREAT" not in more):
            return None
        return Call(name, number, path)
    on = _ON_FD.match(rest)
    assert on is not None, rest[:200]
    fd, path = on.group(1), _text(on.group(2))
    if name == "write":
        return Call("said", number, data=_bytes(on.group(3) or "")) if fd == "1" else None
    if name == "pwrite64":
        data = _bytes(on.group(3) or "")
        assert len(data) == result == int(on.group(4)), "a write was cut short while recording"
        return Call(name, number, path, int(on.group(5)), data)
    if name == "ftruncate":
        return Call(name, number, path, int(on.group(4)))
    return Call(name, number, path)


def _bytes(escaped: str) -> bytes:
    return bytes.fromhex(escaped.replace("\\x", ""))


def _text(escaped: str) -> str:
    return _bytes(escaped).decode()
