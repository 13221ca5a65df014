"""What head office decides about an entry's facts: all that depends on order, decided once, and itself a fact.

`read_bench` gathers what the decisions of a batch rest on, in few queries; `decide` is pure but for remembering, on the
bench, what the batch's earlier entries did.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, Row, select, update

from meterpos.headoffice import bulk
from meterpos.headoffice.auth import Device
from meterpos.headoffice.books import NAMING, NAMING_PARTED
from meterpos.headoffice.exceptions import Opening
from meterpos.headoffice.feed import till_zone
from meterpos.headoffice.moved import Away, find_away
from meterpos.headoffice.plan_requests import PLAN
from meterpos.headoffice.tables import claims
from meterpos.headoffice.tables import feed as feed_table
from meterpos.ledger.journal import Entry
from meterpos.ledger.queries.identity import suspense_account
from meterpos.ledger.rules.facts import Decision, Fact, place
from meterpos.ledger.tables import accounts, facts, journal, shifts, streams

CLOCK_AHEAD: Final = timedelta(minutes=15)


@dataclass(slots=True)
class Payment:
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


@dataclass(frozen=True, slots=True)
class Decided:
    """An entry's facts as they count, and what a person has to look at."""

    facts: tuple[Fact, ...]
    openings: tuple[Opening, ...]


def read_bench(
    conn: Connection, *, device: Device, at: datetime, stream: bytes, batch: Sequence[tuple[Entry, Sequence[Fact]]]
) -> Bench:
    """Gather what deciding this batch needs; accounts stay locked and claims made until the transaction ends."""
    stated = [fact for _, found in batch for fact in found]
    reversed_ids = {fact.of_fact_id for fact in stated if fact.kind == "reversal" and fact.of_fact_id}
    payments = _payments(conn, reversed_ids)
    numbers = {fact.account_no for fact in stated} | {payment.stands_on for payment in payments.values()}
    known = _accounts(conn, numbers | {suspense_account(device.till_name)} if stated else set())
    away = find_away(conn, reversed_ids)
    known |= _accounts(conn, {moved.to_account for moved in away.values()})
    closed = [row for row in known.values() if row.closed_on is not None]
    owners = _claim(conn, _claims_of(batch, payments, device))
    return Bench(
        device=device,
        pulled=device.pulled,
        suspense=suspense_account(device.till_name),
        at=at,
        accounts=known,
        active=_active(conn, {row.meter_no for row in closed if row.meter_no}),
        changed_at=_places(conn, {row.account_no for row in closed}),
        invoices=_invoices(conn, {fact.invoice_no for fact in stated if fact.invoice_no}),
        payments=payments,
        owners=owners,
        spent=_spent(conn, batch, owners),
        closed_shifts=_closed_shifts(conn, stream, {entry.content.shift for entry, _ in batch}),
        plans=_plans(conn, {fact.account_no for fact in stated if fact.kind == "opening"}),
        away=away,
    )


def decide(bench: Bench, entry: Entry, stated: Sequence[Fact]) -> Decided:
    """Decide where each fact of an entry counts, and what has to be looked at."""
    openings = list(_of_entry(bench, entry))
    decided: list[Fact] = []
    # A correction's reversals come first: what they free is what its payments use.
    for fact in stated if len(stated) == 1 else sorted(stated, key=lambda fact: fact.kind == "payment"):
        if fact.kind == "opening":
            decided.append(_total(bench, entry, fact))
            continue
        judge = _reversal if fact.kind == "reversal" else _payment
        if decided and judge is _payment and _has_failed(decided):
            # Nothing was taken back, so nothing is there to be paid in again.
            decided.append(place(fact, stands_on=fact.stands_on, decision="none"))
            continue
        placed, opened = judge(bench, entry, fact)
        decided.append(placed)
        openings += opened
        away = bench.away.get(fact.of_fact_id or "")
        if away is not None and placed.decision != "none":
            decided += away.back(fact.fact_date)
            told = {"of": away.payment_id, "moved_by": away.number, "moved_to": away.to_account, **_amount(fact)}
            openings.append(_open(bench, entry, "reversal_of_moved", fact.fact_id, **told))
    return Decided(tuple(decided), tuple(openings))


