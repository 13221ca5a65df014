"""Which gateway a utility uses, at which pace and price; its key lies with the other secrets, never in the database."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final, Literal
from urllib.parse import urlsplit

from sqlalchemy import Connection, insert, select, update

from meterpos.errors import UserError
from meterpos.headoffice import bulk, feed
from meterpos.headoffice.sms.phones import KENYA
from meterpos.headoffice.tables import counters, sms_gateway
from meterpos.vault import Place, read_or_make, read_secret, write_secret

Kind = Literal["africastalking", "http", "log"]
KINDS: Final = ("africastalking", "http", "log")
ADDRESSES: Final[Mapping[str, str]] = {"africastalking": "https://api.africastalking.com/version1/messaging"}
CURSOR: Final = "sms"
"""The counter that says how far in the feed facts were turned into messages."""
KEY: Final = "sms"
CALLBACK: Final = "sms-callback"
_KEY_MAX: Final = 400
_SENDER: Final = re.compile(r"[A-Za-z0-9 +_.-]{0,15}", re.ASCII)


class NotSetUp(UserError):
    """No gateway was chosen yet."""


class UnusableGateway(UserError):
    """The gateway cannot be used as described."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gateway:
    """A utility's way to send: ``part_cost_minor`` is what one part costs, for estimates.

    What can wait goes from ``from_hour`` until before ``to_hour`` alone, by the utility's clock.
    """

    kind: str
    url: str
    username: str
    sender: str
    country: str
    per_minute: int
    from_hour: int
    to_hour: int
    part_cost_minor: int
    since: datetime

    def is_day(self, hour: int) -> bool:
        """Tell whether this is an hour at which every kind of message goes."""
        return self.from_hour <= hour < self.to_hour


def set_up(
    conn: Connection,
    *,
    at: datetime,
    kind: str,
    url: str = "",
    username: str = "",
    sender: str = "",
    country: str = KENYA,
    per_minute: int = 60,
    part_cost_minor: int = 0,
    hours: tuple[int, int] = (0, 24),
) -> None:
    """Choose the gateway. What happened before the first time this was done is never told by message.

    Raises: UnusableGateway.
    """
    url = url.strip() or ADDRESSES.get(kind, "")
    _refuse(kind=kind, url=url, username=username, sender=sender, country=country, per_minute=per_minute)
    if not 0 <= hours[0] < hours[1] <= 24:
        raise UnusableGateway("The hours are two whole ones of a day, the earlier first, as in 7-20.", field="hours")
    values = {
        "kind": kind,
        "url": url,
        "username": username.strip(),
        "sender": sender.strip(),
        "country": country,
        "per_minute": per_minute,
        "from_hour": hours[0],
        "to_hour": hours[1],
        "part_cost_minor": part_cost_minor,
    }
    if conn.execute(update(sms_gateway).where(sms_gateway.c.id == 1).values(values)).rowcount:
        return
    bulk.insert_new(conn, counters, [{"name": CURSOR, "value": feed.end(conn)}])
    conn.execute(insert(sms_gateway), {"id": 1, "since": at, **values})


def _refuse(*, kind: str, url: str, username: str, sender: str, country: str, per_minute: int) -> None:
    if kind not in KINDS:
        raise UnusableGateway(f"'{kind}' is no gateway. Use {', '.join(KINDS)}.", field="gateway")
    parts = urlsplit(url)
    is_here = parts.hostname in ("127.0.0.1", "localhost")
    if kind != "log" and not (parts.hostname and (parts.scheme == "https" or (parts.scheme == "http" and is_here))):
        raise UnusableGateway(
            "The gateway's address must begin with https://, so that nobody reads along.", field="url"
        )
    if parts.password or parts.query:
        raise UnusableGateway("No password belongs in the address. Give it with: meterpos headoffice sms key FILE")
    if kind == "africastalking" and not username.strip():
        raise UnusableGateway("Africa's Talking wants the name of your application. Add --username.", field="username")
    if not _SENDER.fullmatch(sender.strip()):
        raise UnusableGateway("A sender is at most 15 plain letters and digits.", field="sender")
    if not re.fullmatch(r"[1-9][0-9]{0,2}", country):
        raise UnusableGateway("A country code is one to three digits, as in 254.", field="country")
    if not 1 <= per_minute <= 6000:
        raise UnusableGateway("Send between 1 and 6000 messages a minute.", field="rate")


def find(conn: Connection) -> Gateway | None:
    """Return the gateway, None while none was chosen."""
    row = conn.execute(select(sms_gateway).where(sms_gateway.c.id == 1)).one_or_none()
    return None if row is None else Gateway(**{name: row._mapping[name] for name in Gateway.__dataclass_fields__})


def required(conn: Connection) -> Gateway:
    """Return the gateway. Raises: NotSetUp."""
    found = find(conn)
    if found is None:
        raise NotSetUp("No SMS gateway was chosen. Run: meterpos headoffice sms setup --gateway log")
    return found


def keep_key(home: Path, text: str) -> Place:
    """Keep the gateway's key with the other secrets of this home. Raises: UnusableGateway."""
    key = text.strip()
    if not key or len(key) > _KEY_MAX or not key.isascii() or not key.isprintable() or " " in key:
        raise UnusableGateway("The first line of the file must be the gateway's key, without spaces.")
    return write_secret(home, KEY, key.encode())


def kept_key(home: Path) -> str:
    """Return the gateway's key, empty where none was kept. Raises: ExposedSecret."""
    return (read_secret(home, KEY) or b"").decode()


def callback_secret(home: Path) -> str:
    """Return the secret part of the addresses a gateway reports to, made when first asked for."""
    return read_or_make(home, CALLBACK).hex()
