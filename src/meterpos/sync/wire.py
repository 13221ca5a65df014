"""The messages between till and head office: pure bytes to frozen records and back, version 1.

Each is the envelope of framing.py. A request carries a random `nonce` (8 bytes); its answer names the
request by the digest of the request's header line (`batch`, `request`), so a stale or another's answer
is never taken for this one's. Whatever a `read_…` returns has been checked whole: sizes, form, ranges,
body hash, signature, purpose and binding; anything else is a WireError.

    till  -> head office   push (entries), pull (ask for a page), enrol, witness (what a restore lost)
    till <-  head office   ack, page, certificate; a witness is answered by an ack of no entries
"""

import re
from collections.abc import Mapping, Sequence
from typing import Final

from meterpos.sync import fields
from meterpos.sync.certificates import (
    code_fingerprint,
    make_certificate,
    make_code,
    make_enrol,
    read_certificate,
    read_code,
    read_enrol,
)
from meterpos.sync.framing import (
    INTEGER_MAX,
    PROTOCOL,
    Sealed,
    WireError,
    check_signature,
    decode,
    encode,
    header_digest,
    no_body,
    open_unverified,
    seal,
)
from meterpos.sync.records import (
    Ack,
    Answer,
    Certificate,
    Enrol,
    FeedRow,
    Lineage,
    Outcome,
    Page,
    Pull,
    Push,
    Witness,
    ZoneDigest,
)

__all__ = [
    "PROTOCOL",
    "Ack",
    "Answer",
    "Certificate",
    "Enrol",
    "FeedRow",
    "Lineage",
    "Outcome",
    "Page",
    "Pull",
    "Push",
    "WireError",
    "Witness",
    "ZoneDigest",
    "code_fingerprint",
    "header_digest",
    "make_ack",
    "make_certificate",
    "make_code",
    "make_enrol",
    "make_page",
    "make_pull",
    "make_push",
    "make_witness",
    "read_ack",
    "read_certificate",
    "read_code",
    "read_enrol",
    "read_page",
    "read_pull",
    "read_push",
    "read_witness",
    "sender_of",
]

ENTRIES_MAX = 5_000
ENTRY_BYTES_MAX = 256 * 1024
ROWS_MAX = 10_000
ROW_BYTES_MAX = 256 * 1024
ZONES_MAX = 500
LINEAGE_MAX = 64
NONCE_BYTES = 8


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
    """Sign a batch with the device key; `prev` is the id of the entry before from_seq, `head` that of the last one
    (= prev if none).
    """
    assert len(entries) <= ENTRIES_MAX, len(entries)
    header: dict[str, object] = {
        "purpose": "push",
        "protocol": PROTOCOL,
        "device": device,
        "stream": stream.hex(),
        "from_seq": from_seq,
        "count": len(entries),
        "prev": prev.hex(),
        "head": head.hex(),
        "generation": generation,
        "position": position,
        "software": software,
        "nonce": nonce.hex(),
    }
    return seal(header, key=key, body=entries, alike=True)


def read_push(packed: bytes, *, key: bytes) -> Push:
    """Read a batch signed by the device key `key`. The chain (does `head` follow from `prev`?) is the intake's to
    judge.
    """
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
    header.octets("nonce", size=NONCE_BYTES)
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
    """Sign the answer to a batch with the server key; `batch` is Push.digest, `answers` ascend by seq, `at` an ISO
    instant in UTC.
    """
    header: dict[str, object] = {
        "purpose": "ack",
        "protocol": PROTOCOL,
        "batch": batch,
        "generation": generation,
        "stream": stream.hex(),
        "through_seq": through_seq,
        "head": head.hex(),
        "at": at,
        "count": count,
        "sum": sum_minor,
        "held": held,
        "answers": _runs(answers),
        "lineage": _lineage_out(lineage),
    }
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
    no_body(sealed)
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
    differs: Sequence[str] = (),
) -> bytes:
    """Sign the question for the next page with the device key."""
    header: dict[str, object] = {
        "purpose": "pull",
        "protocol": PROTOCOL,
        "device": device,
        "generation": generation,
        "after": after,
        "limit": limit,
        "zones": list(zones),
        "differs": list(differs),
        "software": software,
        "nonce": nonce.hex(),
    }
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
        differs=header.texts("differs", most=ZONES_MAX),
        software=header.text("software", empty=True),
        digest=sealed.digest,
    )
    header.octets("nonce", size=NONCE_BYTES)
    header.finish()
    no_body(sealed)
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
    """Sign a page with the server key; `request` is Pull.digest. Rows ascend by position; `digests` only when
    there is no more.
    """
    assert len(rows) <= ROWS_MAX, len(rows)
    header: dict[str, object] = {
        "purpose": "page",
        "protocol": PROTOCOL,
        "request": request,
        "generation": generation,
        "from": after,
        "to": through,
        "count": len(rows),
        "at": at,
        "more": more,
        "zones": list(zones),
        "lineage": _lineage_out(lineage),
        "digests": {zone: [digest.count, f"{digest.total:016x}"] for zone, digest in (digests or {}).items()},
    }
    return seal(header, key=key, body=[_row_out(row) for row in rows])


