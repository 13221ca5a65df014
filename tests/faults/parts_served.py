"""More parts of `dev.py faults`: those that run a head office as it is served."""

import argparse
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from tests.faults import api, cut_often, reconnecting, soak, speed
from tests.faults.parts import databases, spread
from tests.faults.planted import processes


def openapi_calls(options: argparse.Namespace) -> bool:
    """Call everything the OpenAPI document offers, in ways nobody would; `--runs` calls, no answer may be a 5xx."""
    runs, total = options.runs or 10_000, api.Called()
    jobs = ((min(1_000, runs - first), options.seed + first) for first in range(0, runs, 1_000))
    for part in spread(options, _call, jobs):
        total.add(part)
    answers = ", ".join(f"{status} {count}" for status, count in sorted(total.answers.items()))
    print(f"  {total.calls} calls of {len(total.paths)} paths: {answers}; {len(total.wrong)} wrong", flush=True)
    for sentence in total.wrong[:10]:
        print(f"    WRONG {sentence}")
    return not total.wrong


def _call(calls_each: int, seed: int, seconds: float) -> api.Called:
    del seconds
    with tempfile.TemporaryDirectory(prefix="meterpos-faults-") as folder:
        return api.call_all(Path(folder), calls=calls_each, seed=seed)


def exchange_speed(options: argparse.Namespace) -> bool:
    """Measure taking in beside bare insertion, and a far line; `--runs` payments. Figures, not a verdict."""
    payments = options.runs or 10_000
    with databases() as urls, tempfile.TemporaryDirectory(prefix="meterpos-faults-") as folder:
        for name, url in urls:
            place = Path(folder) / name
            place.mkdir()
            waiting = speed.make(place, url(place), payments=payments)
            if name == "SQLite":
                far = speed.far(waiting.copied(Path(folder) / "far"), round_trip_ms=300)
                print("\n".join(_told_of_trips(far, payments)), flush=True)
                ours, floor = speed.over_http(waiting.copied(Path(folder) / "http"))
                print(f"  over HTTP: {_told_of_rates(ours, floor)}", flush=True)
            ours, floor = speed.intake(waiting)
            print(f"  {name}: {_told_of_rates(ours, floor)}", flush=True)
    return True


def _told_of_rates(ours: speed.Rate, floor: speed.Rate) -> str:
    return (
        f"{ours.entries} entries in batches of {speed.BATCH}: {ours.a_second:,.0f} a second, {ours.each_us:.0f} us of "
        f"the process each; bare rows {floor.a_second:,.0f} a second, {floor.each_us:.0f} us each: "
        f"{floor.each_us / ours.each_us:.2f} of it by processor time, {ours.a_second / floor.a_second:.2f} by the clock"
    )


def _told_of_trips(trips: Sequence[speed.Trip], payments: int) -> Iterator[str]:
    for what, trip in zip((f"{payments} payments", "one payment, the connection open"), trips, strict=True):
        yield (
            f"  {what}, 300 ms there and back: {trip.requests} round trips, signed for after {trip.delivered_s:.1f} s, "
            f"all of it {trip.seconds:.1f} s; processor time {trip.till_s:.1f} s at the till, "
            f"{trip.office_s:.1f} s at head office; {trip.result.outcome}, {trip.result.waiting} left"
        )


def cut_often_line(options: argparse.Namespace) -> bool:
    """Cut every connection of a far and narrow line each ten seconds; `--runs` payments wait."""
    payments = options.runs or 10_000
    good = True
    with tempfile.TemporaryDirectory(prefix="meterpos-faults-") as folder:
        for bits_s, uncut, cut in cut_often.both(Path(folder), payments=payments):
            good &= _is_carried(payments, bits_s, uncut, cut)
    return good


def _is_carried(payments: int, bits_s: int, uncut: cut_often.Carried, cut: cut_often.Carried) -> bool:
    longer = cut.seconds / uncut.seconds
    print(
        f"  {payments} payments over {cut_often.ROUND_TRIP_MS} ms and {bits_s // 1000} kbit/s: uncut "
        f"{uncut.seconds:.1f} s in {uncut.batches} batches; cut each {cut_often.CUT_EVERY_S:.0f} s "
        f"{cut.seconds:.1f} s ({longer:.2f} times as long) in {cut.exchanges} exchanges"
    )
    print(
        f"  {cut.cuts} cuts, {cut.lost} answers lost, {cut.sent_again} of {cut.batches} batches sent again; "
        f"{len(cut.wrong) + len(uncut.wrong)} wrong",
        flush=True,
    )
    for sentence in (*uncut.wrong, *cut.wrong):
        print(f"    WRONG {sentence}")
    return not (uncut.wrong or cut.wrong) and cut.sent_again <= max(cut.cuts, cut.lost) and longer <= LONGER_MOST


