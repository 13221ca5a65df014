"""Power cuts: disks as they may look after one, made of recorded writes; every paper said to be done must be on them.

What a disk keeps of a file since its last sync is nobody's promise: nothing, everything, some writes and not others, or
halves of writes, torn at 512 bytes. A new or a removed name counts from the sync of its folder. The control is the same
till with commits that are not waited for: there, papers must be seen to be lost.
"""

import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Final

from sqlalchemy import select

from meterpos.errors import UserError
from meterpos.ledger.checks import run_checks
from meterpos.ledger.journal import parse
from meterpos.ledger.queries.drafts import kept_drafts
from meterpos.ledger.tables import journal, plans, shifts, tenders
from meterpos.till import Till, open_till
from tests.faults import counter, disk
from tests.faults.disk import Call
from tests.support.tills import CLERK, Clock, request

SECTOR: Final = 512
WAYS: Final = ("nothing", "everything", "some", "torn")
CHECKED_EVERY: Final = 40
"""Every so many images every check is run and one more payment taken."""


@dataclass
class Recorded:
    """A day's calls, and the disk they began on."""

    home: Path
    before: dict[str, bytes]
    calls: list[Call]


@dataclass
class Cuts:
    """What came of so many images."""

    images: int = 0
    ways: Counter[str] = field(default_factory=Counter)
    papers: int = 0
    """Papers said to be done before the cut, added up over the images."""
    deep: int = 0
    wrong: list[str] = field(default_factory=list)

    def add(self, other: "Cuts") -> None:
        """Add another's figures to these."""
        self.images += other.images
        self.ways += other.ways
        self.papers += other.papers
        self.deep += other.deep
        self.wrong += other.wrong


@dataclass
class _File:
    """A file: what is safe of it, and what was written since."""

    safe: bytearray
    there: bool
    pending: list[Call] = field(default_factory=list)
    named: list[bool] = field(default_factory=list)
    """Makings and removals of its name that its folder has not kept yet."""


def record(folder: Path, *, normal: bool = False) -> Recorded:
    """Record one day of a till. Raises: disk.NoStrace."""
    home = folder / "till"
    folder.mkdir(exist_ok=True)
    counter.prepare(home)
    before = {path.name: path.read_bytes() for path in home.iterdir() if path.is_file()}
    options = ("normal",) if normal else ()
    calls = disk.record(home, "day", *options, trace=folder / "trace")
    return Recorded(home, before, calls)


def cut(recorded: Recorded, *, images: int, seed: int) -> Cuts:
    """Make so many images of cuts at places and in ways drawn from the seed, and look at each."""
    dice = Random(f"power {seed}")
    ready = next(place for place, call in enumerate(recorded.calls) if call.name == "said")
    places = sorted(dice.randrange(ready, len(recorded.calls) + 1) for _ in range(images))
    done = Cuts()
    with tempfile.TemporaryDirectory(prefix="meterpos-faults-", dir=disk.fast()) as folder:
        home = Path(folder) / "till"
        shutil.copytree(recorded.home / "secrets", home / "secrets")
        for place, files, said in _along(recorded, places):
            way = dice.choice(WAYS)
            _lay(home, files, way, dice)
            deep = done.images % CHECKED_EVERY == 0
            for sentence in _look(home, said, deep=deep):
                done.wrong.append(f"cut at call {place} keeping {way}: {sentence}")
            done.images += 1
            done.deep += deep
            done.ways[way] += 1
            done.papers += len(_those(said, "done"))
            if len(done.wrong) > 10:
                break
    return done


def _along(recorded: Recorded, places: Sequence[int]) -> Iterator[tuple[int, dict[str, _File], list[str]]]:
    """Replay the calls, stopping at each place; yield it, the files, and what had been said to be done."""
    files = {name: _File(bytearray(data), there=True) for name, data in recorded.before.items()}
    said: list[str] = []
    at = 0
    for place in places:
        for call in recorded.calls[at:place]:
            if call.name == "said":
                said += call.data.decode().splitlines()
            else:
                _replay(files, call, home=recorded.home)
        at = max(at, place)
        yield place, files, said


