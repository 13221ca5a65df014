"""How much is sent or asked for at once: as much as a line carries in three seconds, once that was seen.

What is lost when a line breaks is what was under way, so a batch that takes ten seconds never arrives over a line that
breaks each ten; one that takes half a second leaves a far line idle most of the time.
"""

from typing import Final

ENTRIES_FIRST: Final = 2_000
ROWS_FIRST: Final = 1_000
"""Three to five seconds of a line of 128 kbit/s, and no more round trips on a fast one than with all it may carry."""
STEADY_LEAST: Final = 50
"""So few take no longer than the round trip: only a line that breaks is tried with less."""
AIM_S: Final = 3.0
GROWTH_MAX: Final = 8.0
_UNTIMED_GROWTH: Final = 2.0
_ENTRIES_A_ROW: Final = 4
"""A row of the feed weighs about as much as four entries: a page is not laid out in columns."""


def next_size(size: int, carried: int, *, is_full: bool, seconds: float | None, most: int) -> int:
    """Return how many to carry next at most, after `carried` of `size` went well in so many seconds, None where nobody
    looked at a clock. Where there was more to carry it grows; where it took long it shrinks in any case.
    """
    growth = _UNTIMED_GROWTH if seconds is None else min(AIM_S / max(seconds, 0.001), GROWTH_MAX)
    if growth < 1:
        return min(size, max(int(carried * growth), STEADY_LEAST))
    return min(int(size * growth), most) if is_full else size


def rows_like(rows: int, entries: int, *, seconds: float, most: int) -> int:
    """Return how many rows to ask for in place of so many, where nothing is known but how long some entries took.

    What took little says nothing against a large page: most of it may have been the way there and back.
    """
    alike = min(int(entries * AIM_S / max(seconds, 0.001)) // _ENTRIES_A_ROW, most)
    return max(alike, rows) if seconds < AIM_S / 2 else max(min(alike, rows), STEADY_LEAST)
