"""Printers in trouble and tills that die while printing: no paper without its entry, none twice unless a clerk asks.

One till works at a printer that speaks ESC/POS over a socket. Each round something is done that makes a paper while the
printer is in one kind of trouble, at a byte drawn from the seed; then the trouble ends, the till may be started again,
and nobody presses anything: what came out is counted. At last the clerk prints it again, and the paper must say
whether it is a copy.
"""

import re
import socket
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any, Final

from sqlalchemy import select

from meterpos.ledger.journal import Entry, parse
from meterpos.ledger.queries.spool import Job, jobs_of
from meterpos.ledger.tables import journal
from meterpos.printing.devices import Device, conversation, open_device
from meterpos.printing.spool import Spooler
from meterpos.till import open_till
from tests.faults import counter
from tests.printing.fake_printer import FakePrinter, fake_printer
from tests.printing.paper_machine import print_out
from tests.support.tills import CLERK
from tests.support.tills import Counter as Desk

TIMEOUT_S: Final = 2.0
IDLE_WITHIN_S: Final = 20.0
PAPER_BYTES: Final = 17_000
"""A receipt is about so long."""
NOBODY: Final = "tcp:127.0.0.1:9"
TROUBLES: Final[dict[str, str | None]] = {
    "none": None,
    "paper out before": "paper_lasts",
    "paper out during": "paper_lasts",
    "cover open before": "cover_opens_at",
    "cover open during": "cover_opens_at",
    "power off": None,
    "stall": "stalls_at",
    "dropped at once": "hangs_up_at",
    "dropped during": "hangs_up_at",
    "reset during": "hangs_up_at",
    "silent": None,
    "till killed before sending": None,
    "till killed after sending": None,
}
_NUMBER: Final = re.compile(rb"KSM01-B7K-[A-Z]?\d{5,6}")


class _Killed(BaseException):
    """The process ends here."""


@dataclass
class Printed:
    """What came of so many rounds."""

    rounds: int = 0
    troubles: Counter[str] = field(default_factory=Counter)
    states: Counter[str] = field(default_factory=Counter)
    papers: int = 0
    wrong: list[str] = field(default_factory=list)

    def add(self, other: "Printed") -> None:
        """Add another's figures to these."""
        self.rounds += other.rounds
        self.troubles += other.troubles
        self.states += other.states
        self.papers += other.papers
        self.wrong += other.wrong


@dataclass
class _Dying:
    """A device whose till dies before or after its bytes went out."""

    device: Device
    after: bool

    def send(self, data: bytes) -> Any:
        """Raises: _Killed."""
        if self.after:
            self.device.send(data)
        raise _Killed


def run(home: Path, *, rounds: int, seed: int) -> Printed:
    """Print so many rounds in one home."""
    dice, done = Random(f"printing {seed}"), Printed()
    with _patience(), fake_printer() as printer:
        desk = Desk.at(home, printer=printer.spec)
        counter.begin(desk)
        Spooler(desk.till, _opener(printer.spec)).run_once()
        for number in range(rounds):
            trouble = dice.choice(list(TROUBLES))
            for sentence in _round(desk, printer, trouble, dice, f"{seed}-{number}", done):
                done.wrong.append(f"round {number} of seed {seed}, {trouble}: {sentence}")
            done.rounds += 1
            done.troubles[trouble] += 1
            if len(done.wrong) > 10:
                break
        desk.till.close()
    return done


@contextmanager
def _patience() -> Iterator[None]:
    """Wait longer for a printer's first answers: the machine that tests may be busy."""
    before = conversation.ANSWER_S
    conversation.ANSWER_S = 1.0  # type: ignore[misc]
    try:
        yield
    finally:
        conversation.ANSWER_S = before  # type: ignore[misc]


def _opener(spec: str) -> Callable[[str], Device]:
    return lambda _: open_device(spec, timeout_s=TIMEOUT_S)


def _round(desk: Desk, printer: FakePrinter, trouble: str, dice: Random, name: str, done: Printed) -> Iterator[str]:
    _wait_until_idle(printer)
    before = len(printer.papers)
    _begin_trouble(printer, trouble, dice)
    entry = _work(desk, dice, name)
    number = str(entry.content.body["number"])
    killed = _print(desk, printer, trouble)
    _end_trouble(printer)
    if killed or dice.random() < 0.1:
        _start_again(desk)
    desk.clock.turn(minutes=3)
    Spooler(desk.till, _opener(printer.spec)).run_once()
    came = [paper for paper in printer.papers[before:] if paper]
    job = _job(desk, number)
    done.states[job.state] += 1
    yield from _judge_automatic(desk, came, number, job, is_told=trouble != "silent")
    desk.till.reprint(number=number, clerk=CLERK)
    again_from = len(printer.papers)
    Spooler(desk.till, _opener(printer.spec)).run_once()
    again = [paper for paper in printer.papers[again_from:] if paper]
    done.papers += len(came) + len(again)
    yield from _judge_asked(came, again, number, job)