def _has_failed(decided: Sequence[Fact]) -> bool:
    return any(fact.kind == "reversal" and fact.decision == "none" for fact in decided)


# --- the entry itself


def _of_entry(bench: Bench, entry: Entry) -> Iterable[Opening]:
    content = entry.content
    if content.at > bench.at + CLOCK_AHEAD:
        yield _open(
            bench, entry, "clock_suspect", f"{bench.device.till_name} {bench.at.date()}", at=content.at.isoformat()
        )
    if content.shift in bench.closed_shifts and content.kind != "shift_opened":
        yield _open(bench, entry, "closed_shift", entry.short_id, shift=content.shift, kind=content.kind)
    if content.kind == "shift_closed" and content.shift is not None:
        bench.closed_shifts.add(content.shift)
    if content.kind in ("reversal", "correction") and content.approval is None:
        yield _open(bench, entry, "reversal_not_approved", content.body["number"], clerk=content.clerk)
    if content.kind == "report":
        yield _open(bench, entry, "customer_report", entry.short_id, asked=content.body)
    if content.kind == "put_right_request":
        yield _open(bench, entry, "put_right_request", content.body["number"], asked=content.body)
    if content.kind == "tender":
        for index, part in enumerate(content.body["parts"], 1):
            if part["suspense"] is not None:
                subject = f"{content.body['number']} part {index} {_mark(entry)}"
                yield _open(bench, entry, "unknown_meter", subject, amount_minor=part["amount"], asked=part["suspense"])


def _mark(entry: Entry) -> str:
    """Tell papers of one number apart: a till and its copy make them, and each is an item of its own."""
    return entry.short_id[:6]


def _open(bench: Bench, entry: Entry, code: str, subject: str, **details: Any) -> Opening:
    return Opening(
        code=code,
        subject=subject,
        till_name=bench.device.till_name,
        entry_id=entry.entry_id,
        details={"clerk": entry.content.clerk, "made_at": entry.content.at.isoformat(), **details},
    )


# --- payments


def _payment(bench: Bench, entry: Entry, fact: Fact) -> tuple[Fact, list[Opening]]:
    opened: list[Opening] = []
    stands_on = fact.account_no
    account = bench.accounts.get(stands_on)
    subject = f"{fact.number} {stands_on} {_mark(entry)}"
    if account is None or (account.kind == "suspense" and fact.account_no != bench.suspense):
        stands_on = bench.suspense
        opened.append(_open(bench, entry, "unknown_account", subject, **_amount(fact)))
    elif account.closed_on is not None and not _knew(bench, entry, fact.account_no):
        moved_to = bench.active.get(account.meter_no)
        code = "account_closed" if moved_to is None else "meter_moved"
        opened.append(
            _open(bench, entry, code, subject, closed_on=account.closed_on.isoformat(), now=moved_to, **_amount(fact))
        )
    if fact.reference is not None and not _owns(bench, entry, fact):
        stands_on = bench.suspense
        opened.append(
            _open(
                bench,
                entry,
                "duplicate_reference",
                f"{fact.number} {fact.method}:{fact.reference} {_mark(entry)}",
                first=bench.owners["reference", f"{fact.method}:{fact.reference}"],
                **_amount(fact),
            )
        )
    of_account = bench.invoices.get(fact.invoice_no) if fact.invoice_no else None
    if fact.invoice_no and of_account is None:
        bench.namings[f"{fact.invoice_no}{NAMING_PARTED}{fact.account_no}"] = fact.number
    if of_account is not None and of_account != fact.account_no:
        opened.append(
            _open(bench, entry, "invoice_of_another_account", subject, invoice=fact.invoice_no, its_account=of_account)
        )
    bench.payments[fact.fact_id] = Payment(stands_on, bench.device.till_name)
    return place(fact, stands_on=stands_on, decision=_word(bench, stands_on)), opened


def _word(bench: Bench, stands_on: str) -> Decision:
    return "suspense" if stands_on == bench.suspense else "account"


