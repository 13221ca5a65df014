"""The till's side of an exchange by stick: a file there, a file back, each whole or refused; mixed with the network.

The request holds the same batches and the same question as an exchange over the network; the answer the same
acknowledgements and pages. An answer to the latest request is the present truth of what head office holds; of an older
one only the pages still count, as far as they continue what the till has. Reading a file twice changes nothing.
"""

import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from pathlib import Path
from typing import Final

from sqlalchemy import Connection

from meterpos.errors import MeterposError
from meterpos.ledger.journal import entries_after, head
from meterpos.ledger.operations import feed, recalls, sync_state, witnesses
from meterpos.ledger.queries.identity import Identity, identity
from meterpos.ledger.queries.status import waiting
from meterpos.ledger.queries.streams import StreamState, stream_place, stream_states
from meterpos.ledger.queries.witnesses import forgotten_facts
from meterpos.ledger.store import Store
from meterpos.sync import courier_file, wire
from meterpos.sync.courier_file import UnusableCourier
from meterpos.sync.exchange import SOFTWARE, refuse_training
from meterpos.sync.framing import WireError, open_unverified
from meterpos.sync.lock import only_exchange
from meterpos.sync.pulling import as_row
from meterpos.sync.pushing import BATCH_BYTES_MAX
from meterpos.sync.steps import Cursor
from meterpos.sync.talk import common_place
from meterpos.sync.wire import Ack, Page, Recalled

REQUEST_BYTES: Final = 16
ROWS_EACH: Final = 4_000
_BOX_INFO: Final = b"meterpos courier box v1"


@dataclass(frozen=True, slots=True, kw_only=True)
class CourierOut:
    """What was put on the stick: entries, receipts among them, and the size of the file."""

    entries: int
    batches: int
    size_bytes: int


@dataclass(slots=True, kw_only=True)
class CourierIn:
    """What was taken from the stick. ``pushed`` counts entries newly signed for, ``pulled`` rows of the feed.

    ``agreed`` is None where it did not come to comparing; ``detail`` a sentence, "" when there is none.
    """

    pushed: int = 0
    pulled: int = 0
    recalled: int = 0
    waiting: int = 0
    agreed: bool | None = None
    position: int = 0
    generation: int = 0
    detail: str = ""
    was_new: bool = False
    differs: list[str] = field(default_factory=list)


def box_key(device_key: bytes) -> bytes:
    """Return the private X25519 key head office's files are wrapped for: it follows from the device's key."""
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    return HKDF(algorithm=SHA256(), length=32, salt=None, info=_BOX_INFO).derive(device_key)


# --- to the stick


def make_request(store: Store, *, device_key: bytes, at: datetime) -> tuple[bytes, CourierOut]:
    """Return a courier file with everything that waits and the question for what is new, and what it holds.

    Raises: NotEnrolled, PracticeStays.
    """
    with store.read() as connection:
        who = identity(connection)
        refuse_training(who)
        messages, entries = _messages(connection, who, device_key)
        lost, told = _witnesses(connection, who, device_key)
    from meterpos import vault

    content_key, request = secrets.token_bytes(courier_file.KEY_BYTES), secrets.token_hex(REQUEST_BYTES)
    header = courier_file.new_header(
        kind="request",
        till=who.till_name,
        device=who.device_id,
        request=request,
        reply=vault.box_public_of(box_key(device_key)),
        content_key=content_key,
        reader=who.box_key,
    )
    data = courier_file.write(header, [*lost, *messages], content_key=content_key, signer=device_key)
    with store.write() as connection:
        sync_state.note_courier(connection, request=request, made_at=at, told=told)
    return data, CourierOut(entries=entries, batches=len(messages) - 1, size_bytes=len(data))


def _messages(connection: Connection, who: Identity, device_key: bytes) -> tuple[list[bytes], int]:
    """Return batches of every stream, questions for what a restore lost, and the question for the feed."""
    messages: list[bytes] = []
    count = 0
    for state in stream_states(connection):
        for entries in _batches(connection, state):
            messages.append(_push(who, state, entries, device_key))
            count += len(entries)
        if not state.is_current and state.generation is None:
            seq, last = head(connection, state.stream)
            messages.append(
                wire.make_recall(
                    key=device_key, device=who.device_id, stream=state.stream, after_seq=seq, head=last,
                    limit=wire.ENTRIES_MAX, software=SOFTWARE, nonce=secrets.token_bytes(wire.NONCE_BYTES),
                )
            )  # fmt: skip
    messages.append(
        wire.make_pull(
            key=device_key, device=who.device_id, generation=who.generation, after=who.position, limit=ROWS_EACH,
            software=SOFTWARE, nonce=secrets.token_bytes(wire.NONCE_BYTES),
        )
    )  # fmt: skip
    return messages, count


