"""Old values as the staging tables keep them: money in minor units, days as ISO text, flags as 0 and 1."""

import re
from collections.abc import Callable, Sequence
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any, Final

from meterpos.ledger.money import AMOUNT_MAX, round_minor

YEARS: Final = range(1900, 2200)
TEXT_MAX: Final = 100_000
_INTEGER: Final = re.compile(r"[+-]?\d{1,18}(\.0+)?", re.ASCII)
_PLAIN: Final = re.compile(r"(-?)(\d{1,12})\.(\d\d)", re.ASCII)
_DAY: Final = re.compile(r"(\d{4}-\d{2}-\d{2})(?:[T ].*)?", re.ASCII)
_NO_DAY: Final = ("", "0000-00-00", "0000-00-00 00:00:00")
FLOAT_MAX: Final = 1e9
"""Below it, a hundred times a binary fraction is nearer to its cents than FLOAT_NOISE."""

FLOAT_NOISE: Final = 1e-5
_NOISE: Final = Decimal("0.0001")
"""How far from a whole minor unit is still the noise of a binary fraction."""

_YES: Final = frozenset({"1", "true", "t", "yes", "y", "active", "\x01"})
_NO: Final = frozenset({"0", "false", "f", "no", "n", "inactive", "", "\x00"})

_WHOLE: Final = frozenset({int, type(None)})
Convert = Callable[[Any], Any]


class Unreadable(ValueError):
    """A value that is not what its column holds; it is noted, never guessed."""


class Rounded(Exception):
    """An amount with a part of a cent: `minor` is what it is taken for, and the row is noted."""

    def __init__(self, minor: int) -> None:
        super().__init__(minor)
        self.minor = minor


def all_of(convert: Convert, cells: Sequence[Any]) -> Sequence[Any]:
    """Return a column's cells, converted. Raises: what `convert` raises."""
    if convert is whole and _WHOLE.issuperset(map(type, cells)):
        return cells
    return list(map(convert, cells))


def whole(value: Any) -> int | None:
    """Return an identifier. Raises: Unreadable."""
    if type(value) is int or value is None:
        return value
    text = str(value).strip()
    if not text:
        return None
    if not _INTEGER.fullmatch(text):
        raise Unreadable("is not a whole number")
    return int(text.split(".")[0])


def amount(value: Any) -> int | None:
    """Return money in minor units; None stays None. Raises: Unreadable; Rounded where a part of a cent is left out."""
    if value is None:
        return None
    if type(value) is int:
        return _within(value * 100)
    if type(value) is float and abs(value) < FLOAT_MAX:
        minor = round(value * 100)
        if abs(value * 100 - minor) < FLOAT_NOISE:
            return minor
    text = repr(value) if type(value) is float else str(value).strip()
    match = _PLAIN.fullmatch(text)
    if match is not None:
        minor = int(match[2]) * 100 + int(match[3])
        return -minor if match[1] else minor
    if not text:
        return None
    try:
        exact = Decimal(text.replace(",", "")) * 100
    except InvalidOperation as error:
        raise Unreadable("is not an amount") from error
    if not exact.is_finite() or abs(exact) > AMOUNT_MAX:
        raise Unreadable("is not an amount")
    minor = round_minor(exact)
    if abs(exact - minor) > _NOISE:
        raise Rounded(minor)
    return minor


def _within(minor: int) -> int:
    if abs(minor) > AMOUNT_MAX:
        raise Unreadable("is not an amount")
    return minor


def day(value: Any) -> str | None:
    """Return the day of a date or an instant as ISO text; MySQL's zero date is none. Raises: Unreadable."""
    if value is None:
        return None
    if isinstance(value, date):
        return value.isoformat()[:10] if not isinstance(value, datetime) else value.date().isoformat()
    return _day(value if isinstance(value, str) else str(value))


@lru_cache(maxsize=100_000)
def _day(text: str) -> str | None:
    stripped = text.strip()
    if stripped in _NO_DAY:
        return None
    match = _DAY.fullmatch(stripped)
    try:
        if match is not None and date.fromisoformat(match[1]).year in YEARS:
            return match[1]
    except ValueError:
        pass
    raise Unreadable("is not a date")


def flag(value: Any) -> int:
    """Return 1 for yes, 0 for no or nothing. Raises: Unreadable."""
    if value is None:
        return 0
    text = value.decode("latin-1") if isinstance(value, bytes) else str(value).strip().lower()
    if text in _YES:
        return 1
    if text in _NO:
        return 0
    raise Unreadable("is neither yes nor no")


def words(value: Any) -> str | None:
    """Return text as it was; nothing and blanks are None."""
    if value is None:
        return None
    if type(value) is str and len(value) < TEXT_MAX and "\x00" not in value:
        return value.strip() or None
    text = value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
    return text.replace("\x00", "").strip()[:TEXT_MAX] or None


def raw(value: Any) -> str | None:
    """Return text exactly as it was, blanks too; nothing is None."""
    if value is None:
        return None
    text = value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
    return text.replace("\x00", "")


def plain(value: Any) -> Any:
    """Return a value as JSON can hold it: an unknown column is kept word for word."""
    if value is None or isinstance(value, (bool, int, str)):
        return value
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
