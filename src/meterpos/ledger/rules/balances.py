"""Which facts count, the movements they make, and what an account's movements add up to.

One rule serves posting one fact, rebuilding all and checking: `movements_of` over a payment and everything that
speaks of it. It depends on the set of facts alone, never on their order (DESIGN §5).
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal, NamedTuple, cast

import msgspec

from meterpos.ledger.rules.allocation import Charge, ChargeKind, Credit
from meterpos.ledger.rules.facts import Fact

Status = Literal["Outstanding", "Credit", "Clear"]
PLAIN_KINDS: Final = frozenset({"opening", "invoice", "adjustment"})
UNDOING_KINDS: Final = ("reversal", "bounce")
"""In order of precedence: a payment is undone once."""
FOLLOWING_KINDS: Final = frozenset({"reversal", "bounce", "clearing", "confirmation"})


class Movement(msgspec.Struct, frozen=True, kw_only=True):
    """A fact's effect on the sum of one account, once it counts."""

    account_no: str
    fact_id: str
    kind: str
    fact_date: date
    due_date: date | None
    amount_minor: int
    number: str
    invoice_no: str | None
    of_fact_id: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """What is kept per account: all of it sums over its movements."""

    net_minor: int = 0
    total_billed_minor: int = 0
    total_paid_minor: int = 0
    last_invoice_date: date | None = None

    @property
    def balance_minor(self) -> int:
        """Return what is owed."""
        return max(self.net_minor, 0)

    @property
    def overpayment_minor(self) -> int:
        """Return what is held for the customer."""
        return max(-self.net_minor, 0)


def subject_of(fact: Fact) -> str:
    """Return the id of the fact whose group this one belongs to: a payment's for all that speaks of the payment."""
    if fact.kind in FOLLOWING_KINDS:
        assert fact.of_fact_id, f"a {fact.kind} speaks of a payment, {fact.fact_id} of none"
        return fact.of_fact_id
    return fact.fact_id


def movements_of(facts: Iterable[Fact]) -> tuple[Movement, ...]:
    """Return the movements of whole groups: every given payment with all facts that speak of it.

    A payment counts from its own date if its maker said so, else from its clearing. A reversal or a bounce counts when
    its payment does, once, and stands where the payment stands; one whose payment is not here yet has no movement.
    """
    groups: dict[str, list[Fact]] = defaultdict(list)
    for fact in facts:
        if fact.decision != "none":
            groups[subject_of(fact)].append(fact)
    return tuple([movement for subject, group in groups.items() for movement in _group_movements(subject, group)])


def counts_alone(fact: Fact) -> bool:
    """Tell whether a fact of which no other speaks counts: then it is its own movement, on the day it was made."""
    return fact.counts and fact.decision != "none" and fact.kind not in FOLLOWING_KINDS


def _group_movements(subject: str, group: Sequence[Fact]) -> Iterable[Movement]:
    heads = [fact for fact in group if fact.fact_id == subject]
    if not heads:
        return ()
    head = heads[0]
    if head.kind != "payment" or len(group) == 1:
        return (_movement(head, head, head.fact_date),) if head.counts else ()
    counted_on = _counted_on(head, group)
    if counted_on is None:
        return ()
    payment = _movement(head, head, counted_on)
    undoing = undone_by(group)
    if undoing is None:
        return (payment,)
    twin = _movement(undoing, head, max(undoing.fact_date, counted_on))
    return payment, msgspec.structs.replace(twin, amount_minor=-payment.amount_minor)


def _counted_on(payment: Fact, group: Sequence[Fact]) -> date | None:
    if payment.counts:
        return payment.fact_date
    return min((fact.fact_date for fact in group if fact.kind == "clearing"), default=None)


def undone_by(group: Iterable[Fact]) -> Fact | None:
    """Return the one reversal or bounce of a payment that counts, chosen the same way everywhere.

    Which of two should count is head office's decision; until it is made any fixed choice will do: both undo the
    whole payment.
    """
    undoing = [fact for fact in group if fact.kind in UNDOING_KINDS]
    return min(undoing, key=lambda fact: (UNDOING_KINDS.index(fact.kind), fact.fact_id), default=None)


def _movement(fact: Fact, placed: Fact, counted_on: date) -> Movement:
    return Movement(
        account_no=placed.stands_on,
        fact_id=fact.fact_id,
        kind=fact.kind,
        fact_date=counted_on,
        due_date=fact.due_date,
        amount_minor=fact.amount_minor,
        number=fact.number,
        invoice_no=fact.invoice_no,
        of_fact_id=fact.of_fact_id,
    )


def totals_of(movements: Iterable[Movement]) -> Totals:
    """Add up one account's movements."""
    net_minor = billed_minor = paid_minor = 0
    last_invoice_date: date | None = None
    for movement in movements:
        net_minor += movement.amount_minor
        if movement.kind == "invoice":
            billed_minor += movement.amount_minor
            last_invoice_date = max(last_invoice_date or movement.fact_date, movement.fact_date)
        elif movement.kind not in PLAIN_KINDS:
            paid_minor -= movement.amount_minor
    return Totals(
        net_minor=net_minor,
        total_billed_minor=billed_minor,
        total_paid_minor=paid_minor,
        last_invoice_date=last_invoice_date,
    )


def status_of(net_minor: int) -> Status:
    """Name the state of an account: Outstanding, Credit or Clear."""
    if net_minor > 0:
        return "Outstanding"
    return "Credit" if net_minor < 0 else "Clear"


class Counted(NamedTuple):
    """A movement as allocation asks for it. A tuple: a whole ledger is read as these."""

    fact_id: str
    kind: str
    fact_date: date
    due_date: date | None
    amount_minor: int
    number: str
    invoice_no: str | None
    of_fact_id: str | None


def charges_and_credits(counted: Collection[Counted]) -> tuple[tuple[Charge, ...], tuple[Credit, ...]]:
    """Sort what counts on one account into what is owed and what pays it.

    A payment that was undone is left out together with its undoing: it neither pays nor names its invoice.
    """
    undone = {one.of_fact_id for one in counted if one.kind in UNDOING_KINDS}
    charges: list[Charge] = []
    pays: list[Credit] = []
    for one in counted:
        if one.fact_id in undone or one.kind in UNDOING_KINDS:
            continue
        if one.amount_minor > 0:
            charges.append(_charge(one))
        elif one.amount_minor < 0:
            named = one.invoice_no if one.kind == "payment" else None
            pays.append(Credit(fact_id=one.fact_id, amount_minor=-one.amount_minor, invoice_no=named))
    return tuple(charges), tuple(pays)


def _charge(one: Counted) -> Charge:
    assert one.kind in PLAIN_KINDS, f"a {one.kind} above zero is no charge: {one.fact_id}"
    return Charge(
        fact_id=one.fact_id,
        number=one.number,
        kind=cast(ChargeKind, one.kind),
        due_date=one.due_date or one.fact_date,
        fact_date=one.fact_date,
        amount_minor=one.amount_minor,
    )