def _witnesses(connection: Connection, who: Identity, device_key: bytes) -> tuple[list[bytes], dict[str, list[str]]]:
    """Return witnesses of what a restore took from head office, and the facts each names, by its digest."""
    messages: list[bytes] = []
    told: dict[str, list[str]] = {}
    for generation, of_one in groupby(forgotten_facts(connection), key=lambda fact: fact.generation):
        rest = list(of_one)
        while rest:
            part, rest = rest[:ROWS_EACH], rest[ROWS_EACH:]
            messages.append(
                wire.make_witness(
                    key=device_key, device=who.device_id, generation=generation, rows=list(map(as_row, part)),
                    software=SOFTWARE, nonce=secrets.token_bytes(wire.NONCE_BYTES),
                )
            )  # fmt: skip
            told[wire.header_digest(messages[-1])] = [fact.fact_id for fact in part]
    return messages, told


def _batches(connection: Connection, state: StreamState) -> Iterator[Sequence[tuple[int, bytes, bytes, bytes]]]:
    """Yield what waits of a stream, in batches of (seq, prev, bytes, id); of the current one an empty batch asks."""
    after = state.through_seq
    if state.through_seq >= state.last_seq:
        if state.is_current or state.generation is None:
            yield []
        return
    while after < state.last_seq:
        batch: list[tuple[int, bytes, bytes, bytes]] = []
        size = 0
        for entry in entries_after(connection, state.stream, seq=after, limit=wire.ENTRIES_MAX):
            size += len(entry.data)
            if batch and size > BATCH_BYTES_MAX:
                break
            batch.append((entry.seq, entry.prev, entry.data, entry.entry_id))
        yield batch
        after = batch[-1][0]


def _push(
    who: Identity, state: StreamState, entries: Sequence[tuple[int, bytes, bytes, bytes]], device_key: bytes
) -> bytes:
    from_seq = entries[0][0] if entries else state.through_seq + 1
    prev = entries[0][1] if entries else state.head
    return wire.make_push(
        key=device_key,
        device=who.device_id,
        stream=state.stream,
        from_seq=from_seq,
        prev=prev,
        head=entries[-1][3] if entries else prev,
        entries=[data for _, _, data, _ in entries],
        generation=who.generation,
        position=who.position,
        software=SOFTWARE,
        nonce=secrets.token_bytes(wire.NONCE_BYTES),
    )


# --- from the stick


def read_answer(data: bytes, store: Store, *, home: Path, device_key: bytes, at: datetime) -> CourierIn:
    """Take in a courier file of head office: what it signed for, and the pages that continue what this till has.

    The whole file is judged before anything of it is used. Each acknowledgement and page is a transaction, so reading
    may stop anywhere and be begun again.

    Raises: UnusableCourier with nothing changed; NotEnrolled, PracticeStays, ExchangeRunning, DiskFull.
    """
    with only_exchange(home):
        with store.read() as connection:
            who = identity(connection)
        refuse_training(who)
        header = courier_file.read_header(data)
        _check_header(header, who)
        content_key = courier_file.unwrap(header, private=box_key(device_key))
        packed = courier_file.read(data, header, content_key=content_key, signer=who.server_key)
        messages = [_judged(message, who) for message in packed]
        read = CourierIn()
        try:
            _Reader(store, read, header.request).take(messages)
        except MeterposError as error:
            if isinstance(error, UnusableCourier):
                raise
            read.detail = str(error)
        _finish(store, read, at=at)
        return read


def _check_header(header: courier_file.Header, who: Identity) -> None:
    if header.kind != "answer":
        raise UnusableCourier("This file goes to head office, not to a till. Take it there; its answer is for here.")
    if header.till != who.till_name:
        raise UnusableCourier(
            f"This file is for till {header.till[:20]}, this is {who.till_name}. Choose another file."
        )


def _judged(message: bytes, who: Identity) -> Ack | Page | Recalled:
    for purpose, read in (
        ("ack", lambda: wire.read_ack(message, key=who.server_key, batch=None, stream=None)),
        ("page", lambda: wire.read_page(message, key=who.server_key, request=None)),
        ("recalled", lambda: wire.read_recalled(message, key=who.server_key, request=None)),
    ):
        try:
            open_unverified(message, purpose=purpose)
        except WireError as error:
            if error.reason == "purpose":
                continue
            raise UnusableCourier(f"The file holds what this program cannot read ({error.detail}).") from error
        try:
            return read()
        except WireError as error:
            raise UnusableCourier(f"The file holds what head office did not sign ({error.detail}).") from error
    raise UnusableCourier("The file holds a message of a kind this program does not know. Install the update.")