def _begin_trouble(printer: FakePrinter, trouble: str, dice: Random) -> None:
    limit = TROUBLES[trouble]
    if limit is not None:
        at_start = trouble.endswith(("before", "at once"))
        setattr(printer, limit, 0 if at_start else dice.randrange(1, PAPER_BYTES))
    printer.resets = trouble == "reset during"
    printer.answers = trouble != "silent"


def _end_trouble(printer: FakePrinter) -> None:
    for limit in set(TROUBLES.values()) - {None}:
        setattr(printer, str(limit), None)
    printer.resets, printer.answers = False, True
    _wait_until_idle(printer)


def _wait_until_idle(printer: FakePrinter) -> None:
    """Wait until the printer has come to the end of every line that was opened to it: it takes one after another."""
    before, deadline = len(printer.papers), time.monotonic() + IDLE_WITHIN_S
    socket.create_connection(("127.0.0.1", printer.port)).close()
    while len(printer.papers) == before or printer.papers[-1]:
        assert time.monotonic() < deadline, "the printer did not come to rest"
        time.sleep(0.001)


def _work(desk: Desk, dice: Random, name: str) -> Entry:
    match dice.randrange(4):
        case 0:
            return desk.pay("A4", dice.randrange(100, 5_000), tender_id=name, customer_no="AC-10077")
        case 1:
            paid = desk.pay(amount_minor=700, tender_id=f"{name}-paid")
            Spooler(desk.till, _opener(NOBODY)).run_once()
            return desk.reverse(str(paid.content.body["number"]), tender_id=name)
        case 2:
            return counter.WORKS["drop"](desk, name)
        case _:
            return desk.pay(amount_minor=dice.randrange(100, 5_000), tender_id=name)


def _print(desk: Desk, printer: FakePrinter, trouble: str) -> bool:
    """Print what was made; return whether the till died at it."""
    opener = _opener(NOBODY if trouble == "power off" else printer.spec)
    if trouble.startswith("till killed"):
        after, living = trouble.endswith("after sending"), opener
        opener = lambda spec: _Dying(living(spec), after=after)  # noqa: E731
    try:
        Spooler(desk.till, opener).run_once()
    except _Killed:
        return True
    return False


def _start_again(desk: Desk) -> None:
    home, now = desk.till.settings.home, desk.till.now
    desk.till.store.close()
    desk.till = open_till(home)
    desk.till.now = now


def _job(desk: Desk, number: str) -> Job:
    with desk.till.store.read() as connection:
        return jobs_of(connection, number)[0]


def _own_number(paper: bytes) -> str | None:
    found = _NUMBER.search(paper)
    return None if found is None else found[0].decode()


def _judge_automatic(desk: Desk, came: list[bytes], number: str, job: Job, *, is_told: bool) -> Iterator[str]:
    """What came out although nobody pressed anything. Of a printer that never answers the clerk is told nothing."""
    with desk.till.store.read() as connection:
        stored = [parse(data) for data in connection.execute(select(journal.c.data)).scalars()]
    known = {counter.name_of(entry) for entry in stored}
    numbers = [found for paper in came if (found := _own_number(paper)) is not None]
    yield from (f"paper {found} has no entry" for found in numbers if found not in known)
    if numbers.count(number) > 1:
        yield f"paper {number} came out {numbers.count(number)} times by itself"
    if job.state == "queued":
        yield f"paper {number} still waits"
    if job.state == "failed" and came:
        yield f"paper {number} is said not to have been sent, and {sum(map(len, came))} bytes of it were"
    if job.state == "confirmed" and [print_out(paper).cuts for paper in came] != [1]:
        yield f"paper {number} is said to be whole and is not"
    if is_told and job.state != "confirmed" and not job.detail:
        yield f"paper {number} is {job.state}, and the clerk is told nothing"


def _judge_asked(came: list[bytes], again: list[bytes], number: str, job: Job) -> Iterator[str]:
    """What comes out when the clerk asks for it again."""
    whole = [paper for paper in again if _own_number(paper) == number]
    if len(whole) != 1:
        yield f"paper {number} was asked for once and came {len(whole)} times"
        return
    is_copy = any("COPY" in line for line in print_out(whole[0]).texts)
    if is_copy != (job.state != "failed"):
        yield f"paper {number} was {job.state}, and asked for again it says {'' if is_copy else 'not '}COPY"
    if came and not is_copy:
        yield f"two originals of {number} may be out"
