"""The money of all meters at a glance: what is owed and held now, what was billed and collected in a period."""

from dataclasses import dataclass
from datetime import date
from typing import Final

from sqlalchemy import BigInteger, Connection, bindparam, case, cast, func, select

from meterpos.ledger.tables import accounts, customers, meters, movements

DEBTS_SHOWN: Final = 10


@dataclass(frozen=True, slots=True)
class Month:
    """What was billed and collected in one month, by its first day."""

    first: date
    billed_minor: int
    collected_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Debt:
    """One account that owes much."""

    account_no: str
    meter_no: str | None
    customer_name: str | None
    balance_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Finances:
    """Over meter accounts alone: plans and suspense are left out. Amounts are of now, months of the period.

    What was collected is less what was reversed or bounced; a payment that is not cleared yet is not in it.
    """

    from_date: date
    to_date: date
    active_meters: int
    owing_accounts: int
    outstanding_minor: int
    overpayments_minor: int
    months: tuple[Month, ...]
    debts: tuple[Debt, ...]

    @property
    def billed_minor(self) -> int:
        """Sum what was billed in the period."""
        return sum(month.billed_minor for month in self.months)

    @property
    def collected_minor(self) -> int:
        """Sum what was collected in the period."""
        return sum(month.collected_minor for month in self.months)

    @property
    def collection_permille(self) -> int | None:
        """Return what was collected of what was billed, in thousandths; None where nothing was billed."""
        return self.collected_minor * 1000 // self.billed_minor if self.billed_minor else None


_is_meter: Final = accounts.c.kind == "meter"
_ACTIVE: Final = (
    select(func.count())
    .select_from(accounts.join(meters, meters.c.meter_no == accounts.c.meter_no))
    .where(_is_meter, accounts.c.closed_on.is_(None), meters.c.status == "active")
)
_NOW: Final = select(
    func.count().filter(accounts.c.balance_minor > 0).label("owing"),
    cast(func.coalesce(func.sum(accounts.c.balance_minor), 0), BigInteger).label("outstanding"),
    cast(func.coalesce(func.sum(accounts.c.overpayment_minor), 0), BigInteger).label("overpayments"),
).where(_is_meter)
_is_invoice: Final = movements.c.kind == "invoice"
_BY_DAY: Final = (
    select(
        movements.c.fact_date,
        cast(func.sum(case((_is_invoice, movements.c.amount_minor), else_=0)), BigInteger).label("billed"),
        cast(func.sum(case((_is_invoice, 0), else_=-movements.c.amount_minor)), BigInteger).label("collected"),
    )
    .where(
        movements.c.fact_date.between(bindparam("from_date"), bindparam("to_date")),
        movements.c.kind.in_(("invoice", "payment", "reversal", "bounce")),
        movements.c.account_no.not_in(select(accounts.c.account_no).where(~_is_meter)),
    )
    .group_by(movements.c.fact_date)
)
_DEBTS: Final = (
    select(
        accounts.c.account_no,
        accounts.c.meter_no,
        customers.c.name.label("customer_name"),
        accounts.c.balance_minor,
    )
    .select_from(accounts.outerjoin(customers, customers.c.customer_no == accounts.c.customer_no))
    .where(_is_meter, accounts.c.balance_minor > 0)
    .order_by(accounts.c.balance_minor.desc(), accounts.c.account_no)
    .limit(DEBTS_SHOWN)
)


def finances(connection: Connection, *, from_date: date, to_date: date) -> Finances:
    """Return the financial summary; the period is both days included."""
    now = connection.execute(_NOW).one()
    months: dict[date, list[int]] = {}
    for day, billed, collected in connection.execute(_BY_DAY, {"from_date": from_date, "to_date": to_date}):
        sums = months.setdefault(day.replace(day=1), [0, 0])
        sums[0] += billed
        sums[1] += collected
    return Finances(
        from_date=from_date,
        to_date=to_date,
        active_meters=connection.execute(_ACTIVE).scalar_one(),
        owing_accounts=now.owing,
        outstanding_minor=now.outstanding,
        overpayments_minor=now.overpayments,
        months=tuple(Month(first, *months[first]) for first in sorted(months)),
        debts=tuple(Debt(**row._mapping) for row in connection.execute(_DEBTS)),
    )
