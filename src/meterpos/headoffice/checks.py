"""What must always hold at head office besides what must hold of any ledger: the feed and its digests."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from sqlalchemy import BigInteger, Connection, cast, func, select, true

from meterpos.headoffice import bulk, exceptions, witnesses
from meterpos.headoffice.billing.checks import (
    bills_and_invoices_are_numbered_without_gaps,
    bills_stand_on_invoices_of_their_account,
    invoices_come_to_their_bills,
    invoices_keep_what_their_paper_said,
)
from meterpos.headoffice.exceptions import Opening
from meterpos.headoffice.feed import COUNTER
from meterpos.headoffice.tables import answers, counters, feed, money_in, receipt_claims
from meterpos.ledger import checks
from meterpos.ledger.checks import Check, Problem
from meterpos.ledger.journal import Entry
from meterpos.ledger.money import format_amount
from meterpos.ledger.projection import facts_of
from meterpos.ledger.queries.books import SPOKEN_OF, spoken_of
from meterpos.ledger.rebuild import find_rebuilt_differences, rebuild
from meterpos.ledger.rules.balances import movements_of
from meterpos.ledger.rules.digest import WRAP, digest_share
from meterpos.ledger.rules.facts import Fact
from meterpos.ledger.store import Store
from meterpos.ledger.tables import facts, journal, movements, streams, tenders, zone_digests
from meterpos.ledger.upgrade import upgrade

ENTRIES_AT_ONCE: Final = 300


def run_checks(conn: Connection) -> Iterator[Problem]:
    """Run every check and say what does not hold, as it is found."""
    ledgers = tuple(check for check in checks.CHECKS if check.__name__ not in _OF_TILLS)
    yield from checks.run_checks(conn, checks=(*ledgers, *CHECKS))


def open_items(conn: Connection, problems: Sequence[Problem], *, at: datetime) -> None:
    """Open an item a check that found something, and settle those of checks that now find nothing."""
    exceptions.open_all(conn, openings_of(problems), at=at)
    found = {problem.check for problem in problems}
    witnesses.settle_found(conn, at=at)
    passed = {check.__name__ for check in (*checks.CHECKS, *CHECKS)} - found
    exceptions.settle(conn, "ledger_check", passed, at=at, resolution="The check finds nothing any more.")


def openings_of(problems: Sequence[Problem]) -> list[Opening]:
    """Return an item a check that found something."""
    found: dict[str, list[str]] = {}
    for problem in problems:
        found.setdefault(problem.check, []).append(problem.sentence)
    return [
        Opening(code="ledger_check", subject=check, details={"count": len(sentences), "first": sentences[0]})
        for check, sentences in sorted(found.items())
    ]


def rebuilt_differences(store: Store, *, folder: Path) -> tuple[Problem, ...]:
    """Work every table out anew, from the journal as delivered and what head office itself said, and compare.

    The scratch database is made in ``folder`` and taken away again.
    """
    with TemporaryDirectory(prefix="scratch-", dir=folder, ignore_cleanup_errors=True) as place:
        scratch = Store(f"sqlite:///{Path(place) / 'ledger.db'}")
        try:
            upgrade(scratch)
            with store.read() as kept, scratch.write() as made:
                aside = kept.execute(select(answers.c.entry_id).where(answers.c.outcome == "quarantined"))
                rebuild(kept, made, aside=set(aside.scalars()))
                return tuple(find_rebuilt_differences(kept, made))
        finally:
            scratch.close()


_OF_TILLS: Final = frozenset(
    {
        "streams_are_chains_without_gaps",
        "papers_are_numbered_without_gaps",
        "entries_stand_in_the_facts",
        "digests_are_those_of_the_placed_facts",
    }
)
"""Head office also keeps a copied till's branch, entries after a gap and some it could not post, as exceptions; its
digests are by the lines of its feed."""


def posted_entries_stand_in_the_facts(conn: Connection) -> Iterator[str]:
    """Each tender, reversal and correction that was not kept aside has its facts."""
    query = (
        select(journal.c.stream, journal.c.seq, journal.c.prev, journal.c.data, journal.c.entry_id)
        .outerjoin(answers, answers.c.entry_id == journal.c.entry_id)
        .where(
            journal.c.kind.in_(("tender", "reversal", "correction")),
            answers.c.outcome.is_distinct_from("quarantined"),
        )
    )
    rows = conn.execute(query, execution_options={"yield_per": ENTRIES_AT_ONCE})
    for part in rows.partitions():
        entries = [Entry(*row) for row in part]
        expected = {fact.fact_id: entry for entry in entries for fact in facts_of(entry)}
        found: set[str] = set()
        for chunk in bulk.chunks(sorted(expected), bulk.CHUNK):
            found.update(conn.execute(select(facts.c.fact_id).where(facts.c.fact_id.in_(chunk))).scalars())
        for fact_id in sorted(expected.keys() - found):
            yield f"Receipt {expected[fact_id].content.body['number']}: its fact {fact_id} is missing."


def facts_have_their_place(conn: Connection) -> Iterator[str]:
    """Each fact was decided and stands in the feed where its row says."""
    homeless = conn.execute(
        select(facts.c.fact_id)
        .outerjoin(
            feed, (feed.c.kind == "fact") & (feed.c.key == facts.c.fact_id) & (feed.c.position == facts.c.position)
        )
        .where(feed.c.position.is_(None))
    )
    for fact_id in homeless.scalars():
        yield f"Fact {fact_id} has no place in the feed, so tills never hear of it."


def feed_ends_at_its_counter(conn: Connection) -> Iterator[str]:
    """No row of the feed stands beyond the counter that places are taken from."""
    last = conn.execute(select(func.coalesce(func.max(feed.c.position), 0))).scalar_one()
    counter = conn.execute(select(counters.c.value).where(counters.c.name == COUNTER)).scalar_one()
    if last > counter:
        yield f"The feed goes to {last}, its counter stands at {counter}: places would be given twice."


def digests_are_those_of_the_facts(conn: Connection) -> Iterator[str]:
    """What is compared with tills is the sum over the facts in each zone's line."""
    sums: dict[str, tuple[int, int]] = {}
    rows = conn.execute(
        select(feed.c.zone, facts.c.fact_id, facts.c.stands_on, facts.c.amount_minor, facts.c.decision)
        .join(facts, facts.c.fact_id == feed.c.key)
        .where(feed.c.kind == "fact"),
        execution_options={"yield_per": 1000},
    )
    for zone, fact_id, stands_on, amount_minor, decision in rows:
        count, total = sums.get(zone, (0, 0))
        share = digest_share(fact_id=fact_id, stands_on=stands_on, amount_minor=amount_minor, decision=decision)
        sums[zone] = (count + 1, (total + share) % WRAP)
    kept = {row.zone: (row.count, int(row.total, 16)) for row in conn.execute(select(zone_digests))}
    for zone in sorted(sums.keys() | kept.keys()):
        if sums.get(zone, (0, 0)) != kept.get(zone, (0, 0)):
            yield (
                f"Zone {zone}: {sums.get(zone, (0, 0))[0]} facts in its line, {kept.get(zone, (0, 0))[0]} in its "
                "digest, or their sums differ. Tills of this zone would pull again and again."
            )


