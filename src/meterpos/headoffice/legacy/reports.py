"""What `migrate report` prints: tables of text and money, made row by row from staging."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, text

from meterpos.headoffice.legacy import state
from meterpos.ledger.money import format_decimal

FETCHED: Final = 10_000
SIGNIFICANT_MINOR: Final = 100_00
"""A change above this is significant."""
NOTABLE_MINOR: Final = 1_00
"""A difference above this is marked in the proof; smaller ones are explained all the same."""


@dataclass(frozen=True, slots=True)
class Report:
    """A table: its columns, which of them hold money (as decimal text), and its rows, read as they are asked for."""

    name: str
    title: str
    columns: tuple[str, ...]
    money: frozenset[str]
    rows: Iterator[tuple[str, ...]]


Make = Callable[[Connection], Iterator[tuple[Any, ...]]]


def _query(sentence: str) -> Make:
    def rows(conn: Connection) -> Iterator[tuple[Any, ...]]:
        as_bytes = ' COLLATE "C"' if conn.dialect.name == "postgresql" else ""
        found = conn.execute(text(sentence.replace("{as_bytes}", as_bytes)), execution_options={"yield_per": FETCHED})
        for chunk in found.partitions(FETCHED):
            yield from (tuple(row) for row in chunk)

    return rows


@dataclass(frozen=True, slots=True)
class _Shape:
    title: str
    columns: tuple[str, ...]
    money: frozenset[str]
    make: Make


_PROOF_MONEY: Final = (
    "old", "new", "difference", "brought_forward_counted_again", "stored_differed_from_bills", "reversed_still_counted",
    "pending_counted", "payment_moved", "inactive_meter", "drift", "unexplained",
)  # fmt: skip

_SHAPES: Final[Mapping[str, _Shape]] = {
    "payments": _Shape(
        "Payments and their meters",
        ("payment_id", "meter_number", "assigned_by"),
        frozenset(),
        _query(
            "SELECT w.payment_id, m.meter_number, w.assigned_by FROM legacy_payment_places w "
            "LEFT JOIN legacy_meters m ON m.id = w.meter_id ORDER BY w.payment_id"
        ),
    ),
    "invoices": _Shape(
        "Invoices, rebuilt from their bills",
        ("invoice_id", "meter_number", "amount", "balance_brought_forward", "total_amount"),
        frozenset({"amount", "balance_brought_forward", "total_amount"}),
        _query(
            "SELECT s.invoice_id, m.meter_number, s.amount_minor, s.forward_minor, s.total_minor "
            "FROM legacy_invoice_sums s JOIN legacy_invoice_places w ON w.invoice_id = s.invoice_id "
            "LEFT JOIN legacy_meters m ON m.id = w.meter_id ORDER BY s.invoice_id"
        ),
    ),
    "invoices-without-bills": _Shape(
        "Invoices without bills: they keep their stored amounts",
        ("invoice_id", "amount"),
        frozenset({"amount"}),
        _query("SELECT invoice_id, amount_minor FROM legacy_invoice_sums WHERE has_bills = 0 ORDER BY invoice_id"),
    ),
    "meters": _Shape(
        "Meters and what they owe",
        ("meter_number", "net", "balance", "overpayment"),
        frozenset({"net", "balance", "overpayment"}),
        _query(
            "SELECT meter_number, net, CASE WHEN net > 0 THEN net ELSE 0 END, CASE WHEN net < 0 THEN -net ELSE 0 END "
            "FROM (SELECT m.meter_number, CAST(coalesce(sum(s.net_minor), 0) AS bigint) AS net FROM legacy_meters m "
            "LEFT JOIN legacy_accounts a ON a.meter_id = m.id "
            "LEFT JOIN legacy_account_sums s ON s.account_id = a.account_id GROUP BY m.id, m.meter_number) AS nets "
            "ORDER BY meter_number{as_bytes}"
        ),
    ),
    "plans": _Shape(
        "Instalment plans",
        ("id", "total", "paid", "pending", "status", "phase", "exception"),
        frozenset({"total", "paid", "pending"}),
        _query(
            "SELECT id, total_minor, paid_minor, total_minor - paid_minor, status, phase, exception "
            "FROM legacy_plan_sums ORDER BY id{as_bytes}"
        ),
    ),
    "journals": _Shape(
        "Journals out of balance",
        ("reference", "out_of_balance"),
        frozenset({"out_of_balance"}),
        _query(
            "SELECT reference, minor FROM (SELECT coalesce(reference, '') AS reference, "
            "CAST(sum(coalesce(debit_minor, 0)) - sum(coalesce(credit_minor, 0)) AS bigint) AS minor "
            "FROM legacy_journals GROUP BY coalesce(reference, '')) AS sums WHERE minor <> 0 "
            "ORDER BY reference{as_bytes}"
        ),
    ),
    "proof": _Shape(
        "Proof: old position, new position, and why they differ",
        ("customer_id", "name", *_PROOF_MONEY, "significant"),
        frozenset(_PROOF_MONEY),
        _query(
            "SELECT p.customer_id, u.name, p.old_minor, p.new_minor, p.old_minor - p.new_minor, p.forward_again_minor, "
            "p.stored_differs_minor, p.reversed_counted_minor, p.pending_counted_minor, p.payment_moved_minor, "
            "p.inactive_minor, p.drift_minor, p.unexplained_minor, "
            f"CASE WHEN abs(p.old_minor - p.new_minor) > {SIGNIFICANT_MINOR} THEN 'significant' "
            f"WHEN abs(p.old_minor - p.new_minor) > {NOTABLE_MINOR} THEN 'notable' "
            "WHEN p.old_minor <> p.new_minor THEN 'small' ELSE '' END "
            "FROM legacy_proofs p LEFT JOIN legacy_users u ON u.id = p.customer_id ORDER BY p.customer_id"
        ),
    ),
    "review": _Shape(
        "To look at, with the decision taken",
        ("kind", "id", "customer_id", "amount", "what", "decision"),
        frozenset({"amount"}),
        _query(
            "SELECT kind, id, customer_id, minor, what, decision FROM ("
            "SELECT 1 AS part, 'payment' AS kind, CAST(w.payment_id AS text) AS id, w.customer_id, "
            "w.amount_minor AS minor, "
            "CASE w.assigned_by WHEN 'first-active' THEN 'several meters: the first' WHEN 'decision' THEN 'decided' "
            "ELSE 'no meter, or none chosen' END AS what, coalesce(m.meter_number, 'suspense') AS decision, "
            "w.payment_id AS line "
            "FROM legacy_payment_places w LEFT JOIN legacy_meters m ON m.id = w.meter_id "
            "WHERE w.assigned_by IN ('first-active', 'decision', 'suspense') "
            "UNION ALL SELECT 2, 'customer', CAST(p.customer_id AS text), p.customer_id, p.old_minor - p.new_minor, "
            "'drift: the stored balance is not what the old rule gives', 'new balance stands', p.customer_id "
            "FROM legacy_proofs p WHERE p.drift_minor <> 0 "
            "UNION ALL SELECT 3, 'plan', id, NULL, excess_minor, exception, "
            "CASE WHEN status = 'unknown' THEN 'not posted' ELSE 'posted' END, 0 FROM legacy_plan_sums "
            "WHERE exception IS NOT NULL "
            "UNION ALL SELECT 4, replace(code, '_', ' '), row_id, NULL, NULL, subject || ': ' || detail, '', 0 "
            "FROM legacy_problems WHERE step IN ('import-legacy', 'validate', 'plans', 'post') "
            "AND code NOT IN ('payment_ambiguous', 'payment_in_suspense')"
            ") AS listed ORDER BY part, kind, line, id"
        ),
    ),
}
NAMES: Final = tuple(_SHAPES)


_AFTER: Final[Mapping[str, str]] = {
    "payments": state.PLACES, "invoices": state.AMOUNTS, "invoices-without-bills": state.AMOUNTS, "plans": state.PLACES,
    "meters": state.METERS, "journals": state.IMPORT, "proof": state.PROOF, "review": state.PLACES,
}  # fmt: skip
"""The step that makes what a report prints."""


def ready_reports(conn: Connection) -> tuple[str, ...]:
    """Return the reports whose step was done."""
    return tuple(name for name in NAMES if state.done(conn, _AFTER[name]) is not None)


def report(conn: Connection, name: str) -> Report:
    """Return a report, its rows read from `conn` as they are asked for. Raises: StepMissing."""
    if state.done(conn, _AFTER[name]) is None:
        state.require_before(conn, _AFTER[name], name=f"report {name}")
        raise state.StepMissing(
            f"report {name} prints what {_AFTER[name]} makes. Run: {state.command_of(_AFTER[name])}"
        )
    shape = _SHAPES[name]
    money = [column in shape.money for column in shape.columns]
    rows = (
        tuple(
            "" if cell is None else format_decimal(cell) if is_money else str(cell)
            for cell, is_money in zip(row, money, strict=True)
        )
        for row in shape.make(conn)
    )
    return Report(name, shape.title, shape.columns, shape.money, rows)
