"""Step 2: invoice amounts from their bills, and each account's opening balance.

The opening balance is the BALANCE of an account's first billed invoice less the account's net just before it; every
later BALANCE repeats what is already owed and never counts.
"""

from typing import Final

from sqlalchemy import Connection, delete

from meterpos.headoffice.legacy.progress import Progress
from meterpos.headoffice.legacy.steps import parts
from meterpos.headoffice.tables import legacy as staging

_SUMS: Final = """
    INSERT INTO legacy_invoice_sums
        (invoice_id, account_id, invoice_date, amount_minor, forward_minor, total_minor, has_bills)
    SELECT i.id, p.account_id, i.invoice_date,
           CASE WHEN b.invoice_id IS NOT NULL THEN b.amount_minor ELSE coalesce(i.amount_minor, 0) END,
           CASE WHEN b.invoice_id IS NOT NULL THEN b.forward_minor ELSE coalesce(i.forward_minor, 0) END,
           CASE WHEN b.invoice_id IS NOT NULL THEN b.amount_minor + b.forward_minor
                ELSE coalesce(i.total_minor, coalesce(i.amount_minor, 0) + coalesce(i.forward_minor, 0)) END,
           CASE WHEN b.invoice_id IS NOT NULL THEN 1 ELSE 0 END
    FROM legacy_invoices i
    JOIN legacy_invoice_places p ON p.invoice_id = i.id
    LEFT JOIN legacy_billed b ON b.invoice_id = i.id
    WHERE i.id BETWEEN :low AND :high
"""
_OPENINGS: Final = """
    INSERT INTO legacy_openings (account_id, invoice_id, forward_minor, before_minor, opening_minor)
    SELECT f.account_id, f.invoice_id, f.forward_minor,
           coalesce(i.minor, 0) - coalesce(p.minor, 0),
           f.forward_minor - coalesce(i.minor, 0) + coalesce(p.minor, 0)
    FROM (
        SELECT account_id, invoice_id, invoice_date, forward_minor FROM (
            SELECT account_id, invoice_id, invoice_date, forward_minor,
                   row_number() OVER (
                       PARTITION BY account_id ORDER BY coalesce(invoice_date, '9999'), invoice_id) AS place
            FROM legacy_invoice_sums WHERE has_bills = 1
        ) AS ranked WHERE place = 1
    ) AS f
    LEFT JOIN (
        SELECT o.account_id, CAST(sum(o.amount_minor) AS bigint) AS minor
        FROM legacy_invoice_sums o
        JOIN (
            SELECT account_id, min(coalesce(invoice_date, '9999')) AS first_on FROM legacy_invoice_sums
            WHERE has_bills = 1 GROUP BY account_id
        ) AS d ON d.account_id = o.account_id
        WHERE o.has_bills = 0 AND (o.invoice_date < d.first_on OR (o.invoice_date = d.first_on AND o.invoice_id < (
            SELECT min(s.invoice_id) FROM legacy_invoice_sums s
            WHERE s.account_id = o.account_id AND s.has_bills = 1 AND s.invoice_date = d.first_on)))
        GROUP BY o.account_id
    ) AS i ON i.account_id = f.account_id
    LEFT JOIN (
        SELECT pp.account_id, CAST(sum(pp.amount_minor) AS bigint) AS minor
        FROM legacy_payment_places pp
        JOIN (
            SELECT account_id, min(coalesce(invoice_date, '9999')) AS first_on FROM legacy_invoice_sums
            WHERE has_bills = 1 GROUP BY account_id
        ) AS d ON d.account_id = pp.account_id
        WHERE pp.counts = 1 AND pp.paid_on < d.first_on
        GROUP BY pp.account_id
    ) AS p ON p.account_id = f.account_id
"""


def rebuild(conn: Connection, progress: Progress) -> dict[str, int]:
    """Write every invoice's amounts and every account's opening balance; return how many differ or have no bills."""
    progress.expect(2 * parts.count(conn, staging.legacy_invoices))
    for table in (staging.legacy_invoice_sums, staging.legacy_openings):
        conn.execute(delete(table))
    parts.in_parts(conn, _SUMS, staging.legacy_invoices, progress=progress, doing="invoice amounts")
    parts.analyse(conn, staging.legacy_invoice_sums)
    work = parts.count(conn, staging.legacy_invoices)
    openings = parts.whole(conn, _OPENINGS, progress=progress, doing="opening balances", work=work)
    parts.analyse(conn, staging.legacy_openings)
    return {"accounts with a first invoice": openings, **_counts(conn)}


def _counts(conn: Connection) -> dict[str, int]:
    (row,) = conn.exec_driver_sql(
        "SELECT count(*), sum(CASE WHEN s.has_bills = 0 THEN 1 ELSE 0 END), "
        "sum(CASE WHEN s.amount_minor <> coalesce(i.amount_minor, 0) THEN 1 ELSE 0 END) "
        "FROM legacy_invoice_sums s JOIN legacy_invoices i ON i.id = s.invoice_id"
    ).all()
    return {
        "invoices": int(row[0]),
        "invoices without bills": int(row[1] or 0),
        "invoices whose amount differed from their bills": int(row[2] or 0),
    }
