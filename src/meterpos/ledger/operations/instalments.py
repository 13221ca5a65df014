"""What a payment on an instalment plan says besides: how far the plan is paid, when it was paid, the payer's notes."""

from collections.abc import Set
from datetime import date
from typing import Any, Final

from sqlalchemy import Connection

from meterpos.errors import UserError
from meterpos.ledger.queries.plans import agreed_of, standing_of
from meterpos.ledger.rules.allocation import Allocation, PaymentEffect
from meterpos.ledger.rules.instalments import PlanState, check_instalment

NOTES_MAX: Final = 200


class UnusableInstalment(UserError):
    """The payment date or the notes cannot be kept."""


def instalment_of(
    connection: Connection,
    *,
    account_no: str,
    amount_minor: int,
    before: Allocation,
    effect: PaymentEffect,
    paid_on: date | None,
    notes: str,
    business_date: date,
    gone: Set[str],
) -> dict[str, Any]:
    """Return what the part of a tender that pays a plan says besides.

    ``before`` is the plan's account without the payment, ``effect`` what the payment does to it.

    Raises: PlanExceeded, UnusableInstalment.
    """
    if paid_on is not None and paid_on > business_date:
        raise UnusableInstalment(
            f"The payment date {paid_on:%d %b %Y} is after today, {business_date:%d %b %Y}. Correct it.", field="date"
        )
    said = notes.strip()
    if len(said) > NOTES_MAX or not said.isprintable():
        raise UnusableInstalment(f"Notes are one line of at most {NOTES_MAX} letters.", field="notes")
    agreed = agreed_of(connection, account_no)
    total_minor = sum(state.charge.amount_minor for state in before.charges) if agreed is None else agreed.total_minor
    standing = standing_of(connection, account_no, without=gone)
    now = PlanState(total_minor=total_minor, net_minor=before.open_minor - before.credit_minor)
    check_instalment(now, plan_no=account_no, amount_minor=amount_minor, waiting_minor=standing.waiting_minor)
    after = PlanState(total_minor=total_minor, net_minor=effect.balance_after_minor - effect.credit_after_minor)
    told: dict[str, Any] = {
        "plan": {
            "capacity_kw": "" if agreed is None else agreed.capacity_kw,
            "total": total_minor,
            "paid": after.paid_minor,
            "pending": after.pending_minor,
            "n": standing.papers + 1,
        }
    }
    if agreed is not None and agreed.plan_no not in (None, account_no):
        told["plan"]["no"] = agreed.plan_no
    if paid_on is not None:
        told["paid_on"] = paid_on.isoformat()
    if said:
        told["notes"] = said
    return told
