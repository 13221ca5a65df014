"""Step 1: the meter and account of each invoice and payment, and why.

An account is an assignment. A row of a customer at a meter (or at none) that no assignment covers gets an account of
its own, closed, with a number below zero: money never changes hands because a row is missing.
"""

from typing import Final

from sqlalchemy import Connection, delete

from meterpos.headoffice.legacy.progress import Progress
from meterpos.headoffice.legacy.steps import parts
from meterpos.headoffice.tables import legacy as staging

_ACCOUNTS: Final = """
    INSERT INTO legacy_accounts (account_id, customer_id, meter_id, is_active, was_active, opened_on, closed_on)
    SELECT a.id, a.customer_id, a.meter_id,
           CASE WHEN a.is_active = 1
                 AND a.id = max(CASE WHEN a.is_active = 1 THEN a.id END) OVER (PARTITION BY a.meter_id)
                THEN 1 ELSE 0 END,
           coalesce(a.is_active, 0), a.assigned_on, a.ended_on
    FROM legacy_assignments a JOIN legacy_meters m ON m.id = a.meter_id
    WHERE a.customer_id IS NOT NULL
"""
"""A meter has one active account: the newest of those that say so."""

_HOMES: Final = """
    INSERT INTO legacy_homes (customer_id, meter_id, account_id)
    SELECT customer_id, meter_id, account_id FROM (
        SELECT customer_id, meter_id, account_id,
               row_number() OVER (PARTITION BY customer_id, meter_id ORDER BY is_active DESC, account_id) AS place
        FROM legacy_accounts
    ) AS ranked WHERE place = 1
"""
_CHOICES: Final = """
    INSERT INTO legacy_choices (customer_id, account_id, meter_id, meters)
    SELECT c.customer_id, c.account_id, a.meter_id, c.meters
    FROM (
        SELECT customer_id, min(account_id) AS account_id, count(DISTINCT meter_id) AS meters
        FROM (
            SELECT customer_id, account_id, meter_id, was_active,
                   max(was_active) OVER (PARTITION BY customer_id) AS any_active
            FROM legacy_accounts
        ) AS own
        WHERE was_active = any_active
        GROUP BY customer_id
    ) AS c
    JOIN legacy_accounts a ON a.account_id = c.account_id
"""
_BILLED: Final = """
    INSERT INTO legacy_billed (invoice_id, account_id, amount_minor, forward_minor)
    SELECT l.invoice_id, min(a.account_id),
           CAST(coalesce(sum(CASE WHEN upper(b.bill_type) = 'BALANCE' THEN 0 ELSE b.amount_minor END), 0) AS bigint),
           CAST(coalesce(sum(CASE WHEN upper(b.bill_type) = 'BALANCE' THEN b.amount_minor ELSE 0 END), 0) AS bigint)
    FROM (SELECT DISTINCT invoice_id, bill_id FROM legacy_invoice_bills WHERE invoice_id BETWEEN :low AND :high) AS l
    JOIN legacy_bills b ON b.id = l.bill_id
    LEFT JOIN legacy_accounts a ON a.account_id = b.assignment_id
    GROUP BY l.invoice_id
"""
_INVOICES: Final = """
    INSERT INTO legacy_invoice_places (invoice_id, customer_id, account_id, meter_id, placed_by)
    SELECT f.id, f.customer_id,
           CASE WHEN f.billed_customer = f.customer_id AND f.billed_meter = f.meter_id THEN f.billed_account
                ELSE h.account_id END,
           f.meter_id, f.placed_by
    FROM (
        SELECT i.id, coalesce(i.customer_id, 0) AS customer_id, coalesce(m.id, b.meter_id, c.meter_id) AS meter_id,
               b.customer_id AS billed_customer, b.meter_id AS billed_meter, b.account_id AS billed_account,
               CASE WHEN m.id IS NOT NULL THEN 'stored' WHEN b.meter_id IS NOT NULL THEN 'bills'
                    WHEN c.meters = 1 THEN 'single' WHEN c.meters > 1 THEN 'first-active' ELSE 'none' END AS placed_by
        FROM legacy_invoices i
        LEFT JOIN legacy_meters m ON m.id = i.meter_id
        LEFT JOIN legacy_billed s ON s.invoice_id = i.id
        LEFT JOIN legacy_accounts b ON b.account_id = s.account_id
        LEFT JOIN legacy_choices c ON c.customer_id = i.customer_id
        WHERE i.id BETWEEN :low AND :high
    ) AS f
    LEFT JOIN legacy_homes h ON h.customer_id = f.customer_id AND h.meter_id = f.meter_id
"""
_MADE_UP: Final = """
    INSERT INTO legacy_accounts (account_id, customer_id, meter_id, is_active, was_active, opened_on, closed_on)
    SELECT -row_number() OVER (ORDER BY customer_id, coalesce(meter_id, 0)), customer_id, meter_id, 0, 0,
           first_on, last_on
    FROM (
        SELECT p.customer_id, p.meter_id, min(i.invoice_date) AS first_on, max(i.invoice_date) AS last_on
        FROM legacy_invoice_places p JOIN legacy_invoices i ON i.id = p.invoice_id
        WHERE p.account_id IS NULL
        GROUP BY p.customer_id, p.meter_id
    ) AS homeless
"""
_INTO_MADE_UP: Final = """
    UPDATE legacy_invoice_places SET account_id = (
        SELECT a.account_id FROM legacy_accounts a
        WHERE a.account_id < 0 AND a.customer_id = legacy_invoice_places.customer_id
          AND coalesce(a.meter_id, 0) = coalesce(legacy_invoice_places.meter_id, 0)
    ) WHERE account_id IS NULL
"""
_MADE_UP_HOMES: Final = """
    INSERT INTO legacy_homes (customer_id, meter_id, account_id)
    SELECT customer_id, meter_id, account_id FROM legacy_accounts WHERE account_id < 0 AND meter_id IS NOT NULL
"""
_DECIDED: Final = """
    UPDATE legacy_decisions SET account_id = (
        SELECT coalesce(
            min(CASE WHEN a.customer_id = p.customer_id AND a.is_active = 1 THEN a.account_id END),
            min(CASE WHEN a.customer_id = p.customer_id THEN a.account_id END),
            min(CASE WHEN a.is_active = 1 THEN a.account_id END), min(a.account_id))
        FROM legacy_meters m
        JOIN legacy_accounts a ON a.meter_id = m.id
        JOIN legacy_payments p ON p.id = legacy_decisions.payment_id
        WHERE m.meter_number = legacy_decisions.meter_number
    )
"""
"""A decision names a meter: the payer's own account there, else the active one."""

