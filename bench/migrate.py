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
from typing import Any, Final

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
    os.environ["PYTHON_KEYRING_BACKEND"] = "keyring.backends.fail.Keyring"

from bench import postgresql
from bench.measure import Figure
from bench.old_books import BILLS_EACH, INVOICES_EACH, PAYMENTS_EACH, kept_books

SECONDS_MAX = 300
MEMORY_MAX_MB = 500
RATIO_MAX = 3
WHERE: Final = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}

# The floor: old rows into staging, the statements of the steps and of their checks, then customers, meters, accounts,
# facts, movements, feed and claims, and the balances of all, by INSERT ... SELECT. It looks at no value, explains no
# difference, hashes nothing, makes no backup and compares nothing.
_SQLITE: Final = {
    "cents": "CAST(round({0} * 100) AS INTEGER)", "day": "date({0})", "as_day": "{0}",
    "on": "{0} = 1", "text": "CAST({0} AS text)",
}  # fmt: skip
_POSTGRESQL: Final = {
    "cents": "CAST({0} * 100 AS bigint)", "day": "CAST(CAST({0} AS date) AS text)", "as_day": "CAST({0} AS date)",
    "on": "({0} = 1)", "text": "CAST({0} AS text)",
}  # fmt: skip


def _floor_in(form: dict[str, str]) -> tuple[str, ...]:
    cents, day, plain = (form[name].format for name in ("cents", "day", "text"))
    readings = ", ".join(map(plain, ("initial_reading", "current_reading", "last_reading")))
    return (
        f"INSERT INTO legacy_users SELECT id, role, name, telephone, status, {cents('balance')}, "
        f"{cents('overpayment')}, {day('created_at')}, NULL FROM old.users WHERE tenant_id = 1",
        f"INSERT INTO legacy_meters SELECT id, meter_number, serial_number, status, {readings}, "
        f"{day('installation_date')}, NULL FROM old.meters WHERE tenant_id = 1",
        f"INSERT INTO legacy_assignments SELECT id, customer_id, meter_id, is_active, {day('assigned_at')}, "
        f"{day('ended_at')}, NULL FROM old.meter_assignments WHERE tenant_id = 1",
        f"INSERT INTO legacy_bills SELECT id, meter_assignment_id, customer_id, bill_ref, bill_type, "
        f"{cents('amount')}, status, {day('bill_date')}, NULL FROM old.bills WHERE tenant_id = 1",
        f"INSERT INTO legacy_invoices SELECT id, invoice_number, customer_id, meter_id, {day('invoice_date')}, "
        f"{day('due_date')}, {cents('amount')}, {cents('balance_brought_forward')}, {cents('total_amount')}, "
        f"{cents('balance')}, state, status, NULL FROM old.invoices WHERE tenant_id = 1",
        "INSERT INTO legacy_invoice_bills SELECT invoice_id, bill_id, id, NULL FROM old.invoice_bills "
        "WHERE invoice_id IN (SELECT id FROM old.invoices WHERE tenant_id = 1)",
        f"INSERT INTO legacy_payments SELECT id, customer_id, invoice_id, meter_id, method, reference, "
        f"{cents('amount')}, status, {day('date')}, reversal_reason, {day('reversed_at')}, {plain('created_by')}, NULL "
        "FROM old.payments WHERE tenant_id = 1",
    )


_FACT: Final = (
    "INSERT INTO facts (fact_id, kind, account_no, stands_on, number, fact_date, due_date, amount_minor, counts, "
    "method, reference, brought_forward_minor, generation, position, decision) "
)


