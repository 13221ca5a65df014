"""The messages between till and head office: pure bytes to frozen records and back, version 1.

Each is the envelope of framing.py. A request carries a random `nonce` (8 bytes); its answer names the
request by the digest of the request's header line (`batch`, `request`), so a stale or another's answer
is never taken for this one's. Whatever a `read_…` returns has been checked whole: sizes, form, ranges,
body hash, signature, purpose and binding; anything else is a WireError.

    till  -> head office   push (entries), pull (ask for a page); certificates.py: enrol; recovery.py: recall, witness
    till <-  head office   ack, page; certificate; recalled (a witness is answered by an ack of no entries)
"""

from collections.abc import Mapping, Sequence

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
    Opened,
    WireError,
    header_digest,
    no_body,
    open_unverified,
    seal,
)
from meterpos.sync.limits import ENTRIES_MAX, ENTRY_BYTES_MAX, NONCE_BYTES, ROWS_MAX
from meterpos.sync.records import (
    CONDITION,
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
    Recall,
    Recalled,
    Witness,
    ZoneDigest,
)
from meterpos.sync.recovery import (
    make_recall,
    make_recalled,
    make_witness,
    read_recall,
    read_recalled,
    read_witness,
)
from meterpos.sync.rows import row_in, row_out

__all__ = [
    "ENTRIES_MAX",
    "ENTRY_BYTES_MAX",
    "NONCE_BYTES",
    "PROTOCOL",
    "ROWS_MAX",
    "Ack",
    "Answer",
    "Certificate",
    "Enrol",
    "FeedRow",
    "Lineage",
    "Opened",
    "Outcome",
    "Page",
    "Pull",
    "Push",
    "Recall",
    "Recalled",
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
    "make_recall",
    "make_recalled",
    "make_witness",
    "open_unverified",
    "read_ack",
    "read_certificate",
    "read_code",
    "read_enrol",
    "read_page",
    "read_pull",
    "read_push",
    "read_recall",
    "read_recalled",
    "read_witness",
    "sender_of",
]

ZONES_MAX = 500
LINEAGE_MAX = 64


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
    condition: Mapping[str, int] | None = None,
) -> bytes:
    """Sign a batch with the device key; `prev` is the id of the entry before from_seq, `head` that of the last one
    (= prev if none); `condition` is what the till says of itself.
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
        **({"condition": dict(condition)} if condition else {}),
    }
    return seal(header, key=key, body=entries, alike=True)


def read_push(packed: bytes | Opened, *, key: bytes) -> Push:
    """Read a batch signed by the device key `key`. The chain (does `head` follow from `prev`?) is the intake's to
    judge.
    """
    sealed = fields.open_signed(packed, purpose="push", key=key)
    header = fields.Header(sealed.header)
    stream, from_seq = header.octets("stream", size=16), header.integer("from_seq", least=1)
    if any(len(entry) > ENTRY_BYTES_MAX for entry in sealed.body):
        raise WireError("size", f"an entry is larger than {ENTRY_BYTES_MAX} bytes")
    fields.counted(header, sealed.body, ENTRIES_MAX)
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
        condition=header.counts("condition", CONDITION),
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


def read_ack(packed: bytes, *, key: bytes, batch: str | None, stream: bytes | None) -> Ack:
    """Read the answer of the server whose key this is to the batch with this digest, for this stream.

    None where something else binds the answer to what was asked: the courier file it came in.
    """
    sealed = fields.open_signed(packed, purpose="ack", key=key)
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
    if batch is not None and ack.batch != batch:
        raise WireError("binding", "the acknowledgement is for another batch")
    if stream is not None and ack.stream != stream:
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


def read_pull(packed: bytes | Opened, *, key: bytes) -> Pull:
    """Read the question of the till whose device key this is."""
    sealed = fields.open_signed(packed, purpose="pull", key=key)
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
    return seal(header, key=key, body=[row_out(row) for row in rows])


def read_page(packed: bytes, *, key: bytes, request: str | None) -> Page:
    """Read the answer of the server whose key this is to the pull with this digest (None: whatever it answers, in a
    courier file); that it continues the cursor is protocol.py's.
    """
    sealed = fields.open_signed(packed, purpose="page", key=key)
    header = fields.Header(sealed.header)
    fields.counted(header, sealed.body, ROWS_MAX)
    page = Page(
        request=header.text("request"),
        generation=header.integer("generation", least=1),
        after=header.integer("from"),
        through=header.integer("to"),
        at=header.instant("at"),
        more=header.boolean("more"),
        zones=header.texts("zones", most=ZONES_MAX),
        rows=tuple(row_in(line) for line in sealed.body),
        digests=_digests(header.mapping("digests", most=ZONES_MAX)),
        lineage=_lineage_in(header),
    )
    header.finish()
    if request is not None and page.request != request:
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


# --- what they share


def sender_of(opened: Opened) -> str:
    """Return the device a push, pull or witness says it comes from, so that its key can be looked up; nothing is
    believed yet.
    """
    return fields.Header(opened.sealed.header).text("device")


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
