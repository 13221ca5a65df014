"""A line on which every connection is cut each ten seconds: how much longer all takes than on the same line uncut.

Thousands of payments wait, the line is narrow and far away, and the till exchanges at the pace of the window. What a
cut may cost is the batch that was under way.
"""

import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Final

from sqlalchemy import select

from meterpos.headoffice.office import open_office
from meterpos.ledger.signing import public_of
from meterpos.ledger.store import Store
from meterpos.ledger.tables import journal
from meterpos.sync import wire
from meterpos.sync.client import Line
from meterpos.sync.exchange import exchange
from meterpos.sync.pace import wait_s
from meterpos.sync.steps import Failure, Memory
from meterpos.till import open_till
from tests.faults import speed

ROUND_TRIP_MS: Final = 300
BITS_S: Final = (512_000, 128_000)
CUT_EVERY_S: Final = 10.0
EXCHANGES_MAX: Final = 200


@dataclass
class _Noting:
    """A line that notes which batches went out, and how many answers never came."""

    line: Line
    public: bytes
    batches: list[tuple[bytes, int, int]] = field(default_factory=list)
    lost: int = 0

    def send(self, path: str, message: bytes) -> bytes | Failure:
        answer = self.line.send(path, message)
        self.lost += isinstance(answer, Failure)
        if path.endswith("push"):
            push = wire.read_push(message, key=self.public)
            self.batches.append((push.stream, push.from_seq, len(push.entries)))
        return answer

    @property
    def sent_again(self) -> int:
        """How many batches began with an entry that had been sent before."""
        again, ends = 0, dict[bytes, int]()
        for stream, first, count in self.batches:
            again += bool(count) and first <= ends.get(stream, 0)
            ends[stream] = max(ends.get(stream, 0), first + count - 1)
        return again


@dataclass(frozen=True)
class Carried:
    """What it took to exchange everything."""

    seconds: float
    exchanges: int
    lost: int
    """Requests whose answer never came."""
    batches: int
    sent_again: int
    cuts: int
    wrong: list[str]


def carry(
    waiting: speed.Waiting, *, bits_s: int, cut_every_s: float = 0, round_trip_ms: int = ROUND_TRIP_MS
) -> Carried:
    """Exchange all that waits over such a line, as the window would, until nothing waits and both sides agree."""
    dice, memory, failures, wrong = Random("cut often"), Memory(), 0, list[str]()
    till = open_till(waiting.folder / "till")
    with (
        speed.office_process(waiting) as (port, _),
        speed.far_line(port, round_trip_ms, bits_s, cut_every_s) as url,
        Line(url) as line,
    ):
        noting = _Noting(line, public_of(till.device_key))
        began = time.monotonic()
        for exchanges in range(1, EXCHANGES_MAX + 1):  # noqa: B007 - how many it took
            done = exchange(till.store, home=till.settings.home, device_key=till.device_key, line=noting, memory=memory)
            memory = done.memory
            if done.is_complete and not done.waiting and done.agreed:
                break
            failures += 1
            pause_s = wait_s(
                done.outcome, failures=failures, every_s=300, dice=dice.random, come_again_s=done.come_again_s
            )
            time.sleep(pause_s)
        else:
            wrong.append(f"{EXCHANGES_MAX} exchanges did not carry it: {done.outcome}, {done.waiting} waiting")
        seconds = time.monotonic() - began
    wrong += _compared(waiting, till.store)
    till.close()
    cuts = int(seconds // cut_every_s) if cut_every_s else 0
    return Carried(seconds, exchanges, noting.lost, len(noting.batches), noting.sent_again, cuts, wrong)


def _compared(waiting: speed.Waiting, store: Store) -> list[str]:
    office = open_office(waiting.settings())
    with store.read() as mine, office.store.read() as its:
        pairs = [
            sorted((row.entry_id, row.data) for row in conn.execute(select(journal.c.entry_id, journal.c.data)))
            for conn in (mine, its)
        ]
    office.close()
    return [] if pairs[0] == pairs[1] else [f"{len(pairs[0])} entries at the till, {len(pairs[1])} at head office"]


def both(folder: Path, *, payments: int) -> Iterator[tuple[int, Carried, Carried]]:
    """Carry so many payments over each line uncut, and the same over the line that is cut; yield its bits a second."""
    (folder / "made").mkdir()
    waiting = speed.make(folder / "made", f"sqlite:///{folder}/made/office.db", payments=payments)
    for bits_s in BITS_S:
        uncut = carry(waiting.copied(folder / f"uncut {bits_s}"), bits_s=bits_s)
        cut = carry(waiting.copied(folder / f"cut {bits_s}"), bits_s=bits_s, cut_every_s=CUT_EVERY_S)
        yield bits_s, uncut, cut
    shutil.rmtree(folder / "made")
