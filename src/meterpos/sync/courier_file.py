"""The file on a stick: the messages of an exchange, encrypted for one reader, signed by one writer, whole or refused.

    meterpos courier 1
    {header: canonical JSON, readable by anybody: what kind, which till, the wrapped key}
    frames: four bytes of length, then ChaCha20-Poly1305 over one message; the header is bound to each

A request or answer ends with a frame that counts and signs all before it, so a shortened or mixed file is seen as such
and nothing of it is used. A mirror has no end: it grows, and is read as far as it goes.
"""

import contextlib
import hashlib
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

from meterpos import vault
from meterpos.errors import UserError
from meterpos.ledger import signing

Kind = Literal["request", "answer", "mirror"]
MAGIC: Final = b"meterpos courier 1\n"
FAMILY: Final = b"meterpos courier "
HEADER_BYTES_MAX: Final = 16 * 1024
FILE_BYTES_MAX: Final = 1024 * 1024 * 1024
FRAME_BYTES_MAX: Final = 64 * 1024 * 1024
KEY_BYTES: Final = 32
TEXT_MAX: Final = 200
PURPOSE: Final = "courier"
_MESSAGE: Final = b"M"
_END: Final = b"E"
_LENGTH_BYTES: Final = 4
_TAG_BYTES: Final = 16


class UnusableCourier(UserError):
    """The file is none of ours, is damaged or shortened, or is for somebody else; nothing of it was used."""


@dataclass(frozen=True, slots=True)
class Header:
    """What anybody may read of a courier file: its kind, whose it is, and what its reader needs to open it.

    ``request`` is the file's own number (hex), in an answer that of the request it answers ("" for a file nobody asked
    for); ``reply`` is the X25519 key an answer is to be wrapped for.
    """

    kind: Kind
    till: str
    device: str
    request: str
    reply: bytes
    wrapped: bytes
    line: bytes

    @property
    def digest(self) -> bytes:
        """What each frame is bound to."""
        return hashlib.sha256(self.line).digest()


class CannotWrite(UserError):
    """The file could not be written; nothing of that name was changed."""


def save(file: Path, data: bytes) -> None:
    """Write a file whole, and durably, before it takes its name. Raises: CannotWrite."""
    part = file.with_name(file.name + ".part")
    try:
        with part.open("wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        part.replace(file)
    except OSError as error:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)
        raise CannotWrite(f"{file} could not be written: {error.strerror}. Try another stick.") from error


def load(file: Path) -> bytes:
    """Return the content of a file somebody chose. Raises: UnusableCourier when it cannot be read or is too large."""
    try:
        if file.stat().st_size > FILE_BYTES_MAX:
            raise UnusableCourier(f"{file} is too large to be a courier file. Choose another file.")
        return file.read_bytes()
    except OSError as error:
        raise UnusableCourier(f"{file} cannot be read: {error.strerror}. Choose another file.") from error


def new_header(
    *, kind: Kind, till: str, device: str, request: str, reply: bytes = b"", content_key: bytes, reader: bytes
) -> Header:
    """Return the header of a new file whose content key only the holder of ``reader``'s private key can unwrap."""
    wrapped = vault.wrap_for(reader, content_key)
    said = {
        "kind": kind,
        "till": till,
        "device": device,
        "request": request,
        "reply": reply.hex(),
        "wrapped": wrapped.hex(),
    }
    line = json.dumps(said, sort_keys=True, separators=(",", ":")).encode() + b"\n"
    return Header(kind, till, device, request, reply, wrapped, line)


def write(header: Header, messages: Sequence[bytes], *, content_key: bytes, signer: bytes) -> bytes:
    """Return a whole file: the messages, and the end that signs them with the private key ``signer``."""
    frames = [
        frame(header, number, _MESSAGE + message, content_key=content_key) for number, message in enumerate(messages)
    ]
    signature = signing.sign(signer, purpose=PURPOSE, message=_summary(header, messages))
    end = frame(header, len(messages), _END + signature, content_key=content_key)
    return MAGIC + header.line + b"".join(frames) + end


