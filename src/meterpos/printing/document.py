"""What is on a paper: a document is a list of elements, and says nothing of columns, dots or bytes."""

from dataclasses import dataclass
from enum import Enum
from typing import Final

NO_BREAK: Final = "\u00a0"
"""A space at which no line is broken; on the paper it is a space like any other."""


class Align(Enum):
    """Where a line of text stands."""

    LEFT = "left"
    CENTRE = "centre"


class Size(Enum):
    """How large a line is wished; the layout takes the largest that fits."""

    NORMAL = "normal"
    LARGE = "large"


@dataclass(frozen=True, slots=True)
class Run:
    """A stretch of text in one weight."""

    text: str
    bold: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """A paragraph; it wraps at words. ``indent`` in columns."""

    runs: tuple[Run, ...]
    align: Align = Align.LEFT
    size: Size = Size.NORMAL
    indent: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """Something at the left and something at the right of one line.

    Where both do not fit, the left wraps and the right keeps the last line to itself, at the right where it is money
    (``stacked_left`` false), else at the left.
    """

    left: tuple[Run, ...]
    right: tuple[Run, ...]
    size: Size = Size.NORMAL
    indent: int = 0
    stacked_left: bool = False


@dataclass(frozen=True, slots=True)
class Either:
    """Two ways to say the same: the first where each of its pairs fits on one line, else the second."""

    wide: tuple[Pair, ...]
    narrow: tuple[Pair, ...]


@dataclass(frozen=True, slots=True)
class Rule:
    """A line across the paper."""


@dataclass(frozen=True, slots=True)
class Blank:
    """An empty line."""


@dataclass(frozen=True, slots=True)
class Banner:
    """A word nobody may overlook, white on black across the paper."""

    text: str


@dataclass(frozen=True, slots=True)
class Signature:
    """A line for a person to sign on, with who signs below it."""

    label: str


@dataclass(frozen=True, slots=True)
class Qr:
    """A QR code; ``text`` holds only letters, digits and what else QR's alphanumeric mode knows."""

    text: str


Element = Text | Pair | Either | Rule | Blank | Banner | Signature | Qr


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """One paper: the same for every printer, file and screen.

    ``title`` names it (its number); ``drawer`` tells whether the cash drawer opens when its original is printed.
    """

    title: str
    language: str
    elements: tuple[Element, ...]
    drawer: bool = False


def text(
    words: str,
    *,
    bold: bool = False,
    align: Align = Align.LEFT,
    size: Size = Size.NORMAL,
    indent: int = 0,
) -> Text:
    """Return a paragraph in one weight."""
    return Text(runs=(Run(words, bold),), align=align, size=size, indent=indent)


def pair(
    left: str | tuple[Run, ...],
    right: str,
    *,
    bold: bool = False,
    size: Size = Size.NORMAL,
    indent: int = 0,
    stacked_left: bool = False,
) -> Pair:
    """Return a pair; ``bold`` sets both sides, unless the left comes as runs of its own."""
    return Pair(
        left=(Run(left, bold),) if isinstance(left, str) else left,
        right=(Run(right, bold),),
        size=size,
        indent=indent,
        stacked_left=stacked_left,
    )
