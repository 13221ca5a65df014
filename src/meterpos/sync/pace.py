"""When to try the next exchange: regularly while it works, soon and then ever later while it does not."""

from collections.abc import Callable
from typing import Final

FIRST_RETRY_S: Final = 5.0
HOPELESS_FACTOR: Final = 6
HOPELESS: Final = frozenset({"refused", "revoked", "outdated", "strange"})
"""Outcomes that only a person can change: asking often would not help, not asking would never notice."""


def wait_s(outcome: str, *, failures: int, every_s: int, dice: Callable[[], float], come_again_s: int = 0) -> float:
    """Return how many seconds to wait after an exchange: `failures` of this outcome in a row, 0 after a good one.

    `dice` gives numbers in [0, 1): a thousand tills whose line comes back together must not all ask together.
    `come_again_s` is what head office said itself: it knows who else was told what, so it is taken at its word.
    """
    if come_again_s and outcome == "busy":
        return come_again_s + dice()
    if failures == 0:
        return every_s * (0.9 + 0.2 * dice())
    if outcome in HOPELESS:
        return every_s * HOPELESS_FACTOR * (0.5 + 0.5 * dice())
    limit = float(max(every_s, FIRST_RETRY_S))
    return min(limit, FIRST_RETRY_S * 2.0 ** min(failures - 1, 30)) * (0.5 + 0.5 * dice())
