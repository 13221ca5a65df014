"""Step 4: what each account owes by its transactions; reversed and pending payments are left out."""

from typing import Final

from sqlalchemy import Connection, delete

from meterpos.errors import UserError
from meterpos.headoffice.legacy.progress import Progress
from meterpos.headoffice.legacy.steps import parts
from meterpos.headoffice.tables import legacy as staging

_BACKUP: Final = """
    INSERT INTO legacy_backups (customer_id, balance_minor, overpayment_minor)
    SELECT id, balance_minor, overpayment_minor FROM legacy_users
"""
_NETS: Final = """
    INSERT INTO legacy_account_sums (account_id, opening_minor, billed_minor, paid_minor, net_minor)
    SELECT a.account_id, coalesce(o.opening_minor, 0), coalesce(i.minor, 0), coalesce(p.minor, 0),
           coalesce(o.opening_minor, 0) + coalesce(i.minor, 0) - coalesce(p.minor, 0)
    FROM legacy_accounts a
    LEFT JOIN legacy_openings o ON o.account_id = a.account_id
    LEFT JOIN (
        SELECT account_id, CAST(sum(amount_minor) AS bigint) AS minor FROM legacy_invoice_sums GROUP BY account_id
    ) AS i ON i.account_id = a.account_id
    LEFT JOIN (
        SELECT account_id, CAST(sum(amount_minor) AS bigint) AS minor FROM legacy_payment_places
        WHERE counts = 1 AND account_id IS NOT NULL GROUP BY account_id
    ) AS p ON p.account_id = a.account_id
"""
_NOWHERE: Final = (
    "SELECT count(*) FROM legacy_payment_places "
    "WHERE account_id IS NULL AND assigned_by NOT IN ('suspense', 'decision')"
)
_UNPLACED: Final = (
    "SELECT count(*) FROM legacy_payments p LEFT JOIN legacy_payment_places pp ON pp.payment_id = p.id "
    "WHERE pp.payment_id IS NULL"
)


class PaymentsNowhere(UserError):
    """Payments have neither meter nor suspense."""


def refuse_payments_nowhere(conn: Connection, *, placed: bool = True) -> None:
    """Make sure every payment has a meter or stands in suspense; before step 1 (not `placed`) none has.

    Raises: PaymentsNowhere with the count.
    """
    if placed:
        count = sum(int(conn.exec_driver_sql(query).scalar_one()) for query in (_NOWHERE, _UNPLACED))
    else:
        count = parts.count(conn, staging.legacy_payments)
    if count:
        what = "1 payment has" if count == 1 else f"{count:,} payments have"
        raise PaymentsNowhere(
            f"{what} neither a meter nor a place in suspense. Run: meterpos migrate backfill-payment-meter-ids"
        )


def compute(conn: Connection, progress: Progress) -> dict[str, int]:
    """Back customers' balances up and compute every account's. Raises: PaymentsNowhere."""
    refuse_payments_nowhere(conn)
    work = parts.count(conn, staging.legacy_invoices) + parts.count(conn, staging.legacy_payments)
    progress.expect(work)
    for table in (staging.legacy_backups, staging.legacy_account_sums):
        conn.execute(delete(table))
    kept = parts.whole(conn, _BACKUP, progress=progress, doing="customers' balances, kept as they were")
    written = parts.whole(conn, _NETS, progress=progress, doing="balances of meters", work=work)
    parts.analyse(conn, staging.legacy_account_sums)
    return {"customers' balances kept as they were": kept, "accounts with a balance of their own": written}
