"""The messages between till and head office: pure bytes to frozen records and back, version 1.

Each is the envelope of framing.py. A request carries a random `nonce`; its answer names the request by the digest of the
request's header line (`batch`, `request`), so a stale or another's answer is never taken for this one's. Whatever a `read_…`
returns has been checked whole: sizes, form, ranges, body hash, signature, purpose and binding; anything else is a WireError.

    till  -> head office   push (entries) · pull (ask for a page) · enrol (a code and a new key) · witness (what a restore lost)
    till <-  head office   ack · page · certificate · receipt of a witness is an ack too
"""

import base64
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, get_args

from meterpos.sync import fields
from meterpos.sync.framing import INTEGER_MAX, Sealed, WireError, check_signature, decode, encode, header_digest, open_unverified, seal

__all__ = [
    "Ack", "Answer", "Certificate", "Enrol", "FeedRow", "Lineage", "Page", "Pull", "Push", "WireError", "Witness", "ZoneDigest",
    "code_fingerprint", "header_digest", "make_ack", "make_certificate", "make_code", "make_enrol", "make_page", "make_pull",
    "make_push", "make_witness", "read_ack", "read_certificate", "read_code", "read_enrol", "read_page", "read_pull", "read_push",
    "read_witness", "sender_of",
]  # fmt: skip

PROTOCOL = 1
ENTRIES_MAX = 5_000
ENTRY_BYTES_MAX = 256 * 1024
ROWS_MAX = 10_000
ROW_BYTES_MAX = 256 * 1024
ZONES_MAX = 500
LINEAGE_MAX = 64
CODE_RANDOM_BYTES = 8
CODE_FINGERPRINT_BYTES = 8

Outcome = Literal["stored", "had", "exception", "quarantined"]
OUTCOMES: frozenset[str] = frozenset(get_args(Outcome))


@dataclass(frozen=True, slots=True, kw_only=True)
class Lineage:
    """One restore of head office: `generation` began when `parent` was at `parent_through`; feed places of the parent above that
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Push:
    """A batch of one stream's contiguous entries, as the till signed it. `generation` and `position` say how far its feed is."""

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

    @property
    def through_seq(self) -> int:
        """The seq of the last entry; from_seq − 1 for an empty batch (a question: what do you hold?)."""
        return self.from_seq + len(self.entries) - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What became of one entry: stored, had already, stored with an exception (`code`), or kept aside unread (`code`)."""

    seq: int
    outcome: Outcome
    code: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ack:
    """Head office's signed word: it holds `stream` through `through_seq`, whose entry is `head` (32 zero bytes at 0).

    It may hold less than was sent (it was restored: offer again from through_seq + 1) or more (an earlier answer was lost).
    `count` and `sum_minor` are the stream's tenders and reversals through there, reversals negative. `held`: the till is revoked; what it
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
    """A till asks for feed rows after (generation, after); `zones` empty means all of its own, else a second look at these."""

    device: str
    generation: int
    after: int
    limit: int
    zones: tuple[str, ...]
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
    """A new till shows its one-time code and, by signing with it, its new key. The same code and key again get the same certificate."""

    code: str
    public_key: bytes
    title: str
    software: str
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """Head office names a till: which device, which zones, under which keys (`box_key`: X25519, to wrap secrets for head office)."""

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
    """Feed rows a till once got in `generation` and which a restored head office no longer has: it may learn from them."""

    device: str
    generation: int
    rows: tuple[FeedRow, ...]
    software: str
    digest: str


# --- push and its acknowledgement


def make_push(
    *,
    key: bytes,
    device: str,
    stream: bytes,
    from_seq: int,
    prev: bytes,
    head: bytes,
    entries: Sequence[bytes],
    generation: int,
    position: int,
    software: str,
    nonce: bytes,
) -> bytes:
    """Sign a batch with the device key; `prev` is the id of the entry before from_seq, `head` that of the last one (= prev if none)."""
    assert len(entries) <= ENTRIES_MAX, len(entries)
    header: dict[str, object] = {
        "purpose": "push", "protocol": PROTOCOL, "device": device, "stream": stream.hex(), "from_seq": from_seq,
        "count": len(entries), "prev": prev.hex(), "head": head.hex(), "generation": generation, "position": position,
        "software": software, "nonce": nonce.hex(),
    }  # fmt: skip
    return seal(header, key=key, body=entries)


