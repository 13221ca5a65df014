"""What must always hold of a ledger, each as one small function that says, in sentences, where it does not.

Nothing is changed. A sentence names what is expected, what is there and the difference. `till check` and
`headoffice check` run the list.
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from heapq import merge
from itertools import groupby, islice
from operator import attrgetter
from typing import Any, Final

from msgspec.structs import astuple
from sqlalchemy import BigInteger, Connection, Select, cast, func, select

from meterpos.ledger.balances import find_customer_differences, find_differences
from meterpos.ledger.journal import FIRST_PREV, STREAM_BYTES, BrokenEntry, Entry, make_entry
from meterpos.ledger.money import format_amount
from meterpos.ledger.posting import fact_of, same_content
from meterpos.ledger.projection import facts_of
from meterpos.ledger.queries.books import SPOKEN_OF, book_balances, spoken_of
from meterpos.ledger.queries.ordering import as_text
from meterpos.ledger.rules.balances import PLAIN_KINDS, movements_of
from meterpos.ledger.rules.facts import Fact
from meterpos.ledger.rules.postings import Book
from meterpos.ledger.tables import accounts, facts, journal, movements, tenders, triggers
from meterpos.ledger.value_checks import (
    accounts_belong_to_somebody_known,
    dates_can_be_read,
    digests_are_those_of_the_placed_facts,
    entries_are_filed_under_their_kind,
    facts_have_their_whole_place_or_none,
    indexes_say_what_their_tables_say,
)

Check = Callable[[Connection], Iterator[str]]
ROWS_AT_ONCE: Final = 1000
ENTRIES_AT_ONCE: Final = 300


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that must hold and does not."""

    check: str
    sentence: str


def run_checks(connection: Connection, *, checks: Sequence[Check] | None = None) -> Iterator[Problem]:
    """Run every check (or those given) and say what does not hold, as it is found.

    A value so spoilt that a check cannot read it is that check's finding.
    """
    for check in CHECKS if checks is None else checks:
        try:
            for sentence in check(connection):
                yield Problem(check.__name__, sentence)
        except (ValueError, TypeError, LookupError, BrokenEntry) as error:
            yield Problem(check.__name__, f"A row could not be read ({type(error).__name__}: {error}).")


# --- sums -------------------------------------------------------------------------------------------------------------


def movements_are_those_of_the_facts(connection: Connection) -> Iterator[str]:
    """Each fact that counts has its movement, and there is no other."""
    grouped = sorted(astuple(movement) for group in spoken_of(connection) for movement in movements_of(group))
    key = [as_text(connection, column) for column in (facts.c.stands_on, facts.c.fact_id)]
    alone = map(tuple, _stream(connection, _ALONE.order_by(*key)))
    key = [as_text(connection, column) for column in (movements.c.account_no, movements.c.fact_id)]
    kept = map(tuple, _stream(connection, select(movements).order_by(*key)))
    for expected, found in _side_by_side(merge(alone, grouped), kept):
        if expected is None:
            yield f"Movement {_movement(found)} is there, but no fact that counts makes it."
        elif found is None:
            yield f"Movement {_movement(expected)} is missing."
        else:
            yield f"Movement {_movement(found)} is there; its fact says {_movement(expected)}."


_ALONE: Final = select(
    facts.c.stands_on,
    facts.c.fact_id,
    facts.c.kind,
    facts.c.fact_date,
    facts.c.due_date,
    facts.c.amount_minor,
    facts.c.number,
    facts.c.invoice_no,
    facts.c.of_fact_id,
).where(
    facts.c.kind.in_([*sorted(PLAIN_KINDS), "payment"]),
    facts.c.counts,
    facts.c.decision.is_distinct_from("none"),
    facts.c.fact_id.not_in(SPOKEN_OF),
)


def _side_by_side(
    expected: Iterator[tuple[Any, ...]], found: Iterator[tuple[Any, ...]]
) -> Iterator[tuple[tuple[Any, ...] | None, tuple[Any, ...] | None]]:
    """Walk two sorted streams together and return what is not the same; their first two fields are the key."""
    left, right = next(expected, None), next(found, None)
    while left is not None or right is not None:
        if left == right:
            left, right = next(expected, None), next(found, None)
        elif right is None or (left is not None and left[:2] < right[:2]):
            yield left, None
            left = next(expected, None)
        elif left is None or right[:2] < left[:2]:
            yield None, right
            right = next(found, None)
        else:
            yield left, right
            left, right = next(expected, None), next(found, None)


def _movement(values: tuple[Any, ...] | None) -> str:
    assert values is not None, "one of two that differ is there"
    account_no, fact_id, kind, fact_date, _, amount_minor, *_ = values
    return f"{fact_id} ({kind} of {fact_date}, {format_amount(amount_minor)}) on {account_no}"


