"""A bill run against the bare rows it leaves, inserted by the driver; on SQLite and on PostgreSQL."""

import argparse
import os
import resource
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
    os.environ["PYTHON_KEYRING_BACKEND"] = "keyring.backends.fail.Keyring"

from sqlalchemy import func, select, text

from bench import postgresql
from bench.left import Took, files, insert_bare, left_in, new, timing
from bench.measure import Figure, milliseconds
from meterpos.headoffice.billing import periods, readings, runs, tariffs
from meterpos.headoffice.importing.sink import Sink
from meterpos.headoffice.office import Office, found, open_office
from meterpos.headoffice.tables import bills, feed, invoice_papers
from meterpos.ledger.balances import recalculate_all
from meterpos.ledger.rules.metering import Reading
from meterpos.ledger.tables import facts, movements
from meterpos.settings import HeadOfficeSettings

FEW, MANY = 500, 100_000
FEW_LIMIT, MANY_LIMIT_S, PAIR_LIMIT = 4.0, 20.0, 2.5
ROUNDS = 3
ON = date(2026, 11, 20)
AT = datetime(2026, 11, 20, 9, tzinfo=UTC)
TARIFF = """tariff,starts_on,ends_on,item,upto,price,name
water,2026-01-01,,block,6,55,
water,2026-01-01,,block,20,72.505,
water,2026-01-01,,block,,90.25,
water,2026-01-01,,standing,,50,
water,2026-01-01,,levy-percent,,7.5,Sewer
"""
LEFT = (bills, invoice_papers, facts, movements, feed)
OF_A_RUN = {
    "facts": "kind = 'invoice'",
    "movements": "kind = 'invoice'",
    "feed": "kind = 'fact' AND key LIKE 'i:%'",
}
"""What a run leaves. Besides, the accounts' sums are brought up to date, which the floor does not do."""


def utility(home: Path, url: str, count: int) -> Office:
    """Set up a utility of `count` water meters, each read in October and November; a third of them owe something."""
    settings = HeadOfficeSettings(home=home, database_url=url, utility="bench")
    found(settings, now=AT)
    office = open_office(settings)
    tariff = home / "tariff.csv"
    tariff.write_text(TARIFF, encoding="utf-8")
    with office.store.write() as conn:
        sink = Sink(conn)
        for n in range(count):
            sink.customer((f"C{n:06d}", f"Customer {n}", "", "", "main", "active", "en", "2026-01-01"), "main")
            sink.meter((f"M{n:06d}", "", "water", "active", ""))
            account = (f"A{n:06d}", "meter", f"C{n:06d}", f"M{n:06d}", None, "main", "2026-01-01", None)
            sink.account(account, "main")
            if n % 3 == 0:
                sink.opening(f"A{n:06d}", "main", "2026-01-01", 1_000_00)
        sink.finish()
        tariffs.import_tariffs(conn, tariff)
        for start in range(0, count, 5_000):
            numbers = range(start, min(start + 5_000, count))
            for read_on, base in ((date(2026, 10, 28), 0), (date(2026, 11, 18), 1)):
                made = [
                    (
                        f"M{n:06d}",
                        Reading(
                            read_on=read_on,
                            reading_milli=100_000 + base * (n % 40) * 1_000,
                            usage_milli=base * (n % 40) * 1_000,
                            total_milli=base * (n % 40) * 1_000,
                        ),
                    )
                    for n in numbers
                ]
                readings.keep(conn, made, at=AT, noted_from="bench")
        recalculate_all(conn)
        if conn.dialect.name != "sqlite":
            conn.execute(text("ANALYZE"))
    office.store.checkpoint()
    return office


def run(office: Office, period: str = "2026-11") -> runs.RunResult:
    """Bill a month."""
    return periods.run_period(
        office.store, period=periods.read_period(period), run_id=None, on=ON, due_on=None, now=lambda: AT
    )


