"""Instalment plans at head office: made once, never changed; a mistaken one is cancelled and made anew."""

import re
from datetime import date
from typing import Final

from sqlalchemy import Connection, insert, select

from meterpos.headoffice import books, master
from meterpos.headoffice.feed import Outgoing
from meterpos.ledger.rules.facts import Fact, opening_id
from meterpos.ledger.rules.instalments import UnusablePlan, check_agreed
from meterpos.ledger.tables import accounts, customers, plans

_NUMBER: Final = re.compile(r"[A-Z0-9][A-Z0-9/._-]{0,31}", re.ASCII)


def add_plan(
    conn: Connection,
    outgoing: Outgoing,
    *,
    plan_no: str,
    customer_no: str,
    capacity_kw: str,
    total_minor: int,
    on: date,
) -> None:
    """Make a plan: its account, what was agreed, and the total as what it owes.

    Raises: UnusablePlan, UnknownAccount.
    """
    if not _NUMBER.fullmatch(plan_no):
        raise UnusablePlan(
            f"'{plan_no[:40]}' is no plan number. Use capitals, digits and dashes: PL-0042.", field="plan"
        )
    check_agreed(capacity_kw=capacity_kw, total_minor=total_minor)
    zone = conn.execute(select(customers.c.zone).where(customers.c.customer_no == customer_no)).scalar_one_or_none()
    if zone is None:
        raise master.UnknownAccount(f"There is no customer {customer_no}. Check the number.", field="customer")
    if conn.execute(select(accounts.c.account_no).where(accounts.c.account_no == plan_no)).first() is not None:
        raise UnusablePlan(
            f"There is {plan_no} already; capacity and total cannot change. Cancel it and make another, or choose "
            "another number.",
            field="plan",
        )
    row = {"account_no": plan_no, "kind": "plan", "customer_no": customer_no, "zone": zone, "opened_on": on}
    conn.execute(insert(accounts), row)
    agreed = {"account_no": plan_no, "capacity_kw": capacity_kw, "total_minor": total_minor, "plan_no": plan_no}
    conn.execute(insert(plans), agreed)
    outgoing.send("account", plan_no, zone=zone)
    outgoing.send("plan", plan_no, zone=zone)
    books.post_facts(conn, outgoing, [_total(plan_no, on, total_minor)])


def account_of(conn: Connection, plan_no: str) -> str:
    """Return the account of a plan by either of its numbers; of what is no plan, the number itself."""
    return conn.execute(select(plans.c.account_no).where(plans.c.plan_no == plan_no)).scalar() or plan_no


def _total(plan_no: str, on: date, total_minor: int) -> Fact:
    return Fact(
        fact_id=opening_id(plan_no),
        kind="opening",
        account_no=plan_no,
        stands_on=plan_no,
        number=plan_no,
        fact_date=on,
        due_date=on,
        amount_minor=total_minor,
        decision="account",
    )


def cancel_plan(conn: Connection, outgoing: Outgoing, *, plan_no: str, reason: str, on: date) -> str:
    """Cancel a plan, by either of its numbers, and return that of the adjustment that takes its total back.

    What was paid on it is held as credit until it is moved. Raises: UnusablePlan, UnknownAccount, NothingToMove.
    """
    account_no = account_of(conn, plan_no)
    row = master.find_account(conn, account_no)
    if row.kind != "plan":
        raise UnusablePlan(f"{plan_no} is no plan. Check the number.", field="plan")
    if row.closed_on is not None:
        raise UnusablePlan(f"Plan {plan_no} was cancelled on {row.closed_on:%d %b %Y} already.", field="plan")
    total_minor = conn.execute(select(plans.c.total_minor).where(plans.c.account_no == account_no)).scalar_one()
    number = books.adjust(conn, outgoing, account_no=account_no, amount_minor=-total_minor, reason=reason, on=on)
    master.close_account(conn, outgoing, account_no=account_no, closed_on=on)
    return number
