"""The payments that stand under a reference: not taken back, not without effect, confirmed or not."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, select

from meterpos.headoffice import bulk
from meterpos.ledger.posting import fact_of
from meterpos.ledger.rules.facts import Fact
from meterpos.ledger.tables import facts

METHODS: Final = {"mpesa": ("mpesa",), "bank": ("bank", "cheque")}
"""Which payments a statement of this kind speaks of."""
_SAYING: Final = ("confirmation", "clearing")
_UNDOING: Final = ("reversal", "bounce")


@dataclass(frozen=True, slots=True)
class Standing:
    """One payment that stands; ``said`` when it was confirmed or cleared already."""

    fact: Fact
    said: bool

    @property
    def amount_minor(self) -> int:
        """How much was paid, above zero."""
        return -self.fact.amount_minor


def standing(conn: Connection, method: str, references: Collection[str]) -> dict[str, list[Standing]]:
    """Return the payments that stand under these references, by reference."""
    found: dict[str, list[Standing]] = defaultdict(list)
    for chunk in bulk.chunks(sorted(set(references)), bulk.CHUNK):
        query = select(facts).where(
            facts.c.reference.in_(chunk),
            facts.c.kind == "payment",
            facts.c.method.in_(METHODS[method]),
            facts.c.decision.is_distinct_from("none"),
        )
        payments = list(map(fact_of, conn.execute(query.order_by(facts.c.fact_id))))
        said, undone = spoken_of(conn, [payment.fact_id for payment in payments])
        for payment in payments:
            if payment.fact_id not in undone:
                found[payment.reference or ""].append(Standing(payment, payment.fact_id in said))
    return found


def spoken_of(conn: Connection, ids: Sequence[str]) -> tuple[set[str], set[str]]:
    """Return which of these payments were confirmed or cleared, and which were taken back."""
    said: set[str] = set()
    undone: set[str] = set()
    for chunk in bulk.chunks(ids, bulk.CHUNK):
        query = select(facts.c.of_fact_id, facts.c.kind).where(
            facts.c.of_fact_id.in_(chunk), facts.c.decision.is_distinct_from("none")
        )
        for of_fact_id, kind in conn.execute(query):
            if kind in _SAYING:
                said.add(of_fact_id)
            elif kind in _UNDOING:
                undone.add(of_fact_id)
    return said, undone


def fitting(payments: Sequence[Standing], amount_minor: int) -> list[Standing]:
    """Return those that are exactly this money: all that count where they were meant, else all there are; or none."""
    meant = [one for one in payments if one.fact.decision != "suspense"]
    for some in (meant, list(payments)):
        if some and sum(one.amount_minor for one in some) == amount_minor:
            return some
    return []