_PAYMENTS: Final = """
    INSERT INTO legacy_payment_places
        (payment_id, customer_id, account_id, meter_id, assigned_by, amount_minor, counts, left_out, paid_on)
    SELECT f.id, f.customer_id, a.account_id, a.meter_id,
           CASE WHEN a.account_id IS NULL AND f.assigned_by <> 'decision' THEN 'suspense' ELSE f.assigned_by END,
           f.amount_minor, CASE WHEN f.left_out IS NULL THEN 1 ELSE 0 END, f.left_out, f.paid_on
    FROM (
        SELECT p.id, coalesce(p.customer_id, 0) AS customer_id, coalesce(p.amount_minor, 0) AS amount_minor, p.paid_on,
               CASE WHEN lower(coalesce(p.status, '')) NOT IN ('completed', 'paid') THEN 'pending'
                    WHEN p.reversed_on IS NOT NULL THEN 'reversed' END AS left_out,
               CASE WHEN d.payment_id IS NOT NULL THEN d.account_id
                    WHEN ip.meter_id IS NOT NULL AND ip.customer_id = p.customer_id THEN ip.account_id
                    WHEN ip.meter_id IS NOT NULL THEN coalesce(hi.account_id, ip.account_id)
                    WHEN hs.account_id IS NOT NULL THEN hs.account_id
                    WHEN c.meters = 1 OR :ambiguous = 'first' THEN c.account_id END AS account_id,
               CASE WHEN d.payment_id IS NOT NULL THEN 'decision' WHEN ip.meter_id IS NOT NULL THEN 'invoice'
                    WHEN hs.account_id IS NOT NULL THEN 'stored' WHEN c.meters = 1 THEN 'single'
                    WHEN c.meters > 1 AND :ambiguous = 'first' THEN 'first-active' ELSE 'suspense' END AS assigned_by
        FROM legacy_payments p
        LEFT JOIN legacy_decisions d ON d.payment_id = p.id
        LEFT JOIN legacy_invoice_places ip ON ip.invoice_id = p.invoice_id
        LEFT JOIN legacy_homes hi ON hi.customer_id = p.customer_id AND hi.meter_id = ip.meter_id
        LEFT JOIN legacy_homes hs ON hs.customer_id = p.customer_id AND hs.meter_id = p.meter_id
        LEFT JOIN legacy_choices c ON c.customer_id = p.customer_id
        WHERE p.id BETWEEN :low AND :high
    ) AS f
    LEFT JOIN legacy_accounts a ON a.account_id = f.account_id
"""


def place(conn: Connection, progress: Progress, *, ambiguous: str) -> dict[str, int]:
    """Find the account of every invoice and payment; `ambiguous` is first or suspense. Return how they were found."""
    links, invoices, payments = staging.legacy_invoice_bills, staging.legacy_invoices, staging.legacy_payments
    for table in (links, invoices, payments):
        progress.expect(parts.count(conn, table))
    for table in (
        staging.legacy_accounts, staging.legacy_homes, staging.legacy_choices, staging.legacy_billed,
        staging.legacy_invoice_places, staging.legacy_payment_places,
    ):  # fmt: skip
        conn.execute(delete(table))
    for sentence in (_ACCOUNTS, _HOMES, _CHOICES):
        parts.whole(conn, sentence, progress=progress, doing="accounts")
    parts.analyse(conn, staging.legacy_accounts, staging.legacy_homes, staging.legacy_choices)
    parts.in_parts(conn, _BILLED, links, progress=progress, doing="bills of invoices", column="invoice_id")
    parts.analyse(conn, staging.legacy_billed)
    parts.in_parts(conn, _INVOICES, invoices, progress=progress, doing="invoices")
    for sentence in (_MADE_UP, _INTO_MADE_UP, _MADE_UP_HOMES, _DECIDED):
        parts.whole(conn, sentence, progress=progress, doing="invoices without an assignment")
    parts.analyse(conn, staging.legacy_invoice_places)
    parts.in_parts(conn, _PAYMENTS, payments, progress=progress, doing="payments", values={"ambiguous": ambiguous})
    parts.analyse(conn, staging.legacy_payment_places)
    return counts(conn)


def counts(conn: Connection) -> dict[str, int]:
    """Return how many invoices and payments were placed by which rule."""
    found: dict[str, int] = {}
    for kind, table, column in (
        ("invoice", staging.legacy_invoice_places, "placed_by"),
        ("payment", staging.legacy_payment_places, "assigned_by"),
    ):
        query = f"SELECT {column}, count(*) FROM {table.name} GROUP BY {column} ORDER BY {column}"
        found |= {f"{kind}s by {row[0]}": int(row[1]) for row in conn.exec_driver_sql(query)}
    return found