def accounts_keep_the_sums_of_their_movements(connection: Connection) -> Iterator[str]:
    """What is kept per account is what its movements add up to."""
    for one in find_differences(connection, None):
        kept, computed = one.kept.net_minor, one.computed.net_minor
        yield (
            f"Account {one.account_no} keeps a net of {format_amount(kept)}, its movements add up to "
            f"{format_amount(computed)}: {format_amount(kept - computed)} difference"
            + ("." if kept != computed else " in the net; another of its sums differs.")
        )


def customers_keep_the_sums_of_their_accounts(connection: Connection) -> Iterator[str]:
    """What is kept per customer is the sum over their active meter accounts."""
    for kept, computed in find_customer_differences(connection):
        yield (
            f"Customer {kept.customer_no} keeps balance {format_amount(kept.balance_minor)} and overpayment "
            f"{format_amount(kept.overpayment_minor)}, the accounts say {format_amount(computed.balance_minor)} and "
            f"{format_amount(computed.overpayment_minor)}."
        )


def books_balance(connection: Connection) -> Iterator[str]:
    """Debits equal credits, and the books owe what the accounts owe."""
    books = book_balances(connection)
    if sum(books.values()):
        yield f"The trial balance is {format_amount(sum(books.values()))}, not zero."
    moved: dict[Book, int] = {"receivable": 0, "suspense": 0}
    for kind, minor in connection.execute(_MOVED):
        moved["suspense" if kind == "suspense" else "receivable"] += minor
    for book, moved_minor in moved.items():
        held_minor = books.get(book, 0)
        if held_minor != moved_minor:
            yield (
                f"The book {book} holds {format_amount(held_minor)}, the movements of its accounts add up to "
                f"{format_amount(moved_minor)}: {format_amount(held_minor - moved_minor)} difference."
            )


_MOVED: Final = (
    select(accounts.c.kind, cast(func.sum(movements.c.amount_minor), BigInteger))
    .join_from(movements, accounts, accounts.c.account_no == movements.c.account_no, isouter=True)
    .group_by(accounts.c.kind)
)


# --- facts ------------------------------------------------------------------------------------------------------------


def undoings_are_twins_of_their_payments(connection: Connection) -> Iterator[str]:
    """A payment is reversed once, by its own amount, where it stands."""
    for group in spoken_of(connection):
        payment = next((fact for fact in group if fact.kind == "payment"), None)
        reversals = [fact for fact in group if fact.kind == "reversal" and fact.decision != "none"]
        if payment is None:
            continue
        for reversal in reversals:
            if reversal.amount_minor != -payment.amount_minor:
                yield (
                    f"Reversal {reversal.fact_id} is of {format_amount(reversal.amount_minor)}, its payment "
                    f"{payment.fact_id} of {format_amount(-payment.amount_minor)}."
                )
        if len(reversals) > 1:
            numbers = ", ".join(sorted(fact.number for fact in reversals))
            yield f"Payment {payment.fact_id} is reversed {len(reversals)} times ({numbers}): head office decides."


def facts_speak_of_payments(connection: Connection) -> Iterator[str]:
    """A reversal, clearing, bounce or confirmation speaks of a payment that is here."""
    payment = facts.alias("payment")
    query = (
        select(facts.c.fact_id, facts.c.kind, facts.c.of_fact_id)
        .join_from(
            facts, payment, (payment.c.fact_id == facts.c.of_fact_id) & (payment.c.kind == "payment"), isouter=True
        )
        .where(facts.c.kind.in_(("reversal", "clearing", "bounce", "confirmation")), payment.c.fact_id.is_(None))
        .order_by(facts.c.fact_id)
    )
    for fact_id, kind, of_fact_id in _stream(connection, query):
        yield f"The {kind} {fact_id} speaks of {of_fact_id}, which is no payment known here."


def meters_have_one_active_account(connection: Connection) -> Iterator[str]:
    """A meter belongs to one customer at a time."""
    query = (
        select(accounts.c.meter_no, func.count())
        .where(accounts.c.kind == "meter", accounts.c.closed_on.is_(None))
        .group_by(accounts.c.meter_no)
        .having(func.count() > 1)
        .order_by(accounts.c.meter_no)
    )
    for meter_no, count in connection.execute(query):
        yield f"Meter {meter_no} has {count} active accounts, not one."


# --- journal ----------------------------------------------------------------------------------------------------------


