"""What the protocol asks of its driver, step by step, and the records it is told with."""

from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from meterpos.sync.sizes import ENTRIES_FIRST, ROWS_FIRST
from meterpos.sync.wire import Ack, Page, ZoneDigest

Trouble = Literal["unreachable", "cut", "too_large", "busy", "refused", "strange"]
"""No connection; one that broke; a batch too big; a server in trouble; a clear no; an answer that is not head
office's.
"""

Result = Literal[
    "complete", "unreachable", "interrupted", "busy", "refused", "revoked", "strange", "outdated", "forked"
]


@dataclass(frozen=True, slots=True)
class Failure:
    """A request that brought no answer to believe; `sentence` is for the clerk, `code` the server's own word,
    `come_again_s` when it wants to be asked again, 0 where it did not say.
    """

    trouble: Trouble
    sentence: str
    code: str = ""
    come_again_s: int = 0


class Timed(bytes):
    """An answer that says how long it was until it had come, its question's way included."""

    seconds: float


# --- the steps


@dataclass(frozen=True, slots=True)
class Send:
    """Send a message -> bytes of the answer, Timed where a clock was looked at, or Failure."""

    path: str
    message: bytes


@dataclass(frozen=True, slots=True)
class ReadStreams:
    """Read the streams of the journal -> tuple[StreamState, ...], the current one last."""


@dataclass(frozen=True, slots=True)
class ReadEntries:
    """Read entries of a stream above `after_seq` -> tuple[Entry, ...], at least one where there is one."""

    stream: bytes
    after_seq: int
    entries_max: int
    bytes_max: int


@dataclass(frozen=True, slots=True)
class ReadPlace:
    """Read what stands at one place of a stream -> StreamPlace."""

    stream: bytes
    seq: int


@dataclass(frozen=True, slots=True)
class RecordAck:
    """Keep what head office signed for -> None; durable before the next step."""

    ack: Ack


@dataclass(frozen=True, slots=True)
class KeepRecalled:
    """Keep entries this till once made and lost, which follow its `after_seq`, whose id is `head` -> None; durable
    before the next step.
    """

    stream: bytes
    after_seq: int
    head: bytes
    entries: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class ReadCursor:
    """Read where the till stands in the feed -> Cursor."""


@dataclass(frozen=True, slots=True)
class ApplyPage:
    """Apply a page and move the cursor, in one transaction -> None; durable before the next step.

    `then` is the question that follows once it is applied, where there is more: a driver may send it meanwhile.
    """

    page: Page
    then: Send | None = None


@dataclass(frozen=True, slots=True)
class ApplyAgain:
    """Apply a page of a second look, the cursor staying where it is -> None."""

    page: Page


@dataclass(frozen=True, slots=True)
class BeginAgain:
    """Enter another generation, letting go of feed places above `keep_through` -> None."""

    generation: int
    keep_through: int


@dataclass(frozen=True, slots=True)
class ReadDigests:
    """Read the till's digests, summed anew from its facts when `anew` -> dict[str, ZoneDigest]."""

    anew: bool


@dataclass(frozen=True, slots=True)
class ReadDoubt:
    """Read whether a restored head office may have other customers, meters and accounts than the till -> bool."""


@dataclass(frozen=True, slots=True)
class ForgetUnheard:
    """Take their places from facts of `zones` that a whole look did not name -> bool, whether there were any."""

    generation: int
    zones: tuple[str, ...]
    named: frozenset[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class KeepNamed:
    """Let go of customers, meters and accounts of `zones` that a look did not name -> None. `everywhere`: these are
    all the till serves, and nothing is in doubt any more.
    """

    generation: int
    zones: tuple[str, ...]
    named: frozenset[tuple[str, str]]
    everywhere: bool


@dataclass(frozen=True, slots=True)
class ReadForgotten:
    """Read what head office lost in a restore: others' facts without a place -> tuple[Remembered, ...]."""


@dataclass(frozen=True, slots=True)
class RecordTold:
    """Note that head office was told of these facts -> None; durable before the next step."""

    fact_ids: tuple[str, ...]


Step = (
    Send
    | ReadStreams
    | ReadEntries
    | ReadPlace
    | RecordAck
    | KeepRecalled
    | ReadCursor
    | ApplyPage
    | ApplyAgain
    | BeginAgain
    | ReadDigests
    | ReadDoubt
    | ForgetUnheard
    | KeepNamed
    | ReadForgotten
    | RecordTold
)
Steps = Generator[Step, Any, None]


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where the till stands in head office's feed; `position` 0 with nothing pulled yet."""

    generation: int
    position: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Who:
    """Who speaks, to whom: the device's key and id, the server's public key, this program's version.

    `condition` is how the till is as the exchange begins, by the names of records.CONDITION.
    """

    device: str
    key: bytes
    server_key: bytes
    software: str
    condition: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """What one exchange teaches the next, in this process: sizes the line bears, and by how much zones
    still differed after a second look."""

    entries: int = ENTRIES_FIRST
    rows: int = ROWS_FIRST
    has_paged: bool = False
    """Whether `rows` is what a page taught; until then it follows what a batch did."""
    in_vain: Mapping[str, ZoneDigest] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class Course:
    """How an exchange goes, readable at any moment; what it says is true even if the exchange goes no further."""

    memory: Memory = field(default_factory=Memory)
    result: Result = "complete"
    detail: str = ""
    pushed: int = 0
    pulled: int = 0
    exceptions: int = 0
    held: bool = False
    agreed: bool | None = None
    """None while nothing was compared."""
    come_again_s: int = 0
    """When head office wants to be asked again, 0 where it did not say."""
    finished: bool = False
