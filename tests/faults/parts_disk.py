"""More parts of `dev.py faults`: a process that ends, a disk that fails, loses what was not waited for, or rots."""

import argparse
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from tests.faults import calls, counter, disk, injected, kill, power, recovery, rot, warm
from tests.faults.parts import FOR_EVER, spread


def killed(options: argparse.Namespace) -> bool:
    """Kill tills at every call that changes the disk, in whatever moves money; then so many more at any moment."""
    return _at_every_call(options, calls.KILLS) and _at_any_moment(options)


def failing_calls(options: argparse.Namespace) -> bool:
    """Let a till's disk fail at every call that changes it; `--runs` tries so many, evenly spread."""
    return _at_every_call(options, calls.FAILURES)


def _at_every_call(options: argparse.Namespace, faults: dict[str, tuple[int, int]]) -> bool:
    total = calls.Tried()
    with tempfile.TemporaryDirectory(prefix="meterpos-faults-", dir=disk.fast()) as folder:
        try:
            with injected.preloaded():
                calls.prepare(Path(folder))
                works = [(work, state, faults, folder) for work in counter.WORKS for state in calls.STATES]
                every = [job for found in spread(options, _find_calls, works) for job in found]
                some = every[:: max(len(every) // options.runs, 1)] if options.runs else every
                shares = [(some[first : first + SHARE], folder) for first in range(0, len(some), SHARE)]
                for part in spread(options, _try_calls, shares):
                    total.add(part)
        except injected.NoCompiler as error:
            print(f"  not tried: {error}")
            return False
    _tell(total, every=len(every))
    return not total.wrong


AT_ANY_MOMENT = 500
"""Kills at random moments, after those at every call."""
SHARE = 50
"""Runs a process does before it reports."""


def _find_calls(
    work: str, state: str, faults: dict[str, tuple[int, int]], folder: str, seconds: float
) -> list[calls.Job]:
    del seconds
    warm.share_statements()
    return calls.jobs(work, state, Path(folder), faults)


def _try_calls(jobs: Sequence[calls.Job], folder: str, seconds: float) -> calls.Tried:
    until, total = time.monotonic() + seconds, calls.Tried()
    warm.share_statements()
    with tempfile.TemporaryDirectory(prefix="meterpos-faults-", dir=disk.fast()) as own:
        for job in jobs:
            if time.monotonic() > until:
                break
            total.add(calls.run(job, Path(own), folder=Path(folder)))
    return total


def _tell(total: calls.Tried, *, every: int) -> None:
    faults = ", ".join(f"{fault} {count}" for fault, count in sorted(total.faults.items()))
    print(f"  {total.runs} of {every} runs of {len(counter.WORKS)} pieces of work ({faults}), {len(total.wrong)} wrong")
    for said, count in total.said.most_common():
        print(f"    the clerk was told: {said if said != '-' else 'nothing (the till was killed)'}: {count}")
    for sentence in total.wrong[:10]:
        print(f"    WRONG {sentence}", flush=True)


def _at_any_moment(options: argparse.Namespace) -> bool:
    with tempfile.TemporaryDirectory(prefix="meterpos-faults-") as folder:
        home = Path(folder) / "till"
        kill.prepare(home)
        until = time.monotonic() + (options.seconds or FOR_EVER)
        done = kill.run(home, kills=options.runs or AT_ANY_MOMENT, seed=options.seed, until=until)
    print(
        f"  {done.kills} kills at any moment, {done.reported} receipts reported as printed, {done.kept} in the journal "
        f"({done.unreported} committed and killed before they were reported), {len(done.wrong)} wrong"
    )
    for sentence in done.wrong[:10]:
        print(f"    WRONG {sentence}")
    return not done.wrong


def power_cuts(options: argparse.Namespace) -> bool:
    """Rebuild disks as power cuts may leave them; `--runs` is how many. Commits not waited for must lose papers."""
    total, control = power.Cuts(), power.Cuts()
    with tempfile.TemporaryDirectory(prefix="meterpos-faults-") as folder:
        try:
            recorded = power.record(Path(folder))
            careless = power.record(Path(folder) / "careless", normal=True)
        except disk.NoStrace as error:
            print(f"  not tried: {error}")
            return False
        runs = options.runs or 100_000
        share = min(2_000, runs)
        jobs = ((recorded, min(share, runs - first), options.seed + first) for first in range(0, runs, share))
        for part in spread(options, _cut, jobs):
            total.add(part)
        control.add(power.cut(careless, images=min(runs, 1_000), seed=options.seed))
    kept = ", ".join(f"{way} {count}" for way, count in sorted(total.ways.items()))
    print(f"  {total.images} disks after a cut (kept of what was not waited for: {kept}), {total.deep} of them checked")
    print(f"  whole; {total.papers} papers said to be done looked for, {len(total.wrong)} wrong")
    print(
        f"  control, commits not waited for: {len(control.wrong)} of {control.images} disks had lost papers", flush=True
    )
    for sentence in total.wrong[:10]:
        print(f"    WRONG {sentence}")
    return not total.wrong and bool(control.wrong)


def _cut(recorded: power.Recorded, images: int, seed: int, seconds: float) -> power.Cuts:
    del seconds
    warm.share_statements()
    return power.cut(recorded, images=images, seed=seed)


RECOVERED_EVERY = 20
"""One in so many spoiled disks is brought back as well."""


def rotten_disks(options: argparse.Namespace) -> bool:
    """Spoil a till's files, encrypted and not, and bring some of them back; `--runs` is how often.

    What SQLite alone sees is the control.
    """
    runs = options.runs or 20_000
    to_recover = runs // RECOVERED_EVERY
    each = (runs - to_recover) // 2
    passed = True
    with tempfile.TemporaryDirectory(prefix="meterpos-faults-") as folder:
        for name, plain in (("encrypted", False), ("plain", True)):
            sound = rot.make(Path(folder) / name, plain=plain)
            total = rot.Rotten()
            jobs = ((sound, share, options.seed + first) for first, share in _shares(each, 500))
            for part in spread(options, _spoil, jobs):
                total.add(part)
            print(f"  {name}: {total.runs} files spoiled, {len(total.wrong)} wrong", flush=True)
            for seen, count in total.seen.most_common():
                print(f"    {seen}: {count}")
            for sentence in total.wrong[:10]:
                print(f"    WRONG {sentence}")
            passed &= not total.wrong
        control = rot.spoil(sound, runs=min(runs, 500), seed=options.seed, only_sqlite=True)
        unseen = sum(count for seen, count in control.seen.items() if seen.startswith("NOT SEEN"))
        print(f"  control, what SQLite alone sees of the plain one: {unseen} of {control.runs} not seen")
        passed &= _brought_back(options, Path(folder) / "recovery", to_recover)
    return passed and bool(unseen)


def _shares(runs: int, most: int) -> Iterator[tuple[int, int]]:
    """Yield where each share of so many runs begins, and how many it has."""
    return ((first, min(most, runs - first)) for first in range(0, runs, most))


def _brought_back(options: argparse.Namespace, folder: Path, runs: int) -> bool:
    prepared, total = recovery.make(folder), recovery.Recovered()
    jobs = ((prepared, share, options.seed + first) for first, share in _shares(runs, 100))
    for part in spread(options, _recover, jobs):
        total.add(part)
    spoiled = ", ".join(f"{what} {count}" for what, count in sorted(total.spoiled.items()))
    back = ", ".join(f"{what} {count}" for what, count in sorted(total.back.items()))
    print(f"  {total.runs} tills spoiled ({spoiled}) and brought back: {back}; {len(total.wrong)} wrong", flush=True)
    for sentence in total.wrong[:10]:
        print(f"    WRONG {sentence}")
    return not total.wrong


def _recover(prepared: recovery.Prepared, runs: int, seed: int, seconds: float) -> recovery.Recovered:
    del seconds
    warm.share_statements()
    return recovery.recover(prepared, runs=runs, seed=seed)


def _spoil(sound: rot.Sound, runs: int, seed: int, seconds: float) -> rot.Rotten:
    del seconds
    warm.share_statements()
    return rot.spoil(sound, runs=runs, seed=seed)
