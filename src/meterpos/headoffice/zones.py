"""A customer moves to another zone: the old one's tills hear that accounts left, the new one's all their history."""

from collections.abc import Sequence

from sqlalchemy import Connection, select, update

from meterpos.errors import UserError
from meterpos.headoffice import bulk
from meterpos.headoffice.feed import Outgoing, till_zone
from meterpos.headoffice.tables import feed as feed_table
from meterpos.headoffice.tables import tills
from meterpos.ledger.feedrows import ACCOUNT_LEFT
from meterpos.ledger.posting import fact_of
from meterpos.ledger.rules.facts import Fact
from meterpos.ledger.tables import accounts, contacts, customers, facts, journal, streams

ZONE_MAX = 40


class CannotMove(UserError):
    """The customer cannot be moved to that zone; nothing was changed."""


def move_customer(conn: Connection, outgoing: Outgoing, *, customer_no: str, zone: str) -> int:
    """Let another zone's tills serve a customer, and return how many accounts moved.

    Raises: CannotMove.
    """
    row = conn.execute(select(customers).where(customers.c.customer_no == customer_no).with_for_update()).one_or_none()
    if row is None:
        raise CannotMove(f"There is no customer {customer_no}. Check the number.", field="customer")
    new = zone.strip()
    if not new or len(new) > ZONE_MAX or not new.isprintable() or new == "*" or new.startswith("till:"):
        raise CannotMove(f"'{zone}' is no name for a zone. Use 1 to {ZONE_MAX} letters.", field="zone")
    if new == row.zone:
        raise CannotMove(f"Customer {customer_no} is in zone {new} already.", field="zone")
    owned = conn.execute(select(accounts).where(accounts.c.customer_no == customer_no)).all()
    conn.execute(update(customers).where(customers.c.customer_no == customer_no).values(zone=new))
    conn.execute(update(accounts).where(accounts.c.customer_no == customer_no).values(zone=new))
    numbers = [account.account_no for account in owned]
    _send_master(conn, outgoing, customer_no, numbers, {one.meter_no for one in owned if one.meter_no}, row.zone, new)
    for chunk in bulk.chunks(numbers, bulk.CHUNK):
        _send_facts(conn, outgoing, chunk, old=row.zone, new=new)
    return len(numbers)


def _send_master(
    conn: Connection,
    outgoing: Outgoing,
    customer_no: str,
    account_nos: Sequence[str],
    meter_nos: set[str],
    old: str,
    new: str,
) -> None:
    """Take customer, contacts, meters and accounts out of the old zone's line into the new one's.

    A meter that was handed over, and is another customer's there now, stays in the old line too. That an account left
    comes after where it is now, wherever a page ends: a till of both zones would let go of its meter between them.
    """
    people = conn.execute(select(contacts.c.contact_id).where(contacts.c.customer_no == customer_no)).scalars().all()
    things = [("customer", customer_no), *(("contact", one) for one in people), *(("meter", one) for one in meter_nos)]
    placed = select(feed_table.c.kind, feed_table.c.key).where(
        feed_table.c.zone == old, feed_table.c.kind.in_(("account", "plan")), feed_table.c.key.in_(account_nos)
    )
    things += [(row.kind, row.key) for row in conn.execute(placed)]
    staying = select(accounts.c.meter_no).where(accounts.c.zone == old, accounts.c.meter_no.in_(meter_nos))
    still_there = {("meter", number) for number in conn.execute(staying).scalars()}
    for kind, key in things:
        if (kind, key) not in still_there:
            outgoing.take_out(kind, key, zone=old)
        outgoing.send(kind, key, zone=new)
    for number in account_nos:
        outgoing.send(ACCOUNT_LEFT, number, zone=old)
        outgoing.take_out(ACCOUNT_LEFT, number, zone=new)


def _send_facts(conn: Connection, outgoing: Outgoing, account_nos: Sequence[str], *, old: str, new: str) -> None:
    """Send every fact of these accounts to the new zone; a till hears of those it took itself, wherever it serves."""
    takers = conn.execute(
        select(facts.c.fact_id, streams.c.till_name)
        .join(journal, journal.c.entry_id == facts.c.entry_id)
        .join(streams, streams.c.stream == journal.c.stream)
        .where(facts.c.stands_on.in_(account_nos))
    )
    taken_by = {row.fact_id: row.till_name for row in takers}
    serves = {row.till_name: set(row.zones) for row in conn.execute(select(tills.c.till_name, tills.c.zones))}
    for row in conn.execute(select(facts).where(facts.c.stands_on.in_(account_nos))).all():
        fact: Fact = fact_of(row)
        till = taken_by.get(fact.fact_id)
        zones = [new]
        if till is not None and new not in serves.get(till, set()):
            zones.append(till_zone(till))
        elif till is not None:
            outgoing.take_out("fact", fact.fact_id, zone=till_zone(till))
        outgoing.take_out("fact", fact.fact_id, zone=old)
        outgoing.send_fact(fact, zones=zones)