def read_header(data: bytes) -> Header:
    """Return the header at the start of a file. Raises: UnusableCourier."""
    if not data.startswith(MAGIC):
        if data.startswith(FAMILY):
            raise UnusableCourier(
                "This file was written by a newer version of meterpos. Install the update, then read it."
            )
        raise UnusableCourier("This is not a meterpos courier file. Choose another file.")
    line = data[len(MAGIC) : len(MAGIC) + HEADER_BYTES_MAX].partition(b"\n")[0]
    try:
        said: Mapping[str, Any] = json.loads(line)
        kind = said["kind"]
        if kind not in ("request", "answer", "mirror"):
            raise ValueError(kind)
        till, device, request = (_text(said[name]) for name in ("till", "device", "request"))
        reply, wrapped = bytes.fromhex(said["reply"]), bytes.fromhex(said["wrapped"])
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise UnusableCourier(_DAMAGED) from error
    return Header(kind, till, device, request, reply, wrapped, line + b"\n")


def _text(value: object) -> str:
    if not isinstance(value, str) or len(value) > TEXT_MAX:
        raise ValueError("not a text")
    return value


_DAMAGED: Final = (
    "The file is damaged or was not copied whole. Copy it again, or make a new one; nothing of it was used."
)


def unwrap(header: Header, *, private: bytes) -> bytes:
    """Return the content key. Raises: UnusableCourier when the file is for another reader."""
    try:
        key = vault.unwrap(private, header.wrapped)
    except vault.CannotUnwrap as error:
        raise UnusableCourier(
            f"This file is of till {header.till[:20]} and not for here: it cannot be opened. Choose another file."
        ) from error
    if len(key) != KEY_BYTES:
        raise UnusableCourier(_DAMAGED)
    return key


def read(data: bytes, header: Header, *, content_key: bytes, signer: bytes) -> tuple[bytes, ...]:
    """Return every message of a whole file, signed by the holder of the public key ``signer``.

    Raises: UnusableCourier when anything of it is missing, altered or out of place.
    """
    messages: list[bytes] = []
    signature = None
    at = len(MAGIC) + len(header.line)
    for content, after in frames_of(data, header, content_key=content_key):
        at = after
        if content[:1] == _END:
            signature = content[1:]
            break
        messages.append(content[1:])
    if signature is None or at != len(data):
        raise UnusableCourier(_DAMAGED)
    if not signing.verify(signer, purpose=PURPOSE, message=_summary(header, messages), signature=signature):
        raise UnusableCourier("The file does not come from whom it says. Nothing of it was used; tell head office.")
    return tuple(messages)


def frames_of(data: bytes, header: Header, *, content_key: bytes) -> Iterator[tuple[bytes, int]]:
    """Yield the content of each sound frame, and where it ends, as far as they go without a flaw."""
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

    cipher = ChaCha20Poly1305(content_key)
    at, number = len(MAGIC) + len(header.line), 0
    while at + _LENGTH_BYTES <= len(data):
        length = int.from_bytes(data[at : at + _LENGTH_BYTES], "big")
        start, end = at + _LENGTH_BYTES, at + _LENGTH_BYTES + length
        if not _TAG_BYTES < length <= FRAME_BYTES_MAX or end > len(data):
            return
        try:
            content = cipher.decrypt(_nonce(number), data[start:end], header.digest)
        except InvalidTag:
            return
        yield content, end
        at, number = end, number + 1


def frame(header: Header, number: int, content: bytes, *, content_key: bytes) -> bytes:
    """Return one frame; its number is part of what is bound, so frames cannot change places."""
    from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

    sealed = ChaCha20Poly1305(content_key).encrypt(_nonce(number), content, header.digest)
    return len(sealed).to_bytes(_LENGTH_BYTES, "big") + sealed


def message_frame(header: Header, number: int, message: bytes, *, content_key: bytes) -> bytes:
    """Return the frame of one message; a mirror that has ``number`` of them grows by it."""
    return frame(header, number, _MESSAGE + message, content_key=content_key)


def _nonce(number: int) -> bytes:
    return number.to_bytes(12, "big")


def _summary(header: Header, messages: Sequence[bytes]) -> bytes:
    digests = b"".join(hashlib.sha256(message).digest() for message in messages)
    return hashlib.sha256(header.digest + len(messages).to_bytes(8, "big") + digests).digest()
