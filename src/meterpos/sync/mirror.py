"""The mirror: what head office does not have yet, kept once more on a second medium, in a courier file that grows.

It is written after the commit and after the paper, never in the payment's way. Its key is wrapped for head office, and
kept with the till's secrets: either can read it. Each frame is a batch signed by the device, so what a dead till's
stick holds is delivered like anything else.
"""

import hashlib
import os
import secrets
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sqlalchemy import Connection

from meterpos import vault
from meterpos.errors import UserError
from meterpos.ledger import signing
from meterpos.ledger.journal import Entry, entries_after, make_entry
from meterpos.ledger.journal import head as end_of
from meterpos.ledger.operations import recalls
from meterpos.ledger.queries.identity import Identity, find_identity
from meterpos.ledger.queries.streams import StreamState, stream_states
from meterpos.ledger.store import Store
from meterpos.sync import courier_file, wire
from meterpos.sync.courier_file import Header, UnusableCourier
from meterpos.sync.exchange import SOFTWARE
from meterpos.sync.framing import WireError
from meterpos.sync.lock import HomeBusy, only_one

MIRROR_KEY: Final = "mirror"
LOCK: Final = "mirror.lock"
SUFFIX: Final = ".mirror"
ANEW_ABOVE_BYTES: Final = 4 * 1024 * 1024
"""A mirror larger than this is begun anew, with only what head office does not have."""


class MirrorMissing(UserError):
    """The second medium is not there, or takes nothing. Payments go on; only the mirror does not grow."""


@dataclass(frozen=True, slots=True)
class _Kept:
    """A mirror as it stands: its header and key, how many frames and bytes can be read, and of each stream the batches
    that lead to its last entry without a gap.

    ``is_whole``: nothing follows what can be read.
    """

    header: Header
    key: bytes
    frames: int
    size: int
    runs: dict[bytes, list[wire.Push]]
    is_whole: bool

    def is_ahead(self, states: Sequence[StreamState]) -> bool:
        """Whether it has entries the ledger does not have."""
        last = {state.stream: state.last_seq for state in states}
        return any(run[-1].through_seq > last.get(stream, 0) for stream, run in self.runs.items())

    def has_all(self, states: Sequence[StreamState]) -> bool:
        """Whether it has what head office lacks, down to the first: a restored one holds less than it signed for."""
        waiting = (state for state in states if state.last_seq > state.through_seq and state.stream in self.runs)
        return all(self.runs[state.stream][0].from_seq <= state.through_seq + 1 for state in waiting)

    def is_apart(self, connection: Connection) -> bool:
        """Whether it has another entry than the ledger: this till came back from a copy, and nobody said so."""
        return any(_is_apart(connection, stream, run) for stream, run in self.runs.items())


def _is_apart(connection: Connection, stream: bytes, run: Sequence[wire.Push]) -> bool:
    """Compare the last entry both have; where they have none in common, nothing is known."""
    seq, last = end_of(connection, stream)
    if seq > run[-1].through_seq:
        seq = run[-1].through_seq
        last = entries_after(connection, stream, seq=seq - 1, limit=1)[0].entry_id
    if seq < run[0].from_seq - 1:
        return False
    push = next(push for push in run if push.from_seq - 1 <= seq <= push.through_seq)
    return last != (push.head if seq == push.through_seq else _id_at(push, seq))


def _id_at(push: wire.Push, seq: int) -> bytes:
    """Return the id of the entry at a place of a batch, or of the one before it."""
    prev = push.prev
    for at, data in enumerate(push.entries[: seq - push.from_seq + 1], push.from_seq):
        prev = make_entry(stream=push.stream, seq=at, prev=prev, data=data).entry_id
    return prev


def file_of(folder: Path, till_name: str) -> Path:
    """Return where the mirror of a till lies."""
    return folder / f"{till_name}{SUFFIX}"


def grow(store: Store, *, home: Path, folder: Path, device_key: bytes) -> int:
    """Bring the mirror up to the journal and return how many entries that took; 0 where it was, or somebody else does.

    A restored till takes from it what could not follow before head office had given back the entries between. A mirror
    that holds what this ledger does not is never written over: it is laid aside, for head office to read.

    Raises: MirrorMissing when the medium is not there or does not take it.
    """
    with store.read() as connection:
        who = find_identity(connection)
        states = stream_states(connection)
    if who is None:
        return 0
    with suppress(HomeBusy), only_one(home, LOCK, HomeBusy("The mirror is being written.")):
        if not folder.is_dir():
            raise MirrorMissing(f"The mirror's medium is not at {folder}. Put the stick back; payments go on.")
        try:
            return _grow(store, who, states, home=home, file=file_of(folder, who.till_name), device_key=device_key)
        except OSError as error:
            raise MirrorMissing(
                f"The mirror at {folder} could not be written ({error.strerror}). Check the stick; payments go on."
            ) from error
    return 0


def _grow(
    store: Store, who: Identity, states: Sequence[StreamState], *, home: Path, file: Path, device_key: bytes
) -> int:
    key, signer = vault.read_secret(home, MIRROR_KEY), signing.public_of(device_key)
    kept = None if key is None else _readable(file, key=key, device=who.device_id, signer=signer)
    taken = 0
    if kept is not None and kept.is_ahead(states):
        # After a restore: what lies between was missing, and head office has given it back meanwhile.
        taken = take_back(file, store, key=kept.key, signer=signer)
        with store.read() as connection:
            states = stream_states(connection)
    return taken + _go_on(store, who, states, kept, home=home, file=file, device_key=device_key)