def _knew(bench: Bench, entry: Entry, account_no: str) -> bool:
    """Tell whether the till had been told of the account's closing when it took the money."""
    known = entry.content.body.get("known") or {}
    return int(known.get("position") or 0) >= bench.changed_at.get(account_no, 0)


def _owns(bench: Bench, entry: Entry, fact: Fact) -> bool:
    """Tell whether the payment may use its reference: as the first, with approval, or after the first was undone."""
    key = f"{fact.method}:{fact.reference}"
    if bench.owners["reference", key] != entry.short_id and not _may_share(bench, entry, key):
        if bench.spent[key] - bench.undone:
            return False
        bench.owners["reference", key] = entry.short_id
        bench.takeovers.append((key, entry.short_id))
    bench.spent[key].add(fact.fact_id)
    return True


def _may_share(bench: Bench, entry: Entry, key: str) -> bool:
    """Tell whether an approval lets a reference be used again.

    That of a correction is not about the reference: its payment may what the one it replaces could.
    """
    if entry.content.kind != "correction":
        return entry.content.approval is not None
    replaced = entry.content.body["reversal"]["payments"]
    stood = [bench.payments.get(one["of"]) for one in replaced if f"{one['method']}:{one['reference']}" == key]
    return any(payment is not None and payment.stands_on != bench.suspense for payment in stood)


def _amount(fact: Fact) -> dict[str, Any]:
    return {"account": fact.account_no, "amount_minor": abs(fact.amount_minor), "number": fact.number}


# --- plans


def _total(bench: Bench, entry: Entry, fact: Fact) -> Fact:
    """Decide what a plan made at a till owes: what its first entry says; another of the same number has no effect."""
    is_first = bench.plans.get(fact.account_no) == entry.short_id
    return place(fact, stands_on=fact.stands_on, decision="account" if is_first else "none")


# --- reversals


def _reversal(bench: Bench, entry: Entry, fact: Fact) -> tuple[Fact, list[Opening]]:
    assert fact.of_fact_id is not None, f"reversal {fact.fact_id} of nothing"
    subject = fact.of_fact_id
    payment = bench.payments.get(subject)
    if payment is not None and payment.till_name != bench.device.till_name:
        opening = _open(bench, entry, "reversal_of_another_till", fact.fact_id, of=subject, **_amount(fact))
        return place(fact, stands_on=fact.stands_on, decision="none"), [opening]
    if bench.owners["reversal", subject] != fact.fact_id:
        opening = _open(bench, entry, "double_reversal", fact.fact_id, of=subject, **_amount(fact))
        return place(fact, stands_on=fact.stands_on, decision="none"), [opening]
    if payment is None:
        opening = _open(bench, entry, "reversal_before_payment", subject, **_amount(fact))
        return place(fact, stands_on=fact.stands_on, decision="account"), [opening]
    bench.undone.add(subject)
    return place(fact, stands_on=payment.stands_on, decision=_word(bench, payment.stands_on)), []


# --- reading


def _accounts(conn: Connection, numbers: Collection[str]) -> dict[str, Row[Any]]:
    columns = (accounts.c.account_no, accounts.c.kind, accounts.c.meter_no, accounts.c.zone, accounts.c.closed_on)
    query = select(*columns).where(bulk.among(conn, accounts.c.account_no, numbers)).order_by(accounts.c.account_no)
    found: Iterable[Row[Any]] = conn.execute(query.with_for_update()) if numbers else ()
    return {row.account_no: row for row in found}


def _active(conn: Connection, meter_nos: Collection[str]) -> dict[str, str]:
    query = select(accounts.c.meter_no, accounts.c.account_no).where(accounts.c.closed_on.is_(None))
    return _pairs(conn, query, accounts.c.meter_no, meter_nos)


def _places(conn: Connection, account_nos: Collection[str]) -> dict[str, int]:
    query = select(feed_table.c.key, feed_table.c.position).where(feed_table.c.kind == "account")
    return _pairs(conn, query, feed_table.c.key, account_nos)