def read_page(packed: bytes, *, key: bytes, request: str) -> Page:
    """Read the answer of the server whose key this is to the pull with this digest; that it continues the cursor
    is protocol.py's.
    """
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


# --- witness


def make_witness(
    *, key: bytes, device: str, generation: int, rows: Sequence[FeedRow], software: str, nonce: bytes
) -> bytes:
    """Sign, with the device key, feed rows that a restored head office no longer has."""
    assert len(rows) <= ROWS_MAX, len(rows)
    header: dict[str, object] = {
        "purpose": "witness",
        "protocol": PROTOCOL,
        "device": device,
        "generation": generation,
        "count": len(rows),
        "software": software,
        "nonce": nonce.hex(),
    }
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
    header.octets("nonce", size=NONCE_BYTES)
    header.finish()
    return witness


# --- what they share


def sender_of(packed: bytes, *, purpose: str) -> str:
    """Return the device a push, pull or witness says it comes from, so that its key can be looked up; nothing is
    believed yet.
    """
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
        if not before < first <= last or len(answers) + last - first >= ENTRIES_MAX:
            raise WireError("range", "an answer is out of order")
        answers += [Answer(seq=seq, outcome=fields.outcome(outcome), code=code) for seq in range(first, last + 1)]
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


_NAME: Final = rb'"([^"\\\x00-\x1f]{1,200})"'
_ITEM: Final = rb'"[a-z_]{1,40}":(?:"[^"\\\x00-\x1f]*"|0|-?[1-9]\d{0,14}|null|true|false)'
_PLAIN_ROW: Final = re.compile(
    rb"\[([1-9]\d{0,14}),"
    + _NAME
    + b","
    + _NAME
    + b","
    + _NAME
    + rb",(0|[1-9]\d{0,8}),(\{"
    + _ITEM
    + b"(?:,"
    + _ITEM
    + rb")*\})\]"
)
"""A row in canonical form whose data is flat and needs no escapes, as nearly all are: known without parsing JSON."""

_KEY: Final = re.compile(rb'"([a-z_]+)":')
_ORDERLY: Final[set[tuple[bytes, ...]]] = set()
_ORDERLY_MAX: Final = 100


def _row_in(line: bytes) -> FeedRow:
    plain = _PLAIN_ROW.fullmatch(line) if len(line) <= ROW_BYTES_MAX else None
    if plain is None or not _is_orderly(plain[6]):
        return _row_in_strictly(line)
    position, zone, kind, key, version, data = plain.groups()
    try:
        data.decode()
        return FeedRow(
            position=int(position),
            zone=fields.text(zone.decode()),
            kind=fields.text(kind.decode()),
            key=fields.text(key.decode()),
            version=int(version),
            data=data,
        )
    except UnicodeDecodeError as error:
        raise WireError("form", "a feed row is not UTF-8") from error


def _is_orderly(data: bytes) -> bool:
    """Tell whether the keys of flat data ascend; rows of one kind have the same keys, so each set is looked at once."""
    keys = tuple(_KEY.findall(data))
    if keys in _ORDERLY:
        return True
    if list(keys) != sorted(set(keys)):
        return False
    if len(_ORDERLY) < _ORDERLY_MAX:
        _ORDERLY.add(keys)
    return True


def _row_in_strictly(line: bytes) -> FeedRow:
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
