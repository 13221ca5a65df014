"""What must hold of single values, which no sum shows: each as one small function that says, in sentences, where not.

They matter most where the file is not encrypted, at head office and at tills set to `plain_sqlite`: nothing below the
rows tells there that a disk has altered one.
"""

from collections.abc import Iterator
from typing import Any, Final, get_args

import msgspec
from sqlalchemy import ColumnElement, Connection, Date, String, Table, and_, false, func, or_, select, type_coerce

from meterpos.ledger.operations.feed import summed_digests, zone_sums
from meterpos.ledger.rules.digest import WRAP
from meterpos.ledger.rules.facts import Decision
from meterpos.ledger.tables import accounts, customers, facts, journal, meters, movements, tenders
from meterpos.ledger.tables.base import UtcDateTime, metadata
from meterpos.ledger.texts import readable

DATED: Final[tuple[Table, ...]] = (accounts, customers, facts, journal, movements, tenders)
TOLD_MAX: Final = 100
"""Rows named by one check; a page of noise spoils thousands."""
_FORM: Final = {Date: "%Y-%m-%d", UtcDateTime: "%Y-%m-%dT%H:%M:%fZ"}
"""How SQLite keeps what is no number, text or octets, as its strftime writes it."""


def indexes_say_what_their_tables_say(connection: Connection) -> Iterator[str]:
    """What is read through an index is what stands in the table. An encrypted file proves each page by itself.

    The index of names is left out: it holds nothing that is not made from the tables, and is made anew.
    """
    if connection.dialect.name != "sqlite" or connection.exec_driver_sql("PRAGMA cipher_status").scalar() == "1":
        return
    for table in metadata.sorted_tables:
        for line in connection.exec_driver_sql(f"PRAGMA integrity_check({table.name})").scalars():
            if line != "ok":
                yield f"The database finds in its table {table.name}: {line}."


def dates_can_be_read(connection: Connection) -> Iterator[str]:
    """Each date and each moment is one. PostgreSQL keeps no others."""
    if connection.dialect.name != "sqlite":
        return
    for table in DATED:
        key = next(iter(table.primary_key.columns))
        written = {
            column.name: (type_coerce(column, String), form) for column in table.columns for form in _form(column)
        }
        unreadable = {
            name: and_(text.is_not(None), func.strftime(form, text).is_distinct_from(text))
            for name, (text, form) in written.items()
        }
        found = select(key, *(wrong.label(name) for name, wrong in unreadable.items()))
        for row in connection.execute(found.where(or_(*unreadable.values())).order_by(key).limit(TOLD_MAX)):
            names = ", ".join(name for name in unreadable if row._mapping[name])
            yield f"{_named(row[0])} in {table.name} has no date that can be read in {names}."


def _form(column: Any) -> Iterator[str]:
    if (form := _FORM.get(type(column.type))) is not None:
        yield form


def _named(key: object) -> str:
    return key.hex() if isinstance(key, bytes) else str(key)


class _Filed(msgspec.Struct):
    kind: str


_FILED: Final = msgspec.json.Decoder(_Filed)


def entries_are_filed_under_their_kind(connection: Connection) -> Iterator[str]:
    """What an entry is looked for by is what its bytes say; bytes that say nothing are another check's finding."""
    rows = connection.execute(
        select(journal.c.entry_id, journal.c.kind, journal.c.data).execution_options(yield_per=1000)
    )
    for entry_id, kind, data in rows:
        try:
            said = readable(_FILED.decode(data).kind)
        except (msgspec.DecodeError, TypeError):
            continue
        if said != kind:
            yield f"Entry {entry_id.hex()[:8]} says that it is a {said} and is filed as {kind}."


def accounts_belong_to_somebody_known(connection: Connection) -> Iterator[str]:
    """A meter's account has its meter and its customer, a plan its customer, money in suspense its till."""
    owned, metered = customers.c.customer_no.is_not(None), meters.c.meter_no.is_not(None)
    no_meter, no_till = accounts.c.meter_no.is_(None), accounts.c.till_name.is_(None)
    right: ColumnElement[bool] = or_(
        and_(accounts.c.kind == "meter", owned, metered, no_till),
        and_(accounts.c.kind == "plan", owned, no_meter, no_till),
        and_(accounts.c.kind == "suspense", accounts.c.customer_no.is_(None), no_meter, ~no_till),
    )
    rows = connection.execute(
        select(
            accounts.c.account_no, accounts.c.kind, accounts.c.customer_no, accounts.c.meter_no, accounts.c.till_name
        )
        .outerjoin(customers, customers.c.customer_no == accounts.c.customer_no)
        .outerjoin(meters, meters.c.meter_no == accounts.c.meter_no)
        .where(~right)
        .order_by(accounts.c.account_no)
        .limit(TOLD_MAX)
    )
    for account_no, kind, customer_no, meter_no, till_name in rows:
        yield (
            f"Account {account_no} is of kind {kind}, of customer {customer_no or 'none'}, meter {meter_no or 'none'} "
            f"and till {till_name or 'none'}: they do not belong together, or one of them is not known here."
        )


def facts_have_their_whole_place_or_none(connection: Connection) -> Iterator[str]:
    """A place is a generation, a position and a decision; one that was lost leaves at most the decision to wait."""
    placed = and_(facts.c.generation.is_not(None), facts.c.decision.in_(get_args(Decision)))
    unplaced = or_(facts.c.decision == "none", and_(facts.c.decision.is_(None), facts.c.generation.is_(None)))
    whole = or_(and_(facts.c.position.is_not(None), placed), and_(facts.c.position.is_(None), unplaced))
    columns = (facts.c.fact_id, facts.c.generation, facts.c.position, facts.c.decision)
    rows = connection.execute(
        select(*columns).where(~func.coalesce(whole, false())).order_by(facts.c.fact_id).limit(TOLD_MAX)
    )
    for fact_id, generation, position, decision in rows:
        yield (
            f"Fact {fact_id} has generation {generation}, place {position} and decision {decision}, "
            "which head office does not say together."
        )


def digests_are_those_of_the_placed_facts(connection: Connection) -> Iterator[str]:
    """What a till compares with head office is the sum over the facts that have a place, all zones together.

    Zone by zone they may differ for as long as a customer's move to another zone has come half way.
    """
    held, summed = zone_sums(connection).values(), summed_digests(connection).values()
    counts = [sum(one.count for one in sums) for sums in (held, summed)]
    totals = [sum(one.total for one in sums) % WRAP for sums in (held, summed)]
    if counts[0] != counts[1] or totals[0] != totals[1]:
        yield (
            f"{counts[1]} facts have a place in head office's feed, the digests kept here count {counts[0]}, or their "
            "sums differ: a fact's amount, account, place or decision was altered."
        )
