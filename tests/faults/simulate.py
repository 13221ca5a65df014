"""Playing schedules, one after another or on several processors, and adding up what came of them."""

import gc
import shutil
import time
import traceback
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from tests.faults.schedule import Schedule
from tests.faults.verdict import settle
from tests.faults.world import World, build_world, give_back_dice, keep_template, reset, scratch

COLLECTED_EVERY = 20
"""Schedules between two collections of garbage; a collection in the midst of one costs a fifth of the time."""


DISASTERS: Final = {
    "a till restore": ("till restore", "till restore, nobody said so"),
    "a server restore": ("server restore", "server restore, nobody said so"),
    "a clone": ("clone",),
}
"""What a share of all schedules must have, by the faults that are it."""


@dataclass
class Tally:
    """What came of a number of schedules."""

    schedules: int = 0
    payments: int = 0
    seconds: float = 0.0
    faults: Counter[str] = field(default_factory=Counter)
    with_fault: Counter[str] = field(default_factory=Counter)
    """In how many schedules each kind of fault happened."""
    with_disaster: Counter[str] = field(default_factory=Counter)
    notes: Counter[str] = field(default_factory=Counter)
    failed: dict[str, list[str]] = field(default_factory=dict)
    """What was wrong, by what plays it again: a seed, or a tree's seed and a path in it."""
    played_payments: int = 0
    """Payments actually taken, and faults actually injected, where schedules share their beginnings."""
    played_faults: int = 0

    def count(self, outcome: "Outcome", name: str) -> None:
        """Count what came of one schedule."""
        self.schedules += 1
        self.payments += outcome.schedule.payments
        self.faults += outcome.schedule.faults
        self.with_fault += Counter(outcome.schedule.faults.keys())
        for disaster, kinds in DISASTERS.items():
            self.with_disaster[disaster] += any(outcome.schedule.faults[kind] for kind in kinds)
        self.notes += outcome.notes
        if outcome.wrong:
            self.failed[name] = outcome.wrong

    def add(self, other: "Tally") -> None:
        """Add another's figures to these."""
        self.schedules += other.schedules
        self.payments += other.payments
        self.seconds += other.seconds
        self.faults += other.faults
        self.with_fault += other.with_fault
        self.with_disaster += other.with_disaster
        self.notes += other.notes
        self.failed |= other.failed
        self.played_payments += other.played_payments
        self.played_faults += other.played_faults


@dataclass
class Outcome:
    """What came of one seed."""

    schedule: Schedule
    wrong: list[str]
    notes: Counter[str]


class Simulator:
    """A world that is set up once and played in again and again. Use in a with block."""

    def __init__(self) -> None:
        self.world: World = build_world(scratch())
        keep_template(self.world)

    def __enter__(self) -> "Simulator":
        return self

    def __exit__(self, *rest: object) -> None:
        give_back_dice()
        self.world.office.close()
        self.world.scratch.close()
        for place in (*self.world.places.values(), *self.world.spares.values()):
            place.store.close()
        shutil.rmtree(self.world.folder, ignore_errors=True)

    def play(self, seed: int) -> Outcome:
        """Play one seed and judge it. A bug may raise anything; it is what was wrong then."""
        reset(self.world)
        schedule = Schedule(self.world, seed)
        try:
            schedule.play()
            verdict = settle(schedule)
        except Exception as error:  # noqa: BLE001 - a seed that breaks must not keep the others from being played
            place = traceback.extract_tb(error.__traceback__)[-1]
            return Outcome(
                schedule, [f"{type(error).__name__} at {place.name}:{place.lineno}: {str(error)[:300]}"], Counter()
            )
        return Outcome(schedule, verdict.wrong, verdict.notes)

    def play_all(self, seeds: Iterable[int], *, until: float = float("inf"), failures_max: int = 10) -> Tally:
        """Play seeds until they, or the time (of time.monotonic), or the patience for failures, end."""
        tally = Tally()
        gc.disable()
        for seed in seeds:
            if time.monotonic() > until or len(tally.failed) >= failures_max:
                break
            began = time.process_time()
            outcome = self.play(seed)
            tally.count(outcome, str(seed))
            tally.played_payments += outcome.schedule.payments
            tally.played_faults += outcome.schedule.fault_count
            tally.seconds += time.process_time() - began
            if tally.schedules % COLLECTED_EVERY == 0:
                gc.collect()
        gc.enable()
        return tally


def tell(tally: Tally) -> Sequence[str]:
    """Return the lines a person reads."""
    lines = [
        f"{tally.schedules} schedules, {tally.payments} payments, {sum(tally.faults.values())} faults; "
        f"{tally.seconds / max(tally.schedules, 1) * 1000:.0f} ms of processor time each",
        f"  of these played, where schedules share beginnings: {tally.played_payments} payments, "
        f"{tally.played_faults} faults",
        "  with " + ", ".join(f"{name}: {tally.with_disaster[name]}" for name in DISASTERS),
    ]
    lines += [
        f"  {kind}: {count} in {tally.with_fault[kind]} schedules" for kind, count in sorted(tally.faults.items())
    ]
    lines += [f"  ({note}: {count})" for note, count in sorted(tally.notes.items()) if count]
    for seed, wrong in sorted(tally.failed.items()):
        lines.append(f"seed {seed} FAILED:")
        lines += [f"    {sentence}" for sentence in wrong[:6]]
    return lines
