"""An exchange in memory: a head office and a till that keep everything in lists, for the protocol's tests."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from meterpos.ledger import signing
from meterpos.ledger.feedrows import STREAM_GREW
from meterpos.ledger.journal import FIRST_PREV, Entry, make_entry
from meterpos.ledger.queries.streams import StreamPlace, StreamState
from meterpos.ledger.queries.witnesses import Remembered
from meterpos.sync import protocol, steps, talk, wire
from meterpos.sync.steps import Course, Cursor, Failure, Memory

DEVICE = "device-1"
TILL_KEY = bytes(range(32))
SERVER_KEY = bytes(range(1, 33))
AT = "2026-11-20T06:41:07.123Z"
Answer = bytes | Failure


def digest(rows: Iterable[wire.FeedRow]) -> wire.ZoneDigest:
    """Return a digest of rows as the real one: a count and an additive sum."""
    shares = [hash((row.key, row.data)) & 0xFFFFFFFF for row in rows if row.kind == "fact"]
    return wire.ZoneDigest(count=len(shares), total=sum(shares))


@dataclass
class Office:
    """Head office with what it was sent and what it has to send."""

    generation: int = 1
    lineage: tuple[wire.Lineage, ...] = ()
    streams: dict[bytes, list[Entry]] = field(default_factory=dict)
    rows: list[wire.FeedRow] = field(default_factory=list)
    zones: tuple[str, ...] = ("*", "Kondele")
    held: bool = False
    entry_limit: int = 5_000
    answered: list[wire.Push | wire.Pull] = field(default_factory=list)
    last_position: int = 0
    witnesses: list[wire.Witness] = field(default_factory=list)

    def say(self, key: str, *, zone: str = "Kondele", kind: str = "fact", data: bytes = b"{}") -> None:
        """Put a row into the feed, in place of an older one of the same key."""
        self.rows = [row for row in self.rows if (row.zone, row.key) != (zone, key)]
        self.last_position += 1
        self.rows.append(wire.FeedRow(position=self.last_position, zone=zone, kind=kind, key=key, version=1, data=data))

    def send(self, path: str, message: bytes) -> Answer:
        """Answer a message as an honest server would."""
        if path == talk.PUSH_PATH:
            return self.push(wire.read_push(message, key=signing.public_of(TILL_KEY)))
        if path == talk.RECALL_PATH:
            return self.recall(wire.read_recall(message, key=signing.public_of(TILL_KEY)))
        if path == talk.WITNESS_PATH:
            return self.hear(wire.read_witness(message, key=signing.public_of(TILL_KEY)))
        return self.pull(wire.read_pull(message, key=signing.public_of(TILL_KEY)))

    def push(self, push: wire.Push) -> bytes:
        """Store what continues the chain; say how far it goes."""
        self.answered.append(push)
        chain = self.streams.setdefault(push.stream, [])
        answers = []
        for seq, data in enumerate(push.entries[: self.entry_limit], start=push.from_seq):
            if seq > len(chain) + 1:
                break
            if seq == len(chain) + 1:
                prev = chain[-1].entry_id if chain else FIRST_PREV
                chain.append(make_entry(stream=push.stream, seq=seq, prev=prev, data=data))
                answers.append(wire.Answer(seq=seq, outcome="exception", code="odd") if b"odd" in data else stored(seq))
            else:
                answers.append(wire.Answer(seq=seq, outcome="had"))
        return self.ack(push, chain, answers)

    def ack(self, push: wire.Push, chain: list[Entry], answers: list[wire.Answer], **changed: Any) -> bytes:
        """Sign for a chain."""
        said: dict[str, Any] = {
            "batch": push.digest,
            "generation": self.generation,
            "stream": push.stream,
            "through_seq": len(chain),
            "head": chain[-1].entry_id if chain else FIRST_PREV,
            "at": AT,
            "count": len(chain),
            "sum_minor": 100 * len(chain),
            "answers": answers,
            "held": self.held,
            "lineage": self.lineage,
        }
        return wire.make_ack(key=SERVER_KEY, **(said | changed))

    def recall(self, asked: wire.Recall, **changed: Any) -> bytes:
        """Sign the entries that follow a place, where the chain has that place."""
        chain = self.streams.get(asked.stream, [])
        here = ([FIRST_PREV, *(entry.entry_id for entry in chain)])[asked.after_seq :][:1]
        entries = chain[asked.after_seq :][: min(asked.limit, self.entry_limit)] if here == [asked.head] else []
        said: dict[str, Any] = {
            "request": asked.digest,
            "stream": asked.stream,
            "after_seq": asked.after_seq,
            "entries": [entry.data for entry in entries],
        }
        return wire.make_recalled(key=SERVER_KEY, **(said | changed))

    def hear(self, said: wire.Witness, **changed: Any) -> bytes:
        """Sign that a witness was heard."""
        self.witnesses.append(said)
        answer: dict[str, Any] = {
            "batch": said.digest, "generation": self.generation, "stream": wire.NO_STREAM, "through_seq": 0,
            "head": FIRST_PREV, "at": AT, "count": 0, "sum_minor": 0, "answers": (), "lineage": self.lineage,
        }  # fmt: skip
        return wire.make_ack(key=SERVER_KEY, **(answer | changed))

    def pull(self, pull: wire.Pull, **changed: Any) -> bytes:
        """Sign a page."""
        self.answered.append(pull)
        zones = pull.zones or self.zones
        waiting = [row for row in self.rows if row.position > pull.after and row.zone in zones]
        waiting = [row for row in waiting if pull.facts or row.kind != "fact"]
        rows = waiting[: pull.limit]
        more = len(waiting) > len(rows)
        said: dict[str, Any] = {
            "request": pull.digest,
            "generation": self.generation,
            "after": pull.after,
            "through": rows[-1].position if more else max(self.last_position, pull.after),
            "at": AT,
            "more": more,
            "zones": zones,
            "rows": rows,
            "digests": {} if more else {zone: digest(r for r in self.rows if r.zone == zone) for zone in zones},
            "lineage": self.lineage,
        }
        return wire.make_page(key=SERVER_KEY, **(said | changed))

    def restore(self, *, generation: int, rows_through: int, entries: int) -> None:
        """Come back from a backup: fewer entries and feed places, a generation that says so."""
        self.lineage = (
            wire.Lineage(generation=generation, parent=self.generation, parent_through=rows_through),
            *self.lineage,
        )
        self.generation = generation
        self.forget(rows_through=rows_through, entries=entries)

    def forget(self, *, rows_through: int, entries: int) -> None:
        """Lose the newest of everything."""
        self.rows = [row for row in self.rows if row.position <= rows_through]
        self.last_position = min(self.last_position, rows_through)
        self.streams = {stream: chain[:entries] for stream, chain in self.streams.items()}


def stored(seq: int) -> wire.Answer:
    """Return the usual answer."""
    return wire.Answer(seq=seq, outcome="stored")


@dataclass
class Stream:
    """One stream of a till in memory."""

    name: bytes
    entries: list[Entry] = field(default_factory=list)
    through_seq: int = 0
    head: bytes = FIRST_PREV
    generation: int | None = None

    def make(self, count: int, *, text: str = "entry") -> None:
        """Append entries."""
        for _ in range(count):
            seq = len(self.entries) + 1
            prev = self.entries[-1].entry_id if self.entries else FIRST_PREV
            data = b'{"schema":1,"n":%d,"text":"%s"}' % (seq, text.encode())
            self.entries.append(make_entry(stream=self.name, seq=seq, prev=prev, data=data))


@dataclass
class Till:
    """A till in memory: it takes the protocol's steps."""

    streams: list[Stream] = field(default_factory=lambda: [Stream(bytes(16))])
    cursor: Cursor = field(default_factory=lambda: Cursor(1, 0))
    rows: dict[tuple[str, str], wire.FeedRow] = field(default_factory=dict)
    memory: Memory = field(default_factory=Memory)
    lost: dict[str, tuple[int, wire.FeedRow]] = field(default_factory=dict)
    """What a generation took, by id: in which it was heard."""
    taken: list[steps.Step] = field(default_factory=list)
    in_doubt: bool = False
    deaf_to: frozenset[str] = frozenset()
    """Keys of rows that it never keeps, so that it differs for good."""
    wrong_sum: bool = False
    stale_digest: bool = False
    nonces: Iterator[int] = field(default_factory=count)

    @property
    def stream(self) -> Stream:
        """The current stream."""
        return self.streams[-1]

    def meet(self, send: Callable[[str, bytes], Answer], *, steps_max: int = 1_000) -> Course:
        """Play one exchange, or the first steps of one."""
        course = Course(memory=self.memory)
        who = steps.Who(device=DEVICE, key=TILL_KEY, server_key=signing.public_of(SERVER_KEY), software="test")
        talk = protocol.exchange(who=who, course=course, nonce=lambda: next(self.nonces).to_bytes(8, "big"))
        answer: Any = None
        for _ in range(steps_max):
            try:
                step = talk.send(answer)
            except StopIteration:
                break
            self.taken.append(step)
            answer = send(step.path, step.message) if isinstance(step, steps.Send) else self._take(step)
        talk.close()
        self.memory = course.memory
        return course

    def _take(self, step: steps.Step) -> Any:
        match step:
            case steps.ReadStreams():
                return tuple(self._state(stream) for stream in self.streams)
            case steps.ReadEntries(name, after, entries_max, _):
                return tuple(self._named(name).entries[after : after + entries_max])
            case steps.ReadPlace(name, seq):
                return self._place(self._named(name), seq)
            case steps.RecordAck(ack):
                stream = self._named(ack.stream)
                stream.through_seq, stream.head, stream.generation = ack.through_seq, ack.head, ack.generation
            case steps.KeepRecalled(name, after, head, entries):
                kept = self._named(name).entries
                assert (len(kept), kept[-1].entry_id if kept else FIRST_PREV) == (after, head)
                for data in entries:
                    prev = kept[-1].entry_id if kept else FIRST_PREV
                    kept.append(make_entry(stream=name, seq=len(kept) + 1, prev=prev, data=data))
            case steps.ReadCursor():
                return self.cursor
            case steps.ApplyPage(page):
                assert self.cursor == Cursor(page.generation, page.after)
                self._apply(page)
                self.cursor = Cursor(page.generation, page.through)
            case steps.ApplyAgain(page):
                self._apply(page)
            case steps.BeginAgain(generation, keep):
                gone = {row.key: (self.cursor.generation, row) for row in self.rows.values() if row.position > keep}
                self.lost |= {key: lost for key, lost in gone.items() if lost[1].kind == "fact"}
                self.in_doubt |= any(row.kind != "fact" for _, row in gone.values())
                self.rows = {key: row for key, row in self.rows.items() if row.position <= keep}
                self.cursor = Cursor(generation, keep)
            case _:
                return self._take_of_looking(step)
        return None

    def _take_of_looking(self, step: steps.Step) -> Any:
        match step:
            case steps.ReadDigests(anew):
                return self._digests(anew)
            case steps.ReadForgotten():
                return tuple(self._forgotten())
            case steps.ReadDoubt():
                return self.in_doubt
            case steps.ForgetUnheard(generation, zones, named):
                assert generation == self.cursor.generation
                return self._let_go(zones, named, is_fact=True)
            case steps.KeepNamed(generation, zones, named, everywhere):
                assert generation == self.cursor.generation
                self.in_doubt &= not everywhere
                self._let_go(zones, named, is_fact=False)
            case steps.RecordTold(fact_ids):
                self.lost = {key: lost for key, lost in self.lost.items() if key not in fact_ids}
        return None

    def _apply(self, page: wire.Page) -> None:
        self.rows |= {(row.zone, row.key): row for row in page.rows if row.key not in self.deaf_to}
        for row in page.rows:
            self.lost.pop(row.key, None)
            if row.kind == STREAM_GREW:
                self._named(bytes.fromhex(row.key)).generation = None

    def _let_go(self, zones: tuple[str, ...], named: frozenset[tuple[str, str]], *, is_fact: bool) -> bool:
        """Drop what a look did not name: facts, which are lost with it, or all else."""
        unnamed = {
            place: row
            for place, row in self.rows.items()
            if row.zone in zones and (row.kind == "fact") == is_fact and (row.kind, row.key) not in named
        }
        self.rows = {place: row for place, row in self.rows.items() if place not in unnamed}
        if is_fact:
            self.lost |= {row.key: (self.cursor.generation, row) for row in unnamed.values()}
        return bool(unnamed)

    def _forgotten(self) -> Iterator[Remembered]:
        for generation, row in self.lost.values():
            yield Remembered(
                fact_id=row.key, generation=generation, position=row.position, zone=row.zone, data=row.data
            )

    def _digests(self, anew: bool) -> dict[str, wire.ZoneDigest]:
        if self.stale_digest and not anew:
            return {}
        zones = {zone for zone, _ in self.rows}
        return {zone: digest(row for row in self.rows.values() if row.zone == zone) for zone in zones}

    def _named(self, name: bytes) -> Stream:
        return next(stream for stream in self.streams if stream.name == name)

    def _state(self, stream: Stream) -> StreamState:
        return StreamState(
            stream=stream.name,
            is_current=stream is self.stream,
            through_seq=stream.through_seq,
            head=stream.head,
            last_seq=len(stream.entries),
            generation=stream.generation,
        )

    def _place(self, stream: Stream, seq: int) -> StreamPlace:
        if seq > len(stream.entries):
            entry_id = None
        else:
            entry_id = stream.entries[seq - 1].entry_id if seq else FIRST_PREV
        return StreamPlace(entry_id=entry_id, count=seq, sum_minor=100 * seq + self.wrong_sum)


def sent(till: Till, path: str) -> int:
    """Return how many requests of this path a till has made."""
    return sum(isinstance(step, steps.Send) and step.path == path for step in till.taken)


def told(till: Till, office: Office) -> bool:
    """Tell whether head office holds every entry of the till, and the till knows."""
    return all(
        office.streams.get(stream.name) == stream.entries and stream.through_seq == len(stream.entries)
        for stream in till.streams
    )


def wire_key() -> bytes:
    """Return the till's public key."""
    return signing.public_of(TILL_KEY)