def read_push(packed: bytes, *, key: bytes) -> Push:
    """Read a batch signed by the device key `key`. The chain (does `head` follow from `prev`?) is the intake's to judge."""
    sealed = _open(packed, purpose="push", key=key)
    header = fields.Header(sealed.header)
    stream, from_seq = header.octets("stream", size=16), header.integer("from_seq", least=1)
    if any(len(entry) > ENTRY_BYTES_MAX for entry in sealed.body):
        raise WireError("size", f"an entry is larger than {ENTRY_BYTES_MAX} bytes")
    _counted(header, sealed.body, ENTRIES_MAX)
    push = Push(
        device=header.text("device"),
        stream=stream,
        from_seq=from_seq,
        prev=header.octets("prev", size=32),
        head=header.octets("head", size=32),
        entries=sealed.body,
        generation=header.integer("generation"),
        position=header.integer("position"),
        software=header.text("software", empty=True),
        digest=sealed.digest,
    )
    header.octets("nonce", size=16)
    header.finish()
    if not push.entries and push.prev != push.head:
        raise WireError("range", "an empty batch with a head of its own")
    return push


def make_ack(
    *,
    key: bytes,
    batch: str,
    generation: int,
    stream: bytes,
    through_seq: int,
    head: bytes,
    at: str,
    count: int,
    sum_minor: int,
    answers: Sequence[Answer],
    held: bool = False,
    lineage: Sequence[Lineage] = (),
) -> bytes:
    """Sign the answer to a batch with the server key; `batch` is Push.digest, `answers` ascend by seq, `at` an ISO instant in UTC."""
    header: dict[str, object] = {
        "purpose": "ack", "protocol": PROTOCOL, "batch": batch, "generation": generation, "stream": stream.hex(),
        "through_seq": through_seq, "head": head.hex(), "at": at, "count": count, "sum": sum_minor, "held": held,
        "answers": _runs(answers), "lineage": _lineage_out(lineage),
    }  # fmt: skip
    return seal(header, key=key)


def read_ack(packed: bytes, *, key: bytes, batch: str, stream: bytes) -> Ack:
    """Read the answer of the server whose key this is to the batch with this digest, for this stream."""
    sealed = _open(packed, purpose="ack", key=key)
    header = fields.Header(sealed.header)
    ack = Ack(
        batch=header.text("batch"),
        generation=header.integer("generation", least=1),
        stream=header.octets("stream", size=16),
        through_seq=header.integer("through_seq"),
        head=header.octets("head", size=32),
        at=header.instant("at"),
        count=header.integer("count"),
        sum_minor=header.integer("sum", least=-INTEGER_MAX),
        answers=_answers(header.items("answers", most=ENTRIES_MAX)),
        held=header.boolean("held"),
        lineage=_lineage_in(header),
    )
    header.finish()
    _no_body(sealed)
    if ack.batch != batch:
        raise WireError("binding", "the acknowledgement is for another batch")
    if ack.stream != stream:
        raise WireError("binding", "the acknowledgement is for another stream")
    if (ack.through_seq == 0) != (ack.head == bytes(32)):
        raise WireError("range", "the acknowledgement's head does not fit its seq")
    return ack


# --- pull and its page


def make_pull(
    *,
    key: bytes,
    device: str,
    generation: int,
    after: int,
    limit: int,
    software: str,
    nonce: bytes,
    zones: Sequence[str] = (),
) -> bytes:
    """Sign the question for the next page with the device key."""
    header: dict[str, object] = {
        "purpose": "pull", "protocol": PROTOCOL, "device": device, "generation": generation, "after": after, "limit": limit,
        "zones": list(zones), "software": software, "nonce": nonce.hex(),
    }  # fmt: skip
    return seal(header, key=key)


