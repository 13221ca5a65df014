"""Making messages small: gzip, or columns for batches of entries that look alike (columns.py), then LZMA.

Whatever comes back is checked against hash and signature by framing.py; here only sizes and form are judged.
"""

import lzma
import zlib
from typing import Final, Protocol

from meterpos.errors import MeterposError
from meterpos.sync.columns import LINES_MAX, lay_out, put_together

PACKED_BYTES_MAX: Final = 2 * 1024 * 1024
UNPACKED_BYTES_MAX: Final = 32 * 1024 * 1024

_COLUMNS: Final = b"\xc1"
_LENGTH_BYTES: Final = 4
_GZIP_BITS: Final = 16 + zlib.MAX_WBITS
_GZIP_LEVEL: Final = 6
_STEP_BYTES: Final = 256 * 1024
_FILTERS: Final = (
    {"id": lzma.FILTER_LZMA2, "dict_size": 1 << 20, "lc": 3, "lp": 0, "pb": 0, "nice_len": 273, "mf": lzma.MF_BT4},
)


class Unpackable(MeterposError):
    """The bytes are not a packed message; `reason` is "size" or "form"."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail


class _Inflater(Protocol):
    @property
    def eof(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    @property
    def needs_input(self) -> bool: ...
    def decompress(self, data: bytes, max_length: int = -1) -> bytes: ...


def pack(message: bytes) -> bytes:
    """Pack any message with gzip."""
    packer = zlib.compressobj(_GZIP_LEVEL, zlib.DEFLATED, _GZIP_BITS)
    return packer.compress(message) + packer.flush()


def pack_columns(message: bytes) -> bytes:
    """Pack a message whose lines look alike; with gzip where that turns out smaller."""
    plain = pack(message)
    if message.count(b"\n") > LINES_MAX or not message.endswith(b"\n"):
        return plain
    columns, octets = lay_out(message)
    inside = lzma.compress(columns, format=lzma.FORMAT_RAW, filters=_FILTERS)
    packed = b"".join((_COLUMNS, len(octets).to_bytes(_LENGTH_BYTES, "big"), octets, inside))
    if len(packed) >= len(plain):
        return plain
    assert unpack(packed) == message, "columns did not restore the message"
    return packed


def unpack(packed: bytes) -> bytes:
    """Return the message, byte for byte; a bomb is refused before it has been blown up.

    Raises: Unpackable.
    """
    if len(packed) > PACKED_BYTES_MAX:
        raise Unpackable("size", f"{len(packed)} bytes, at most {PACKED_BYTES_MAX} are allowed")
    try:
        if packed.startswith(_COLUMNS):
            return _unpack_columns(packed[1:])
        return _inflate(packed, _Gunzip())
    except (zlib.error, lzma.LZMAError, EOFError) as error:
        raise Unpackable("form", "the message is not packed as agreed") from error
    except (ValueError, IndexError, OverflowError) as error:
        raise Unpackable("form", f"the columns do not fit together ({error})") from error


def _unpack_columns(packed: bytes) -> bytes:
    size = int.from_bytes(packed[:_LENGTH_BYTES], "big")
    octets = packed[_LENGTH_BYTES : _LENGTH_BYTES + size]
    inflater = lzma.LZMADecompressor(format=lzma.FORMAT_RAW, filters=_FILTERS)
    columns = _inflate(packed[_LENGTH_BYTES + size :], inflater)
    return put_together(columns, octets, bytes_max=UNPACKED_BYTES_MAX)


class _Gunzip:
    """zlib's decompressor with the face of lzma's."""

    def __init__(self) -> None:
        self._inner = zlib.decompressobj(_GZIP_BITS)

    @property
    def eof(self) -> bool:
        return self._inner.eof

    @property
    def unused_data(self) -> bytes:
        return self._inner.unused_data

    @property
    def needs_input(self) -> bool:
        return not self._inner.unconsumed_tail

    def decompress(self, data: bytes, max_length: int = -1) -> bytes:
        return self._inner.decompress(self._inner.unconsumed_tail + data, max_length)


def _inflate(packed: bytes, inflater: _Inflater) -> bytes:
    parts: list[bytes] = []
    total = 0
    rest = packed
    while not inflater.eof:
        part = inflater.decompress(rest, _STEP_BYTES)
        rest = b""
        total += len(part)
        if total > UNPACKED_BYTES_MAX:
            raise Unpackable("size", f"more than {UNPACKED_BYTES_MAX} bytes when unpacked")
        if not part and inflater.needs_input and not inflater.eof:
            raise Unpackable("form", "the message is cut short")
        parts.append(part)
    if inflater.unused_data:
        raise Unpackable("form", "something follows the message")
    return b"".join(parts)
