"""Looking for planted bugs: first in what was written by hand, then in trees of drawn schedules, then in long ones."""

import gc
import time
from collections.abc import Iterable, Iterator

from tests.faults import stories
from tests.faults.planted import Bug, planted
from tests.faults.simulate import Outcome, Simulator
from tests.faults.tree import SMALL, Tree


def find(
    simulator: Simulator, bug: Bug, *, trees: Iterable[int], months: Iterable[int] = (), until: float = float("inf")
) -> tuple[str, str] | None:
    """Return the first schedule under which a planted bug shows, with what was seen; None when none does."""
    with planted(bug):
        for name, outcome in _outcomes(simulator, trees, months):
            if outcome.wrong:
                return name, outcome.wrong[0]
            if time.monotonic() > until:
                return None
    return None


def _outcomes(simulator: Simulator, trees: Iterable[int], months: Iterable[int]) -> Iterator[tuple[str, Outcome]]:
    for story in stories.STORIES:
        yield story.__name__, stories.play(simulator, story)
    for seed in trees:
        for path, outcome in Tree(simulator, seed, SMALL).leaves():
            yield f"{seed}/{'/'.join(map(str, path))}", outcome
        gc.collect()
    for seed in months:
        yield f"month {seed}", simulator.play(seed)
