"""Money that moves at head office: invoices, adjustments, transfers, and what becomes of payments. All are facts."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final, Literal

from sqlalchemy import Connection, delete, select, update

from meterpos.errors import UserError
from meterpos.headoffice import bulk, exceptions, invoice_papers, moved
from meterpos.headoffice.exceptions import Opening
from meterpos.headoffice.feed import Outgoing
from meterpos.headoffice.locks import hold_accounts
from meterpos.headoffice.moved import adjustment
from meterpos.headoffice.tables import claims, counters
from meterpos.headoffice.tables import feed as feed_table
from meterpos.ledger.balances import recalculate
from meterpos.ledger.money import format_amount
from meterpos.ledger.posting import fact_of, post
from meterpos.ledger.rules.facts import Decision, Fact, invoice_id
from meterpos.ledger.rules.tenders import normalise_reference
from meterpos.ledger.tables import accounts, facts
from meterpos.ledger.tables.facts import is_numbered

Event = Literal["confirmation", "clearing", "bounce"]
NAMING: Final = "naming"
NAMING_PARTED: Final = "\n"
"""A claim of this kind notes that a payment named an invoice not yet known: `invoice LF account` -> receipt."""

_PREFIX: Final[dict[Event, str]] = {"confirmation": "k", "clearing": "c", "bounce": "b"}
REASON_MAX: Final = 200


class UnknownAccount(UserError):
    """There is no such account."""


class NumberTaken(UserError):
    """Something of that number was made already."""


class NothingToMove(UserError):
    """An amount or reason is missing or makes no sense."""


class UnknownPayment(UserError):
    """No payment, or more than one, has that number or reference."""


class AlreadySaid(UserError):
    """The payment was confirmed, cleared, bounced or reversed already."""


def post_facts(conn: Connection, outgoing: Outgoing, made: Sequence[Fact]) -> None:
    """Post facts of head office's own, bring their accounts' sums up to date, and send them where they are seen.

    Raises: UnknownAccount.
    """
    hold_accounts(conn, {fact.stands_on for fact in made})
    zones = _zones(conn, made)
    posted = post(conn, made)
    hold_accounts(conn, posted.accounts)
    recalculate(conn, posted.accounts)
    for fact in made:
        outgoing.send_fact(fact, zones=zones[fact.fact_id])


def _zones(conn: Connection, made: Sequence[Fact]) -> dict[str, list[str]]:
    """Return who is told of each fact: what speaks of a payment goes where the payment went."""
    zone_of: dict[str, str] = {}
    for chunk in bulk.chunks(sorted({fact.stands_on for fact in made}), bulk.CHUNK):
        query = select(accounts.c.account_no, accounts.c.zone).where(accounts.c.account_no.in_(chunk))
        zone_of |= {row.account_no: row.zone for row in conn.execute(query)}
    for fact in made:
        if fact.stands_on not in zone_of:
            raise UnknownAccount(f"There is no account {fact.stands_on}. Check its number.", field="account")
    went: dict[str | None, list[str]] = defaultdict(list)
    for chunk in bulk.chunks(sorted({fact.of_fact_id for fact in made if fact.of_fact_id}), bulk.CHUNK):
        sent_to = select(feed_table.c.key, feed_table.c.zone).where(
            feed_table.c.kind == "fact", feed_table.c.key.in_(chunk)
        )
        for key, zone in conn.execute(sent_to):
            went[key].append(zone)
    return {fact.fact_id: went.get(fact.of_fact_id) or [zone_of[fact.stands_on]] for fact in made}


def next_number(conn: Connection, series: str) -> str:
    """Return the next number of a series, without gaps: ``ADJ-000001``."""
    return take_numbers(conn, series, 1)[0]


def take_numbers(conn: Connection, series: str, count: int) -> list[str]:
    """Return the next ``count`` numbers of a series; who else takes of it waits until this transaction ends."""
    taking = (
        update(counters)
        .where(counters.c.name == series)
        .values(value=counters.c.value + count)
        .returning(counters.c.value)
    )
    last = conn.execute(taking).scalar_one_or_none()
    if last is None:
        bulk.insert_new(conn, counters, [{"name": series, "value": 0}])
        last = conn.execute(taking).scalar_one()
    return [f"{series}-{value:06d}" for value in range(last - count + 1, last + 1)]


# --- invoices, adjustments, transfers


@dataclass(frozen=True, slots=True, kw_only=True)
class Invoice:
    """What an account is asked to pay by a day; what it brings forward is on the paper and never counts."""

    invoice_no: str
    account_no: str
    invoice_date: date
    due_date: date
    amount_minor: int
    brought_forward_minor: int | None = None


def add_invoices(conn: Connection, outgoing: Outgoing, invoices: Sequence[Invoice], *, at: datetime) -> None:
    """Issue invoices. Payments that named one of them before it was known now apply to it.

    Raises: NumberTaken, UnknownAccount, NothingToMove; then none of them is issued.
    """
    for invoice in invoices:
        if invoice.due_date < invoice.invoice_date:
            raise NothingToMove(f"Invoice {invoice.invoice_no} would be due before it is made. Correct its due date.")
    refuse_taken(conn, [invoice_id(invoice.invoice_no) for invoice in invoices])
    made = [
        Fact(
            fact_id=invoice_id(invoice.invoice_no),
            kind="invoice",
            account_no=invoice.account_no,
            stands_on=invoice.account_no,
            number=invoice.invoice_no,
            fact_date=invoice.invoice_date,
            due_date=invoice.due_date,
            amount_minor=invoice.amount_minor,
            brought_forward_minor=invoice.brought_forward_minor,
            decision="account",
        )
        for invoice in invoices
    ]
    frame = invoice_papers.keep_frame(conn)
    post_facts(conn, outgoing, made)
    note_namings(conn, {invoice.invoice_no: invoice.account_no for invoice in invoices}, at=at)
    invoice_papers.freeze(conn, {invoice.invoice_no: invoice.account_no for invoice in invoices}, frame=frame)


def refuse_taken(conn: Connection, fact_ids: Sequence[str]) -> None:
    """Make sure that nothing of these ids was made yet. Raises: NumberTaken."""
    if len(set(fact_ids)) < len(fact_ids):
        raise NumberTaken("A number stands twice among what is to be made. Nothing was made.")
    query = select(facts.c.number).where(bulk.among(conn, facts.c.fact_id, fact_ids)).limit(1)
    taken = conn.execute(query).scalars().first()
    if taken is not None:
        raise NumberTaken(f"There is a {taken} already. Nothing was made; choose another number.")


def note_namings(conn: Connection, account_of: Mapping[str, str], *, at: datetime) -> None:
    """Open an item for each payment that named one of these invoices before it was known, for another account."""
    openings = []
    for row in conn.execute(select(claims.c.key, claims.c.owner).where(claims.c.kind == NAMING)).all():
        invoice_no, account_no = row.key.split(NAMING_PARTED)
        if invoice_no not in account_of:
            continue
        conn.execute(delete(claims).where(claims.c.kind == NAMING, claims.c.key == row.key))
        if account_of[invoice_no] != account_no:
            details = {"invoice": invoice_no, "its_account": account_of[invoice_no], "account": account_no}
            openings.append(
                Opening(code="invoice_of_another_account", subject=f"{row.owner} {account_no}", details=details)
            )
    exceptions.open_all(conn, openings, at=at)


def adjust(conn: Connection, outgoing: Outgoing, *, account_no: str, amount_minor: int, reason: str, on: date) -> str:
    """Charge an account (above zero) or credit it (below) and return the adjustment's number.

    A debit is due the day it is made. Raises: NothingToMove, UnknownAccount.
    """
    reason = reason_of(reason)
    if not amount_minor:
        raise NothingToMove("An adjustment of nothing changes nothing. Give an amount.", field="amount")
    number = next_number(conn, "ADJ")
    post_facts(conn, outgoing, [adjustment(number, number, account_no, amount_minor, reason, on)])
    return number


def transfer(
    conn: Connection,
    outgoing: Outgoing,
    *,
    from_account: str,
    to_account: str,
    amount_minor: int,
    reason: str,
    on: date,
) -> str:
    """Move money that one account holds to another, as a pair of adjustments, and return their number.

    Raises: NothingToMove when the amount is not above zero or more than the account holds; UnknownAccount.
    """
    reason = reason_of(reason)
    check_transfer(conn, from_account=from_account, to_account=to_account, amount_minor=amount_minor)
    number = next_number(conn, "TRF")
    post_facts(
        conn,
        outgoing,
        [
            adjustment(f"{number}.1", number, from_account, amount_minor, f"to {to_account}: {reason}", on),
            adjustment(f"{number}.2", number, to_account, -amount_minor, f"from {from_account}: {reason}", on),
        ],
    )
    return number


def check_transfer(conn: Connection, *, from_account: str, to_account: str, amount_minor: int) -> None:
    """Make sure that an account holds what is to be moved; both are locked. Raises: NothingToMove, UnknownAccount."""
    if from_account == to_account or amount_minor <= 0:
        raise NothingToMove("A transfer moves an amount above zero to another account.", field="amount")
    hold_accounts(conn, {from_account, to_account})
    held = conn.execute(
        select(accounts.c.overpayment_minor).where(accounts.c.account_no == from_account)
    ).scalar_one_or_none()
    if held is None:
        raise UnknownAccount(f"There is no account {from_account}. Check its number.", field="account")
    if held < amount_minor:
        raise NothingToMove(
            f"Account {from_account} holds {format_amount(held)}, not {format_amount(amount_minor)}: "
            f"{format_amount(amount_minor - held)} too much. Move at most what it holds.",
            field="amount",
        )
    if conn.execute(select(accounts.c.account_no).where(accounts.c.account_no == to_account)).first() is None:
        raise UnknownAccount(f"There is no account {to_account}. Check its number.", field="account")


def reason_of(text: str) -> str:
    """Return a reason as it is kept. Raises: NothingToMove when there is none, or too much of it."""
    reason = text.strip()
    if not reason or len(reason) > REASON_MAX:
        raise NothingToMove(f"Give the reason, at most {REASON_MAX} letters.", field="reason")
    return reason


# --- what becomes of payments


def say_of_payments(
    conn: Connection, outgoing: Outgoing, *, event: Event, number: str, on: date, text: str | None = None
) -> tuple[Fact, ...]:
    """Confirm, clear or bounce what was paid: the payments of one receipt that are not cash, or of one reference.

    Return the facts made. Raises: UnknownPayment, AlreadySaid.
    """
    payments = _payments(conn, number)
    said = conn.execute(
        select(facts.c.kind, facts.c.of_fact_id).where(
            facts.c.of_fact_id.in_([payment.fact_id for payment in payments]), facts.c.decision.is_distinct_from("none")
        )
    )
    for row in said:
        if row.kind in (event, "bounce", "reversal"):
            raise AlreadySaid(f"The payment of {number} already has its {row.kind}. Nothing was changed.")
    made = events_of(event, payments, on=on, text=text)
    back = moved.brought_back(conn, {payment.fact_id: on for payment in payments}) if event == "bounce" else []
    post_facts(conn, outgoing, [*made, *back])
    return made


def events_of(event: Event, payments: Sequence[Fact], *, on: date, text: str | None = None) -> tuple[Fact, ...]:
    """Return the facts that confirm, clear or bounce these payments."""
    return tuple(
        Fact(
            fact_id=f"{_PREFIX[event]}:{payment.fact_id}",
            kind=event,
            account_no=payment.account_no,
            stands_on=payment.stands_on,
            number=payment.number,
            fact_date=on,
            amount_minor=0,
            of_fact_id=payment.fact_id,
            method=payment.method,
            reference=payment.reference,
            text=text,
            decision=decision_of(payment),
        )
        for payment in payments
    )


def decision_of(payment: Fact) -> Decision:
    """Return where what speaks of a payment counts: where the payment does."""
    return "suspense" if payment.decision == "suspense" else "account"


def _payments(conn: Connection, number: str) -> tuple[Fact, ...]:
    reference = normalise_reference(number)
    query: Any = select(facts).where(facts.c.kind == "payment", facts.c.method != "cash")
    found = tuple(map(fact_of, conn.execute(query.where(facts.c.reference == reference))))
    found = found or tuple(map(fact_of, conn.execute(query.where(is_numbered(number)))))
    if not found:
        raise UnknownPayment(f"No payment by M-Pesa, bank or cheque has the number or reference {number}.")
    if len({payment.number for payment in found}) > 1:
        numbers = ", ".join(sorted({payment.number for payment in found}))
        raise UnknownPayment(f"{number} is the reference of several receipts ({numbers}). Name the receipt instead.")
    return found