def _floor_out(form: dict[str, str]) -> tuple[str, ...]:
    day, on = form["as_day"].format, form["on"].format
    return (
        "INSERT INTO customers (customer_no, name, phone, place, zone, status, language, opened_on, balance_minor, "
        "overpayment_minor) SELECT CAST(c.customer_id AS text), u.name, coalesce(u.telephone, ''), '', 'main', "
        f"'active', 'en', {day('u.created_on')}, 0, 0 FROM legacy_customers c "
        "JOIN legacy_users u ON u.id = c.customer_id",
        "INSERT INTO meters (meter_no, serial_no, utility, status, location) "
        "SELECT meter_number, serial_number, 'water', 'active', '' FROM legacy_meters",
        "INSERT INTO accounts (account_no, kind, customer_no, meter_no, zone, opened_on, net_minor, balance_minor, "
        "overpayment_minor, total_billed_minor, total_paid_minor) SELECT 'A' || CAST(a.account_id AS text), 'meter', "
        f"CAST(a.customer_id AS text), m.meter_number, 'main', {day('a.opened_on')}, 0, 0, 0, 0, 0 "
        "FROM legacy_accounts a JOIN legacy_meters m ON m.id = a.meter_id",
        "INSERT INTO feed SELECT 90000000 + row_number() OVER (), 'main', 'customer', customer_no, 0 FROM customers",
        "INSERT INTO feed SELECT 91000000 + row_number() OVER (), 'main', 'meter', meter_no, 0 FROM meters",
        "INSERT INTO feed SELECT 92000000 + row_number() OVER (), 'main', 'account', account_no, 0 FROM accounts",
        f"{_FACT} SELECT 'o:A' || CAST(o.account_id AS text), 'opening', 'A' || CAST(o.account_id AS text), "
        f"'A' || CAST(o.account_id AS text), 'A' || CAST(o.account_id AS text), {day('a.opened_on')}, "
        f"{day('a.opened_on')}, o.opening_minor, {on('1')}, NULL, NULL, NULL, 1, 80000000 + o.account_id, 'account' "
        "FROM legacy_openings o JOIN legacy_accounts a ON a.account_id = o.account_id WHERE o.opening_minor <> 0",
        f"{_FACT} SELECT 'i:' || i.invoice_number, 'invoice', 'A' || CAST(s.account_id AS text), "
        f"'A' || CAST(s.account_id AS text), i.invoice_number, {day('i.invoice_date')}, {day('i.due_date')}, "
        f"s.amount_minor, {on('1')}, NULL, NULL, s.forward_minor, 1, i.id, 'account' "
        "FROM legacy_invoice_sums s JOIN legacy_invoices i ON i.id = s.invoice_id",
        f"{_FACT} SELECT 'p:P' || CAST(p.id AS text), 'payment', 'A' || CAST(w.account_id AS text), "
        f"'A' || CAST(w.account_id AS text), 'P' || CAST(p.id AS text), {day('p.paid_on')}, NULL, -p.amount_minor, "
        f"{on('w.counts')}, p.method, p.reference, NULL, 1, 10000000 + p.id, 'account' "
        "FROM legacy_payment_places w JOIN legacy_payments p ON p.id = w.payment_id",
        "INSERT INTO movements SELECT stands_on, fact_id, kind, fact_date, due_date, amount_minor, number, invoice_no, "
        "of_fact_id FROM facts WHERE counts ORDER BY stands_on, fact_id",
        "INSERT INTO feed SELECT position, 'main', 'fact', fact_id, 0 FROM facts ORDER BY position",
        "INSERT INTO claims SELECT 'reference', method || ':' || reference, min(fact_id) FROM facts "
        "WHERE reference IS NOT NULL AND method <> 'cash' GROUP BY method, reference",
    )


def measure(scratch: Path, *, customers: int) -> list[Figure]:
    """Migrate as many customers' books on SQLite and on PostgreSQL, each in a process of its own, and compare."""
    old = kept_books(scratch, customers=customers)
    figures = _compared(scratch, customers, "sqlite", None)
    url = postgresql.server()
    postgresql.books_in(url, "books", old)
    return [*figures, *_compared(scratch, customers, "postgresql", url)]


