"""What head office says of people, settings, meters and accounts: each change is a row, and a row of the feed."""

import json
import re
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, Final

from sqlalchemy import Connection, insert, select, update

from meterpos.errors import UserError
from meterpos.headoffice.auth import UnusableName
from meterpos.headoffice.books import post_facts
from meterpos.headoffice.feed import Outgoing
from meterpos.headoffice.tables import feed as feed_table
from meterpos.ledger.balances import recalculate
from meterpos.ledger.money import parse_amount
from meterpos.ledger.operations.people import code_hash
from meterpos.ledger.queries.settings import COUNTING_POLICY, KEYS
from meterpos.ledger.rules.facts import Fact, opening_id
from meterpos.ledger.tables import accounts, customers, meters, settings, users

ROLES: Final = ("clerk", "supervisor", "manager", "auditor")
_USER_NAME: Final = re.compile(r"[a-z][a-z0-9._-]{1,31}", re.ASCII)
_TEXT_MAX: Final = 120
_LINES_MAX: Final = 6
_LINE_MAX: Final = 48


class UserKnown(UserError):
    """There is a user of that name."""


class UnknownUser(UserError):
    """There is no user of that name."""


class UnusableSetting(UserError):
    """There is no such setting, or it cannot have that value."""


class CannotOpen(UserError):
    """An account cannot be opened so."""


class UnknownAccount(UserError):
    """There is no such account, meter or customer."""


class AccountClosed(UserError):
    """The account is closed already."""


# --- users


def add_user(
    conn: Connection,
    outgoing: Outgoing,
    *,
    user_name: str,
    display_name: str,
    role: str,
    expires_on: date | None,
    code: str,
    again: bool = False,
) -> None:
    """Let someone work at the tills. `code` is shown once: with it they set their PIN, at each till anew.

    ``again`` gives someone who is known a new code, and the role and expiry named now.

    Raises: UnusableName, UserKnown, UnknownUser.
    """
    if not _USER_NAME.fullmatch(user_name):
        raise UnusableName(
            f"'{user_name}' is no user name. Use 2 to 32 small letters, digits, dots and dashes, as in achieng.",
            field="name",
        )
    known = conn.execute(select(users.c.user_name).where(users.c.user_name == user_name)).first() is not None
    if known and not again:
        raise UserKnown(f"There is a user {user_name} already. For a new code for them add --again.")
    if again and not known:
        raise UnknownUser(f"There is no user {user_name}. Run without --again to add them.")
    values = {
        "display_name": display_name or user_name,
        "role": role,
        "expires_on": expires_on,
        "revoked": False,
        "code_hash": code_hash(user_name, code),
    }
    if known:
        conn.execute(update(users).where(users.c.user_name == user_name).values(values))
    else:
        conn.execute(insert(users), {"user_name": user_name, **values})
    outgoing.send("user", user_name)


def revoke_user(conn: Connection, outgoing: Outgoing, *, user_name: str) -> None:
    """Take someone's rights away, at every till with its next exchange. Raises: UnknownUser."""
    done = conn.execute(update(users).where(users.c.user_name == user_name).values(revoked=True, code_hash=None))
    if done.rowcount != 1:
        raise UnknownUser(f"There is no user {user_name}. See: meterpos headoffice user list")
    outgoing.send("user", user_name)


# --- settings


def set_setting(conn: Connection, outgoing: Outgoing, *, key: str, text: str) -> Any:
    """Set what tills are to go by and return the value as kept. Raises: UnusableSetting."""
    if key not in KEYS:
        raise UnusableSetting(f"There is no setting '{key}'. There are: {', '.join(sorted(KEYS))}.", field="key")
    value = _READERS[key](key, text)
    known = conn.execute(select(settings.c.key).where(settings.c.key == key)).first() is not None
    if known:
        conn.execute(update(settings).where(settings.c.key == key).values(value=value))
    else:
        conn.execute(insert(settings), {"key": key, "value": value})
    outgoing.send("setting", key)
    return value


def _line(key: str, text: str) -> str:
    line = text.strip()
    if not line or len(line) > _LINE_MAX or not line.isprintable():
        raise UnusableSetting(f"{key} is one line of 1 to {_LINE_MAX} letters.", field="value")
    return line


