"""Who may speak to head office: its own keys, one-time codes, devices and their certificates."""

import base64
import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, bindparam, insert, select, update

from meterpos import vault
from meterpos.errors import UserError
from meterpos.headoffice.feed import Outgoing, till_zone
from meterpos.headoffice.tables import tills
from meterpos.ledger import signing
from meterpos.ledger.journal import parse
from meterpos.ledger.queries.identity import suspense_account
from meterpos.ledger.tables import accounts, devices, journal, streams
from meterpos.sync import wire

SERVER_KEY: Final = "server"
BOX_KEY: Final = "box"
CODE_LIFE: Final = timedelta(days=7)
USER_CODE_BYTES: Final = 8
TILL_NAME_MAX: Final = 12


class NotFounded(UserError):
    """This head office has no keys yet."""


class AlreadyFounded(UserError):
    """This head office has keys already."""


class UnusableName(UserError):
    """A till, user or zone cannot be called that."""


class TillKnown(UserError):
    """There is a till of that name."""


class UnknownTill(UserError):
    """There is no till of that name."""


class CodeRefused(UserError):
    """An enrolment code is unknown, used, expired or revoked."""


@dataclass(frozen=True, slots=True)
class Keys:
    """Head office's private keys: what it signs with, and what secrets are wrapped for."""

    server: bytes
    box: bytes

    @property
    def server_public(self) -> bytes:
        """The key every till knows head office by."""
        return signing.public_of(self.server)

    @property
    def box_public(self) -> bytes:
        """The key tills wrap their database keys for."""
        return vault.box_public_of(self.box)


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """A till's machine, as its messages name it. `revoked`: what it delivers is held, what it asks for is refused."""

    device_id: str
    till_name: str
    public_key: bytes
    zones: tuple[str, ...]
    revoked: bool

    @property
    def pulled(self) -> tuple[str, ...]:
        """Every zone this till reads: everybody's, its own, and those it serves."""
        return ("*", till_zone(self.till_name), *self.zones)


def make_keys(home: Path) -> str:
    """Make head office's keys and say where they were put. Raises: AlreadyFounded."""
    if vault.read_secret(home, SERVER_KEY) is not None:
        raise AlreadyFounded(f"This head office has its keys already (in {home}); they were left as they are.")
    vault.write_secret(home, BOX_KEY, vault.make_box_key())
    return vault.write_secret(home, SERVER_KEY, signing.generate_key())


def load_keys(home: Path) -> Keys:
    """Return head office's keys. Raises: NotFounded."""
    server, box = vault.read_secret(home, SERVER_KEY), vault.read_secret(home, BOX_KEY)
    if server is None or box is None:
        raise NotFounded(f"No head office was set up in {home} yet. Run: meterpos headoffice init")
    return Keys(server, box)


def make_till_code(random: bytes, *, keys: Keys) -> str:
    """Return a one-time enrolment code that carries the fingerprint of this head office's key."""
    return wire.make_code(random, server_key=keys.server_public)


def make_user_code(random: bytes) -> str:
    """Return a one-time code of 60 bits as people read it out: ``ABCD-EFGH-IJKL``."""
    letters = base64.b32encode(random[:USER_CODE_BYTES]).decode("ascii")[:12]
    return "-".join((letters[:4], letters[4:8], letters[8:]))


def add_till(
    conn: Connection,
    outgoing: Outgoing,
    *,
    till_name: str,
    title: str,
    zones: Sequence[str],
    code: str,
    at: datetime,
    again: bool = False,
) -> datetime:
    """Make a till known, with its suspense account, and return until when its code is good.

    ``again`` gives a till that is known a new code, for a new machine or one that was restored.

    Raises: UnusableName, TillKnown, UnknownTill.
    """
    _check_name(till_name)
    for zone in zones:
        if not zone.strip() or zone == "*" or zone.startswith("till:"):
            raise UnusableName(f"'{zone}' is no name for a zone.", field="zone")
    expires_at = at + CODE_LIFE
    known = find_till(conn, till_name)
    values: dict[str, Any] = {"code_hash": _hashed(code), "code_expires_at": expires_at}
    if known is not None and not again:
        raise TillKnown(
            f"There is a till {till_name} already. For a new code for it add --again; else choose another name."
        )
    if known is None and again:
        raise UnknownTill(f"There is no till {till_name}. Run without --again to add it.")
    if known is not None:
        if zones:
            values["zones"] = list(zones)
        conn.execute(update(tills).where(tills.c.till_name == till_name).values({**values, "status": "waiting"}))
        return expires_at
    conn.execute(
        insert(tills),
        {"till_name": till_name, "title": title, "zones": list(zones), "status": "waiting", **values},
    )
    _open_suspense(conn, outgoing, till_name)
    return expires_at


def enrol(conn: Connection, outgoing: Outgoing, *, request: wire.Enrol, at: datetime) -> Device:
    """Let the machine that shows a good code be its till. The same code and key again give the same answer.

    Raises: CodeRefused.
    """
    till = conn.execute(select(tills).where(tills.c.code_hash == _hashed(request.code)).with_for_update()).one_or_none()
    if till is None or till.status == "revoked":
        raise CodeRefused("This code is not known here. Check it, or ask head office for a new one.", field="code")
    device_id = device_id_of(request.public_key)
    if till.status == "enrolled" and till.public_key != request.public_key:
        raise CodeRefused("This code was used before. Ask head office for a new one.", field="code")
    if till.status == "waiting":
        if till.code_expires_at < at:
            raise CodeRefused("This code has expired. Ask head office for a new one.", field="code")
        _admit(conn, outgoing, till=till, device_id=device_id, request=request, at=at)
    return Device(
        device_id=device_id,
        till_name=till.till_name,
        public_key=request.public_key,
        zones=tuple(till.zones),
        revoked=False,
    )