def _compared(scratch: Path, customers: int, where: str, url: str | None) -> list[Figure]:
    floor = _child(scratch, customers, "floor", url)
    before = os.getloadavg()[0]
    ours = _child(scratch, customers, "ours", url)
    rows = f"{customers * PAYMENTS_EACH:,} payments, {customers * INVOICES_EACH:,} invoices"
    what = f"{customers:,} customers, {rows}, {customers * INVOICES_EACH * BILLS_EACH:,} bills, {WHERE[where]}"
    return [
        Figure(
            what=what,
            figure=f"{ours['seconds']:.0f} s",
            floor=f"{floor['seconds']:.0f} s",
            ratio=f"{ours['seconds'] / floor['seconds']:.2f} ×",
            limit=f"≤ {SECONDS_MAX} s",
            kept=ours["seconds"] <= SECONDS_MAX,
        ),
        Figure(
            what="- processor time" + (", the server's too" if url else ""),
            figure=f"{ours['cpu']:.0f} s",
            floor=f"{floor['cpu']:.0f} s",
            ratio=f"{ours['cpu'] / floor['cpu']:.2f} ×",
            limit=f"≤ {RATIO_MAX} ×",
            kept=ours["cpu"] <= RATIO_MAX * floor["cpu"],
        ),
        Figure(
            what="- memory, at most" + (", the server's not" if url else ""),
            figure=f"{ours['mb']:.0f} MiB",
            limit=f"≤ {MEMORY_MAX_MB} MiB",
            kept=ours["mb"] <= MEMORY_MAX_MB,
        ),
        Figure(what="- load average of the machine before it", figure=f"{before:.1f}"),
        *(Figure(what=f"- {step}", figure=f"{seconds:.1f} s") for step, seconds in ours["steps"].items()),
    ]


def _child(scratch: Path, customers: int, what: str, url: str | None) -> dict[str, Any]:
    command = [sys.executable, __file__, "--cache", str(scratch), "--customers", str(customers), "--child", what]
    if url is not None:
        command += ["--url", postgresql.fresh(url, f"run_{what}", "books")]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answer


def _migrate(office: Any, old: str) -> dict[str, float]:
    from meterpos.headoffice.legacy.run import Runner
    from meterpos.headoffice.legacy.sources import open_source

    runner = Runner(office)
    source = open_source(old)
    outcomes = [runner.import_books(source, tenant=1, named="old books")]
    source.close()
    for outcome in runner.all_steps(dry_run=False):
        assert outcome.failed is None, outcome
        outcomes.append(outcome)
    return {outcome.step: outcome.seconds for outcome in outcomes}


def _floor(office: Any, old: Path) -> dict[str, float]:
    from meterpos.headoffice.legacy.progress import Progress
    from meterpos.headoffice.legacy.steps import amounts, checks, customers, meters, parts, places
    from meterpos.headoffice.tables.legacy import READ
    from meterpos.ledger.balances import recalculate_all

    form = _SQLITE if office.store.dialect == "sqlite" else _POSTGRESQL
    with office.store.write() as conn:
        if office.store.dialect == "sqlite":
            conn.exec_driver_sql("COMMIT")
            conn.connection.driver_connection.execute("ATTACH ? AS old", (str(old),))
            conn.exec_driver_sql("BEGIN IMMEDIATE")
        with parts.room_to_work(conn):
            for statement in _floor_in(form):
                conn.exec_driver_sql(statement)
            parts.analyse(conn, *READ)
            places.place(conn, Progress("floor"), ambiguous="first")
            for step in (amounts.rebuild, meters.compute, customers.compute):
                step(conn, Progress("floor"))
            checks.validate(conn, Progress("floor"), step="validate", groups=checks.GROUPS)
            for statement in _floor_out(form):
                conn.exec_driver_sql(statement)
            recalculate_all(conn)
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
        named = f"{options.url.replace('+psycopg', '')}?options=-csearch_path%3Dold" if options.url else str(old)
        began, cpu_began = time.monotonic(), _cpu_s(options.url)
        steps = _migrate(office, named) if options.child == "ours" else _floor(office, old)
        office.close()
        seconds, cpu = time.monotonic() - began, _cpu_s(options.url) - cpu_began
    mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"seconds": seconds, "cpu": cpu, "mb": mb, "steps": steps}))


def _cpu_s(url: str | None) -> float:
    """Return processor time so far, that of a server in processes of its own too."""
    return time.process_time() + ((postgresql.cpu_s(url) or 0) if url else 0)


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
    for figure in measure(options.cache, customers=options.customers):
        print(figure)


if __name__ == "__main__":
    main()
