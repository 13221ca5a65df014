"""Letting writers of one account take turns, so that no balance is worked out from half of what is there.

PostgreSQL: an UPDATE from a sub-select that waited for a row sees the new row but the old sums. So the rows of accounts
and their customers are locked first, in one order everywhere; the statements after that see all that was committed.
SQLite has one writer.
"""

from collections.abc import Collection

from sqlalchemy import Connection, select

from meterpos.headoffice import bulk
from meterpos.ledger.tables import accounts, customers


def hold_accounts(conn: Connection, account_nos: Collection[str]) -> None:
    """Lock these accounts and the customers whose sums they are part of until the transaction ends."""
    if conn.dialect.name == "sqlite":
        return
    owners: set[str] = set()
    for chunk in bulk.chunks(sorted(account_nos), bulk.CHUNK):
        query = select(accounts.c.customer_no).where(accounts.c.account_no.in_(chunk)).order_by(accounts.c.account_no)
        owners.update(number for number in conn.execute(query.with_for_update()).scalars() if number is not None)
    for chunk in bulk.chunks(sorted(owners), bulk.CHUNK):
        query = (
            select(customers.c.customer_no).where(customers.c.customer_no.in_(chunk)).order_by(customers.c.customer_no)
        )
        conn.execute(query.with_for_update()).all()
