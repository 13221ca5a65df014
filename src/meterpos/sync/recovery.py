"""Messages about what a restore lost: a till asks for the end of a stream it began, or tells what head office lost.

till  -> head office   recall (entries of a stream above a place), witness (feed rows that are gone there)
till <-  head office   recalled: entries that follow from that very place; none where its chain has another there
"""

from collections.abc import Sequence
from typing import Final

from meterpos.sync import fields
from meterpos.sync.framing import PROTOCOL, Opened, WireError, no_body, seal
from meterpos.sync.limits import ENTRIES_MAX, ENTRY_BYTES_MAX, NONCE_BYTES, ROWS_MAX
from meterpos.sync.records import FeedRow, Recall, Recalled, Witness
from meterpos.sync.rows import row_in, row_out

NO_STREAM: Final = bytes(16)
"""The stream that the answer to a witness names."""


def make_recall(
    *, key: bytes, device: str, stream: bytes, after_seq: int, head: bytes, limit: int, software: str, nonce: bytes
) -> bytes:
    """Sign, with the device key, the question for entries of `stream` that follow the entry `head` at `after_seq`."""
    header: dict[str, object] = {
        "purpose": "recall",
        "protocol": PROTOCOL,
        "device": device,
        "stream": stream.hex(),
        "after_seq": after_seq,
        "head": head.hex(),
        "limit": limit,
        "software": software,
        "nonce": nonce.hex(),
    }
    return seal(header, key=key)


def read_recall(packed: bytes | Opened, *, key: bytes) -> Recall:
    """Read the question of the till whose device key this is."""
    sealed = fields.open_signed(packed, purpose="recall", key=key)
    header = fields.Header(sealed.header)
    recall = Recall(
        device=header.text("device"),
        stream=header.octets("stream", size=16),
        after_seq=header.integer("after_seq"),
        head=header.octets("head", size=32),
        limit=header.integer("limit", least=1, most=ENTRIES_MAX),
        software=header.text("software", empty=True),
        digest=sealed.digest,
    )
    header.octets("nonce", size=NONCE_BYTES)
    header.finish()
    no_body(sealed)
    return recall


def make_recalled(*, key: bytes, request: str, stream: bytes, after_seq: int, entries: Sequence[bytes]) -> bytes:
    """Sign the answer with the server key; `request` is Recall.digest."""
    assert len(entries) <= ENTRIES_MAX, len(entries)
    header: dict[str, object] = {
        "purpose": "recalled",
        "protocol": PROTOCOL,
        "request": request,
        "stream": stream.hex(),
        "after_seq": after_seq,
        "count": len(entries),
    }
    return seal(header, key=key, body=entries, alike=True)


def read_recalled(packed: bytes, *, key: bytes, request: str | None) -> Recalled:
    """Read the answer of the server whose key this is to the recall with this digest. That the entries follow is seen
    when their ids are computed. ``request`` None: whatever it answers, in a courier file.
    """
    sealed = fields.open_signed(packed, purpose="recalled", key=key)
    header = fields.Header(sealed.header)
    if any(len(entry) > ENTRY_BYTES_MAX for entry in sealed.body):
        raise WireError("size", f"an entry is larger than {ENTRY_BYTES_MAX} bytes")
    fields.counted(header, sealed.body, ENTRIES_MAX)
    recalled = Recalled(
        request=header.text("request"),
        stream=header.octets("stream", size=16),
        after_seq=header.integer("after_seq"),
        entries=sealed.body,
    )
    header.finish()
    if request is not None and recalled.request != request:
        raise WireError("binding", "the entries answer another request")
    return recalled


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
    return seal(header, key=key, body=[row_out(row) for row in rows])


def read_witness(packed: bytes | Opened, *, key: bytes) -> Witness:
    """Read what a till remembers, signed by its device key."""
    sealed = fields.open_signed(packed, purpose="witness", key=key)
    header = fields.Header(sealed.header)
    fields.counted(header, sealed.body, ROWS_MAX)
    witness = Witness(
        device=header.text("device"),
        generation=header.integer("generation", least=1),
        rows=tuple(row_in(line) for line in sealed.body),
        software=header.text("software", empty=True),
        digest=sealed.digest,
    )
    header.octets("nonce", size=NONCE_BYTES)
    header.finish()
    return witness
