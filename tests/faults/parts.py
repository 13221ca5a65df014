"""The parts of `dev.py faults`: each runs one harness at the size asked for, prints its figures, tells if it passed."""

import argparse
import logging
import os
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from contextlib import contextmanager
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from tests.faults import cursor, disk, fuzz, order, printing, slow, stories, web
from tests.faults.finding import find
from tests.faults.planted import DoesNotApply
from tests.faults.planted.bugs import BUGS
from tests.faults.simulate import Simulator, Tally, tell
from tests.faults.tree import SMALL, Tree, grow_all

SLICE = 50
"""Schedules a process plays before it reports."""
PLANTED_TREES = 12
"""Within so many trees of schedules a planted bug has to show, and the unpatched code passes all of them."""
FOR_EVER = 10**9


def spread(options: argparse.Namespace, work: Callable[..., Any], jobs: Iterable[tuple[Any, ...]]) -> Iterator[Any]:
    """Do the jobs in processes of their own, no more at once than asked for, until the time is up."""
    until = time.monotonic() + (options.seconds or FOR_EVER)
    left = iter(jobs)
    with ProcessPoolExecutor(options.workers, mp_context=get_context("spawn"), initializer=_quietly) as pool:
        under_way: set[Any] = set()
        while True:
            while len(under_way) < options.workers and time.monotonic() < until:
                job = next(left, None)
                if job is None:
                    break
                under_way.add(pool.submit(work, *job, until - time.monotonic()))
            if not under_way:
                return
            done, under_way = wait(under_way, return_when=FIRST_COMPLETED)
            for one in done:
                yield one.result()


def _quietly() -> None:
    logging.disable(logging.CRITICAL)


# --- the simulator


def schedules(options: argparse.Namespace) -> bool:
    """Play simulated schedules that share their beginnings; `--runs` is how many trees of them."""
    tally = _in_slices(options, _grow, runs=8, share=1)
    if tally.failed:
        worst = min(tally.failed)
        seed, *path = map(int, worst.split("/"))
        print(f"--- the story of {worst}:")
        with Simulator() as simulator:
            for _, outcome in Tree(simulator, seed).leaves(tuple(path)):
                story = outcome.schedule.story
            print("\n".join(story))
    return not tally.failed


def months(options: argparse.Namespace) -> bool:
    """Play simulated schedules each from its own beginning, long ones."""
    tally = _in_slices(options, _play, runs=400, share=SLICE)
    if tally.failed:
        worst = min(map(int, tally.failed))
        with Simulator() as simulator:
            print(f"--- the story of seed {worst}:")
            print("\n".join(simulator.play(worst).schedule.story))
    return not tally.failed


def _in_slices(options: argparse.Namespace, work: Callable[..., Tally], *, runs: int, share: int) -> Tally:
    runs = options.runs or (FOR_EVER if options.seconds else runs)
    end = options.seed + runs
    tally = Tally()
    jobs = ((first, min(first + share, end)) for first in range(options.seed, end, share))
    for part in spread(options, work, jobs):
        tally.add(part)
    print("\n".join(tell(tally)), flush=True)
    return tally


def _grow(first: int, end: int, seconds: float) -> Tally:
    with Simulator() as simulator:
        return grow_all(simulator, range(first, end), until=time.monotonic() + seconds)


def _grow_small(first: int, end: int, seconds: float) -> Tally:
    with Simulator() as simulator:
        return grow_all(simulator, range(first, end), shape=SMALL, until=time.monotonic() + seconds)


def _play(first: int, end: int, seconds: float) -> Tally:
    with Simulator() as simulator:
        return simulator.play_all(range(first, end), until=time.monotonic() + seconds)


