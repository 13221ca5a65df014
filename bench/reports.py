"""Head office's reports and the recalculation of every customer, on SQLite and on PostgreSQL.

The ledger is the till's of the bench, its accounts and movements alone, as head office keeps them: not encrypted.
"""

import argparse
import os
import sqlite3
import sys
import tempfile
from collections.abc import Callable
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
    os.environ["PYTHON_KEYRING_BACKEND"] = "keyring.backends.fail.Keyring"

from bench import postgresql
from bench.ledger import KEY, TODAY, Made, kept_ledger
from bench.measure import Figure, compared, milliseconds, timed
from bench.recalculate import FLOOR, FORGET_CUSTOMERS
from meterpos.headoffice.recalculation import recalculate_customer_balances
from meterpos.ledger.queries.debts import aged_debt, owing_customers
from meterpos.ledger.queries.finances import finances
from meterpos.ledger.store import Store
from meterpos.ledger.tables import accounts, customers, metadata, meters, movements

LIMIT_S, RATIO_LIMIT, PAIR_LIMIT = 3.0, 1.5, 2.5
ROUNDS = 3
TABLES = (customers, meters, accounts, movements)
FORGET = (
    "UPDATE accounts SET net_minor = 0, balance_minor = 0, overpayment_minor = 0, total_billed_minor = 0, "
    "total_paid_minor = 0, last_invoice_date = NULL"
)
EVERYONE = FORGET_CUSTOMERS.partition(" WHERE")[0]
POSTGRES_FLOOR = FLOOR.replace("max(net, 0), max(-net, 0)", "greatest(net, 0), greatest(-net, 0)")


def measure(made: Made, *, scratch: Path) -> list[Figure]:
    """Time reports and recalculation on both databases; take the best of a few."""
    plain = _plain(made, scratch / "reports.db")
    figures, sqlite_took = _on("SQLite", Store(f"sqlite:///{plain}"), FLOOR)
    store = Store(_postgresql(plain))
    more, postgres_took = _on("PostgreSQL", store, POSTGRES_FLOOR)
    store.close()
    plain.unlink()
    pairs = [
        Figure(
            what=f"{what}: PostgreSQL to SQLite",
            figure=milliseconds(postgres_took[what]),
            floor=milliseconds(sqlite_took[what]),
            ratio=f"{postgres_took[what] / sqlite_took[what]:.2f} ×",
            limit=f"≤ {PAIR_LIMIT} ×",
            kept=postgres_took[what] <= PAIR_LIMIT * sqlite_took[what],
        )
        for what in sqlite_took
    ]
    return [*figures, *more, *pairs]


def _on(where: str, store: Store, floor: str) -> tuple[list[Figure], dict[str, int]]:
    with store.read() as connection:
        count = connection.exec_driver_sql("SELECT count(*) FROM accounts").scalar_one()
    took = {name: min(timed(partial(_read, store, work)) for _ in range(ROUNDS)) for name, work in WORKS.items()}
    figures = [
        Figure(
            what=f"{name} over {count:,} meters, {where}",
            figure=milliseconds(nanoseconds),
            limit=f"≤ {LIMIT_S:.0f} s",
            kept=nanoseconds <= LIMIT_S * 1e9,
        )
        for name, nanoseconds in took.items()
    ]
    floors, ours = zip(*(_recalculated(store, floor) for _ in range(ROUNDS)), strict=True)
    took["recalculation"] = min(ours)
    what = f"recalculation of every customer, all wrong, {where}"
    figures.append(compared(what, ours_ns=min(ours), floor_ns=min(floors), limit=RATIO_LIMIT))
    return figures, took


WORKS: dict[str, Callable[[Any], object]] = {
    "aging by customer": lambda connection: owing_customers(connection, as_of=TODAY),
    "financial report of a month": lambda connection: (
        finances(connection, from_date=date(2026, 11, 1), to_date=TODAY),
        aged_debt(connection, as_of=TODAY),
    ),
}


def _read(store: Store, work: Callable[[Any], object]) -> None:
    with store.read() as connection:
        work(connection)


def _recalculated(store: Store, floor: str) -> tuple[int, int]:
    """Return how long one update of every account took, and ours of every account and customer."""
    _forget(store)
    with store.write() as connection:
        floor_ns = timed(lambda: connection.exec_driver_sql(floor))
    _forget(store)
    return floor_ns, timed(lambda: recalculate_customer_balances(store))


def _forget(store: Store) -> None:
    with store.write() as connection:
        connection.exec_driver_sql(FORGET)
        connection.exec_driver_sql(EVERYONE)
    store.checkpoint()
    if store.dialect == "postgresql":
        with store._writer.connect() as connection:
            # both find the rows as they were loaded, in their order and without room between
            connection.execution_options(isolation_level="AUTOCOMMIT").exec_driver_sql(
                "VACUUM (FULL, ANALYZE) accounts, customers"
            )


def _plain(made: Made, to: Path) -> Path:
    """Copy the ledger out of its encryption."""
    import sqlcipher3.dbapi2 as driver

    to.unlink(missing_ok=True)
    connection = driver.connect(str(made.path), isolation_level=None)
    connection.execute(f"PRAGMA key = \"x'{KEY.hex()}'\"")
    connection.execute(f"ATTACH '{to}' AS plain KEY ''")
    connection.execute("SELECT sqlcipher_export('plain')")
    connection.close()
    return to


def _postgresql(plain: Path) -> str:
    """Copy what reports read into PostgreSQL and return its URL."""
    import psycopg
    from sqlalchemy import create_engine

    url = f"{postgresql.server()}/postgres"
    engine = create_engine(url)
    metadata.create_all(engine)
    engine.dispose()
    with psycopg.connect(url.replace("+psycopg", "")) as there, sqlite3.connect(plain) as here:
        for table in TABLES:
            names = ", ".join(column.name for column in table.columns)
            rows = here.execute(f"SELECT {names} FROM {table.name}")
            with there.cursor() as cursor, cursor.copy(f"COPY {table.name} ({names}) FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(row)
        there.commit()
        there.autocommit = True
        there.execute("VACUUM ANALYZE")
    return url


def main() -> int:
    """Measure a ledger of the size asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, default=100_000)
    parser.add_argument("--cache", type=Path, default=Path(tempfile.gettempdir()) / "meterpos-bench")
    options = parser.parse_args()
    figures = measure(kept_ledger(options.cache, customers=options.customers), scratch=options.cache)
    for one in figures:
        print(f"{one.what}: {one.figure}  {one.floor}  {one.ratio}  {one.limit}".rstrip())
    return 0 if all(one.kept is not False for one in figures) else 3


if __name__ == "__main__":
    sys.exit(main())
