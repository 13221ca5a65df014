"""What must hold when the month is over and every till had its calm exchange: the promise, as sentences that fail."""

import contextlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import select

from meterpos.headoffice import checks as office_checks
from meterpos.headoffice.tables import answers
from meterpos.ledger import checks as till_checks
from meterpos.ledger.checks import Problem
from meterpos.ledger.posting import same_content
from meterpos.ledger.rebuild import find_rebuilt_differences, rebuild
from meterpos.ledger.rules.facts import Fact
from tests.faults import eyes, lost
from tests.faults.calm import calm_down, calm_down_where_needed
from tests.faults.schedule import Schedule
from tests.faults.terms import Receipt
from tests.faults.world import Place

SPEAKS_OF_NOTHING: Final = "facts_speak_of_payments"
"""Head office may know a reversal whose payment died with every disk; a till may remember one that head office lost."""


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
    lost.dig_up(schedule)
    verdict.wrong += calm_down(schedule) if whole else calm_down_where_needed(schedule)
    facts = eyes.facts_of(schedule.world.office_store)
    verdict.wrong += _receipts(schedule, verdict, facts)
    if whole:
        verdict.wrong += _checks(schedule)
    verdict.wrong += _sums(schedule, facts)
    verdict.wrong += _references(schedule, facts)
    for place in schedule.world.places.values():
        verdict.wrong += _agreement(schedule, place)
        verdict.wrong += _tails(schedule, place)
        verdict.wrong += _witnesses(schedule, place)
        if not schedule.forgotten:
            verdict.wrong += _accounts(schedule, place)
    if schedule.second_looks and not (schedule.forgotten or (schedule.office_came_back and schedule.moved)):
        verdict.wrong.append(f"{schedule.second_looks} second looks were needed though every restore was told")
    verdict.notes["second looks"] = schedule.second_looks
    verdict.notes["buried"] = len(schedule.buried)
    return verdict


def _receipts(schedule: Schedule, verdict: Verdict, facts: list[Fact]) -> Iterator[str]:
    """Every receipt exactly once, byte for byte, or an open exception that names it; and no other paper."""
    office = schedule.world.office_store
    rows = office.look("SELECT entry_id, data, stream, seq, prev, kind FROM journal")
    stored, data = Counter(row[0] for row in rows), {row[0]: row for row in rows}
    papers = Counter(eyes.column(office, "SELECT entry_id FROM tenders"))
    known = {fact.fact_id: fact for fact in facts}
    aside = set(eyes.column(office, "SELECT entry_id FROM answers WHERE outcome = 'quarantined'"))
    named = set(eyes.column(office, "SELECT entry_id FROM exceptions WHERE resolved_at IS NULL"))
    for entry_id, receipt in schedule.receipts.items():
        if entry_id in schedule.buried and entry_id not in stored:
            continue
        if stored[entry_id] != 1:
            yield f"{receipt.number} of {receipt.place} is at head office {stored[entry_id]} times"
            continue
        entry = receipt.entry
        if data[entry_id][1:5] != (entry.data, entry.stream, entry.seq, entry.prev):
            yield f"{receipt.number} was altered"
        if entry_id in aside:
            verdict.notes["kept aside"] += 1
            if entry_id not in named:
                yield f"{receipt.number} is kept aside and no open exception names it"
            continue
        if papers[entry_id] != 1:
            yield f"{receipt.number} is {papers[entry_id]} papers at head office"
        yield from _facts(receipt, known)
    made = {row[0] for row in rows if row[5] in ("tender", "reversal")}
    for entry_id in made - schedule.receipts.keys():
        yield f"head office has a paper nobody made: entry {entry_id.hex()[:12]}"
    stated = {fact.fact_id for one in schedule.receipts.values() for fact in one.facts}
    for fact in facts:
        if fact.entry_id is not None and fact.fact_id not in stated:
            yield f"head office has a payment nobody made: {fact.fact_id}"


def _facts(receipt: Receipt, known: dict[str, Fact]) -> Iterator[str]:
    for fact in receipt.facts:
        stored = known.get(fact.fact_id)
        if stored is not None and receipt.found_right.get(fact.fact_id) is stored:
            continue  # the very row that was looked at before
        if stored is None or not same_content(stored, fact):
            yield f"{receipt.number}: its fact {fact.fact_id} is missing or altered"
        elif stored.decision is None or stored.position is None:
            yield f"{receipt.number}: its fact {fact.fact_id} was not decided"
        else:
            receipt.found_right[fact.fact_id] = stored


def _checks(schedule: Schedule) -> Iterator[str]:
    """The production's own checks, on both sides."""
    with schedule.world.office.store.read() as conn:
        for problem in office_checks.run_checks(conn):
            if problem.check != SPEAKS_OF_NOTHING or not schedule.buried:
                yield f"office: {problem.check}: {problem.sentence}"
    for name, place in schedule.world.places.items():
        with place.store.read() as conn:
            for problem in till_checks.run_checks(conn):
                if problem.check != SPEAKS_OF_NOTHING or not (schedule.buried or schedule.forgotten):
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
            yield f"{name}: {problem.check}: {problem.sentence}"


class _Done(Exception):
    """What was worked out anew is not kept."""


