"""A document set on A4: blocks of marks one below the other, broken into pages; every renderer only paints.

A paper that is made for a page (it has a table, tiles, a chart or two sides) stands across it; any other, a receipt,
in a column in its middle.
"""

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Final, assert_never

from meterpos.printing import charts, code128, tables, typeset
from meterpos.printing.charts import joined
from meterpos.printing.document import (
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
    Sides,
    Signature,
    Simple,
    Size,
    Table,
    Text,
    Tiles,
    text,
)
from meterpos.printing.page import (
    BODY,
    INK,
    LEADING,
    MUTED,
    PAGE,
    SMALL,
    Block,
    Box,
    Code,
    Letters,
    Mark,
    Page,
    Stripes,
    at_right,
    stacked,
)

_LEFT: Final = 45.0
_TOP: Final = 45.0
_FOOT: Final = 806.0
"""Where the line at the foot of a page stands."""

_BOTTOM: Final = 786.0
_COLUMN: Final = 300.0
_GAP: Final = 12.0
_SIZES: Final = {Size.NORMAL: BODY, Size.HEADING: 11.5, Size.LARGE: 17.0}
_CODE: Final = 110.0
_STRIPES: Final = 34.0
_TAIL_MAX: Final = 12
_HELD: Final = 2
"""Blocks of the last figures that go along with the words below them: a table's last row and the gap after it."""
_MODULES: Final = (1.0, 0.75)
"""Points along a module of a bar code, the best first: 0.35 and 0.26 mm."""


def pages(document: Document) -> Iterator[Page]:
    """Yield the pages of a document, always one at least; nothing is kept of those that were taken.

    What stands in a banner (training, a copy) stands at the head of every further page too: each is a paper in hand.
    """
    setter = _setter_of(document)
    banners = [setter.banner(Banner(words)) for words in _banners_of(document)]
    placed: list[tuple[float, Block]] = []
    top, number = _TOP, 1
    for group in _groups(_blocks(document, setter)):
        height = sum(block.height for block in group)
        if placed and top + height > _BOTTOM:
            yield Page(number, tuple(placed))
            placed, top, number = [], _TOP, number + 1
            repeat = group[0].repeat
            for head in (*banners, *([repeat] if repeat is not None and repeat is not group[0] else [])):
                placed.append((top, head))
                top += head.height
        for block in group:
            placed.append((top, block))
            top += block.height
    yield Page(number, tuple(placed))


def count_pages(document: Document) -> int:
    """Return how many pages a document has."""
    return sum(1 for _ in pages(document))


def foot(document: Document, *, said: str) -> Block:
    """Return what stands at the foot of a page: what the paper is, and ``said``, which page it is."""
    right = PAGE[0] - _LEFT
    wide = typeset.width(said, size=SMALL)
    title = typeset.fitted(document.title, room=right - _LEFT - wide - _GAP, size=SMALL)
    return Block(
        height=0,
        marks=(
            Box(left=_LEFT, top=_FOOT - 14, width=right - _LEFT, height=0.6),
            Letters(left=_LEFT, baseline=_FOOT, text=title, size=SMALL, ink=MUTED),
            Letters(left=right - wide, baseline=_FOOT, text=said, size=SMALL, ink=MUTED),
        ),
    )


def _groups(blocks: Iterator[Block]) -> Iterator[list[Block]]:
    """Yield blocks that have to stand on one page."""
    group: list[Block] = []
    for block in blocks:
        group.append(block)
        if not block.holds:
            yield group
            group = []
    if group:
        yield group


def _blocks(document: Document, setter: "_Setter") -> Iterator[Block]:
    """Set the elements; the last words of a paper never stand on a page alone, but below what comes before them."""
    last = len(document.elements) - _tail_of(document.elements) - 1
    held: deque[Block] = deque()
    for place, element in enumerate(document.elements):
        for block in setter.blocks(element):
            held.append(block)
            if place <= last and len(held) > (_HELD if place == last else 0):
                yield held.popleft()
    yield from (replace(block, holds=place < len(held) - 1) for place, block in enumerate(held))


