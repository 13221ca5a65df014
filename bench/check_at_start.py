"""How long the check at start takes on a ledger of many entries: `python bench/check_at_start.py [--entries N]`.

With `--headoffice` it is head office's, and the entries those of 5,000 tills. They are hashed and chained as a till's
are and stand in the journal and in the list of papers; a mark covers all but the last hundred. Facts are made for those
hundred alone: below the mark the check at start does not read them.
"""

import argparse
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from sqlalchemy import Connection

from meterpos.headoffice import marks
from meterpos.headoffice.office import open_office
from meterpos.headoffice.routes import exchange as routes
from meterpos.ledger import bulk
from meterpos.ledger.journal import FIRST_PREV, Entry, head, make_entry
from meterpos.ledger.marks import mark_of, write_mark
from meterpos.ledger.tables import journal, streams, tenders
from meterpos.till import open_till
from meterpos.till.care import MARK_FILE
from tests.faults import speed
from tests.support.tills import STREAM, Counter

AT = "2026-11-20T06:41:07.123Z"
NEW = 100
TILLS = 5_000


def main() -> int:
    """Fill a ledger, set its mark, take some payments and time the check."""
    door = argparse.ArgumentParser(description=__doc__)
    door.add_argument("--entries", type=int, default=500_000)
    door.add_argument("--headoffice", action="store_true")
    asked = door.parse_args()
    return at_head_office(asked.entries) if asked.headoffice else at_a_till(asked.entries)


def at_head_office(count: int) -> int:
    """Fill a head office with the streams of many tills, set its mark, take in some payments and time the check."""
    with tempfile.TemporaryDirectory(prefix="meterpos-bench-") as folder:
        waiting = speed.make(Path(folder) / "lake", f"sqlite:///{folder}/lake/office.db", payments=NEW)
        office = open_office(waiting.settings())
        data = b'{"schema":1}'
        with office.store.write() as connection:
            for number in range(TILLS):
                stream, seq, prev, entries = number.to_bytes(16, "big"), 0, FIRST_PREV, []
                for _ in range(count // TILLS):
                    seq += 1
                    entries.append(make_entry(stream=stream, seq=seq, prev=prev, data=data))
                    prev = entries[-1].entry_id
                till = (stream, f"T{number}", "device", "AAA", "new", AT, True, seq, prev, None, None)
                bulk.insert(connection, streams, [till])
                _insert(connection, entries)
        with office.store.read() as connection:
            mark = marks.mark_of(connection)
        till = open_till(waiting.folder / "till")
        for batch in speed.batches(till)[1]:
            routes.take_push(office, batch)
        till.close()
        began, processor = time.perf_counter(), time.process_time()
        with office.store.read() as connection:
            problems = list(marks.check_since(connection, mark))
            marks.mark_of(connection)
        took, used = time.perf_counter() - began, time.process_time() - processor
        print(
            f"{count} entries of {TILLS} tills, {NEW} since the mark: {took:.2f} s ({used:.2f} s of processor time), "
            f"{len(problems)} problems"
        )
        office.close()
    return bool(problems)


def at_a_till(count: int) -> int:
    """Fill a till's ledger, set its mark, take some payments and time the check."""
    with tempfile.TemporaryDirectory(prefix="meterpos-bench-") as folder:
        counter = Counter.at(Path(folder) / "till")
        counter.open_shift()
        counter.pay("A2", 100)
        with counter.till.store.write() as connection:
            (data,) = connection.exec_driver_sql("SELECT data FROM journal ORDER BY seq DESC LIMIT 1").one()
            seq, prev = head(connection, STREAM)
            for _ in range(count // 10_000):
                entries = []
                for _ in range(10_000):
                    seq += 1
                    entries.append(make_entry(stream=STREAM, seq=seq, prev=prev, data=data))
                    prev = entries[-1].entry_id
                _insert(connection, entries)
        with counter.till.store.read() as connection:
            mark = write_mark(mark_of(connection), secret=counter.till.pepper)
        (counter.till.settings.home / MARK_FILE).write_bytes(mark)
        for _ in range(NEW):
            counter.pay("A2", 100)
        counter.till.close()
        began = time.perf_counter()
        problems = counter.till.check_since_last()
        took = time.perf_counter() - began
        size = (counter.till.settings.home / "ledger.db").stat().st_size
        print(f"{count} entries ({size / 2**20:.0f} MB), {NEW} since the mark: {took:.2f} s, {len(problems)} problems")
    return bool(problems)


def _insert(connection: Connection, entries: list[Entry]) -> None:
    """Write entries into the journal and the list of papers."""
    bulk.insert(
        connection, journal, [(e.entry_id, e.stream, e.seq, e.prev, "reprinted", e.data, None) for e in entries]
    )
    bulk.insert(
        connection,
        tenders,
        [
            (e.entry_id, e.stream, e.seq, "tender", str(e.seq), str(e.seq), e.seq, 1, "2026-11-20", AT,
             "achieng", None, "", "", "cash", 100, 100, None)
            for e in entries
        ],
    )  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
