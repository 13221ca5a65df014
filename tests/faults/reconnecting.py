"""Many tills whose line comes back at once: how long until all is taken in, and how long a till waits for an answer.

Each till has its own zone, customers and key, and one signed batch made beforehand from the day of a real till; the
server is the real one, its workers processes on PostgreSQL. The tills are threads that send, wait when told to, and
fetch what their payments became.
"""

import csv
import re
import secrets
import socket
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any, Final

from sqlalchemy import func, select

from meterpos.headoffice import auth
from meterpos.headoffice.checks import run_checks
from meterpos.headoffice.importing import import_directory
from meterpos.headoffice.office import Office, open_office
from meterpos.headoffice.tables import feed
from meterpos.ledger import signing
from meterpos.ledger.journal import FIRST_PREV, entry_id
from meterpos.ledger.tables import accounts, journal, tenders
from meterpos.settings import HeadOfficeSettings
from meterpos.sync import wire
from meterpos.sync.client import Line
from meterpos.sync.pace import wait_s
from meterpos.till import open_till
from tests.faults import speed
from tests.faults.office_process import OfficeProcess
from tests.support.headoffice import make_office

TRIES_MAX: Final = 60
ROWS: Final = 4_000
SOFTWARE: Final = "0.1.0"
_ACCOUNT: Final = re.compile(rb'"account":"(\w+)"')
_TENDER: Final = re.compile(rb'"tender_id":"\w+"')
_REFERENCE: Final = re.compile(rb'"reference":"\w+"')


@dataclass
class Far:
    """One simulated till: who it is, and the batch that waits."""

    name: str
    key: bytes
    device: str
    stream: bytes
    message: bytes
    payments: int


@dataclass
class Drained:
    """What came of it."""

    tills: int
    payments: int
    seconds: float = 0.0
    office_s: float = 0.0
    """Processor time of head office's processes, without the database's."""
    answered_s: list[float] = field(default_factory=list)
    told_to_wait: int = 0
    finished: int = 0
    rows: int = 0
    wrong: list[str] = field(default_factory=list)

    def within(self, share: float) -> float:
        """Return in how many seconds such a share of all requests was answered."""
        return sorted(self.answered_s)[int(share * (len(self.answered_s) - 1))] if self.answered_s else 0.0


def run(folder: Path, url: str, *, tills: int, payments: int) -> Drained:
    """Make so many tills with so many payments each, let them come back at once, and compare."""
    template = _day_of_a_till(folder / "template", payments)
    settings = HeadOfficeSettings(home=folder / "homes" / "lake", database_url=url, utility="lake")
    settings.home.parent.mkdir(parents=True)
    office = make_office(settings.home, url)
    far = _tills(office, folder, template, tills)
    with office.store.read() as conn:
        position = int(conn.execute(select(func.max(feed.c.position))).scalar_one())
    server_key = signing.public_of(office.keys.server)
    office.close()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        process = OfficeProcess(settings, free.getsockname()[1])
    process.start()
    done = Drained(len(far), sum(one.payments for one in far))
    try:
        before_s = process.processor_s()
        _come_back(far, f"http://127.0.0.1:{process.port}", done, after=position, server_key=server_key)
        done.office_s = process.processor_s() - before_s
    finally:
        process.kill()
    _compare(settings, done)
    return done


def _day_of_a_till(folder: Path, payments: int) -> list[bytes]:
    """Return the journal of a real till that took so many payments."""
    waiting = speed.make(folder, f"sqlite:///{folder}/office.db", payments=payments)
    till = open_till(waiting.folder / "till")
    with till.store.read() as connection:
        made = list(connection.execute(select(journal.c.data).order_by(journal.c.seq)).scalars())
    till.close()
    return made


def _tills(office: Office, folder: Path, template: Sequence[bytes], count: int) -> list[Far]:
    """Make the tills known with their zones' customers, and sign what each has to tell."""
    known = sorted({_place(found.decode()) for data in template for found in _ACCOUNT.findall(data)})
    _import_customers(office, folder / "import", known, count)
    made = []
    for number in range(count):
        name, key = f"T{number:04d}", signing.generate_key()
        code = auth.make_till_code(secrets.token_bytes(8), keys=office.keys)
        asked = wire.Enrol(
            code=code, public_key=signing.public_of(key), title=name, software=SOFTWARE, digest=secrets.token_hex(32)
        )
        with office.write() as (conn, outgoing):
            at = office.moment().at
            auth.add_till(conn, outgoing, till_name=name, title=name, zones=(_zone(number),), code=code, at=at)
            device = auth.enrol(conn, outgoing, request=asked, at=at).device_id
        made.append(_far(name, key, device, [_rewritten(data, number, name, key, device) for data in template]))
    return made


def _zone(number: int) -> str:
    return f"zone {number:04d}"


def _place(account_no: str) -> int:
    return int(account_no[1:]) % 1_000


