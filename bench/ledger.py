"""A till's ledger of any size, written in bulk into the production tables, encrypted, kept between runs.

Per customer there are 1.5 meters, 20 invoices and 20 payments, in the order in
which a feed brings them. Amounts are worked out from account and month alone, so that any part can be made apart.
"""

import hashlib
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any, Final

from demo.names import ZONES
from demo.town import make_name, make_phone
from meterpos.ledger import search_index, signing
from meterpos.ledger.balances import recalculate
from meterpos.ledger.moment import Moment
from meterpos.ledger.operations.enrolment import open_stream
from meterpos.ledger.operations.shifts import open_shift
from meterpos.ledger.queries.identity import Identity
from meterpos.ledger.store import Store
from meterpos.ledger.tables import metadata
from meterpos.ledger.upgrade import HEAD, upgrade
from meterpos.settings import NAIROBI
from meterpos.vault import write_secret

MADE_BY: Final = 1
"""Goes up when the content made here changes; a kept ledger of another number is made anew."""

KEY: Final = hashlib.sha256(b"meterpos bench").digest()
DEVICE_KEY: Final = bytes(range(32))
STREAM: Final = bytes(range(16))
CLERK: Final = "achieng"
TODAY: Final = date(2026, 11, 20)
NOW: Final = datetime(2026, 11, 20, 6, 41, 7, 123000, tzinfo=UTC)
MONTHS: Final = 14
PER_METER: Final = (14, 13, 13)
"""Invoices, and payments, of three meters in turn: 13 1/3 a meter, 20 a customer."""


@dataclass(frozen=True, slots=True)
class Made:
    """A ledger in its till's home."""

    home: Path
    customers: int
    seconds: float

    @property
    def path(self) -> Path:
        """The database file."""
        return self.home / "ledger.db"

    def open(self) -> Store:
        """Open it as the till does."""
        return Store(f"sqlite:///{self.path}", key=KEY)


def moment() -> Moment:
    """Return the bench's moment: the clock stands still."""
    return Moment(NOW.astimezone(NAIROBI))


def kept_ledger(cache: Path, *, customers: int, facts: bool = True) -> Made:
    """Return the ledger of this size out of the cache, making it where it is missing."""
    name = f"{'ledger' if facts else 'names'}-{customers}"
    home = cache / f"{name}-{_fingerprint()}"
    seconds = home / "seconds"
    if not seconds.exists():
        for stale in cache.glob(f"{name}-*"):
            shutil.rmtree(stale, ignore_errors=True)
        home.mkdir(parents=True)
        start = time.monotonic()
        _make(home, customers=customers, facts=facts)
        seconds.write_text(f"{time.monotonic() - start:.1f}")
    return Made(home, customers, float(seconds.read_text()))


def working_copy(made: Made, to: Path) -> Made:
    """Return a copy that may be written to."""
    shutil.rmtree(to, ignore_errors=True)
    shutil.copytree(made.home, to)
    return Made(to, made.customers, made.seconds)


def account_no(index: int) -> str:
    """Return the number of the account at a place."""
    return f"A{index:07d}"


def customer_no(account: int) -> str:
    """Return whose the account at a place is: of three meters, two are one customer's."""
    return f"AC-{100_000 + account // 3 * 2 + (account % 3) // 2}"


def _fingerprint() -> str:
    tables = ";".join(
        f"{table.name}({','.join(column.name for column in table.columns)})"
        f"[{','.join(sorted(str(index.name) for index in table.indexes))}]"
        for table in metadata.sorted_tables
    )
    return hashlib.sha256(f"{MADE_BY};{HEAD};{tables}".encode()).hexdigest()[:10]


