"""Old values as the staging tables keep them: money in minor units, days as ISO text, flags as 0 and 1."""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from operator import sub
from typing import Any, Final

from meterpos.ledger.money import AMOUNT_MAX, round_minor

YEARS: Final = range(1900, 2200)
TEXT_MAX: Final = 100_000
DIGITS_MAX: Final = 18
_INTEGER: Final = re.compile(r"[+-]?\d{1,18}(\.0+)?", re.ASCII)
_PLAIN: Final = re.compile(r"(-?)(\d{1,12})\.(\d\d)", re.ASCII)
_PLAIN_EACH: Final = re.compile(r"-?\d{1,12}\.\d\d(?:\n-?\d{1,12}\.\d\d)*", re.ASCII)
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
_TEXT: Final = frozenset({str, type(None)})
_DATED: Final = frozenset({str, date, datetime, type(None)})
_NUMBERS: Final = frozenset({int, float})
DAYS_KEPT: Final = 100_000
Convert = Callable[[Any], Any]


class Unreadable(ValueError):
    """A value that is not what its column holds; it is noted, never guessed."""


class Rounded(Exception):
    """An amount with a part of a cent: `minor` is what it is taken for, and the row is noted."""

    def __init__(self, minor: int) -> None:
        super().__init__(minor)
        self.minor = minor


def all_of(convert: Convert, cells: Sequence[Any]) -> Sequence[Any]:
    """Return a column's cells, converted; at once where all are as they should be. Raises: what `convert` raises."""
    at_once = _AT_ONCE.get(convert)
    made = at_once(cells) if at_once is not None else None
    return list(map(convert, cells)) if made is None else made


def _whole_at_once(cells: Sequence[Any]) -> Sequence[Any] | None:
    if _WHOLE.issuperset(map(type, cells)):
        return cells
    if not _TEXT.issuperset(map(type, cells)):
        return None
    said = [cell for cell in cells if cell is not None]
    together = "".join(said)
    if not (together.isascii() and together.isdigit() and all(said) and max(map(len, said)) <= DIGITS_MAX):
        return None
    return list(map(int, cells)) if said == list(cells) else [None if cell is None else int(cell) for cell in cells]


def _words_at_once(cells: Sequence[Any]) -> Sequence[Any] | None:
    if not _TEXT.issuperset(map(type, cells)):
        return None
    said = [cell for cell in cells if cell is not None]
    together = "".join(said)
    is_plain = all(said) and "\x00" not in together and len(together) < TEXT_MAX * 10
    return cells if is_plain and list(map(str.strip, said)) == said and _none_is_long(said) else None


def _none_is_long(said: Sequence[str]) -> bool:
    return not said or max(map(len, said)) < TEXT_MAX


def _amounts_at_once(cells: Sequence[Any]) -> Sequence[Any] | None:
    kinds = set(map(type, cells)) - {type(None)}
    present = cells if None not in cells else [cell for cell in cells if cell is not None]
    if not present:
        return cells
    if kinds == {str}:
        minor = _minor_of_texts(present)
    else:
        minor = _minor_of_numbers(present, kinds) if kinds <= _NUMBERS or kinds == {Decimal} else None
    if minor is None or present is cells:
        return minor
    whole_ones = iter(minor)
    return [None if cell is None else next(whole_ones) for cell in cells]


def _minor_of_texts(present: Sequence[str]) -> list[int] | None:
    together = "\n".join(present)
    if _PLAIN_EACH.fullmatch(together) is None or together.count("\n") != len(present) - 1:
        return None
    return [int(cell.replace(".", "")) for cell in present]


def _minor_of_numbers(present: Sequence[Any], kinds: set[type]) -> list[int] | None:
    try:
        scaled = [cell * 100 for cell in present]
        minor = list(map(round, scaled))
    except (ValueError, ArithmeticError):
        return None  # not a number
    noise = FLOAT_NOISE if kinds <= _NUMBERS else _NOISE
    is_plain = max(map(abs, scaled)) < FLOAT_MAX * 100 and max(map(abs, map(sub, scaled, minor))) < noise
    return minor if is_plain else None


def _days_at_once(cells: Sequence[Any]) -> Sequence[Any] | None:
    return list(map(_DAYS.__getitem__, cells)) if _DATED.issuperset(map(type, cells)) else None


class _Days(dict[Any, str | None]):
    """Days that were read before: there are few of them, and each stands in many rows."""

    def __missing__(self, cell: Any) -> str | None:
        if len(self) >= DAYS_KEPT:
            self.clear()
        self[cell] = found = day(cell)
        return found


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
    """Return a value as JSON can hold it: an unknown column is kept word for word, bytes that are no text as hex."""
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, (list, tuple)):
        return [plain(one) for one in value]
    if not isinstance(value, bytes):
        return str(value)
    try:
        return value.decode()
    except UnicodeDecodeError:
        return f"\\x{value.hex()}"


_DAYS: Final = _Days()
_AT_ONCE: Final[Mapping[Convert, Callable[[Sequence[Any]], Sequence[Any] | None]]] = {
    whole: _whole_at_once,
    words: _words_at_once,
    amount: _amounts_at_once,
    day: _days_at_once,
}
