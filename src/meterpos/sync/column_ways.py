"""The ways to write a column of values: each writes the column if it fits, and reads what it wrote.

A value is the text of a JSON value, as it stood in its line. The first way that fits is taken; the last always fits.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from operator import eq
from typing import Final

_HEX: Final = re.compile(rb'"(?:[0-9a-f]{2}){8,}"')
_INSTANT: Final = re.compile(rb'"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"')
_COUNT: Final = re.compile(rb"(.*?)([0-9]{1,15})(\D?)")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND: Final = timedelta(milliseconds=1)
_WIDTH_MAX: Final = 15
_DIGITS: Final = 12
_OCTETS_OF_DIGITS: Final = (0, 1, 1, 2, 2, 3, 3, 3, 4, 4, 5, 5, 5)


@dataclass(slots=True)
class Writer:
    """Columns being written: `out` is worth compressing, `octets` are not."""

    out: bytearray = field(default_factory=bytearray)
    octets: bytearray = field(default_factory=bytearray)

    def number(self, value: int) -> None:
        """Write a whole number ≥ 0, seven bits a byte."""
        while value > 0x7F:
            self.out.append(value & 0x7F | 0x80)
            value >>= 7
        self.out.append(value)

    def text(self, value: bytes) -> None:
        self.number(len(value))
        self.out += value

    def steps(self, numbers: Sequence[int]) -> None:
        """Write numbers as the steps between them, those backwards too."""
        last = 0
        for value in numbers:
            step = value - last
            self.number(2 * step if step >= 0 else -2 * step - 1)
            last = value


@dataclass(slots=True)
class Reader:
    """Columns being read.

    Raises: ValueError or IndexError from every method when the data is not what was written.
    """

    data: bytes
    octets: bytes
    at: int = 0
    octets_at: int = 0

    def number(self) -> int:
        value = shift = 0
        while True:
            byte = self.data[self.at]
            self.at += 1
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return value
            shift += 7
            if shift > 63:
                raise ValueError("a number is too long")

    def text(self) -> bytes:
        return self.take(self.number())

    def take(self, size: int) -> bytes:
        part = self.data[self.at : self.at + size]
        if len(part) != size:
            raise ValueError("a text is cut short")
        self.at += size
        return part

    def take_octets(self, size: int) -> bytes:
        part = self.octets[self.octets_at : self.octets_at + size]
        if len(part) != size:
            raise ValueError("the octets are cut short")
        self.octets_at += size
        return part

    def steps(self, count: int) -> list[int]:
        numbers: list[int] = []
        last = 0
        for _ in range(count):
            step = self.number()
            last += step // 2 if step % 2 == 0 else -(step + 1) // 2
            numbers.append(last)
        return numbers

    def finish(self) -> None:
        if self.at != len(self.data) or self.octets_at != len(self.octets):
            raise ValueError("something is left over")


def _write_octets(writer: Writer, values: list[bytes], _before: Sequence[list[bytes]]) -> bool:
    size = len(values[0])
    if any(len(value) != size or not _HEX.fullmatch(value) for value in values):
        return False
    writer.number(size // 2 - 1)
    writer.octets += b"".join(bytes.fromhex(value[1:-1].decode()) for value in values)
    return True


def _read_octets(reader: Reader, size: int, _before: Sequence[list[bytes]]) -> list[bytes]:
    width = reader.number()
    return [b'"' + reader.take_octets(width).hex().encode() + b'"' for _ in range(size)]


def _write_constant(writer: Writer, values: list[bytes], _before: Sequence[list[bytes]]) -> bool:
    if values.count(values[0]) != len(values):
        return False
    writer.text(values[0])
    return True


def _read_constant(reader: Reader, size: int, _before: Sequence[list[bytes]]) -> list[bytes]:
    return [reader.text()] * size


def _write_instants(writer: Writer, values: list[bytes], _before: Sequence[list[bytes]]) -> bool:
    if not all(map(_INSTANT.fullmatch, values)):
        return False
    try:
        moments = [(datetime.fromisoformat(value[1:-1].decode()) - _EPOCH) // _MILLISECOND for value in values]
    except ValueError:
        return False
    writer.steps(moments)
    return [_instant(moment) for moment in moments] == values


def _read_instants(reader: Reader, size: int, _before: Sequence[list[bytes]]) -> list[bytes]:
    return [_instant(moment) for moment in reader.steps(size)]


def _instant(moment: int) -> bytes:
    at = (_EPOCH + moment * _MILLISECOND).isoformat(timespec="milliseconds")
    return f'"{at.replace("+00:00", "Z")}"'.encode()


def _framed(values: list[bytes]) -> tuple[bytes, bytes, int, list[bytes]] | None:
    """Return (head, tail, width, digits) where all values are digits of one width between the same words."""
    found = [match for match in map(_COUNT.fullmatch, values) if match is not None]
    frames = {(match[1], match[3], len(match[2])) for match in found}
    if len(found) < len(values) or len(frames) > 1:
        return None
    return *frames.pop(), [match[2] for match in found]


def _write_count(writer: Writer, values: list[bytes], _before: Sequence[list[bytes]]) -> bool:
    """Values that count up: the same words around numbers of the same width."""
    framed = _framed(values)
    if framed is None or framed[3] != sorted(framed[3]):
        return False
    head, tail, width, digits = framed
    numbers = list(map(int, digits))
    writer.text(head)
    writer.text(tail)
    writer.number(width)
    writer.steps(numbers)
    return True


def _read_count(reader: Reader, size: int, _before: Sequence[list[bytes]]) -> list[bytes]:
    head, tail, width = reader.text(), reader.text(), reader.number()
    if width > _WIDTH_MAX:
        raise ValueError("a number is too wide")
    return [head + b"%0*d" % (width, number) + tail for number in reader.steps(size)]


def _write_digits(writer: Writer, values: list[bytes], _before: Sequence[list[bytes]]) -> bool:
    """Values that differ in digits of one width and seldom repeat: twelve digits are five octets."""
    framed = _framed(values)
    if framed is None or 2 * len(set(values)) < len(values):
        return False
    head, tail, width, digits = framed
    writer.text(head)
    writer.text(tail)
    writer.number(width)
    row = b"".join(digits)
    for start in range(0, len(row), _DIGITS):
        part = row[start : start + _DIGITS]
        writer.octets += int(part).to_bytes(_OCTETS_OF_DIGITS[len(part)], "big")
    return True


def _read_digits(reader: Reader, size: int, _before: Sequence[list[bytes]]) -> list[bytes]:
    head, tail, width = reader.text(), reader.text(), reader.number()
    if not 1 <= width <= _WIDTH_MAX:
        raise ValueError("a number of impossible width")
    parts: list[bytes] = []
    for start in range(0, size * width, _DIGITS):
        count = min(_DIGITS, size * width - start)
        part = b"%0*d" % (count, int.from_bytes(reader.take_octets(_OCTETS_OF_DIGITS[count]), "big"))
        if len(part) != count:
            raise ValueError("digits out of range")
        parts.append(part)
    row = b"".join(parts)
    return [head + row[start : start + width] + tail for start in range(0, len(row), width)]


def _write_same(writer: Writer, values: list[bytes], before: Sequence[list[bytes]]) -> bool:
    """Values that mostly stand in another column of the same length too: nothing where they do."""
    for back, other in enumerate(reversed(before), start=1):
        if len(other) == len(values) and _are_mostly_same(values, other):
            writer.number(back)
            rest = [b"" if value == same else value for value, same in zip(values, other, strict=True)]
            writer.text(b"\n".join(rest))
            return True
    return False


def _are_mostly_same(values: list[bytes], other: list[bytes]) -> bool:
    """Tell whether more than half of the values are the same; mostly the first half of them says that they are not."""
    half = (len(values) + 1) // 2
    same: int = sum(map(eq, values[:half], other[:half]))
    if 2 * (same + len(values) - half) <= len(values):
        return False
    same += sum(map(eq, values[half:], other[half:]))
    return 2 * same > len(values)


def _read_same(reader: Reader, _size: int, before: Sequence[list[bytes]]) -> list[bytes]:
    back = reader.number()
    if not 1 <= back <= len(before):
        raise ValueError("a column like none before it")
    rest = reader.text().split(b"\n")
    return [value or same for value, same in zip(rest, before[-back], strict=True)]


def _write_texts(writer: Writer, values: list[bytes], _before: Sequence[list[bytes]]) -> bool:
    """Any values: what all begin and end with once, then what lies between."""
    head = _common(min(values), max(values))
    turned = [value[head:][::-1] for value in values]
    tail = _common(min(turned), max(turned))
    writer.text(values[0][:head])
    writer.text(turned[0][:tail][::-1])
    writer.text(b"\n".join(value[head : len(value) - tail] for value in values))
    return True


def _read_texts(reader: Reader, _size: int, _before: Sequence[list[bytes]]) -> list[bytes]:
    head, tail = reader.text(), reader.text()
    return [head + middle + tail for middle in reader.text().split(b"\n")]


def _common(one: bytes, other: bytes) -> int:
    """Return how many bytes the first and the last in order begin with alike: so do all between."""
    for index, (a, b) in enumerate(zip(one, other, strict=False)):
        if a != b:
            return index
    return min(len(one), len(other))


_Write = Callable[[Writer, list[bytes], Sequence[list[bytes]]], bool]
_Read = Callable[[Reader, int, Sequence[list[bytes]]], list[bytes]]
WAYS: Final[dict[bytes, tuple[_Write, _Read]]] = {
    b"h": (_write_octets, _read_octets),
    b"c": (_write_constant, _read_constant),
    b"i": (_write_instants, _read_instants),
    b"n": (_write_count, _read_count),
    b"=": (_write_same, _read_same),
    b"d": (_write_digits, _read_digits),
    b"t": (_write_texts, _read_texts),
}
