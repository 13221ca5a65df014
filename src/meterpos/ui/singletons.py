"""A guard against one pairing of versions: Python 3.11 with PySide 6.12.

PySide 6.12 is built as if None, True and False were immortal, which they are from Python 3.12 on. On 3.11 each call
that returns one of them takes a reference away, and after some hours Python dies with "deallocating None". Where the
two meet we give them more references than a till can use up, which is what 3.12 does by design. Without 6.12 this does
nothing.
"""

import sys
from typing import Final

import PySide6

ENOUGH: Final = 1 << 60
_SHARED: Final = (None, True, False, NotImplemented)


def is_needed() -> bool:
    """Tell whether this Python counts what this PySide does not."""
    return sys.version_info < (3, 12) and tuple(map(int, PySide6.__version__.split(".")[:2])) >= (6, 12)


def keep() -> None:
    """Make the shared values immortal in effect, once."""
    import ctypes

    for value in _SHARED:
        count = ctypes.c_ssize_t.from_address(id(value))
        if count.value < ENOUGH // 2:
            count.value += ENOUGH
