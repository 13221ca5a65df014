"""A migration of customer-centric books, against the same rows moved by set-based SQL alone."""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
    os.environ["PYTHON_KEYRING_BACKEND"] = "keyring.backends.fail.Keyring"

from bench.measure import Figure
from bench.old_books import BILLS_EACH, INVOICES_EACH, PAYMENTS_EACH, kept_books

SECONDS_MAX = 300
MEMORY_MAX_MB = 500
RATIO_MAX = 3

# The floor: old rows into staging, the steps' own statements, then facts, movements and feed, by INSERT … SELECT.
_CENTS = "CAST(round({0} * 100) AS INTEGER)"
FLOOR_IN = (
    f"INSERT INTO legacy_users SELECT id, role, name, telephone, status, {_CENTS.format('balance')}, "
    f"{_CENTS.format('overpayment')}, date(created_at), NULL FROM old.users WHERE tenant_id = 1",
    "INSERT INTO legacy_meters SELECT id, meter_number, serial_number, status, initial_reading, current_reading, "
    "last_reading, installation_date, NULL FROM old.meters WHERE tenant_id = 1",
    "INSERT INTO legacy_assignments SELECT id, customer_id, meter_id, is_active, assigned_at, ended_at, NULL "
    "FROM old.meter_assignments WHERE tenant_id = 1",
    f"INSERT INTO legacy_bills SELECT id, meter_assignment_id, customer_id, bill_ref, bill_type, "
    f"{_CENTS.format('amount')}, "
    "status, bill_date, NULL FROM old.bills WHERE tenant_id = 1",
    f"INSERT INTO legacy_invoices SELECT id, invoice_number, customer_id, meter_id, invoice_date, due_date, "
    f"{_CENTS.format('amount')}, {_CENTS.format('balance_brought_forward')}, {_CENTS.format('total_amount')}, "
    f"{_CENTS.format('balance')}, state, status, NULL FROM old.invoices WHERE tenant_id = 1",
    "INSERT INTO legacy_invoice_bills SELECT invoice_id, bill_id, id, NULL FROM old.invoice_bills",
    f"INSERT INTO legacy_payments SELECT id, customer_id, invoice_id, meter_id, method, reference, "
    f"{_CENTS.format('amount')}, "
    "status, date, reversal_reason, date(reversed_at), created_by, NULL FROM old.payments WHERE tenant_id = 1",
)
FLOOR_OUT = (
    "INSERT INTO facts SELECT 'i:' || i.invoice_number, 'invoice', 'A' || s.account_id, 'A' || s.account_id, "
    "i.invoice_number, "
    "i.invoice_date, i.due_date, s.amount_minor, 1, NULL, NULL, NULL, NULL, s.forward_minor, NULL, NULL, 1, i.id, "
    "'account' "
    "FROM legacy_invoice_sums s JOIN legacy_invoices i ON i.id = s.invoice_id",
    "INSERT INTO facts SELECT 'p:P' || p.id, 'payment', 'A' || w.account_id, 'A' || w.account_id, 'P' || p.id, "
    "p.paid_on, NULL, "
    "-p.amount_minor, w.counts, NULL, NULL, p.method, p.reference, NULL, NULL, NULL, 1, 10000000 + p.id, 'account' "
    "FROM legacy_payment_places w JOIN legacy_payments p ON p.id = w.payment_id",
    "INSERT INTO movements SELECT stands_on, fact_id, kind, fact_date, due_date, amount_minor, number, invoice_no, "
    "of_fact_id "
    "FROM facts WHERE counts = 1 ORDER BY stands_on, fact_id",
    "INSERT INTO feed SELECT position, 'main', 'fact', fact_id, 0 FROM facts ORDER BY position",
)


