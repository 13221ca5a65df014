"""The seal of a paper: what its QR says, signed by the device, readable by any till with no network.

Layout (version 1), big-endian, then base32 without padding behind ``MP1``:

    version 1 · stream 16 · seq 5 · entry id 16 (first bytes) · amount_minor 6 · at 5 (seconds) · counter 4 ·
    parts 1 · label 3 · till name (1 + n) · meter (1 + n; empty when the paper has several) · signature 64
"""

import base64
import struct
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from meterpos.errors import UserError
from meterpos.ledger import signing
from meterpos.ledger.journal import SHORT_BYTES, Entry
from meterpos.ledger.texts import is_text

PREFIX: Final = "MP1"
PURPOSE: Final = "receipt"
_VERSION: Final = 1
_HEAD: Final = struct.Struct(">B16s5s16s6s5sIB3s")
_NAME_MAX: Final = 24


class NotASeal(UserError):
    """The text is not the QR of a meterpos paper."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seal:
    """What a QR says, before anyone has asked whether it is true. ``amount_minor`` in minor units, ``at`` in UTC."""

    stream: bytes
    seq: int
    entry_prefix: bytes
    amount_minor: int
    at: datetime
    number: str
    till_name: str
    meter_no: str
    parts: int
    signed: bytes
    signature: bytes


def seal_text(entry: Entry, *, device_private: bytes) -> str:
    """Return the QR text of a tender or reversal, or of one of a correction's papers: letters and digits, about 230."""
    body = entry.content.body
    till_name, label, counter = body["number"].rsplit("-", 2)
    meters = [part["meter"] or "" for part in body["parts"]]
    signed = _HEAD.pack(
        _VERSION,
        entry.stream,
        entry.seq.to_bytes(5, "big"),
        entry.entry_id[:SHORT_BYTES],
        sum(part["amount"] for part in body["parts"]).to_bytes(6, "big"),
        int(entry.content.at.timestamp()).to_bytes(5, "big"),
        int(counter),
        min(len(meters), 255),
        label.encode(),
    )
    signed += _short(till_name) + _short(meters[0] if len(meters) == 1 else "")
    signature = signing.sign(device_private, purpose=PURPOSE, message=signed)
    return PREFIX + base64.b32encode(signed + signature).rstrip(b"=").decode()


def read_seal(text: str) -> Seal:
    """Return what a QR text says. Raises: NotASeal when it is not one of ours or is cut short."""
    try:
        if not text.startswith(PREFIX):
            raise ValueError("prefix")
        letters = text.removeprefix(PREFIX)
        raw = base64.b32decode(letters + "=" * (-len(letters) % 8))
        version, stream, seq, prefix, amount, at, counter, parts, label = _HEAD.unpack_from(raw)
        if version != _VERSION:
            raise ValueError("version")
        till_name, offset = _long(raw, _HEAD.size)
        meter_no, offset = _long(raw, offset)
        signature = raw[offset:]
        if len(signature) != signing.SIGNATURE_BYTES:
            raise ValueError("signature")
        return Seal(
            stream=stream,
            seq=int.from_bytes(seq, "big"),
            entry_prefix=prefix,
            amount_minor=int.from_bytes(amount, "big"),
            at=datetime.fromtimestamp(int.from_bytes(at, "big"), UTC),
            number=f"{till_name}-{label.decode('ascii')}-{counter:06d}",
            till_name=till_name,
            meter_no=meter_no,
            parts=parts,
            signed=raw[:offset],
            signature=signature,
        )
    except (ValueError, struct.error, IndexError, OverflowError, OSError) as error:
        raise NotASeal(
            "This code is not from a meterpos receipt, or it was not read to its end. Scan it again."
        ) from error


def is_signed_by(seal: Seal, *, public_key: bytes) -> bool:
    """Tell whether the device with this public key made the seal."""
    return signing.verify(public_key, purpose=PURPOSE, message=seal.signed, signature=seal.signature)


def _short(text: str) -> bytes:
    raw = text.encode()[:_NAME_MAX].decode(errors="ignore").encode()
    return bytes([len(raw)]) + raw


def _long(raw: bytes, offset: int) -> tuple[str, int]:
    end = offset + 1 + raw[offset]
    if end > len(raw):
        raise ValueError("cut")
    text = raw[offset + 1 : end].decode()
    if not is_text(text):
        raise ValueError("text")
    return text, end