def _go_on(
    store: Store,
    who: Identity,
    states: Sequence[StreamState],
    kept: _Kept | None,
    *,
    home: Path,
    file: Path,
    device_key: bytes,
) -> int:
    """Append what is missing; or begin a new mirror, in the place of one that holds nothing the ledger does not."""
    with store.read() as connection:
        is_apart = kept is not None and kept.is_apart(connection)
    is_delivered = all(one.through_seq >= one.last_seq for one in states)
    if (
        kept is None
        or is_apart
        or not kept.is_whole
        or not kept.has_all(states)
        or (kept.size > ANEW_ABOVE_BYTES and is_delivered)
    ):
        if (kept is None or is_apart or kept.is_ahead(states)) and file.exists():
            lay_aside(file)
        return _begin(store, who, states, home=home, file=file, device_key=device_key)
    ends = {stream: run[-1].through_seq for stream, run in kept.runs.items()}
    with store.read() as connection:
        frames, count = _frames(connection, who, states, kept.header, ends, kept.frames, kept.key, device_key)
    if frames:
        with file.open("r+b") as stream:
            stream.seek(kept.size)
            stream.write(frames)
            stream.flush()
            os.fsync(stream.fileno())
    return count


def lay_aside(file: Path) -> Path:
    """Give a mirror that nobody here can go on with a name of its own; head office can read it still."""
    aside = file.with_name(f"{file.name}.{hashlib.sha256(file.read_bytes()).hexdigest()[:8]}")
    file.replace(aside)
    return aside


def _begin(
    store: Store, who: Identity, states: Sequence[StreamState], *, home: Path, file: Path, device_key: bytes
) -> int:
    """Write a new mirror, under a new key, with everything head office has not signed for; then let it take the name.

    Its key is kept before the file is: a crash between the two only makes the next one begin anew as well.
    """
    key = secrets.token_bytes(courier_file.KEY_BYTES)
    header = courier_file.new_header(
        kind="mirror",
        till=who.till_name,
        device=who.device_id,
        request=secrets.token_hex(16),
        content_key=key,
        reader=who.box_key,
    )
    with store.read() as connection:
        frames, count = _frames(connection, who, states, header, {}, 0, key, device_key)
    part = file.with_name(file.name + ".part")
    with part.open("wb") as stream:
        stream.write(courier_file.MAGIC + header.line + frames)
        stream.flush()
        os.fsync(stream.fileno())
    vault.write_secret(home, MIRROR_KEY, key)
    part.replace(file)
    return count


def _frames(
    connection: Connection,
    who: Identity,
    states: Sequence[StreamState],
    header: Header,
    ends: dict[bytes, int],
    number: int,
    key: bytes,
    device_key: bytes,
) -> tuple[bytes, int]:
    """Return the frames that are missing, and how many entries they hold."""
    frames, count = b"", 0
    for state in states:
        after = ends.get(state.stream, state.through_seq)
        while entries := entries_after(connection, state.stream, seq=after, limit=wire.ENTRIES_MAX):
            message = _push(who, state.stream, entries, device_key)
            frames += courier_file.message_frame(header, number, message, content_key=key)
            number, count, after = number + 1, count + len(entries), entries[-1].seq
    return frames, count


def _push(who: Identity, stream: bytes, entries: Sequence[Entry], device_key: bytes) -> bytes:
    return wire.make_push(
        key=device_key,
        device=who.device_id,
        stream=stream,
        from_seq=entries[0].seq,
        prev=entries[0].prev,
        head=entries[-1].entry_id,
        entries=[entry.data for entry in entries],
        generation=who.generation,
        position=who.position,
        software=SOFTWARE,
        nonce=secrets.token_bytes(wire.NONCE_BYTES),
    )


def _readable(file: Path, *, key: bytes, device: str, signer: bytes) -> _Kept | None:
    """Return what can be read of the mirror in ``file``; None where there is none to go on with: missing, spoiled from
    its beginning, another's, under another key. A frame is never written twice under one key and number.
    """
    try:
        data = file.read_bytes()
        header = courier_file.read_header(data)
    except (OSError, UnusableCourier):
        return None
    if header.kind != "mirror" or header.device != device:
        return None
    size, frames = len(courier_file.MAGIC) + len(header.line), 0
    runs: dict[bytes, list[wire.Push]] = {}
    for push, after in _pushes(data, header, key=key, signer=signer):
        size, frames = after, frames + 1
        before = runs.get(push.stream, [])
        runs[push.stream] = [*before, push] if before and before[-1].head == push.prev else [push]
    return _Kept(header, key, frames, size, runs, is_whole=size == len(data))


def _pushes(data: bytes, header: Header, *, key: bytes, signer: bytes) -> Iterator[tuple[wire.Push, int]]:
    for content, after in courier_file.frames_of(data, header, content_key=key):
        try:
            yield wire.read_push(content[1:], key=signer), after
        except WireError:
            return


# --- reading one


def take_back(file: Path, store: Store, *, key: bytes, signer: bytes) -> int:
    """Append to the ledger what the mirror of this till has beyond it; return how many entries. Ids are computed anew.

    Raises: UnusableCourier when the file is no mirror.
    """
    data = courier_file.load(file)
    header = courier_file.read_header(data)
    if header.kind != "mirror":
        raise UnusableCourier(f"{file} is no mirror of a till. Choose another file.")
    taken = 0
    for push, _ in _pushes(data, header, key=key, signer=signer):
        with store.write() as connection:
            taken += _append(connection, push)
    return taken


def _append(connection: Connection, push: wire.Push) -> int:
    seq, last = end_of(connection, push.stream)
    if not push.from_seq - 1 <= seq < push.through_seq or _id_at(push, seq) != last:
        return 0
    rest = push.entries[seq - push.from_seq + 1 :]
    recalls.keep_recalled(connection, stream=push.stream, after_seq=seq, head=last, entries=rest)
    return len(rest)
