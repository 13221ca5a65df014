"""What stands open on several accounts at once: a few indexed reads, then the rule that also posts."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final, cast

from sqlalchemy import Connection, bindparam, select

from meterpos.ledger.queries.overdue import named_payments
from meterpos.ledger.rules.allocation import Allocation, Charge, ChargeKind, Credit, allocate
from meterpos.ledger.rules.balances import PLAIN_KINDS
from meterpos.ledger.tables import movements

_movements: Final = select(movements).where(movements.c.account_no.in_(bindparam("account_nos", expanding=True)))


@dataclass(slots=True)
class _Gathered:
    charges: list[Charge] = field(default_factory=list)
    credits: list[Credit] = field(default_factory=list)
    pool_minor: int = 0


def allocations(connection: Connection, account_nos: Collection[str]) -> Mapping[str, Allocation]:
    """Return what is paid and open on each of these accounts, worked out from movements alone.

    An undone payment and its undoing are equal and opposite, so the pool need not know which they are.
    """
    gathered = {account_no: _Gathered() for account_no in account_nos}
    for row in connection.execute(_movements, {"account_nos": list(gathered)}):
        account = gathered[row.account_no]
        if row.kind in PLAIN_KINDS and row.amount_minor > 0:
            account.charges.append(_charge(row))
        else:
            account.pool_minor -= row.amount_minor
    _name(connection, gathered)
    return {
        account_no: allocate(account.charges, [*account.credits, *_pool(account)])
        for account_no, account in gathered.items()
    }


def _charge(row: Any) -> Charge:
    _, _, number = row.fact_id.partition(":")
    return Charge(
        fact_id=row.fact_id,
        number=number,
        kind=cast(ChargeKind, row.kind),
        due_date=row.due_date or row.fact_date,
        fact_date=row.fact_date,
        amount_minor=row.amount_minor,
    )


def _name(connection: Connection, gathered: Mapping[str, _Gathered]) -> None:
    """Take payments that name an invoice of their account out of the pool."""
    numbers = [charge.number for one in gathered.values() for charge in one.charges if charge.kind == "invoice"]
    if not numbers:
        return
    for row in connection.execute(named_payments, {"account_nos": list(gathered), "invoice_nos": numbers}):
        account = gathered[row.stands_on]
        account.credits.append(Credit(fact_id=row.fact_id, amount_minor=-row.amount_minor, invoice_no=row.invoice_no))
        account.pool_minor += row.amount_minor


def _pool(account: _Gathered) -> list[Credit]:
    assert account.pool_minor >= 0, "more was named than was paid"
    return [Credit(fact_id="", amount_minor=account.pool_minor)] if account.pool_minor else []


def latest_due(allocation: Allocation) -> tuple[str, date, int] | None:
    """Return number, due date and amount of the latest invoice, None where there is none."""
    invoices = [state.charge for state in allocation.charges if state.charge.kind == "invoice"]
    if not invoices:
        return None
    latest = max(invoices, key=lambda charge: (charge.fact_date, charge.number))
    return latest.number, latest.due_date, latest.amount_minor
