"""A page of A4 before it is painted: marks with a place, in blocks that stay together; and the colours of a page."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from meterpos.printing import typeset

PAGE: Final = (595.28, 841.89)
"""Width and height in points."""

INK: Final = "#0F1B2D"
MUTED: Final = "#5B6B82"
LINE: Final = "#D5DCE6"
QUIET: Final = "#F1F4F8"
BODY: Final = 9.0
SMALL: Final = 8.0
LEADING: Final = 1.38
"""From one line of a text to the next, as a part of its size."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Letters:
    """A text that begins at ``left`` on ``baseline``; ``figures`` have digits of one width."""

    left: float
    baseline: float
    text: str
    size: float
    bold: bool = False
    ink: str = INK
    figures: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """A filled box; a line is a low one."""

    left: float
    top: float
    width: float
    height: float
    ink: str = LINE


@dataclass(frozen=True, slots=True, kw_only=True)
class Code:
    """A QR code with its quiet zone."""

    left: float
    top: float
    side: float
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Stripes:
    """The bars of a bar code without its quiet zone, ``module`` points a module."""

    left: float
    top: float
    height: float
    module: float
    text: str


Mark = Letters | Box | Code | Stripes


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """Marks that stay together, measured from the block's top.

    ``repeat`` stands above the block where that begins a page; ``holds`` keeps the next one on the same page.
    """

    height: float
    marks: tuple[Mark, ...] = ()
    repeat: "Block | None" = None
    holds: bool = False


@dataclass(frozen=True, slots=True)
class Page:
    """One page: blocks with how far down each begins; ``number`` from 1."""

    number: int
    blocks: tuple[tuple[float, Block], ...]


def at_right(text: str, right: float, baseline: float, *, size: float, bold: bool = False, ink: str = INK) -> Letters:
    """Return a text that ends at ``right``, its digits of one width."""
    wide = typeset.width(text, size=size, bold=bold, figures=True)
    return Letters(left=right - wide, baseline=baseline, text=text, size=size, bold=bold, ink=ink, figures=True)


def stacked(blocks: Sequence[Block]) -> Block:
    """Return blocks set below each other as one."""
    marks: list[Mark] = []
    top = 0.0
    for block in blocks:
        marks += [_moved(mark, top) for mark in block.marks]
        top += block.height
    return Block(height=top, marks=tuple(marks))


def _moved(mark: Mark, down: float) -> Mark:
    if isinstance(mark, Letters):
        return replace(mark, baseline=mark.baseline + down)
    return replace(mark, top=mark.top + down)
