"""A document set at a number of columns: every letter gets its place here, and every renderer only paints."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final, assert_never

from meterpos.printing import code128
from meterpos.printing.document import (
    NO_BREAK,
    Align,
    Banner,
    Barcode,
    Bars,
    Blank,
    Document,
    Either,
    Element,
    Pair,
    Qr,
    Rule,
    Run,
    Sides,
    Signature,
    Simple,
    Size,
    Table,
    Text,
    Tiles,
    pair,
    text,
)
from meterpos.printing.letters import balance, clean, fits, runs_width, width, words_of, wrap

COLUMNS: Final = (32, 42, 48)
"""The widths papers are composed for: 58 mm rolls, and 80 mm rolls at 180 and 203 dots per inch."""

_GAP: Final = 2
"""Columns kept empty between the sides of a pair."""

LETTER_DOTS: Final = (12, 24)
"""Width and height of a letter in a thermal printer's own dots (its font A)."""

LINE_DOTS: Final = 30
"""From one line to the next, in dots."""

_SIGNING_LINES: Final = 2
_LARGE_ROWS_MAX: Final = 2

Spell = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Cell:
    """Letters side by side from ``column`` on; ``large`` ones have twice the width and height."""

    column: int
    text: str
    bold: bool = False
    large: bool = False

    @property
    def columns(self) -> int:
        """How many columns the cell covers."""
        return width(self.text) * (2 if self.large else 1)


@dataclass(frozen=True, slots=True)
class TextLine:
    """A line of cells from left to right, standing on one baseline; ``inverse`` is white on black."""

    cells: tuple[Cell, ...]
    inverse: bool = False

    @property
    def tall(self) -> bool:
        """Whether the line has twice the height, for its large letters."""
        return any(cell.large for cell in self.cells)


@dataclass(frozen=True, slots=True)
class RuleLine:
    """A line across all columns."""


@dataclass(frozen=True, slots=True)
class BlankLine:
    """An empty line."""


@dataclass(frozen=True, slots=True)
class QrLine:
    """A QR code in the middle."""

    text: str


@dataclass(frozen=True, slots=True)
class BarcodeLine:
    """A bar code in the middle, ``module_dots`` dots a module."""

    text: str
    module_dots: int


Line = TextLine | RuleLine | BlankLine | QrLine | BarcodeLine


def set_lines(document: Document, *, columns: int, plain: bool = False, spell: Spell | None = None) -> tuple[Line, ...]:
    """Return the lines of ``document`` at ``columns``; no line is wider.

    ``plain`` keeps every letter at normal size, for text; ``spell`` rewrites each stretch of text before it is set.
    """
    assert columns in COLUMNS, f"papers are composed at {COLUMNS} columns, not {columns}"
    setter = _Setter(columns, plain, spell)
    each = pairwise((Blank(), *document.elements))
    return tuple(line for before, element in each for one in _on_a_roll(element, before) for line in setter.lines(one))


def _on_a_roll(element: Element, before: Element) -> Iterable[Simple]:
    """Return what a roll holds of an element that was made for a page; words below its figures stand apart."""
    match element:
        case Table():
            return tuple(one for row in element.rows for one in row.narrow)
        case Bars():
            return tuple(pair(bar.label, bar.said) for bar in element.bars if element.on_roll)
        case Tiles():
            return element.figures
        case Sides():
            return (*element.left, Blank(), *element.right)
        case Text() if element.size is Size.HEADING or isinstance(before, Table | Bars):
            return (Blank(), element)
        case _:
            return (element,)


