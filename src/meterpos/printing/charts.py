"""Plain charts and figures on a page, drawn from boxes: colour never says what is not said beside it in words."""

from collections.abc import Iterator, Sequence
from typing import Final

from meterpos.printing import typeset
from meterpos.printing.document import Bars, Run, Tiles
from meterpos.printing.page import BODY, MUTED, QUIET, SMALL, Block, Box, Letters, Mark, at_right

_GAP: Final = 12.0
_TONES: Final = {"plain": "#47678F", "good": "#0B6E4F", "bad": "#B42318"}
_HIGH: Final = 96.0
"""How high the longest upright bar is."""


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
        name = typeset.wrap(joined(figure.left), room=wide - 16, size=SMALL)[0]
        marks.append(Letters(left=edge + 8, baseline=17, text=name, size=SMALL, ink=MUTED))
        size = 12.5
        while size > 7 and typeset.width(said, size=size, bold=True, figures=True) > wide - 16:
            size -= 0.5
        marks.append(Letters(left=edge + 8, baseline=35, text=said, size=size, bold=True, figures=True))
    return Block(height=50, marks=tuple(marks))


def lying(element: Bars, *, left: float, room: float) -> Iterator[Block]:
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
        name = typeset.wrap(bar.label, room=named + 0.5, size=size)[0]
        length = max(most_room * abs(bar.value) / most, 1.0 if bar.value else 0.0)
        yield Block(
            height=18,
            marks=(
                Letters(left=left, baseline=12, text=name, size=size),
                Box(left=begin, top=4, width=most_room, height=10, ink=QUIET),
                Box(left=begin, top=4, width=length, height=10, ink=_TONES[bar.tone]),
                at_right(typeset.ready(bar.said), left + room, 12, size=size),
            ),
        )
    yield Block(height=_GAP)


def upright(element: Bars, *, left: float, room: float) -> Iterator[Block]:
    """Set bars side by side above their names; what is said stands above each where it fits."""
    count = len(element.bars)
    if not count:
        return
    most = max(abs(bar.value) for bar in element.bars) or 1
    each = room / count
    wide = min(each * 0.66, 38.0)
    marks: list[Mark] = [Box(left=left, top=_HIGH + 14, width=room, height=0.7)]
    for place, bar in enumerate(element.bars):
        middle = left + each * (place + 0.5)
        length = max(_HIGH * abs(bar.value) / most, 1.0 if bar.value else 0.0)
        top = _HIGH + 14 - length
        marks.append(Box(left=middle - wide / 2, top=top, width=wide, height=length, ink=_TONES[bar.tone]))
        for text, baseline in ((bar.said, top - 3), (bar.label, _HIGH + 25)):
            written = typeset.width(text, size=7)
            if written <= each - 1:
                marks.append(Letters(left=middle - written / 2, baseline=baseline, text=text, size=7, ink=MUTED))
    yield Block(height=_HIGH + 36, marks=tuple(marks))
