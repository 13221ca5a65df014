"""What is open between payments and money: payments whose money nobody saw, money whose payment nobody knows."""

from dataclasses import dataclass
from datetime import date
from typing import Any, Final, Literal

from sqlalchemy import Connection, exists, or_, select

from meterpos.headoffice.matching.money import OPEN
from meterpos.headoffice.tables import money_in
from meterpos.ledger.queries.settings import utility_settings
from meterpos.ledger.rules.balances import FOLLOWING_KINDS
from meterpos.ledger.tables import facts

State = Literal["unconfirmed", "pending", "no payment", "wrong amount"]
LISTED_MAX: Final = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A payment whose money was not seen, a cheque in hand, or money that no payment names: by its reference alone."""

    state: State
    number: str
    method: str
    reference: str
    account_no: str
    on: date
    amount_minor: int


def waiting(conn: Connection, *, method: str | None = None, limit: int = LISTED_MAX) -> tuple[Waiting, ...]:
    """Return what waits, oldest first: cheques in hand, payments by M-Pesa and bank, money on no payment.

    Imported payments are not asked about, nor methods that the utility's policy holds for final.
    """
    policy = utility_settings(conn).policy
    methods = [name for name, word in policy.items() if word != "final" and name != "cash" and method in (None, name)]
    found = [*_payments(conn, methods, limit), *_money(conn, method, limit)]
    return tuple(sorted(found, key=lambda one: (one.on, one.number, one.account_no))[:limit])


def _payments(conn: Connection, methods: list[str], limit: int) -> list[Waiting]:
    said: Any = facts.alias("said")
    query = (
        select(facts)
        .where(
            facts.c.kind == "payment",
            facts.c.method.in_(methods),
            or_(facts.c.entry_id.is_not(None), facts.c.fact_id.like("p:PB-%")),
            facts.c.decision.is_distinct_from("none"),
            ~exists().where(
                said.c.of_fact_id == facts.c.fact_id,
                said.c.kind.in_(FOLLOWING_KINDS),
                said.c.decision.is_distinct_from("none"),
            ),
        )
        .order_by(facts.c.fact_date, facts.c.fact_id)
        .limit(limit)
    )
    return [
        Waiting(
            state="unconfirmed" if row.counts else "pending",
            number=row.number,
            method=row.method,
            reference=row.reference or "",
            account_no=row.stands_on,
            on=row.fact_date,
            amount_minor=-row.amount_minor,
        )
        for row in conn.execute(query)
    ]


def _money(conn: Connection, method: str | None, limit: int) -> list[Waiting]:
    query = select(money_in).where(money_in.c.outcome.in_(OPEN)).order_by(money_in.c.paid_on).limit(limit)
    if method is not None:
        query = query.where(money_in.c.method == method)
    return [
        Waiting(
            state="no payment" if row.outcome == "waiting" else "wrong amount",
            number=row.number or "",
            method=row.method,
            reference=row.reference,
            account_no="",
            on=row.paid_on,
            amount_minor=row.amount_minor,
        )
        for row in conn.execute(query)
    ]
