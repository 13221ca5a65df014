"""The fonts of papers: which file draws which letter."""

import struct
import unicodedata
from collections.abc import Iterator
from functools import cache
from typing import Final

from meterpos.resources import ResourceMissing, resource_path

REGULAR: Final = "JetBrainsMono-Regular.ttf"
BOLD: Final = "JetBrainsMono-Bold.ttf"
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


def is_own(letters: str) -> bool:
    """Tell whether the paper's own monospaced font has every one of ``letters``."""
    return letters.isascii() or all(ord(letter) in coverage(REGULAR) for letter in letters)


def font_for(letters: str, *, bold: bool) -> str:
    """Return the first font that has all ``letters``; the paper's own, which draws a box, where none has."""
    own = BOLD if bold else REGULAR
    if is_own(letters):
        return own
    for name in _OTHERS:
        if all(ord(letter) in coverage(name) for letter in letters):
            return name
    return own


def stretches(text: str, *, bold: bool) -> Iterator[tuple[str, str]]:
    """Yield the font and the letters of each stretch of one font; a space stays with the stretch it follows."""
    name, stretch = "", ""
    for cluster in clusters(text):
        own = name if cluster == " " and stretch else font_for(cluster, bold=bold)
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
