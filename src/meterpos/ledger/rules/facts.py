"""The fact: one immutable change to one account, as it travels and as it is stored."""

from datetime import date
from typing import Final, Literal

import msgspec

FactKind = Literal["opening", "invoice", "adjustment", "payment", "reversal", "confirmation", "clearing", "bounce"]
Decision = Literal["account", "suspense", "none"]

EVENT_KINDS: Final = frozenset({"confirmation", "clearing", "bounce"})
"""Kinds that change no sum themselves: they say something of the payment ``of_fact_id`` names."""


class Fact(msgspec.Struct, frozen=True, kw_only=True):
    """One change to one account. A struct, made in a fifth of a frozen dataclass's time: every payment of every till
    is several.

    ``amount_minor`` is its effect on what the account owes once it counts: invoices and debits positive, payments and
    credits negative, a reversal the opposite of its payment, events zero. ``account_no`` is what its maker stated,
    ``stands_on`` where it counts (the same until head office decides otherwise). ``position`` is None while
    provisional. ``decision`` is head office's: on the account, in suspense, or without effect. ``clerk`` is who made it
    at a till, or took it in the books before these; None for what nobody took, and where it was not told.
    """

    fact_id: str
    kind: FactKind
    account_no: str
    stands_on: str
    number: str
    fact_date: date
    amount_minor: int
    counts: bool = True
    due_date: date | None = None
    invoice_no: str | None = None
    of_fact_id: str | None = None
    method: str | None = None
    reference: str | None = None
    brought_forward_minor: int | None = None
    text: str | None = None
    entry_id: bytes | None = None
    generation: int | None = None
    position: int | None = None
    decision: Decision | None = None
    clerk: str | None = None


def place(fact: Fact, *, stands_on: str, decision: Decision) -> Fact:
    """Return a fact as head office placed it: itself where that is what it says already."""
    if fact.decision == decision and fact.stands_on == stands_on:
        return fact
    return msgspec.structs.replace(fact, stands_on=stands_on, decision=decision)


def opening_id(account_no: str) -> str:
    """Return the id of an account's opening balance."""
    return f"o:{account_no}"


def invoice_id(invoice_no: str) -> str:
    """Return the id of an invoice."""
    return f"i:{invoice_no}"


def adjustment_id(adjustment_no: str) -> str:
    """Return the id of an adjustment made at head office."""
    return f"a:{adjustment_no}"


def payment_id(payment_no: str) -> str:
    """Return the id of a payment that no till took: imported, or made by paybill."""
    return f"p:{payment_no}"


def imported_reversal_id(payment_no: str) -> str:
    """Return the id of the reversal of a payment that no till took."""
    return f"r:{payment_no}"


def till_fact_id(short_id: str, index: int) -> str:
    """Return the id of the fact ``index`` (from 0) of the entry with this short id."""
    return f"{short_id}.{index}"
