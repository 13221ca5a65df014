"""A document set at a number of columns: every letter gets its place here, and every renderer only paints."""

import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final, assert_never

from meterpos.printing.document import (
    Align,
    Banner,
    Blank,
    Document,
    Either,
    Element,
    Pair,
    Qr,
    Rule,
    Run,
    Signature,
    Size,
    Text,
)

COLUMNS: Final = (32, 42, 48)
"""The widths papers are composed for: 58 mm rolls, and 80 mm rolls at 180 and 203 dots per inch."""

_GAP: Final = 2
"""Columns kept empty between the sides of a pair."""

LETTER_DOTS: Final = (12, 24)
"""Width and height of a letter in a thermal printer's own dots (its font A)."""

LINE_DOTS: Final = 30
"""From one line to the next, in dots."""

_SIGNING_LINES: Final = 2

Spell = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Cell:
    """Letters side by side from ``column`` on; each takes its width once, or twice where ``wide``."""

    column: int
    text: str
    bold: bool = False
    wide: bool = False

    @property
    def columns(self) -> int:
        """How many columns the cell covers."""
        return width(self.text) * (2 if self.wide else 1)


@dataclass(frozen=True, slots=True)
class TextLine:
    """A line of cells from left to right; ``tall`` lines have twice the height, ``inverse`` ones white letters."""

    cells: tuple[Cell, ...]
    tall: bool = False
    inverse: bool = False


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


Line = TextLine | RuleLine | BlankLine | QrLine


def set_lines(document: Document, *, columns: int, plain: bool = False, spell: Spell | None = None) -> tuple[Line, ...]:
    """Return the lines of ``document`` at ``columns``; no line is wider.

    ``plain`` keeps every letter at normal size, for text; ``spell`` rewrites each stretch of text before it is set.
    """
    assert columns in COLUMNS, f"papers are composed at {COLUMNS} columns, not {columns}"
    setter = _Setter(columns, plain, spell)
    return tuple(line for element in document.elements for line in setter.lines(element))


def width(text: str) -> int:
    """Return how many columns ``text`` takes: two for wide letters (Chinese), none for marks on a letter."""
    if text.isascii():
        return len(text)
    return sum(_letter_width(letter) for letter in text)


def clean(text: str) -> str:
    """Return ``text`` as a paper can hold it.

    Letters are composed; any kind of space and control becomes a plain space, so that no name can send a command to a
    printer or break a line; marks that only steer direction and joining are left out.
    """
    if text.isascii() and text.isprintable():
        return text
    kept = []
    for letter in unicodedata.normalize("NFC", text):
        category = unicodedata.category(letter)
        if category in {"Cc", "Zs", "Zl", "Zp"}:
            kept.append(" ")
        elif category not in {"Cf", "Cs"}:
            kept.append(letter)
    return "".join(kept)


def _letter_width(letter: str) -> int:
    if unicodedata.category(letter) in {"Mn", "Me"}:
        return 0
    return 2 if unicodedata.east_asian_width(letter) in {"W", "F"} else 1


@dataclass(frozen=True, slots=True)
class _Setter:
    columns: int
    plain: bool
    spell: Spell | None

    def lines(self, element: Element) -> list[Line]:
        match element:
            case Text():
                return self._text(element)
            case Pair():
                return self._pair(element)
            case Either():
                return self._either(element)
            case Banner():
                return [self._banner(element)]
            case Signature():
                return self._signature(element)
            case Rule() | Blank() | Qr():
                return [_as_it_is(element)]
            case _:
                assert_never(element)

    def _text(self, element: Text) -> list[Line]:
        runs = self._ready(element.runs)
        is_large = self._is_large(element.size)
        wide = is_large and runs_width(runs) * 2 <= self.columns
        lines: list[Line] = []
        centred = element.align is Align.CENTRE
        setting = _balanced if centred else wrap
        for row in setting(runs, columns=self.columns - element.indent):
            row_columns = runs_width(row) * (2 if wide else 1)
            column = element.indent
            if centred:
                column = (self.columns - row_columns) // 2
            lines.append(TextLine(_cells(row, column, wide=wide), tall=is_large))
        return lines

    def _pair(self, element: Pair) -> list[Line]:
        left, right = self._ready(element.left), self._ready(element.right)
        is_large = self._is_large(element.size)
        room = self.columns - element.indent
        sizes = ((True, True), (False, True), (False, False)) if is_large else ((False, False),)
        for wide_left, wide_right in sizes:
            left_columns = runs_width(left) * (2 if wide_left else 1)
            right_columns = runs_width(right) * (2 if wide_right else 1)
            gap = _GAP if left_columns and right_columns else 0
            if left_columns + gap + right_columns <= room:
                return [
                    TextLine(
                        (
                            *_cells(left, element.indent, wide=wide_left),
                            *_cells(right, self.columns - right_columns, wide=wide_right),
                        ),
                        tall=is_large,
                    )
                ]
        return self._stacked(element, left or (Run(""),), right)

    def _either(self, element: Either) -> list[Line]:
        wide = [self._pair(one) for one in element.wide]
        if all(len(lines) == 1 for lines in wide):
            return [line for lines in wide for line in lines]
        return [line for one in element.narrow for line in self._pair(one)]

    def _stacked(self, element: Pair, left: tuple[Run, ...], right: tuple[Run, ...]) -> list[Line]:
        """Both sides do not fit on one line: the left above, the right on the last line."""
        is_large = self._is_large(element.size)
        room = self.columns - element.indent
        rows = [_cells(row, element.indent, wide=False) for row in wrap(left, columns=room)]
        below = wrap(right, columns=room)
        last = rows[-1][-1]
        if len(below) == 1 and last.column + last.columns + _GAP + runs_width(below[0]) <= self.columns:
            column = self.columns - runs_width(below[0])
            rows[-1] = (*rows[-1], *_cells(below[0], column, wide=False))
        else:
            for row in below:
                column = element.indent if element.stacked_left else self.columns - runs_width(row)
                rows.append(_cells(row, column, wide=False))
        return [TextLine(row, tall=is_large) for row in rows]

    def _banner(self, element: Banner) -> Line:
        (run,) = self._ready((Run(element.text, bold=True),)) or (Run(""),)
        wide = not self.plain and width(run.text) * 2 <= self.columns
        column = (self.columns - width(run.text) * (2 if wide else 1)) // 2
        return TextLine((Cell(column, run.text, bold=True, wide=wide),), tall=wide, inverse=True)

    def _signature(self, element: Signature) -> list[Line]:
        (run,) = self._ready((Run(element.label),))
        line = "_" * (self.columns - width(run.text) - _GAP)
        blanks: list[Line] = [BlankLine()] * _SIGNING_LINES
        return [*blanks, TextLine((Cell(0, run.text), Cell(self.columns - len(line), line)))]

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


