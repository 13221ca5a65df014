"""The fonts of papers: which file draws which letter."""

import struct
import unicodedata
from collections.abc import Iterator
from functools import cache
from statistics import mode
from typing import Final

from meterpos.resources import ResourceMissing, resource_path

REGULAR: Final = "JetBrainsMono-Regular.ttf"
BOLD: Final = "JetBrainsMono-Bold.ttf"
Family = tuple[str, str]
"""A font in its two weights."""

MONO: Final[Family] = (REGULAR, BOLD)
"""What rolls are set in: every letter is a column wide."""

DIGITS: Final = "0123456789"
SANS: Final[Family] = ("Inter-Regular.ttf", "Inter-SemiBold.ttf")
"""What pages are set in."""

_OTHERS: Final = (
    "DejaVuSans.ttf",
    "NotoSansEthiopic-Regular.ttf",
    "NotoSansDevanagari-Regular.ttf",
    "NotoSansGujarati-Regular.ttf",
    "NotoSansTamil-Regular.ttf",
    "NotoSansThai-Regular.ttf",
    "DroidSansFallback.ttf",
)


def font_file(name: str) -> str:
    """Return the path of a font file of this program."""
    return str(resource_path(f"fonts/{name}"))


def register(name: str, *, figures: bool = False) -> str:
    """Make a font file known to the PDF writer and return what it is called there.

    ``figures``: with its digits all of one width, so that money stands in columns. The writer knows no features of
    fonts, so it is handed a second face whose digits are those the font itself offers for tables (``tnum``).
    """
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.ttfonts import TTFont

    called = f"{name} figures" if figures else name
    if called not in pdfmetrics.getRegisteredFontNames():
        font = TTFont(called, font_file(name))
        if figures:
            face, tabular = font.face, _substitutes(name, b"tnum")
            face.name += b"-Figures"  # the writer knows faces by their name
            for digit in map(ord, DIGITS):
                glyph = tabular[face.charToGlyph[digit]]
                face.charToGlyph[digit] = glyph
                face.charWidths[digit] = _width_of(name, glyph)
        pdfmetrics.registerFont(font)
    return called


@cache
def figure_width(name: str) -> float:
    """Return how wide a digit for tables is in a font, in thousandths of the type size."""
    return mode(_width_of(name, glyph) for glyph in _substitutes(name, b"tnum").values())


def as_seen(letters: str) -> str:
    """Return letters from left to right as they stand, which is how a PDF keeps Arabic and Hebrew."""
    is_from_right = any(unicodedata.bidirectional(letter) in {"R", "AL"} for letter in letters)
    return letters[::-1] if is_from_right else letters


def is_own(letters: str, *, family: Family = MONO) -> bool:
    """Tell whether the paper's own font has every one of ``letters``."""
    return letters.isascii() or all(ord(letter) in coverage(family[0]) for letter in letters)


def font_for(letters: str, *, bold: bool, family: Family = MONO) -> str:
    """Return the first font that has all ``letters``; the paper's own, which draws a box, where none has."""
    own = family[bold]
    if is_own(letters, family=family):
        return own
    for name in _OTHERS:
        if all(ord(letter) in coverage(name) for letter in letters):
            return name
    return own


def stretches(text: str, *, bold: bool, family: Family = MONO) -> Iterator[tuple[str, str]]:
    """Yield the font and the letters of each stretch of one font; a space stays with the stretch it follows."""
    name, stretch = "", ""
    for cluster in clusters(text):
        own = name if cluster == " " and stretch else font_for(cluster, bold=bold, family=family)
        if own != name and stretch:
            yield name, stretch
            stretch = ""
        name = own
        stretch += cluster
    if stretch:
        yield name, stretch


def clusters(text: str) -> Iterator[str]:
    """Yield each letter with the marks that stand on it."""
    cluster = ""
    for letter in text:
        if cluster and unicodedata.category(letter) not in {"Mn", "Me", "Mc"}:
            yield cluster
            cluster = ""
        cluster += letter
    if cluster:
        yield cluster


