"""Real processes against each other for minutes: tills that take money and exchange, a head office of two workers, and
somebody who kills, stops and parts them and puts a backup of head office back.

Each till is a process on its own encrypted ledger and reports a receipt only once `take` has returned. At the end all
is calm, every till exchanges, and each receipt reported must be at head office once, byte for byte; every check of both
sides is silent and all agree.
"""

import contextlib
import os
import secrets
import signal
import socket
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from multiprocessing import get_context
from pathlib import Path
from random import Random
from typing import Any, Final

from sqlalchemy import func, select

from meterpos.headoffice import feed
from meterpos.headoffice.backups import back_up, restore
from meterpos.headoffice.checks import run_checks as office_checks
from meterpos.headoffice.office import Office, open_office
from meterpos.ledger.checks import run_checks
from meterpos.ledger.operations.entries import stand_at_counter
from meterpos.ledger.operations.tenders import LegRequest, PartRequest, TenderRequest
from meterpos.ledger.queries.streams import stream_states
from meterpos.ledger.tables import accounts, journal, tenders
from meterpos.settings import HeadOfficeSettings
from meterpos.till import Till, new_tender_id, open_till
from tests.faults.gate import Gate
from tests.faults.office_process import OfficeProcess
from tests.faults.planted import processes
from tests.support.headoffice import Server, make_office

CLERK: Final = "achieng"
ZONES: Final = ("Kondele", "Mamboleo", "Migosi", "Nyalenda")
CALM_MAX: Final = 40
"""So many exchanges each till has at the end until nothing waits and all agree."""
AMOUNTS_MINOR: Final = (500, 10_000, 250_000)
OFFICE_EVERY_S: Final = 45.0
"""How often something happens to head office."""

_processes: Final = get_context("forkserver")


# --- a till


def work(home: Path, seed: int, pause_s: float, said: Any, planted: str = "") -> None:
    """Take payments and exchange until somebody kills this process; say each receipt, and how exchanges ended."""
    if planted:
        processes.plant(planted)
    dice = Random(f"{seed} {time.time()}")
    till = open_till(home)
    memory = None
    while True:
        for _ in range(dice.randint(1, 6)):
            said.send(("receipt", _pay(till, dice)))
        result = till.exchange(memory=memory)
        memory = result.memory
        said.send(("exchange", result.outcome))
        time.sleep(pause_s * dice.random())


def _pay(till: Till, dice: Random) -> bytes:
    with till.store.read() as connection:
        rows = connection.execute(
            select(accounts.c.account_no, accounts.c.customer_no).where(
                accounts.c.kind == "meter", accounts.c.closed_on.is_(None)
            )
        ).all()
        is_open = stand_at_counter(connection, moment=till.moment(), clerk=CLERK).shift is not None
    if not is_open:
        till.open_shift(float_minor=0, clerk=CLERK)
    row, amount = dice.choice(rows), dice.choice(AMOUNTS_MINOR)
    by_phone = dice.random() < 0.3
    leg = LegRequest(
        method="mpesa" if by_phone else "cash",
        amount_minor=amount,
        reference=secrets.token_hex(5).upper() if by_phone else None,
    )
    request = TenderRequest(
        tender_id=new_tender_id(),
        customer_no=row.customer_no,
        parts=(PartRequest(account_no=row.account_no, amount_minor=amount),),
        legs=(leg,),
    )
    return till.take(request=request, clerk=CLERK).entry_id


# --- the soak

_ENDS: Final = select(journal.c.stream, func.max(journal.c.seq).label("last")).group_by(journal.c.stream)


@dataclass
class Soaked:
    """What came of it."""

    receipts: dict[bytes, str] = field(default_factory=dict)
    """Entry -> the till that reported it."""
    kept: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    outcomes: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)


@dataclass
class _Running:
    name: str
    home: Path
    gate: Gate
    process: Any = None
    said: Any = None
    is_stopped: bool = False


