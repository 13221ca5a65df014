"""Which accounts have an open charge past its due date, without allocating: a few indexed reads for a page of them."""

from collections.abc import Collection
from datetime import date
from typing import Any, Final

from sqlalchemy import BindParameter, Connection, bindparam, func, select
from sqlalchemy.sql import ColumnElement, exists

from meterpos.ledger.rules.balances import PLAIN_KINDS, UNDOING_KINDS
from meterpos.ledger.rules.facts import invoice_id
from meterpos.ledger.tables import accounts, facts, movements

_accounts: Final[BindParameter[Any]] = bindparam("account_nos", expanding=True)
_due: Final = func.coalesce(movements.c.due_date, movements.c.fact_date)
_later_charges: Final = select(movements.c.account_no, movements.c.fact_id, movements.c.amount_minor).where(
    movements.c.account_no.in_(_accounts),
    movements.c.kind.in_(sorted(PLAIN_KINDS)),
    movements.c.amount_minor > 0,
    _due >= bindparam("today"),
)
_nets: Final = select(accounts.c.account_no, accounts.c.net_minor).where(
    accounts.c.account_no.in_(_accounts), accounts.c.net_minor > 0
)


def counts_and_stands() -> ColumnElement[bool]:
    """Return the condition that a payment in ``facts`` counts and was not undone."""
    undoing = facts.alias()
    undone = movements.alias()
    return exists().where(
        movements.c.account_no == facts.c.stands_on, movements.c.fact_id == facts.c.fact_id
    ) & ~exists().where(
        undoing.c.of_fact_id == facts.c.fact_id,
        undoing.c.kind.in_(UNDOING_KINDS),
        undone.c.account_no == facts.c.stands_on,
        undone.c.fact_id == undoing.c.fact_id,
    )


named_payments: Final = select(facts.c.stands_on, facts.c.fact_id, facts.c.invoice_no, facts.c.amount_minor).where(
    facts.c.invoice_no.in_(bindparam("invoice_nos", expanding=True)),
    facts.c.stands_on.in_(_accounts),
    facts.c.kind == "payment",
    counts_and_stands(),
)
"""What counts towards given invoices of given accounts because it names them."""


def overdue_accounts(connection: Connection, account_nos: Collection[str], *, today: date) -> frozenset[str]:
    """Return those of ``account_nos`` with something open that was due before ``today``.

    Pooled money pays the oldest due first. So where anything past due is open, what is not yet due has been paid by
    nothing but payments that name it; and an account with more than that to pay has something past due open.
    """
    nets = {row.account_no: row.net_minor for row in connection.execute(_nets, {"account_nos": list(account_nos)})}
    if not nets:
        return frozenset()
    later = connection.execute(_later_charges, {"account_nos": list(nets), "today": today}).all()
    invoice_nos = [row.fact_id.removeprefix(invoice_id("")) for row in later]
    named: dict[tuple[str, str], int] = {}
    if invoice_nos:
        for paid in connection.execute(named_payments, {"account_nos": list(nets), "invoice_nos": invoice_nos}):
            key = (paid.stands_on, invoice_id(paid.invoice_no))
            named[key] = named.get(key, 0) - paid.amount_minor
    open_later = dict.fromkeys(nets, 0)
    for row in later:
        open_later[row.account_no] += max(row.amount_minor - named.get((row.account_no, row.fact_id), 0), 0)
    return frozenset(account_no for account_no, net_minor in nets.items() if net_minor > open_later[account_no])
