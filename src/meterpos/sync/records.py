"""What the messages between till and head office say, as frozen records."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal, get_args

import msgspec

Outcome = Literal["stored", "had", "exception", "quarantined"]
OUTCOMES: frozenset[str] = frozenset(get_args(Outcome))


@dataclass(frozen=True, slots=True, kw_only=True)
class Lineage:
    """One restore of head office: `generation` began when `parent` was at `parent_through`; feed places of the
    parent above that
    do not exist any more. Generation numbers are never reused: a restore picks one that no till can have seen."""

    generation: int
    parent: int
    parent_through: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedRow:
    """One row of the feed; `data` is a canonical JSON object. Rows of a page ascend by position."""

    position: int
    zone: str
    kind: str
    key: str
    version: int
    data: bytes


CONDITION: Final = ("last_seq", "waiting", "waiting_minor", "disk_free_mb")
"""What a till says of itself when an exchange begins: its current stream's last entry, how many entries and how much
money wait for head office, how many MB its disk has left."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Push:
    """A batch of one stream's contiguous entries, as the till signed it. `generation` and `position` say how far
    its feed is, `condition` how the till is (`CONDITION`); empty where it did not say.
    """

    device: str
    stream: bytes
    from_seq: int
    prev: bytes
    head: bytes
    entries: tuple[bytes, ...]
    generation: int
    position: int
    software: str
    digest: str
    condition: Mapping[str, int] = field(default_factory=dict)

    @property
    def through_seq(self) -> int:
        """The seq of the last entry; from_seq − 1 for an empty batch (a question: what do you hold?)."""
        return self.from_seq + len(self.entries) - 1


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one entry: stored, had already, stored with an exception (`code`), or kept aside unread
    (`code`). A struct: one is made for each entry that comes in.
    """

    seq: int
    outcome: Outcome
    code: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ack:
    """Head office's signed word: it holds `stream` through `through_seq`, whose entry is `head` (32 zero bytes at 0).

    It may hold less than was sent (it was restored: offer again from through_seq + 1) or more (an earlier answer
    was lost).
    `count` and `sum_minor` are the stream's tenders and reversals through there, reversals negative. `held`: the
    till is revoked; what it
    delivers is kept but posted only when a person releases it. `at` is the server's time. `lineage`: newest first.
    """

    batch: str
    generation: int
    stream: bytes
    through_seq: int
    head: bytes
    at: str
    count: int
    sum_minor: int
    answers: tuple[Answer, ...]
    held: bool = False
    lineage: tuple[Lineage, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Pull:
    """A till asks for feed rows after (generation, after); `zones` empty means all of its own, else a second look
    at these; without `facts` for all rows but those.
    """

    device: str
    generation: int
    after: int
    limit: int
    zones: tuple[str, ...]
    differs: tuple[str, ...]
    facts: bool
    software: str
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ZoneDigest:
    """How many positioned facts a zone has and the sum (mod 2^64) of their digests."""

    count: int
    total: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Feed rows with after < position ≤ through, of `zones`; when there is no more, the digests to compare with.

    `at` is the server's time of making: what "balances as of" means.
    """

    request: str
    generation: int
    after: int
    through: int
    at: str
    more: bool
    zones: tuple[str, ...]
    rows: tuple[FeedRow, ...]
    digests: Mapping[str, ZoneDigest] = field(default_factory=dict)
    lineage: tuple[Lineage, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Enrol:
    """A new till shows its one-time code and, by signing with it, its new key. The same code and key again get the
    same certificate.
    """

    code: str
    public_key: bytes
    title: str
    software: str
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """Head office names a till: which device, which zones, under which keys (`box_key`: X25519, to wrap secrets
    for head office).
    """

    request: str
    device: str
    till: str
    title: str
    zones: tuple[str, ...]
    public_key: bytes
    server_key: bytes
    box_key: bytes
    utility: str
    generation: int
    at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Witness:
    """Feed rows a till once got in `generation` and which a restored head office no longer has: it may learn from
    them.
    """

    device: str
    generation: int
    rows: tuple[FeedRow, ...]
    software: str
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Recall:
    """A till that came back from a backup asks for what it lost: entries of `stream` above `after_seq`, whose own entry
    there is `head`.
    """

    device: str
    stream: bytes
    after_seq: int
    head: bytes
    limit: int
    software: str
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Recalled:
    """Entries of `stream` above `after_seq`, as the till once made them."""

    request: str
    stream: bytes
    after_seq: int
    entries: tuple[bytes, ...]
