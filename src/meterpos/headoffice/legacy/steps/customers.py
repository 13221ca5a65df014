"""Step 5: what each customer owes and holds, summed over active accounts."""

from typing import Final

from sqlalchemy import Connection, delete

from meterpos.headoffice.legacy.progress import Progress
from meterpos.headoffice.legacy.steps import parts
from meterpos.headoffice.tables import legacy as staging

EVERYBODY: Final = """
    SELECT id AS customer_id FROM legacy_users
    WHERE lower(coalesce(role, 'customer')) = 'customer' OR coalesce(balance_minor, 0) <> 0
       OR coalesce(overpayment_minor, 0) <> 0
    UNION SELECT customer_id FROM legacy_accounts
    UNION SELECT customer_id FROM legacy_payment_places
"""
"""Whoever owes, holds or paid something is a customer, and so is who is called one; staff is not."""

_SUMS: Final = f"""
    INSERT INTO legacy_customers (customer_id, balance_minor, overpayment_minor)
    SELECT e.customer_id,
           CAST(coalesce(sum(CASE WHEN s.net_minor > 0 THEN s.net_minor END), 0) AS bigint),
           CAST(coalesce(sum(CASE WHEN s.net_minor < 0 THEN -s.net_minor END), 0) AS bigint)
    FROM ({EVERYBODY}) AS e
    LEFT JOIN legacy_accounts a ON a.customer_id = e.customer_id AND a.is_active = 1
    LEFT JOIN legacy_account_sums s ON s.account_id = a.account_id
    GROUP BY e.customer_id
"""


def compute(conn: Connection, progress: Progress) -> dict[str, int]:
    """Write every customer's balance and overpayment."""
    progress.expect(parts.count(conn, staging.legacy_users))
    conn.execute(delete(staging.legacy_customers))
    work = parts.count(conn, staging.legacy_users)
    written = parts.whole(conn, _SUMS, progress=progress, doing="balances of customers", work=work)
    parts.analyse(conn, staging.legacy_customers)
    return {"customers": written}
