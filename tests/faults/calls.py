"""Every call that changes the disk, in every piece of work that moves money, made to fail or to be the process's last.

The calls of one undisturbed run are counted; then, run after run, the till is killed at one of them, or in the middle
of one that writes, or it fails: no room, a broken disk, a disk that became read-only, once or from there on, or half
of it was written. Afterwards: what was said to be done stands exactly once; what was refused changed nothing; pressing
again in the same window, or after opening again, makes it one.
"""

import errno
import shutil
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from sqlalchemy import select

from meterpos.ledger.checks import run_checks
from meterpos.ledger.journal import parse
from meterpos.ledger.tables import journal
from meterpos.till import Till, open_till
from tests.faults import counter, injected
from tests.faults.injected import (
    COUNT,
    FAILS,
    FAILS_FROM_THERE_ON,
    HALF_THEN_FULL,
    KILLED,
    KILLED_IN_HALF,
    Ended,
    Fault,
)
from tests.support.tills import CLERK, Clock
from tests.support.tills import Counter as Desk

ROOM: Final = "room for so many bytes"
ROOM_STEP: Final = 1_024
KILLS: Final = {"killed": (KILLED, 0), "killed in half a write": (KILLED_IN_HALF, 0)}
FAILURES: Final = {
    "no room": (FAILS, errno.ENOSPC),
    "no room from there on": (FAILS_FROM_THERE_ON, errno.ENOSPC),
    "broken disk": (FAILS, errno.EIO),
    "broken disk from there on": (FAILS_FROM_THERE_ON, errno.EIO),
    "read-only from there on": (FAILS_FROM_THERE_ON, errno.EROFS),
    "half a write, then no room": (HALF_THEN_FULL, errno.ENOSPC),
    ROOM: (COUNT, 0),
}
FAULTS: Final = KILLS | FAILURES
IN_A_WRITE: Final = (KILLED_IN_HALF, HALF_THEN_FULL)
STATES: Final = ("at rest", "after a crash")
"""How the till was left before: closed, or killed with its log as it was."""
WRITTEN_BYTES: Final = 2_060
"""What one of the log's writes comes to: a head of a few bytes, then its page."""


@dataclass(frozen=True, slots=True)
class Job:
    """One run: what is done, on which till, and which call goes wrong how; or how many bytes of room are left."""

    work: str
    fault: str
    number: int = 0
    state: str = STATES[0]

    def __str__(self) -> str:
        return f"{self.work} {self.state}, {self.fault} at {self.number}"


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


def prepare(folder: Path) -> None:
    """Make a till for each state, and one more each with its shift closed."""
    base = folder / "base"
    counter.prepare(base)
    for work in ("any", "open"):
        till = open_till(base)
        till.now = Clock()
        if work == "open":
            till.close_shift(counted_minor=500_000, clerk=CLERK)
        else:
            till.keep_draft(tender_id="begun", data={"text": "4"})
        shutil.copytree(base, template(folder, work, "after a crash"))
        till.close()
        shutil.copytree(base, template(folder, work, "at rest"))


def template(folder: Path, work: str, state: str) -> Path:
    """Return where the till lies with which a piece of work begins."""
    return folder / f"{'shut' if work == 'open' else 'open'} {state}"


def jobs(work: str, state: str, folder: Path, faults: dict[str, tuple[int, int]]) -> list[Job]:
    """Do a piece of work once, undisturbed, and return every run with these faults."""
    home = _copied(folder, work, state, folder / f"recorded {work} {state}")
    calls = _do(home, work, Fault()).calls
    shutil.rmtree(home)
    assert calls, f"{work} changes nothing on the disk"
    return [Job(work, fault, place, state) for fault in faults for place in _places(calls, fault)]


