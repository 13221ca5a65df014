"""Instalment plans: those a text finds; one with its total, what is paid and pending, and every payment on it."""

import re
from collections.abc import Set
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, bindparam, exists, func, or_, select

from meterpos.errors import UserError
from meterpos.ledger.journal import Entry, papers_of, read_back
from meterpos.ledger.queries.accounts import CLERK_NAME, Account, UnknownMeterOrAccount, pending, resolve
from meterpos.ledger.rules.balances import UNDOING_KINDS
from meterpos.ledger.rules.instalments import PlanState
from meterpos.ledger.tables import accounts, customers, facts, journal, plans, users

TEXT_MAX: Final = 80
ROWS_MAX: Final = 200
"""How many plans one look at the list gives; a text narrows it."""
PHONE_DIGITS: Final = 9
"""How many digits at its end tell a phone number, with or without 0 or +254 before them."""


class NotAPlan(UserError):
    """The number is no instalment plan's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Instalment:
    """One payment on a plan. ``at`` and ``paid_on`` are None where its entry is not here (another till's: ``is_here``).

    ``clerk`` is who took it, wherever that was, None where nobody did or it was not told; ``clerk_name`` how papers
    name them.

    ``reference`` is the transfer's, for cash the receipt's number; ``counts`` is false for what waits to be cleared.
    """

    number: str
    fact_date: date
    paid_on: date | None
    at: datetime | None
    clerk: str | None
    clerk_name: str
    method: str | None
    reference: str
    amount_minor: int
    notes: str
    counts: bool
    reversed: bool
    is_here: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanView:
    """One plan; ``waiting_minor`` was paid and waits to be cleared; ``count`` leaves out what was reversed."""

    account: Account
    plan_no: str | None
    phone: str
    capacity_kw: str
    state: PlanState
    waiting_minor: int
    payments: tuple[Instalment, ...]

    @property
    def number(self) -> str:
        """Return what people call the plan: head office's number, until it gave one the till's."""
        return self.plan_no or self.account.account_no

    @property
    def count(self) -> int:
        """Return how many payments stand."""
        return len({payment.number for payment in self.payments if not payment.reversed})

    @property
    def payable_minor(self) -> int:
        """Return the most that can be paid now: what waits to be cleared is as good as paid."""
        return max(self.state.pending_minor - self.waiting_minor, 0)

    @property
    def is_cancelled(self) -> bool:
        """Tell whether head office cancelled it: nothing can be paid on it."""
        return self.state.is_cancelled


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanRow:
    """One line of the list of plans; ``number`` is head office's, until it gave one the till's."""

    account_no: str
    number: str
    customer_no: str
    customer_name: str
    phone: str
    capacity_kw: str
    state: PlanState


@dataclass(frozen=True, slots=True)
class PlanRows:
    """The plans found, those with something pending first; ``count`` is how many there are, beyond those listed."""

    rows: tuple[PlanRow, ...]
    count: int


@dataclass(frozen=True, slots=True)
class Standing:
    """What stands on a plan: in how many papers, and how much of it waits to be cleared."""

    papers: int
    waiting_minor: int


_undoing: Final = facts.alias("plan_undoing")
_undone: Final = exists().where(
    _undoing.c.of_fact_id == facts.c.fact_id,
    _undoing.c.kind.in_(UNDOING_KINDS),
    _undoing.c.decision.is_distinct_from("none"),
)
_payments: Final = (
    select(
        facts.c.fact_id,
        facts.c.number,
        facts.c.fact_date,
        facts.c.method,
        facts.c.reference,
        facts.c.amount_minor,
        facts.c.text,
        facts.c.entry_id,
        pending().label("waits"),
        _undone.label("undone"),
        facts.c.clerk,
        CLERK_NAME.label("clerk_name"),
        journal.c.entry_id.is_not(None).label("is_here"),
    )
    .join_from(facts, journal, journal.c.entry_id == facts.c.entry_id, isouter=True)
    .join(users, users.c.user_name == facts.c.clerk, isouter=True)
    .where(
        facts.c.stands_on == bindparam("account_no"),
        facts.c.kind == "payment",
        facts.c.decision.is_distinct_from("none"),
    )
    .order_by(facts.c.fact_date, facts.c.number, facts.c.fact_id)
)
_phone: Final = select(customers.c.phone).where(customers.c.customer_no == bindparam("customer_no"))
_requests: Final = (
    select(journal.c.stream, journal.c.seq, journal.c.prev, journal.c.data, journal.c.entry_id)
    .select_from(
        accounts.join(facts, (facts.c.stands_on == accounts.c.account_no) & (facts.c.kind == "opening")).join(
            journal, journal.c.entry_id == facts.c.entry_id
        )
    )
    .where(accounts.c.account_no.between(bindparam("low"), bindparam("high")))
    .order_by(journal.c.seq)
)
_by_number: Final = select(plans.c.account_no).where(plans.c.plan_no == bindparam("plan_no"))
_plan: Final = select(plans.c.capacity_kw, plans.c.total_minor, plans.c.plan_no).where(
    plans.c.account_no == bindparam("account_no")
)


_agreed: Final = plans.join(accounts, accounts.c.account_no == plans.c.account_no)
_of_somebody: Final = _agreed.outerjoin(customers, customers.c.customer_no == accounts.c.customer_no)
_order: Final = (accounts.c.closed_on.is_not(None), accounts.c.net_minor <= 0, accounts.c.account_no)
_rows: Final = (
    select(
        accounts.c.account_no,
        accounts.c.customer_no,
        customers.c.name,
        customers.c.phone,
        accounts.c.closed_on,
        accounts.c.net_minor,
        plans.c.capacity_kw,
        plans.c.total_minor,
        plans.c.plan_no,
    )
    .select_from(_of_somebody)
    .where(accounts.c.account_no.in_(bindparam("numbers", expanding=True)))
    .order_by(*_order)
)


def find_plans(connection: Connection, text: str = "", *, limit: int = ROWS_MAX) -> PlanRows:
    """Return the plans that hold each word of ``text``: those with something pending, completed ones, cancelled ones.

    A word is found in the plan's number, the customer's number and name; digits in the phone, however it is spaced.
    With a text every plan's customer is looked at (0.2 s at 20,000 plans): read it where nobody waits.
    """
    wanted = [_holds(word) for word in _words(text[:TEXT_MAX])]
    place = _of_somebody if wanted else _agreed
    found = connection.execute(select(accounts.c.account_no).select_from(place).where(*wanted).order_by(*_order))
    numbers = found.scalars().all()
    rows = connection.execute(_rows, {"numbers": numbers[:limit]})
    return PlanRows(tuple(map(_row, rows)), len(numbers))


def _words(text: str) -> list[str]:
    digits = re.sub(r"[\s+()-]", "", text)
    return [digits] if digits.isdecimal() and len(digits) >= PHONE_DIGITS else text.split()


def _holds(word: str) -> ColumnElement[bool]:
    named = (accounts.c.account_no, func.coalesce(plans.c.plan_no, ""), accounts.c.customer_no, customers.c.name)
    found = [column.icontains(word, autoescape=True) for column in named]
    if word.isdecimal():
        found.append(customers.c.phone.contains(word[-PHONE_DIGITS:]))
    return or_(*found)


def _row(row: Any) -> PlanRow:
    return PlanRow(
        account_no=row.account_no,
        number=row.plan_no or row.account_no,
        customer_no=row.customer_no or "",
        customer_name=row.name or "",
        phone=row.phone or "",
        capacity_kw=row.capacity_kw,
        state=PlanState(total_minor=row.total_minor, net_minor=row.net_minor, is_cancelled=row.closed_on is not None),
    )


def find_plan(connection: Connection, plan_no: str) -> PlanView:
    """Return one plan with all its payments, the oldest first. Raises: NotAPlan."""
    named = connection.execute(_by_number, {"plan_no": plan_no.strip().upper()}).scalar()
    none = NotAPlan(f"{plan_no.strip()[:40]} is no instalment plan. Check the plan's number.", field="plan")
    try:
        account = resolve(connection, named or plan_no)
    except UnknownMeterOrAccount as error:
        raise none from error
    agreed = agreed_of(connection, account.account_no)
    if account.kind != "plan" or agreed is None:
        raise none
    rows = connection.execute(_payments, {"account_no": account.account_no}).all()
    return PlanView(
        account=account,
        plan_no=agreed.plan_no,
        phone=connection.execute(_phone, {"customer_no": account.customer_no}).scalar() or "",
        capacity_kw=agreed.capacity_kw,
        state=PlanState(
            total_minor=agreed.total_minor, net_minor=account.net_minor, is_cancelled=account.closed_on is not None
        ),
        waiting_minor=-sum(row.amount_minor for row in rows if row.waits),
        payments=tuple(_instalment(connection, row) for row in rows),
    )


def requests_of(connection: Connection, stem: str) -> tuple[Entry, ...]:
    """Return the entries of the plans made under numbers that begin with ``stem`` and go on in digits, in order."""
    rows = connection.execute(_requests, {"low": f"{stem}0", "high": f"{stem}9999999"})
    return tuple(Entry(*row) for row in rows)


def payments_that_stand(connection: Connection, account_no: str) -> tuple[Instalment, ...]:
    """Return the payments on a plan that were not undone, the oldest first."""
    rows = connection.execute(_payments, {"account_no": account_no}).all()
    return tuple(_instalment(connection, row) for row in rows if not row.undone)


def agreed_of(connection: Connection, account_no: str) -> Any:
    """Return the row of what a plan was agreed to be, None where there is none."""
    return connection.execute(_plan, {"account_no": account_no}).one_or_none()


def standing_of(connection: Connection, account_no: str, *, without: Set[str] = frozenset()) -> Standing:
    """Return what stands on a plan, leaving out the payments ``without``."""
    rows = connection.execute(_payments, {"account_no": account_no})
    stand = [row for row in rows if not row.undone and row.fact_id not in without]
    return Standing(len({row.number for row in stand}), -sum(row.amount_minor for row in stand if row.waits))


def _instalment(connection: Connection, row: Any) -> Instalment:
    at, paid_on = None, None
    if row.is_here:
        entry = read_back(connection, row.entry_id)
        at = entry.content.at
        parts = [part for paper in papers_of(entry) for part in paper.content.body["parts"]]
        said = [part["paid_on"] for part in parts if "paid_on" in part]
        paid_on = date.fromisoformat(said[0]) if said else None
    return Instalment(
        number=row.number,
        fact_date=row.fact_date,
        paid_on=paid_on,
        at=at,
        clerk=row.clerk,
        clerk_name=row.clerk_name,
        method=row.method,
        reference=row.reference or row.number,
        amount_minor=-row.amount_minor,
        notes=row.text or "",
        counts=not row.waits,
        reversed=bool(row.undone),
        is_here=bool(row.is_here),
    )
