"""How often one address may ask: a bucket each that refills with time, and never more buckets than fit."""

from dataclasses import dataclass, field
from typing import Final

BUCKETS_MAX: Final = 10_000


@dataclass(slots=True)
class Limit:
    """So many tries at once, refilled evenly over a minute. Not for use by two threads at once."""

    per_minute: int
    _left: dict[str, tuple[float, float]] = field(default_factory=dict)

    def wait_s(self, who: str, *, now_s: float) -> float:
        """Return how long this address has to wait before it may try; 0 lets it in, and nothing is taken."""
        left, _ = self._now(who, now_s)
        return 0.0 if left >= 1 else (1 - left) * 60 / self.per_minute

    def take(self, who: str, *, now_s: float) -> None:
        """Count one try of this address."""
        if len(self._left) >= BUCKETS_MAX and who not in self._left:
            self._forget(now_s)
        left, _ = self._now(who, now_s)
        self._left[who] = (max(left - 1, 0.0), now_s)

    def _now(self, who: str, now_s: float) -> tuple[float, float]:
        left, at_s = self._left.get(who, (float(self.per_minute), now_s))
        return min(float(self.per_minute), left + (now_s - at_s) * self.per_minute / 60), at_s

    def _forget(self, now_s: float) -> None:
        """Let go of full buckets; where all are in use, of the oldest half."""
        self._left = {who: kept for who, kept in self._left.items() if self._now(who, now_s)[0] < self.per_minute}
        if len(self._left) >= BUCKETS_MAX:
            newest = sorted(self._left.items(), key=lambda one: one[1][1])[BUCKETS_MAX // 2 :]
            self._left = dict(newest)
