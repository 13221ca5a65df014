"""Which accounts have an open charge past its due date, without allocating: one indexed read for a page of them."""

from collections.abc import Collection, Mapping
from datetime import date
from typing import Any, Final

from sqlalchemy import BindParameter, Connection, bindparam, case, func, select

from meterpos.ledger.rules.balances import PLAIN_KINDS, UNDOING_KINDS
from meterpos.ledger.tables import accounts, movements

_accounts: Final[BindParameter[Any]] = bindparam("account_nos", expanding=True)
_due: Final = func.coalesce(movements.c.due_date, movements.c.fact_date)
_later_charge: Final = (
    movements.c.kind.in_(sorted(PLAIN_KINDS)) & (movements.c.amount_minor > 0) & (_due >= bindparam("today"))
)
_named: Final = movements.c.invoice_no.is_not(None) | movements.c.of_fact_id.is_not(None)
_later: Final = (
    select(
        movements.c.account_no,
        func.sum(case((_later_charge, movements.c.amount_minor), else_=0)).label("later_minor"),
        func.max(case((_named, 1), else_=0)).label("has_named"),
    )
    .where(movements.c.account_no.in_(_accounts), _later_charge | _named)
    .group_by(movements.c.account_no)
)
_told: Final = select(
    movements.c.account_no,
    movements.c.fact_id,
    movements.c.kind,
    movements.c.amount_minor,
    movements.c.number,
    movements.c.invoice_no,
    movements.c.of_fact_id,
    _later_charge.label("is_later_charge"),
).where(movements.c.account_no.in_(_accounts), _later_charge | _named)
_nets: Final = select(accounts.c.account_no, accounts.c.net_minor).where(
    accounts.c.account_no.in_(_accounts), accounts.c.net_minor > 0
)


def overdue_accounts(connection: Connection, account_nos: Collection[str], *, today: date) -> frozenset[str]:
    """Return those of ``account_nos`` with something open that was due before ``today``."""
    nets = {row.account_no: row.net_minor for row in connection.execute(_nets, {"account_nos": list(account_nos)})}
    return overdue_of(connection, nets, today=today)


def overdue_of(connection: Connection, nets: Mapping[str, int], *, today: date) -> frozenset[str]:
    """Return those of the accounts with something open that was due before ``today``, by what each owes in all.

    ``nets`` are minor units; only those above zero are asked about.

    Pooled money pays the oldest due first. So where anything past due is open, what is not yet due has been paid by
    nothing but payments that name it; and an account with more than that to pay has something past due open.
    """
    nets = {account_no: net_minor for account_no, net_minor in nets.items() if net_minor > 0}
    if not nets:
        return frozenset()
    late = set(nets)
    unsure = []
    for row in connection.execute(_later, {"account_nos": list(nets), "today": today}):
        if nets[row.account_no] <= row.later_minor:
            late.discard(row.account_no)
            if row.has_named:
                unsure.append(row.account_no)
    if unsure:
        open_later = _open_later(connection, unsure, today=today)
        late.update(account_no for account_no in unsure if nets[account_no] > open_later[account_no])
    return frozenset(late)


def overdue_amounts(connection: Connection, nets: Mapping[str, int], *, today: date) -> dict[str, int]:
    """Return how much of what each account owes was due before ``today``, of those where something was.

    ``nets`` are minor units owed in all, by account.
    """
    late = overdue_of(connection, nets, today=today)
    if not late:
        return {}
    open_later = _open_later(connection, sorted(late), today=today)
    return {account_no: nets[account_no] - open_later[account_no] for account_no in late}


def _open_later(connection: Connection, account_nos: Collection[str], *, today: date) -> Mapping[str, int]:
    """Return what is open of each account's charges that are not yet due, paid by nothing but what names them."""
    rows = connection.execute(_told, {"account_nos": list(account_nos), "today": today}).all()
    undone = {row.of_fact_id for row in rows if row.kind in UNDOING_KINDS}
    named: dict[tuple[str, str], int] = {}
    for row in rows:
        if row.invoice_no is not None and row.kind == "payment" and row.fact_id not in undone:
            key = (row.account_no, row.invoice_no)
            named[key] = named.get(key, 0) - row.amount_minor
    open_later = dict.fromkeys(account_nos, 0)
    for row in rows:
        if row.is_later_charge:
            paid_minor = named.get((row.account_no, row.number), 0) if row.kind == "invoice" else 0
            open_later[row.account_no] += max(row.amount_minor - paid_minor, 0)
    return open_later
