"""What pages ask of the ledger. Each function runs in the lane; the queries are imported there, off the GUI thread."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from meterpos.ledger.moment import Moment

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from meterpos.ledger.journal import Entry
    from meterpos.ledger.queries.accounts import AccountLedger, Transaction
    from meterpos.ledger.queries.customers import Customer, MeterCard
    from meterpos.ledger.queries.people import User
    from meterpos.ledger.queries.receipts import Elsewhere, Receipt, ReceiptRow
    from meterpos.ledger.queries.seals import Verdict
    from meterpos.ledger.queries.search import CustomerHit
    from meterpos.ledger.queries.shifts import ClosedShift, Shift, ShiftTotals
    from meterpos.ledger.queries.spool import Job
    from meterpos.ledger.queries.status import Exchange
    from meterpos.ledger.rules.allocation import ChargeState
    from meterpos.ledger.rules.rights import Act
    from meterpos.ui.desk import Standing


@dataclass(frozen=True, slots=True)
class MeterView:
    """One meter as the pay page needs it: its card, its facts for the preview, its last transactions, what is open.

    `open` are the charges that are not paid yet, the first to be paid first; a meter may have hundreds.
    """

    card: "MeterCard"
    ledger: "AccountLedger"
    last: "tuple[Transaction, ...]"
    open: "tuple[ChargeState, ...]"


@dataclass(frozen=True, slots=True)
class CustomerView:
    """A customer with the meters the page has looked at so far, by account number."""

    customer: "Customer"
    meters: "dict[str, MeterView]"


@dataclass(frozen=True, slots=True)
class ShiftView:
    """The open shift and its totals."""

    shift: "Shift"
    totals: "ShiftTotals"


@dataclass(frozen=True, slots=True)
class ExchangeView:
    """The last exchanges and the printer's queue, the latest first."""

    exchanges: "tuple[Exchange, ...]"
    jobs: "tuple[Job, ...]"


def standing(conn: "Connection", moment: Moment, user_name: str | None) -> "Standing":
    """Return how the till stands: what waits, the open shift, who is signed in, the utility's settings, the date."""
    from meterpos.ledger.queries.cash import held_in_drawer
    from meterpos.ledger.queries.people import find_person, knows_people
    from meterpos.ledger.queries.settings import utility_settings
    from meterpos.ledger.queries.shifts import current_shift
    from meterpos.ledger.queries.status import status
    from meterpos.ui.desk import Standing

    shift = current_shift(conn)
    clerk = find_person(conn, shift.clerk, moment=moment) if shift is not None else None
    limits = utility_settings(conn)
    is_limited = bool(limits.cash_warn_minor or limits.cash_stop_minor)
    return Standing(
        status=status(conn),
        shift=shift,
        clerk_name=clerk.display_name if clerk is not None and clerk.is_known else "",
        me=find_person(conn, user_name, moment=moment) if user_name is not None else None,
        knows_people=knows_people(conn),
        settings=limits,
        today=max(shift.business_date, moment.today) if shift is not None else moment.today,
        held_minor=held_in_drawer(conn) if shift is not None and is_limited else None,
    )


def find(conn: "Connection", text: str, today: date) -> "tuple[CustomerHit, ...]":
    """Return who matches what was typed, the best first."""
    from meterpos.ledger.queries.search import find_customers

    return find_customers(conn, text, today=today, limit=20)


def customer_view(
    conn: "Connection", customer_no: str, accounts: "frozenset[str]", today: date, *, meter_no: str | None = None
) -> CustomerView:
    """Return a customer, with those meters looked into that are named (`accounts`, or `meter_no`), else the first."""
    from meterpos.ledger.queries.customers import customer

    found = customer(conn, customer_no, today=today)
    wanted = accounts or frozenset(card.account_no for card in found.meters if card.meter_no == meter_no)
    wanted = wanted or frozenset(card.account_no for card in found.meters[:1])
    cards = [card for card in found.meters if card.account_no in wanted]
    return CustomerView(found, {card.account_no: meter_view(conn, card) for card in cards})


def meter_view(conn: "Connection", card: "MeterCard") -> MeterView:
    """Return one meter with its facts and last transactions."""
    from meterpos.ledger.queries.accounts import last_transactions, ledger_of
    from meterpos.ledger.rules.allocation import allocate

    ledger = ledger_of(conn, card.account_no)
    still_open = tuple(state for state in allocate(ledger.charges, ledger.credits).charges if state.open_minor)
    return MeterView(card, ledger, last_transactions(conn, card.account_no, limit=6), still_open)


