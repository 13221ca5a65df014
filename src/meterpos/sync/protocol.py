"""The till's side of an exchange as pure steps: no network, no database, no clock, no dice.

`exchange` is a generator. Each thing it yields is a step for its driver to take; the driver sends back the step's
result. A
driver that stops, or dies, between any two steps loses nothing: every completed request is permanent progress.

    push every stream that has entries waiting (the current one is always asked what head office holds)
    -> if the server was restored: let go of what it no longer has, offer again what it lost
    -> if this till was restored: fetch the end of its earlier stream, as far as head office has it
    pull pages until there are no more -> compare digests -> a zone that differs is looked at once more from its start
"""

import contextlib
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, NoReturn

from meterpos.ledger.journal import FIRST_PREV, Entry
from meterpos.ledger.queries.streams import StreamPlace, StreamState
from meterpos.ledger.rules.digest import WRAP
from meterpos.sync import wire
from meterpos.sync.steps import (
    ApplyAgain,
    ApplyPage,
    BeginAgain,
    Course,
    Cursor,
    Failure,
    KeepRecalled,
    ReadCursor,
    ReadDigests,
    ReadEntries,
    ReadPlace,
    ReadStreams,
    RecordAck,
    Result,
    Send,
    Step,
    Steps,
    Trouble,
    Who,
)
from meterpos.sync.wire import Ack, Lineage, Page, Recalled, WireError, ZoneDigest

PUSH_PATH: Final = "/v1/push"
PULL_PATH: Final = "/v1/pull"
RECALL_PATH: Final = "/v1/recall"

ENTRIES_LEAST: Final = 1
BATCH_PACKED_BYTES_MAX: Final = 256 * 1024
BATCH_BYTES_MAX: Final = 8 * 1024 * 1024
ROWS_LEAST: Final = 50
FAILURES_MAX: Final = 6
RESTARTS_MAX: Final = 2
"""How often in one exchange head office may turn out to have been restored."""
MOVES_BACK_MAX: Final = 3
"""How often it may ask one stream to offer again from further back: from where its chain ends, then from the start."""
PAGES_MAX: Final = 10_000


class _Stop(Exception):
    """The exchange can go no further now; `course` says why."""


class _Forked(Exception):
    """Head office has another journal of this stream than this till."""


def exchange(*, who: Who, course: Course, nonce: Callable[[], bytes]) -> Steps:
    """Yield the steps of one exchange; `course` tells how it went, `nonce` gives 8 fresh random bytes a call."""
    talk = _Talk(who=who, course=course, nonce=nonce)
    with contextlib.suppress(_Stop):
        yield from talk.run()
    course.finished = True


