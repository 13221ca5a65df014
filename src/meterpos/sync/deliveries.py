"""The push of a batch of entries, and its acknowledgement: what head office signs for."""

from collections.abc import Mapping, Sequence

from meterpos.sync import fields
from meterpos.sync.framing import INTEGER_MAX, PROTOCOL, Opened, WireError, no_body, seal
from meterpos.sync.limits import ENTRIES_MAX, ENTRY_BYTES_MAX, NONCE_BYTES
from meterpos.sync.lineage import lineage_in, lineage_out
from meterpos.sync.records import CONDITION, Ack, Answer, Lineage, Push


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
    if max(map(len, sealed.body), default=0) > ENTRY_BYTES_MAX:
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
        "lineage": lineage_out(lineage),
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
        lineage=lineage_in(header),
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
