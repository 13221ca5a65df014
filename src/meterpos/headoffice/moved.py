"""Payments whose money head office moved to another account: where it is, and how it comes back when they are undone.

What is taken from where a payment stands names that payment (`of_fact_id`), so that its till hears of it, and refuses
to undo it before money changes hands. Whatever undoes it all the same (a till that had not heard, a cheque that
bounces) brings the money back, or one account would keep what another gave (decision record 0036).
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from sqlalchemy import Connection, select

from meterpos.headoffice import bulk
from meterpos.headoffice.exceptions import Opening
from meterpos.ledger.posting import fact_of
from meterpos.ledger.rules.facts import Fact, adjustment_id
from meterpos.ledger.tables import accounts, facts

MOVED: Final = "moved"
"""A claim of this kind notes that head office moved a payment to the right meter: payment -> the transfer."""

_BACK: Final = "back"


@dataclass(frozen=True, slots=True, kw_only=True)
class Away:
    """One payment whose money is elsewhere: by which transfer, how much, from where, and where it was put."""

    payment_id: str
    number: str
    amount_minor: int
    place: str
    to_account: str

    def back(self, on: date) -> tuple[Fact, Fact]:
        """Return the pair of adjustments that brings the money back."""
        key, number, why = f"{_BACK}:{self.payment_id}", f"{self.number}/{_BACK.upper()}", f"what {self.number} moved"
        return (
            adjustment(f"{key}.1", number, self.to_account, self.amount_minor, f"{why} goes back", on),
            adjustment(f"{key}.2", number, self.place, -self.amount_minor, f"{why} came back", on, of=self.payment_id),
        )


def adjustment(
    key: str, number: str, account_no: str, amount_minor: int, reason: str, on: date, *, of: str | None = None
) -> Fact:
    """Return an adjustment; ``of`` is the payment whose money it takes from where that stands, or brings back there."""
    return Fact(
        fact_id=adjustment_id(key),
        kind="adjustment",
        account_no=account_no,
        stands_on=account_no,
        number=number,
        fact_date=on,
        due_date=on if amount_minor > 0 else None,
        amount_minor=amount_minor,
        of_fact_id=of,
        text=reason,
        decision="account",
    )


def moving(
    payments: Collection[Fact], *, number: str, to_account: str, taken: str, given: str, on: date
) -> tuple[Fact, ...]:
    """Return the facts that move these payments, which stand on one account, to another: all of them by one number."""
    (place,) = {payment.stands_on for payment in payments}
    first, *others = sorted(payments, key=lambda payment: payment.fact_id)
    total_minor = -sum(payment.amount_minor for payment in payments)
    return (
        adjustment(f"{number}.1", number, place, -first.amount_minor, taken, on, of=first.fact_id),
        adjustment(f"{number}.2", number, to_account, -total_minor, given, on),
        *(
            adjustment(f"{number}.{line}", number, place, -payment.amount_minor, taken, on, of=payment.fact_id)
            for line, payment in enumerate(others, 3)
        ),
    )


def find_away(conn: Connection, payment_ids: Collection[str]) -> dict[str, Away]:
    """Return which of these payments' money is elsewhere now; the caller holds the accounts they stand on."""
    spoken: dict[str, list[Fact]] = {}
    query = select(facts).where(facts.c.kind == "adjustment", facts.c.decision.is_distinct_from("none"))
    for chunk in bulk.chunks(sorted(payment_ids), bulk.CHUNK):
        for row in conn.execute(query.where(facts.c.of_fact_id.in_(chunk))):
            spoken.setdefault(row.of_fact_id, []).append(fact_of(row))
    return {
        payment_id: _away(conn, payment_id, said)
        for payment_id, said in spoken.items()
        if sum(fact.amount_minor for fact in said) > 0
    }


def _away(conn: Connection, payment_id: str, said: Collection[Fact]) -> Away:
    (taken,) = (fact for fact in said if fact.amount_minor > 0)
    given = facts.c.fact_id == adjustment_id(f"{taken.number}.2")
    return Away(
        payment_id=payment_id,
        number=taken.number,
        amount_minor=taken.amount_minor,
        place=taken.stands_on,
        to_account=conn.execute(select(facts.c.stands_on).where(given)).scalar_one(),
    )


def brought_back(conn: Connection, undone: Mapping[str, date]) -> list[Fact]:
    """Return what brings the money of these payments back where it was moved, on the days they were undone."""
    return [fact for payment_id, away in find_away(conn, undone).items() for fact in away.back(undone[payment_id])]


def overdrawn(conn: Connection, posted: Collection[Fact], *, till_name: str) -> list[Opening]:
    """Return an item where a reversal took back what its till's suspense no longer holds: it had been given out from
    there by a transfer that names no payment.
    """
    places = sorted({fact.stands_on for fact in posted if fact.kind == "reversal" and fact.decision == "suspense"})
    if not places:
        return []
    rows = conn.execute(
        select(accounts.c.account_no, accounts.c.net_minor)
        .where(accounts.c.account_no.in_(places), accounts.c.net_minor > 0)
        .order_by(accounts.c.account_no)
    )
    return [
        Opening(
            code="suspense_overdrawn",
            subject=row.account_no,
            till_name=till_name,
            details={"amount_minor": row.net_minor},
        )
        for row in rows
    ]
