"""Claims: a payment known from its receipt's QR alone, after every disk that held it died, until the original is found.

A claim counts as what its paper says, on the account of the meter it names or in the till's suspense, and stands open
on the desk. When the entry itself arrives after all, from a mirror or a disk somebody mended, the claim is taken back
in the same transaction in which the original is posted: the money counts once throughout.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import Connection, bindparam, insert, or_, select, update

from meterpos.errors import UserError
from meterpos.headoffice import exceptions
from meterpos.headoffice.books import post_facts
from meterpos.headoffice.exceptions import Opening
from meterpos.headoffice.feed import Outgoing
from meterpos.headoffice.tables import receipt_claims
from meterpos.ledger.journal import SHORT_BYTES, Entry, short_id
from meterpos.ledger.projection import facts_of
from meterpos.ledger.queries.identity import suspense_account
from meterpos.ledger.queries.seals import verdict
from meterpos.ledger.rules.facts import Decision, Fact
from meterpos.ledger.seal import Seal
from meterpos.ledger.tables import accounts, journal

METHODS: Final = ("cash", "mpesa", "bank", "cheque")
CODE: Final = "claimed_receipt"
ENTRY_KIND: Final = "receipt_claimed"
SHOWN: Final = 8
"""So many letters of an entry's id are shown."""
_STANDING: Final = (
    select(receipt_claims)
    .where(receipt_claims.c.till_name == bindparam("of_till"), receipt_claims.c.superseded_at.is_(None))
    .order_by(receipt_claims.c.number)
)


class ClaimRefused(UserError):
    """The QR is not that of a receipt which is missing here; nothing was posted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A claim that was posted: the receipt's number, how much, and the account on which it counts."""

    number: str
    amount_minor: int
    account_no: str
    was_new: bool


def claim(
    conn: Connection,
    outgoing: Outgoing,
    *,
    text: str,
    method: str,
    day: date,
    at: datetime,
    by: str,
    entry_id: bytes | None = None,
) -> Claim:
    """Post what a receipt's QR says was paid, ``method`` as its paper says; the same receipt again changes nothing.

    A receipt is known by its entry: a till and its copy may have given one number to two of them, and both count.
    A QR does not say whether its paper is a payment or a reversal: who claims has read the paper. ``day`` is the
    paper's, ``entry_id`` that of the entry in which a till claimed it.

    Raises: NotASeal, ClaimRefused.
    """
    if method not in METHODS:
        raise ClaimRefused(f"'{method}' is no method of paying. Use {', '.join(METHODS)}.", field="method")
    seal = _believed(conn, text)
    short = short_id(seal.entry_prefix)
    fact_id = f"q:{short}.{seal.number.rpartition('-')[2]}"
    known = conn.execute(select(receipt_claims).where(receipt_claims.c.fact_id == fact_id)).one_or_none()
    if known is not None:
        return Claim(number=seal.number, amount_minor=known.amount_minor, account_no=known.account_no, was_new=False)
    account_no, decision = _account(conn, seal, day)
    payment = Fact(
        fact_id=fact_id,
        kind="payment",
        account_no=account_no,
        stands_on=account_no,
        number=seal.number,
        fact_date=day,
        amount_minor=-seal.amount_minor,
        method=method,
        text="claimed from its receipt",
        decision=decision,
    )
    post_facts(conn, outgoing, [payment])
    row = {
        "fact_id": fact_id,
        "number": seal.number,
        "short_id": short,
        "till_name": seal.till_name,
        "account_no": account_no,
        "amount_minor": seal.amount_minor,
        "method": method,
        "fact_date": payment.fact_date,
        "seal": text,
        "claimed_at": at,
        "claimed_by": by,
    }
    conn.execute(insert(receipt_claims), row)
    details = {"amount_minor": seal.amount_minor, "meter": seal.meter_no, "account": account_no, "by": by}
    subject = subject_of(seal.number, short)
    opening = Opening(code=CODE, subject=subject, till_name=seal.till_name, entry_id=entry_id, details=details)
    exceptions.open_all(conn, [opening], at=at)
    return Claim(number=seal.number, amount_minor=seal.amount_minor, account_no=account_no, was_new=True)


