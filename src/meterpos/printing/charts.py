"""Plain charts and figures on a page, drawn from boxes: colour never says what is not said beside it in words."""

from collections.abc import Iterator, Sequence
from typing import Final

from meterpos.printing import typeset
from meterpos.printing.document import Bars, Run, Tiles
from meterpos.printing.page import BODY, MUTED, QUIET, SMALL, Block, Box, Letters, Mark, at_right

_GAP: Final = 12.0
_TONES: Final = {"plain": "#47678F", "good": "#0B6E4F", "bad": "#B42318"}


def joined(runs: Sequence[Run]) -> str:
    """Return what runs say together."""
    return "".join(run.text for run in runs)


def tiles(element: Tiles, *, left: float, room: float) -> Block:
    """Set a few figures side by side, each large under its name."""
    count = len(element.figures)
    wide = (room - 8.0 * (count - 1)) / count
    marks: list[Mark] = []
    for place, figure in enumerate(element.figures):
        edge = left + place * (wide + 8)
        said = typeset.ready(joined(figure.right))
        marks.append(Box(left=edge, top=2, width=wide, height=42, ink=QUIET))
        name = typeset.fitted(joined(figure.left), room=wide - 16, size=SMALL)
        marks.append(Letters(left=edge + 8, baseline=17, text=name, size=SMALL, ink=MUTED))
        size = 12.5
        while size > 7 and typeset.width(said, size=size, bold=True, figures=True) > wide - 16:
            size -= 0.5
        marks.append(Letters(left=edge + 8, baseline=35, text=said, size=size, bold=True, figures=True))
    return Block(height=50, marks=tuple(marks))


def bars(element: Bars, *, left: float, room: float) -> Iterator[Block]:
    """Set lying bars, each on a line of its own: its name, the bar, what is said of it."""
    size = BODY
    most = max((abs(bar.value) for bar in element.bars), default=0) or 1
    said = max((typeset.width(typeset.ready(bar.said), size=size, figures=True) for bar in element.bars), default=0)
    named = min(
        max((typeset.width(typeset.ready(bar.label), size=size) for bar in element.bars), default=0),
        room * 0.34,
    )
    begin = left + named + _GAP
    most_room = room - named - said - 2 * _GAP
    for bar in element.bars:
        name = typeset.fitted(bar.label, room=named + 0.5, size=size)
        marks: list[Mark] = [
            Letters(left=left, baseline=12, text=name, size=size),
            Box(left=begin, top=4, width=most_room, height=10, ink=QUIET),
            at_right(typeset.ready(bar.said), left + room, 12, size=size),
        ]
        if bar.value:
            length = max(most_room * abs(bar.value) / most, 0.7)
            marks.insert(2, Box(left=begin, top=4, width=length, height=10, ink=_TONES[bar.tone]))
        yield Block(height=18, marks=tuple(marks))
    yield Block(height=_GAP)
