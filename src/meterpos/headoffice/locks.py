"""Letting writers of one account take turns, so that no balance is worked out from half of what is there.

PostgreSQL: an UPDATE from a sub-select that waited for a row sees the new row but the old sums. So the rows of accounts
and their customers are locked first, in one order everywhere; the statements after that see all that was committed.
SQLite has one writer.
"""

from collections.abc import Collection

from sqlalchemy import Connection, func, select

from meterpos.headoffice import bulk
from meterpos.ledger.tables import accounts, customers


def hold_accounts(conn: Connection, account_nos: Collection[str]) -> None:
    """Lock these accounts and the customers whose sums they are part of until the transaction ends."""
    if conn.dialect.name == "sqlite":
        return
    of_accounts = bulk.among(conn, accounts.c.account_no, sorted(account_nos))
    query = select(accounts.c.customer_no).where(of_accounts).order_by(accounts.c.account_no)
    owners = {number for number in conn.execute(query.with_for_update()).scalars() if number is not None}
    of_customers = bulk.among(conn, customers.c.customer_no, sorted(owners))
    query = select(customers.c.customer_no).where(of_customers).order_by(customers.c.customer_no)
    conn.execute(query.with_for_update()).all()


def hold_range(conn: Connection, *, after: str, through: str) -> None:
    """Lock the customers after one number up to another, and their accounts, until the transaction ends."""
    if conn.dialect.name == "sqlite":
        return
    for table, key in ((accounts, accounts.c.account_no), (customers, customers.c.customer_no)):
        mine = (table.c.customer_no > after) & (table.c.customer_no <= through)
        locked = select(key).where(mine).order_by(key).with_for_update().subquery()
        conn.execute(select(func.count()).select_from(locked))
