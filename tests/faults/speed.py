"""How fast an exchange is: taking in beside bare insertion, and ten thousand payments over a line of 300 ms.

Floors are measured in the same run, since the machine is somebody else's too: what counts are round trips and processor
time. Nothing here decides a test; `dev.py faults speed` prints it.
"""

import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import sqlcipher3.dbapi2 as driver
from sqlalchemy import select

from meterpos.headoffice.office import Office, open_office
from meterpos.headoffice.routes import exchange as routes
from meterpos.ledger import journal
from meterpos.ledger.journal import Entry
from meterpos.ledger.operations.tenders import LegRequest, PartRequest, TenderRequest, take_tender
from meterpos.ledger.queries.identity import identity
from meterpos.ledger.queries.streams import stream_states
from meterpos.ledger.tables import accounts
from meterpos.settings import HeadOfficeSettings
from meterpos.sync import wire
from meterpos.sync.client import Line
from meterpos.sync.exchange import ExchangeResult, exchange
from meterpos.sync.steps import Failure, Memory
from meterpos.till import Till, new_tender_id, open_till
from tests.support.headoffice import Server, make_office

BATCH: Final = 500
STARTS_WITHIN_S: Final = 60.0
CLERK: Final = "achieng"
AMOUNT_MINOR: Final = 25_000


@dataclass(frozen=True)
class Waiting:
    """A head office and a till with payments that wait, both closed; `url` is the head office's database."""

    folder: Path
    url: str

    @property
    def office_home(self) -> Path:
        """Where `meterpos headoffice --utility lake` finds it."""
        return self.folder / "homes" / "lake"

    def settings(self) -> HeadOfficeSettings:
        """Return the head office's settings."""
        return HeadOfficeSettings(home=self.office_home, database_url=self.url, utility="lake")

    def copied(self, folder: Path) -> "Waiting":
        """Return a copy of it; on SQLite alone."""
        shutil.copytree(self.folder, folder)
        return Waiting(folder, self.url.replace(str(self.folder), str(folder)))


def make(folder: Path, url: str, *, payments: int) -> Waiting:
    """Make a head office with the town, and a till that took payments of 31 accounts since it was enrolled."""
    waiting = Waiting(folder, url)
    waiting.office_home.parent.mkdir(parents=True)
    server = Server.start(make_office(waiting.office_home, url))
    server.import_town()
    till = server.enrol_till(folder / "till")
    till.open_shift(float_minor=0, clerk=CLERK)
    _pay(till, payments)
    till.close()
    server.stop()
    return waiting


def _pay(till: Till, payments: int) -> None:
    meter_accounts = select(accounts.c.account_no, accounts.c.customer_no).where(
        accounts.c.kind == "meter", accounts.c.closed_on.is_(None)
    )
    with till.store.write() as connection:
        rows = connection.execute(meter_accounts).all()
        for number in range(payments):
            row = rows[number % len(rows)]
            method, reference = ("cash", None) if number % 3 else ("mpesa", f"SK{secrets.token_hex(4).upper()}")
            request = TenderRequest(
                tender_id=new_tender_id(),
                customer_no=row.customer_no,
                parts=(PartRequest(account_no=row.account_no, amount_minor=AMOUNT_MINOR),),
                legs=(LegRequest(method=method, amount_minor=AMOUNT_MINOR, reference=reference),),
            )
            take_tender(connection, request=request, moment=till.moment(), clerk=CLERK, approval=None)


# --- taking in, beside bare insertion


@dataclass
class Rate:
    """How long it took for so many entries."""

    entries: int
    seconds: float
    processor_s: float

    @property
    def each_us(self) -> float:
        """Processor time of one entry, in microseconds."""
        return self.processor_s / self.entries * 1e6

    @property
    def a_second(self) -> float:
        """Entries a second by the clock."""
        return self.entries / self.seconds