def _invoices(conn: Connection, invoice_nos: Collection[str]) -> dict[str, str]:
    query = select(facts.c.number, facts.c.stands_on).where(facts.c.kind == "invoice")
    return _pairs(conn, query, facts.c.fact_id, [f"i:{number}" for number in invoice_nos])


def _plans(conn: Connection, account_nos: Collection[str]) -> dict[str, str]:
    query = select(claims.c.key, claims.c.owner).where(claims.c.kind == PLAN)
    return _pairs(conn, query, claims.c.key, account_nos)


def _pairs(conn: Connection, query: Any, column: Any, keys: Collection[str]) -> dict[str, Any]:
    return {row[0]: row[1] for row in conn.execute(query.where(bulk.among(conn, column, keys)))} if keys else {}


def _payments(conn: Connection, fact_ids: Collection[str]) -> dict[str, Payment]:
    joined = facts.outerjoin(journal, journal.c.entry_id == facts.c.entry_id).outerjoin(
        streams, streams.c.stream == journal.c.stream
    )
    query = select(facts.c.fact_id, facts.c.stands_on, streams.c.till_name).select_from(joined)
    if not fact_ids:
        return {}
    paid = query.where(bulk.among(conn, facts.c.fact_id, fact_ids), facts.c.kind == "payment")
    return {row.fact_id: Payment(row.stands_on, row.till_name) for row in conn.execute(paid)}


def _closed_shifts(conn: Connection, stream: bytes, numbers: Collection[int | None]) -> set[int]:
    wanted = sorted({number for number in numbers if number is not None})
    found: set[int] = set()
    for chunk in bulk.chunks(wanted, bulk.CHUNK):
        query = select(shifts.c.shift).where(
            shifts.c.stream == stream, shifts.c.shift.in_(chunk), shifts.c.closed_at.is_not(None)
        )
        found.update(conn.execute(query).scalars())
    return found


def _claims_of(
    batch: Sequence[tuple[Entry, Sequence[Fact]]], payments: dict[str, Payment], device: Device
) -> dict[tuple[str, str], str]:
    """Return what the batch claims, each with the first of its own who does; nobody claims another till's payment."""
    wanted: dict[tuple[str, str], str] = {}
    for entry, stated in batch:
        for fact in stated:
            if fact.kind == "payment" and fact.reference is not None:
                wanted.setdefault(("reference", f"{fact.method}:{fact.reference}"), entry.short_id)
            elif fact.kind == "reversal" and fact.of_fact_id is not None:
                payment = payments.get(fact.of_fact_id)
                if payment is None or payment.till_name == device.till_name:
                    wanted.setdefault(("reversal", fact.of_fact_id), fact.fact_id)
    return wanted


def _claim(conn: Connection, wanted: dict[tuple[str, str], str]) -> dict[tuple[str, str], str]:
    """Claim references and reversals, in one order everywhere, and return whose each of them is."""
    bulk.insert_new(
        conn, claims, [{"kind": kind, "key": key, "owner": wanted[kind, key]} for kind, key in sorted(wanted)]
    )
    owners: dict[tuple[str, str], str] = {}
    for kind in ("reference", "reversal"):
        query = select(claims.c.key, claims.c.owner).where(claims.c.kind == kind)
        keys = [key for of_kind, key in wanted if of_kind == kind]
        owners |= {(kind, key): owner for key, owner in _pairs(conn, query, claims.c.key, keys).items()}
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
        if fact.kind == "payment"
        and fact.reference is not None
        and owners["reference", f"{fact.method}:{fact.reference}"] != entry.short_id
    }
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


def zones_of(bench: Bench, fact: Fact) -> tuple[str, ...]:
    """Return who is told of a fact: the zone of the account it stands on, and the taking till where it serves another.

    A till is told of a fact in one of its zones only, or the digests of the others could not agree.
    """
    account = bench.accounts.get(fact.stands_on)
    if account is not None and account.zone in bench.pulled:
        return (account.zone,)
    own = till_zone(bench.device.till_name)
    if account is None:
        return (own,)
    is_others = fact.entry_id is None and fact.of_fact_id is None
    return (account.zone,) if is_others else (account.zone, own)
