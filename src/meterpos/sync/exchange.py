"""The door of the exchange: it drives the protocol's steps against a store and a line, and records how it went.

Write blocks are opened around one acknowledgement or one page, never across the network.
"""

import secrets
import shutil
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, Protocol

from sqlalchemy import Connection

from meterpos import __version__
from meterpos.errors import MeterposError, UserError
from meterpos.ledger import journal
from meterpos.ledger.operations import feed, looking, recalls, sync_state, witnesses
from meterpos.ledger.queries.identity import Identity, identity
from meterpos.ledger.queries.status import waiting
from meterpos.ledger.queries.streams import stream_place, stream_states
from meterpos.ledger.queries.witnesses import forgotten_facts
from meterpos.ledger.store import Store
from meterpos.sync import protocol, steps, wire
from meterpos.sync.client import Line
from meterpos.sync.lock import only_exchange
from meterpos.sync.steps import Course, Failure, Memory

SOFTWARE: Final = f"meterpos {__version__}"


class PracticeStays(UserError):
    """A training till exchanges with nobody."""


class Sender(Protocol):
    """Anything that carries a message to head office and its answer back; `client.Line` in earnest."""

    def send(self, path: str, message: bytes) -> bytes | Failure:
        """Return the answer's bytes, or why there is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far an exchange is: entries head office signed for, feed rows applied, entries still waiting."""

    pushed: int
    pulled: int
    waiting: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ExchangeResult:
    """How an exchange went. `outcome` is "complete" or what stopped it; `detail` a sentence, "" when there is none.

    `waiting` counts entries head office has not signed for; `agreed` is None when it did not come to comparing.
    """

    outcome: str
    pushed: int
    pulled: int
    waiting: int
    agreed: bool | None
    position: int
    generation: int
    held: bool
    exceptions: int
    detail: str
    memory: Memory
    come_again_s: int
    """When head office wants to be asked again, 0 where it did not say."""

    @property
    def is_complete(self) -> bool:
        """Whether everything went both ways."""
        return self.outcome == "complete"


def refuse_training(who: Identity) -> None:
    """Raise PracticeStays when this ledger is for practice: no way out of the house takes it, line or stick."""
    if who.training:
        raise PracticeStays("This is practice: nothing of it is ever sent to head office.")


