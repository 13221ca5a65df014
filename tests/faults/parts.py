"""The parts of `dev.py faults`: each runs one harness at the size asked for, prints its figures, tells if it passed."""

import argparse
import time
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context

from tests.faults.simulate import Simulator, Tally, tell

SLICE = 100
"""Schedules a process plays before it reports."""


def schedules(options: argparse.Namespace) -> bool:
    """Play simulated schedules."""
    runs = options.runs or (10**9 if options.seconds else 1_000)
    until = time.monotonic() + (options.seconds or 10**9)
    tally = Tally()
    seeds = range(options.seed, options.seed + runs)
    with ProcessPoolExecutor(options.workers, mp_context=get_context("spawn")) as pool:
        waiting = set()
        slices = iter(range(seeds.start, seeds.stop, SLICE))
        while True:
            while len(waiting) < options.workers and (first := next(slices, None)) is not None:
                if time.monotonic() < until:
                    left = until - time.monotonic()
                    waiting.add(pool.submit(_play, first, min(first + SLICE, seeds.stop), left))
            if not waiting:
                break
            done = next(as_completed(waiting))
            waiting.discard(done)
            tally.add(done.result())
    print("\n".join(tell(tally)), flush=True)
    if tally.failed:
        worst = min(tally.failed)
        with Simulator() as simulator:
            print(f"--- the story of seed {worst}:")
            print("\n".join(simulator.play(worst).schedule.story))
    return not tally.failed


def _play(first: int, end: int, seconds: float) -> Tally:
    import logging

    logging.disable(logging.CRITICAL)
    with Simulator() as simulator:
        return simulator.play_all(range(first, end), until=time.monotonic() + seconds)