def _make(home: Path, *, customers: int, facts: bool) -> None:
    write_secret(home, "ledger", KEY)
    write_secret(home, "device", DEVICE_KEY)
    store = Store(f"sqlite:///{home / 'ledger.db'}", key=KEY)
    upgrade(store)
    store.close()
    _fill(home / "ledger.db", customers=customers, facts=facts)
    with store.write() as connection:
        search_index.rebuild(connection)
        recalculate(connection, None)
        _enrol(connection)
        open_shift(connection, float_minor=500_000, moment=moment(), clerk=CLERK)
    store.checkpoint()
    store.close()


def _enrol(connection: Any) -> None:
    open_stream(
        connection,
        identity=Identity(
            till_name="KSM01",
            title="Kisumu Market",
            device_id="device-1",
            stream=STREAM,
            label="B7K",
            server_url="http://127.0.0.1:9",
            server_key=bytes(32),
            box_key=bytes(32),
            zones=ZONES,
            certificate=b"",
            generation=1,
            position=10_000_000,
            as_of=NOW - timedelta(minutes=27),
        ),
        reason="new",
        public_key=signing.public_of(DEVICE_KEY),
        wrapped_database_key=b"",
        moment=moment(),
    )


# --- rows in bulk -----------------------------------------------------------------------------------------------------


def _fill(path: Path, *, customers: int, facts: bool) -> None:
    """Write the rows with the driver alone: without indexes and triggers, which are put back at the end."""
    driver = _bulk_connection(path)
    aside = driver.execute(
        "SELECT name, type, sql FROM sqlite_master WHERE type IN ('index', 'trigger') AND sql IS NOT NULL"
    ).fetchall()
    for name, kind, _ in aside:
        driver.execute(f'DROP {kind} "{name}"')
    driver.execute("BEGIN")
    accounts = customers * 3 // 2
    _insert(driver, "customers", "customer_no, name, phone, place, zone, status, language", _customer_rows(customers))
    _insert(driver, "meters", "meter_no, serial_no, utility, status, location", _meter_rows(accounts))
    _insert(driver, "accounts", "account_no, kind, customer_no, meter_no, zone, opened_on", _account_rows(accounts))
    _insert(
        driver,
        "users",
        "user_name, display_name, role, revoked",
        iter([(CLERK, "Achieng O.", "clerk", 0), ("otieno", "Otieno P.", "supervisor", 0)]),
    )
    if facts:
        columns = (
            "fact_id, kind, account_no, stands_on, number, fact_date, due_date, amount_minor, counts, method, "
            "reference, brought_forward_minor, generation, position, decision"
        )
        _insert(driver, "facts", columns, _invoice_facts(accounts))
        _insert(driver, "facts", columns, _payment_facts(accounts))
        _insert(
            driver,
            "movements",
            "account_no, fact_id, kind, fact_date, due_date, amount_minor, number",
            _movement_rows(accounts),
        )
    driver.execute("COMMIT")
    for _, _, sentence in sorted(aside, key=lambda row: row[1]):
        driver.execute(sentence)
    driver.close()


def _bulk_connection(path: Path) -> Any:
    import sqlcipher3.dbapi2 as driver

    connection = driver.connect(str(path), isolation_level=None)
    for pragma in (
        "cipher_log_level = NONE",
        f"key = \"x'{KEY.hex()}'\"",
        "journal_mode = OFF",
        "synchronous = OFF",
        "temp_store = FILE",
        "cache_size = -65536",
    ):
        connection.execute(f"PRAGMA {pragma}").fetchall()
    return connection


def _insert(driver: Any, table: str, columns: str, rows: Iterator[tuple[Any, ...]]) -> None:
    marks = ", ".join("?" * (columns.count(",") + 1))
    driver.executemany(f"INSERT INTO {table} ({columns}) VALUES ({marks})", rows)


def _customer_rows(customers: int) -> Iterator[tuple[Any, ...]]:
    rng = Random(1)
    for index in range(customers):
        zone = ZONES[index % len(ZONES)]
        name, _ = make_name(rng, zone=zone)
        status = "closed" if index % 67 == 66 else "active"
        yield f"AC-{100_000 + index}", name, make_phone(rng), "", zone, status, "sw" if index % 3 == 0 else "en"