@contextmanager
def _timed(entries: int) -> Iterator[Rate]:
    rate = Rate(entries, 0, 0)
    began, processor = time.perf_counter(), time.process_time()
    yield rate
    rate.seconds, rate.processor_s = time.perf_counter() - began, time.process_time() - processor


def intake(waiting: Waiting) -> tuple[Rate, Rate]:
    """Let head office take in all that waits, in batches of 500; return its rate and that of inserting the bare rows.

    On SQLite all is done in this process, so its processor time is the whole of it. On PostgreSQL the server's is not
    in it.
    """
    till = open_till(waiting.folder / "till")
    office = open_office(waiting.settings())
    entries, waiting_batches = batches(till)
    routes.take_push(office, waiting_batches[0])  # what is done once, is done
    with _timed(len(entries) - BATCH) as ours:
        for batch in waiting_batches[1:]:
            routes.take_push(office, batch)
    floor = _floor(office, waiting.folder, entries[BATCH:])
    till.close()
    office.close()
    return ours, floor


def batches(till: Till) -> tuple[Sequence[Entry], list[bytes]]:
    """Return what waits at a till, and the batches of 500 in which it goes."""
    with till.store.read() as connection:
        who = identity(connection)
        state = stream_states(connection)[-1]
        entries = journal.entries_after(connection, state.stream, seq=state.through_seq, limit=1_000_000)
    made: list[bytes] = []
    prev = state.head
    for start in range(0, len(entries), BATCH):
        part = entries[start : start + BATCH]
        made.append(
            wire.make_push(
                key=till.device_key,
                device=who.device_id,
                stream=state.stream,
                from_seq=part[0].seq,
                prev=prev,
                head=part[-1].entry_id,
                entries=[entry.data for entry in part],
                generation=1,
                position=0,
                software="speed",
                nonce=secrets.token_bytes(wire.NONCE_BYTES),
            )
        )
        prev = part[-1].entry_id
    return entries, made


_FLOOR_TABLE: Final = (
    "CREATE TABLE floor (entry_id {octets} PRIMARY KEY, stream {octets}, seq BIGINT, prev {octets}, kind TEXT, "
    "data {octets}, received_at TEXT)"
)


def _floor(office: Office, folder: Path, entries: Sequence[Entry]) -> Rate:
    """Insert the raw rows and nothing else, in batches of 500, each durable."""
    rows = [(e.entry_id, e.stream, e.seq, e.prev, "tender", e.data, "2026-11-20T06:41:07.123Z") for e in entries]
    if office.store.dialect == "sqlite":
        connection = driver.connect(str(folder / "floor.db"), isolation_level=None)
        for sentence in ("PRAGMA journal_mode = WAL", "PRAGMA synchronous = FULL", _FLOOR_TABLE.format(octets="BLOB")):
            connection.execute(sentence)
        with _timed(len(rows)) as rate:
            for start in range(0, len(rows), BATCH):
                connection.execute("BEGIN IMMEDIATE")
                connection.executemany("INSERT INTO floor VALUES (?,?,?,?,?,?,?)", rows[start : start + BATCH])
                connection.execute("COMMIT")
        connection.close()
        return rate
    import psycopg

    with psycopg.connect(office.store.url.set(drivername="postgresql").render_as_string(hide_password=False)) as plain:
        plain.execute(_FLOOR_TABLE.format(octets="BYTEA"))
        plain.commit()
        with _timed(len(rows)) as rate:
            for start in range(0, len(rows), BATCH):
                with plain.cursor() as cursor, cursor.copy("COPY floor FROM STDIN") as copy:
                    for row in rows[start : start + BATCH]:
                        copy.write_row(row)
                plain.commit()
    return rate


def over_http(waiting: Waiting) -> tuple[Rate, Rate]:
    """Send all that waits to head office over HTTP, and to a server that inserts the bare rows: the same server, the
    same sender, the same batches on the same cores. Return both rates, with the processor time of the server alone.
    """
    till = open_till(waiting.folder / "till")
    entries, packed = batches(till)
    till.close()
    with office_process(waiting) as (port, pid):
        ours = _sent(port, pid, packed, len(entries))
    with _process([sys.executable, "-m", "tests.faults.bare"], str(waiting.folder / "bare.db")) as (port, pid):
        return ours, _sent(port, pid, packed, len(entries))


