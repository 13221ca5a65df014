"""PINs: set once with head office's code, checked at every approval, kept only at this till.

argon2 takes about 0.3 s: never call these on a GUI thread.
"""

import hashlib
import hmac
import re
from datetime import date, timedelta
from typing import Any, Final

from sqlalchemy import Connection, Row, delete, insert, select, update

from meterpos.errors import UserError
from meterpos.ledger.moment import Moment
from meterpos.ledger.tables import pins, users

FREE_TRIES: Final = 3
DELAY_FIRST_S: Final = 5
DELAY_MAX_S: Final = 900
APPROVING_ROLES: Final = frozenset({"supervisor", "manager"})
_PIN: Final = re.compile(r"[0-9]{4,12}", re.ASCII)


class UnknownUser(UserError):
    """No such user is known here, or their right was taken back."""


class WrongPin(UserError):
    """The PIN is not this user's."""


class TooManyTries(UserError):
    """Wrong PINs make the next try wait."""


class WrongCode(UserError):
    """The one-time code is not the one head office gave for this user, or it was used before."""


class MayNotApprove(UserError):
    """The user's role does not approve, or the grant has expired."""


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
        raise WrongPin("A PIN is 4 to 12 digits.", field="pin")
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
        raise WrongPin("No PIN is set yet. Set it with the code from head office.", field="pin")
    if row.locked_until is not None and moment.at < row.locked_until:
        wait_s = int((row.locked_until - moment.at).total_seconds()) + 1
        raise TooManyTries(f"Too many wrong PINs. Try again in {wait_s} seconds.", field="pin")
    try:
        _hasher().verify(row.pin_hash, _peppered(user_name, pin, pepper))
    except VerificationError:
        _count_failure(connection, user_name, failures=row.failures + 1, moment=moment)
        return False
    if row.failures:
        connection.execute(update(pins).where(pins.c.user_name == user_name).values(failures=0, locked_until=None))
    return True


def require_approver(connection: Connection, *, user_name: str, today: date) -> None:
    """Raise MayNotApprove unless this user approves today; expiry is measured by the door's latest signed day."""
    user = _user(connection, user_name)
    if user.role not in APPROVING_ROLES:
        raise MayNotApprove(f"{user.display_name} is not a supervisor or manager.", field="approver")
    if user.expires_on is not None and user.expires_on < today:
        raise MayNotApprove(
            f"The rights of {user.display_name} ended on {user.expires_on:%d %b %Y}. Ask head office.", field="approver"
        )


def _count_failure(connection: Connection, user_name: str, *, failures: int, moment: Moment) -> None:
    delay_s = 0 if failures < FREE_TRIES else min(DELAY_FIRST_S * 2 ** min(failures - FREE_TRIES, 20), DELAY_MAX_S)
    until = moment.at + timedelta(seconds=delay_s) if delay_s else None
    connection.execute(update(pins).where(pins.c.user_name == user_name).values(failures=failures, locked_until=until))


def _user(connection: Connection, user_name: str) -> Row[Any]:
    row = connection.execute(select(users).where(users.c.user_name == user_name)).one_or_none()
    if row is None or row.revoked:
        raise UnknownUser(f"No user '{user_name}' may work here. Check the name, or sync and try again.", field="clerk")
    return row


def _peppered(user_name: str, pin: str, pepper: bytes) -> bytes:
    return hmac.digest(pepper, f"{user_name}\0{pin}".encode(), "sha256")


def _hasher() -> Any:
    from argon2 import PasswordHasher

    return PasswordHasher()