def used(conn: "Connection", references: "frozenset[tuple[str, str]]") -> "dict[tuple[str, str], str]":
    """Return which of these methods and references were used before, each with its payment's number."""
    from meterpos.ledger.queries.references import used_reference

    found = {pair: used_reference(conn, method=pair[0], reference=pair[1]) for pair in references}
    return {pair: number for pair, number in found.items() if number is not None}


def recent_receipts(conn: "Connection", text: str) -> "tuple[ReceiptRow, ...]":
    """Return the latest papers, or those a text finds."""
    from meterpos.ledger.queries.receipts import recent

    return recent(conn, text=text, limit=60)


def receipt(conn: "Connection", number: str) -> "Receipt":
    """Return one paper with its entry."""
    from meterpos.ledger.queries.receipts import find_receipt

    return find_receipt(conn, number)


@dataclass(frozen=True, slots=True)
class Checked:
    """What a code is worth; ``receipt`` is its paper where it was made here and is what the code says, ``elsewhere``
    what head office sent of it where another till made it.
    """

    text: str
    verdict: "Verdict"
    receipt: "Receipt | None"
    elsewhere: "Elsewhere | None"


def check_code(conn: "Connection", text: str) -> Checked:
    """Return what the code of a paper, as scanned or pasted, is worth. Raises: NotASeal."""
    from meterpos.ledger.queries.receipts import NoSuchReceipt, find_receipt, made_elsewhere
    from meterpos.ledger.queries.seals import verdict

    code = "".join(text.split()).upper()
    found = verdict(conn, code)
    receipt = None
    if found.truth in ("genuine", "reversed"):
        with suppress(NoSuchReceipt):
            receipt = find_receipt(conn, found.seal.number)
    if receipt is not None and not receipt.entry.entry_id.startswith(found.seal.entry_prefix):
        receipt = None
    elsewhere = made_elsewhere(conn, found.seal.number, entry_prefix=found.seal.entry_prefix)
    return Checked(code, found, receipt, elsewhere)


def elsewhere(conn: "Connection", number: str) -> "Elsewhere | None":
    """Return what head office sent of another till's receipt, None where it sent nothing."""
    from meterpos.ledger.queries.receipts import made_elsewhere

    return made_elsewhere(conn, number)


def people_here(conn: "Connection") -> "tuple[User, ...]":
    """Return who may sign in here."""
    from meterpos.ledger.queries.people import users

    return users(conn)


def approvers(conn: "Connection", clerk: str | None, moment: Moment, *, act: "Act" = "approve") -> "tuple[User, ...]":
    """Return who may approve today what this clerk does: never the clerk, nobody whose right has ended.

    ``act`` is what the approver must be allowed to do themselves.
    """
    from meterpos.ledger.queries.people import users_who_may

    return tuple(user for user in users_who_may(conn, act, moment=moment) if user.user_name != clerk)


def may(conn: "Connection", user_name: str | None, moment: Moment, *, act: "Act") -> bool:
    """Tell whether somebody may do this today."""
    from meterpos.ledger.queries.people import users_who_may

    return any(user.user_name == user_name for user in users_who_may(conn, act, moment=moment))


def shift_totals(conn: "Connection") -> "ShiftView | None":
    """Return the open shift with what its papers add up to."""
    from meterpos.ledger.queries.shifts import current_shift, totals

    shift = current_shift(conn)
    return None if shift is None else ShiftView(shift, totals(conn, shift))


def exchange_view(conn: "Connection") -> "ExchangeView":
    """Return what the sync page shows: the last exchanges and the printer's queue."""
    from meterpos.ledger.queries.spool import jobs
    from meterpos.ledger.queries.status import exchanges

    return ExchangeView(exchanges(conn, limit=30), jobs(conn, limit=30))


def next_clerks(conn: "Connection", clerk: str | None) -> "tuple[User, ...]":
    """Return who may take the drawer over from this clerk."""
    return tuple(user for user in people_here(conn) if user.user_name != clerk)


def closed_shifts(conn: "Connection") -> "tuple[ClosedShift, ...]":
    """Return the closed shifts of this till, the latest first."""
    from meterpos.ledger.queries.shifts import closed_shifts as found

    return found(conn, limit=60)


def paper_entry(conn: "Connection", number: str) -> "Entry":
    """Return the entry a paper of this till is made from. Raises: NoSuchPaper."""
    from meterpos.ledger.journal import read_back
    from meterpos.ledger.operations.papers import NoSuchPaper
    from meterpos.ledger.queries.papers import made_paper

    made = made_paper(conn, number)
    if made is None:
        raise NoSuchPaper(f"No paper {number} was made at this till. Check the number.", field="number")
    return read_back(conn, made.entry_id)
