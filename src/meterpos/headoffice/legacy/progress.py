"""How far a step is and how long it will still take, judged by what this run has done so far."""

from collections.abc import Callable
from dataclasses import dataclass, field
from time import monotonic
from typing import Final

QUIET_S: Final = 0.5
"""How often at most something is said while a step runs."""


@dataclass(frozen=True, slots=True)
class Told:
    """What is said: where the step is, its share done, and seconds left (None: too early to say)."""

    step: str
    doing: str
    done: float
    left_s: float | None


Tell = Callable[[Told], None]


def say_nothing(told: Told) -> None:
    """Tell nobody."""
    del told


@dataclass(slots=True)
class Progress:
    """Counts work done in one step; the time left follows from the time taken and the share done, and nothing else."""

    step: str
    tell: Tell = say_nothing
    total: float = 0.0
    done: float = 0.0
    began: float = field(default_factory=monotonic)
    _told_at: float = 0.0

    def expect(self, work: float) -> None:
        """Add to what is to be done; rows, by the weight of handling them."""
        self.total += work

    def advance(self, work: float, doing: str) -> None:
        """Note that so much was done."""
        self.done += work
        now = monotonic()
        if now - self._told_at >= QUIET_S:
            self._told_at = now
            self.tell(Told(self.step, doing, self.share, self.left_s(now)))

    @property
    def share(self) -> float:
        """Return the share done, from 0 to 1."""
        return min(self.done / self.total, 1.0) if self.total else 0.0

    def left_s(self, now: float) -> float | None:
        """Return the seconds left, None in the first tenth of a second or before anything was done."""
        took = now - self.began
        if not self.done or took < 0.1:
            return None
        return took * (1 - self.share) / self.share
