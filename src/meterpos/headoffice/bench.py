"""What the decisions of one batch rest on, gathered in few statements: accounts, claims, payments, shifts, invoices."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, Row, bindparam, select, update

from meterpos.headoffice import bulk
from meterpos.headoffice.auth import Device
from meterpos.headoffice.books import NAMING
from meterpos.headoffice.moved import Away, find_away
from meterpos.headoffice.plan_requests import PLAN
from meterpos.headoffice.tables import claims
from meterpos.headoffice.tables import feed as feed_table
from meterpos.ledger.bulk import AboutMany
from meterpos.ledger.journal import Entry
from meterpos.ledger.queries.identity import suspense_account
from meterpos.ledger.rules.facts import Fact
from meterpos.ledger.tables import accounts, facts, journal, shifts, streams
from meterpos.ledger.tables.base import format_instant

CLOCK_AHEAD: Final = timedelta(minutes=15)

_accounts: Final = AboutMany(
    accounts.c.account_no,
    lambda these: (
        select(accounts.c.account_no, accounts.c.kind, accounts.c.meter_no, accounts.c.zone, accounts.c.closed_on)
        .where(these)
        .order_by(accounts.c.account_no)
        .with_for_update()
    ),
)
_active: Final = AboutMany(
    accounts.c.meter_no,
    lambda these: select(accounts.c.meter_no, accounts.c.account_no).where(accounts.c.closed_on.is_(None), these),
)
_places: Final = AboutMany(
    feed_table.c.key,
    lambda these: select(feed_table.c.key, feed_table.c.position).where(feed_table.c.kind == "account", these),
)
_invoices: Final = AboutMany(
    facts.c.fact_id, lambda these: select(facts.c.number, facts.c.stands_on).where(facts.c.kind == "invoice", these)
)
_claims: Final = AboutMany(
    claims.c.key, lambda these: select(claims.c.key, claims.c.owner).where(claims.c.kind == bindparam("kind"), these)
)
_paid: Final = AboutMany(
    facts.c.fact_id,
    lambda these: (
        select(facts.c.fact_id, facts.c.stands_on, streams.c.till_name)
        .select_from(
            facts.outerjoin(journal, journal.c.entry_id == facts.c.entry_id).outerjoin(
                streams, streams.c.stream == journal.c.stream
            )
        )
        .where(these, facts.c.kind == "payment")
    ),
)
_closed: Final = select(shifts.c.shift).where(
    shifts.c.stream == bindparam("stream"),
    shifts.c.shift.between(bindparam("first"), bindparam("last")),
    shifts.c.closed_at.is_not(None),
)


class Payment(NamedTuple):
    """A payment that was posted, as a reversal needs to know it."""

    stands_on: str
    till_name: str | None


@dataclass(slots=True)
class Bench:
    """What the decisions of one batch rest on."""

    device: Device
    pulled: tuple[str, ...]
    suspense: str
    """Where this till's money goes that belongs nowhere yet."""
    at: datetime
    ahead: datetime
    """From when on a clock is ahead, and the same as text."""
    ahead_text: str
    accounts: dict[str, Row[Any]]
    active: dict[str, str]
    """meter -> its active account, for the meters of closed accounts"""
    changed_at: dict[str, int]
    """closed account -> the feed place of its last change"""
    invoices: dict[str, str]
    payments: dict[str, Payment]
    owners: dict[tuple[str, str], str]
    """claim -> who was first"""
    spent: defaultdict[str, set[str]]
    """reference -> payments that use it by right"""
    closed_shifts: set[int]
    plans: dict[str, str]
    """plan made at a till -> the entry that made it"""
    away: dict[str, Away]
    """payments to be undone whose money head office moved"""
    undone: set[str] = field(default_factory=set)
    takeovers: list[tuple[str, str]] = field(default_factory=list)
    namings: dict[str, str] = field(default_factory=dict)
    """invoices named and not known yet: `invoice LF account` -> receipt"""


def read_bench(
    conn: Connection, *, device: Device, at: datetime, stream: bytes, batch: Sequence[tuple[Entry, Sequence[Fact]]]
) -> Bench:
    """Gather what deciding this batch needs; accounts stay locked and claims made until the transaction ends."""
    stated = [fact for _, found in batch for fact in found]
    reversed_ids = {fact.of_fact_id for fact in stated if fact.kind == "reversal" and fact.of_fact_id}
    payments = _payments(conn, reversed_ids)
    numbers = {fact.account_no for fact in stated} | {payment.stands_on for payment in payments.values()}
    known = _known_accounts(conn, numbers | {suspense_account(device.till_name)} if stated else set())
    away = find_away(conn, reversed_ids)
    known |= _known_accounts(conn, {moved.to_account for moved in away.values()})
    closed = [row for row in known.values() if row.closed_on is not None]
    owners = _claim(conn, _claims_of(batch, payments, device))
    return Bench(
        device=device,
        pulled=device.pulled,
        suspense=suspense_account(device.till_name),
        at=at,
        ahead=at + CLOCK_AHEAD,
        ahead_text=format_instant(at + CLOCK_AHEAD),
        accounts=known,
        active=_pairs(conn, _active, {row.meter_no for row in closed if row.meter_no}),
        changed_at=_pairs(conn, _places, {row.account_no for row in closed}),
        invoices=_pairs(conn, _invoices, {f"i:{fact.invoice_no}" for fact in stated if fact.invoice_no}),
        payments=payments,
        owners=owners,
        spent=_spent(conn, batch, owners),
        closed_shifts=_closed_shifts(conn, stream, {shift_of(entry) for entry, _ in batch}),
        plans=_pairs(conn, _claims, {fact.account_no for fact in stated if fact.kind == "opening"}, kind=PLAN),
        away=away,
    )


