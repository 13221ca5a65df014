"""Faults from inside: a forked till whose calls that change its disk are counted; one of them fails, or is its last.

`failing.c` is built when it is first needed and preloaded into the processes a pool starts (`preloaded`); each case is
a fork of such a process, with everything imported: it costs what its work costs, and not the start of Python.
"""

import contextlib
import ctypes
import os
import select
import shutil
import signal
import subprocess
import tempfile
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

SOURCE: Final = Path(__file__).with_name("failing.c")
PRELOAD: Final = "LD_PRELOAD"
WAITS_S: Final = 120.0
COUNT, KILLED, KILLED_IN_HALF, FAILS, FAILS_FROM_THERE_ON, HALF_THEN_FULL = range(6)


class NoCompiler(Exception):
    """There is no C compiler on this machine, or it cannot build what is preloaded."""


@dataclass(frozen=True, slots=True)
class Fault:
    """What goes wrong at the `at`-th call that changes the disk, `error` where it fails."""

    kind: int = COUNT
    at: int = 0
    error: int = 0


@dataclass(frozen=True, slots=True)
class Ended:
    """How a forked till ended: what it said, what it complained of, the calls it counted, one letter each."""

    said: list[str]
    complained: str
    calls: str
    was_killed: bool


@contextlib.contextmanager
def preloaded() -> Iterator[None]:
    """Let processes that are started meanwhile have `failing.c` in them. Raises: NoCompiler."""
    compiler = shutil.which("gcc") or shutil.which("cc")
    if compiler is None:
        raise NoCompiler("a C compiler is not installed: install gcc, then run this again")
    with tempfile.TemporaryDirectory(prefix="meterpos-faults-") as folder:
        library = Path(folder) / "failing.so"
        build = [compiler, "-O1", "-shared", "-fPIC", "-nostdlib", "-o", str(library), str(SOURCE)]
        done = subprocess.run(build, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise NoCompiler(f"the C compiler could not build {SOURCE.name}: {done.stderr[-300:]}")
        before = os.environ.get(PRELOAD)
        os.environ[PRELOAD] = str(library)
        try:
            yield
        finally:
            del os.environ[PRELOAD]
            if before is not None:
                os.environ[PRELOAD] = before


def fork(work: Callable[[Callable[[], None]], None], *, below: Path, fault: Fault) -> Ended:
    """Do some work in a fork; it calls what it is given when its calls below a folder are to be counted.

    What the fork writes to its standard output is what it said. To be called in a process that was started preloaded.
    """
    saying, complaining, counting = os.pipe(), os.pipe(), os.pipe()
    child = os.fork()
    if child == 0:
        _work(work, below, fault, *(pipe[1] for pipe in (saying, complaining, counting)))
    for pipe in (saying, complaining, counting):
        os.close(pipe[1])
    said, complained, calls = _read_all(child, [pipe[0] for pipe in (saying, complaining, counting)])
    _, status = os.waitpid(child, 0)
    killed = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
    return Ended(said.decode().splitlines(), complained.decode(), calls.decode(), killed)


def _work(
    work: Callable[[Callable[[], None]], None], below: Path, fault: Fault, out: int, err: int, calls: int
) -> None:
    try:
        os.dup2(out, 1)
        os.dup2(err, 2)
        work(lambda: _arm(below, fault))
        os.write(calls, _library().faults_names())
    except BaseException:  # noqa: BLE001 - it is what the parent has to hear of
        os.write(2, traceback.format_exc().encode())
    finally:
        os._exit(0)


def _arm(below: Path, fault: Fault) -> None:
    _library().faults_arm(os.fsencode(below), fault.kind, ctypes.c_long(fault.at), fault.error)


def _library() -> Any:
    library = ctypes.CDLL(None)
    library.faults_names.restype = ctypes.c_char_p
    return library


def _read_all(child: int, ends: list[int]) -> list[bytes]:
    """Read until the fork is gone; one that does not come to an end is killed."""
    heard: dict[int, bytes] = dict.fromkeys(ends, b"")
    open_ends = set(ends)
    while open_ends:
        ready, _, _ = select.select(list(open_ends), [], [], WAITS_S)
        if not ready:
            os.kill(child, signal.SIGKILL)
            heard[ends[1]] += b"Traceback: it did not come to an end"
        for end in ready:
            part = os.read(end, 65536)
            heard[end] += part
            if not part:
                open_ends.discard(end)
    for end in ends:
        os.close(end)
    return [heard[end] for end in ends]