def _admit(
    conn: Connection, outgoing: Outgoing, *, till: Any, device_id: str, request: wire.Enrol, at: datetime
) -> None:
    if conn.execute(select(devices.c.device_id).where(devices.c.device_id == device_id)).first() is not None:
        raise CodeRefused("This machine's key belongs to a till already. Enrol it with a new key.", field="code")
    conn.execute(
        update(tills)
        .where(tills.c.till_name == till.till_name)
        .values(
            status="enrolled",
            device_id=device_id,
            public_key=request.public_key,
            enrolled_at=at,
            last_contact_at=at,
            software=request.software,
        )
    )
    conn.execute(
        insert(devices),
        {"device_id": device_id, "till_name": till.till_name, "public_key": request.public_key, "revoked": False},
    )
    outgoing.send("device", device_id)


def revoke_till(conn: Connection, outgoing: Outgoing, *, till_name: str) -> None:
    """Take a till's rights away: it gets nothing more, and what it still delivers is held. Raises: UnknownTill."""
    if find_till(conn, till_name) is None:
        raise UnknownTill(f"There is no till {till_name}. See: meterpos headoffice till list")
    conn.execute(update(tills).where(tills.c.till_name == till_name).values(status="revoked", code_hash=None))
    theirs = conn.execute(
        update(devices).where(devices.c.till_name == till_name).values(revoked=True).returning(devices.c.device_id)
    )
    for device_id in theirs.scalars():
        outgoing.send("device", device_id)


_DEVICE: Final = (
    select(devices, tills.c.zones)
    .join_from(devices, tills, tills.c.till_name == devices.c.till_name)
    .where(devices.c.device_id == bindparam("named"))
)


def find_device(conn: Connection, device_id: str) -> Device | None:
    """Return the device of that id, None where there is none."""
    row = conn.execute(_DEVICE, {"named": device_id}).one_or_none()
    if row is None:
        return None
    return Device(
        device_id=row.device_id,
        till_name=row.till_name,
        public_key=row.public_key,
        zones=tuple(row.zones),
        revoked=row.revoked,
    )


def device_of_till(conn: Connection, till_name: str) -> Device:
    """Return the machine a till works with now, revoked or not. Raises: UnknownTill."""
    till = find_till(conn, till_name)
    device = None if till is None or till.device_id is None else find_device(conn, till.device_id)
    if device is None:
        raise UnknownTill(f"There is no till {till_name} that was enrolled. See: meterpos headoffice till list")
    return device


def find_till(conn: Connection, till_name: str) -> Any | None:
    """Return the row of a till, None where there is none."""
    return conn.execute(select(tills).where(tills.c.till_name == till_name)).one_or_none()


def till_title(conn: Connection, till_name: str) -> str:
    """Return where a till stands, as its papers say."""
    return str(conn.execute(select(tills.c.title).where(tills.c.till_name == till_name)).scalar_one())


def device_id_of(public_key: bytes) -> str:
    """Return the name of a device: what its key hashes to."""
    return hashlib.sha256(b"meterpos device\0" + public_key).hexdigest()[:20]


def _hashed(code: str) -> str:
    """Return how an enrolment code is kept; 64 random bits need no salt, and the lookup needs none."""
    return hmac.digest(b"meterpos enrolment code", code.encode(), "sha256").hex()


def ledger_key(conn: Connection, *, till_name: str, keys: Keys) -> bytes:
    """Return the key of a till's ledger, from the first entry of its latest stream that was delivered.

    Raises: UnknownTill where there is none, or the till does not encrypt its ledger.
    """
    query = (
        select(journal.c.data)
        .join_from(journal, streams, streams.c.stream == journal.c.stream)
        .where(streams.c.till_name == till_name, journal.c.kind == "stream_opened")
        .order_by(streams.c.opened_at.desc())
    )
    bodies = (parse(data).body for data in conn.execute(query).scalars())
    wrapped = next((key for body in bodies if (key := body.get("database_key_wrapped"))), None)
    if wrapped is None:
        raise UnknownTill(f"No key of till {till_name}'s ledger has come here. Check the name.")
    return vault.unwrap(keys.box, bytes.fromhex(wrapped))


def _open_suspense(conn: Connection, outgoing: Outgoing, till_name: str) -> None:
    number = suspense_account(till_name)
    zone = till_zone(till_name)
    conn.execute(insert(accounts), {"account_no": number, "kind": "suspense", "till_name": till_name, "zone": zone})
    outgoing.send("account", number, zone=zone)


def _check_name(till_name: str) -> None:
    plain = till_name.isascii() and till_name.isalnum() and till_name == till_name.upper()
    if not plain or len(till_name) > TILL_NAME_MAX:
        raise UnusableName(
            f"'{till_name}' is no name for a till. Use up to {TILL_NAME_MAX} capital letters and digits, as in KSM01.",
            field="name",
        )
