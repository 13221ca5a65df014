"""After a look at zones from their start: what it did not name, head office does not have, and this till lets go of.

What this till's own journal made stays, and what waits is not touched. Settings, people and devices are not let go of:
a till is not taken from its clerk because head office came back from a backup (decision record 0041).
"""

from collections.abc import Collection, Set
from typing import Any, Final

from sqlalchemy import Connection, delete, func, select, update

from meterpos.ledger import search_index
from meterpos.ledger.balances import recalculate
from meterpos.ledger.bulk import among
from meterpos.ledger.journal import parse
from meterpos.ledger.operations import places
from meterpos.ledger.operations.feed import check_generation, sum_digests_anew
from meterpos.ledger.tables import accounts, contacts, customers, facts, journal, meters, plans, streams, till_identity

Named = Set[tuple[str, str]]
"""Kind and key of every row a look brought."""


def forget_unheard(connection: Connection, *, generation: int, zones: Collection[str], named: Named) -> bool:
    """Take their places from facts of ``zones`` that a whole look at them did not name; tell whether there were any.

    Then head office came back without what it had said: every stream is asked about anew, and the till is in doubt of
    what is no fact, too.

    Raises: StaleCursor when the till has entered another generation.
    """
    check_generation(connection, generation)
    till = connection.execute(select(till_identity.c.till_name)).scalar_one()
    zone = func.coalesce(accounts.c.zone, f"till:{till}")
    held = select(*places.NAMED).outerjoin_from(facts, accounts, accounts.c.account_no == facts.c.stands_on)
    placed = connection.execute(held.where(facts.c.position.is_not(None), zone.in_(sorted(zones))))
    unheard = [row for row in placed if ("fact", row.fact_id) not in named]
    if not unheard:
        return False
    recalculate(connection, places.take_away(connection, unheard))
    connection.execute(update(streams).where(~streams.c.is_current).values(generation=None))
    connection.execute(update(till_identity).values(in_doubt=True))
    sum_digests_anew(connection)
    return True


def keep_named(
    connection: Connection, *, generation: int, zones: Collection[str], named: Named, everywhere: bool
) -> int:
    """Let go of customers, contacts, meters and accounts of ``zones`` that a look did not name; return how many.

    What this till took on such an account keeps its place: head office tells of it in the till's own line, and where it
    does not, that line differs and is looked at itself. So does what a copy of this till took, where it was named.

    ``everywhere``: it went to all zones this till serves, so that nothing is in doubt any more.

    Raises: StaleCursor when the till has entered another generation.
    """
    check_generation(connection, generation)
    gone, sought, touched = 0, set[str](), set[str]()
    own = places.own_entries(connection)
    for account in _unnamed_accounts(connection, zones, named):
        here = select(*places.NAMED).where(facts.c.stands_on == account.account_no, facts.c.position.is_not(None))
        others = [row for row in connection.execute(here) if row.entry_id not in own]
        if account.kind == "meter":  # a plan goes with all that is on it
            others = [row for row in others if ("fact", row.fact_id) not in named]
        whose, left = places.let_go(connection, account, others)
        connection.execute(delete(plans).where(plans.c.account_no == account.account_no))
        gone, sought, touched = gone + 1, sought | whose, touched | left
    people = _unnamed_customers(connection, zones, named)
    sought |= people
    gone += len(people) + _forget_contacts(connection, zones, named)
    if everywhere:
        gone += _forget_meters(connection, named)
        connection.execute(update(till_identity).where(till_identity.c.id == 1).values(in_doubt=False))
    search_index.refresh(connection, customer_nos=sought)
    sum_digests_anew(connection)
    left_over = select(accounts.c.account_no).where(among(connection, accounts.c.customer_no, sought))
    recalculate(connection, touched | set(connection.execute(left_over).scalars()))
    return gone


_in_doubt: Final = select(till_identity.c.in_doubt)


def is_in_doubt(connection: Connection) -> bool:
    """Tell whether a restored head office may not have customers, meters or accounts as they are here."""
    return bool(connection.execute(_in_doubt).scalar_one())


def _unnamed_accounts(connection: Connection, zones: Collection[str], named: Named) -> list[Any]:
    """Return accounts of meters and plans that were not named; a plan made here waits until head office has it."""
    query = select(accounts).where(accounts.c.zone.in_(sorted(zones)), accounts.c.kind.in_(("meter", "plan")))
    unnamed = [row for row in connection.execute(query) if ("account", row.account_no) not in named]
    made_here: set[str] = set()
    if any(row.kind == "plan" for row in unnamed):
        asked = connection.execute(select(journal.c.data).where(journal.c.kind == "plan_request")).scalars()
        made_here = {str(parse(data).body["account"]) for data in asked}
    return [row for row in unnamed if row.account_no not in made_here]


def _unnamed_customers(connection: Connection, zones: Collection[str], named: Named) -> set[str]:
    """Delete customers without an account here that were not named, with their contacts; return their numbers."""
    alone = ~select(accounts.c.account_no).where(accounts.c.customer_no == customers.c.customer_no).exists()
    query = select(customers.c.customer_no).where(customers.c.zone.in_(sorted(zones)), alone)
    gone = {number for number in connection.execute(query).scalars() if ("customer", number) not in named}
    for number in gone:
        for table in (contacts, customers):
            connection.execute(delete(table).where(table.c.customer_no == number))
    return gone


def _forget_contacts(connection: Connection, zones: Collection[str], named: Named) -> int:
    owned = contacts.join(customers, customers.c.customer_no == contacts.c.customer_no)
    query = select(contacts.c.contact_id).select_from(owned).where(customers.c.zone.in_(sorted(zones)))
    gone = [one for one in connection.execute(query).scalars() if ("contact", one) not in named]
    for one in gone:
        connection.execute(delete(contacts).where(contacts.c.contact_id == one))
    return len(gone)


def _forget_meters(connection: Connection, named: Named) -> int:
    """Delete meters that no account here names, and no row of the look."""
    unused = ~select(accounts.c.account_no).where(accounts.c.meter_no == meters.c.meter_no).exists()
    query = select(meters.c.meter_no).where(unused)
    gone = [number for number in connection.execute(query).scalars() if ("meter", number) not in named]
    for number in gone:
        connection.execute(delete(meters).where(meters.c.meter_no == number))
    return len(gone)
