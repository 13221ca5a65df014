"""Plans made at tills: each gets its number and account before its payments are decided; overpaid ones are told."""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import Connection, insert, select

from meterpos.headoffice import books, bulk
from meterpos.headoffice.auth import Device
from meterpos.headoffice.exceptions import Opening
from meterpos.headoffice.feed import Outgoing
from meterpos.headoffice.tables import claims
from meterpos.ledger.journal import Entry
from meterpos.ledger.rules.rights import may
from meterpos.ledger.tables import accounts, customers, plans, users

PLAN: Final = "plan"
"""Claims of this kind: a plan's account -> the entry that made it."""
SERIES: Final = "PLN"


def make_plans(conn: Connection, outgoing: Outgoing, device: Device, ready: Sequence[Entry]) -> list[Opening]:
    """Make the account of each plan in ``ready`` and send it down; return what a manager has to look at.

    An account number is its first entry's: another entry that claims it, of a copied till, makes nothing.
    """
    openings = []
    for entry in ready:
        if entry.kind != "plan_request":
            continue
        if _is_first(conn, entry):
            _make(conn, outgoing, entry)
            openings += _to_look_at(conn, device, entry)
        else:
            openings.append(_opening(device, entry, "plan_without_effect"))
    return openings


def overpaid(conn: Connection, account_nos: Sequence[str], *, till_name: str) -> list[Opening]:
    """Return an item for each of these plans of which more was paid than its total."""
    if not account_nos:
        return []
    query = select(accounts.c.account_no, accounts.c.net_minor).where(
        accounts.c.account_no.in_(account_nos), accounts.c.net_minor < 0
    )
    return [
        Opening(
            code="plan_overpaid",
            subject=row.account_no,
            till_name=till_name,
            details={"amount_minor": -row.net_minor},
        )
        for row in conn.execute(query.order_by(accounts.c.account_no))
    ]


def _is_first(conn: Connection, entry: Entry) -> bool:
    number = entry.content.body["account"]
    if conn.execute(select(accounts.c.account_no).where(accounts.c.account_no == number)).first() is not None:
        return False
    bulk.insert_new(conn, claims, [{"kind": PLAN, "key": number, "owner": entry.short_id}])
    owner = select(claims.c.owner).where(claims.c.kind == PLAN, claims.c.key == number)
    return bool(conn.execute(owner).scalar_one() == entry.short_id)


def _make(conn: Connection, outgoing: Outgoing, entry: Entry) -> None:
    """Write the account where its customer is now; one that is not known here stands where the till said."""
    body = entry.content.body
    number, customer_no = body["account"], body["customer"]["no"]
    zone = conn.execute(select(customers.c.zone).where(customers.c.customer_no == customer_no)).scalar() or body["zone"]
    row = {
        "account_no": number,
        "kind": "plan",
        "customer_no": customer_no,
        "zone": zone,
        "opened_on": entry.content.business_date,
    }
    agreed = {
        "account_no": number,
        "capacity_kw": body["capacity_kw"],
        "total_minor": body["total"],
        "plan_no": books.next_number(conn, SERIES),
    }
    conn.execute(insert(accounts), row)
    conn.execute(insert(plans), agreed)
    outgoing.send("account", number, zone=zone)
    outgoing.send("plan", number, zone=zone)


def _to_look_at(conn: Connection, device: Device, entry: Entry) -> list[Opening]:
    content = entry.content
    approval = content.approval
    by = content.clerk if approval is None else approval.by
    user = conn.execute(select(users.c.role, users.c.revoked).where(users.c.user_name == by)).one_or_none()
    codes = ["plan_request"]
    if user is None or user.revoked or not may(user.role, "plan"):
        codes.append("plan_not_by_manager")
    plan_no = conn.execute(select(plans.c.plan_no).where(plans.c.account_no == content.body["account"])).scalar_one()
    return [_opening(device, entry, code, by=by, plan_no=plan_no) for code in codes]


def _opening(device: Device, entry: Entry, code: str, **details: str) -> Opening:
    content = entry.content
    said = {"clerk": content.clerk, "made_at": content.at.isoformat(), "asked": content.body, **details}
    return Opening(code=code, subject=entry.short_id, till_name=device.till_name, entry_id=entry.entry_id, details=said)
