"""Letting writers of one account take turns, so that no balance is worked out from half of what is there.

PostgreSQL: an UPDATE from a sub-select that waited for a row sees the new row but the old sums. So the rows of accounts
and their customers are locked first, in one order everywhere; the statements after that see all that was committed.
SQLite has one writer. And a part of a transaction that can be undone by itself.
"""

from collections.abc import Collection, Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, select

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


def hold_all(conn: Connection) -> None:
    """Let nobody else write to accounts until the transaction ends; others go on reading.

    For what writes most of them: to lock many thousand rows one by one costs a quarter of updating them. Call it first
    in a transaction, so that it waits while it holds nothing that another waits for.
    """
    if conn.dialect.name != "sqlite":
        conn.exec_driver_sql("LOCK TABLE accounts IN EXCLUSIVE MODE")


@contextmanager
def savepoint(conn: Connection) -> Iterator[None]:
    """Undo what is done in the block, and nothing else, should it raise: SQLAlchemy compiles its own at each use."""
    conn.exec_driver_sql("SAVEPOINT batch")
    try:
        yield
    except BaseException:
        conn.exec_driver_sql("ROLLBACK TO SAVEPOINT batch")
        raise
    finally:
        conn.exec_driver_sql("RELEASE SAVEPOINT batch")