def planted(options: argparse.Namespace) -> bool:
    """Plant each bug and look for it; the unpatched code passes the same seeds."""
    seeds = range(options.seed, options.seed + (options.runs or PLANTED_TREES))
    found: dict[str, tuple[str, str] | str | None] = dict(
        spread(options, _find, ((number, seeds.start, seeds.stop) for number in range(len(BUGS))))
    )
    clean = Tally()
    with Simulator() as simulator:
        for story in stories.STORIES:
            clean.count(stories.play(simulator, story), story.__name__)
    for part in spread(options, _grow_small, ((seed, seed + 1) for seed in seeds)):
        clean.add(part)
    for bug in BUGS:
        what = found.get(bug.name, "not tried: the time was up")
        says = f"{what[0]}: {what[1][:120]}" if isinstance(what, tuple) else what or "MISSED"
        print(f"  {bug.name} ({bug.says}): {says}")
    caught = sum(isinstance(what, tuple) for what in found.values())
    print(
        f"  {caught} of {len(BUGS)} planted bugs found within {len(seeds)} trees; "
        f"the unpatched code failed {len(clean.failed)} of {clean.schedules} schedules",
        flush=True,
    )
    return caught == len(BUGS) and not clean.failed


def _find(number: int, first: int, end: int, seconds: float) -> tuple[str, tuple[str, str] | str | None]:
    bug = BUGS[number]
    try:
        with Simulator() as simulator:
            return bug.name, find(simulator, bug, trees=range(first, end), until=time.monotonic() + seconds)
    except DoesNotApply as error:
        return bug.name, f"DOES NOT APPLY: {error}"


# --- the line


def http(options: argparse.Namespace) -> bool:
    """Cut every exchange after every byte, and lie to both sides; `--runs` is the stride of the cuts."""
    jobs = [("lies", 1), *((direction, options.runs or 1) for direction in ("up", "down"))]
    passed = True
    for name, tried, outcomes, wrong, entries in spread(options, _on_the_web, jobs):
        print(f"  {name}: {sum(tried.values())} faults, {entries} entries compared, {len(wrong)} wrong")
        for outcome, count in sorted(outcomes.items()):
            print(f"    {outcome}: {count}")
        for sentence in wrong[:10]:
            print(f"    WRONG {sentence}")
        passed &= not wrong
    return passed


def _on_the_web(name: str, stride: int, seconds: float) -> tuple[str, Any, Any, Sequence[str], int]:
    until = time.monotonic() + seconds
    with web.web() as at:
        if name == "lies":
            web.lies(at)
            web.bombs(at)
        else:
            web.cuts(at, name, stride=stride, until=until)
        entries = at.prove()
        return f"cut {name}" if name != "lies" else name, at.tried, at.outcomes, at.wrong, entries


