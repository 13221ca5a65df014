"""Who may ask head office what over HTTP: tokens of people and programs, each with a role, none kept as it is."""

import base64
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final, Literal, get_args

from sqlalchemy import Connection, insert, select, update

from meterpos.errors import UserError
from meterpos.headoffice.tables import tokens

Role = Literal["auditor", "manager", "integration", "monitor"]
Scope = Literal["reports", "lists", "exceptions", "resolve", "fleet", "metrics", "readings", "billing", "books"]
ROLES: Final[tuple[Role, ...]] = get_args(Role)
SCOPES: Final[Mapping[Role, frozenset[Scope]]] = {
    "auditor": frozenset({"reports", "lists", "exceptions", "fleet"}),
    "manager": frozenset({"reports", "lists", "exceptions", "resolve", "fleet", "readings", "billing", "books"}),
    "integration": frozenset({"reports", "lists", "readings"}),
    "monitor": frozenset({"metrics", "fleet"}),
}
PREFIX: Final = "mp"
ID_BYTES: Final = 5
SECRET_BYTES: Final = 20
NAME_MAX: Final = 60


class NoSuchToken(UserError):
    """There is no token of this name that is in force."""


class UnusableToken(UserError):
    """A token cannot be made so."""


class Refused(UserError):
    """What was shown opens nothing, or not this; `status` is 401 or 403 of HTTP."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """One token as people see it; the secret was shown once."""

    token_id: str
    name: str
    role: str
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_on: date | None


_COLUMNS: Final = tuple(tokens.c[name] for name in Token.__dataclass_fields__)


def add_token(
    conn: Connection, *, name: str, role: Role, random: bytes, at: datetime, days: int | None = None
) -> tuple[str, Token]:
    """Make a token of 25 random bytes; return what is shown once, and what is kept. Raises: UnusableToken."""
    assert len(random) == ID_BYTES + SECRET_BYTES, len(random)
    plain = name.strip()
    if not plain or len(plain) > NAME_MAX:
        raise UnusableToken(f"Name whom or what the token is for, in at most {NAME_MAX} letters.", field="name")
    if any(one.name == plain and is_in_force(one, at=at) for one in listed(conn)):
        raise UnusableToken(f"There is a token for {plain}. Revoke it first, or choose another name.", field="name")
    token_id, secret = (_letters(part) for part in (random[:ID_BYTES], random[ID_BYTES:]))
    expires_at = None if days is None else at + timedelta(days=days)
    conn.execute(
        insert(tokens),
        {
            "token_id": token_id,
            "name": plain,
            "role": role,
            "token_hash": _hash(secret),
            "created_at": at,
            "expires_at": expires_at,
        },
    )
    return f"{PREFIX}_{token_id}_{secret}", _find(conn, token_id)


def listed(conn: Connection) -> tuple[Token, ...]:
    """Return every token there ever was, the oldest first."""
    rows = conn.execute(select(*_COLUMNS).order_by(tokens.c.created_at, tokens.c.token_id))
    return tuple(Token(**row._mapping) for row in rows)


def revoke_token(conn: Connection, *, name: str, at: datetime) -> Token:
    """End a token now, by its name or number. Raises: NoSuchToken."""
    for one in listed(conn):
        if name.strip() in (one.name, one.token_id) and is_in_force(one, at=at):
            conn.execute(update(tokens).where(tokens.c.token_id == one.token_id).values(revoked_at=at))
            return _find(conn, one.token_id)
    raise NoSuchToken(f"There is no token for {name} that is in force. See: meterpos headoffice token list")


def is_in_force(token: Token, *, at: datetime) -> bool:
    """Tell whether a token opens anything at this instant."""
    return token.revoked_at is None and (token.expires_at is None or at < token.expires_at)


def holder_of(conn: Connection, header: str, *, scope: Scope, at: datetime) -> Token:
    """Return whose token an Authorization header shows, if it may do this. Raises: Refused."""
    kind, _, shown = header.partition(" ")
    prefix, _, rest = shown.strip().partition("_")
    token_id, _, secret = rest.partition("_")
    if kind.lower() != "bearer" or prefix != PREFIX:
        raise Refused(401, "Show a token: Authorization: Bearer mp_…. Make one: meterpos headoffice token add")
    row = conn.execute(select(tokens).where(tokens.c.token_id == token_id)).one_or_none()
    expected = row.token_hash if row is not None else _hash("")
    if not hmac.compare_digest(_hash(secret).encode(), expected.encode()) or row is None:
        raise Refused(401, "This token is not known here.")
    token = Token(**{name: getattr(row, name) for name in Token.__dataclass_fields__})
    if not is_in_force(token, at=at):
        raise Refused(401, f"The token for {token.name} is not in force any more. Ask for a new one.")
    if scope not in SCOPES.get(_role(token.role), frozenset()):
        raise Refused(403, f"The token for {token.name} may not do this: its role is {token.role}.")
    return token


def note_use(conn: Connection, token: Token, *, today: date) -> None:
    """Keep the day on which a token was last used."""
    conn.execute(update(tokens).where(tokens.c.token_id == token.token_id).values(last_used_on=today))


def _role(text: str) -> Role:
    return next((role for role in ROLES if role == text), "monitor")


def _find(conn: Connection, token_id: str) -> Token:
    return Token(**conn.execute(select(*_COLUMNS).where(tokens.c.token_id == token_id)).one()._mapping)


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _letters(random: bytes) -> str:
    return base64.b32encode(random).decode("ascii").rstrip("=").lower()
