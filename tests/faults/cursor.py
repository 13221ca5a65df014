"""The feed's cursor under many writers: a reader that goes on from where it stood must never have missed a row.

The control takes its numbers from a counter of their own transaction, as a sequence does: the same reader then does
lose rows, which shows that the harness could see it.
"""

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any, Final

from sqlalchemy import insert, select, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as NoConnection

from meterpos.headoffice import feed
from meterpos.headoffice.office import Office, found, open_office
from meterpos.headoffice.tables import counters
from meterpos.headoffice.tables import feed as feed_table
from meterpos.ledger.tables import customers
from meterpos.settings import HeadOfficeSettings

NOW: Final = datetime(2026, 11, 20, tzinfo=UTC)
DELAY_MAX_S: Final = 0.004


@dataclass
class Seen:
    """What was written, what the reader saw, and what it missed."""

    writers: int
    seconds: float = 0.0
    written: set[str] = field(default_factory=set)
    read: list[str] = field(default_factory=list)

    @property
    def missed(self) -> int:
        return len(self.written - set(self.read))

    @property
    def twice(self) -> int:
        return len(self.read) - len(set(self.read))


def run(home: Path, url: str, *, writers: int, seconds: float, as_sequence: bool = False) -> Seen:
    """Let so many writers write rows while one reader follows, then let it read to the end."""
    settings = HeadOfficeSettings(home=home, database_url=url, utility="lake")
    found(settings, now=NOW)
    office, readers = open_office(settings), open_office(settings)
    try:
        with office.write() as (conn, _):
            conn.execute(insert(counters), {"name": "sequence", "value": 0})
        return _run(office, readers, Seen(writers, seconds), seconds, _write_numbered if as_sequence else _write)
    finally:
        readers.close()
        office.close()


def _run(
    office: Office, readers: Office, seen: Seen, seconds: float, write: Callable[[Office, str, Random], None]
) -> Seen:
    """Let the writers wait for each other's connections; the reader has its own, as another worker would."""
    stop = time.monotonic() + seconds
    done = threading.Event()

    def work(number: int) -> None:
        dice = Random(number)
        serial = 0
        while time.monotonic() < stop:
            key = f"AC-{number}-{serial}"
            serial += 1
            with suppress(DBAPIError, NoConnection):  # busy: SQLite's one writer, or every connection, taken too long
                write(office, key, dice)
                seen.written.add(key)

    def follow() -> None:
        cursor = 0
        while not done.is_set():
            cursor = _follow(readers, cursor, seen)
            time.sleep(0.001)
        _follow(readers, cursor, seen)

    reader = threading.Thread(target=follow)
    reader.start()
    workers = [threading.Thread(target=work, args=(number,)) for number in range(seen.writers)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    done.set()
    reader.join()
    return seen


def _follow(office: Office, cursor: int, seen: Seen) -> int:
    """Read pages until there are no more."""
    while True:
        with office.store.read() as conn:
            page = feed.page(conn, zones=("*",), after=cursor, limit=200)
        seen.read += [row.key for row in page.rows]
        cursor = page.through
        if not page.more:
            return cursor


def _write(office: Office, key: str, dice: Random) -> None:
    with office.write() as (conn, outgoing):
        _insert(conn, key)
        outgoing.send("customer", key)
        time.sleep(dice.random() * DELAY_MAX_S)


def _write_numbered(office: Office, key: str, dice: Random) -> None:
    """Write as a house would that takes its numbers from a sequence: before the commit, and not in its order."""
    with office.store.write() as conn:
        query = update(counters).where(counters.c.name == "sequence").values(value=counters.c.value + 1)
        position = conn.execute(query.returning(counters.c.value)).scalar_one()
    time.sleep(dice.random() * DELAY_MAX_S)
    with office.store.write() as conn:
        _insert(conn, key)
        row = {"position": position, "zone": "*", "kind": "customer", "key": key, "digest": 0}
        conn.execute(insert(feed_table), row)
        highest = select(counters.c.value).where(counters.c.name == feed.COUNTER).scalar_subquery()
        conn.execute(update(counters).where(counters.c.name == feed.COUNTER, highest < position).values(value=position))


def _insert(conn: Any, key: str) -> None:
    conn.execute(insert(customers), {"customer_no": key, "name": key, "phone": "", "zone": "*"})
