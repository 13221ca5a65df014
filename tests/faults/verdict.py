"""What must hold when the month is over and every till had its calm exchange: the promise, as sentences that fail."""

import contextlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import select

from meterpos.headoffice import checks as office_checks
from meterpos.headoffice.tables import answers, exceptions, side_entries
from meterpos.headoffice.tables import feed as feed_table
from meterpos.ledger import checks as till_checks
from meterpos.ledger.checks import Problem
from meterpos.ledger.posting import fact_of, same_content
from meterpos.ledger.queries.identity import identity
from meterpos.ledger.rebuild import find_rebuilt_differences, rebuild
from meterpos.ledger.rules.facts import Fact
from meterpos.ledger.tables import accounts, facts, journal, streams, tenders
from meterpos.sync.exchange import ExchangeResult
from tests.faults import lost
from tests.faults.schedule import Schedule
from tests.faults.terms import Receipt
from tests.faults.world import ZONES, Place

SPEAKS_OF_NOTHING: Final = "facts_speak_of_payments"
"""Head office may know a reversal whose payment died with every disk; a till may remember one that head office lost."""
ONE_ACTIVE: Final = "meters_have_one_active_account"
"""A hand-over of a meter that head office forgot in a restore is not taken back at tills (docs/RELIABILITY.md)."""
DIGESTS: Final = "rebuilt_zone_digests"
"""A fact on an account that head office forgot in a restore is counted in another zone than the till's account says."""


ROUNDS_MAX: Final = 4
"""So often a till exchanges in the calm at most."""


@dataclass
class Verdict:
    """What was found; empty lists are what is hoped for."""

    wrong: list[str] = field(default_factory=list)
    notes: Counter[str] = field(default_factory=Counter)


def settle(schedule: Schedule, *, whole: bool = True) -> Verdict:
    """Give every till its calm exchanges and look at everything; at the promise alone where not `whole`."""
    schedule.noisy = False
    schedule.late.clear()
    verdict = Verdict()
    schedule.tell("--- calm")
    for place in schedule.world.places.values():
        place.memory = None
    lost.dig_up(schedule)
    if whole:
        _calm_down(schedule, verdict)
    else:
        _exchange_as_needed(schedule, verdict)
    verdict.wrong += _receipts(schedule, verdict)
    if whole:
        verdict.wrong += _checks(schedule)
    verdict.wrong += _sums(schedule)
    verdict.wrong += _references(schedule)
    for place in schedule.world.places.values():
        verdict.wrong += _agreement(schedule, place)
        verdict.wrong += _tails(schedule, place)
        if not schedule.office_came_back:
            verdict.wrong += _accounts(schedule, place)
    if schedule.second_looks and not _may_disagree(schedule):
        verdict.wrong.append(f"{schedule.second_looks} second looks were needed though every restore was told")
    verdict.notes["second looks"] = schedule.second_looks
    verdict.notes["buried"] = len(schedule.buried)
    return verdict


def _calm_down(schedule: Schedule, verdict: Verdict) -> None:
    """Let tills exchange until nothing can be new, and see that they have come to rest."""
    places = schedule.world.places
    more = list(places) if schedule.forgotten else []  # old streams are asked about once it is seen that sides differ
    for name in [*places, *list(places)[:-1], *more]:
        schedule.exchange_at(places[name])
    few = len(places) == len(ZONES) and not schedule.forgotten
    last = schedule.random.choice(sorted(places)) if few else ""
    for name, place in places.items():
        if last not in ("", name):
            continue
        result = schedule.exchange_at(place)
        assert result is not None
        verdict.wrong += _at_rest(schedule, name, result)
        if result.pushed or (result.pulled and not _may_disagree(schedule)):
            verdict.wrong.append(f"{name} does not come to rest: +{result.pushed} -{result.pulled}")


def _exchange_as_needed(schedule: Schedule, verdict: Verdict) -> None:
    """Let each till exchange, those first where something happened, and once more those that may lack something now."""
    places = schedule.world.places
    results: dict[str, ExchangeResult | None] = {}
    order = sorted(places, key=lambda name: name not in schedule.touched)
    for _ in range(ROUNDS_MAX):
        again: list[str] = []
        for number, name in enumerate(order):
            result = results[name] = schedule.exchange_at(places[name])
            if result is None or result.pushed:
                again = order[:number]
            if result is None or not (result.agreed or (_may_disagree(schedule) and not result.pulled)):
                again = [*again, name]
        order = again
        if not order:
            break
    for name, result in results.items():
        assert result is not None
        verdict.wrong += _at_rest(schedule, name, result)