def _sent(port: int, pid: int, packed: Sequence[bytes], entries: int) -> Rate:
    with Line(f"http://127.0.0.1:{port}") as line:
        first, *rest = packed
        assert isinstance(line.send("/v1/push", first), bytes)  # what is done once, is done
        began, processor = time.perf_counter(), _processor_s(pid)
        for batch in rest:
            assert isinstance(line.send("/v1/push", batch), bytes)
        return Rate(entries - BATCH, time.perf_counter() - began, _processor_s(pid) - processor)


# --- a line far away


@dataclass
class Trip:
    """One exchange over a far line."""

    result: ExchangeResult
    seconds: float
    delivered_s: float
    """Until head office had signed for everything."""
    till_s: float
    """Processor time of the till."""
    office_s: float
    """Processor time of head office."""
    requests: int


@dataclass
class _Counted:
    """A line that counts, and notes when the last batch was answered."""

    line: Line
    requests: int = 0
    delivered_at: float = field(default_factory=time.perf_counter)

    def send(self, path: str, message: bytes) -> bytes | Failure:
        self.requests += 1
        answer = self.line.send(path, message)
        if path.endswith("push"):
            self.delivered_at = time.perf_counter()
        return answer


def far(waiting: Waiting, *, round_trip_ms: int) -> list[Trip]:
    """Exchange all that waits over a line with this round trip, then one payment more, on the connection kept open."""
    trips: list[Trip] = []
    with office_process(waiting) as (port, pid), far_line(port, round_trip_ms) as url, Line(url) as line:
        till = open_till(waiting.folder / "till")
        memory = Memory()
        for payments in (0, 1):
            _pay(till, payments)
            counted = _Counted(line)
            office_s, till_s, began = _processor_s(pid), time.process_time(), time.perf_counter()
            result = exchange(
                till.store, home=till.settings.home, device_key=till.device_key, line=counted, memory=memory
            )
            ended = time.perf_counter()
            memory = result.memory
            trips.append(
                Trip(
                    result=result,
                    seconds=ended - began,
                    delivered_s=counted.delivered_at - began,
                    till_s=time.process_time() - till_s,
                    office_s=_processor_s(pid) - office_s,
                    requests=counted.requests,
                )
            )
        till.close()
    return trips


def _processor_s(pid: int) -> float:
    """Return the processor time a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def office_process(waiting: Waiting) -> Iterator[tuple[int, int]]:
    """Serve a head office as a process of its own; yield its port and process id."""
    command = [sys.executable, "-m", "meterpos", "headoffice", "--utility", "lake", "--database", waiting.url]
    environment = {"METERPOS_HEADOFFICE_HOME": str(waiting.office_home.parent)}
    with _process([*command, "serve", "--port"], **environment) as served:
        yield served


@contextmanager
def _process(command: Sequence[str], *after: str, **environment: str) -> Iterator[tuple[int, int]]:
    """Run a server as a process of its own, its port after its command; yield its port and process id."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen(
        [*command, str(port), *after],
        env={**os.environ, **environment},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        deadline = time.monotonic() + STARTS_WITHIN_S
        while not _answers(port):
            assert time.monotonic() < deadline and process.poll() is None, "head office did not start"
            time.sleep(0.05)
        yield port, process.pid
    finally:
        process.terminate()
        process.wait()


def _answers(port: int) -> bool:
    with socket.socket() as line:
        return line.connect_ex(("127.0.0.1", port)) == 0


@contextmanager
def far_line(port: int, round_trip_ms: int, *more: float) -> Iterator[str]:
    command = [sys.executable, "-m", "tests.faults.far", str(port), str(round_trip_ms), *map(str, more)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield f"http://127.0.0.1:{int(process.stdout.readline())}"
        finally:
            process.terminate()
