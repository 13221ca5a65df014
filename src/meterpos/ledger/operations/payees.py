"""Whom money is for: an account as the counter sees it, held against what the clerk saw when it was chosen."""

from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, bindparam, select

from meterpos.errors import UserError
from meterpos.ledger.rules.allocation import PaymentEffect
from meterpos.ledger.tables import accounts, meters


class UnknownAccount(UserError):
    """No such account is known at this till."""


class AccountMoved(UserError):
    """The account is no longer what the clerk saw: handed over, closed, or another customer's."""


@dataclass(frozen=True, slots=True)
class Payee:
    """An account as the counter sees it."""

    account_no: str
    meter_no: str | None
    utility: str | None
    place: str
    is_plan: bool = False
    serial_no: str = ""
    is_disconnected: bool = False


_payee: Final = (
    select(
        accounts.c.account_no,
        accounts.c.kind,
        accounts.c.customer_no,
        accounts.c.meter_no,
        accounts.c.closed_on,
        meters.c.utility,
        meters.c.location,
        meters.c.serial_no,
        meters.c.status,
    )
    .select_from(accounts.outerjoin(meters, meters.c.meter_no == accounts.c.meter_no))
    .where(accounts.c.account_no == bindparam("account_no"))
)


def chosen_payee(connection: Connection, *, account_no: str, customer_no: str | None, seen_closed: bool) -> Payee:
    """Return the account that was chosen for this customer, as it is now.

    ``seen_closed`` is whether the clerk saw it as closed. Raises: UnknownAccount, AccountMoved.
    """
    row = connection.execute(_payee, {"account_no": account_no}).one_or_none()
    if row is None:
        raise UnknownAccount(f"Account {account_no} is not known here. Search again.", field="meter")
    meter = row.meter_no or row.account_no
    if row.kind != "suspense" and row.customer_no != customer_no:
        raise AccountMoved(f"{meter} is not this customer's. Search the customer again.", field="meter")
    if row.closed_on is not None and row.kind == "plan":
        raise AccountMoved(
            f"Plan {meter} was cancelled on {row.closed_on:%d %b %Y}. Nothing was taken. Ask for its new plan.",
            field="meter",
        )
    if row.closed_on is not None and not seen_closed:
        raise AccountMoved(
            f"{meter} was closed or handed to another customer on {row.closed_on:%d %b %Y}, after it was chosen. "
            "Nothing was taken. Search the meter again.",
            field="meter",
        )
    return Payee(
        row.account_no,
        row.meter_no,
        row.utility,
        row.location or "",
        is_plan=row.kind == "plan",
        serial_no=row.serial_no or "",
        is_disconnected=row.status == "disconnected" and row.closed_on is None,
    )


def reconnection(payee: Payee, effect: PaymentEffect) -> dict[str, Any]:
    """Return what the reconnection slip says, where the payment cleared all that a disconnected meter owed."""
    owed_minor = effect.balance_after_minor + sum(line.amount_minor for line in effect.lines)
    if not payee.is_disconnected or not owed_minor or effect.balance_after_minor:
        return {}
    return {"reconnect": {"serial": payee.serial_no, "owed": owed_minor}}
