"""Who may work at this till."""

from dataclasses import dataclass
from datetime import date
from typing import Final, Literal

from sqlalchemy import Connection, bindparam, select

from meterpos.ledger import tables
from meterpos.ledger.moment import Moment
from meterpos.ledger.queries.identity import find_identity
from meterpos.ledger.rules.rights import Act, may

Role = Literal["clerk", "supervisor", "manager", "auditor"]


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """One user as head office sent it; ``has_pin`` whether they set a PIN at this till."""

    user_name: str
    display_name: str
    role: Role
    expires_on: date | None
    has_pin: bool

    def has_ended(self, today: date) -> bool:
        """Tell whether the grant ended before ``today``, which is the signed day (`Moment.signed_day`)."""
        return self.expires_on is not None and self.expires_on < today


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Who stands at the till, as the table of rights sees them today. Who is not known has the rights of a clerk."""

    user_name: str
    display_name: str
    role: Role = "clerk"
    expires_on: date | None = None
    has_ended: bool = False
    is_known: bool = True

    def may(self, act: Act) -> bool:
        """Tell whether the table lets this person do this; whose drawer it is, is another question."""
        return may(self.role, act, has_ended=self.has_ended)


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

_anybody: Final = select(tables.users).where(_user.user_name == bindparam("user_name"))


def users(connection: Connection) -> tuple[User, ...]:
    """Return everybody whose rights were not taken back, by name; an expired one is still here, with the day."""
    return tuple(User(**row._mapping) for row in connection.execute(_users))


def users_who_may(connection: Connection, act: Act, *, moment: Moment) -> tuple[User, ...]:
    """Return whose role does this and whose right has not ended, by name."""
    who = find_identity(connection)
    today = moment.signed_day(None if who is None else who.as_of)
    return tuple(user for user in users(connection) if may(user.role, act, has_ended=user.has_ended(today)))


def find_person(connection: Connection, user_name: str, *, moment: Moment) -> Person:
    """Return who this is and what is left of their rights; someone head office never sent, or took back, is a clerk."""
    user = connection.execute(_anybody, {"user_name": user_name}).one_or_none()
    if user is None:
        return Person(user_name=user_name, display_name=user_name, is_known=False)
    who = find_identity(connection)
    today = moment.signed_day(None if who is None else who.as_of)
    return Person(
        user_name=user_name,
        display_name=user.display_name,
        role=user.role,
        expires_on=user.expires_on,
        has_ended=user.revoked or (user.expires_on is not None and user.expires_on < today),
    )


def knows_people(connection: Connection) -> bool:
    """Tell whether head office sent anybody who may work here: then the till asks who stands before it."""
    return connection.execute(_users.limit(1)).first() is not None


def find_user(connection: Connection, user_name: str) -> User | None:
    """Return one user, None when there is no such one or their rights were taken back."""
    row = connection.execute(_users.where(_user.user_name == bindparam("user_name")), {"user_name": user_name})
    found = row.one_or_none()
    return None if found is None else User(**found._mapping)