def tills_coming_back(options: argparse.Namespace) -> bool:
    """Let tills with 300 payments each come back at once; `--runs` tills. What is wrong fails it, not how long."""
    with databases() as urls, tempfile.TemporaryDirectory(prefix="meterpos-faults-") as folder:
        url = dict(urls)["PostgreSQL"](Path(folder))
        done = reconnecting.run(Path(folder), url, tills=options.runs or 5_000, payments=300)
    print("\n".join(_told_of_draining(done)), flush=True)
    for sentence in done.wrong[:10]:
        print(f"    WRONG {sentence}")
    return not done.wrong


def _told_of_draining(done: reconnecting.Drained) -> Iterator[str]:
    def each_us(seconds: float) -> str:
        return f"{seconds / done.payments * 1e6:.0f} us"

    def spread(seconds: Sequence[float]) -> str:
        half, most, last = (reconnecting.within(seconds, share) for share in (0.5, 0.99, 1.0))
        return f"half within {half:.2f} s, 99 % within {most:.2f} s, the last {last:.1f} s"

    yield (
        f"  {done.tills} tills, {done.payments} payments: drained in {done.seconds:.1f} s "
        f"({done.payments / done.seconds:,.0f} a second), made in {done.set_up_s:.0f} s, compared in "
        f"{done.compared_s:.0f} s"
    )
    yield (
        f"  processor time a payment: head office {each_us(done.office_s)}, database {each_us(done.database_s)}, "
        f"the tills {each_us(done.crowd_s)}"
    )
    yield f"  {len(done.answered_s)} messages taken, {spread(done.answered_s)}"
    yield f"  {len(done.refused_s)} told when to come again, {spread(done.refused_s)}; {done.lost} lines lost"
    yield f"  {done.rows} rows fetched, {done.read_whole} tills' pages read whole; {len(done.wrong)} wrong"


LONGER_MOST = 1.5
"""So many times as long a line may take that is cut."""


def soaked(options: argparse.Namespace) -> bool:
    """Let 20 real tills work against two workers on PostgreSQL; `--runs` payments or `--seconds`, which comes first."""
    with databases() as urls, tempfile.TemporaryDirectory(prefix="meterpos-faults-") as folder:
        url = dict(urls)["PostgreSQL"](Path(folder))
        done = soak.soak(
            Path(folder),
            url,
            tills=20,
            seconds=options.seconds or 600,
            payments=options.runs or 20_000,
            seed=options.seed,
            tell=lambda line: print(line, flush=True),
        )
    faults = ", ".join(f"{fault} {count}" for fault, count in sorted(done.faults.items()))
    outcomes = ", ".join(f"{outcome} {count}" for outcome, count in sorted(done.outcomes.items()))
    print(f"  {len(done.receipts)} receipts reported, {done.kept} entries in the tills' journals")
    print(f"  {faults}; exchanges: {outcomes}; {len(done.wrong)} wrong", flush=True)
    for sentence in done.wrong[:10]:
        print(f"    WRONG {sentence}")
    return not done.wrong and _would_notice(options)


CONTROL_S = 60
CONTROL_TILLS = 4


def _would_notice(options: argparse.Namespace) -> bool:
    """Let a few tills work with each bug planted: it has to be seen."""
    noticed = True
    for bug in processes.BUGS:
        with databases() as urls, tempfile.TemporaryDirectory(prefix="meterpos-faults-") as folder:
            url = dict(urls)["PostgreSQL"](Path(folder))
            done = soak.soak(
                Path(folder), url, tills=CONTROL_TILLS, seconds=CONTROL_S, payments=10**9, seed=options.seed,
                tell=lambda _: None, pause_s=0.05, office_every_s=8.0, planted=bug,
            )  # fmt: skip
        seen = f"seen, {done.wrong[0]}" if done.wrong else "NOT SEEN"
        print(f"  control, {bug}: {len(done.receipts)} receipts, {seen}", flush=True)
        noticed &= bool(done.wrong)
    return noticed
