"""PINs, set once with head office's code and kept only at this till; who may do what; both noted in the journal.

argon2 takes about 0.3 s: never call these on a GUI thread.
"""

import hashlib
import hmac
import re
from datetime import datetime, timedelta
from math import ceil
from typing import Any, Final, Literal

from sqlalchemy import Connection, Row, bindparam, delete, insert, select, update

from meterpos.errors import UserError
from meterpos.ledger.moment import Moment
from meterpos.ledger.operations.entries import Counter, stand_at_counter, write_entry
from meterpos.ledger.queries.identity import find_identity
from meterpos.ledger.rules.rights import OF_THE_DRAWER, Act, may
from meterpos.ledger.tables import pins, users
from meterpos.ledger.tables.base import format_instant

FREE_TRIES: Final = 3
DELAY_FIRST_S: Final = 5
DELAY_MAX_S: Final = 900
_by_name: Final = select(users).where(users.c.user_name == bindparam("user_name"))
SignOut = Literal["asked", "idle", "closed"]
_PIN: Final = re.compile(r"[0-9]{4,12}", re.ASCII)


class UnknownUser(UserError):
    """No such user is known here, or their right was taken back."""


class WrongPin(UserError):
    """The PIN is not this user's; ``wait_s`` is how long the next try waits, 0 where it need not."""

    wait_s = 0


def wrong_pin(*, wait_s: int) -> WrongPin:
    """Return what to say of a wrong PIN that was counted."""
    again = f"Try again in {_span(wait_s)}." if wait_s else "Try again."
    said = WrongPin(f"That PIN is not right. {again}", field="pin")
    said.wait_s = wait_s
    return said


class UnusablePin(WrongPin):
    """A PIN is digits, neither few nor many."""


class NoPinYet(WrongPin):
    """The user has set no PIN at this till."""


class TooManyTries(UserError):
    """Wrong PINs make the next try wait, ``wait_s`` seconds from now."""

    def __init__(self, sentence: str, *, wait_s: int) -> None:
        super().__init__(sentence, field="pin")
        self.wait_s = wait_s


class WrongCode(UserError):
    """The one-time code is not the one head office gave for this user, or it was used before."""


class MayNot(UserError):
    """The user's role does not do this, or the grant has expired."""


class MayNotApprove(MayNot):
    """The user's role does not approve, or the grant has expired."""


class NotYourShift(MayNot):
    """The drawer is another clerk's; it is handed over first."""


def code_hash(user_name: str, code: str) -> str:
    """Return how a one-time code is kept: bound to its user, so that equal codes differ."""
    plain = re.sub(r"[\s-]", "", code).upper()
    return hashlib.sha256(f"meterpos code\0{user_name}\0{plain}".encode()).hexdigest()


def set_pin(connection: Connection, *, user_name: str, code: str, pin: str, pepper: bytes) -> None:
    """Set a user's PIN with the one-time code from head office, which is then used up.

    Raises: UnknownUser, WrongCode, WrongPin when the PIN is not 4 to 12 digits.
    """
    user = _user(connection, user_name)
    known = connection.execute(select(pins.c.code_hash).where(pins.c.user_name == user_name)).scalar_one_or_none()
    given = code_hash(user_name, code)
    if user.code_hash is None or not hmac.compare_digest(user.code_hash, given) or known == given:
        raise WrongCode("That code is not valid or was used before. Ask head office for a new one.", field="code")
    if not _PIN.fullmatch(pin):
        raise UnusablePin("A PIN is 4 to 12 digits.", field="pin")
    connection.execute(delete(pins).where(pins.c.user_name == user_name))
    hashed = _hasher().hash(_peppered(user_name, pin, pepper))
    connection.execute(insert(pins), {"user_name": user_name, "pin_hash": hashed, "code_hash": given})


def check_pin(connection: Connection, *, user_name: str, pin: str, pepper: bytes, moment: Moment) -> bool:
    """Tell whether ``pin`` is the user's; the caller commits either way, so that a wrong try is counted.

    Raises: UnknownUser, TooManyTries, WrongPin when no PIN was set yet.
    """
    from argon2.exceptions import VerificationError

    _user(connection, user_name)
    row = connection.execute(select(pins).where(pins.c.user_name == user_name)).one_or_none()
    if row is None:
        raise NoPinYet(
            f"No PIN is set here yet by '{user_name}': sign in once with the code from head office.", field="pin"
        )
    wait_s = _left_s(row.locked_until, moment)
    if wait_s:
        raise TooManyTries(f"Too many wrong PINs. Try again in {_span(wait_s)}.", wait_s=wait_s)
    try:
        _hasher().verify(row.pin_hash, _peppered(user_name, pin, pepper))
    except VerificationError:
        _count_failure(connection, user_name, failures=row.failures + 1, moment=moment)
        return False
    if row.failures:
        connection.execute(update(pins).where(pins.c.user_name == user_name).values(failures=0, locked_until=None))
    return True