def exchange(
    store: Store,
    *,
    home: Path,
    device_key: bytes,
    line: Sender | None = None,
    memory: Memory | None = None,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
    progress: Callable[[Progress], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> ExchangeResult:
    """Exchange once with head office: push what waits, pull what is new, compare. Blocks for as long as the line needs.

    `line` is one's own kept connection (else one is opened and closed); `memory` comes from the last result.
    `cancelled` is asked between steps; what was done until then stands.

    Raises: NotEnrolled, PracticeStays, ExchangeRunning, DiskFull; what goes wrong on the line is an outcome.
    """
    with only_exchange(home):
        with store.read() as connection:
            who = identity(connection)
        refuse_training(who)
        if line is not None:
            return _Drive(store, home, who, device_key, line, now, progress, cancelled).run(memory or Memory())
        with Line(who.server_url) as own:
            return _Drive(store, home, who, device_key, own, now, progress, cancelled).run(memory or Memory())


@dataclass(slots=True)
class _Drive:
    store: Store
    home: Path
    who: Identity
    device_key: bytes
    line: Sender
    now: Callable[[], datetime]
    progress: Callable[[Progress], None] | None
    cancelled: Callable[[], bool] | None
    ahead: "_Ahead | None" = None

    def run(self, memory: Memory) -> ExchangeResult:
        started_at = self.now()
        course = Course(memory=memory)
        outcome = self._drive(course)
        with self.store.write() as connection:
            sync_state.record_exchange(
                connection,
                started_at=started_at,
                finished_at=self.now(),
                outcome=outcome,
                pushed=course.pushed,
                pulled=course.pulled,
                detail=course.detail,
            )
        with self.store.read() as connection:
            here = identity(connection)
        return ExchangeResult(
            outcome=outcome,
            pushed=course.pushed,
            pulled=course.pulled,
            waiting=self._waiting(),
            agreed=course.agreed,
            position=here.position,
            generation=here.generation,
            held=course.held,
            exceptions=course.exceptions,
            detail=course.detail,
            memory=course.memory,
            come_again_s=course.come_again_s,
        )

    def _drive(self, course: Course) -> str:
        """Take step after step; return the outcome."""
        speaker = steps.Who(
            device=self.who.device_id,
            key=self.device_key,
            server_key=self.who.server_key,
            software=SOFTWARE,
            condition=self._condition(),
        )
        talk = protocol.exchange(who=speaker, course=course, nonce=lambda: secrets.token_bytes(wire.NONCE_BYTES))
        answer: Any = None
        step: steps.Step | None = None
        try:
            while True:
                if self.cancelled is not None and self.cancelled():
                    return "cancelled"
                done = step
                step = _next_step(talk, answer)
                self._tell(done, course)
                if step is None:
                    return course.result
                answer = self._take(step)
        except MeterposError as error:
            course.detail = str(error)
            return "failed"
        finally:
            talk.close()
            if self.ahead is not None:
                self.ahead.settle()

    def _condition(self) -> dict[str, int]:
        """Say how this till is: what waits here, and how much room its disk has."""
        with self.store.read() as connection:
            behind = waiting(connection)
            current = next((state for state in stream_states(connection) if state.is_current), None)
        said = {"waiting": behind.count, "waiting_minor": max(behind.amount_minor, 0)}
        said["last_seq"] = 0 if current is None else current.last_seq
        with suppress(OSError):
            said["disk_free_mb"] = shutil.disk_usage(self.home).free // 1_000_000
        return said

    def _tell(self, step: steps.Step | None, course: Course) -> None:
        if self.progress is not None and isinstance(step, steps.RecordAck | steps.ApplyPage | steps.ApplyAgain):
            self.progress(Progress(pushed=course.pushed, pulled=course.pulled, waiting=self._waiting()))

    def _waiting(self) -> int:
        with self.store.read() as connection:
            return sum(max(state.last_seq - state.through_seq, 0) for state in stream_states(connection))

    def _take(self, step: steps.Step) -> Any:
        match step:
            case steps.Send():
                return self._send(step)
            case steps.ApplyPage(_, then) if then is not None:
                self.ahead = _Ahead(self.line, then)
                with self.store.write() as connection:
                    return _write(connection, step)
            case _ if isinstance(step, _WRITES):
                with self.store.write() as connection:
                    return _write(connection, step)
            case steps.ReadDigests(anew=True):
                with self.store.write() as connection:
                    feed.sum_digests_anew(connection)
                    return _digests(connection)
            case _:
                with self.store.read() as connection:
                    return _read(connection, step)

    def _send(self, step: steps.Send) -> bytes | steps.Failure:
        ahead, self.ahead = self.ahead, None
        if ahead is not None:
            if ahead.step is step:
                return ahead.wait()
            ahead.settle()
        return self.line.send(step.path, step.message)


class _Ahead:
    """A question on its way while what came before it is written: head office composes a page as the till keeps one."""

    def __init__(self, line: Sender, step: steps.Send) -> None:
        self.step = step
        self._answer: bytes | steps.Failure | BaseException | None = None
        self._thread = threading.Thread(target=self._send, args=(line,), name="ahead", daemon=True)
        self._thread.start()

    def _send(self, line: Sender) -> None:
        try:
            self._answer = line.send(self.step.path, self.step.message)
        except BaseException as error:  # noqa: BLE001 - raised again by `wait`, in the thread that asked
            self._answer = error

    def settle(self) -> None:
        """Wait until the line is free again; what came is of no use any more."""
        self._thread.join()

    def wait(self) -> bytes | steps.Failure:
        """Return the answer once it is there; what sending raised is raised here."""
        self._thread.join()
        if isinstance(self._answer, BaseException):
            raise self._answer
        assert self._answer is not None
        return self._answer


def _next_step(talk: steps.Steps, answer: Any) -> steps.Step | None:
    """Hand the protocol the last step's result and return the next step, None when there is none."""
    try:
        return talk.send(answer)
    except StopIteration:
        return None


_WRITES: Final = (
    steps.RecordAck,
    steps.KeepRecalled,
    steps.ApplyPage,
    steps.ApplyAgain,
    steps.BeginAgain,
    steps.RecordTold,
    steps.ForgetUnheard,
    steps.KeepNamed,
)


def _write(connection: Connection, step: steps.Step) -> Any:
    match step:
        case steps.RecordAck(ack):
            sync_state.record_ack(
                connection,
                stream=ack.stream,
                through_seq=ack.through_seq,
                head=ack.head,
                generation=ack.generation,
                signed_at=datetime.fromisoformat(ack.at),
                may_go_back=True,
            )
            sync_state.forget_couriers(connection)
        case steps.KeepRecalled(stream, after_seq, head, entries):
            recalls.keep_recalled(connection, stream=stream, after_seq=after_seq, head=head, entries=entries)
        case steps.ApplyPage(page):
            feed.apply_page(
                connection,
                generation=page.generation,
                after=page.after,
                through=page.through,
                rows=page.rows,
                as_of=datetime.fromisoformat(page.at),
            )
        case steps.ApplyAgain(page):
            feed.apply_again(connection, generation=page.generation, rows=page.rows)
        case steps.BeginAgain(generation, keep_through):
            feed.begin_again(connection, generation=generation, keep_through=keep_through)
        case steps.RecordTold(fact_ids):
            witnesses.record_told(connection, fact_ids=fact_ids)
        case steps.ForgetUnheard(generation, zones, named):
            return looking.forget_unheard(connection, generation=generation, zones=zones, named=named)
        case steps.KeepNamed(generation, zones, named, everywhere):
            looking.keep_named(connection, generation=generation, zones=zones, named=named, everywhere=everywhere)
    return None


def _read(connection: Connection, step: steps.Step) -> Any:
    match step:
        case steps.ReadStreams():
            return stream_states(connection)
        case steps.ReadEntries(stream, after_seq, entries_max, bytes_max):
            return _entries(connection, stream, after_seq, entries_max, bytes_max)
        case steps.ReadPlace(stream, seq):
            return stream_place(connection, stream, seq=seq)
        case steps.ReadForgotten() | steps.ReadDoubt():
            return forgotten_facts(connection) if step == steps.ReadForgotten() else looking.is_in_doubt(connection)
        case steps.ReadCursor():
            here = identity(connection)
            return steps.Cursor(here.generation, here.position)
        case _:
            return _digests(connection)


def _entries(
    connection: Connection, stream: bytes, after_seq: int, entries_max: int, bytes_max: int
) -> tuple[journal.Entry, ...]:
    entries = journal.entries_after(connection, stream, seq=after_seq, limit=entries_max)
    total = 0
    for index, entry in enumerate(entries):
        total += len(entry.data)
        if total > bytes_max and index:
            return entries[:index]
    return entries


def _digests(connection: Connection) -> dict[str, wire.ZoneDigest]:
    return {
        zone: wire.ZoneDigest(count=held.count, total=held.total) for zone, held in feed.zone_sums(connection).items()
    }
