"""The envelope of every message between till and head office: canonical header, signature, body lines, compressed.

Line 1 is the header as canonical JSON, line 2 the base64 Ed25519 signature over it (bound to the header's purpose),
the rest are body lines whose SHA-256 stands in the header. Nothing here knows what a message means: that is wire.py.
"""

import base64
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from meterpos.errors import MeterposError
from meterpos.ledger import canonical, signing
from meterpos.sync import packing
from meterpos.sync.packing import UNPACKED_BYTES_MAX

PROTOCOL = 1
HEADER_BYTES_MAX = 1024 * 1024
NESTING_MAX = 16
INTEGER_MAX = 2**53 - 1

_SIGNATURE_LINE_BYTES = 88


class WireError(MeterposError):
    """A message that cannot be trusted or understood; nothing of it may be applied.

    `reason` is a short stable word for logs and tests: size, form, header, protocol, purpose, hash, signature,
    binding, range.
    """

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(f"The message was refused ({reason}): {detail}")
        self.reason = reason
        self.detail = detail


@dataclass(frozen=True, slots=True, kw_only=True)
class Sealed:
    """A message taken out of its envelope."""

    header: dict[str, Any]
    header_line: bytes
    body: tuple[bytes, ...]

    @property
    def digest(self) -> str:
        """SHA-256 (hex) of the header line: what an answer names to say which request it answers."""
        return hashlib.sha256(self.header_line).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A message whose form, purpose and body hash are right and whose signature nobody has looked at: nothing of it is
    believed yet. Opening is most of the work of reading, so it is done once.
    """

    sealed: Sealed
    signature: bytes


class Message(bytes):
    """A packed message of our own making, which knows what its answer must name."""

    digest: str


encode: Final = canonical.write


def decode(line: bytes, *, bytes_max: int = HEADER_BYTES_MAX) -> Any:
    """Read canonical JSON strictly: what is not exactly the bytes `encode` would write is refused.

    Raises: WireError (size, form) for floats, duplicate keys, deep nesting, integers beyond ±(2^53 − 1), other
    spellings.
    """
    if len(line) > bytes_max:
        raise WireError("size", f"a line of {len(line)} bytes, at most {bytes_max} are allowed")
    try:
        value = canonical.read(line)
        if _MANY_DIGITS.search(line) or line.count(b"[") + line.count(b"{") > NESTING_MAX:
            _check_value(value, NESTING_MAX)
    except (ValueError, RecursionError) as error:
        raise WireError("form", f"a line is not JSON of the agreed form ({error})") from error
    return value


_MANY_DIGITS: Final = re.compile(rb"[0-9]{16}")
"""As many as the first integer out of range has: without them, and with few brackets, there is nothing to look for."""


def _check_value(value: object, depth: int) -> None:
    if depth == 0:
        raise ValueError(f"nested deeper than {NESTING_MAX}")
    if isinstance(value, dict):
        for item in value.values():
            _check_value(item, depth - 1)
    elif isinstance(value, list):
        for item in value:
            _check_value(item, depth - 1)
    elif isinstance(value, int) and not -INTEGER_MAX <= value <= INTEGER_MAX:
        raise ValueError("an integer is out of range")


def header_digest(packed: bytes) -> str:
    """Return the digest of a message's header without judging it: what an answer to it must name."""
    if isinstance(packed, Message):
        return packed.digest
    return hashlib.sha256(_unpack(packed).split(b"\n", 1)[0]).hexdigest()


def seal(header: dict[str, object], *, key: bytes, body: Sequence[bytes] = (), alike: bool = False) -> Message:
    """Sign and pack one message; the header's `purpose` binds the signature, its `hash` the body.

    `alike`: the lines are worth the work of laying them out in columns.
    """
    assert all(b"\n" not in line for line in body), "a body line holds a line end"
    lines = b"".join(line + b"\n" for line in body)
    header_line = encode({**header, "hash": hashlib.sha256(lines).hexdigest()})
    signature = signing.sign(key, purpose=str(header["purpose"]), message=header_line)
    message = b"".join((header_line, b"\n", base64.b64encode(signature), b"\n", lines))
    assert len(message) <= UNPACKED_BYTES_MAX, len(message)
    packed = Message(packing.pack_columns(message) if alike else packing.pack(message))
    packed.digest = hashlib.sha256(header_line).hexdigest()
    return packed


def open_unverified(packed: bytes, *, purpose: str) -> Opened:
    """Take a message apart and check its form, purpose and body hash; its signature is not yet verified.

    The server needs the header's `device` before it knows which key to verify with.
    """
    message = _unpack(packed)
    header_line, signature_line, lines = _three_parts(message)
    header = decode(header_line)
    if not isinstance(header, dict):
        raise WireError("header", "the first line is not an object")
    if header.get("purpose") != purpose:
        raise WireError("purpose", f"expected {purpose}, found {str(header.get('purpose'))[:40]}")
    if header.get("hash") != hashlib.sha256(lines).hexdigest():
        raise WireError("hash", "the body is not the one the header names")
    sealed = Sealed(header=header, header_line=header_line, body=_split_lines(lines))
    return Opened(sealed=sealed, signature=_signature(signature_line))


def check_signature(opened: Opened, *, key: bytes) -> None:
    """Raises: WireError (signature) unless this key signed this message for its purpose."""
    said = opened.sealed
    purpose = str(said.header["purpose"])
    if not signing.verify(key, purpose=purpose, message=said.header_line, signature=opened.signature):
        raise WireError("signature", "the signature is not that of the expected key")


def no_body(sealed: Sealed) -> None:
    """Raises: WireError (form) when a message that is all header has a body."""
    if sealed.body:
        raise WireError("form", "a body where none belongs")


def _three_parts(message: bytes) -> tuple[bytes, bytes, bytes]:
    first = message.find(b"\n", 0, HEADER_BYTES_MAX + 1)
    second = message.find(b"\n", first + 1, first + 2 + _SIGNATURE_LINE_BYTES)
    if first < 0 or second < 0:
        raise WireError("form", "the message has no header and signature line")
    return message[:first], message[first + 1 : second], message[second + 1 :]


def _split_lines(lines: bytes) -> tuple[bytes, ...]:
    if not lines:
        return ()
    if not lines.endswith(b"\n"):
        raise WireError("form", "the last body line has no end")
    return tuple(lines[:-1].split(b"\n"))


def _signature(line: bytes) -> bytes:
    try:
        signature = base64.b64decode(line, validate=True)
    except ValueError as error:
        raise WireError("form", "the signature line is not base64") from error
    if base64.b64encode(signature) != line:
        raise WireError("form", "the signature line is not canonical base64")
    return signature


def _unpack(packed: bytes) -> bytes:
    try:
        return packing.unpack(packed)
    except packing.Unpackable as error:
        raise WireError(error.reason, error.detail) from error
