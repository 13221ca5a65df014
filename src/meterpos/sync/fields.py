"""Strict reading of the values in a message: each field there, of its type, in its range, and none besides."""

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, cast

from meterpos.ledger.texts import is_text
from meterpos.sync.framing import INTEGER_MAX, PROTOCOL, Opened, Sealed, WireError, check_signature, open_unverified
from meterpos.sync.records import OUTCOMES, Outcome

TEXT_CHARACTERS_MAX = 500
COUNTS_MAX = 50


class Header:
    """A message's header, read field by field; `finish` refuses what nobody asked for."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self._values = values
        self._read = {"purpose", "hash", "protocol"}

    def protocol(self, known: int) -> None:
        """Refuse a version of the protocol that is not ours, before anything else is judged."""
        if self._take("protocol") != known:
            raise WireError("protocol", f"protocol {str(self._values['protocol'])[:20]}, this program speaks {known}")

    def integer(self, name: str, *, least: int = 0, most: int = INTEGER_MAX) -> int:
        """Read a whole number within its range."""
        return integer(self._take(name), least=least, most=most, name=name)

    def text(self, name: str, *, empty: bool = False) -> str:
        """Read a text."""
        return text(self._take(name), empty=empty, name=name)

    def octets(self, name: str, *, size: int) -> bytes:
        """Read lower-case hex of exactly this many bytes."""
        return octets(self._take(name), size=size, name=name)

    def boolean(self, name: str) -> bool:
        """Read true or false."""
        value = self._take(name)
        if not isinstance(value, bool):
            raise WireError("header", f"{name} is neither true nor false")
        return value

    def instant(self, name: str) -> str:
        """Read an instant in UTC with milliseconds: 2026-11-20T06:41:07.123Z."""
        value = self.text(name)
        try:
            again = datetime.fromisoformat(value).astimezone(UTC).isoformat(timespec="milliseconds")
        except (ValueError, OverflowError) as error:
            raise WireError("header", f"{name} is not an instant") from error
        if again.replace("+00:00", "Z") != value:
            raise WireError("header", f"{name} is not an instant in UTC with milliseconds")
        return value

    def items(self, name: str, *, most: int) -> Sequence[object]:
        """Read a list of at most so many things."""
        value = self._take(name)
        if not isinstance(value, list) or len(value) > most:
            raise WireError("header", f"{name} is not a list of at most {most}")
        return value

    def texts(self, name: str, *, most: int) -> tuple[str, ...]:
        """Read a list of texts."""
        return tuple(text(item, name=name) for item in self.items(name, most=most))

    def mapping(self, name: str, *, most: int) -> Mapping[str, object]:
        """Read an object of at most so many members."""
        value = self._take(name)
        if not isinstance(value, dict) or len(value) > most:
            raise WireError("header", f"{name} is not an object of at most {most}")
        return value

    def counts(self, name: str, known: Collection[str]) -> Mapping[str, int]:
        """Read an object of whole numbers under these names, empty where it is not there; others are passed over."""
        if name not in self._values:
            return {}
        found = self.mapping(name, most=COUNTS_MAX)
        return {one: integer(value, name=f"{name}.{one}") for one, value in found.items() if one in known}

    def finish(self) -> None:
        """Refuse a header that holds more than was read: a newer protocol has a newer number."""
        unknown = set(self._values) - self._read
        if unknown:
            raise WireError("header", f"unknown field {min(unknown)[:40]}")

    def _take(self, name: str) -> Any:
        if name not in self._values:
            raise WireError("header", f"{name} is missing")
        self._read.add(name)
        return self._values[name]


def integer(value: object, *, least: int = 0, most: int = INTEGER_MAX, name: str = "a number") -> int:
    """Read a whole number within its range."""
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise WireError("range", f"{name} is not a whole number from {least} to {most}")
    return value


def integers(value: object, *, size: int) -> tuple[int, ...]:
    """Read a list of exactly so many whole numbers."""
    if not isinstance(value, list) or len(value) != size:
        raise WireError("range", f"not a list of {size} numbers")
    return tuple(integer(item) for item in value)


def text(value: object, *, empty: bool = False, name: str = "a text") -> str:
    """Read a text of bounded length."""
    if not isinstance(value, str) or len(value) > TEXT_CHARACTERS_MAX or not (value or empty) or not is_text(value):
        raise WireError("range", f"{name} is not a text of at most {TEXT_CHARACTERS_MAX} characters")
    return value


def octets(value: object, *, size: int, name: str = "a value") -> bytes:
    """Read lower-case hex of exactly this many bytes."""
    if isinstance(value, str) and len(value) == 2 * size and set(value) <= set("0123456789abcdef"):
        return bytes.fromhex(value)
    raise WireError("range", f"{name} is not {size} bytes in hex")


def pair(value: object) -> tuple[int, object]:
    """Read [number, anything]."""
    if not isinstance(value, list) or len(value) != 2:
        raise WireError("range", "not a pair")
    return integer(value[0]), value[1]


def quadruple(value: object) -> tuple[int, int, str, str]:
    """Read one run of answers: [first, last, outcome, code]."""
    if not isinstance(value, list) or len(value) != 4:
        raise WireError("range", "not an answer")
    return integer(value[0], least=1), integer(value[1], least=1), text(value[2]), text(value[3], empty=True)


def outcome(value: str) -> Outcome:
    """Read what became of an entry."""
    if value not in OUTCOMES:
        raise WireError("range", "an outcome is unknown")
    return cast(Outcome, value)


def open_signed(packed: bytes | Opened, *, purpose: str, key: bytes) -> Sealed:
    """Open a message of this purpose, signed with this key, in our version of the protocol. Raises: WireError."""
    opened = packed if isinstance(packed, Opened) else open_unverified(packed, purpose=purpose)
    assert opened.sealed.header["purpose"] == purpose, "a message was opened as something else"
    check_signature(opened, key=key)
    Header(opened.sealed.header).protocol(PROTOCOL)
    return opened.sealed


def counted(header: Header, body: Sequence[bytes], most: int) -> None:
    """Refuse a body of other than the header's number of lines, or of too many. Raises: WireError."""
    count = header.integer("count", most=most)
    if count != len(body):
        raise WireError("range", f"the header names {count} lines, the body has {len(body)}")