def _lines(key: str, text: str) -> list[str]:
    lines = [_line(key, line) for line in text.split("|")] if text.strip() else []
    if len(lines) > _LINES_MAX:
        raise UnusableSetting(f"{key} has at most {_LINES_MAX} lines, parted by |.", field="value")
    return lines


def _currency(key: str, text: str) -> str:
    if not re.fullmatch(r"[A-Z]{3}", text.strip()):
        raise UnusableSetting(f"{key} is three capital letters, as in KES.", field="value")
    return text.strip()


def _whole(key: str, text: str) -> int:
    if not (text.strip().isascii() and text.strip().isdigit()) or not 0 < int(text) < 10_000:
        raise UnusableSetting(f"{key} is a whole number from 1 to 9999.", field="value")
    return int(text)


def _series(key: str, text: str) -> str:
    if not re.fullmatch(r"[A-Z]{1,8}", text.strip()):
        raise UnusableSetting(f"{key} is one to eight capital letters, as in INV.", field="value")
    return text.strip()


def _yes_or_no(key: str, text: str) -> bool:
    said = text.strip().lower()
    if said not in ("yes", "no"):
        raise UnusableSetting(f"{key} is yes or no.", field="value")
    return said == "yes"


def _policy(key: str, text: str) -> dict[str, str]:
    value: Any = None
    try:
        value = json.loads(text)
        fits = all(
            method in COUNTING_POLICY and word in ("final", "unconfirmed", "pending") for method, word in value.items()
        )
    except (ValueError, AttributeError):
        fits = False
    if not fits:
        raise UnusableSetting(
            f'{key} says of methods whether they are final, unconfirmed or pending, as in {{"cheque": "pending"}}.',
            field="value",
        )
    return dict(value)


def _money(key: str, text: str) -> int:
    del key
    return parse_amount(text, field="value")


def _paybill(key: str, text: str) -> str:
    number = text.strip()
    if not re.fullmatch(r"[0-9]{0,10}", number, re.ASCII):
        raise UnusableSetting(f"{key} is a number of at most 10 digits, or empty.", field="value")
    return number


_READERS: Final[Mapping[str, Callable[[str, str], Any]]] = {
    "utility_name": _line,
    "receipt_head": _lines,
    "receipt_foot": _lines,
    "currency": _currency,
    "policy": _policy,
    "unusual_factor": _whole,
    "offline_amber_hours": _whole,
    "offline_amber_minor": _money,
    "cash_warn_minor": _money,
    "cash_stop_minor": _money,
    "count_total_alone": _yes_or_no,
    "sms_supply": _yes_or_no,
    "paybill": _paybill,
    "due_days": _whole,
    "invoice_series": _series,
    "approval_from_minor": _money,
    "change_listed_minor": _money,
}


# --- accounts and meters


def find_account(conn: Connection, account_no: str) -> Any:
    """Return the row of an account, locked until the transaction ends. Raises: UnknownAccount."""
    row = conn.execute(select(accounts).where(accounts.c.account_no == account_no).with_for_update()).one_or_none()
    if row is None:
        raise UnknownAccount(f"There is no account {account_no}. Check its number.", field="account")
    return row


def open_account(
    conn: Connection,
    outgoing: Outgoing,
    *,
    account_no: str,
    customer_no: str,
    meter_no: str,
    opened_on: date,
    opening_minor: int = 0,
) -> None:
    """Assign a meter to a customer from a day on. What is owed from before, if anything, is due that day.

    Raises: UnknownAccount, CannotOpen.
    """
    zone = conn.execute(select(customers.c.zone).where(customers.c.customer_no == customer_no)).scalar_one_or_none()
    if zone is None:
        raise UnknownAccount(f"There is no customer {customer_no}. Check the number.", field="customer")
    meter = conn.execute(select(meters).where(meters.c.meter_no == meter_no).with_for_update()).one_or_none()
    if meter is None:
        raise UnknownAccount(f"There is no meter {meter_no}. Check the number.", field="meter")
    active = accounts.c.meter_no == meter_no, accounts.c.closed_on.is_(None)
    other = conn.execute(select(accounts.c.account_no).where(*active)).scalars().first()
    if other is not None:
        raise CannotOpen(f"Meter {meter_no} has an active account, {other}. Close it or hand the meter over.")
    if conn.execute(select(accounts.c.account_no).where(accounts.c.account_no == account_no)).first() is not None:
        raise CannotOpen(f"There is an account {account_no} already. Choose another number.", field="account")
    conn.execute(
        insert(accounts),
        {
            "account_no": account_no,
            "kind": "meter",
            "customer_no": customer_no,
            "meter_no": meter_no,
            "zone": zone,
            "opened_on": opened_on,
        },
    )
    outgoing.send("meter", meter_no, zone=zone)
    outgoing.send("account", account_no, zone=zone)
    if opening_minor:
        post_facts(conn, outgoing, [_opening(account_no, opened_on, opening_minor)])
    else:
        recalculate(conn, [account_no])