@dataclass(slots=True, kw_only=True)
class _Talk:
    who: Who
    course: Course
    nonce: Callable[[], bytes]
    cursor: Cursor = field(default=Cursor(0, 0))
    restarts: int = 0
    failures: int = 0

    def run(self) -> Steps:
        self.cursor = yield ReadCursor()
        while True:
            restarts = self.restarts
            yield from self._push_all()
            if (yield from self._pull_all()):
                return
            assert self.restarts > restarts

    # --- up

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
        if len(entries) >= self.course.memory.entries:
            self._remember(entries=min(self.course.memory.entries * 2, wire.ENTRIES_MAX))
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

    # --- down

    def _pull_all(self) -> Generator[Step, Any, bool]:
        """Pull to the end and compare; False when the server turned out to be restored, so that pushing comes first."""
        differs = sorted(self.course.memory.in_vain)
        then: Send | None = None
        for _ in range(PAGES_MAX):
            page = yield from self._ask(after=self.cursor.position, differs=differs, first=then)
            if page.generation != self.cursor.generation:
                yield from self._restart(page.generation, page.lineage)
                return False
            then = self._question(after=page.through, differs=differs) if page.more else None
            yield ApplyPage(page, then=then)
            self.cursor = replace(self.cursor, position=page.through)
            self.course.pulled += len(page.rows)
            if not page.more:
                yield from self._compare(page)
                return True
        self._stop("interrupted", "There is more to fetch from head office; the next exchange goes on.")

    def _question(self, *, after: int, zones: Sequence[str] = (), differs: Sequence[str] = ()) -> Send:
        message = wire.make_pull(
            key=self.who.key,
            device=self.who.device,
            generation=self.cursor.generation,
            after=after,
            limit=self.course.memory.rows,
            software=self.who.software,
            nonce=self.nonce(),
            zones=zones,
            differs=differs,
        )
        return Send(PULL_PATH, message)

    def _ask(
        self, *, after: int, zones: Sequence[str] = (), differs: Sequence[str] = (), first: Send | None = None
    ) -> Generator[Step, Any, Page]:
        """Ask for one page until it comes, each time for less; `first` is the question when it is already made."""
        question = first or self._question(after=after, zones=zones, differs=differs)
        while True:
            answer: bytes | Failure = yield question
            if isinstance(answer, Failure):
                self._bear(answer)
                self._remember(rows=max(self.course.memory.rows // 2, ROWS_LEAST))
                question = self._question(after=after, zones=zones, differs=differs)
                continue
            try:
                page = wire.read_page(answer, key=self.who.server_key, request=wire.header_digest(question.message))
                if page.generation == self.cursor.generation and page.after != after:
                    raise WireError("binding", f"the page begins after {page.after}, not after {after}")
            except WireError as error:
                self._distrust(error)
            self.failures = 0
            if page.more:
                self._remember(rows=min(self.course.memory.rows * 2, wire.ROWS_MAX))
            return page

    def _compare(self, page: Page) -> Steps:
        """Compare digests; look once more, from the start, at zones that differ, unless the last look at just this
        difference was in vain.
        """
        if self.course.agreed is None:
            self.course.agreed = True
        differing = yield from self._differing(page, anew=False)
        if differing:
            differing = yield from self._differing(page, anew=True)
        again = [zone for zone, gap in differing.items() if self.course.memory.in_vain.get(zone) != gap]
        if again:
            page = yield from self._second_look(again)
            still = yield from self._differing(page, anew=False)
            differing = {zone: gap for zone, gap in (differing | still).items() if zone in still or zone not in again}
        self._remember(in_vain=differing)
        if differing:
            self._disagree(
                f"Balances of {', '.join(differing)} may differ from head office's. Go on working; tell head office."
            )

    def _second_look(self, zones: Sequence[str]) -> Generator[Step, Any, Page]:
        after = 0
        for _ in range(PAGES_MAX):
            page = yield from self._ask(after=after, zones=zones)
            if page.generation != self.cursor.generation:
                break
            yield ApplyAgain(page)
            self.course.pulled += len(page.rows)
            after = page.through
            if not page.more:
                return page
        self._stop("interrupted", "Head office changed while its zones were compared; the next exchange goes on.")

    def _differing(self, page: Page, *, anew: bool) -> Generator[Step, Any, dict[str, ZoneDigest]]:
        """Return the zones whose digests differ, each with how far. Digests add up: while the same facts are missing,
        the gap stays the same, whatever else comes.
        """
        ours: dict[str, ZoneDigest] = yield ReadDigests(anew=anew)
        nothing = ZoneDigest(count=0, total=0)
        return {
            zone: _gap(ours.get(zone, nothing), theirs)
            for zone, theirs in sorted(page.digests.items())
            if ours.get(zone, nothing) != theirs
        }

    # --- what may go wrong

    def _restart(self, generation: int, lineage: Sequence[Lineage]) -> Steps:
        """Enter another generation of head office, keeping the part of the feed both have in common."""
        self.restarts += 1
        if self.restarts > RESTARTS_MAX:
            self._stop("strange", "Head office changed its generation again and again. Tell head office.")
        keep = common_place(self.cursor, generation=generation, lineage=lineage)
        yield BeginAgain(generation, keep)
        self.cursor = Cursor(generation, keep)

    def _bear(self, failure: Failure) -> None:
        """Return when the request is worth another, smaller try; else the exchange stops here."""
        self.failures += 1
        if failure.trouble in ("cut", "too_large") and self.failures <= FAILURES_MAX:
            return
        if failure.code == "revoked":
            self._stop("revoked", failure.sentence)
        if failure.code == "protocol":
            self._stop("outdated", failure.sentence)
        results: dict[Trouble, Result] = {
            "unreachable": "unreachable", "cut": "interrupted", "too_large": "interrupted", "busy": "busy",
            "refused": "refused", "strange": "strange",
        }  # fmt: skip
        self._stop(results[failure.trouble], failure.sentence)

    def _distrust(self, error: WireError) -> NoReturn:
        if error.reason == "protocol":
            self._stop("outdated", "Head office speaks a newer version than this program. Install the update.")
        self._stop(
            "strange", f"The answer did not come from head office ({error.detail}). Is this network asking for a login?"
        )

    def _disagree(self, detail: str) -> None:
        self.course.agreed = False
        self.course.detail = self.course.detail or detail

    def _stop(self, result: Result, detail: str) -> NoReturn:
        self.course.result = result
        self.course.detail = detail
        raise _Stop

    def _shrink_batch(self, sent: int) -> None:
        self._remember(entries=max(min(sent, self.course.memory.entries) // 2, ENTRIES_LEAST))

    def _remember(self, **changes: Any) -> None:
        self.course.memory = replace(self.course.memory, **changes)


def _gap(ours: ZoneDigest, theirs: ZoneDigest) -> ZoneDigest:
    return ZoneDigest(count=theirs.count - ours.count, total=(theirs.total - ours.total) % WRAP)


def common_place(cursor: Cursor, *, generation: int, lineage: Sequence[Lineage]) -> int:
    """Return up to which place the feed of another generation is the one this till has; 0 when they share no history.

    The lineage tells of each restore from which parent, and from which of its places, it began.
    """
    steps = {step.generation: step for step in lineage}
    keep = cursor.position
    seen = set()
    while generation != cursor.generation:
        step = steps.get(generation)
        if step is None or generation in seen:
            return 0
        seen.add(generation)
        keep = min(keep, step.parent_through)
        generation = step.parent
    return keep