@dataclass(slots=True)
class _Reader:
    store: Store
    read: CourierIn
    request: str

    def take(self, messages: Sequence[Ack | Page | Recalled]) -> None:
        with self.store.read() as connection:
            is_latest = bool(self.request) and sync_state.is_latest_word(connection, request=self.request)
        self._enter_generation(messages, is_latest=is_latest)
        for recalled in (one for one in messages if isinstance(one, Recalled)):
            self._recall(recalled)
        for ack in (one for one in messages if isinstance(one, Ack) and is_latest):
            if ack.stream == wire.NO_STREAM:
                self._note_told(ack)
            else:
                self._record(ack)
        for page in (one for one in messages if isinstance(one, Page)):
            self._apply(page)
        if is_latest:
            with self.store.write() as connection:
                sync_state.forget_couriers(connection, through=self.request)

    def _enter_generation(self, messages: Sequence[Ack | Page | Recalled], *, is_latest: bool) -> None:
        """Enter another generation of head office where the file shows one that follows from this till's.

        Raises: UnusableCourier where the file is of an earlier one.
        """
        newest = next((one for one in reversed(messages) if isinstance(one, Ack | Page)), None)
        with self.store.read() as connection:
            here = identity(connection)
        if newest is None or newest.generation == here.generation:
            return
        if not is_latest and here.generation not in {step.parent for step in newest.lineage}:
            raise UnusableCourier(
                "This file is older than what this till has heard of head office since. It is of no use any more."
            )
        cursor = Cursor(here.generation, here.position)
        keep = common_place(cursor, generation=newest.generation, lineage=newest.lineage)
        with self.store.write() as connection:
            feed.begin_again(connection, generation=newest.generation, keep_through=keep)
        self.read.was_new = True

    def _recall(self, recalled: Recalled) -> None:
        with self.store.write() as connection:
            seq, last = head(connection, recalled.stream)
            if not recalled.entries or seq != recalled.after_seq:
                return
            recalls.keep_recalled(
                connection, stream=recalled.stream, after_seq=seq, head=last, entries=recalled.entries
            )
        self.read.recalled += len(recalled.entries)
        self.read.was_new = True

    def _note_told(self, ack: Ack) -> None:
        """Note what head office has heard of, which it lost: no exchange tells it again."""
        with self.store.write() as connection:
            told = sync_state.told_by_courier(connection, request=self.request).get(ack.batch, [])
            witnesses.record_told(connection, fact_ids=told)
        self.read.was_new = True

    def _record(self, ack: Ack) -> None:
        with self.store.write() as connection:
            before = {state.stream: state for state in stream_states(connection)}.get(ack.stream)
            place = stream_place(connection, ack.stream, seq=ack.through_seq)
            if before is not None and not before.is_current and place.entry_id is None:
                return  # the end of an earlier stream, which another copy of this till made
            if before is None or place.entry_id != ack.head:
                self.read.agreed = False
                self.read.detail = (
                    "Head office holds other entries of this till than the till itself. Go on working; tell head "
                    "office that this till may have been restored or copied."
                )
                return
            sync_state.record_ack(
                connection,
                stream=ack.stream,
                through_seq=ack.through_seq,
                head=ack.head,
                generation=ack.generation,
                signed_at=datetime.fromisoformat(ack.at),
                may_go_back=True,
            )
        self.read.pushed += max(ack.through_seq - before.through_seq, 0)
        self.read.was_new |= (ack.through_seq, ack.generation) != (before.through_seq, before.generation)

    def _apply(self, page: Page) -> None:
        """Apply what a page has beyond this till's place; a place it does not reach, or one before it, is left."""
        with self.store.write() as connection:
            here = identity(connection)
            if page.generation != here.generation or not page.after <= here.position <= page.through:
                return
            rows = [row for row in page.rows if row.position > here.position]
            if page.through > here.position or here.as_of is None or here.as_of < datetime.fromisoformat(page.at):
                feed.apply_page(
                    connection,
                    generation=page.generation,
                    after=here.position,
                    through=page.through,
                    rows=rows,
                    as_of=datetime.fromisoformat(page.at),
                )
                self.read.was_new = True
            self.read.pulled += len(rows)
            if not page.more:
                self._compare(connection, page)

    def _compare(self, connection: Connection, page: Page) -> None:
        nothing = feed.ZoneSum(0, 0)
        differs: list[str] = []
        for anew in (False, True):
            if anew:
                feed.sum_digests_anew(connection)
            ours = feed.zone_sums(connection)
            differs = [
                zone
                for zone, theirs in sorted(page.digests.items())
                if (ours.get(zone, nothing).count, ours.get(zone, nothing).total) != (theirs.count, theirs.total)
            ]
            if not differs:
                break
        self.read.agreed = not differs and self.read.agreed is not False
        if differs:
            self.read.differs = differs
            self.read.detail = (
                f"Balances of {', '.join(differs)} may differ from head office's. Go on working; exchange once over a "
                "network, or tell head office."
            )


def _finish(store: Store, read: CourierIn, *, at: datetime) -> None:
    """Note how it went; a file that said nothing new leaves no trace."""
    with store.read() as connection:
        here = identity(connection)
        read.position, read.generation, read.waiting = here.position, here.generation, waiting(connection).count
    if read.was_new:
        with store.write() as connection:
            sync_state.record_exchange(
                connection,
                started_at=at,
                finished_at=at,
                outcome="complete",
                pushed=read.pushed,
                pulled=read.pulled,
                detail=read.detail,
            )
    elif not read.detail:
        read.detail = "This file was read before, or says nothing new."
