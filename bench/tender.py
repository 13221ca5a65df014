"""Taking a tender, against the same rows written by the bare driver in one durable transaction; its syncs, counted."""

import contextlib
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any, Final

from sqlalchemy import select

from bench.ledger import CLERK, KEY, Made, account_no, customer_no, moment, working_copy
from bench.measure import Figure, Times, compared, timed
from meterpos.ledger.journal import Entry, read_back
from meterpos.ledger.operations.tenders import LegRequest, PartRequest, TenderRequest, take_tender
from meterpos.ledger.store import Store
from meterpos.ledger.tables import accounts, customers, facts, journal, movements, tenders

ROUNDS: Final = 6
EACH: Final = 150
WARM: Final = 20
SYNCED: Final = 40

Row = tuple[str, str, tuple[Any, ...]]


def measure(made: Made, *, scratch: Path) -> list[Figure]:
    """Take tenders and write the same rows bare, in turns, on one copy of the ledger."""
    copy = working_copy(made, scratch / "tender")
    store = copy.open()
    to_pay = picks(made.customers * 3 // 2)
    rows = _rows_of_one(store, next(to_pay))
    ours: list[int] = []
    bare: list[int] = []
    for _ in range(ROUNDS):
        with store_idle(store):
            ours += [timed(partial(take, store, account)) for account in islice(to_pay, WARM + EACH)][WARM:]
        with bare_driver(copy.path) as driver:
            fresh = _fresh_rows(rows, to_pay, WARM + EACH)
            bare += [timed(partial(_write_bare, driver, each)) for each in fresh][WARM:]
    store.close()
    taken, floor = Times(tuple(ours)), Times(tuple(bare))
    name = "same rows, bare driver"
    figures = [
        compared(
            "taking a tender, median", ours_ns=taken.median_ns, floor_ns=floor.median_ns, limit=3, floor_name=name
        ),
        compared("taking a tender, p99", ours_ns=taken.p99_ns, floor_ns=floor.p99_ns, limit=3, floor_name=name),
        _synced(made, scratch),
    ]
    shutil.rmtree(copy.home)
    return figures


@contextlib.contextmanager
def store_idle(store: Store) -> Iterator[None]:
    """Checkpoint before and after, as the till does when it is idle: never inside what is timed."""
    store.checkpoint()
    yield
    store.checkpoint()
    store.close()


def take(store: Store, account: int) -> Entry:
    """Take one tender as the window does: one transaction, then the row read back and its hash compared."""
    with store.write() as connection:
        entry = take_tender(connection, request=request(account), moment=moment(), clerk=CLERK)
    with store.read() as connection:
        return read_back(connection, entry.entry_id)


def request(account: int) -> TenderRequest:
    """Return one cash payment of 2,500.00 with change, on the account at a place."""
    return TenderRequest(
        tender_id=os.urandom(16).hex(),
        customer_no=customer_no(account),
        parts=(PartRequest(account_no=account_no(account), amount_minor=250_000),),
        legs=(LegRequest(method="cash", amount_minor=250_000),),
        tendered_minor=300_000,
    )


def picks(count: int) -> Iterator[int]:
    """Yield places of accounts all over the ledger, each once, the same ones in every run."""
    return ((step * 61_813) % count for step in range(count))


# --- the floor --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Bare:
    """The rows one tender wrote: table, column names, values; and the sums it updated."""

    inserts: tuple[Row, ...]
    entry: Entry


def _rows_of_one(store: Store, account: int) -> _Bare:
    """Take one tender and look up every row it wrote."""
    entry = take(store, account)
    own = f"{entry.short_id}.0"
    found = {
        journal: journal.c.entry_id == entry.entry_id,
        tenders: tenders.c.entry_id == entry.entry_id,
        facts: facts.c.fact_id == own,
        movements: (movements.c.fact_id == own) & (movements.c.account_no == account_no(account)),
    }
    inserts = []
    with store.read() as connection:
        for table, condition in found.items():
            text = str(select(table).where(condition).compile(dialect=connection.dialect))
            values = select(table).where(condition).compile(dialect=connection.dialect)
            raw = connection.exec_driver_sql(text, tuple(values.construct_params().values())).one()
            inserts.append((table.name, ", ".join(table.columns.keys()), tuple(raw)))
    return _Bare(tuple(inserts), entry)


def _fresh_rows(rows: _Bare, to_pay: Iterator[int], count: int) -> Iterator[tuple[_Bare, int, bytes]]:
    """Yield the rows as another tender on another account would have them."""
    for _ in range(count):
        entry_id = os.urandom(32)
        account = next(to_pay)
        inserts = []
        for table, columns, values in rows.inserts:
            names = columns.split(", ")
            new = dict(zip(names, values, strict=True))
            new |= {name: _anew(name, new[name], entry_id, account) for name in names}
            inserts.append((table, columns, tuple(new.values())))
        yield replace(rows, inserts=tuple(inserts)), account, entry_id


def _anew(name: str, value: Any, entry_id: bytes, account: int) -> Any:
    """Return the value that differs from tender to tender."""
    text = entry_id.hex()
    differing: dict[str, Callable[[], Any]] = {
        "entry_id": lambda: entry_id,
        "prev": lambda: entry_id[::-1],
        "tender_id": lambda: text[:32],
        "number": lambda: f"KSM01-X0X-{text[:6]}",
        "fact_id": lambda: f"{text[:22]}.0",
        "account_no": lambda: account_no(account),
        "stands_on": lambda: account_no(account),
        "customer_no": lambda: customer_no(account),
        "seq": lambda: 1_000_000_000 + int(text[:7], 16),
        "counter": lambda: -int(text[:7], 16),
    }
    return differing[name]() if name in differing else value


def _write_bare(driver: Any, given: tuple[_Bare, int, bytes]) -> None:
    rows, account, entry_id = given
    run = driver.execute
    run("BEGIN IMMEDIATE")
    for table, columns, values in rows.inserts:
        run(f"INSERT INTO {table} ({columns}) VALUES ({', '.join('?' * len(values))})", values)
    run(
        f"UPDATE {accounts.name} SET net_minor = ?, balance_minor = ?, overpayment_minor = ?, total_billed_minor = ?, "
        "total_paid_minor = ?, last_invoice_date = ? WHERE account_no = ?",
        (-entry_id[0], 0, entry_id[0], entry_id[1], entry_id[2], "2026-11-10", account_no(account)),
    )
    run(
        f"UPDATE {customers.name} SET balance_minor = ?, overpayment_minor = ? WHERE customer_no = ?",
        (0, entry_id[0], customer_no(account)),
    )
    run("COMMIT")
    data = run("SELECT data FROM journal WHERE entry_id = ?", (entry_id,)).fetchone()[0]
    assert hashlib.sha256(data).digest()


@contextlib.contextmanager
def bare_driver(path: Path) -> Iterator[Any]:
    """Yield a bare connection with the store's key and pragmas."""
    import sqlcipher3.dbapi2 as driver

    connection = driver.connect(str(path), isolation_level=None, cached_statements=512)
    for pragma in (
        "cipher_log_level = NONE",
        f"key = \"x'{KEY.hex()}'\"",
        "journal_mode = WAL",
        "synchronous = FULL",
        "foreign_keys = ON",
        "recursive_triggers = ON",
        "wal_autocheckpoint = 0",
    ):
        connection.execute(f"PRAGMA {pragma}").fetchall()
    yield connection
    connection.execute("PRAGMA wal_checkpoint(PASSIVE)")
    connection.close()


# --- syncs, counted ---------------------------------------------------------------------------------------------------


def _synced(made: Made, scratch: Path) -> Figure:
    """Count what strace sees of fsync and fdatasync in a process that takes one tender, and in one that takes more.

    The log is there before both: making it is not the tender's doing.
    """
    what = "syncs a tender"
    if shutil.which("strace") is None:
        return Figure(what=what, figure="not counted: strace is missing", limit="exactly 1")
    copy = working_copy(made, scratch / "synced")
    _syncs(copy.home, 1)  # makes the write-ahead log, and leaves it there
    one, many = _syncs(copy.home, 1), _syncs(copy.home, 1 + SYNCED)
    shutil.rmtree(copy.home)
    each = (many - one) / SYNCED
    floor = f"{many} with {1 + SYNCED} tenders, {one} with one (strace -f)"
    return Figure(what=what, figure=f"{each:g}", floor=floor, limit="exactly 1", kept=each == 1)


def _syncs(home: Path, count: int) -> int:
    with tempfile.NamedTemporaryFile(suffix=".strace") as trace:
        command = ["strace", "-f", "-qq", "-e", "trace=fsync,fdatasync,sync_file_range,msync", "-o", trace.name]
        own = [sys.executable, "-m", "bench.tender", str(home), str(count)]
        subprocess.run([*command, *own], check=True, cwd=Path(__file__).parents[1], stdout=subprocess.DEVNULL)
        text = Path(trace.name).read_text(encoding="utf-8")
    return len(re.findall(r"^\d+ +(?:fsync|fdatasync|sync_file_range|msync)\(", text, re.MULTILINE))


def _take_some(home: Path, count: int) -> None:
    """Open the ledger, read from it, take ``count`` tenders, and end without a checkpoint."""
    made = Made(home, 0, 0)
    store = made.open()
    with store.read() as connection:
        accounts_held = connection.exec_driver_sql("SELECT count(*) FROM accounts").scalar_one()
    for pick in islice(picks(accounts_held), count):
        take(store, pick)
    os._exit(0)


if __name__ == "__main__":
    _take_some(Path(sys.argv[1]), int(sys.argv[2]))
