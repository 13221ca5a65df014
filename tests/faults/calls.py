"""Every call that changes the disk, in every piece of work that moves money, made to fail or to be the process's last.

strace counts the calls of one recorded run and then, run after run, kills the till at one of them, or lets it fail:
no room, a broken disk, a disk that became read-only, once or from there on. Afterwards: what was said to be done stands
exactly once; what was refused changed nothing; pressing again in the same window, or after opening again, makes it one.
"""

import shutil
import subprocess
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from sqlalchemy import select

from meterpos.ledger.checks import run_checks
from meterpos.ledger.journal import parse
from meterpos.ledger.tables import journal
from meterpos.till import Till, open_till
from tests.faults import counter, disk
from tests.support.tills import Clock
from tests.support.tills import Counter as Desk

FAULTS: Final = {
    "killed": "signal=KILL:when={0}",
    "no room": "error=ENOSPC:when={0}",
    "no room from there on": "error=ENOSPC:when={0}+",
    "broken disk": "error=EIO:when={0}",
    "broken disk from there on": "error=EIO:when={0}+",
    "read-only from there on": "error=EROFS:when={0}+",
}
ROOM_STEP: Final = 1_024


@dataclass(frozen=True, slots=True)
class Job:
    """One run: what is done, and which call goes wrong how; or how many bytes of room are left."""

    work: str
    fault: str
    call: str = ""
    number: int = 0
    room: int = 0

    def __str__(self) -> str:
        where = f"{self.call} {self.number}" if self.call else f"{self.room} bytes of room"
        return f"{self.work}, {self.fault} at {where}"


@dataclass
class Tried:
    """What came of so many runs."""

    runs: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    said: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    def add(self, other: "Tried") -> None:
        """Add another's figures to these."""
        self.runs += other.runs
        self.faults += other.faults
        self.said += other.said
        self.wrong += other.wrong


def jobs(folder: Path) -> Iterator[Job]:
    """Record each piece of work once in ``folder`` and yield every run there is. Raises: disk.NoStrace."""
    home = folder / "template"
    counter.prepare(home)
    for work in counter.WORKS:
        copy = folder / f"recorded-{work}"
        shutil.copytree(home, copy)
        calls = disk.record(copy, work, trace=folder / "trace")
        ready = next(place for place, call in enumerate(calls) if call.name == "said")
        after = [call for call in calls[ready:] if call.name != "said"]
        for call in after:
            yield from (Job(work, fault, call.name, call.number) for fault in FAULTS)
        written = sum(len(call.data) for call in after)
        yield from (Job(work, "short write", room=room) for room in range(0, written + ROOM_STEP, ROOM_STEP))
        shutil.rmtree(copy)


def run(job: Job, folder: Path, *, home: Path) -> Tried:
    """Do one job on a copy of ``home`` in ``folder``, and judge it."""
    copy = folder / "till"
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(home, copy)
    options = (f"room={job.room}",) if not job.call else ()
    command = disk.command(copy, job.work, *options)
    if job.call:
        inject = FAULTS[job.fault].format(job.number)
        trace = ("-e", f"trace={job.call}", "-e", f"inject={job.call}:{inject}")
        command = [*disk.traced(folder / "trace", *trace), *command]
    done = subprocess.run(
        command, env=disk.environment(), cwd=disk.ROOT, capture_output=True, timeout=disk.WAITS_S, check=False
    )
    said = [line for line in done.stdout.decode().splitlines() if line != "ready"]
    tried = Tried(runs=1, faults=Counter([job.fault]), said=Counter([" ".join(_kind(line) for line in said) or "-"]))
    tried.wrong += [f"{job}: {sentence}" for sentence in judge(job, copy, said, done.stderr.decode())]
    return tried


def _kind(line: str) -> str:
    word, _, rest = line.partition(" ")
    return word if word in ("done", "unknown") else f"{word} ({rest.partition(':')[0]})"


def judge(job: Job, home: Path, said: list[str], stderr: str) -> Iterator[str]:
    """Yield what is wrong with the till in ``home`` after a run, by what was said."""
    if "Traceback" in stderr:
        yield f"the till fell over: {stderr[-300:]}"
    yield from (f"no sentence for a person: {line}" for line in said if line.startswith("broken"))
    try:
        till = open_till(home)
    except Exception as error:  # noqa: BLE001 - whatever it is, it is what was wrong
        yield f"the till does not open again: {type(error).__name__}: {error}"
        return
    try:
        yield from _stands(till, job, said)
    finally:
        till.store.close()


def _stands(till: Till, job: Job, said: list[str]) -> Iterator[str]:
    done = [line[5:] for line in said if line.startswith("done ")]
    before = _numbers(till)
    for number in done:
        if before.count(number) != 1:
            yield f"{number} was said to be done and is there {before.count(number)} times"
    if len(before) > 2 + bool(done) and said:
        yield f"something refused was kept: {before}"
    till.now = Clock()
    if not done and job.work != "close":
        entry = counter.WORKS[job.work](Desk(till), f"the-{job.work}")
        after = _numbers(till)
        if after.count(counter.name_of(entry.content)) != 1 or len(after) != 3:
            yield f"pressing again did not make it one: {after}"
    with till.store.read() as connection:
        yield from (f"{one.check}: {one.sentence}" for one in run_checks(connection))


def _numbers(till: Till) -> list[Any]:
    """Return the number of every paper in the journal, the shift's opening as None."""
    with till.store.read() as connection:
        entries = [parse(data) for data in connection.execute(select(journal.c.data)).scalars()]
    return [counter.name_of(entry) for entry in entries if entry.kind not in ("stream_opened", "sign_in")]
