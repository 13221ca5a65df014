"""The way up: entries in batches, what head office signs for, and what it still holds of a stream cut short."""

from collections.abc import Generator, Sequence
from dataclasses import replace
from typing import Any, Final

from meterpos.ledger.journal import FIRST_PREV, Entry
from meterpos.ledger.queries.streams import StreamPlace, StreamState
from meterpos.sync import wire
from meterpos.sync.steps import (
    Failure,
    KeepRecalled,
    ReadEntries,
    ReadPlace,
    ReadStreams,
    RecordAck,
    Send,
    Step,
    Steps,
)
from meterpos.sync.talk import PAGES_MAX, PUSH_PATH, RECALL_PATH, Talk
from meterpos.sync.wire import Ack, Recalled, WireError

BATCH_PACKED_BYTES_MAX: Final = 256 * 1024
BATCH_BYTES_MAX: Final = 8 * 1024 * 1024
MOVES_BACK_MAX: Final = 3
"""How often it may ask one stream to offer again from further back: from where its chain ends, then from the start."""


class _Forked(Exception):
    """Head office has another journal of this stream than this till."""


class Pushing(Talk):
    """What an exchange does to deliver."""

    __slots__ = ()

    def _push_all(self) -> Steps:
        """Push what waits; the current stream is asked even when nothing does. Every stream is asked after a restore,
        also one that nobody spoke of: head office holds less than it signed for, or digests differ for good.
        """
        streams: Sequence[StreamState] = yield ReadStreams()
        quiet = [state for state in streams if not state.is_current and state.through_seq == state.last_seq]
        moved_back = bool(self.course.memory.in_vain)
        for state in streams:
            if state not in quiet:
                moved_back |= yield from self._push_unless_forked(state)
        for state in quiet:
            if moved_back or state.generation != self.cursor.generation:
                yield from self._push_unless_forked(state)

    def _push_unless_forked(self, state: StreamState) -> Generator[Step, Any, bool]:
        """Push one stream; a fork of it must keep neither the other streams nor the feed from their way."""
        try:
            return (yield from self._push(state))
        except _Forked:
            self._fork()
            return False

    def _fork(self) -> None:
        self.course.result = "forked"
        self._disagree(
            "Head office holds other entries of this till than the till itself. "
            "Go on working; tell head office that this till may have been restored or copied."
        )

    def _push(self, state: StreamState) -> Generator[Step, Any, bool]:
        """Push one stream to its end; tell whether head office held less than it once signed for."""
        through, prev = state.through_seq, state.head
        moved_back = 0
        while True:
            entries: tuple[Entry, ...] = yield ReadEntries(
                state.stream, through, min(self.course.memory.entries, wire.ENTRIES_MAX), BATCH_BYTES_MAX
            )
            ack = yield from self._push_batch(state.stream, through, prev, entries)
            if ack is None:
                continue
            sent = (entries[-1].seq, entries[-1].entry_id) if entries else (through, prev)
            if not state.is_current and ack.through_seq > state.last_seq:
                yield from self._recall(state, ack)
            ack = yield from self._believe(ack, sent, is_current=state.is_current)
            behind = ack.through_seq < through
            moved_back += behind
            if moved_back > MOVES_BACK_MAX:
                self._stop("strange", "Head office holds fewer entries each time it is asked. Tell head office.")
            if not behind and ack.through_seq == through and entries:
                self._stop("strange", "Head office answered but took nothing. Tell head office.")
            self.course.pushed += max(ack.through_seq - through, 0)
            through, prev = ack.through_seq, ack.head
            if not behind and (not entries or through >= state.last_seq):
                return moved_back > 0

    def _push_batch(
        self, stream: bytes, through: int, prev: bytes, entries: Sequence[Entry]
    ) -> Generator[Step, Any, Ack | None]:
        """Send one batch; None when it has to be tried again, smaller."""
        message = self._batch(stream, through, prev, entries)
        if len(message) > BATCH_PACKED_BYTES_MAX and len(entries) > 1:
            self._shrink_batch(len(entries))
            return None
        answer: bytes | Failure = yield Send(PUSH_PATH, message)
        if isinstance(answer, Failure):
            self._bear(answer)
            self._shrink_batch(len(entries))
            return None
        try:
            ack = wire.read_ack(answer, key=self.who.server_key, batch=wire.header_digest(message), stream=stream)
        except WireError as error:
            self._distrust(error)
        self.failures = 0
        self._learn_of_batch(len(entries), answer)
        return ack

    def _batch(self, stream: bytes, through: int, prev: bytes, entries: Sequence[Entry]) -> bytes:
        return wire.make_push(
            key=self.who.key,
            device=self.who.device,
            stream=stream,
            from_seq=through + 1,
            prev=prev,
            head=entries[-1].entry_id if entries else prev,
            entries=[entry.data for entry in entries],
            generation=self.cursor.generation,
            position=self.cursor.position,
            software=self.who.software,
            nonce=self.nonce(),
            condition=self.who.condition,
        )

    def _believe(self, ack: Ack, sent: tuple[int, bytes], *, is_current: bool) -> Generator[Step, Any, Ack]:
        """Keep a signed acknowledgement, if it speaks of the journal this till has; return it as far as that goes.

        ``sent`` is where the batch ended. When head office's chain ends elsewhere than this till's journal, a restore
        lost the rest of it, or a copy of the till went on. Beyond what was sent: what was sent is on that chain, and
        is held all the same. Before it: head office cannot join what was sent, and is offered everything.
        """
        place: StreamPlace = yield ReadPlace(ack.stream, ack.through_seq)
        if place.entry_id != ack.head:
            if ack.through_seq == sent[0]:
                raise _Forked
            if is_current or place.entry_id is not None:
                self._fork()
            delivered = sent if ack.through_seq > sent[0] else (0, FIRST_PREV)
            ack = replace(ack, through_seq=delivered[0], head=delivered[1])
        elif (place.count, place.sum_minor) != (ack.count, ack.sum_minor):
            self._disagree(
                f"Head office counts {ack.count} receipts of this till, the till {place.count}, "
                "or their sums differ. Tell head office."
            )
        yield RecordAck(ack)
        self.course.held |= ack.held
        self.course.exceptions += sum(answer.outcome in ("exception", "quarantined") for answer in ack.answers)
        if ack.generation != self.cursor.generation:
            yield from self._restart(ack.generation, ack.lineage)
        return ack

    def _recall(self, state: StreamState, ack: Ack) -> Steps:
        """Fetch what head office holds of an earlier stream beyond this till's end of it: a restore lost it here.

        Where its chain is another there, nothing comes. Each answer is kept before the next is asked for.
        """
        after = state.last_seq
        for _ in range(PAGES_MAX):
            place: StreamPlace = yield ReadPlace(state.stream, after)
            assert place.entry_id is not None, "a stream's end is there"
            recalled = yield from self._ask_for_entries(state.stream, after, place.entry_id)
            if not recalled.entries:
                return
            yield KeepRecalled(state.stream, after, place.entry_id, recalled.entries)
            after += len(recalled.entries)
            if after >= ack.through_seq:
                return

    def _ask_for_entries(self, stream: bytes, after: int, head: bytes) -> Generator[Step, Any, Recalled]:
        """Ask until an answer comes, each time for less."""
        while True:
            message = wire.make_recall(
                key=self.who.key,
                device=self.who.device,
                stream=stream,
                after_seq=after,
                head=head,
                limit=min(self.course.memory.entries, wire.ENTRIES_MAX),
                software=self.who.software,
                nonce=self.nonce(),
            )
            answer: bytes | Failure = yield Send(RECALL_PATH, message)
            if isinstance(answer, Failure):
                self._bear(answer)
                self._shrink_batch(self.course.memory.entries)
                continue
            try:
                recalled = wire.read_recalled(answer, key=self.who.server_key, request=wire.header_digest(message))
            except WireError as error:
                self._distrust(error)
            self.failures = 0
            return recalled
