"""Who may work at this till."""

from dataclasses import dataclass
from datetime import date
from typing import Final, Literal

from sqlalchemy import Connection, bindparam, select

from meterpos.ledger import tables

Role = Literal["clerk", "supervisor", "manager", "auditor"]


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """One user as head office sent it; ``has_pin`` whether they set a PIN at this till."""

    user_name: str
    display_name: str
    role: Role
    expires_on: date | None
    has_pin: bool


_user: Final = tables.users.c
_pin: Final = tables.pins.c
_users: Final = (
    select(
        _user.user_name,
        _user.display_name,
        _user.role,
        _user.expires_on,
        _pin.user_name.is_not(None).label("has_pin"),
    )
    .outerjoin(tables.pins, _pin.user_name == _user.user_name)
    .where(~_user.revoked)
    .order_by(_user.display_name, _user.user_name)
)


def users(connection: Connection) -> tuple[User, ...]:
    """Return everybody whose rights were not taken back, by name; an expired one is still here, with the day."""
    return tuple(User(**row._mapping) for row in connection.execute(_users))


def find_user(connection: Connection, user_name: str) -> User | None:
    """Return one user, None when there is no such one or their rights were taken back."""
    row = connection.execute(_users.where(_user.user_name == bindparam("user_name")), {"user_name": user_name})
    found = row.one_or_none()
    return None if found is None else User(**found._mapping)