class Soak:
    """So many tills at one head office; `run` lets them work under faults, `settle` judges."""

    def __init__(
        self,
        folder: Path,
        url: str,
        *,
        seed: int,
        pause_s: float = 0.5,
        office_every_s: float = OFFICE_EVERY_S,
        planted: str = "",
    ) -> None:
        self.done = Soaked()
        self._office_every_s = office_every_s
        self._planted = planted if planted.startswith("a till") else ""
        self._dice = Random(f"soak {seed}")
        self._seed, self._pause_s = seed, pause_s
        settings = HeadOfficeSettings(home=folder / "homes" / "lake", database_url=url, utility="lake")
        settings.home.parent.mkdir(parents=True)
        self._backup = folder / "office-backup.db"
        self._folder, self._url = folder, url
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self._office = OfficeProcess(settings, free.getsockname()[1])
        self._planted_at_office = "" if self._planted else planted
        self._tills: list[_Running] = []

    def enrol(self, tills: int) -> None:
        """Set up head office and so many tills."""
        office = make_office(self._office.settings.home, self._url)
        self._office.start()
        known = Server(office, "")
        known.import_town()
        for number in range(tills):
            gate = Gate(self._office.port)
            name, home = f"SOAK{number + 1:02d}", self._folder / f"till-{number}"
            zones = (ZONES[number % len(ZONES)],)
            Server(office, gate.url).enrol_till(home, name, zones).close()
            self._tills.append(_Running(name, home, gate))
        office.close()
        _processes.set_forkserver_preload(["tests.faults.soak"])

    def run(self, *, seconds: float, payments: int) -> None:
        """Let the tills work and things happen to them, for so long or until so many receipts were reported."""
        until = time.monotonic() + seconds
        restore_at = time.monotonic() + self._office_every_s / 2
        if self._planted_at_office:
            self._office.kill()
            self._office.planted = self._planted_at_office
            self._office.start()
        for till in self._tills:
            self._start(till)
        while time.monotonic() < until and len(self.done.receipts) < payments:
            self._listen(0.2)
            if time.monotonic() > restore_at:
                self._something_at_office()
                restore_at = time.monotonic() + self._office_every_s
            if self._dice.random() < 0.5:
                self._something_at(self._dice.choice(self._tills))
        for till in self._tills:
            self._kill(till)

    def _start(self, till: _Running) -> None:
        till.said, theirs = _processes.Pipe(duplex=False)
        told = (till.home, self._seed, self._pause_s, theirs, self._planted)
        till.process = _processes.Process(target=work, args=told, daemon=True)
        till.process.start()
        theirs.close()
        till.is_stopped = False

    def _kill(self, till: _Running) -> None:
        till.process.kill()
        till.process.join()
        self._hear(till)
        till.said.close()

    def _listen(self, seconds: float) -> None:
        time.sleep(seconds)
        for till in self._tills:
            self._hear(till)
            if not till.process.is_alive():
                self.done.wrong.append(f"till {till.name} ended by itself")
                self._start(till)

    def _hear(self, till: _Running) -> None:
        with contextlib.suppress(EOFError, OSError):
            while till.said.poll():
                kind, what = till.said.recv()
                if kind == "receipt":
                    self.done.receipts[what] = till.name
                else:
                    self.done.outcomes[what] += 1

    def _something_at(self, till: _Running) -> None:
        what = self._dice.choice(("killed", "stopped", "parted", "parted", "let go on"))
        if what == "killed":
            self._kill(till)
            self._start(till)
        elif what == "stopped" and not till.is_stopped:
            os.kill(till.process.pid, signal.SIGSTOP)
            till.is_stopped = True
        elif what == "parted" and till.gate.is_open:
            till.gate.shut()
        else:
            self._let_go_on()
            return
        self.done.faults[f"till {what}"] += 1

    def _let_go_on(self) -> None:
        for till in self._tills:
            till.gate.is_open = True
            if till.is_stopped:
                os.kill(till.process.pid, signal.SIGCONT)
                till.is_stopped = False

    def _something_at_office(self) -> None:
        """Kill all of head office; every second time it comes back from a backup made a while ago."""
        self._office.kill()
        self.done.faults["office killed"] += 1
        settings = self._office.settings
        if self._backup.exists():
            at = datetime.now(UTC)
            restore(settings, self._backup, leap=self._dice.randrange(1_000), at=at)
            self._backup.unlink()
            self.done.faults["office restored"] += 1
        else:
            office = open_office(settings)
            self._hold_it_to_its_word(office)
            back_up(office.store, self._backup)
            office.close()
            self.done.faults["office backed up"] += 1
        self._office.start()

    def _hold_it_to_its_word(self, office: Office) -> None:
        """What this generation of head office has signed for is there when it was killed."""
        with office.store.read() as conn:
            generation = feed.generation(conn)
            ends = {row.stream: row.last for row in conn.execute(_ENDS)}
        for running in self._tills:
            till = open_till(running.home)
            with till.store.read() as connection:
                states = stream_states(connection)
            till.close()
            self.done.wrong += [
                f"{running.name}: head office signed for {state.through_seq}, and has {ends.get(state.stream, 0)}"
                for state in states
                if state.generation == generation and state.through_seq > ends.get(state.stream, 0)
            ]

    # --- the end

    def end(self) -> None:
        """Leave no process behind."""
        for till in self._tills:
            if till.process is not None and till.process.is_alive():
                till.process.kill()
                till.process.join()
        self._office.kill()

    def settle(self) -> None:
        """Let all exchange in peace, then judge."""
        for till in self._tills:
            till.gate.is_open = True
        left = list(self._tills)
        for _ in range(CALM_MAX):
            left = [till for till in left if not self._is_calm(till)]
            if not left:
                break
        self.done.wrong += [f"till {till.name} did not come to rest" for till in left]
        self._office.kill()
        office = open_office(self._office.settings)
        with office.store.read() as conn:
            self.done.wrong += [f"office: {problem.sentence}" for problem in office_checks(conn)]
            held = {row.entry_id: row.data for row in conn.execute(select(journal.c.entry_id, journal.c.data))}
            papers = Counter(conn.execute(select(tenders.c.number)).scalars())
        office.close()
        self.done.wrong += [
            f"{number} is {count} times at head office" for number, count in papers.items() if count > 1
        ]
        for till in self._tills:
            self.done.wrong += self._judge(till, held)

    def _is_calm(self, running: _Running) -> bool:
        till = open_till(running.home)
        try:
            result = till.exchange()
        finally:
            till.close()
        return result.is_complete and not result.waiting and bool(result.agreed)

    def _judge(self, running: _Running, held: dict[bytes, bytes]) -> Iterator[str]:
        till = open_till(running.home)
        with till.store.read() as connection:
            yield from (f"{running.name}: {problem.sentence}" for problem in run_checks(connection))
            ours = {row.entry_id: row.data for row in connection.execute(select(journal.c.entry_id, journal.c.data))}
        till.close()
        self.done.kept += len(ours)
        yield from missing([entry for entry, name in self.done.receipts.items() if name == running.name], ours, held)


def missing(reported: Sequence[bytes], till: dict[bytes, bytes], office: dict[bytes, bytes]) -> Iterator[str]:
    """Say which reported receipts are not in the till's journal, and which of its entries head office has otherwise."""
    for entry_id in reported:
        if entry_id not in till:
            yield f"receipt {entry_id.hex()[:16]} was reported and is not in its till's journal"
    for entry_id, data in till.items():
        if office.get(entry_id) != data:
            yield f"entry {entry_id.hex()[:16]} is not at head office as its till made it"


def soak(
    folder: Path,
    url: str,
    *,
    tills: int,
    seconds: float,
    payments: int,
    seed: int,
    tell: Callable[[str], None] = print,
    **how: Any,
) -> Soaked:
    """Make everything, let it run, and judge; ``how`` are options of `Soak`."""
    began = time.monotonic()
    running = Soak(folder, url, seed=seed, **how)
    try:
        running.enrol(tills)
        tell(f"  {tills} tills enrolled after {time.monotonic() - began:.0f} s")
        running.run(seconds=seconds, payments=payments)
        tell(f"  {len(running.done.receipts)} receipts; now calm")
        running.settle()
    finally:
        running.end()
    return running.done
