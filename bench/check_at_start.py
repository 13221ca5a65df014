"""How long the check at start takes on a ledger of many entries: `python bench/check_at_start.py [--entries N]`.

The entries are hashed and chained as a till's are and stand in the journal and in the list of papers; a mark covers all
but the last hundred. Facts are made for those hundred alone: below the mark the check at start does not read them.
"""

import argparse
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from meterpos.ledger import bulk
from meterpos.ledger.journal import head, make_entry
from meterpos.ledger.marks import mark_of, write_mark
from meterpos.ledger.tables import journal, tenders
from meterpos.till.care import MARK_FILE
from tests.support.tills import STREAM, Counter

AT = "2026-11-20T06:41:07.123Z"
NEW = 100


def main() -> int:
    """Fill a ledger, set its mark, take some payments and time the check."""
    door = argparse.ArgumentParser(description=__doc__)
    door.add_argument("--entries", type=int, default=500_000)
    count = door.parse_args().entries
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
                bulk.insert(
                    connection,
                    journal,
                    [(e.entry_id, e.stream, e.seq, e.prev, "reprinted", e.data, None) for e in entries],
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


if __name__ == "__main__":
    sys.exit(main())