@dataclass(frozen=True, slots=True)
class _Setter:
    columns: int
    plain: bool
    spell: Spell | None

    def lines(self, element: Simple) -> list[Line]:
        match element:
            case Text():
                return self._text(element)
            case Pair():
                return self._pair(element)
            case Either():
                return self._either(element)
            case Signature():
                return self._signature(element)
            case Barcode():
                return self._barcode(element)
            case Banner() | Rule() | Blank() | Qr():
                return [self._banner(element) if isinstance(element, Banner) else _as_it_is(element)]
            case _:
                assert_never(element)

    def _text(self, element: Text) -> list[Line]:
        runs = self._ready(element.runs)
        room = self.columns - element.indent
        rows, large = self._rows(runs, element, room)
        lines: list[Line] = []
        for row in rows:
            column = element.indent
            if element.align is Align.CENTRE:
                column = (self.columns - runs_width(row) * (2 if large else 1)) // 2
            lines.append(TextLine(_cells(row, column, large=large)))
        return lines

    def _rows(self, runs: tuple[Run, ...], element: Text, room: int) -> tuple[list[tuple[Run, ...]], bool]:
        """Return the rows of a paragraph, and whether they are large: where that takes few rows, and breaks no word."""
        if self._is_large(element.size):
            rows = balance(runs, columns=room // 2)
            is_whole = all(fits([], word, room // 2) for word in words_of(runs))
            if len(rows) <= _LARGE_ROWS_MAX and is_whole:
                return rows, True
        rows = wrap(runs, columns=room)
        if element.align is Align.CENTRE or runs_width(rows[-1]) * 3 < room:
            rows = balance(runs, columns=room)
        return rows, False

    def _pair(self, element: Pair) -> list[Line]:
        left, right = self._ready(element.left), self._ready(element.right)
        if self._is_large(element.size):
            for large_left in (True, False):
                line = self._side_by_side(element, left, right, (large_left, True))
                if line is not None:
                    return [line]
            if runs_width(right) * 2 <= self.columns - element.indent:
                column = self.columns - runs_width(right) * 2
                rows = wrap(left, columns=self.columns - element.indent)
                above = [TextLine(_cells(row, element.indent, large=False)) for row in rows]
                return [*above, TextLine(_cells(right, column, large=True))]
        line = self._side_by_side(element, left, right, (False, False))
        return self._stacked(element, left or (Run(""),), right) if line is None else [line]

    def _side_by_side(
        self,
        element: Pair,
        left: tuple[Run, ...],
        right: tuple[Run, ...],
        large: tuple[bool, bool],
    ) -> TextLine | None:
        """Return both sides on one line in these sizes; ``None`` where they do not fit."""
        left_columns = runs_width(left) * (2 if large[0] else 1)
        right_columns = runs_width(right) * (2 if large[1] else 1)
        gap = _gap(left, right) * (2 if large[0] else 1)
        if element.indent + left_columns + gap + right_columns > self.columns:
            return None
        return TextLine(
            (
                *_cells(left, element.indent, large=large[0]),
                *_cells(right, self.columns - right_columns, large=large[1]),
            )
        )

    def _either(self, element: Either) -> list[Line]:
        wide = [self._pair(one) for one in element.wide]
        if all(len(lines) == 1 for lines in wide):
            return [line for lines in wide for line in lines]
        return [line for one in element.narrow for line in self._pair(one)]

    def _stacked(self, element: Pair, left: tuple[Run, ...], right: tuple[Run, ...]) -> list[Line]:
        """Both sides do not fit on one line: the left above, the right on the last line."""
        room = self.columns - element.indent
        rows = [_cells(row, element.indent, large=False) for row in wrap(left, columns=room)]
        below = wrap(right, columns=room)
        end = rows[-1][-1].column + rows[-1][-1].columns
        if len(below) == 1 and end + _gap(left, below[0]) + runs_width(below[0]) <= self.columns:
            column = self.columns - runs_width(below[0])
            rows[-1] = (*rows[-1], *_cells(below[0], column, large=False))
        else:
            for row in below:
                column = element.indent if element.stacked_left else self.columns - runs_width(row)
                rows.append(_cells(row, column, large=False))
        return [TextLine(row) for row in rows]

    def _banner(self, element: Banner) -> Line:
        runs = self._ready((Run(element.text, bold=True),))
        large = not self.plain and runs_width(runs) * 2 <= self.columns
        column = (self.columns - runs_width(runs) * (2 if large else 1)) // 2
        return TextLine(_cells(runs, column, large=large), inverse=True)

    def _signature(self, element: Signature) -> list[Line]:
        (run,) = self._ready((Run(element.label),))
        line = "_" * (self.columns - width(run.text) - _GAP)
        blanks: list[Line] = [BlankLine()] * _SIGNING_LINES
        return [*blanks, TextLine((Cell(0, run.text), Cell(self.columns - len(line), line)))]

    def _barcode(self, element: Barcode) -> list[Line]:
        """Set the bars as wide as the roll holds; the empty edge of the roll, 4 mm and more, is their quiet zone."""
        room = self.columns * LETTER_DOTS[0]
        dots = code128.best_module(element.text, room=room, of=code128.MODULE_DOTS)
        code = QrLine(element.text) if dots is None else BarcodeLine(element.text, dots)
        return [code, *self._text(text(element.text, align=Align.CENTRE))]

    def _is_large(self, size: Size) -> bool:
        return size is Size.LARGE and not self.plain

    def _ready(self, runs: Iterable[Run]) -> tuple[Run, ...]:
        """Return ``runs`` cleaned and spelled; empty ones are left out."""
        ready = (replace(run, text=clean(run.text)) for run in runs)
        if self.spell is not None:
            ready = (replace(run, text=self.spell(run.text)) for run in ready)
        return tuple(run for run in ready if run.text)


def _as_it_is(element: Rule | Blank | Qr) -> Line:
    if isinstance(element, Qr):
        return QrLine(element.text)
    return RuleLine() if isinstance(element, Rule) else BlankLine()


def _gap(left: Sequence[Run], right: Sequence[Run]) -> int:
    """Return how many columns must be free between two sides: one is enough from a letter to a figure."""
    if not left or not right:
        return 0
    return 1 if left[-1].text[-1].isalpha() and right[0].text[0].isdigit() else _GAP


def _cells(runs: Iterable[Run], column: int, *, large: bool) -> tuple[Cell, ...]:
    cells = []
    for run in runs:
        cell = Cell(column, run.text.replace(NO_BREAK, " "), run.bold, large)
        cells.append(cell)
        column += cell.columns
    return tuple(cells)