def _at_rest(schedule: Schedule, name: str, result: ExchangeResult) -> Iterator[str]:
    """Nothing waits, and the till agrees with head office."""
    if result.outcome not in ("complete", "forked") or result.waiting:
        yield f"{name} is blocked: {result.outcome}, {result.waiting} waiting, {result.detail}"
    if not result.agreed and not _may_disagree(schedule) and result.outcome == "complete":
        yield f"{name} and head office disagree: {result.detail}"


def _may_disagree(schedule: Schedule) -> bool:
    """Tell whether tills may rightly remember what head office lost: nobody said so, or meters and customers had moved,
    which no restore takes back at tills (docs/RELIABILITY.md)."""
    return schedule.forgotten or (schedule.office_came_back and schedule.moved)


def _receipts(schedule: Schedule, verdict: Verdict) -> Iterator[str]:
    """Every receipt exactly once, byte for byte, or an open exception that names it; and no other paper."""
    with schedule.world.office_store.read() as conn:
        stored = Counter(conn.execute(select(journal.c.entry_id)).scalars())
        data = {row.entry_id: row for row in conn.execute(select(journal))}
        papers = Counter(conn.execute(select(tenders.c.entry_id)).scalars())
        known = {row.fact_id: fact_of(row) for row in conn.execute(select(facts))}
        aside = set(conn.execute(select(answers.c.entry_id).where(answers.c.outcome == "quarantined")).scalars())
        named = set(conn.execute(select(exceptions.c.entry_id).where(exceptions.c.resolved_at.is_(None))).scalars())
    for entry_id, receipt in schedule.receipts.items():
        if entry_id in schedule.buried and entry_id not in stored:
            continue
        if stored[entry_id] != 1:
            yield f"{receipt.number} of {receipt.place} is at head office {stored[entry_id]} times"
            continue
        entry, row = receipt.entry, data[entry_id]
        if (row.data, row.stream, row.seq, row.prev) != (entry.data, entry.stream, entry.seq, entry.prev):
            yield f"{receipt.number} was altered"
        if entry_id in aside:
            verdict.notes["kept aside"] += 1
            if entry_id not in named:
                yield f"{receipt.number} is kept aside and no open exception names it"
            continue
        if papers[entry_id] != 1:
            yield f"{receipt.number} is {papers[entry_id]} papers at head office"
        yield from _facts(receipt, known)
    made = {entry_id for entry_id, row in data.items() if row.kind in ("tender", "reversal")}
    for entry_id in made - schedule.receipts.keys():
        yield f"head office has a paper nobody made: entry {entry_id.hex()[:12]}"
    stated = {fact.fact_id for one in schedule.receipts.values() for fact in one.facts}
    for fact in known.values():
        if fact.entry_id is not None and fact.fact_id not in stated:
            yield f"head office has a payment nobody made: {fact.fact_id}"


def _facts(receipt: Receipt, known: dict[str, Fact]) -> Iterator[str]:
    for fact in receipt.facts:
        stored = known.get(fact.fact_id)
        if stored is None or not same_content(stored, fact):
            yield f"{receipt.number}: its fact {fact.fact_id} is missing or altered"
        elif stored.decision is None or stored.position is None:
            yield f"{receipt.number}: its fact {fact.fact_id} was not decided"


def _checks(schedule: Schedule) -> Iterator[str]:
    """The production's own checks, on both sides."""
    with schedule.world.office.store.read() as conn:
        for problem in office_checks.run_checks(conn):
            if problem.check != SPEAKS_OF_NOTHING or not schedule.buried:
                yield f"office: {problem.check}: {problem.sentence}"
    for name, place in schedule.world.places.items():
        with place.store.read() as conn:
            for problem in till_checks.run_checks(conn):
                if problem.check == ONE_ACTIVE and schedule.office_came_back:
                    continue
                if problem.check != SPEAKS_OF_NOTHING or not (schedule.buried or _may_disagree(schedule)):
                    yield f"{name}: {problem.check}: {problem.sentence}"
    yield from _rebuilt(schedule)


