"""kill -9 of a process that takes payments: what it reported as printed is in the journal when the till opens again.

A fork server is warm with everything imported; each child opens the encrypted till as the program does, takes payments
in a loop and reports each number once `take` has returned; its parent kills it at a random moment. (The system's cache
survives a killed process: this is about our code. Power cuts need the recorded-writes harness.)
"""

import os
import select as system_select
import signal
import time
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Final

from sqlalchemy import func, select

from meterpos.ledger.checks import run_checks
from meterpos.ledger.queries.plans import find_plan
from meterpos.ledger.tables import tenders
from meterpos.till import open_till
from tests.support.tills import CLERK, Counter, add_plan, request

LIFE_MAX_S: Final = 0.15
PLAN: Final = "PL-0042"
EVERY: Final = 3
AMOUNT_MINOR: Final = 100


@dataclass
class Killed:
    """What came of so many kills."""

    kills: int = 0
    reported: int = 0
    kept: int = 0
    unreported: int = 0
    wrong: list[str] = field(default_factory=list)


def prepare(home: Path) -> None:
    """Make an enrolled till with an open shift, and a plan that never comes to its end."""
    counter = Counter.at(home)
    add_plan(counter, PLAN, total_minor=10**12)
    counter.open_shift()
    counter.till.close()


def run(home: Path, *, kills: int, seed: int, until: float = float("inf"), checked_every: int = 50) -> Killed:
    """Kill so many processes, one after another, in one home."""
    dice = Random(f"kill {seed}")
    done = Killed()
    reported: list[str] = []
    for number in range(kills):
        if time.monotonic() > until:
            break
        reported += _one_life(home, number, life_s=0.02 + dice.random() * LIFE_MAX_S)
        done.kills += 1
        done.wrong += _look(home, reported, deep=number % checked_every == checked_every - 1 or number == kills - 1)
        if done.wrong:
            break
    done.reported = len(reported)
    till = open_till(home)
    with till.store.read() as connection:
        done.kept = connection.execute(select(func.count()).select_from(tenders)).scalar_one()
    till.close()
    done.unreported = done.kept - done.reported
    return done


def _one_life(home: Path, number: int, *, life_s: float) -> list[str]:
    """Let a child take payments until it is killed; return the numbers it reported."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        _take_for_ever(home, number, writing)
    os.close(writing)
    said = b""
    deadline: float | None = None
    while True:
        left = 10.0 if deadline is None else max(deadline - time.monotonic(), 0)
        ready, _, _ = system_select.select([reading], [], [], left)
        if not ready:
            break
        part = os.read(reading, 65536)
        if not part:
            break
        said += part
        if deadline is None:
            deadline = time.monotonic() + life_s
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    while part := os.read(reading, 65536):
        said += part
    os.close(reading)
    return [line for line in said.decode().split("\n")[:-1] if line != "open"]


def _take_for_ever(home: Path, life: int, writing: int) -> None:
    try:
        till = open_till(home)
        os.write(writing, b"open\n")
        serial = 0
        while True:
            serial += 1
            account_no = PLAN if serial % EVERY == 0 else "A1"
            tender = request(account_no, AMOUNT_MINOR, tender_id=f"{os.getpid()}-{life}-{serial}")
            entry = till.take(request=tender, clerk=CLERK)
            os.write(writing, f"{entry.content.body['number']}\n".encode())
    finally:
        os._exit(3)


def _look(home: Path, reported: list[str], *, deep: bool) -> list[str]:
    """Open the till again and look for every reported number; deeply, run every check."""
    till = open_till(home)
    try:
        with till.store.read() as connection:
            kept = set(connection.execute(select(tenders.c.number)).scalars())
            problems = list(run_checks(connection)) if deep else []
            plan = find_plan(connection, PLAN)
    finally:
        till.store.close()
    wrong = [f"{number} was reported as printed and is gone" for number in reported if number not in kept]
    if plan.state.paid_minor != plan.count * AMOUNT_MINOR:
        wrong.append(f"{plan.count} payments stand on plan {PLAN}, and {plan.state.paid_minor} is paid")
    return wrong + [f"{one.check}: {one.sentence}" for one in problems]
