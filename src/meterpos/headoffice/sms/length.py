"""How long a message is on the air: GSM 03.38's seven bits where every letter has a place there, else UCS-2."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

Encoding = Literal["GSM-7", "UCS-2"]

_BASIC: Final = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENDED: Final = frozenset("\f^{}\\[~]|€")
"""Letters of two units: an escape and a letter, never parted between two parts."""

_ROOM: Final[dict[Encoding, tuple[int, int]]] = {"GSM-7": (160, 153), "UCS-2": (70, 67)}
"""Units in a message of one part, and in each of several."""


@dataclass(frozen=True, slots=True)
class Length:
    """What a text costs on the air; ``units`` are septets or 16-bit units."""

    encoding: Encoding
    units: int
    parts: int


def measure(text: str) -> Length:
    """Count units and parts of ``text`` as a telephone network does (3GPP TS 23.038, 23.040)."""
    if all(letter in _BASIC or letter in _EXTENDED for letter in text):
        return _counted("GSM-7", [2 if letter in _EXTENDED else 1 for letter in text])
    return _counted("UCS-2", [2 if ord(letter) > 0xFFFF else 1 for letter in text])


def _counted(encoding: Encoding, widths: Sequence[int]) -> Length:
    units = sum(widths)
    alone, each = _ROOM[encoding]
    if units <= alone:
        return Length(encoding, units, 1)
    parts, room = 1, each
    for width in widths:
        if width > room:
            parts, room = parts + 1, each
        room -= width
    return Length(encoding, units, parts)