def _sums(schedule: Schedule, rows: list[Fact]) -> Iterator[str]:
    """All accounts and suspense together owe what was billed less what was paid, counted from the harness's memory."""
    office = schedule.world.office_store
    held = sum(eyes.column(office, "SELECT net_minor FROM accounts"))
    here = set(eyes.entry_ids(office))
    billed = sum(one.amount_minor for one in rows if one.kind in ("opening", "invoice", "adjustment"))
    papers = [one for entry_id, one in schedule.receipts.items() if entry_id in here]
    stated = {fact.fact_id: fact for paper in papers for fact in paper.facts}
    taken_back = {fact.of_fact_id for fact in stated.values() if fact.kind == "reversal"}
    undone = taken_back | {one.of_fact_id for one in rows if one.kind == "bounce" and one.decision != "none"}
    paid = sum(fact.amount_minor for fact in stated.values() if fact.kind == "payment" and fact.fact_id not in undone)
    for receipt, superseded, fact_id in lost.claimed(schedule):
        if superseded != (receipt.entry.entry_id in here or any(fact.fact_id in taken_back for fact in receipt.facts)):
            yield f"{receipt.number} was {'not ' * superseded}found, and its claim says otherwise"
        sums = [fact.amount_minor for fact in receipt.facts if fact.fact_id not in undone]
        paid += 0 if superseded or fact_id in undone else sum(sums)  # a claim's cheque may bounce like any
    if held != billed + paid:
        yield f"the accounts owe {held} together, not {billed} less {-paid}"


def _agreement(schedule: Schedule, place: Place) -> Iterator[str]:
    """A till has the facts and balances of its zones as head office has them."""
    office, zones = schedule.world.office_store, eyes.zones_of(place.store)
    held = _decided(place.store.look(f"SELECT {_DECIDED} FROM facts"))
    sent = f"{_SENT} ({eyes.marks(zones)})"
    feed = _decided(office.look(sent, *zones))
    for fact_id, *_ in sorted(feed.items() - held.items()):
        yield f"{place.name}: fact {fact_id} is not as head office decided"
    for fact_id in (one for one in held.keys() - feed.keys() if held[one][0] != "none"):
        yield f"{place.name}: fact {fact_id} counts here and is not known at head office"
    ours = {account_no: net for account_no, net, _ in eyes.accounts_of(place.store)}
    for account_no, net, zone in sorted(eyes.accounts_of(office)):
        if schedule.forgotten and account_no not in ours:
            continue  # a change of master data behind the cursor is not seen (docs/RELIABILITY.md)
        if zone in zones and ours.get(account_no) != net:
            yield f"{place.name}: {account_no} owes {ours.get(account_no)}, at head office {net}"


_DECIDED: Final = "facts.fact_id, facts.decision, facts.stands_on, facts.amount_minor"
_SENT: Final = (
    f"SELECT {_DECIDED} FROM facts JOIN feed ON feed.kind = 'fact' AND feed.key = facts.fact_id WHERE feed.zone IN"
)


def _decided(rows: list[tuple[Any, ...]]) -> dict[str, tuple[Any, ...]]:
    return {row[0]: row[1:] for row in rows}


def _tails(schedule: Schedule, place: Place) -> Iterator[str]:
    """A till that was restored has taken back what head office holds of the stream it began before."""
    if f"{place.name}-copy" in schedule.world.places or place.name.endswith("-copy"):
        return  # its twin went on in that stream, and delivers when it likes
    office = schedule.world.office_store
    ends = dict(place.store.look("SELECT stream, entry_id FROM journal ORDER BY stream, seq"))
    current = set(eyes.column(place.store, "SELECT stream FROM streams WHERE is_current"))
    if ends.keys() <= current:
        return
    held = {row[0]: row for row in office.look("SELECT stream, head, through_seq FROM streams")}
    beside = set(eyes.column(office, "SELECT stream FROM side_entries"))
    chain = set(eyes.entry_ids(office))
    for stream, end in ends.items():
        row = held.get(stream)
        if stream in current or stream in beside or row is None or end not in chain:
            continue
        if row[1] != end:
            yield f"{place.name} has not taken back the end of an earlier stream (entry {row[2]})"


def _witnesses(schedule: Schedule, place: Place) -> Iterator[str]:
    """What head office said and lost in its one restore, and a till remembers, was told to it, or is there again."""
    if sum(schedule.faults[kind] for kind in ("server restore", "server restore, nobody said so")) > 1:
        return  # what it was told after the first one it may have lost in the second
    office = schedule.world.office_store
    here = {*eyes.column(office, "SELECT fact_id FROM facts"), *eyes.column(office, "SELECT fact_id FROM witnesses")}
    for fact_id in set(eyes.column(place.store, _LOST)) - here:
        yield f"{place.name} remembers fact {fact_id}, which head office lost and was not told of"


_LOST: Final = (
    "SELECT fact_id FROM facts JOIN accounts ON accounts.account_no = facts.stands_on"
    " WHERE position IS NULL AND decision = 'none'"
    " AND (entry_id IS NULL OR entry_id NOT IN (SELECT entry_id FROM journal))"
)


def _accounts(schedule: Schedule, place: Place) -> Iterator[str]:
    """A till knows the accounts of its zones as head office does."""
    zones = eyes.zones_of(place.store)
    ours = set(place.store.look(f"SELECT {_OWNED} FROM accounts"))
    query = f"SELECT {_OWNED} FROM accounts WHERE zone IN ({eyes.marks(zones)})"
    theirs = set(schedule.world.office_store.look(query, *zones))
    if ours != theirs:
        yield f"{place.name} knows accounts otherwise than head office: {sorted(map(str, ours ^ theirs))[:2]}"


_OWNED: Final = "account_no, customer_no, meter_no, closed_on"


def _references(schedule: Schedule, facts: list[Fact]) -> Iterator[str]:
    """One reference pays once, unless a supervisor let its rest be used; what does not count is named on the desk."""
    rows = [fact for fact in facts if fact.entry_id is not None]
    gone = {fact.of_fact_id for fact in facts if fact.kind in ("reversal", "bounce")}
    named = set(eyes.column(schedule.world.office_store, "SELECT entry_id FROM exceptions"))
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