def subject_of(number: str, short: str) -> str:
    """Return what an item about a claim names: the receipt's number, and enough of its entry to tell two apart."""
    return f"{number} {short[:SHOWN]}"


def _believed(conn: Connection, text: str) -> Seal:
    """Return the seal of a receipt that is genuine and missing here. Raises: NotASeal, ClaimRefused."""
    found = verdict(conn, text)
    seal = found.seal
    if found.truth not in ("genuine", "reversed"):
        raise ClaimRefused(f"Receipt {seal.number} was not made by a till of this head office. Nothing was posted.")
    here = select(journal.c.entry_id).where(journal.c.stream == seal.stream, journal.c.seq == seal.seq)
    for entry_id in conn.execute(here).scalars():
        if entry_id[:SHORT_BYTES] == seal.entry_prefix:
            raise ClaimRefused(f"Receipt {seal.number} is here already, as its till made it. Nothing was posted.")
    if found.reversed_by is not None:
        raise ClaimRefused(f"Receipt {seal.number} was reversed by {found.reversed_by}. Nothing was posted.")
    return seal


def _account(conn: Connection, seal: Seal, day: date) -> tuple[str, Decision]:
    """Return the account of the receipt's one meter on its day; the till's suspense where it names none, or several."""
    row = conn.execute(
        select(accounts.c.account_no)
        .where(
            accounts.c.meter_no == seal.meter_no,
            or_(accounts.c.opened_on.is_(None), accounts.c.opened_on <= day),
            or_(accounts.c.closed_on.is_(None), accounts.c.closed_on > day),
        )
        .order_by(accounts.c.account_no)
    ).first()
    if seal.meter_no and row is not None:
        return str(row.account_no), "account"
    return suspense_account(seal.till_name), "suspense"


def take_in(
    conn: Connection, outgoing: Outgoing, entries: Sequence[Entry], *, till_name: str, at: datetime
) -> list[Opening]:
    """Settle claims with entries that were just posted: originals, and what reverses them, take their claims back;
    claiming ones post theirs.

    A claim that cannot be posted is an item of the desk; the entry that made it is in order all the same.
    """
    settled = {entry.short_id for entry in entries}
    for entry in entries:
        if entry.kind in ("reversal", "correction"):
            settled |= {(fact.of_fact_id or "").rpartition(".")[0] for fact in facts_of(entry)}
    _supersede(conn, outgoing, settled, till_name=till_name, at=at)
    openings = []
    for entry in (one for one in entries if one.kind == ENTRY_KIND):
        said = entry.content.body
        try:
            claim(
                conn,
                outgoing,
                text=str(said.get("seal")),
                method=str(said.get("method")),
                day=entry.content.business_date,
                at=at,
                by=till_name,
                entry_id=entry.entry_id,
            )
        except UserError as error:
            details = {"why": str(error)}
            openings.append(Opening(code="claim_refused", subject=entry.short_id, till_name=till_name, details=details))
    return openings


def _supersede(
    conn: Connection, outgoing: Outgoing, short_ids: Collection[str], *, till_name: str, at: datetime
) -> None:
    """Take back what is claimed of these entries. A till has few claims, mostly none, and a batch many entries."""
    found = [row for row in conn.execute(_STANDING, {"of_till": till_name}) if row.short_id in short_ids]
    if not found:
        return
    post_facts(conn, outgoing, [_taken_back(row) for row in found])
    ids = [row.fact_id for row in found]
    conn.execute(update(receipt_claims).where(receipt_claims.c.fact_id.in_(ids)).values(superseded_at=at))
    subjects = [subject_of(row.number, row.short_id) for row in found]
    exceptions.settle(
        conn, CODE, subjects, at=at, resolution="The original, or what reversed it, has come and counts instead."
    )


def _taken_back(row: Any) -> Fact:
    return Fact(
        fact_id=f"qr:{row.fact_id.removeprefix('q:')}",
        kind="reversal",
        account_no=row.account_no,
        stands_on=row.account_no,
        number=row.number,
        fact_date=row.fact_date,
        amount_minor=row.amount_minor,
        of_fact_id=row.fact_id,
        method=row.method,
        text="the original has come",
        decision="suspense" if row.account_no == suspense_account(row.till_name) else "account",
    )