def measure(scratch: Path, *, customers: int, postgresql: str | None = None) -> list[Figure]:
    """Migrate as many customers' books, each in a process of its own, and compare."""
    kept_books(scratch, customers=customers)
    ours = _child(scratch, customers, "ours", None)
    floor = _child(scratch, customers, "floor", None)
    rows = f"{customers * PAYMENTS_EACH:,} payments, {customers * INVOICES_EACH:,} invoices"
    what = f"migration of {customers:,} customers, {rows}, {customers * INVOICES_EACH * BILLS_EACH:,} bills"
    figures = [
        Figure(
            what=f"{what}, SQLite",
            figure=f"{ours['seconds']:.0f} s ({ours['cpu']:.0f} s of processor time)",
            floor=f"{floor['seconds']:.0f} s ({floor['cpu']:.0f} s) set-based SQL alone",
            ratio=f"{ours['seconds'] / floor['seconds']:.2f} ×",
            limit=f"≤ {SECONDS_MAX} s and ≤ {RATIO_MAX} ×",
            kept=ours["seconds"] <= SECONDS_MAX and ours["seconds"] <= RATIO_MAX * floor["seconds"],
        ),
        _memory("SQLite", ours),
    ]
    figures += [Figure(what=f"- {step}", figure=f"{seconds:.1f} s") for step, seconds in ours["steps"].items()]
    if postgresql:
        theirs = _child(scratch, customers, "ours", postgresql)
        kept = theirs["seconds"] <= SECONDS_MAX
        figures.append(
            Figure(
                what=f"{what}, PostgreSQL", figure=f"{theirs['seconds']:.0f} s", limit=f"≤ {SECONDS_MAX} s", kept=kept
            )
        )
        figures.append(_memory("PostgreSQL", theirs))
    return figures


def _memory(where: str, run: dict[str, Any]) -> Figure:
    return Figure(
        what=f"- memory, at most, {where}",
        figure=f"{run['mb']:.0f} MB",
        limit=f"≤ {MEMORY_MAX_MB} MB",
        kept=run["mb"] <= MEMORY_MAX_MB,
    )


def _child(scratch: Path, customers: int, what: str, url: str | None) -> dict[str, Any]:
    command = [sys.executable, __file__, "--cache", str(scratch), "--customers", str(customers), "--child", what]
    done = subprocess.run([*command, *(["--url", url] if url else [])], check=True, capture_output=True, text=True)
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answer


def _migrate(office: Any, old: Path) -> dict[str, float]:
    from meterpos.headoffice.legacy.run import Runner
    from meterpos.headoffice.legacy.sources import open_source

    runner = Runner(office)
    source = open_source(str(old))
    outcomes = [runner.import_books(source, tenant=1, named=old.name)]
    source.close()
    for outcome in runner.all_steps(dry_run=False):
        assert outcome.failed is None, outcome
        outcomes.append(outcome)
    return {outcome.step: outcome.seconds for outcome in outcomes}


def _floor(office: Any, old: Path) -> dict[str, float]:
    from meterpos.headoffice.legacy.progress import Progress
    from meterpos.headoffice.legacy.steps import amounts, customers, meters, parts, places

    with office.store.write() as conn:
        driver = conn.connection.driver_connection
        conn.exec_driver_sql("COMMIT")
        driver.execute("ATTACH ? AS old", (str(old),))
        conn.exec_driver_sql("BEGIN IMMEDIATE")
        conn.exec_driver_sql(f"PRAGMA cache_size = -{parts.CACHE_KIB}")
        for statement in FLOOR_IN:
            conn.exec_driver_sql(statement)
        places.place(conn, Progress("floor"), ambiguous="first")
        for step in (amounts.rebuild, meters.compute, customers.compute):
            step(conn, Progress("floor"))
        for statement in FLOOR_OUT:
            conn.exec_driver_sql(statement)
    office.store.checkpoint()
    return {}


def _run_child(options: argparse.Namespace) -> None:
    import resource  # not there on Windows

    from meterpos.headoffice.office import found, open_office
    from meterpos.settings import HeadOfficeSettings

    old = kept_books(options.cache, customers=options.customers)
    with tempfile.TemporaryDirectory(dir=options.cache) as name:
        home = Path(name)
        url = options.url or f"sqlite:///{home / 'headoffice.db'}"
        settings = HeadOfficeSettings(home=home, database_url=url, utility="bench")
        found(settings, now=datetime.now(UTC))
        office = open_office(settings)
        began = time.monotonic()
        steps = _migrate(office, old) if options.child == "ours" else _floor(office, old)
        seconds = time.monotonic() - began
        office.close()
    mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"seconds": seconds, "cpu": time.process_time(), "mb": mb, "steps": steps}))


def main() -> None:
    """Measure alone, as a part of the bench does."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, default=100_000)
    parser.add_argument("--cache", type=Path, default=Path(tempfile.gettempdir()) / "meterpos-bench")
    parser.add_argument("--child", choices=["ours", "floor"])
    parser.add_argument("--url")
    options = parser.parse_args()
    if options.child:
        _run_child(options)
        return
    for figure in measure(options.cache, customers=options.customers, postgresql=options.url):
        print(figure)


if __name__ == "__main__":
    main()