def _replay(files: dict[str, _File], call: Call, *, home: Path) -> None:
    if call.path == str(home):  # the folder is synced: its names stand
        for one in files.values():
            one.there = one.named[-1] if one.named else one.there
            one.named.clear()
        return
    name = Path(call.path).name
    if name.endswith("-shm"):
        return  # rebuilt by whoever opens the ledger first
    file = files.setdefault(name, _File(bytearray(), there=False))
    if call.name == "openat":
        if not (file.named[-1] if file.named else file.there):
            file.named.append(True)
            file.safe, file.pending = bytearray(), []
    elif call.name == "unlink":
        file.named.append(False)
    elif call.name in ("fsync", "fdatasync"):
        for write in file.pending:
            _put(file.safe, write)
        file.pending.clear()
    else:
        file.pending.append(call)


def _put(content: bytearray, call: Call) -> None:
    if call.name == "ftruncate":
        del content[call.offset :]
        content.extend(bytes(call.offset - len(content)))
        return
    content.extend(bytes(max(call.offset - len(content), 0)))
    content[call.offset : call.offset + len(call.data)] = call.data


def _lay(home: Path, files: dict[str, _File], way: str, dice: Random) -> None:
    """Write the files as this cut leaves them."""
    for old in home.iterdir():
        if old.is_file():
            old.unlink()
    for name, file in files.items():
        there = file.there
        if file.named:
            there = {"nothing": file.there, "everything": file.named[-1]}.get(way, dice.choice([there, *file.named]))
        if not there:
            continue
        content = bytearray(file.safe)
        for call in file.pending:
            for piece in _kept(call, way, dice):
                _put(content, piece)
        (home / name).write_bytes(content)


def _kept(call: Call, way: str, dice: Random) -> Iterator[Call]:
    """Yield what a disk keeps of one write that was not waited for."""
    if way == "everything" or (way in ("some", "torn") and call.name == "ftruncate" and dice.random() < 0.5):
        yield call
    elif call.name == "ftruncate" or way == "nothing":
        return
    elif way == "some":
        if dice.random() < 0.5:
            yield call
    else:
        for start in range(0, len(call.data), SECTOR):
            if dice.random() < 0.5:
                yield Call(call.name, call.number, call.path, call.offset + start, call.data[start : start + SECTOR])


def _look(home: Path, said: list[str], *, deep: bool) -> Iterator[str]:
    """Open the till that was left and look for every paper; deeply, run every check and go on working."""
    try:
        till = open_till(home)
    except UserError as error:
        yield f"the till does not open: {error}"
        return
    try:
        yield from _missing(till, said)
        if deep:
            yield from _works_on(till)
    except Exception as error:  # noqa: BLE001 - whatever it is, it is what was wrong
        yield f"{type(error).__name__}: {error}"
    finally:
        till.store.close()


def _missing(till: Till, said: list[str]) -> Iterator[str]:
    with till.store.read() as connection:
        entries = [parse(data) for data in connection.execute(select(journal.c.data)).scalars()]
        taken = set(connection.execute(select(tenders.c.number)).scalars())
        agreed = set(connection.execute(select(plans.c.account_no)).scalars())
        begun = {draft.tender_id for draft in kept_drafts(connection)}
    kept = {counter.name_of(entry) for entry in entries}
    ended = {entry.body["tender_id"] for entry in entries if entry.kind in ("tender", "payment_abandoned")}
    yield from (f"{number} was said to be done and is gone" for number in _those(said, "done") if number not in kept)
    yield from (
        f"payment {name} was begun and neither waits nor ended"
        for name in _those(said, "kept")
        if name not in begun | ended
    )
    if "begun" in ended - begun and "begun" not in _those(said, "seen"):
        yield "payment begun was taken, nobody was told, and nothing says so"
    yield from (
        f"{entry.body['number']} is in the journal and in no table"
        for entry in entries
        if entry.kind == "tender" and entry.body["number"] not in taken
    )
    yield from (
        f"plan {entry.body['account']} is in the journal and in no table"
        for entry in entries
        if entry.kind == "plan_request" and entry.body["account"] not in agreed
    )


def _those(said: list[str], what: str) -> list[str]:
    """Return what was said to be done, kept or seen."""
    return [name for first, _, name in (line.partition(" ") for line in said) if first == what]


def _works_on(till: Till) -> Iterator[str]:
    with till.store.read() as connection:
        yield from (f"{one.check}: {one.sentence}" for one in run_checks(connection))
        is_open = connection.execute(select(shifts.c.closed_at).where(shifts.c.closed_at.is_(None))).first()
    till.now = Clock()
    if is_open is None:
        till.open_shift(float_minor=0, clerk=CLERK)
    till.take(request=request(amount_minor=4_200), clerk=CLERK)
