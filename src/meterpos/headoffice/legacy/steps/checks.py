"""Steps 3 and 6: what must hold, a query each. What does not is listed with its row; some of it stops a live run.

A check that stops says that posting would lose or misplace money. The others name flaws of the old books that a written
rule settles: they are for a person to look at.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from sqlalchemy import Connection, text

from meterpos.headoffice.legacy import problems
from meterpos.headoffice.legacy.progress import Progress

Group = Literal["payments", "invoices", "balances", "journals"]
GROUPS: Final[tuple[Group, ...]] = ("payments", "invoices", "balances", "journals")


@dataclass(frozen=True, slots=True)
class Check:
    """One check: `query` gives (row, what is seen) for each row that fails it."""

    code: str
    group: Group
    subject: str
    query: str
    stops: bool = False


_COUNTING: Final = "lower(coalesce(p.status, '')) IN ('completed', 'paid') AND p.reversed_on IS NULL"

CHECKS: Final[Sequence[Check]] = (
    # --- payments
    Check("payment_nowhere", "payments", "payments",
          "SELECT p.id, 'neither a meter nor in suspense' FROM legacy_payments p "
          "LEFT JOIN legacy_payment_places w ON w.payment_id = p.id "
          "WHERE w.payment_id IS NULL OR (w.account_id IS NULL AND w.assigned_by NOT IN ('suspense', 'decision'))",
          stops=True),
    Check("payment_without_amount", "payments", "payments",
          "SELECT id, 'no amount that can be read' FROM legacy_payments WHERE amount_minor IS NULL", stops=True),
    Check("payment_not_above_zero", "payments", "payments",
          "SELECT id, 'amount in cents: ' || CAST(amount_minor AS text) FROM legacy_payments WHERE amount_minor <= 0"),
    Check("payment_in_suspense", "payments", "payments",
          "SELECT payment_id, 'no meter: customer ' || CAST(customer_id AS text) FROM legacy_payment_places "
          "WHERE account_id IS NULL"),
    Check("payment_ambiguous", "payments", "payments",
          "SELECT w.payment_id, 'several meters; taken for ' || coalesce(m.meter_number, '') "
          "FROM legacy_payment_places w LEFT JOIN legacy_meters m ON m.id = w.meter_id WHERE w.assigned_by = "
          "'first-active'"),
    Check("payment_of_unknown_customer", "payments", "payments",
          "SELECT p.id, 'customer ' || coalesce(CAST(p.customer_id AS text), '(none)') FROM legacy_payments p "
          "LEFT JOIN legacy_users u ON u.id = p.customer_id WHERE u.id IS NULL"),
    Check("payment_of_unknown_invoice", "payments", "payments",
          "SELECT p.id, 'invoice ' || CAST(p.invoice_id AS text) FROM legacy_payments p "
          "LEFT JOIN legacy_invoices i ON i.id = p.invoice_id WHERE p.invoice_id IS NOT NULL AND i.id IS NULL"),
    Check("payment_of_anothers_invoice", "payments", "payments",
          "SELECT p.id, 'invoice ' || CAST(i.id AS text) || ' of customer ' || CAST(i.customer_id AS text) "
          "FROM legacy_payments p JOIN legacy_invoices i ON i.id = p.invoice_id WHERE i.customer_id <> p.customer_id"),
    Check("payment_stored_meter_differs", "payments", "payments",
          "SELECT p.id, 'stored meter ' || CAST(p.meter_id AS text) FROM legacy_payments p "
          "JOIN legacy_payment_places w ON w.payment_id = p.id "
          "WHERE p.meter_id IS NOT NULL AND (w.meter_id IS NULL OR w.meter_id <> p.meter_id)"),
    Check("payment_without_date", "payments", "payments",
          "SELECT id, 'no date' FROM legacy_payments WHERE paid_on IS NULL"),
    Check("payment_status_unknown", "payments", "payments",
          "SELECT id, 'status ' || coalesce(status, '(none)') || ': neither counted nor posted' FROM legacy_payments "
          "WHERE lower(coalesce(status, '')) NOT IN ('completed', 'paid', 'pending')"),
    Check("payment_reason_without_reversal", "payments", "payments",
          "SELECT id, 'a reason but no day of a reversal, so it counts: ' || reversal_reason FROM legacy_payments "
          "WHERE reversal_reason IS NOT NULL AND reversed_on IS NULL"),
    Check("reference_repeated", "payments", "payments",
          "SELECT p.id, upper(p.method) || ' ' || upper(p.reference) || ' is also that of payment ' || "
          "CAST(f.first_id AS text) "
          "FROM legacy_payments p JOIN (SELECT lower(p.method) AS method, upper(p.reference) AS reference, min(p.id) "
          "AS first_id "
          f"FROM legacy_payments p WHERE p.reference IS NOT NULL AND lower(p.method) <> 'cash' AND {_COUNTING} "
          "GROUP BY lower(p.method), upper(p.reference) HAVING count(*) > 1) AS f "
          "ON f.method = lower(p.method) AND f.reference = upper(p.reference) AND p.id <> f.first_id "
          f"WHERE {_COUNTING}"),
    # --- invoices
    Check("invoice_nowhere", "invoices", "invoices",
          "SELECT i.id, 'no account' FROM legacy_invoices i LEFT JOIN legacy_invoice_places w ON w.invoice_id = i.id "
          "WHERE w.account_id IS NULL", stops=True),
    Check("invoice_without_meter", "invoices", "invoices",
          "SELECT invoice_id, 'customer ' || CAST(customer_id AS text) || ' has no meter' FROM legacy_invoice_places "
          "WHERE meter_id IS NULL"),
    Check("invoice_meter_by_choice", "invoices", "invoices",
          "SELECT w.invoice_id, 'neither meter nor bills; taken for ' || m.meter_number FROM legacy_invoice_places w "
          "JOIN legacy_meters m ON m.id = w.meter_id WHERE w.placed_by IN ('single', 'first-active')"),
    Check("invoice_differs_from_bills", "invoices", "invoices",
          "SELECT b.invoice_id, 'amounts are not those of the bills' FROM legacy_billed b "
          "LEFT JOIN legacy_invoice_sums s ON s.invoice_id = b.invoice_id "
          "WHERE s.invoice_id IS NULL OR s.amount_minor <> b.amount_minor OR s.forward_minor <> b.forward_minor "
          "OR s.total_minor <> b.amount_minor + b.forward_minor", stops=True),
    Check("invoice_without_bills", "invoices", "invoices",
          "SELECT invoice_id, 'keeps its stored amount' FROM legacy_invoice_sums WHERE has_bills = 0"),
    Check("invoice_without_amount", "invoices", "invoices",
          "SELECT i.id, 'neither bills nor an amount that can be read' FROM legacy_invoices i "
          "JOIN legacy_invoice_sums s ON s.invoice_id = i.id WHERE s.has_bills = 0 AND i.amount_minor IS NULL",
          stops=True),
    Check("invoice_of_unknown_customer", "invoices", "invoices",
          "SELECT i.id, 'customer ' || coalesce(CAST(i.customer_id AS text), '(none)') FROM legacy_invoices i "
          "LEFT JOIN legacy_users u ON u.id = i.customer_id WHERE u.id IS NULL"),
    Check("invoice_of_unknown_meter", "invoices", "invoices",
          "SELECT i.id, 'meter ' || CAST(i.meter_id AS text) FROM legacy_invoices i "
          "LEFT JOIN legacy_meters m ON m.id = i.meter_id WHERE i.meter_id IS NOT NULL AND m.id IS NULL"),
    Check("invoice_of_unassigned_meter", "invoices", "invoices",
          "SELECT w.invoice_id, 'customer ' || CAST(w.customer_id AS text) || ' was never assigned this meter' "
          "FROM legacy_invoice_places w WHERE w.account_id < 0 AND w.meter_id IS NOT NULL"),
    Check("invoice_without_date", "invoices", "invoices",
          "SELECT id, 'no date' FROM legacy_invoices WHERE invoice_date IS NULL"),
    Check("invoice_due_before_date", "invoices", "invoices",
          "SELECT id, due_date || ' is before ' || invoice_date FROM legacy_invoices WHERE due_date < invoice_date"),
    Check("invoice_number_repeated", "invoices", "invoices",
          "SELECT i.id, coalesce(i.invoice_number, '(none)') FROM legacy_invoices i JOIN ("
          "SELECT coalesce(invoice_number, '') AS number, min(id) AS first_id FROM legacy_invoices "
          "GROUP BY coalesce(invoice_number, '') HAVING count(*) > 1"
          ") AS f ON f.number = coalesce(i.invoice_number, '') AND i.id <> f.first_id"),
    Check("bill_without_amount", "invoices", "bills",
          "SELECT id, 'no amount that can be read' FROM legacy_bills WHERE amount_minor IS NULL", stops=True),
    Check("bill_without_invoice", "invoices", "bills",
          "SELECT b.id, 'on no invoice' FROM legacy_bills b LEFT JOIN ("
          "SELECT DISTINCT l.bill_id FROM legacy_invoice_bills l JOIN legacy_invoices i ON i.id = l.invoice_id"
          ") AS l ON l.bill_id = b.id WHERE l.bill_id IS NULL"),
    Check("bill_on_several_invoices", "invoices", "bills",
          "SELECT bill_id, CAST(count(DISTINCT invoice_id) AS text) || ' invoices' FROM legacy_invoice_bills "
          "GROUP BY bill_id HAVING count(DISTINCT invoice_id) > 1"),
    Check("link_to_unknown_bill", "invoices", "invoice_bills",
          "SELECT l.id, 'bill ' || CAST(l.bill_id AS text) FROM legacy_invoice_bills l "
          "LEFT JOIN legacy_bills b ON b.id = l.bill_id WHERE b.id IS NULL"),
    # --- balances
    Check("balance_differs_from_transactions", "balances", "accounts",
          "SELECT a.account_id, 'its balance is not the sum of its transactions' FROM legacy_accounts a "
          "LEFT JOIN legacy_account_sums s ON s.account_id = a.account_id LEFT JOIN ("
          "SELECT account_id, CAST(sum(minor) AS bigint) AS minor FROM ("
          "SELECT account_id, amount_minor AS minor FROM legacy_invoice_sums "
          "UNION ALL SELECT account_id, opening_minor FROM legacy_openings "
          "UNION ALL SELECT account_id, -amount_minor FROM legacy_payment_places WHERE counts = 1"
          ") AS rows_of_it GROUP BY account_id) AS t ON t.account_id = a.account_id "
          "WHERE s.account_id IS NULL OR s.net_minor <> coalesce(t.minor, 0)", stops=True),
    Check("customer_differs_from_accounts", "balances", "users",
          "SELECT c.customer_id, 'is not the sum of the active accounts' FROM legacy_customers c LEFT JOIN ("
          "SELECT a.customer_id, CAST(sum(s.net_minor) AS bigint) AS minor FROM legacy_accounts a "
          "JOIN legacy_account_sums s ON s.account_id = a.account_id WHERE a.is_active = 1 GROUP BY a.customer_id"
          ") AS t ON t.customer_id = c.customer_id WHERE c.balance_minor - c.overpayment_minor <> coalesce(t.minor, 0) "
          "OR c.balance_minor < 0 OR c.overpayment_minor < 0", stops=True),
    Check("old_balance_below_zero", "balances", "users",
          "SELECT id, 'balance or overpayment below zero' FROM legacy_users "
          "WHERE balance_minor < 0 OR overpayment_minor < 0"),
    Check("meter_with_several_active", "balances", "meters",
          "SELECT meter_id, CAST(count(*) AS text) || ' active assignments; the newest stays' FROM legacy_accounts "
          "WHERE was_active = 1 GROUP BY meter_id HAVING count(*) > 1"),
    Check("meter_number_repeated", "balances", "meters",
          "SELECT m.id, m.meter_number FROM legacy_meters m JOIN (SELECT meter_number, min(id) AS first_id "
          "FROM legacy_meters GROUP BY meter_number HAVING count(*) > 1) AS f "
          "ON f.meter_number = m.meter_number AND f.first_id <> m.id"),
    Check("assignment_of_unknown_customer", "balances", "meter_assignments",
          "SELECT a.id, 'customer ' || coalesce(CAST(a.customer_id AS text), '(none)') FROM legacy_assignments a "
          "LEFT JOIN legacy_users u ON u.id = a.customer_id WHERE u.id IS NULL"),
    Check("assignment_of_unknown_meter", "balances", "meter_assignments",
          "SELECT a.id, 'meter ' || coalesce(CAST(a.meter_id AS text), '(none)') FROM legacy_assignments a "
          "LEFT JOIN legacy_meters m ON m.id = a.meter_id WHERE m.id IS NULL"),
    Check("bill_of_unknown_assignment", "balances", "bills",
          "SELECT b.id, 'assignment ' || coalesce(CAST(b.assignment_id AS text), '(none)') FROM legacy_bills b "
          "LEFT JOIN legacy_assignments a ON a.id = b.assignment_id WHERE a.id IS NULL"),
    Check("money_unexplained", "balances", "users",
          "SELECT customer_id, 'cents unexplained: ' || CAST(unexplained_minor AS text) FROM legacy_proofs "
          "WHERE unexplained_minor <> 0", stops=True),
    Check("another_tenant", "balances", "tenants",
          "SELECT row_id, subject || ': ' || detail FROM legacy_problems WHERE step = 'import-legacy' AND code = "
          "'another_tenant'", stops=True),
    # --- journals
    Check("journal_out_of_balance", "journals", "journals",
          "SELECT coalesce(reference, ''), 'out of balance by cents: ' || CAST(CAST("
          "sum(coalesce(debit_minor, 0)) - sum(coalesce(credit_minor, 0)) AS bigint) AS text) FROM legacy_journals "
          "GROUP BY coalesce(reference, '') HAVING sum(coalesce(debit_minor, 0)) <> sum(coalesce(credit_minor, 0))"),
)  # fmt: skip
STOPS: Final = frozenset(check.code for check in CHECKS if check.stops)


def validate(conn: Connection, progress: Progress, *, step: str, groups: Sequence[Group]) -> dict[str, int]:
    """Run the checks of these groups and keep what they find under `step`; return how often each code was found."""
    checks = [check for check in CHECKS if check.group in groups]
    progress.expect(len(checks))
    problems.clear(conn, step)
    found = {}
    for check in checks:
        count = conn.execute(
            text(
                "INSERT INTO legacy_problems (step, code, subject, row_id, detail) "
                f"WITH found (row_id, detail) AS ({check.query}) "
                "SELECT CAST(:step AS text), CAST(:code AS text), CAST(:subject AS text), CAST(row_id AS text), detail "
                "FROM found"
            ),
            {"step": step, "code": check.code, "subject": check.subject},
        ).rowcount
        if count:
            found[check.code] = int(count)
        progress.advance(1, check.code.replace("_", " "))
    return found


def verdict(found: Mapping[str, int]) -> str | None:
    """Return the sentence with which these findings stop a live run, None where they do not."""
    stopping = {code: count for code, count in found.items() if code in STOPS}
    if not stopping:
        return None
    listed = ", ".join(f"{code.replace('_', ' ')} ({count:,})" for code, count in stopping.items())
    return f"This would lose or misplace money: {listed}. See: meterpos migrate report review"
