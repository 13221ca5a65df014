"""A table set on a page: a head, rows under it, each column as wide as what stands in it."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Final

from meterpos.printing import typeset
from meterpos.printing.document import Row, Table
from meterpos.printing.page import BODY, INK, LEADING, LINE, MUTED, SMALL, Block, Box, Letters, Mark, at_right

_CELL_GAP: Final = 11.0
_PAD: Final = 2.4
_BELOW: Final = 12.0


def rows(table: Table, *, left: float, room: float) -> Iterator[Block]:
    """Set a table: its head, which stands again above the rows of each further page, its rows, a gap below."""
    widths = _widths(table, room)
    titles = Row(cells=tuple(column.title for column in table.columns), narrow=())
    head = _row(table, titles, widths, left=left, room=room, is_head=True)
    yield head
    last = len(table.rows) - 1
    for place, row in enumerate(table.rows):
        set_row = _row(table, row, widths, left=left, room=room)
        yield replace(set_row, repeat=head, holds=place == last - 1 and row.bold)
    yield Block(height=_BELOW)


def _widths(table: Table, room: float) -> list[float]:
    """Return how wide each column is: as what stands in it, those that grow share what is left."""
    columns = table.columns
    widths = [
        0.0
        if column.grows
        else max(
            (
                typeset.width(text, size=size, bold=True, figures=column.figures)
                for text, size in ((column.title, SMALL), *((cell, BODY) for cell in _widest(table, place)))
            ),
        )
        for place, column in enumerate(columns)
    ]
    rest = room - sum(widths) - _CELL_GAP * (len(columns) - 1)
    shares = sum(column.grows for column in columns)
    return [
        max(rest, 40.0) * column.grows / shares if column.grows else wide
        for column, wide in zip(columns, widths, strict=True)
    ]


def _widest(table: Table, place: int) -> Iterable[str]:
    """Return the cells of a column that may be its widest: figures are as wide as they are long."""
    cells = {row.cells[place] for row in table.rows}
    return {max(cells, key=len, default="")} if table.columns[place].figures else cells


def _row(table: Table, row: Row, widths: Sequence[float], *, left: float, room: float, is_head: bool = False) -> Block:
    size = SMALL if is_head else BODY
    bold = row.bold or is_head
    ink = MUTED if is_head else INK
    step = size * LEADING
    marks: list[Mark] = []
    edge, deepest = left, 1
    for column, cell, wide in zip(table.columns, row.cells, widths, strict=True):
        lines = (typeset.ready(cell),) if column.figures else typeset.wrap(cell, room=wide + 0.5, size=size, bold=bold)
        deepest = max(deepest, len(lines))
        for place, line in enumerate(lines):
            baseline = _PAD + step * place + size * 1.02
            if column.figures:
                marks.append(at_right(line, edge + wide, baseline, size=size, bold=bold, ink=ink))
            elif line:
                marks.append(Letters(left=edge, baseline=baseline, text=line, size=size, bold=bold, ink=ink))
        edge += wide + _CELL_GAP
    height = step * deepest + 2 * _PAD
    below = Box(
        left=left,
        top=height - 0.8,
        width=room,
        height=0.9 if is_head else 0.5,
        ink=INK if is_head else LINE,
    )
    return Block(height=height, marks=(*marks, below), holds=is_head)