def _tail_of(elements: Sequence[Element]) -> int:
    """Return how many elements at the end are words below a paper's last figures; none where they are many."""
    words = (Text, Blank, Rule, Barcode, Qr)
    count = next((place for place, one in enumerate(reversed(elements)) if not isinstance(one, words)), 0)
    return count if count <= _TAIL_MAX else 0


def _setter_of(document: Document) -> "_Setter":
    is_wide = any(isinstance(element, (Table, Tiles, Bars, Sides)) for element in document.elements)
    room = PAGE[0] - 2 * _LEFT if is_wide else _COLUMN
    return _Setter((PAGE[0] - room) / 2, room, is_wide=is_wide)


def _banners_of(document: Document) -> tuple[str, ...]:
    """Return what the banners of a document say, each once, in order."""
    return tuple(dict.fromkeys(one.text for one in document.elements if isinstance(one, Banner)))


@dataclass(frozen=True, slots=True)
class _Setter:
    """Sets elements from ``left`` on in ``room`` points; on a wide page a pair does not go all the way across."""

    left: float
    room: float
    is_wide: bool = False

    def blocks(self, element: Element) -> Iterator[Block]:
        match element:
            case Table():
                yield from tables.rows(element, left=self.left, room=self.room)
            case Bars():
                yield from charts.bars(element, left=self.left, room=self.room)
            case Tiles():
                yield charts.tiles(element, left=self.left, room=self.room)
            case Sides():
                yield self._sides(element)
            case _:
                yield from self._simple(element)

    def _simple(self, element: Simple) -> Iterator[Block]:
        match element:
            case Text():
                yield from self._text(element)
            case Pair():
                yield self._pair(element, room=min(self.room, _COLUMN))
            case Either():
                yield from (self._pair(one, room=min(self.room, _COLUMN)) for one in element.wide)
            case Rule():
                yield self._rule()
            case Blank():
                yield Block(height=_GAP)
            case Banner():
                yield self.banner(element)
            case Signature():
                yield self._signature(element)
            case Qr():
                yield self._code(element)
            case Barcode():
                yield from self._barcode(element)
            case _:
                assert_never(element)

    # --- lines ---------------------------------------------------------------------------------------------------

    def _text(self, element: Text, *, at_right: bool = False) -> Iterator[Block]:
        size, bold = _SIZES[element.size], any(run.bold for run in element.runs)
        indent = element.indent * 6.0
        lines = typeset.wrap(joined(element.runs), room=self.room - indent, size=size, bold=bold)
        above = 8.0 if element.size is Size.HEADING else 0.0
        ink = INK if bold or element.size is not Size.NORMAL or not self.is_wide else MUTED
        for place, line in enumerate(lines):
            wide = typeset.width(line, size=size, bold=bold)
            left = self.left + indent
            if at_right:
                left = self.left + self.room - wide
            elif element.align is Align.CENTRE and not self.is_wide:
                left = self.left + (self.room - wide) / 2
            lead = 0.0 if place else above
            mark = Letters(left=left, baseline=lead + size * 1.05, text=line, size=size, bold=bold, ink=ink)
            holds = element.size is Size.HEADING or place < len(lines) - 1
            yield Block(
                height=lead + size * LEADING + (2 if element.size is Size.HEADING else 0), marks=(mark,), holds=holds
            )

    def _pair(self, element: Pair, *, room: float) -> Block:
        """Set both sides on one line; where they do not fit, the left wraps beside the right."""
        size = 13.0 if element.size is Size.LARGE else BODY
        left_bold, right_bold = (any(run.bold for run in side) for side in (element.left, element.right))
        said = typeset.ready(joined(element.right))
        indent = element.indent * 6.0
        wide = typeset.width(said, size=size, bold=right_bold, figures=True)
        beside = room - indent - wide - (_GAP if wide else 0)
        right_lines: tuple[str, ...] = (said,)
        if beside < room * 0.3:
            right_lines = typeset.wrap(said, room=room * 0.62, size=size, bold=right_bold)
            wide = max(typeset.width(line, size=size, bold=right_bold, figures=True) for line in right_lines)
            beside = room - indent - wide - _GAP
        lines = typeset.wrap(joined(element.left), room=beside, size=size, bold=left_bold)
        step = size * 1.5
        ink = INK if left_bold or not self.is_wide else MUTED
        marks: list[Mark] = [
            Letters(
                left=self.left + indent,
                baseline=step * place + size * 1.1,
                text=line,
                size=size,
                bold=left_bold,
                ink=ink,
            )
            for place, line in enumerate(lines)
        ]
        marks += [
            at_right(line, self.left + room, step * place + size * 1.1, size=size, bold=right_bold)
            for place, line in enumerate(right_lines)
        ]
        return Block(height=step * max(len(lines), len(right_lines)), marks=tuple(marks))

    def _rule(self) -> Block:
        return Block(height=13, marks=(Box(left=self.left, top=6, width=self.room, height=0.7),))

    def banner(self, element: Banner) -> Block:
        """Return a word that nobody overlooks, white on ink across the whole room."""
        size = 13.0
        text = typeset.ready(element.text)
        wide = typeset.width(text, size=size, bold=True)
        left = self.left + (self.room - wide) / 2
        return Block(
            height=28,
            marks=(
                Box(left=self.left, top=0, width=self.room, height=22, ink=INK),
                Letters(left=left, baseline=15.8, text=text, size=size, bold=True, ink="#FFFFFF"),
            ),
        )

    def _signature(self, element: Signature) -> Block:
        room = min(self.room, _COLUMN)
        label = typeset.ready(element.label)
        wide = typeset.width(label, size=9) + _GAP
        return Block(
            height=42,
            marks=(
                Letters(left=self.left, baseline=38, text=label, size=9),
                Box(left=self.left + wide, top=39, width=room - wide, height=0.7, ink=INK),
            ),
        )

    def _code(self, element: Qr) -> Block:
        left = self.left + (0.0 if self.is_wide else (self.room - _CODE) / 2)
        return Block(height=_CODE + 4, marks=(Code(left=left, top=2, side=_CODE, text=element.text),))

    def _barcode(self, element: Barcode) -> Iterator[Block]:
        """Set the bars, or a QR where the page does not hold them, with the number below.

        On a wide page they stand at its left, as its lines do; its edge is their quiet zone.
        """
        module = code128.best_module(element.text, room=self.room, of=_MODULES)
        if module is None:
            yield replace(self._code(Qr(element.text)), holds=True)
        else:
            beside = 0.0 if self.is_wide else self.room - code128.width_modules(element.text) * module
            left = self.left + beside / 2
            stripes = Stripes(left=left, top=8, height=_STRIPES, module=module, text=element.text)
            yield Block(height=_STRIPES + 9, marks=(stripes,), holds=True)
        yield from self._text(text(element.text, align=Align.CENTRE))

    def _sides(self, element: Sides) -> Block:
        """Set two blocks beside each other; the right one at the right edge, its pairs in a column of their own."""
        narrow = self.room * 0.42
        left = replace(self, room=self.room - narrow - 2 * _GAP)
        right = replace(self, left=self.left + self.room - narrow, room=narrow)
        left_pair, right_pair = partial(left._pair, room=left.room), partial(right._pair, room=right.room)
        placed = [
            stacked(
                [
                    block
                    for one in element.left
                    for block in (left._text(one) if isinstance(one, Text) else [left_pair(one)])
                ]
            ),
            stacked(
                [
                    block
                    for one in element.right
                    for block in (right._text(one, at_right=True) if isinstance(one, Text) else [right_pair(one)])
                ]
            ),
        ]
        return Block(
            height=max(block.height for block in placed) + 10,
            marks=tuple(mark for block in placed for mark in block.marks),
        )
