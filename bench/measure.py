"""Timing, and what a part of the bench reports: figures as ratios to a floor of the same run."""

import statistics
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

MILLI: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Times:
    """Durations of one thing done many times, in nanoseconds."""

    each_ns: tuple[int, ...]

    @property
    def median_ns(self) -> float:
        """Half of them took less."""
        return statistics.median(self.each_ns)

    @property
    def p99_ns(self) -> float:
        """Ninety-nine of a hundred took less."""
        ordered = sorted(self.each_ns)
        return ordered[min(len(ordered) * 99 // 100, len(ordered) - 1)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One line of the table. ``limit`` is what is promised, empty where nothing is; ``kept`` whether it was met."""

    what: str
    figure: str
    floor: str = ""
    ratio: str = ""
    limit: str = ""
    kept: bool | None = None


def timed(work: Callable[[], object]) -> int:
    """Do the work once and return how many nanoseconds it took."""
    start = time.perf_counter_ns()
    work()
    return time.perf_counter_ns() - start


def times(works: Iterable[Callable[[], object]]) -> Times:
    """Do each piece of work once and return their times."""
    return Times(tuple(timed(work) for work in works))


def milliseconds(nanoseconds: float) -> str:
    """Return a duration in milliseconds, with as many decimals as mean something."""
    value = nanoseconds / MILLI
    return f"{value:.2f} ms" if value < 10 else f"{value:.1f} ms" if value < 100 else f"{value:,.0f} ms"


def compared(what: str, *, ours_ns: float, floor_ns: float, limit: float, floor_name: str = "") -> Figure:
    """Return a figure that is promised as a ratio to its floor."""
    ratio = ours_ns / floor_ns
    return Figure(
        what=what,
        figure=milliseconds(ours_ns),
        floor=f"{milliseconds(floor_ns)} {floor_name}".strip(),
        ratio=f"{ratio:.2f} ×",
        limit=f"≤ {limit:g} ×",
        kept=ratio <= limit,
    )


def bounded(what: str, *, ours_ns: float, limit_ms: float) -> Figure:
    """Return a figure that is promised as a time."""
    return Figure(what=what, figure=milliseconds(ours_ns), limit=f"≤ {limit_ms:g} ms", kept=ours_ns <= limit_ms * MILLI)
