"""Facts lose their place in head office's line, and accounts leave: because it said so, or came back without them."""

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import Connection, bindparam, delete, select, update

from meterpos.ledger.posting import rewrite_groups
from meterpos.ledger.tables import accounts, contacts, customers, facts, journal, meters

NAMED: Final = (
    facts.c.fact_id,
    facts.c.of_fact_id,
    facts.c.account_no,
    facts.c.stands_on,
    facts.c.entry_id,
    facts.c.generation,
)
"""What of a fact is asked to take its place away."""


def take_away(connection: Connection, placed: Sequence[Any]) -> set[str]:
    """Take these facts' places away and return the accounts whose sums may differ, which are not worked out here.

    This till's own become provisional again, all others stand without effect until the feed brings them again.
    """
    own = own_entries(connection)
    unplace(connection, [row for row in placed if row.entry_id in own], decision=None)
    unplace(connection, [row for row in placed if row.entry_id not in own], decision="none")
    subjects = sorted({row.of_fact_id or row.fact_id for row in placed})
    stood = {row.account_no for row in placed} | {row.stands_on for row in placed}
    return stood | rewrite_groups(connection, subjects, also_on=stood)


def own_entries(connection: Connection) -> set[bytes]:
    """Return the ids of all entries this till made, in every stream it has."""
    return set(connection.execute(select(journal.c.entry_id)).scalars())


_unstamp: Final = (
    update(facts)
    .where(facts.c.fact_id == bindparam("of_fact"))
    .values(
        stands_on=bindparam("to_account"),
        generation=bindparam("to_generation"),
        position=None,
        decision=bindparam("to_decision"),
    )
)
"""Of others' facts the generation stays: it says in which they were heard, until head office was told (witnesses)."""


def unplace(connection: Connection, rows: Sequence[Any], *, decision: str | None) -> None:
    """Let facts stand where they were made, without a place; their groups' movements are written anew elsewhere."""
    if rows:
        connection.execute(
            _unstamp,
            [
                {
                    "of_fact": row.fact_id,
                    "to_account": row.account_no,
                    "to_generation": None if decision is None else row.generation,
                    "to_decision": decision,
                }
                for row in rows
            ],
        )


def let_go(connection: Connection, account: Any, placed: Sequence[Any]) -> tuple[set[str], set[str]]:
    """Let go of an account and the facts ``placed`` on it; return the customers and accounts this touches.

    What this till took itself stands provisional until head office says where. The account's row goes, its meter's,
    and its customer's once they have no other account here.
    """
    touched = take_away(connection, placed)
    connection.execute(delete(accounts).where(accounts.c.account_no == account.account_no))
    others = accounts.c.meter_no == account.meter_no
    if account.meter_no and connection.execute(select(accounts.c.account_no).where(others)).first() is None:
        connection.execute(delete(meters).where(meters.c.meter_no == account.meter_no))
    owned = select(accounts.c.account_no).where(accounts.c.customer_no == account.customer_no)
    if account.customer_no and connection.execute(owned).first() is None:
        for table in (contacts, customers):
            connection.execute(delete(table).where(table.c.customer_no == account.customer_no))
    return {account.customer_no} if account.customer_no else set(), touched
