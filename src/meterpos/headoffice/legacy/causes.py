"""Why a customer's old position differs from the new one: named causes, each a sum over rows, that add up exactly.

The old programme kept a running balance by a rule that nobody wrote down. What it may have done otherwise than the
rows say is known, though: six habits, each with its own sum for a customer. The habits of the old books as a whole are
those under which most customers' stored balances are met to the cent; a customer whose balance is met exactly by
others is explained by those. Whatever a stored balance is besides what the rule gives from the old rows is drift. No
cause is what is left over: each is computed from rows, and what they leave unexplained is computed apart and must be
nothing (decision record 0014).
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, fields
from itertools import combinations
from typing import Final, NamedTuple

FORWARD, STORED, REVERSED, PENDING, MOVED, INACTIVE = range(6)
HABITS: Final = (FORWARD, STORED, REVERSED, PENDING, MOVED, INACTIVE)
Rule = frozenset[int]
"""Which habits the old programme had."""

RULES: Final[tuple[Rule, ...]] = tuple(
    frozenset(some) for size in range(len(HABITS) + 1) for some in combinations(HABITS, size)
)
"""Every rule there may have been, fewest habits first."""


@dataclass(frozen=True, slots=True)
class Rows:
    """Sums over a customer's old rows: what stands on active accounts, or on closed ones."""

    billed_minor: int = 0
    """by bills, with what the first brought forward"""
    opening_minor: int = 0
    stored_minor: int = 0
    """as invoices stored it"""
    forward_minor: int = 0
    """what invoices stored as brought forward, each time"""
    paid_minor: int = 0
    reversed_minor: int = 0
    pending_minor: int = 0
    from_others_minor: int = 0
    """paid by other customers, and placed here"""

    def net_minor(self) -> int:
        """Return what is owed by the rule of this programme."""
        return self.billed_minor + self.opening_minor - self.paid_minor - self.from_others_minor


@dataclass(frozen=True, slots=True)
class Position:
    """One customer: the old position, the new one, and the old rows behind both."""

    customer_id: int
    old_minor: int
    new_minor: int
    active: Rows
    closed: Rows
    elsewhere_minor: int
    """paid by this customer and counted, but placed in suspense or with others"""


class Causes(NamedTuple):
    """What each habit adds to the old position above the new one, in the order of `HABITS`, and the drift."""

    forward_again_minor: int
    stored_differs_minor: int
    reversed_counted_minor: int
    pending_counted_minor: int
    payment_moved_minor: int
    inactive_minor: int
    drift_minor: int


NO_CAUSES: Final = Causes(0, 0, 0, 0, 0, 0, 0)


class Explained(NamedTuple):
    """A customer's difference, explained; `unexplained_minor` must be nothing."""

    causes: Causes
    unexplained_minor: int


def effects(position: Position, rule: Rule) -> tuple[int, ...]:
    """Return what each habit of `rule` adds to the old position above the new one."""
    sums = _sums(position, with_closed=INACTIVE in rule)
    return tuple(minor if habit in rule else 0 for habit, minor in enumerate(sums))


def _sums(position: Position, *, with_closed: bool) -> tuple[int, ...]:
    """Return what each habit would add, over active accounts alone or over closed ones too."""
    own, closed = position.active, position.closed
    forward, stored = own.forward_minor - own.opening_minor, own.stored_minor - own.billed_minor
    reversed_, pending, others = own.reversed_minor, own.pending_minor, own.from_others_minor
    if with_closed:
        forward += closed.forward_minor - closed.opening_minor
        stored += closed.stored_minor - closed.billed_minor
        reversed_ += closed.reversed_minor
        pending += closed.pending_minor
        others += closed.from_others_minor
    inactive = closed.net_minor() if with_closed else 0
    return forward, stored, -reversed_, -pending, others - position.elsewhere_minor, inactive


def by_rule(position: Position, rule: Rule) -> int:
    """Return the position that the old programme's rule gives from the old rows, without asking the new accounts."""
    total = 0
    for rows in (position.active, position.closed) if INACTIVE in rule else (position.active,):
        total += rows.stored_minor if STORED in rule else rows.billed_minor
        total += rows.forward_minor if FORWARD in rule else rows.opening_minor
        total -= rows.paid_minor
        total -= rows.reversed_minor if REVERSED in rule else 0
        total -= rows.pending_minor if PENDING in rule else 0
        total -= 0 if MOVED in rule else rows.from_others_minor
    return total - (position.elsewhere_minor if MOVED in rule else 0)


def rule_of(positions: Iterable[Position]) -> Rule:
    """Return the rule by which most stored balances are met exactly; among equals the one with the fewest habits."""
    met: Counter[Rule] = Counter()
    for position in positions:
        if any(_sums(position, with_closed=True)):
            met.update(_met(position))
    return max(RULES, key=lambda rule: (met[rule], -len(rule), -RULES.index(rule)))


def explain(position: Position, rule: Rule) -> Explained:
    """Explain one customer by `rule`; by another that meets the stored balance exactly, where `rule` does not.

    Drift is the stored position less what the rule gives from the old rows; what is unexplained is worked out apart,
    from the new position.
    """
    if position.old_minor == position.new_minor == by_rule(position, AS_THE_ROWS_SAY):
        return Explained(NO_CAUSES, 0)
    exact = _met(position)
    if exact and rule not in exact:
        rule = min(exact, key=lambda other: (len(other ^ rule), len(other), RULES.index(other)))
    drift = position.old_minor - by_rule(position, rule)
    causes = Causes._make((*effects(position, rule), drift))
    return Explained(causes, position.old_minor - position.new_minor - sum(causes))


def _met(position: Position) -> list[Rule]:
    """Return the rules that give the stored balance to the cent."""
    wanted = position.old_minor - by_rule(position, AS_THE_ROWS_SAY)
    found = []
    for with_closed, rules in ((False, _WITHOUT_CLOSED), (True, _WITH_CLOSED)):
        *sums, inactive = _sums(position, with_closed=with_closed)
        totals = [inactive]
        for minor in sums:
            totals += [total + minor for total in totals]
        found += [rules[place] for place, total in enumerate(totals) if total == wanted]
    return found


def _in_order_of_sums(extra: Rule) -> tuple[Rule, ...]:
    """Return the rules in the order in which `_met` adds their habits up."""
    rules = [extra]
    for habit in HABITS[:-1]:
        rules += [rule | {habit} for rule in rules]
    return tuple(rules)


AS_THE_ROWS_SAY: Final[Rule] = frozenset()
_WITHOUT_CLOSED: Final = _in_order_of_sums(frozenset())
_WITH_CLOSED: Final = _in_order_of_sums(frozenset({INACTIVE}))
fields_of_rows: Final = tuple(field.name for field in fields(Rows))