def few(name: str, urls: Iterator[str], scratch: Path) -> tuple[list[Figure], Took]:
    """Bill 500 meters a second month and insert the same rows barely, in turn; the best of each."""
    ours: list[Took] = []
    floors: list[Took] = []
    for turn in range(ROUNDS):
        office = utility(scratch / f"{name}-ours-{turn}", next(urls), FEW)
        run(office, "2026-10")
        before = left_in(office, LEFT, OF_A_RUN)
        with timing(ours):
            done = run(office)
        assert (done.bills, done.invoices, done.errors) == (FEW, FEW, 0), done
        rows = new(before, left_in(office, LEFT, OF_A_RUN))
        office.close()
        bare = utility(scratch / f"{name}-bare-{turn}", next(urls), FEW)
        run(bare, "2026-10")
        with timing(floors):
            insert_bare(bare, LEFT, rows)
        bare.close()
    best, floor = min(ours, key=lambda one: one.wall_ns), min(floors, key=lambda one: one.wall_ns)
    cpu = min(one.cpu_ns for one in ours) / min(one.cpu_ns for one in floors)
    ratio = best.wall_ns / floor.wall_ns
    figure = Figure(
        what=f"{FEW} bills and invoices on {name}",
        figure=best.said,
        floor=f"{floor.said} bare rows",
        ratio=f"{ratio:.2f} × (processor {cpu:.2f} ×)",
        limit=f"≤ {FEW_LIMIT:g} ×",
        kept=ratio <= FEW_LIMIT,
    )
    return [figure], best


def many(name: str, url: str, scratch: Path, count: int) -> tuple[list[Figure], Took]:
    """Bill very many meters, and see how much memory it took beyond what making them had taken."""
    office = utility(scratch / f"{name}-many", url, count)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    ours: list[Took] = []
    with timing(ours):
        done = run(office)
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    assert (done.bills, done.invoices, done.errors) == (count, count, 0), done
    with office.store.read() as conn:
        waiting = select(func.count()).select_from(bills).where(bills.c.invoice_no.is_(None))
        assert conn.execute(waiting).scalar_one() == 0
    office.close()
    (took,) = ours
    a_second = count / (took.wall_ns / 1e9)
    return [
        Figure(
            what=f"{count:,} bills and invoices on {name}",
            figure=took.said,
            limit=f"≤ {MANY_LIMIT_S:g} s",
            kept=took.wall_ns <= MANY_LIMIT_S * 1e9,
        ),
        Figure(what="- bills a second; memory beyond its start", figure=f"{a_second:,.0f}; {grown:.1f} MiB"),
    ], took


def measure(scratch: Path, *, count: int = MANY) -> list[Figure]:
    """Measure both databases."""
    figures: list[Figure] = []
    servers = postgresql.databases()
    with tempfile.TemporaryDirectory(dir=scratch) as folder:
        place = Path(folder)
        urls = files(place / "files")
        some, sqlite_few = few("SQLite", urls, place)
        all_, sqlite_many = many("SQLite", next(urls), place, count)
        figures += some + all_
        some, postgres_few = few("PostgreSQL", servers, place)
        all_, postgres_many = many("PostgreSQL", next(servers), place, count)
        figures += some + all_
    for what, one, other in (
        (f"{FEW}", sqlite_few, postgres_few),
        (f"{count:,}", sqlite_many, postgres_many),
    ):
        ratio = other.wall_ns / one.wall_ns
        figures.append(
            Figure(
                what=f"{what} on PostgreSQL against SQLite",
                figure=milliseconds(other.wall_ns),
                floor=milliseconds(one.wall_ns),
                ratio=f"{ratio:.2f} ×",
                limit=f"≤ {PAIR_LIMIT:g} ×",
                kept=ratio <= PAIR_LIMIT,
            )
        )
    return figures


def main() -> int:
    """Measure runs of the size asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--meters", type=int, default=MANY)
    parser.add_argument("--cache", type=Path, default=Path(tempfile.gettempdir()) / "meterpos-bench")
    options = parser.parse_args()
    options.cache.mkdir(parents=True, exist_ok=True)
    figures = measure(options.cache, count=options.meters)
    for one in figures:
        print(f"{one.what}: {one.figure}  {one.floor}  {one.ratio}  {one.limit}".rstrip())
    return 0 if all(one.kept is not False for one in figures) else 3


if __name__ == "__main__":
    sys.exit(main())
