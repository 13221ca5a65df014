"""The paper a printer is tried with: a ruler for each width, so that a person sees how many columns their roll has."""

from typing import Final

from meterpos.printing.document import Align, Banner, Blank, Document, Element, Rule, Size, text
from meterpos.printing.labels import labels_in

WIDTHS: Final = (32, 42, 48)
LETTERS: Final = "Ng’ombe · Wambũi · 1,234.50"
"""Letters not every printer has: they must come out readable, never as a question mark."""


def compose_ruler(*, language: str, till_title: str, device: str, local_time: str, training: bool = False) -> Document:
    """Return the test paper of the printer ``device``, sent on the day and time ``local_time``.

    A ruler wider than the roll goes on in a second line: the longest that does not tells the columns.
    """
    labels = labels_in(language)
    elements: list[Element] = [Banner(labels.training), Blank()] if training else []
    elements += [
        text(labels.test_title, bold=True, align=Align.CENTRE, size=Size.LARGE),
        text(till_title, align=Align.CENTRE),
        text(local_time, align=Align.CENTRE),
        text(device, align=Align.CENTRE),
        Rule(),
        text(labels.test_how),
        Blank(),
    ]
    elements += [text(ruler(columns)) for columns in WIDTHS]
    elements += [Blank(), text(LETTERS, align=Align.CENTRE), Rule()]
    if training:
        elements.append(Banner(labels.training))
    return Document(title="test", language=language, elements=tuple(elements))


def ruler(columns: int) -> str:
    """Return a line of exactly so many columns that names its width in the middle."""
    said = f"<{columns}>"
    left = (columns - len(said) - 2) // 2
    return f"|{'-' * left}{said}{'-' * (columns - len(said) - 2 - left)}|"