def read_pull(packed: bytes, *, key: bytes) -> Pull:
    """Read the question of the till whose device key this is."""
    sealed = _open(packed, purpose="pull", key=key)
    header = fields.Header(sealed.header)
    pull = Pull(
        device=header.text("device"),
        generation=header.integer("generation"),
        after=header.integer("after"),
        limit=header.integer("limit", least=1, most=ROWS_MAX),
        zones=header.texts("zones", most=ZONES_MAX),
        software=header.text("software", empty=True),
        digest=sealed.digest,
    )
    header.octets("nonce", size=16)
    header.finish()
    _no_body(sealed)
    return pull


def make_page(
    *,
    key: bytes,
    request: str,
    generation: int,
    after: int,
    through: int,
    at: str,
    more: bool,
    zones: Sequence[str],
    rows: Sequence[FeedRow],
    digests: Mapping[str, ZoneDigest] | None = None,
    lineage: Sequence[Lineage] = (),
) -> bytes:
    """Sign a page with the server key; `request` is Pull.digest. Rows ascend by position; `digests` only when there is no more."""
    assert len(rows) <= ROWS_MAX, len(rows)
    header: dict[str, object] = {
        "purpose": "page", "protocol": PROTOCOL, "request": request, "generation": generation, "from": after, "to": through,
        "count": len(rows), "at": at, "more": more, "zones": list(zones), "lineage": _lineage_out(lineage),
        "digests": {zone: [digest.count, f"{digest.total:016x}"] for zone, digest in (digests or {}).items()},
    }  # fmt: skip
    return seal(header, key=key, body=[_row_out(row) for row in rows])


def read_page(packed: bytes, *, key: bytes, request: str) -> Page:
    """Read the answer of the server whose key this is to the pull with this digest; that it continues the cursor is protocol.py's."""
    sealed = _open(packed, purpose="page", key=key)
    header = fields.Header(sealed.header)
    _counted(header, sealed.body, ROWS_MAX)
    page = Page(
        request=header.text("request"),
        generation=header.integer("generation", least=1),
        after=header.integer("from"),
        through=header.integer("to"),
        at=header.instant("at"),
        more=header.boolean("more"),
        zones=header.texts("zones", most=ZONES_MAX),
        rows=tuple(_row_in(line) for line in sealed.body),
        digests=_digests(header.mapping("digests", most=ZONES_MAX)),
        lineage=_lineage_in(header),
    )
    header.finish()
    if page.request != request:
        raise WireError("binding", "the page answers another request")
    _check_ascent(page)
    return page


def _check_ascent(page: Page) -> None:
    last = page.after
    for row in page.rows:
        if not last < row.position <= page.through:
            raise WireError("range", f"row {row.position} does not ascend within {page.after}..{page.through}")
        if row.zone not in page.zones:
            raise WireError("range", f"row {row.position} is of zone {row.zone[:40]}, not asked for")
        last = row.position
    if page.through < page.after or (page.more and page.through == page.after):
        raise WireError("range", "the page does not move on")
    if page.more and page.digests:
        raise WireError("range", "digests before the last page")


# --- enrolment


def make_code(random: bytes, *, server_key: bytes) -> str:
    """Make a one-time enrolment code of 8 random bytes: base32, with the fingerprint of the server's key inside."""
    assert len(random) == CODE_RANDOM_BYTES
    return base64.b32encode(random + code_fingerprint(server_key)).decode("ascii").rstrip("=")


def read_code(text: str) -> tuple[str, bytes]:
    """Read a code as typed (any case, spaces and dashes between); return it normalised, and the fingerprint it carries.

    Raises: WireError (form) for anything else.
    """
    code = "".join(text.split()).replace("-", "").upper().replace("0", "O").replace("1", "I").replace("8", "B")
    try:
        octets = base64.b32decode(code + "=" * (-len(code) % 8))
    except ValueError as error:
        raise WireError("form", "the enrolment code holds a character that codes do not have") from error
    if len(octets) != CODE_RANDOM_BYTES + CODE_FINGERPRINT_BYTES or base64.b32encode(octets).decode("ascii").rstrip("=") != code:
        raise WireError("form", "the enrolment code is too long, too short or mistyped")
    return code, octets[CODE_RANDOM_BYTES:]


