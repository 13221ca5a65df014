"""A feed row as one line of a message's body: `[position, zone, kind, key, version, data]` in canonical JSON."""

import re
from typing import Final

from meterpos.sync import fields
from meterpos.sync.framing import WireError, decode, encode
from meterpos.sync.records import FeedRow

ROW_BYTES_MAX: Final = 256 * 1024


def row_out(row: FeedRow) -> bytes:
    """Write one line of a body."""
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


def row_in(line: bytes) -> FeedRow:
    """Read one line of a body; canonical bytes alone. Raises: WireError."""
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
