"""A utility moves in from customer-centric books, and its tills show what was proven."""

import csv
import io
from decimal import Decimal
from pathlib import Path

from sqlalchemy import select

from meterpos.headoffice.checks import run_checks
from meterpos.headoffice.legacy import papers, reports
from meterpos.headoffice.legacy.run import Runner
from meterpos.headoffice.legacy.sources import open_source
from meterpos.ledger.tables import accounts
from meterpos.till import Till
from tests.headoffice.legacy import old_books
from tests.journeys.conftest import CLERK
from tests.journeys.words import pay
from tests.support.headoffice import Server, sync


def move_in(server: Server, tmp_path: Path) -> dict[str, int]:
    """Migrate the example and return what its report says each meter owes, in minor units."""
    url = old_books.in_sqlite(tmp_path / "old.db", old_books.EXAMPLE.read_text(encoding="utf-8"))
    runner = Runner(server.office)
    runner.import_books(open_source(url), tenant=1, named="old.db")
    assert [outcome.failed for outcome in runner.all_steps(dry_run=False)] == [None] * 8
    out = io.StringIO()
    with server.office.store.read() as conn:
        papers.write_csv(reports.report(conn, "meters"), out)
    rows = csv.DictReader(io.StringIO(out.getvalue()))
    return {row["meter_number"]: int(Decimal(row["net"]) * 100) for row in rows}


def nets(till: Till) -> dict[str, int]:
    """Return what a till says each meter owes."""
    query = select(accounts.c.meter_no, accounts.c.net_minor).where(accounts.c.kind == "meter")
    with till.store.read() as conn:
        return {row[0]: row[1] for row in conn.execute(query)}


def test_a_till_shows_the_balances_that_were_proven_and_takes_money_on_them(server: Server, tmp_path: Path) -> None:
    proven = move_in(server, tmp_path)
    till = server.enrol_till(tmp_path / "till", zones=("main",))
    assert nets(till) == proven
    assert len(proven) == 103
    till.open_shift(float_minor=0, clerk=CLERK)
    pay(till, "A1", 500_000)
    assert sync(till).agreed is True
    assert nets(till)["MTR-00001"] == proven["MTR-00001"] - 500_000 == server.net("A1")
    with server.office.store.read() as conn:
        assert list(run_checks(conn)) == []
    assert "legacy_suspense" in server.codes()
    assert server.codes().count("legacy_plan") == 7
    till.close()