def _places(calls: str, fault: str) -> Iterable[int]:
    """Return the calls a fault can strike, counted from one; or how many bytes of room there are."""
    if fault == ROOM:
        return range(0, calls.count("w") * WRITTEN_BYTES + ROOM_STEP, ROOM_STEP)
    in_a_write = FAULTS[fault][0] in IN_A_WRITE
    return [place for place, letter in enumerate(calls, 1) if letter == "w" or not in_a_write]


def run(job: Job, own: Path, *, folder: Path) -> Tried:
    """Do one job on a copy, in ``own``, of its till in ``folder``, and judge it."""
    home = _copied(folder, job.work, job.state, own / "till")
    stood = _numbers_of(home)
    kind, error = FAULTS[job.fault]
    ended = _do(home, job.work, Fault(kind, job.number, error), room=job.number if job.fault == ROOM else None)
    said = [line for line in ended.said if line != "ready"]
    tried = Tried(runs=1, faults=Counter([job.fault]), said=Counter([" ".join(_kind(line) for line in said) or "-"]))
    if ended.was_killed != (kind in (KILLED, KILLED_IN_HALF)):
        tried.wrong.append(f"{job}: {'' if ended.was_killed else 'not '}killed")
    tried.wrong += [f"{job}: {sentence}" for sentence in judge(job, home, said, ended.complained, stood=len(stood))]
    shutil.rmtree(home)
    return tried


def _copied(folder: Path, work: str, state: str, home: Path) -> Path:
    shutil.copytree(template(folder, work, state), home)
    return home


def _do(home: Path, work: str, fault: Fault, *, room: int | None = None) -> Ended:
    return injected.fork(lambda armed: counter.at_work(home, work, room=room, ready=armed), below=home, fault=fault)


def _kind(line: str) -> str:
    word, _, rest = line.partition(" ")
    return word if word in ("done", "unknown") else f"{word} ({rest.partition(':')[0]})"


def judge(job: Job, home: Path, said: list[str], complained: str, *, stood: int) -> Iterator[str]:
    """Yield what is wrong with the till in ``home`` after a run, by what was said; ``stood`` papers were there."""
    if "Traceback" in complained:
        yield f"the till fell over: {complained[-300:]}"
    yield from (f"no sentence for a person: {line}" for line in said if line.startswith("broken"))
    try:
        till = open_till(home)
    except Exception as error:  # noqa: BLE001 - whatever it is, it is what was wrong
        yield f"the till does not open again: {type(error).__name__}: {error}"
        return
    try:
        yield from _stands(till, job, said, stood)
    finally:
        till.store.close()


def _stands(till: Till, job: Job, said: list[str], stood: int) -> Iterator[str]:
    done = [line[5:] for line in said if line.startswith("done ")]
    before = _numbers(till)
    for number in done:
        if before.count(number) != 1:
            yield f"{number} was said to be done and is there {before.count(number)} times"
    is_open = any(line.startswith(("unknown", "refused MaybeSaved")) for line in said)
    if len(before) > stood + bool(done) and said and not is_open:
        yield f"something refused was kept: {before}"
    if len(before) not in (stood, stood + 1):
        yield f"there were {stood} papers, and there are {len(before)}"
    till.now = Clock()
    if not done and (job.work not in counter.ONCE or len(before) == stood):
        entry = counter.WORKS[job.work](Desk(till), f"the-{job.work}")
        after = _numbers(till)
        if after.count(counter.name_of(entry.content)) != 1 or len(after) != stood + 1:
            yield f"pressing again did not make it one: {after}"
    with till.store.read() as connection:
        yield from (f"{one.check}: {one.sentence}" for one in run_checks(connection))


def _numbers_of(home: Path) -> list[Any]:
    till = open_till(home)
    try:
        return _numbers(till)
    finally:
        till.store.close()


def _numbers(till: Till) -> list[Any]:
    """Return what every entry in the journal is known by."""
    with till.store.read() as connection:
        entries = [parse(data) for data in connection.execute(select(journal.c.data)).scalars()]
    return [counter.name_of(entry) for entry in entries if entry.kind not in ("stream_opened", "sign_in")]
