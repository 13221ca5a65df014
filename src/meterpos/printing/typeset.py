"""Type on a page: how wide a text is set, where each of its letters stands, and where its lines break."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Final

from meterpos.printing import fonts
from meterpos.printing.document import NO_BREAK
from meterpos.printing.letters import clean

if TYPE_CHECKING:
    from PIL.ImageFont import FreeTypeFont

_EM: Final = 1000


@dataclass(frozen=True, slots=True)
class Piece:
    """Letters of one font side by side, ``left`` of them in points from the beginning of their text."""

    left: float
    text: str
    font: str


def ready(text: str) -> str:
    """Return ``text`` as a page can hold it."""
    return clean(text).replace(NO_BREAK, " ")


def width(text: str, *, size: float, bold: bool = False, figures: bool = False) -> float:
    """Return how wide ``text`` is in points; in ``figures`` every digit is as wide as every other."""
    return sum(_advance(name, letters, figures=figures) for name, letters in _stretches(text, bold)) * size / _EM


def pieces(text: str, *, size: float, bold: bool = False, figures: bool = False) -> Iterator[Piece]:
    """Yield what stands where, each font apart; ``figures`` digit by digit, for who knows no digits of one width."""
    left = 0.0
    for name, letters in _stretches(text, bold):
        for part in _parts(letters) if figures else (letters,):
            room = _advance(name, part, figures=figures)
            yield Piece((left + (room - _advance(name, part, figures=False)) / 2) * size / _EM, part, name)
            left += room


def wrap(text: str, *, room: float, size: float, bold: bool = False) -> tuple[str, ...]:
    """Return ``text`` in lines of at most ``room`` points, broken at spaces, a longer word within; always one line."""
    lines: list[str] = []
    line = ""
    for word in clean(text).split(" "):
        longer = f"{line} {word}" if line else word
        if width(longer, size=size, bold=bold) <= room:
            line = longer
            continue
        if line:
            lines.append(line)
        *whole, line = _broken(word, room=room, size=size, bold=bold)
        lines += whole
    return tuple(ready(one) for one in (*lines, line))


def fitted(text: str, *, room: float, size: float, bold: bool = False) -> str:
    """Return ``text`` as far as it fits on one line of ``room`` points, with "…" where there is more."""
    first, *more = wrap(text, room=room, size=size, bold=bold)
    if not more:
        return first
    kept = list(fonts.clusters(ready(text)))
    while kept and width("".join(kept) + "…", size=size, bold=bold) > room:
        kept.pop()
    return "".join(kept).rstrip() + "…"


def _broken(word: str, *, room: float, size: float, bold: bool) -> list[str]:
    parts = [""]
    for cluster in fonts.clusters(word):
        if parts[-1] and width(parts[-1] + cluster, size=size, bold=bold) > room:
            parts.append("")
        parts[-1] += cluster
    return parts


def _stretches(text: str, bold: bool) -> Iterator[tuple[str, str]]:
    if text.isascii():
        return iter(((fonts.SANS[bold], text),))
    return fonts.stretches(text, bold=bold, family=fonts.SANS)


def _parts(letters: str) -> Iterator[str]:
    """Yield each digit apart, and what stands between digits."""
    between = ""
    for letter in letters:
        if letter not in fonts.DIGITS:
            between += letter
            continue
        if between:
            yield between
        yield letter
        between = ""
    if between:
        yield between


def _advance(name: str, letters: str, *, figures: bool) -> float:
    if name not in fonts.SANS:
        return _font(name).getlength(letters)
    digit = fonts.figure_width(name) if figures else 0
    return sum(digit if digit and letter in fonts.DIGITS else _letter(name, letter) for letter in letters)


@cache
def _letter(name: str, letter: str) -> float:
    return _font(name).getlength(letter)


@cache
def _font(name: str) -> "FreeTypeFont":
    # Imaging is heavy, and only pages are measured so.
    from PIL import ImageFont

    return ImageFont.truetype(fonts.font_file(name), _EM, layout_engine=ImageFont.Layout.BASIC)
