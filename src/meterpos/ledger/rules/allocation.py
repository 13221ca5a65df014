"""Which charge each credit pays: a named payment its invoice first, then everything else the oldest due.

The result depends on the set of facts alone, never on the order in which they arrive (DESIGN §5, Allocation).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

ChargeKind = Literal["opening", "invoice", "adjustment"]
State = Literal["unpaid", "partial", "paid"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Charge:
    """What an account owes for one reason: an invoice, an opening debt, a debit adjustment. Above zero."""

    fact_id: str
    number: str
    kind: ChargeKind
    due_date: date
    fact_date: date
    amount_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Credit:
    """Money for the account, as a positive amount: payment, credit adjustment, opening credit, negative invoice.

    `invoice_no` is the invoice a payment names; if the account has no such charge the credit belongs to the pool.
    """

    fact_id: str
    amount_minor: int
    invoice_no: str | None = None


@dataclass(frozen=True, slots=True)
class ChargeState:
    """How much of a charge is paid and how much is open."""

    charge: Charge
    paid_minor: int
    open_minor: int

    @property
    def state(self) -> State:
        """Say whether the charge is unpaid, partial or paid."""
        if self.open_minor == 0:
            return "paid"
        return "partial" if self.paid_minor else "unpaid"


@dataclass(frozen=True, slots=True)
class Allocation:
    """The charges in the order in which they are paid, and the credit that is left."""

    charges: tuple[ChargeState, ...]
    credit_minor: int

    @property
    def open_minor(self) -> int:
        """Sum what is open."""
        return sum(state.open_minor for state in self.charges)


@dataclass(frozen=True, slots=True)
class Line:
    """What one charge's open amount fell by, and what is left of it."""

    charge: Charge
    amount_minor: int
    left_minor: int


@dataclass(frozen=True, slots=True)
class PaymentEffect:
    """What one more payment does: its lines and its credit add up to its amount, exactly."""

    lines: tuple[Line, ...]
    credit_minor: int
    balance_after_minor: int
    credit_after_minor: int


def payment_order(charge: Charge) -> tuple[date, bool, str, str]:
    """Return the key that puts the charge to be paid first in front: due date, opening debt, number as text."""
    return charge.due_date, charge.kind != "opening", charge.number, charge.fact_id


def allocate(charges: Iterable[Charge], credits: Iterable[Credit]) -> Allocation:
    """Distribute all credits over all charges of one account."""
    ordered = sorted(charges, key=payment_order)
    assert all(charge.amount_minor > 0 for charge in ordered), "a charge is above zero; anything else is a credit"
    named = dict.fromkeys((charge.number for charge in ordered if charge.kind == "invoice"), 0)
    pool_minor = 0
    for credit in credits:
        if credit.invoice_no in named:
            named[credit.invoice_no] += credit.amount_minor
        else:
            pool_minor += credit.amount_minor

    paid_by_name: list[int] = []
    for charge in ordered:
        paid_minor = 0
        if charge.kind == "invoice":
            paid_minor = min(charge.amount_minor, named[charge.number])
            named[charge.number] -= paid_minor
        paid_by_name.append(paid_minor)
    return _pay_oldest(ordered, paid_by_name, pool_minor + sum(named.values()))


def _pay_oldest(ordered: Sequence[Charge], paid_by_name: Sequence[int], pool_minor: int) -> Allocation:
    states = []
    for charge, named_minor in zip(ordered, paid_by_name, strict=True):
        pooled_minor = min(charge.amount_minor - named_minor, pool_minor)
        pool_minor -= pooled_minor
        paid_minor = named_minor + pooled_minor
        states.append(ChargeState(charge, paid_minor, charge.amount_minor - paid_minor))
    return Allocation(tuple(states), pool_minor)


def apply_payment(
    charges: Sequence[Charge],
    credits: Sequence[Credit],
    amount_minor: int,
    invoice_no: str | None = None,
) -> PaymentEffect:
    """Say what one more payment would do; the preview on the screen and what is posted are this one function.

    A payment that names an invoice may free pooled money, which then pays other charges: their fall is a line too.
    No charge's open amount and no credit can move the other way, so every line is above zero.
    """
    added = Credit(fact_id="", amount_minor=amount_minor, invoice_no=invoice_no)
    return effect_between(allocate(charges, credits), allocate(charges, [*credits, added]))


def effect_between(before: Allocation, after: Allocation) -> PaymentEffect:
    """Compare two allocations of the same charges."""
    lines = tuple(
        Line(now.charge, was.open_minor - now.open_minor, now.open_minor)
        for was, now in zip(before.charges, after.charges, strict=True)
        if was.open_minor != now.open_minor
    )
    return PaymentEffect(
        lines=lines,
        credit_minor=after.credit_minor - before.credit_minor,
        balance_after_minor=after.open_minor,
        credit_after_minor=after.credit_minor,
    )


def spread_oldest_first(amount_minor: int, accounts: Mapping[str, Allocation]) -> dict[str, int]:
    """Say what each of several accounts gets of one amount: their open charges are paid the oldest due first.

    What is left after all of them is the first account's; what gets nothing is 0. Paid so, each account by its own
    payment, the same charges fall (`apply_payment`).
    """
    shares = dict.fromkeys(accounts, 0)
    waiting = sorted(
        (
            (payment_order(state.charge), account_no, state.open_minor)
            for account_no in accounts
            for state in accounts[account_no].charges
        ),
    )
    left_minor = amount_minor
    for _, account_no, open_minor in waiting:
        shares[account_no] += min(open_minor, left_minor)
        left_minor -= min(open_minor, left_minor)
    shares[next(iter(accounts))] += left_minor
    return shares
