"""Schedules that share their beginnings: a month is played once, and many different ends from the same moment on.

A *schedule* is one way from the root to a leaf: whole, with its own payments and faults, ended by calm exchanges and
judged by what must hold. What schedules share was played once, and is as it would be had each been played alone: a
leaf played by itself tells the same story (tests/faults/test_simulator.py). Decision record 0033.
"""

import gc
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from tests.faults.schedule import FAULTS_LEAST, PAYMENTS_LEAST, Schedule
from tests.faults.simulate import Outcome, Simulator, Tally
from tests.faults.verdict import settle
from tests.faults.world import make_ready, reset

TRUNK_PAYMENTS: Final = 12
LEAF_RISK: Final = 0.5
"""How likely something happens to a message on a leaf."""
LEAF_CUTS: Final = 4.0
"""How many times as likely the power goes there."""
LEAF_ROUNDS_MAX: Final = 40
LEAF_DISASTERS: Final = 0.06
"""How likely a leaf is one of the disasters."""
FAILURES_MAX: Final = 10
WHOLE_EVERY: Final = 96
"""One leaf in so many is judged by everything there is; the others by the promise itself."""

Path = tuple[int, ...]


@dataclass(frozen=True)
class Shape:
    """How a tree grows: at each fork so many branches, each played until there were so many payments; then leaves."""

    forks: tuple[tuple[int, int], ...] = ((4, 16), (4, PAYMENTS_LEAST))
    leaves: int = 96


WHOLE: Final = Shape()
SMALL: Final = Shape(forks=((3, 16), (3, PAYMENTS_LEAST)), leaves=12)
"""For looking for bugs: what one tree does not show another may."""


@dataclass
class Tree:
    """One seed's tree."""

    simulator: Simulator
    seed: int
    shape: Shape = WHOLE

    played_payments: int = 0
    """Payments taken; each schedule has many of them, which it shares with others."""
    played_faults: int = 0

    def __post_init__(self) -> None:
        reset(self.simulator.world)
        make_ready(self.simulator.world)
        self.schedule = Schedule(self.simulator.world, self.seed)

    def leaves(self, only: Path | None = None) -> Iterator[tuple[Path, Outcome]]:
        """Play the tree and yield what came of each schedule; of one, and those on its way, where a path is given.

        A branch that breaks is yielded once, under its own path.
        """
        broken = self._play(self._trunk)
        if broken is None:
            yield from self._grow((), only)
        else:
            yield (), broken

    def _trunk(self) -> None:
        self.schedule.begin()
        for name in ("copy_till", "copy_office"):
            self.schedule.befall(name)
        self.schedule.go_on(payments=TRUNK_PAYMENTS, to_the_end=False)

    def _grow(self, path: Path, only: Path | None) -> Iterator[tuple[Path, Outcome]]:
        branches, payments = self.shape.forks[len(path)]
        is_last = len(path) + 1 == len(self.shape.forks)
        wanted = {"payments": payments, "faults": FAULTS_LEAST if is_last else 0, "to_the_end": is_last}
        for here in self._branches(path, branches, only):
            outcome = self._play(lambda: self.schedule.go_on(**wanted))
            if outcome is None and not is_last:
                yield from self._grow(here, only)
                continue
            outcome = outcome or self._judged()
            yield here, outcome
            if not outcome.wrong:
                yield from self._leaves(here, only)

    def _leaves(self, path: Path, only: Path | None) -> Iterator[tuple[Path, Outcome]]:
        self.schedule.noisy = True
        for here in self._branches(path, self.shape.leaves, only):
            yield here, self._play(lambda: _end(self.schedule)) or self._judged(whole=here[-1] % WHOLE_EVERY == 0)

    def _play(self, work: Callable[[], None]) -> Outcome | None:
        """Let things happen; what broke is returned."""
        schedule = self.schedule
        payments, faults = schedule.payments, schedule.fault_count
        try:
            work()
        except Exception as error:  # noqa: BLE001 - a branch that breaks must not keep the others from being played
            return broken(schedule, error)
        finally:
            self.played_payments += schedule.payments - payments
            self.played_faults += schedule.fault_count - faults
        return None

    def _branches(self, path: Path, count: int, only: Path | None) -> Iterator[Path]:
        """Be at the end of ``path`` again for each branch, with other dice."""
        schedule, kept = self.schedule, self.schedule.keep()
        for number in range(count):
            here = (*path, number)
            if only is None or here[: len(only)] == only[: len(here)]:
                schedule.go_back(kept)
                schedule.throw_anew("/".join(map(str, here)))
                schedule.tell(f"--- branch {here}")
                yield here

    def _judged(self, *, whole: bool = True) -> Outcome:
        try:
            verdict = settle(self.schedule, whole=whole)
        except Exception as error:  # noqa: BLE001 - as in `_play`
            return broken(self.schedule, error)
        return Outcome(self.schedule, verdict.wrong, verdict.notes)


def _end(schedule: Schedule) -> None:
    """Let a leaf be another than its sisters: a disaster, or things happen until there was a fault more."""
    before = schedule.fault_count
    schedule.line_risk, schedule.cut_risk = LEAF_RISK, LEAF_CUTS
    if schedule.random.random() < LEAF_DISASTERS:
        schedule.befall(schedule.random.choice(("restore_till", "restore_office", "clone_till")))
    schedule.touched.clear()
    for _ in range(LEAF_ROUNDS_MAX):
        schedule.something()
        if schedule.fault_count > before:
            return


def grow_all(simulator: Simulator, seeds: Iterable[int], *, shape: Shape = WHOLE, until: float = float("inf")) -> Tally:
    """Play trees until they, or the time (of time.monotonic), end."""
    tally = Tally()
    gc.disable()
    for seed in seeds:
        tree = Tree(simulator, seed, shape)
        began = time.process_time()
        for path, outcome in tree.leaves():
            tally.count(outcome, f"{seed}/{'/'.join(map(str, path))}")
            if time.monotonic() > until or len(tally.failed) >= FAILURES_MAX:
                break
        tally.seconds += time.process_time() - began
        tally.played_payments += tree.played_payments
        tally.played_faults += tree.played_faults
        gc.collect()
        if time.monotonic() > until or len(tally.failed) >= FAILURES_MAX:
            break
    gc.enable()
    return tally


def broken(schedule: Schedule, error: Exception) -> Outcome:
    """Return what came of a schedule that broke."""
    place = traceback.extract_tb(error.__traceback__)[-1]
    sentence = f"{type(error).__name__} at {place.name}:{place.lineno}: {str(error)[:300]}"
    return Outcome(schedule, [sentence], Counter())
