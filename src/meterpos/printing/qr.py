"""The QR code of a paper as a grid of dark and light modules."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Final

import segno

MODULE_DOTS: Final = 5
"""Printer's dots along a module: 0.63 mm, which a phone reads from a crumpled slip and a 58 mm roll still holds."""

QUIET_MODULES: Final = 4
"""Empty modules that must surround the code."""

MASK: Final = 0
"""Which of the eight masks is laid over the code. A seal is hash and signature, as good as random: any mask is as good,
and choosing between them took longer (8 ms) than all the rest of a receipt."""


@lru_cache(maxsize=16)
def modules(text: str) -> tuple[tuple[bool, ...], ...]:
    """Return the rows of the code for ``text``, without the quiet zone; True is dark.

    Error correction M: a seal has about 230 characters, and a fold across the paper must not spoil it.
    """
    code = segno.make_qr(text, error="m", boost_error=False, mask=MASK)
    return tuple(tuple(bool(module & 1) for module in row) for row in code.matrix)


def dark_runs(row: Sequence[bool]) -> list[tuple[int, int]]:
    """Return where the dark stretches of a row start, and how long they are."""
    runs: list[tuple[int, int]] = []
    for x, is_dark in enumerate(row):
        if is_dark and x and row[x - 1]:
            start, length = runs[-1]
            runs[-1] = (start, length + 1)
        elif is_dark:
            runs.append((x, 1))
    return runs