@cache
def coverage(name: str) -> frozenset[int]:
    """Return the code points a font file has glyphs for, read from its ``cmap`` table (OpenType 1.9, formats 4, 12)."""
    with open(font_file(name), "rb") as file:  # noqa: PTH123
        data = file.read()
    table = _table(data, b"cmap")
    (count,) = struct.unpack_from(">H", data, table + 2)
    points: set[int] = set()
    for index in range(count):
        (offset,) = struct.unpack_from(">I", data, table + 4 + 8 * index + 4)
        points.update(_subtable(data, table + offset))
    return frozenset(points)


def _table(data: bytes, tag: bytes) -> int:
    (count,) = struct.unpack_from(">H", data, 4)
    for index in range(count):
        found, _, offset, _ = struct.unpack_from(">4sIII", data, 12 + 16 * index)
        if found == tag:
            return int(offset)
    raise ResourceMissing(f"A font of this program has no {tag.decode()} table; install meterpos again.")


def _width_of(name: str, glyph: int) -> float:
    """Return how wide a glyph is, in thousandths of the type size (OpenType 1.9, hmtx)."""
    with open(font_file(name), "rb") as file:  # noqa: PTH123
        data = file.read()
    (per_em,) = struct.unpack_from(">H", data, _table(data, b"head") + 18)
    (count,) = struct.unpack_from(">H", data, _table(data, b"hhea") + 34)
    (advance,) = struct.unpack_from(">H", data, _table(data, b"hmtx") + 4 * min(glyph, count - 1))
    return float(advance) * 1000 / float(per_em)


def _substitutes(name: str, feature: bytes) -> dict[int, int]:
    """Return which glyphs a feature of a font puts in place of others (OpenType 1.9, GSUB single substitution 2)."""
    with open(font_file(name), "rb") as file:  # noqa: PTH123
        data = file.read()
    start = _table(data, b"GSUB")
    features, lookups = (start + offset for offset in struct.unpack_from(">HH", data, start + 6))
    (count,) = struct.unpack_from(">H", data, features)
    tags = (struct.unpack_from(">4sH", data, features + 2 + 6 * index) for index in range(count))
    offset = next(offset for tag, offset in tags if tag == feature)
    (lookup,) = struct.unpack_from(">H", data, features + offset + 4)
    (offset,) = struct.unpack_from(">H", data, lookups + 2 + 2 * lookup)
    (subtable,) = struct.unpack_from(">H", data, lookups + offset + 6)
    single = lookups + offset + subtable
    form, covered, count = struct.unpack_from(">HHH", data, single)
    assert form == 2, f"the single substitution of {feature!r} in {name} has form {form}"
    return dict(zip(_covered(data, single + covered), struct.unpack_from(f">{count}H", data, single + 6), strict=True))


def _covered(data: bytes, start: int) -> Iterator[int]:
    form, count = struct.unpack_from(">HH", data, start)
    assert form == 2, f"a coverage of form {form}"
    for index in range(count):
        first, last, _ = struct.unpack_from(">HHH", data, start + 4 + 6 * index)
        yield from range(first, last + 1)


def _subtable(data: bytes, start: int) -> Iterator[int]:
    (form,) = struct.unpack_from(">H", data, start)
    if form == 4:
        (double,) = struct.unpack_from(">H", data, start + 6)
        ends = struct.unpack_from(f">{double // 2}H", data, start + 14)
        starts = struct.unpack_from(f">{double // 2}H", data, start + 16 + double)
        for first, last in zip(starts, ends, strict=True):
            yield from range(first, min(last, 0xFFFE) + 1)
    elif form == 12:
        (groups,) = struct.unpack_from(">I", data, start + 12)
        for group in range(groups):
            first, last = struct.unpack_from(">II", data, start + 16 + 12 * group)
            yield from range(first, last + 1)