def bad_lines(options: argparse.Namespace) -> bool:
    """Deliver 100 payments over 9.6 kbit/s, 3 s and a break every 4 KB; `--runs` lines, their clock turned up 30 times.

    The first is run once more at its own pace: turning the clock up must not have helped.
    """
    done: list[slow.Delivered] = []
    with web.web() as at:
        for number in range(options.runs or 20):
            done.append(slow.deliver(at, payments=100, seed=options.seed + number, faster=30))
            at.calm("bad line")
        true = slow.deliver(at, payments=100, seed=options.seed)
        at.calm("bad line")
        entries = at.prove()
    late = [one for one in (*done, true) if one.seconds > slow.LIMIT_S or one.waiting or one.backwards]
    times = sorted(one.seconds for one in done)
    middle = times[len(times) // 2]
    print(
        f"  {len(done)} lines: 100 payments in {times[0]:.0f} to {times[-1]:.0f} s, median {middle:.0f}; "
        f"{sum(one.breaks for one in done)} breaks, {sum(one.exchanges for one in done)} exchanges, "
        f"{sum(one.bytes_passed for one in done) // len(done):,} bytes a line"
    )
    print(f"  at its own pace: {true.seconds:.0f} s, {true.breaks} breaks")
    print(f"  {entries} entries compared, {len(at.wrong)} wrong", flush=True)
    return not late and not at.wrong


def feed(options: argparse.Namespace) -> bool:
    """Let many writers write into the feed; `--runs` is how many; both databases, and a control that must fail."""
    seconds = (options.seconds or 60) / 4
    passed = True
    with databases() as urls:
        for name, url in urls:
            for control in (False, True):
                with tempfile.TemporaryDirectory(prefix="meterpos-faults-") as folder:
                    where = url(Path(folder))
                    seen = cursor.run(
                        Path(folder) / "office", where, writers=options.runs or 64, seconds=seconds, as_sequence=control
                    )
                kind = "numbers from a sequence" if control else "as in production"
                print(
                    f"  {name}, {kind}: {seen.writers} writers, {seen.seconds:.0f} s, {len(seen.written)} written, "
                    f"{seen.missed} missed, {seen.twice} read twice",
                    flush=True,
                )
                passed &= bool(seen.missed) == control and (control or not seen.twice)
    return passed


@contextmanager
def databases() -> Iterator[list[tuple[str, Callable[[Path], str]]]]:
    """Yield how to make a database of each kind."""
    from tests.support.postgres import Databases, server_url

    with tempfile.TemporaryDirectory(prefix="meterpos-tests-") as folder:
        url = os.environ.get("METERPOS_TEST_POSTGRES") or server_url(Path(folder), os.getpid())
        databases = Databases(url)
        yield [
            ("SQLite", lambda place: f"sqlite:///{place / 'office.db'}"),
            ("PostgreSQL", lambda _: databases.new()),
        ]
        databases.drop_all()


# --- the printer


def printers(options: argparse.Namespace) -> bool:
    """Print while printers are in trouble and tills die; `--runs` rounds, each one paper and its copy."""
    rounds, total = options.runs or 1_000, printing.Printed()
    jobs = ((min(50, rounds - first), options.seed + first) for first in range(0, rounds, 50))
    for part in spread(options, _print, jobs):
        total.add(part)
    troubles = ", ".join(f"{trouble} {count}" for trouble, count in sorted(total.troubles.items()))
    states = ", ".join(f"{state} {count}" for state, count in sorted(total.states.items()))
    print(f"  {total.rounds} rounds ({troubles})")
    print(
        f"  {total.papers} papers came out, whole or not; told to the clerk: {states}; {len(total.wrong)} wrong",
        flush=True,
    )
    for sentence in total.wrong[:10]:
        print(f"    WRONG {sentence}")
    return not total.wrong


def _print(rounds: int, seed: int, seconds: float) -> printing.Printed:
    with tempfile.TemporaryDirectory(prefix="meterpos-faults-", dir=disk.fast()) as folder:
        return printing.run(Path(folder) / "till", rounds=rounds, seed=seed)


# --- what parsers and rules make of anything


SLOW_PARSERS = {"head office": 10, "import": 10}
"""How many times fewer executions the parsers get that write into a database at each."""


def fuzzing(options: argparse.Namespace) -> bool:
    """Feed every parser with what nobody would write; `--runs` is how often each."""
    runs, total = options.runs or 100_000, fuzz.Fuzzed()
    jobs = [
        (name, min(5_000, runs // SLOW_PARSERS.get(name, 1) - first), options.seed + first)
        for first in range(0, runs, 5_000)
        for name in fuzz.targets()
        if first < runs // SLOW_PARSERS.get(name, 1)
    ]
    for part in spread(options, _fuzz, jobs):
        total.add(part)
    for name, count in total.runs.items():
        print(f"  {name}: {count:,} executions, {total.read[name]:,} read, the rest refused")
    for sentence in total.wrong[:10]:
        print(f"    WRONG {sentence}")
    print(f"  {len(total.wrong)} wrong", flush=True)
    return not total.wrong


def _fuzz(name: str, runs: int, seed: int, seconds: float) -> fuzz.Fuzzed:
    return fuzz.fuzz(name, runs=runs, seed=seed)


def permutations(options: argparse.Namespace) -> bool:
    """Put facts into many orders; `--runs` is how many sets of facts, each in 50 orders."""
    sets = options.runs or 2_000
    wrong: list[str] = []
    tried = 0
    jobs = ((first, min(first + 200, options.seed + sets)) for first in range(options.seed, options.seed + sets, 200))
    for count, found in spread(options, _permute, jobs):
        tried += count
        wrong += found
    print(f"  {tried * order.PERMUTATIONS} permutations of {tried} sets of 30 facts or more, {len(wrong)} wrong")
    return not wrong


def _permute(first: int, end: int, seconds: float) -> tuple[int, list[str]]:
    return end - first, [sentence for seed in range(first, end) for sentence in order.permute(seed)]
