"""Many tills whose line comes back at once: how long until all is taken in, and how long a till waits for an answer.

Each till has its own zone, customers and key, and one signed batch made beforehand (far_tills.py); the server is the
real one, its workers processes on PostgreSQL; the tills come on one selector (crowd.py). Afterwards what each was
answered is read, and compared with what head office's database holds.
"""

import resource
import socket
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, func, select, text

from meterpos.headoffice.checks import run_checks
from meterpos.headoffice.office import open_store
from meterpos.headoffice.tables import feed
from meterpos.ledger import signing
from meterpos.ledger.store import Store
from meterpos.ledger.tables import accounts, tenders
from meterpos.settings import HeadOfficeSettings
from meterpos.sync import wire
from tests.faults import speed
from tests.faults.crowd import Crowd, One
from tests.faults.far_tills import day_of_a_till, make_tills, zone
from tests.faults.office_process import OfficeProcess, processor_s_of
from tests.support.headoffice import make_office

LIMIT_S: Final = 1_800.0
"""After so long the harness gives up."""
WHOLE_EVERY: Final = 20
"""Of every so many tills the pages are read whole."""


@dataclass
class Drained:
    """What came of it."""

    tills: int
    payments: int
    set_up_s: float = 0.0
    seconds: float = 0.0
    compared_s: float = 0.0
    office_s: float = 0.0
    """Processor time of head office's processes, without the database's."""
    database_s: float = 0.0
    crowd_s: float = 0.0
    """Processor time of the tills."""
    answered_s: list[float] = field(default_factory=list)
    refused_s: list[float] = field(default_factory=list)
    lost: int = 0
    finished: int = 0
    rows: int = 0
    read_whole: int = 0
    wrong: list[str] = field(default_factory=list)


def within(seconds: Sequence[float], share: float) -> float:
    """Return in how many seconds such a share was answered."""
    return sorted(seconds)[int(share * (len(seconds) - 1))] if seconds else 0.0


def run(folder: Path, url: str, *, tills: int, payments: int) -> Drained:
    """Make so many tills with so many payments each, let them come back at once, and compare."""
    began = time.monotonic()
    _allow_files(tills)
    day = day_of_a_till(folder / "template", payments)
    settings = HeadOfficeSettings(home=folder / "homes" / "lake", database_url=url, utility="lake")
    settings.home.parent.mkdir(parents=True)
    office = make_office(settings.home, url)
    far = make_tills(office, folder, day, tills)
    server_key = signing.public_of(office.keys.server)
    with office.store.read() as conn:
        position = int(conn.execute(select(func.max(feed.c.position))).scalar_one())
    office.close()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        process = OfficeProcess(settings, free.getsockname()[1])
    process.start()
    done = Drained(len(far), sum(one.payments for one in far), set_up_s=time.monotonic() - began)
    crowd = Crowd(process.port)
    store = open_store(settings)
    try:
        before_s, own_s, began = process.processor_s(), time.process_time(), time.monotonic()
        came = crowd.come(far, limit_s=LIMIT_S)
        done.seconds, done.crowd_s = time.monotonic() - began, time.process_time() - own_s
        done.office_s, done.database_s = process.processor_s() - before_s, _database_s(store)
    finally:
        process.kill()
    _note(done, crowd, came)
    began = time.monotonic()
    _compare(store, done, came, after=position, server_key=server_key)
    store.close()
    done.compared_s = time.monotonic() - began
    return done


def _allow_files(tills: int) -> None:
    """Let as many connections be open as there are tills, here and in head office's processes."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(tills * 2 + 1_000, hard), hard))


def _database_s(store: Store) -> float:
    """Return the processor time of the database's processes that work for head office."""
    mine = text("SELECT pid FROM pg_stat_activity WHERE datname = current_database()")
    with store.read() as conn:
        return sum(processor_s_of(pid) for pid in conn.execute(mine).scalars())


def _note(done: Drained, crowd: Crowd, came: Sequence[One]) -> None:
    done.answered_s, done.refused_s, done.lost = crowd.answered_s, crowd.refused_s, crowd.lost
    done.finished = sum(one.is_done for one in came)
    done.rows = sum(one.rows for one in came)
    done.wrong += crowd.wrong


# --- afterwards


def _compare(store: Store, done: Drained, came: Sequence[One], *, after: int, server_key: bytes) -> None:
    for one in came:
        done.wrong += acknowledged(one, server_key)
    for one in came[::WHOLE_EVERY]:
        done.wrong += read_whole(one, after=after, server_key=server_key)
        done.read_whole += 1
    with store.read() as conn:
        done.wrong += heard_all(conn, came, after=after)
        taken = conn.execute(select(func.count()).select_from(tenders)).scalar_one()
        owed = conn.execute(select(func.sum(accounts.c.net_minor)).where(accounts.c.kind == "meter")).scalar_one()
        done.wrong += [f"head office: {problem.sentence}" for problem in run_checks(conn)]
    if done.finished != done.tills:
        done.wrong.append(f"{done.finished} of {done.tills} tills came to their end")
    if taken != done.payments:
        done.wrong.append(f"{taken} of {done.payments} payments are at head office")
    if owed != -done.payments * speed.AMOUNT_MINOR:
        done.wrong.append(f"accounts owe {owed}, and {done.payments * speed.AMOUNT_MINOR} was paid")


def acknowledged(one: One, server_key: bytes) -> list[str]:
    """Say what is wrong with what head office signed for."""
    if not one.ack:
        return [f"till {one.far.number} was never told that its entries are held"]
    ack = wire.read_ack(one.ack, key=server_key, batch=one.far.push_digest, stream=one.far.stream)
    return [] if ack.count == one.far.payments else [f"till {one.far.number}: {ack.count} receipts are signed for"]


def read_whole(one: One, *, after: int, server_key: bytes) -> list[str]:
    """Say what is wrong with the pages one till was given: what it did is in them, each in its place."""
    facts = 0
    for question, answer in one.pages:
        page = wire.read_page(answer, key=server_key, request=wire.header_digest(question))
        if page.after != after:
            return [f"till {one.far.number}: a page after {page.after}, and {after} was asked for"]
        after = page.through
        facts += sum(row.kind == "fact" and row.zone == zone(one.far.number) for row in page.rows)
    return [] if facts == one.far.payments else [f"till {one.far.number} heard of {facts} facts"]


def heard_all(conn: Connection, came: Sequence[One], *, after: int) -> list[str]:
    """Say which tills were given another number of rows than their zones have, or stopped before the last of them."""
    counted = select(feed.c.zone, func.count(), func.max(feed.c.position)).where(feed.c.position > after)
    there = {name: (count, last) for name, count, last in conn.execute(counted.group_by(feed.c.zone))}
    wrong = []
    for one in came:
        count, last = there.get(zone(one.far.number), (0, 0))
        if (one.rows, one.through >= last) != (count, True):
            wrong.append(f"till {one.far.number}: {one.rows} of {count} rows, through {one.through} of {last}")
    return wrong