def code_fingerprint(server_key: bytes) -> bytes:
    """Return what an enrolment code carries of the server's public key."""
    return hashlib.sha256(server_key).digest()[:CODE_FINGERPRINT_BYTES]


def make_enrol(*, key: bytes, public_key: bytes, code: str, title: str, software: str, nonce: bytes) -> bytes:
    """Sign the request to be enrolled with the new device key itself."""
    header: dict[str, object] = {
        "purpose": "enrol", "protocol": PROTOCOL, "code": code, "public_key": public_key.hex(), "title": title,
        "software": software, "nonce": nonce.hex(),
    }  # fmt: skip
    return seal(header, key=key)


def read_enrol(packed: bytes) -> Enrol:
    """Read a request to be enrolled; it is signed by the key it brings."""
    sealed, signature = open_unverified(packed, purpose="enrol")
    header = fields.Header(sealed.header)
    header.protocol(PROTOCOL)
    public_key = header.octets("public_key", size=32)
    check_signature(sealed, signature=signature, key=public_key)
    enrol = Enrol(
        code=header.text("code"),
        public_key=public_key,
        title=header.text("title", empty=True),
        software=header.text("software", empty=True),
        digest=sealed.digest,
    )
    header.octets("nonce", size=16)
    header.finish()
    _no_body(sealed)
    return enrol


def make_certificate(
    *,
    key: bytes,
    request: str,
    device: str,
    till: str,
    title: str,
    zones: Sequence[str],
    public_key: bytes,
    server_key: bytes,
    box_key: bytes,
    utility: str,
    generation: int,
    at: str,
) -> bytes:
    """Sign a till's certificate with the server key; `request` is Enrol.digest."""
    header: dict[str, object] = {
        "purpose": "certificate", "protocol": PROTOCOL, "request": request, "device": device, "till": till, "title": title,
        "zones": list(zones), "public_key": public_key.hex(), "server_key": server_key.hex(), "box_key": box_key.hex(),
        "utility": utility, "generation": generation, "at": at,
    }  # fmt: skip
    return seal(header, key=key)


def read_certificate(packed: bytes, *, fingerprint: bytes | None = None, server_key: bytes | None = None, request: str | None = None) -> Certificate:
    """Read a certificate: a new till knows only the code's fingerprint and its request, an enrolled one the server's key."""
    sealed, signature = open_unverified(packed, purpose="certificate")
    header = fields.Header(sealed.header)
    header.protocol(PROTOCOL)
    key = header.octets("server_key", size=32)
    if (server_key is not None and key != server_key) or (fingerprint is not None and code_fingerprint(key) != fingerprint):
        raise WireError("binding", "the certificate is of another head office")
    check_signature(sealed, signature=signature, key=key)
    certificate = Certificate(
        request=header.text("request"),
        device=header.text("device"),
        till=header.text("till"),
        title=header.text("title", empty=True),
        zones=header.texts("zones", most=ZONES_MAX),
        public_key=header.octets("public_key", size=32),
        server_key=key,
        box_key=header.octets("box_key", size=32),
        utility=header.text("utility", empty=True),
        generation=header.integer("generation", least=1),
        at=header.instant("at"),
    )
    header.finish()
    _no_body(sealed)
    if request is not None and certificate.request != request:
        raise WireError("binding", "the certificate answers another request")
    return certificate


# --- witness


def make_witness(*, key: bytes, device: str, generation: int, rows: Sequence[FeedRow], software: str, nonce: bytes) -> bytes:
    """Sign, with the device key, feed rows that a restored head office no longer has."""
    assert len(rows) <= ROWS_MAX, len(rows)
    header: dict[str, object] = {
        "purpose": "witness", "protocol": PROTOCOL, "device": device, "generation": generation, "count": len(rows),
        "software": software, "nonce": nonce.hex(),
    }  # fmt: skip
    return seal(header, key=key, body=[_row_out(row) for row in rows])


