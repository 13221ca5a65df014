"""Instalment plans: what is paid, what is pending, and what may still be paid, from the plan's total and its net."""

import re
from dataclasses import dataclass
from typing import Final, Literal

from meterpos.errors import UserError
from meterpos.ledger.money import format_amount

PlanStatus = Literal["pending", "partial", "completed", "cancelled"]
Phase = Literal["amount", "material_allocation"]


_CAPACITY: Final = re.compile(r"\d{1,6}(\.\d{1,3})?", re.ASCII)


class UnusablePlan(UserError):
    """A plan cannot be made, or cancelled, so."""


class PlanExceeded(UserError):
    """The payment is more than what is pending on the plan."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanState:
    """How far a plan is paid, in minor units. ``net_minor`` is what its account owes; below zero, what it holds.

    A cancelled plan owes nothing of its total: what was paid on it is held until it is moved.
    """

    total_minor: int
    net_minor: int
    is_cancelled: bool = False

    @property
    def paid_minor(self) -> int:
        """Return what was paid of the total; more than it where two tills together took too much."""
        owed_minor = 0 if self.is_cancelled else self.total_minor
        return max(owed_minor - self.net_minor, 0)

    @property
    def pending_minor(self) -> int:
        """Return what is still to be paid."""
        return max(self.net_minor, 0)

    @property
    def excess_minor(self) -> int:
        """Return what was paid beyond the total and is held as credit."""
        return max(-self.net_minor, 0)

    @property
    def status(self) -> PlanStatus:
        """Pending until something is paid, completed once all is; a reversal reopens it."""
        if self.is_cancelled:
            return "cancelled"
        if self.net_minor <= 0:
            return "completed"
        return "partial" if self.paid_minor else "pending"

    @property
    def phase(self) -> Phase:
        """Collecting the amount, then allocating the material."""
        return "material_allocation" if self.status == "completed" else "amount"


def check_agreed(*, capacity_kw: str, total_minor: int) -> None:
    """Check what a plan is agreed to be: it is set once. Raises: UnusablePlan."""
    if not _CAPACITY.fullmatch(capacity_kw) or not capacity_kw.strip("0."):
        raise UnusablePlan(f"'{capacity_kw[:40]}' is no capacity. Give kilowatts, as in 5 or 7.5.", field="capacity")
    if total_minor <= 0:
        raise UnusablePlan(f"A plan's total is above zero, not {format_amount(total_minor)}.", field="total")


def check_instalment(state: PlanState, *, plan_no: str, amount_minor: int, waiting_minor: int = 0) -> None:
    """Check that a payment is not more than what is pending.

    ``waiting_minor`` was paid already and counts once it is cleared, as cheques do.

    Raises: PlanExceeded with what is pending, what waits and the difference.
    """
    left_minor = max(state.pending_minor - waiting_minor, 0)
    if amount_minor <= left_minor:
        return
    if not left_minor:
        why = f", and {format_amount(waiting_minor)} waits to be cleared" if waiting_minor else ""
        raise PlanExceeded(f"Plan {plan_no} has nothing pending{why}. Nothing can be paid on it now.", field="amount")
    waits = f" beside {format_amount(waiting_minor)} that waits to be cleared" if waiting_minor else ""
    raise PlanExceeded(
        f"{format_amount(left_minor)} is pending on plan {plan_no}{waits}: {format_amount(amount_minor)} is "
        f"{format_amount(amount_minor - left_minor)} too much. Take at most what is pending.",
        field="amount",
    )