def streams_end_at_what_was_signed(conn: Connection) -> Iterator[str]:
    """What was signed for is here."""
    from meterpos.ledger.tables import journal

    rows = conn.execute(
        select(streams.c.till_name, streams.c.through_seq)
        .outerjoin(journal, journal.c.entry_id == streams.c.head)
        .where(streams.c.through_seq > 0, journal.c.entry_id.is_(None))
    )
    for till_name, through_seq in rows:
        yield f"Till {till_name}: entry {through_seq} was signed for and is not here."


def payments_are_what_was_received(conn: Connection) -> Iterator[str]:
    """What counts as paid, on accounts and in suspense, is receipts, paybill and imported money, net of reversals.

    Each is read where it came from: receipts from their papers, paybill and bank money from what M-Pesa and the bank
    said, claims from their QR, the rest from the facts head office made. What does not count (cheques that wait, what
    was decided to have no effect, what was taken back) is left out on both sides.
    """
    counted_minor = -_sum(conn, movements.c.amount_minor, movements.c.kind.in_(("payment", "reversal", "bounce")))
    received = {
        "receipts": _sum(conn, tenders.c.total_minor, true()),
        "paybill and bank": _sum(conn, money_in.c.amount_minor, _PLACED),
        "claims": _sum(conn, receipt_claims.c.amount_minor, true()),
        "imported and taken back": -_sum(conn, facts.c.amount_minor, _MADE_HERE),
    }
    uncounted_minor = -_sum(conn, facts.c.amount_minor, _LEFT_OUT) + sum(map(_uncounted_minor, spoken_of(conn)))
    expected_minor = sum(received.values()) - uncounted_minor
    if counted_minor != expected_minor:
        terms = ", ".join(f"{name} {format_amount(minor)}" for name, minor in received.items())
        yield (
            f"Payments of {format_amount(counted_minor)} count; {terms}, less {format_amount(uncounted_minor)} that "
            f"does not count, are {format_amount(expected_minor)}: {format_amount(counted_minor - expected_minor)} "
            "difference."
        )


def _sum(conn: Connection, column: Any, where: Any) -> int:
    return int(conn.execute(select(cast(func.coalesce(func.sum(column), 0), BigInteger)).where(where)).scalar_one())


def _uncounted_minor(group: Sequence[Fact]) -> int:
    """Return how much less of a payment and its reversals counts than they state."""
    stated_minor = -sum(fact.amount_minor for fact in group if fact.kind in ("payment", "reversal"))
    return stated_minor + sum(movement.amount_minor for movement in movements_of(group))


_PLACED: Final = money_in.c.outcome == "posted"
"""Money that became a payment of its own."""
_MADE_HERE: Final = (
    facts.c.kind.in_(("payment", "reversal"))
    & facts.c.entry_id.is_(None)
    & facts.c.fact_id.not_like("q:%")
    & ~((facts.c.kind == "payment") & facts.c.number.in_(select(money_in.c.number).where(_PLACED)))
)
_LEFT_OUT: Final = (
    (facts.c.kind == "payment")
    & (facts.c.decision.is_not_distinct_from("none") | ~facts.c.counts)
    & facts.c.fact_id.not_in(SPOKEN_OF)
)


def witnesses_have_their_item(conn: Connection) -> Iterator[str]:
    """What a till remembers and head office lost stands on the desk."""
    for till_name in witnesses.tills_without_item(conn):
        yield f"Till {till_name} remembers what head office lost in a restore, and no item says so."


CHECKS: Final[tuple[Check, ...]] = (
    witnesses_have_their_item,
    posted_entries_stand_in_the_facts,
    payments_are_what_was_received,
    facts_have_their_place,
    feed_ends_at_its_counter,
    digests_are_those_of_the_facts,
    streams_end_at_what_was_signed,
    invoices_come_to_their_bills,
    invoices_keep_what_their_paper_said,
    bills_stand_on_invoices_of_their_account,
    bills_and_invoices_are_numbered_without_gaps,
)