def read_witness(packed: bytes, *, key: bytes) -> Witness:
    """Read what a till remembers, signed by its device key."""
    sealed = _open(packed, purpose="witness", key=key)
    header = fields.Header(sealed.header)
    _counted(header, sealed.body, ROWS_MAX)
    witness = Witness(
        device=header.text("device"),
        generation=header.integer("generation", least=1),
        rows=tuple(_row_in(line) for line in sealed.body),
        software=header.text("software", empty=True),
        digest=sealed.digest,
    )
    header.octets("nonce", size=16)
    header.finish()
    return witness


# --- what they share


def sender_of(packed: bytes, *, purpose: str) -> str:
    """Return the device a push, pull or witness says it comes from, so that its key can be looked up; nothing is believed yet."""
    sealed, _ = open_unverified(packed, purpose=purpose)
    return fields.Header(sealed.header).text("device")


def _open(packed: bytes, *, purpose: str, key: bytes) -> Sealed:
    sealed, signature = open_unverified(packed, purpose=purpose)
    check_signature(sealed, signature=signature, key=key)
    fields.Header(sealed.header).protocol(PROTOCOL)
    return sealed


def _counted(header: fields.Header, body: Sequence[bytes], most: int) -> None:
    count = header.integer("count", most=most)
    if count != len(body):
        raise WireError("range", f"the header names {count} lines, the body has {len(body)}")


def _no_body(sealed: Sealed) -> None:
    if sealed.body:
        raise WireError("form", "a body where none belongs")


def _runs(answers: Sequence[Answer]) -> list[list[object]]:
    """Fold equal neighbours: [first, last, outcome, code]; five thousand times "stored" is one line."""
    runs: list[list[object]] = []
    for answer in answers:
        last = runs[-1] if runs else None
        if last and last[1] == answer.seq - 1 and last[2:] == [answer.outcome, answer.code]:
            last[1] = answer.seq
        else:
            runs.append([answer.seq, answer.seq, answer.outcome, answer.code])
    return runs


def _answers(runs: Sequence[object]) -> tuple[Answer, ...]:
    answers: list[Answer] = []
    before = 0
    for run in runs:
        first, last, outcome, code = fields.quadruple(run)
        if not before < first <= last or len(answers) + last - first >= ENTRIES_MAX or outcome not in OUTCOMES:
            raise WireError("range", "an answer is out of order or unknown")
        answers += [Answer(seq=seq, outcome=outcome, code=code) for seq in range(first, last + 1)]  # type: ignore[arg-type]
        before = last
    return tuple(answers)


def _lineage_out(lineage: Sequence[Lineage]) -> list[list[int]]:
    return [[step.generation, step.parent, step.parent_through] for step in lineage[:LINEAGE_MAX]]


def _lineage_in(header: fields.Header) -> tuple[Lineage, ...]:
    steps = [fields.integers(item, size=3) for item in header.items("lineage", most=LINEAGE_MAX)]
    return tuple(Lineage(generation=step[0], parent=step[1], parent_through=step[2]) for step in steps)


def _digests(mapping: Mapping[str, object]) -> dict[str, ZoneDigest]:
    digests = {}
    for zone, pair in mapping.items():
        count, total = fields.pair(pair)
        digests[zone] = ZoneDigest(count=count, total=int.from_bytes(fields.octets(total, size=8), "big"))
    return digests


def _row_out(row: FeedRow) -> bytes:
    head = encode([row.position, row.zone, row.kind, row.key, row.version])
    return head[:-1] + b"," + row.data + b"]"


def _row_in(line: bytes) -> FeedRow:
    value = decode(line, bytes_max=ROW_BYTES_MAX)
    if not isinstance(value, list) or len(value) != 6 or not isinstance(value[5], dict):
        raise WireError("form", "a feed row is not [position, zone, kind, key, version, data]")
    position, zone, kind, key, version, data = value
    return FeedRow(
        position=fields.integer(position, least=1),
        zone=fields.text(zone),
        kind=fields.text(kind),
        key=fields.text(key),
        version=fields.integer(version),
        data=encode(data),
    )