def runs_width(runs: Iterable[Run]) -> int:
    """Return how many columns ``runs`` take side by side at normal size."""
    return sum(width(run.text) for run in runs)


Letter = tuple[str, bool]


def wrap(runs: Sequence[Run], *, columns: int) -> list[tuple[Run, ...]]:
    """Return ``runs`` broken at spaces into rows of at most ``columns``; a longer word is broken within.

    There is always one row, even of nothing.
    """
    rows: list[list[Letter]] = [[]]
    for word in _words(runs):
        is_space = word[0][0] == " "
        if _fits(rows[-1], word, columns):
            rows[-1] += word
        elif not is_space:
            _drop_spaces(rows[-1])
            for piece in _pieces(word, columns):
                if rows[-1]:
                    rows.append([])
                rows[-1] += piece
        elif rows[-1]:
            rows.append([])
    for row in rows:
        _drop_spaces(row)
    return [_runs(row) for row in rows if row] or [(Run(""),)]


def _balanced(runs: Sequence[Run], *, columns: int) -> list[tuple[Run, ...]]:
    """Return ``runs`` wrapped into as few rows as ``wrap`` needs, of widths as even as words allow."""
    rows = wrap(runs, columns=columns)
    for narrower in range(columns - 1, columns // 2, -1):
        attempt = wrap(runs, columns=narrower)
        if len(attempt) > len(rows):
            break
        rows = attempt
    return rows if len(rows) > 1 else wrap(runs, columns=columns)


def _words(runs: Sequence[Run]) -> list[list[Letter]]:
    """Return words and the spaces between them, each as its letters with their weight."""
    words: list[list[Letter]] = []
    for run in runs:
        for letter in run.text:
            if words and (words[-1][-1][0] == " ") == (letter == " "):
                words[-1].append((letter, run.bold))
            else:
                words.append([(letter, run.bold)])
    return words


def _pieces(word: list[Letter], columns: int) -> list[list[Letter]]:
    pieces: list[list[Letter]] = [[]]
    for letter in word:
        if pieces[-1] and not _fits(pieces[-1], [letter], columns):
            pieces.append([])
        pieces[-1].append(letter)
    return pieces


def _fits(row: list[Letter], word: list[Letter], columns: int) -> bool:
    return sum(_letter_width(letter) for letter, _ in (*row, *word)) <= columns


def _drop_spaces(row: list[Letter]) -> None:
    while row and row[-1][0] == " ":
        row.pop()


def _runs(row: list[Letter]) -> tuple[Run, ...]:
    runs: list[Run] = []
    for letter, bold in row:
        if runs and runs[-1].bold == bold:
            runs[-1] = Run(runs[-1].text + letter, bold)
        else:
            runs.append(Run(letter, bold))
    return tuple(runs)


def _cells(runs: Iterable[Run], column: int, *, wide: bool) -> tuple[Cell, ...]:
    cells = []
    for run in runs:
        cell = Cell(column, run.text, run.bold, wide)
        cells.append(cell)
        column += cell.columns
    return tuple(cells)