def sign_in(
    connection: Connection, *, user_name: str, pin: str, pepper: bytes, moment: Moment, approving: bool = False
) -> bool:
    """Check a PIN and note in the journal what came of it; the caller commits either way.

    A wrong PIN is noted with how many there were in a row, and that the user is locked from then on. Someone who
    only approves is not signed in: their approval stands in the entry they approve.

    Raises: as `check_pin`, with nothing noted.
    """
    right = check_pin(connection, user_name=user_name, pin=pin, pepper=pepper, moment=moment)
    if find_identity(connection) is None or (right and approving):
        return right
    counter = stand_at_counter(connection, moment=moment, clerk=user_name)
    if right:
        write_entry(connection, counter, kind="signed_in", body={})
        return True
    row = connection.execute(select(pins).where(pins.c.user_name == user_name)).one()
    write_entry(connection, counter, kind="sign_in_failed", body={"failures": row.failures, "approving": approving})
    if row.locked_until is not None:
        until = format_instant(row.locked_until)
        write_entry(connection, counter, kind="locked", body={"failures": row.failures, "until": until})
    return False


def wait_of(connection: Connection, *, user_name: str, moment: Moment) -> int:
    """Return how many seconds the next try of this user's PIN waits, 0 where it need not."""
    until = connection.execute(select(pins.c.locked_until).where(pins.c.user_name == user_name)).scalar_one_or_none()
    return _left_s(until, moment)


def sign_out(connection: Connection, *, user_name: str, why: SignOut, moment: Moment) -> None:
    """Note in the journal that the till was locked or left: *asked*, *idle* or *closed*."""
    if find_identity(connection) is not None:
        counter = stand_at_counter(connection, moment=moment, clerk=user_name)
        write_entry(connection, counter, kind="signed_out", body={"why": why})


def require_approver(connection: Connection, *, user_name: str, moment: Moment) -> None:
    """Raise MayNotApprove unless this user approves today; expiry is measured by the latest signed day."""
    user = _user(connection, user_name)
    counter = stand_at_counter(connection, moment=moment, clerk=user_name)
    if not may(user.role, "approve"):
        raise MayNotApprove(f"{user.display_name} is not a supervisor or manager.", field="approver")
    if _has_ended(user, counter):
        raise MayNotApprove(_ended(user), field="approver")


def require_right(connection: Connection, counter: Counter, act: Act) -> None:
    """Raise MayNot unless who stands at the counter may do this today; NotYourShift where the drawer is another's.

    A name head office never sent has the rights of a clerk: a till works before its first exchange.
    """
    user = connection.execute(_by_name, {"user_name": counter.clerk}).one_or_none()
    if user is not None and not may(user.role, act, has_ended=_has_ended(user, counter)):
        if may(user.role, act):
            raise MayNot(_ended(user), field="clerk")
        raise MayNot(f"{user.display_name} ({user.role}) may not do this. Ask a clerk or a supervisor.", field="clerk")
    if act in OF_THE_DRAWER:
        _require_drawer(connection, counter, user)


def require_right_of(connection: Connection, *, user_name: str, act: Act, moment: Moment) -> None:
    """Raise as `require_right`, for what writes no entry; before enrolment nobody is known and all may."""
    if find_identity(connection) is not None:
        require_right(connection, stand_at_counter(connection, moment=moment, clerk=user_name), act)


def _require_drawer(connection: Connection, counter: Counter, user: Row[Any] | None) -> None:
    if counter.shift is None or counter.shift.clerk == counter.clerk:
        return
    if user is not None and may(user.role, "any_drawer", has_ended=_has_ended(user, counter)):
        return
    holder = connection.execute(_by_name, {"user_name": counter.shift.clerk}).one_or_none()
    if holder is not None:  # a shift in a name head office never sent, the machine's login, is everybody's
        raise NotYourShift(
            f"The open shift and its drawer are {holder.display_name}'s. Let {holder.display_name} hand them over "
            "first, or let a supervisor do this.",
            field="clerk",
        )


def _has_ended(user: Row[Any], counter: Counter) -> bool:
    return user.revoked or (user.expires_on is not None and user.expires_on < counter.signed_today)


def _ended(user: Row[Any]) -> str:
    if user.revoked:
        return f"Head office took back the rights of {user.display_name}. Ask a supervisor."
    return f"The rights of {user.display_name} ended on {user.expires_on:%d %b %Y}. Ask head office."


def _count_failure(connection: Connection, user_name: str, *, failures: int, moment: Moment) -> None:
    delay_s = 0 if failures < FREE_TRIES else min(DELAY_FIRST_S * 2 ** min(failures - FREE_TRIES, 20), DELAY_MAX_S)
    until = moment.at + timedelta(seconds=delay_s) if delay_s else None
    connection.execute(update(pins).where(pins.c.user_name == user_name).values(failures=failures, locked_until=until))


def _left_s(until: datetime | None, moment: Moment) -> int:
    """Return how long is left to wait; longer than any wait is, means that the clock was set back: then none."""
    left_s = 0 if until is None else ceil((until - moment.at).total_seconds())
    return left_s if 0 < left_s <= DELAY_MAX_S else 0


def _span(wait_s: int) -> str:
    minutes, seconds = divmod(wait_s, 60)
    return f"{minutes} min {seconds} seconds" if minutes else f"{seconds} seconds"


def _user(connection: Connection, user_name: str) -> Row[Any]:
    row = connection.execute(_by_name, {"user_name": user_name}).one_or_none()
    if row is None or row.revoked:
        raise UnknownUser(f"No user '{user_name}' may work here. Check the name, or sync and try again.", field="clerk")
    return row


def _peppered(user_name: str, pin: str, pepper: bytes) -> bytes:
    return hmac.digest(pepper, f"{user_name}\0{pin}".encode(), "sha256")


def _hasher() -> Any:
    from argon2 import PasswordHasher

    return PasswordHasher()