def entries_hash_to_their_ids(connection: Connection) -> Iterator[str]:
    """Each stored entry's bytes give the id it is stored under."""
    for entry in _entries(connection):
        if not _is_whole(entry):
            yield f"Entry {entry.seq} of stream {entry.stream.hex()} does not hash to its id {entry.short_id}."


def streams_are_chains_without_gaps(connection: Connection) -> Iterator[str]:
    """Each entry follows one that is there; a stream begins at 1. Head office may hold both branches of a clone."""
    for stream, entries in groupby(_entries(connection), key=attrgetter("stream")):
        last, heads = 0, {FIRST_PREV}
        for seq, branches in groupby(entries, key=attrgetter("seq")):
            here = tuple(branches)
            if seq != last + 1:
                yield f"Stream {stream.hex()} goes from entry {last} to {seq}: some are missing."
            elif any(entry.prev not in heads for entry in here):
                yield f"Entry {seq} of stream {stream.hex()} does not follow the entry before it."
            last, heads = seq, {entry.entry_id for entry in here}


def entries_stand_in_the_facts(connection: Connection) -> Iterator[str]:
    """Each fact an entry states is stored with the same content."""
    entries = iter(_entries(connection, kinds=("tender", "reversal", "correction", "plan_request")))
    while some := tuple(islice(entries, ENTRIES_AT_ONCE)):
        stated = [fact for entry in some if _is_whole(entry) for fact in facts_of(entry)]
        stored: dict[str, Fact] = {}
        for at in range(0, len(stated), ENTRIES_AT_ONCE):
            ids = [fact.fact_id for fact in stated[at : at + ENTRIES_AT_ONCE]]
            rows = connection.execute(select(facts).where(facts.c.fact_id.in_(ids)))
            stored.update((row.fact_id, fact_of(row)) for row in rows)
        for fact in stated:
            if fact.fact_id not in stored:
                yield f"Receipt {fact.number}: its fact {fact.fact_id} is missing."
            elif not same_content(stored[fact.fact_id], fact):
                yield f"Receipt {fact.number}: its fact {fact.fact_id} is not what the entry states."


def _is_whole(entry: Entry) -> bool:
    """Tell whether the bytes are those of the id; what is not is another check's finding."""
    if len(entry.stream) != STREAM_BYTES or len(entry.prev) != len(FIRST_PREV) or entry.seq < 1:
        return False
    return make_entry(stream=entry.stream, seq=entry.seq, prev=entry.prev, data=entry.data) == entry


def _entries(connection: Connection, *, kinds: Collection[str] = ()) -> Iterator[Entry]:
    query = select(journal.c.stream, journal.c.seq, journal.c.prev, journal.c.data, journal.c.entry_id)
    if kinds:
        query = query.where(journal.c.kind.in_(kinds))
    for row in _stream(connection, query.order_by(journal.c.stream, journal.c.seq, journal.c.entry_id)):
        yield Entry(*row)


def _stream(connection: Connection, query: Select[Any]) -> Iterator[Any]:
    yield from connection.execute(query, execution_options={"yield_per": ROWS_AT_ONCE})


def papers_are_numbered_without_gaps(connection: Connection) -> Iterator[str]:
    """A stream numbers its customer papers 1, 2, 3 and so on."""
    query = (
        select(
            tenders.c.stream,
            func.count(),
            func.count(tenders.c.counter.distinct()),
            func.min(tenders.c.counter),
            func.max(tenders.c.counter),
        )
        .group_by(tenders.c.stream)
        .order_by(tenders.c.stream)
    )
    for stream, count, different, first, last in connection.execute(query):
        if not (first == 1 and count == different == last):
            yield f"Stream {stream.hex()} has {count} papers with {different} numbers from {first} to {last}."


def immutable_tables_refuse_change(connection: Connection) -> Iterator[str]:
    """The triggers that make facts, journal and tenders immutable are there."""
    for name in sorted(triggers.EXPECTED - triggers.present(connection)):
        yield f"The trigger {name} is missing: rows that must not change could be changed."


CHECKS: Final[tuple[Check, ...]] = (
    immutable_tables_refuse_change,
    indexes_say_what_their_tables_say,
    dates_can_be_read,
    accounts_belong_to_somebody_known,
    entries_hash_to_their_ids,
    entries_are_filed_under_their_kind,
    streams_are_chains_without_gaps,
    entries_stand_in_the_facts,
    papers_are_numbered_without_gaps,
    facts_speak_of_payments,
    undoings_are_twins_of_their_payments,
    meters_have_one_active_account,
    facts_have_their_whole_place_or_none,
    digests_are_those_of_the_placed_facts,
    movements_are_those_of_the_facts,
    accounts_keep_the_sums_of_their_movements,
    customers_keep_the_sums_of_their_accounts,
    books_balance,
)
