"""What is on a paper: a document is a list of elements, and says nothing of columns, dots or bytes."""

from dataclasses import dataclass
from enum import Enum
from typing import Final, Literal

NO_BREAK: Final = "\u00a0"
"""A space at which no line is broken; on the paper it is a space like any other."""


class Align(Enum):
    """Where a line of text stands."""

    LEFT = "left"
    CENTRE = "centre"


class Size(Enum):
    """How large a line is wished; the layout takes the largest that fits. A heading stands out on a page alone."""

    NORMAL = "normal"
    LARGE = "large"
    HEADING = "heading"


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


@dataclass(frozen=True, slots=True)
class Barcode:
    """A number as bars, with the number in letters below; where a paper has no room for the bars, as a QR code."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column of a table; ``figures`` stand at the right, ``grows`` is its share of the room the others leave."""

    title: str
    figures: bool = False
    grows: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A row of a table, a text a column; ``narrow`` says the same on a roll, which has no room for columns."""

    cells: tuple[str, ...]
    narrow: tuple[Pair | Text, ...]
    bold: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Rows under titles that stand again at the top of every page, and not at all on a roll."""

    columns: tuple[Column, ...]
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar of a chart: its name, how long it is, and what is said beside it; ``tone`` never says more than that."""

    label: str
    value: int
    said: str
    tone: Literal["plain", "good", "bad"] = "plain"


@dataclass(frozen=True, slots=True)
class Bars:
    """A plain chart of lying bars; on a roll their names and what is said, or nothing where a table says it already."""

    bars: tuple[Bar, ...]
    on_roll: bool = True


@dataclass(frozen=True, slots=True)
class Tiles:
    """A few figures that are seen first, each with its name above it; pairs on a roll."""

    figures: tuple[Pair, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sides:
    """Two blocks side by side on a page, one after the other on a roll."""

    left: tuple[Text | Pair, ...]
    right: tuple[Text | Pair, ...]


Simple = Text | Pair | Either | Rule | Blank | Banner | Signature | Qr | Barcode
"""What a roll can hold."""

Element = Simple | Table | Bars | Tiles | Sides


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