def _opening(account_no: str, day: date, amount_minor: int) -> Fact:
    return Fact(
        fact_id=opening_id(account_no),
        kind="opening",
        account_no=account_no,
        stands_on=account_no,
        number=account_no,
        fact_date=day,
        due_date=day,
        amount_minor=amount_minor,
        decision="account",
    )


def close_account(conn: Connection, outgoing: Outgoing, *, account_no: str, closed_on: date) -> None:
    """End a meter's assignment; what it owes or holds stays on it. Raises: UnknownAccount, AccountClosed."""
    row = find_account(conn, account_no)
    if row.closed_on is not None:
        raise AccountClosed(f"Account {account_no} was closed on {row.closed_on:%d %b %Y} already.")
    if row.kind == "suspense":
        raise AccountClosed(f"{account_no} is a till's suspense account. It stays open.")
    conn.execute(update(accounts).where(accounts.c.account_no == account_no).values(closed_on=closed_on))
    outgoing.send("account", account_no, zone=row.zone)
    recalculate(conn, [account_no])


def hand_over(
    conn: Connection, outgoing: Outgoing, *, meter_no: str, to_customer: str, account_no: str, on: date
) -> str:
    """Give a meter to another customer: its account is closed and a new one opened; return the number of the old one.

    Debt and credit stay with the outgoing customer. Raises: UnknownAccount, CannotOpen.
    """
    active = accounts.c.meter_no == meter_no, accounts.c.closed_on.is_(None)
    row = conn.execute(select(accounts).where(*active).with_for_update()).first()
    if row is None:
        raise UnknownAccount(f"Meter {meter_no} has no active account. Open one for {to_customer}.", field="meter")
    if row.customer_no == to_customer:
        raise CannotOpen(f"Meter {meter_no} is customer {to_customer}'s already.", field="customer")
    close_account(conn, outgoing, account_no=row.account_no, closed_on=on)
    open_account(conn, outgoing, account_no=account_no, customer_no=to_customer, meter_no=meter_no, opened_on=on)
    return str(row.account_no)


def set_meter_status(conn: Connection, outgoing: Outgoing, *, meter_no: str, status: str) -> None:
    """Note that a meter was disconnected or connected again; its debt stays payable. Raises: UnknownAccount."""
    done = conn.execute(update(meters).where(meters.c.meter_no == meter_no).values(status=status))
    if done.rowcount != 1:
        raise UnknownAccount(f"There is no meter {meter_no}. Check the number.", field="meter")
    sent_to = select(feed_table.c.zone).where(feed_table.c.kind == "meter", feed_table.c.key == meter_no)
    for zone in conn.execute(sent_to).scalars().all():
        outgoing.send("meter", meter_no, zone=zone)


def correct_customer(conn: Connection, outgoing: Outgoing, *, customer_no: str, values: Mapping[str, str]) -> None:
    """Put a customer's name, phone or place right, as a clerk was told. Raises: UnknownAccount, UnusableName."""
    for field, value in values.items():
        assert field in ("name", "phone", "place"), field
        if not value.strip() or len(value) > _TEXT_MAX or not value.isprintable():
            raise UnusableName(f"A customer's {field} is one line of 1 to {_TEXT_MAX} letters.", field=field)
    zone = conn.execute(
        update(customers).where(customers.c.customer_no == customer_no).values(values).returning(customers.c.zone)
    ).scalar_one_or_none()
    if zone is None:
        raise UnknownAccount(f"There is no customer {customer_no}. Check the number.", field="customer")
    outgoing.send("customer", customer_no, zone=zone)
