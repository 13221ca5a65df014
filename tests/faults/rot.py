"""A disk that rots: one bit, byte or page of a till's files altered, cut off, or put back to what it was before.

Whatever changes what the ledger says must be seen: by opening it, by the check at start, or by the whole check. Where
nothing is seen, every entry, fact and balance must still be what it was. The control is a ledger without encryption
whose altered pages nobody checks but SQLite itself.
"""

import shutil
import tempfile
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any, Final

from meterpos.errors import UserError
from meterpos.ledger.store import Store
from meterpos.ledger.tables import accounts, facts, journal, movements
from meterpos.till import Till, open_till
from tests.faults import counter, disk
from tests.support.tills import Clock
from tests.support.tills import Counter as Desk

PAGE: Final = 4_096
LOG: Final = "ledger.db-wal"
FILES: Final = ("ledger.db", LOG, "checked.mark")
WAYS: Final = ("bit", "byte", "page of nothing", "page of noise", "cut short", "page of before")
TABLES: Final = (journal, facts, movements, accounts)


@dataclass
class Rotten:
    """What came of so many alterations."""

    runs: int = 0
    ways: Counter[str] = field(default_factory=Counter)
    seen: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    def add(self, other: "Rotten") -> None:
        """Add another's figures to these."""
        self.runs += other.runs
        self.ways += other.ways
        self.seen += other.seen
        self.wrong += other.wrong


@dataclass
class Sound:
    """A till's files as they should be, what they were half a day before, and what the ledger says."""

    home: Path
    files: dict[str, bytes]
    before: dict[str, bytes]
    says: Any


def make(folder: Path, *, plain: bool = False) -> Sound:
    """Make a till with a day's work behind it, the end of it still in the log, and a mark of having been checked."""
    home = folder / "till"
    home.mkdir(parents=True)
    if plain:
        (home / "meterpos.toml").write_text("[till]\nplain_sqlite = true\n")
    counter.prepare(home)
    till = open_till(home)
    till.now = Clock()
    desk = Desk(till)
    for number in range(10):
        desk.pay(amount_minor=10_000 + number)
    till.store.checkpoint()
    before = _files(home)
    for number in range(10):
        desk.pay("A4", amount_minor=20_000 + number, customer_no="AC-10077")
    till.store.checkpoint()
    for number in range(10):
        desk.pay("A3", amount_minor=30_000 + number)
    assert not till.check()
    files, says = _files(home), _says(till.store)
    till.store.close()
    return Sound(home, files, before, says)


def _files(home: Path) -> dict[str, bytes]:
    return {name: (home / name).read_bytes() for name in FILES if (home / name).exists()}


def _says(store: Store) -> Any:
    with store.read() as connection:
        return [sorted(map(repr, connection.execute(table.select()))) for table in TABLES]


def spoil(sound: Sound, *, runs: int, seed: int, only_sqlite: bool = False) -> Rotten:
    """Spoil so many copies, each once, as the seed says, and look whether it shows; ``only_sqlite`` is the control."""
    dice = Random(f"rot {seed}")
    done = Rotten()
    with tempfile.TemporaryDirectory(prefix="meterpos-faults-", dir=disk.fast()) as folder:
        home = Path(folder) / "till"
        shutil.copytree(sound.home, home)
        for _ in range(runs):
            name, way = dice.choice(sorted(sound.files)), dice.choice(WAYS)
            altered = spoiled(sound.files[name], sound.before.get(name, b""), way, dice)
            seen = look_at(sound, home, name, altered, only_sqlite=only_sqlite)
            done.runs += 1
            done.ways[f"{way} of {name}"] += 1
            done.seen[seen] += 1
            if seen.startswith(("NOT SEEN", "TOLD IN NO SENTENCE")):
                done.wrong.append(f"{way} of {name}: {seen}")
    return done


def look_at(sound: Sound, home: Path, name: str, altered: bytes, *, only_sqlite: bool = False) -> str:
    """Return what shows that one of a till's files was altered, in a ``home`` made for it."""
    for file in home.glob("ledger.db*"):
        file.unlink()
    for file, content in sound.files.items():
        (home / file).write_bytes(altered if file == name else content)
    return _look(home, sound.says, only_sqlite=only_sqlite)


def spoiled(content: bytes, before: bytes, way: str, dice: Random) -> bytes:
    """Return a file's content with one thing done to it; ``before`` is what it was half a day ago."""
    place = dice.randrange(len(content))
    page = place // PAGE * PAGE
    if way == "bit":
        return content[:place] + bytes([content[place] ^ 1 << dice.randrange(8)]) + content[place + 1 :]
    if way == "byte":
        return content[:place] + dice.randbytes(1) + content[place + 1 :]
    if way == "cut short":
        return content[:place]
    piece = {
        "page of nothing": bytes(PAGE),
        "page of noise": dice.randbytes(PAGE),
        "page of before": before[page : page + PAGE],
    }[way]
    return content[:page] + piece + content[page + len(piece) :]


def _look(home: Path, says: Any, *, only_sqlite: bool) -> str:
    """Return what showed it; that nothing had changed; or that nothing showed it."""
    moment = "opened"
    try:
        till = open_till(home)
        moment = "read"
        till.now = Clock()
        try:
            shown = _sqlite_shows(till.store) if only_sqlite else _till_shows(till)
            return shown or _silently_changed(says, _says(till.store))
        finally:
            till.store.close()
    except UserError:
        return f"seen when {moment}"
    except Exception as error:  # noqa: BLE001 - what is seen has to be told to a person
        told = f"TOLD IN NO SENTENCE when {moment}: {type(error).__name__}: {str(error)[:100]}"
        return "seen by SQLite" if only_sqlite else told


def _silently_changed(says: Any, said: Any) -> str:
    """Return where the ledger says something else although nothing showed it."""
    for table, before, after in zip(TABLES, says, said, strict=True):
        for old, new in zip(before, after, strict=False):
            if old != new:
                return f"NOT SEEN in {table.name}: {new[:300]} instead of {old[:300]}"
    return "nothing had changed" if says == said else "NOT SEEN: rows are missing, or more"


def _till_shows(till: Till) -> str:
    if till.check_since_last():
        return "seen at start"
    return "seen by the whole check" if till.check() else ""


def _sqlite_shows(store: Store) -> str:
    with store.read() as connection:
        fine = connection.exec_driver_sql("PRAGMA integrity_check").scalar_one() == "ok"
    return "" if fine else "seen by SQLite"
