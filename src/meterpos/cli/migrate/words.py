"""What the commands of this group say: progress while they run, then counts, duration and what comes next."""

import sys
from collections.abc import Iterable, Mapping, Sequence
from time import monotonic
from typing import TYPE_CHECKING, Annotated, Any

import typer

from meterpos.cli import show

if TYPE_CHECKING:
    from meterpos.headoffice.legacy.progress import Told
    from meterpos.headoffice.legacy.run import Outcome

DryRun = Annotated[bool, typer.Option("--dry-run", help="Compute everything and change nothing.")]

PLAIN_EVERY_S = 10.0
"""How often progress is said where it cannot be written over itself."""


class Progressing:
    """Says on stderr how far a step is; on a terminal in one line, written over."""

    def __init__(self) -> None:
        self._terminal = sys.stderr is not None and sys.stderr.isatty()
        self._said_at = monotonic()
        self._open = False

    def __call__(self, told: "Told") -> None:
        """Say where a step is."""
        now = monotonic()
        if not self._terminal and now - self._said_at < PLAIN_EVERY_S:
            return
        self._said_at = now
        left = f", about {_time(told.left_s)} left" if told.left_s is not None else ""
        line = f"{told.step}: {told.doing}, {told.done:.0%}{left}"
        if self._terminal:
            sys.stderr.write(f"\r\x1b[K{line}")
            sys.stderr.flush()
            self._open = True
        else:
            show.tell_aside(line)

    def end(self) -> None:
        """Clear the line that was written over."""
        if self._open:
            sys.stderr.write("\r\x1b[K")
            self._open = False


def tell_outcome(outcome: "Outcome") -> None:
    """Say how one step went."""
    verdict = "failed" if outcome.failed else "done"
    show.tell(f"{outcome.step}: {verdict}, {outcome.seconds:.1f} s")
    for name, value in outcome.counts.items():
        for line in _lines(name, value):
            show.tell(f"  {line}")
    if outcome.failed:
        show.tell(f"  {outcome.failed}")


def as_answer(outcomes: Iterable["Outcome"], *, dry_run: bool, **more: Any) -> dict[str, Any]:
    """Return outcomes as one object for programs."""
    told = [
        {"step": one.step, "counts": dict(one.counts), "seconds": round(one.seconds, 3), "failed": one.failed}
        for one in outcomes
    ]
    return {"steps": told, "dry_run": dry_run, **more}


def tell_next(sentences: Sequence[str]) -> None:
    """Say what comes next."""
    show.tell("Next:")
    for sentence in sentences:
        show.tell(f"  {sentence}")


def _lines(name: str, value: Any) -> Iterable[str]:
    if isinstance(value, Mapping):
        yield from (f"{inner.replace('_', ' ')}: {count:,}" for inner, count in value.items())
    elif isinstance(value, int):
        yield f"{name.replace('_', ' ')}: {value:,}"
    elif isinstance(value, (list, tuple)):
        if value:
            yield f"{name}: {', '.join(map(str, value))}"
    elif value is not None:
        yield f"{name}: {value}"


def _time(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"