def _rebuilt(schedule: Schedule) -> Iterator[str]:
    """Every table of every ledger follows from its journal and the feed."""
    scratch = schedule.world.scratch
    with schedule.world.office.store.read() as conn:
        aside = set(conn.execute(select(answers.c.entry_id).where(answers.c.outcome == "quarantined")).scalars())
    ledgers = [("office", schedule.world.office.store, aside)]
    ledgers += [(name, place.store, set()) for name, place in schedule.world.places.items()]
    for name, store, left_out in ledgers:
        problems: list[Problem] = []
        with contextlib.suppress(_Done), store.read() as kept, scratch.write() as made:
            rebuild(kept, made, aside=left_out)
            problems += find_rebuilt_differences(kept, made)
            raise _Done
        for problem in problems:
            if problem.check == DIGESTS and schedule.office_came_back:
                continue
            yield f"{name}: {problem.check}: {problem.sentence}"


class _Done(Exception):
    """What was worked out anew is not kept."""


def _sums(schedule: Schedule) -> Iterator[str]:
    """All accounts and suspense together owe what was billed less what was paid, counted from the harness's memory."""
    with schedule.world.office_store.read() as conn:
        rows = [fact_of(row) for row in conn.execute(select(facts))]
        held = sum(conn.execute(select(accounts.c.net_minor)).scalars())
        here = set(conn.execute(select(journal.c.entry_id)).scalars())
    billed = sum(one.amount_minor for one in rows if one.kind in ("opening", "invoice", "adjustment"))
    papers = [one for entry_id, one in schedule.receipts.items() if entry_id in here]
    stated = {fact.fact_id: fact for paper in papers for fact in paper.facts}
    undone = {fact.of_fact_id for fact in stated.values() if fact.kind == "reversal"}
    undone |= {one.of_fact_id for one in rows if one.kind == "bounce" and one.decision != "none"}
    paid = sum(fact.amount_minor for fact in stated.values() if fact.kind == "payment" and fact.fact_id not in undone)
    for receipt, superseded in lost.claimed(schedule):
        if superseded != (receipt.entry.entry_id in here):
            yield f"{receipt.number} was {'not ' * superseded}found, and its claim says otherwise"
        sums = [fact.amount_minor for fact in receipt.facts if fact.fact_id not in undone]
        paid += 0 if superseded else sum(sums)
    if held != billed + paid:
        yield f"the accounts owe {held} together, not {billed} less {-paid}"


def _agreement(schedule: Schedule, place: Place) -> Iterator[str]:
    """A till has the facts and balances of its zones as head office has them."""
    with place.store.read() as conn:
        ours = _balances(conn)
        held = {row.fact_id: fact_of(row) for row in conn.execute(select(facts))}
        zones = {*identity(conn).zones, f"till:{identity(conn).till_name}"}
    with schedule.world.office_store.read() as conn:
        theirs = _balances(conn)
        zone_of = {row.account_no: row.zone for row in conn.execute(select(accounts.c.account_no, accounts.c.zone))}
        sent = select(facts).join(feed_table, (feed_table.c.kind == "fact") & (feed_table.c.key == facts.c.fact_id))
        feed = {row.fact_id: fact_of(row) for row in conn.execute(sent.where(feed_table.c.zone.in_(sorted(zones))))}
    for fact_id, fact in feed.items():
        mine: Any = held.get(fact_id)
        if mine is None or (mine.decision, mine.stands_on, mine.amount_minor) != (
            fact.decision, fact.stands_on, fact.amount_minor,
        ):  # fmt: skip
            yield f"{place.name}: fact {fact_id} is not as head office decided"
    lost = [fact_id for fact_id in held.keys() - feed.keys() if held[fact_id].decision != "none"]
    if _may_disagree(schedule) and lost:
        with schedule.world.office_store.read() as conn:
            told = conn.execute(select(exceptions.c.exception_id).where(exceptions.c.code == "digest_mismatch")).first()
        if told is None:
            yield f"{place.name} remembers {len(lost)} facts head office lost, and no exception says so"
        return
    for fact_id in lost:
        yield f"{place.name}: fact {fact_id} counts here and is not known at head office"
    for account_no, net in sorted(theirs.items()):
        if _may_disagree(schedule) and account_no not in ours:
            continue  # a change of master data behind the cursor is not seen (docs/RELIABILITY.md)
        if zone_of[account_no] in zones and ours.get(account_no) != net:
            yield f"{place.name}: {account_no} owes {ours.get(account_no)}, at head office {net}"


