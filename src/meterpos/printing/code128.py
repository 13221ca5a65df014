"""A bar code that the cheapest scanner reads: Code 128 (ISO/IEC 15417) of a number, in its sets B and C."""

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Final, TypeVar

Size = TypeVar("Size", int, float)

QUIET_MODULES: Final = 10
"""Empty modules that must surround the bars at either side."""

DOTS_HIGH: Final = 80
"""How high the bars stand on a roll, in printer's dots: 10 mm, which a hand-held beam crosses in one sweep."""

DOTS_ABOVE: Final = 16
"""Empty dots between the line above and the bars."""

MODULE_DOTS: Final = (3, 2)
"""How many dots a module may have on a roll, the best first: 0.38 and 0.25 mm. One dot, a cheap laser does not see."""

_START_B, _START_C, _TO_C, _TO_B, _STOP = 104, 105, 99, 100, 106
_CHECK: Final = 103
_PATTERNS: Final = (
    "212222 222122 222221 121223 121322 131222 122213 122312 132212 221213 221312 231212 "
    "112232 122132 122231 113222 123122 123221 223211 221132 221231 213212 223112 312131 "
    "311222 321122 321221 312212 322112 322211 212123 212321 232121 111323 131123 131321 "
    "112313 132113 132311 211313 231113 231311 112133 112331 132131 113123 113321 133121 "
    "313121 211331 231131 213113 213311 213131 311123 311321 331121 312113 312311 332111 "
    "314111 221411 431111 111224 111422 121124 121421 141122 141221 112214 112412 122114 "
    "122411 142112 142211 241211 221114 413111 241112 134111 111242 121142 121241 114212 "
    "124112 124211 411212 421112 421211 212141 214121 412121 111143 111341 131141 114113 "
    "114311 411113 411311 113141 114131 311141 411131 211412 211214 211232 2331112"
).split()
"""Bar, space, bar, … of each of the 107 signs, in modules."""

_PAIRS: Final = re.compile(r"^(?:\d\d){2,}|(?:\d\d){2,}$|(?:\d\d){3,}", re.ASCII)
"""Digits that are shorter two by two, the change of set counted: four at either end, six between."""


def can_hold(text: str) -> bool:
    """Tell whether a bar code holds the text: plain letters, digits and signs."""
    return bool(text) and text.isascii() and text.isprintable()


@lru_cache(maxsize=16)
def bars(text: str) -> tuple[tuple[int, int], ...]:
    """Return where each bar starts and how wide it is, in modules; the quiet zone is not counted.

    The text is one that ``can_hold`` says yes to.
    """
    found, at = [], 0
    for sign in _signs(text):
        for place, wide in enumerate(map(int, _PATTERNS[sign])):
            if place % 2 == 0:
                found.append((at, wide))
            at += wide
    return tuple(found)


def width_modules(text: str) -> int:
    """Return how wide the bars are from the first to the last."""
    start, wide = bars(text)[-1]
    return start + wide


def best_module(text: str, *, room: float, of: Sequence[Size]) -> Size | None:
    """Return the first of these sizes of a module that sets the bars in ``room``; None where none does."""
    if not can_hold(text):
        return None
    return next((size for size in of if width_modules(text) * size <= room), None)


def _signs(text: str) -> list[int]:
    """Return the numbers of the signs, from the start to the stop, with the check sign before that."""
    signs: list[int] = []
    end = 0
    for pairs in _PAIRS.finditer(text):
        signs += _letters(text[end : pairs.start()], after=bool(signs))
        signs.append(_TO_C if signs else _START_C)
        signs += [int(text[place : place + 2]) for place in range(pairs.start(), pairs.end(), 2)]
        end = pairs.end()
    signs += _letters(text[end:], after=bool(signs))
    check = (signs[0] + sum(place * sign for place, sign in enumerate(signs))) % _CHECK
    return [*signs, check, _STOP]


def _letters(text: str, *, after: bool) -> list[int]:
    """Return a stretch in set B; ``after`` tells that another set came before."""
    return [_TO_B if after else _START_B, *(ord(letter) - ord(" ") for letter in text)] if text else []