def shift_of(entry: Entry) -> int | None:
    """Return the shift of an entry that can be read."""
    return entry.plain.shift if entry.plain is not None else entry.content.shift


def _known_accounts(conn: Connection, numbers: Collection[str]) -> dict[str, Row[Any]]:
    return {row.account_no: row for row in _accounts.execute(conn, numbers)} if numbers else {}


def _pairs(conn: Connection, query: AboutMany, keys: Collection[str], **more: str) -> dict[str, Any]:
    return {row[0]: row[-1] for row in query.execute(conn, keys, **more)} if keys else {}


def _payments(conn: Connection, fact_ids: Collection[str]) -> dict[str, Payment]:
    if not fact_ids:
        return {}
    return {row.fact_id: Payment(row.stands_on, row.till_name) for row in _paid.execute(conn, fact_ids)}


def _closed_shifts(conn: Connection, stream: bytes, numbers: Collection[int | None]) -> set[int]:
    wanted = {number for number in numbers if number is not None}
    if not wanted:
        return set()
    return set(conn.execute(_closed, {"stream": stream, "first": min(wanted), "last": max(wanted)}).scalars())


def _claims_of(
    batch: Sequence[tuple[Entry, Sequence[Fact]]], payments: dict[str, Payment], device: Device
) -> dict[tuple[str, str], str]:
    """Return what the batch claims, each with the first of its own who does; nobody claims another till's payment."""
    wanted: dict[tuple[str, str], str] = {}
    for entry, stated in batch:
        for fact in stated:
            if fact.kind == "payment":
                if fact.reference is None:
                    continue
                wanted.setdefault(("reference", f"{fact.method}:{fact.reference}"), entry.short_id)
            elif fact.kind == "reversal" and fact.of_fact_id is not None:
                payment = payments.get(fact.of_fact_id)
                if payment is None or payment.till_name == device.till_name:
                    wanted.setdefault(("reversal", fact.of_fact_id), fact.fact_id)
    return wanted


def _claim(conn: Connection, wanted: dict[tuple[str, str], str]) -> dict[tuple[str, str], str]:
    """Claim references and reversals, in one order everywhere, and return whose each of them is."""
    if not wanted:
        return {}
    free = bulk.claim(conn, [(kind, key, wanted[kind, key]) for kind, key in sorted(wanted)])
    owners = {claim: wanted[claim] for claim in free}
    for kind in ("reference", "reversal"):
        keys = [key for of_kind, key in wanted.keys() - free if of_kind == kind]
        owners |= {(kind, key): owner for key, owner in _pairs(conn, _claims, keys, kind=kind).items()}
    return owners


def _spent(
    conn: Connection, batch: Sequence[tuple[Entry, Sequence[Fact]]], owners: dict[tuple[str, str], str]
) -> defaultdict[str, set[str]]:
    """For references another entry owns: the payments that use them by right and were not undone."""
    spent: defaultdict[str, set[str]] = defaultdict(set)
    contested = {
        fact.reference
        for entry, stated in batch
        for fact in stated
        if fact.reference is not None
        and fact.kind == "payment"
        and owners["reference", f"{fact.method}:{fact.reference}"] != entry.short_id
    }
    if not contested:
        return spent
    payment, undoing = facts.alias("payment"), facts.alias("undoing")
    undone = (undoing.c.of_fact_id == payment.c.fact_id) & undoing.c.kind.in_(("reversal", "bounce"))
    query = (
        select(payment.c.fact_id, payment.c.method, payment.c.reference, payment.c.decision)
        .select_from(payment.outerjoin(undoing, undone & undoing.c.decision.is_distinct_from("none")))
        .where(payment.c.kind == "payment", undoing.c.fact_id.is_(None))
    )
    for chunk in bulk.chunks(sorted(contested), bulk.CHUNK):
        for row in conn.execute(query.where(payment.c.reference.in_(chunk))):
            key = f"{row.method}:{row.reference}"
            owner = owners.get(("reference", key))
            if row.decision == "account" or row.fact_id == owner or row.fact_id.startswith(f"{owner}."):
                spent[key].add(row.fact_id)
    return spent


def write_claims(conn: Connection, bench: Bench) -> None:
    """Write down references that went to another payment because the first was undone, and invoices to come."""
    named = [{"kind": NAMING, "key": key, "owner": number} for key, number in sorted(bench.namings.items())]
    bulk.insert_new(conn, claims, named)
    for key, owner in bench.takeovers:
        conn.execute(update(claims).where(claims.c.kind == "reference", claims.c.key == key).values(owner=owner))