def _tails(schedule: Schedule, place: Place) -> Iterator[str]:
    """A till that was restored has taken back what head office holds of the stream it began before."""
    if f"{place.name}-copy" in schedule.world.places or place.name.endswith("-copy"):
        return  # its twin went on in that stream, and delivers when it likes
    if place.name in schedule.brought:
        return  # what a stick brings after the till came back is at head office, and in the feed
    in_order = select(journal.c.stream, journal.c.entry_id).order_by(journal.c.stream, journal.c.seq)
    with place.store.read() as conn:
        ends = {row.stream: row.entry_id for row in conn.execute(in_order)}
        current = set(conn.execute(select(streams.c.stream).where(streams.c.is_current)).scalars())
    with schedule.world.office_store.read() as conn:
        held = {row.stream: row for row in conn.execute(select(streams))}
        beside = set(conn.execute(select(side_entries.c.stream)).scalars())
        chain = set(conn.execute(select(journal.c.entry_id)).scalars())
    for stream, end in ends.items():
        row = held.get(stream)
        if stream in current or stream in beside or row is None or end not in chain:
            continue
        if row.head != end:
            yield f"{place.name} has not taken back the end of an earlier stream (entry {row.through_seq})"


def _accounts(schedule: Schedule, place: Place) -> Iterator[str]:
    """A till knows the accounts of its zones as head office does."""
    columns = (accounts.c.account_no, accounts.c.customer_no, accounts.c.meter_no, accounts.c.closed_on)
    with place.store.read() as conn:
        ours = {tuple(row) for row in conn.execute(select(*columns))}
        zones = [*identity(conn).zones, f"till:{identity(conn).till_name}"]
    with schedule.world.office_store.read() as conn:
        theirs = {tuple(row) for row in conn.execute(select(*columns).where(accounts.c.zone.in_(zones)))}
    if ours != theirs:
        yield f"{place.name} knows accounts otherwise than head office: {sorted(map(str, ours ^ theirs))[:2]}"


def _references(schedule: Schedule) -> Iterator[str]:
    """One reference pays once, unless a supervisor let its rest be used; what does not count is named on the desk."""
    with schedule.world.office_store.read() as conn:
        rows = [fact_of(row) for row in conn.execute(select(facts).where(facts.c.entry_id.is_not(None)))]
        gone = set(conn.execute(select(facts.c.of_fact_id).where(facts.c.kind.in_(("reversal", "bounce")))).scalars())
        named = set(conn.execute(select(exceptions.c.entry_id)).scalars())
    undone = Counter(fact.of_fact_id for fact in rows if fact.kind == "reversal" and fact.decision != "none")
    yield from (f"payment {fact_id} is undone {times} times" for fact_id, times in undone.items() if times > 1)
    owners: dict[str, set[bytes]] = {}
    for fact in rows:
        assert fact.entry_id is not None
        receipt = schedule.receipts.get(fact.entry_id)
        if fact.decision in ("suspense", "none") and fact.entry_id not in named:
            undoes_suspense = fact.kind == "reversal" and fact.decision == "suspense"
            if not undoes_suspense:
                yield f"{fact.number} stands in suspense or without effect, and no exception names it"
        unapproved = receipt is not None and receipt.entry.content.approval is None
        counts = fact.decision == "account" and fact.fact_id not in gone
        if fact.reference and fact.kind == "payment" and counts and unapproved:
            owners.setdefault(fact.reference, set()).add(fact.entry_id)
    for reference, entries in owners.items():
        if len(entries) > 1:
            yield f"reference {reference} pays {len(entries)} times"


def _balances(conn: Any) -> dict[str, int]:
    return {row.account_no: row.net_minor for row in conn.execute(select(accounts.c.account_no, accounts.c.net_minor))}
