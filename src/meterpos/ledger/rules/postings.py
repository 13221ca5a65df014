"""Double entry, derived: every fact gives postings that add up to zero. Debits are positive.

The books: what customers owe and are owed (*receivable*, one sum with the accounts' nets), what suspense accounts hold,
where the money lies (*drawer*, *safe*, *mpesa_clearing*, *bank*, *cheques_in_hand*), and where it comes from. The
*float* is lent to the drawer of an open shift and comes back when it is closed.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from meterpos.ledger.rules.balances import UNDOING_KINDS, Movement, movements_of
from meterpos.ledger.rules.cash import MovementKind
from meterpos.ledger.rules.facts import Fact

Book = Literal[
    "receivable",
    "suspense",
    "drawer",
    "safe",
    "float",
    "payouts",
    "mpesa_clearing",
    "bank",
    "cheques_in_hand",
    "cheques_uncleared",
    "refunds_due",
    "revenue",
    "adjustments",
    "opening_balances",
    "cash_over_short",
]

Refund = Literal["cash", "none"]

_NO_REFUNDS: Final[Mapping[str, Refund]] = {}
_MONEY: Final[dict[str, Book]] = {
    "cash": "drawer",
    "mpesa": "mpesa_clearing",
    "bank": "bank",
    "cheque": "cheques_in_hand",
}
_SOURCES: Final[dict[str, Book]] = {
    "invoice": "revenue",
    "adjustment": "adjustments",
    "opening": "opening_balances",
}


@dataclass(frozen=True, slots=True)
class Posting:
    """One side of a fact: a debit (positive) or a credit (negative) on a book; of which account, where it has one."""

    book: Book
    amount_minor: int
    account_no: str | None = None


def postings_of(
    facts: Sequence[Fact], *, suspense_accounts: Collection[str], refunds: Mapping[str, Refund] = _NO_REFUNDS
) -> tuple[Posting, ...]:
    """Return the postings of one group: a fact that stands alone, or a payment with all that speaks of it.

    They add up to zero, and what they put on receivable and suspense is exactly the group's movements. `refunds` says
    of reversals, by fact id, how the money was given back, as their entries have it.
    A pending cheque lies in hand against *cheques_uncleared* until it is cleared, bounced or handed back.
    """
    movements = movements_of(facts)
    payment = next((fact for fact in facts if fact.kind == "payment" and fact.decision != "none"), None)
    if payment is None:
        return tuple(
            posting
            for movement in movements
            for posting in (
                _owed(movement, suspense_accounts),
                Posting(_SOURCES[movement.kind], -movement.amount_minor),
            )
        )
    events = [fact for fact in facts if fact.decision != "none"]
    owed = [_owed(movement, suspense_accounts) for movement in movements]
    how = {refunds.get(fact.fact_id) for fact in events if fact.kind == "reversal"}
    return (*owed, *_money_of(payment, events, how, counted_minor=sum(posting.amount_minor for posting in owed)))


def _owed(movement: Movement, suspense_accounts: Collection[str]) -> Posting:
    book: Book = "suspense" if movement.account_no in suspense_accounts else "receivable"
    return Posting(book, movement.amount_minor, movement.account_no)


def _money_of(
    payment: Fact, events: Sequence[Fact], how: Collection[Refund | None], *, counted_minor: int
) -> tuple[Posting, ...]:
    """Return where the money of one payment lies; `counted_minor` is what it changed on the accounts."""
    received_minor = -payment.amount_minor
    place = _MONEY[payment.method or "cash"]
    lies: dict[Book, int] = {place: received_minor}
    kinds = {event.kind for event in events}
    if place == "cheques_in_hand" and "clearing" in kinds:
        place = "bank"
        lies = {place: received_minor}
    if not kinds.isdisjoint(UNDOING_KINDS):
        refund = _refund_book(place, how)
        lies[refund] = lies.get(refund, 0) - received_minor
    rest_minor = -sum(lies.values()) - counted_minor
    if rest_minor:
        lies["cheques_uncleared"] = rest_minor
    return tuple(Posting(book, minor) for book, minor in lies.items() if minor)


def _refund_book(place: Book, how: Collection[Refund | None]) -> Book:
    """Name the book an undone payment is given back from.

    A bounce takes back what the cheque brought. A reversal refunded in cash takes it from the drawer; with no refund,
    what came in other than a cheque is still here, and due to whoever paid it. A reversal that says nothing, as
    imported ones do, is the exact twin of its payment.
    """
    if "cash" in how:
        return "drawer"
    if "none" in how and place != "cheques_in_hand":
        return "refunds_due"
    return place


def count_postings(difference_minor: int) -> tuple[Posting, ...]:
    """Return the postings of a count that was over (positive) or short (negative)."""
    if difference_minor == 0:
        return ()
    return Posting("drawer", difference_minor), Posting("cash_over_short", -difference_minor)


_MOVED: Final[dict[MovementKind, tuple[Book, Book]]] = {
    "drop": ("safe", "drawer"),
    "payout": ("payouts", "drawer"),
    "banking": ("bank", "safe"),
}
"""Where cash goes, and where it comes from. A handover leaves it in the drawer."""


def movement_postings(kind: MovementKind, *, amount_minor: int, difference_minor: int) -> tuple[Posting, ...]:
    """Return the postings of cash that was moved; a handover posts what its count was over or short."""
    if kind == "handover":
        return count_postings(difference_minor)
    into, out_of = _MOVED[kind]
    return Posting(into, amount_minor), Posting(out_of, -amount_minor)


def open_shift_postings(float_minor: int) -> tuple[Posting, ...]:
    """Return the postings of an open shift: its float lies in the drawer."""
    return Posting("drawer", float_minor), Posting("float", -float_minor)


def closed_shift_postings(*, float_minor: int, expected_minor: int, counted_minor: int) -> tuple[Posting, ...]:
    """Return the postings of a whole shift: over or short is posted, the float goes back, the rest into the safe."""
    return (
        *count_postings(counted_minor - expected_minor),
        Posting("safe", counted_minor - float_minor),
        Posting("drawer", float_minor - counted_minor),
    )


def trial_balance(postings: Iterable[Posting]) -> dict[Book, int]:
    """Add up every book; the sum of all is zero."""
    sums: dict[Book, int] = {}
    for posting in postings:
        sums[posting.book] = sums.get(posting.book, 0) + posting.amount_minor
    return sums