def _import_customers(office: Office, folder: Path, known: Sequence[int], count: int) -> None:
    folder.mkdir()
    names = [f"{number:04d}{place:03d}" for number in range(count) for place in known]
    customers = [(f"C{name}", f"Somebody {name}", "", _zone(int(name[:4]))) for name in names]
    rows: dict[str, list[tuple[str, ...]]] = {
        "customers": [("customer_no", "name", "phone", "zone"), *customers],
        "meters": [("meter_no", "utility"), *((f"M{n}", "water") for n in names)],
        "accounts": [
            ("account_no", "customer_no", "meter_no", "opened_on"),
            *((f"B{n}", f"C{n}", f"M{n}", "2026-01-01") for n in names),
        ],
    }  # fmt: skip
    for name, lines in rows.items():
        with (folder / f"{name}.csv").open("w", newline="") as file:
            csv.writer(file).writerows(lines)
    import_directory(office.store, folder)


def _rewritten(data: bytes, number: int, name: str, key: bytes, device: str) -> bytes:
    """Return one entry of the template as this till would have made it."""
    if (found := _ACCOUNT.search(data)) is not None:
        own = f"{number:04d}{_place(found[1].decode()):03d}".encode()
        data = _ACCOUNT.sub(b'"account":"B' + own + b'"', data)
        data = re.sub(rb'"meter":"[\w-]+"', b'"meter":"M' + own + b'"', data)
        data = re.sub(rb'"no":"AC-\w+"', b'"no":"C' + own + b'"', data)
    data = _TENDER.sub(lambda _: b'"tender_id":"' + secrets.token_hex(16).encode() + b'"', data)
    data = _REFERENCE.sub(lambda _: b'"reference":"SK' + secrets.token_hex(4).upper().encode() + b'"', data)
    data = re.sub(rb'"public_key":"\w+"', b'"public_key":"' + signing.public_of(key).hex().encode() + b'"', data)
    data = re.sub(rb'"device":"\w+"', b'"device":"' + device.encode() + b'"', data)
    return data.replace(b"KSM01", name.encode())


def _far(name: str, key: bytes, device: str, entries: Sequence[bytes]) -> Far:
    stream, prev = secrets.token_bytes(16), FIRST_PREV
    for seq, data in enumerate(entries, 1):
        prev = entry_id(stream=stream, seq=seq, prev=prev, data=data)
    message = wire.make_push(
        key=key, device=device, stream=stream, from_seq=1, prev=FIRST_PREV, head=prev, entries=list(entries),
        generation=1, position=0, software=SOFTWARE, nonce=secrets.token_bytes(wire.NONCE_BYTES),
    )  # fmt: skip
    return Far(name, key, device, stream, message, sum(b'"kind":"tender"' in data for data in entries))


# --- coming back


def _come_back(far: Sequence[Far], url: str, done: Drained, *, after: int, server_key: bytes) -> None:
    start, turn = threading.Event(), threading.Lock()
    told = (url, done, turn, start, after, server_key)
    threads = [threading.Thread(target=_exchange, args=(one, *told)) for one in far]
    for thread in threads:
        thread.start()
    began = time.monotonic()
    start.set()
    for thread in threads:
        thread.join()
    done.seconds = time.monotonic() - began


def _exchange(
    one: Far, url: str, done: Drained, turn: threading.Lock, start: threading.Event, after: int, server_key: bytes
) -> None:
    """Push what waits, fetch what it became."""
    dice = Random(one.name)
    start.wait()
    with Line(url) as line:
        answer = _until_answered(line, "/v1/push", lambda: one.message, done, turn, dice)
        while answer is not None:
            asked = wire.make_pull(
                key=one.key, device=one.device, after=after, limit=ROWS, software=SOFTWARE, generation=1,
                nonce=secrets.token_bytes(wire.NONCE_BYTES), zones=(), differs=(),
            )  # fmt: skip
            answer = _until_answered(line, "/v1/pull", lambda asked=asked: asked, done, turn, dice)  # type: ignore[misc]
            if answer is None:
                break
            page = wire.read_page(answer, key=server_key, request=wire.header_digest(asked))
            after = page.through
            with turn:
                done.rows += len(page.rows)
                done.finished += not page.more
            if not page.more:
                return


def _until_answered(
    line: Line, path: str, message: Any, done: Drained, turn: threading.Lock, dice: Random
) -> bytes | None:
    for tries in range(1, TRIES_MAX):
        began = time.monotonic()
        answer = line.send(path, message())
        with turn:
            if isinstance(answer, bytes):
                done.answered_s.append(time.monotonic() - began)
                return answer
            done.told_to_wait += 1
            if answer.trouble not in ("busy", "cut", "unreachable"):
                done.wrong.append(f"{path}: {answer.sentence}")
                return None
        time.sleep(wait_s(answer.trouble, failures=min(tries, 3), every_s=300, dice=dice.random))
    return None


def _compare(settings: HeadOfficeSettings, done: Drained) -> None:
    office = open_office(settings)
    with office.store.read() as conn:
        taken = conn.execute(select(func.count()).select_from(tenders)).scalar_one()
        owed = conn.execute(select(func.sum(accounts.c.net_minor)).where(accounts.c.kind == "meter")).scalar_one()
        done.wrong += [f"head office: {problem.sentence}" for problem in run_checks(conn)]
    office.close()
    if done.finished != done.tills:
        done.wrong.append(f"{done.finished} of {done.tills} tills came to their end")
    if taken != done.payments:
        done.wrong.append(f"{taken} of {done.payments} payments are at head office")
    if owed != -done.payments * speed.AMOUNT_MINOR:
        done.wrong.append(f"accounts owe {owed}, and {done.payments * speed.AMOUNT_MINOR} was paid")
