"""From a spoiled disk back to a whole till: backup, what is left of the old ledger, mirror, head office.

The till here belongs to a real head office. Behind its backup lie payments head office has signed for, and after those
some it has not, which the mirror holds. One file is spoiled (or ledger and mirror both), the till is restored and
exchanges: what head office had signed for is there again in any case, and everything where one of the two was whole.
"""

import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Final

from sqlalchemy import select

from meterpos.headoffice.checks import run_checks as office_checks
from meterpos.headoffice.office import Office, open_office
from meterpos.ledger.checks import run_checks
from meterpos.ledger.store import Store
from meterpos.ledger.tables import accounts, journal
from meterpos.settings import HeadOfficeSettings
from meterpos.sync.exchange import exchange
from meterpos.till import Till, open_till
from meterpos.till.restoring import restore_till
from tests.faults import disk, rot
from tests.faults.web import Web
from tests.faults.world import Direct
from tests.support.headoffice import Server, make_office

MIRROR: Final = "KSM01.mirror"
BOTH: Final = "ledger and mirror"
EXCHANGES_MAX: Final = 4


@dataclass
class Prepared:
    """A till's disk, its mirror's medium, its backup and head office, all at rest; and what must come back."""

    folder: Path
    signed_for: frozenset[tuple[bytes, bytes]]
    made: frozenset[tuple[bytes, bytes]]


@dataclass
class Recovered:
    """What came of so many recoveries."""

    runs: int = 0
    spoiled: Counter[str] = field(default_factory=Counter)
    back: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    def add(self, other: "Recovered") -> None:
        """Add another's figures to these."""
        self.runs += other.runs
        self.spoiled += other.spoiled
        self.back += other.back
        self.wrong += other.wrong


def make(folder: Path) -> Prepared:
    """Make the till with its backup, its mirror and its head office."""
    (folder / "till").mkdir(parents=True)
    (folder / "stick").mkdir()
    _say_where(folder)
    server = Server.start(make_office(folder / "office", f"sqlite:///{folder}/office.db"))
    server.import_town()
    till = server.enrol_till(folder / "till", "KSM01")
    till.open_shift(float_minor=0, clerk="achieng")
    at = Web(server, till)
    at.pay()
    at.calm("the first payments")
    till.backup(folder / "backup.db")
    for _ in range(4):
        at.pay()
    at.calm("payments behind the backup")
    signed_for = _entries(till.store)
    for _ in range(3):
        at.pay()
        till.mirror()
    made = _entries(till.store)
    shutil.copytree(folder / "till", folder / "running")  # as it lies on the disk while the till runs
    assert not at.wrong, at.wrong
    till.close()
    server.office.store.checkpoint()
    server.stop()
    shutil.rmtree(folder / "till")
    return Prepared(folder, frozenset(signed_for), frozenset(made))


def _say_where(folder: Path) -> None:
    (folder / "till" / "meterpos.toml").write_text(f'[till]\nmirror = "{folder / "stick"}"\n')


def _entries(store: Store) -> set[tuple[bytes, bytes]]:
    with store.read() as connection:
        return {(row.entry_id, row.data) for row in connection.execute(select(journal.c.entry_id, journal.c.data))}


def recover(prepared: Prepared, *, runs: int, seed: int) -> Recovered:
    """Spoil so many copies as the seed says, bring each till back, and judge it."""
    dice, done = Random(f"recovery {seed}"), Recovered()
    for _ in range(runs):
        with tempfile.TemporaryDirectory(prefix="meterpos-faults-", dir=disk.fast()) as name:
            folder = Path(name)
            what = _lay_spoiled(prepared, folder, dice)
            done.runs += 1
            done.spoiled[what] += 1
            try:
                for sentence in _bring_back(prepared, folder, what, done.back):
                    done.wrong.append(f"{what}: {sentence}")
            except Exception as error:  # noqa: BLE001 - whatever it is, it is what was wrong
                done.wrong.append(f"{what}: {type(error).__name__}: {str(error)[:200]}")
    return done


def _lay_spoiled(prepared: Prepared, folder: Path, dice: Random) -> str:
    """Copy everything, spoil one file, or the ledger and the mirror; return what was spoiled how."""
    for name in ("stick", "office"):
        shutil.copytree(prepared.folder / name, folder / name)
    shutil.copytree(prepared.folder / "running", folder / "till")
    for name in ("backup.db", "office.db"):
        shutil.copyfile(prepared.folder / name, folder / name)
    _say_where(folder)
    till = folder / "till"
    chosen = dice.choice(("ledger.db", rot.LOG, MIRROR, BOTH))
    files = [till / "ledger.db", folder / "stick" / MIRROR] if chosen == BOTH else []
    for file in files or [folder / "stick" / MIRROR if chosen == MIRROR else till / chosen]:
        content = file.read_bytes()
        way = dice.choice([way for way in rot.WAYS if way != "page of before"])
        file.write_bytes(rot.spoiled(content, b"", way, dice))
    (till / "ledger.db-shm").unlink(missing_ok=True)
    return chosen


def _bring_back(prepared: Prepared, folder: Path, what: str, back: Counter[str]) -> Iterator[str]:
    restore_till(folder / "till", folder / "backup.db")
    settings = HeadOfficeSettings(home=folder / "office", database_url=f"sqlite:///{folder}/office.db", utility="lake")
    office = open_office(settings)
    till = open_till(folder / "till")
    try:
        yield from _rests(till, office)
        yield from _is_whole(prepared, till, office, what, back)
    finally:
        till.store.close()
        office.close()


def _rests(till: Till, office: Office) -> Iterator[str]:
    memory = None
    for number in range(EXCHANGES_MAX):
        done = exchange(
            till.store, home=till.settings.home, device_key=till.device_key, line=Direct(office), memory=memory
        )
        memory = done.memory
        if number and done.is_complete and not done.waiting and done.agreed:
            return
        till.mirror()  # as the window does after each change: what lay beyond a gap follows now
    yield f"the till does not come to rest: {done.outcome} ({done.detail}), {done.waiting} waiting"


def _is_whole(prepared: Prepared, till: Till, office: Office, what: str, back: Counter[str]) -> Iterator[str]:
    ours, theirs = _entries(till.store), _entries(office.store)
    if missing := len(prepared.signed_for - ours):
        yield f"{missing} entries head office had signed for did not come back"
    if missing := len(prepared.made - ours):
        back["up to the acknowledgement and some more" if prepared.made & ours else "nothing"] += 1
        if what != BOTH:
            yield f"{missing} entries did not come back, although {what} alone was spoiled"
    else:
        back["everything"] += 1
    if ours != theirs:
        yield f"{len(ours)} entries at the till, {len(theirs)} at head office, or they differ"
    with till.store.read() as mine, office.store.read() as its:
        yield from (f"till: {one.sentence}" for one in run_checks(mine))
        yield from (f"head office: {one.sentence}" for one in office_checks(its))
        columns = select(accounts.c.account_no, accounts.c.net_minor).where(accounts.c.zone == "Kondele")
        if set(map(tuple, mine.execute(columns))) != set(map(tuple, its.execute(columns))):
            yield "the balances are not head office's"