def _meter_no(index: int) -> str:
    return f"MTR-{10_000 + index}" if index % 3 else f"37{14_000_000_000 + index * 7:011d}"


def _meter_rows(accounts: int) -> Iterator[tuple[Any, ...]]:
    for index in range(accounts):
        utility = "water" if index % 3 else "power"
        yield _meter_no(index), f"SN{index:08d}", utility, "active", f"House {index % 900}, Kondele Rd"


def _account_rows(accounts: int) -> Iterator[tuple[Any, ...]]:
    for index in range(accounts):
        owner = customer_no(index)
        zone = ZONES[(int(owner[3:]) - 100_000) % len(ZONES)]
        yield account_no(index), "meter", owner, _meter_no(index), zone, "2024-01-15"


_INVOICE_DAYS: Final = tuple(TODAY - timedelta(days=10 + 30 * back) for back in reversed(range(MONTHS)))
_INVOICE_TEXTS: Final = tuple(day.isoformat() for day in _INVOICE_DAYS)
_DUE_TEXTS: Final = tuple((day + timedelta(days=14)).isoformat() for day in _INVOICE_DAYS)
_PAID_TEXTS: Final = tuple((day + timedelta(days=7)).isoformat() for day in _INVOICE_DAYS)
_METHODS: Final = ("mpesa", "cash", "mpesa", "bank", "mpesa", "cash", "mpesa", "cheque")


def _invoice_minor(index: int, month: int) -> int:
    return 40_000 + (index * 7_919 + month * 104_729) % 3_000 * 100


def _payment_minor(index: int, month: int) -> int:
    """Return what is paid: mostly the bill; every fifth account pays in part and owes, every ninth a little ahead."""
    bill = _invoice_minor(index, month)
    return bill // 2 if index % 5 == 0 else bill + 5_000 if index % 9 == 0 else bill


def _of_month(month: int, accounts: int) -> Iterator[int]:
    """Yield the accounts that have a bill in a month: the first month only one in three."""
    return (index for index in range(accounts) if month >= MONTHS - PER_METER[index % 3])


def _invoice_facts(accounts: int) -> Iterator[tuple[Any, ...]]:
    position = 0
    for month in range(MONTHS):
        for index in _of_month(month, accounts):
            position += 1
            number = f"INV-{month:02d}-{index:07d}"
            held = account_no(index)
            yield (
                f"i:{number}", "invoice", held, held, number, _INVOICE_TEXTS[month], _DUE_TEXTS[month],
                _invoice_minor(index, month), 1, None, None, 0, 1, position, "account",
            )  # fmt: skip


def _payment_facts(accounts: int) -> Iterator[tuple[Any, ...]]:
    position = 5_000_000
    for month in range(MONTHS):
        for index in _of_month(month, accounts):
            position += 1
            number = f"P{month:02d}{index:07d}"
            held = account_no(index)
            method = _METHODS[(index + month) % len(_METHODS)]
            reference = None if method == "cash" else f"{method[0].upper()}{month:02d}{index:07d}"
            yield (
                f"p:{number}", "payment", held, held, number, _PAID_TEXTS[month], None,
                -_payment_minor(index, month), 1, method, reference, None, 1, position, "account",
            )  # fmt: skip


def _movement_rows(accounts: int) -> Iterator[tuple[Any, ...]]:
    for index in range(accounts):
        held = account_no(index)
        months = range(MONTHS - PER_METER[index % 3], MONTHS)
        for month in months:
            number = f"INV-{month:02d}-{index:07d}"
            amount_minor = _invoice_minor(index, month)
            yield held, f"i:{number}", "invoice", _INVOICE_TEXTS[month], _DUE_TEXTS[month], amount_minor, number
        for month in months:
            number = f"P{month:02d}{index:07d}"
            yield held, f"p:{number}", "payment", _PAID_TEXTS[month], None, -_payment_minor(index, month), number
