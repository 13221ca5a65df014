"""Laying a message out in columns: what its lines share is kept once, their values stand by kind.

Each line is parted at its JSON values; what lies between them (a *piece*) is the name of the column the value goes
to, and a line's pieces are its template. Pieces in `pieces.KNOWN` travel as numbers. It works on text and restores
every byte, whatever the lines say. What cannot be compressed (hashes, identifiers, the signature) stands apart.
"""

import base64
import binascii
import re
from collections import Counter
from collections.abc import Sequence
from itertools import groupby
from typing import Final

from meterpos.sync.column_ways import WAYS, Reader, Writer
from meterpos.sync.pieces import KNOWN

LINES_MAX: Final = 20_000

_VALUE: Final = re.compile(rb'(?<=[:\[,])("(?:[^"\\]++|\\.)*+"(?!:)|-?[0-9]++|null|true|false)')
_SIGNATURE_BYTES: Final = 64
_PLACES: Final = 4096
"""More than will ever be known, so that both sides count alike while one knows more."""
_PLACE: Final = {piece: index for index, piece in enumerate(KNOWN)}


def lay_out(message: bytes) -> tuple[bytes, bytes]:
    """Return a message of whole lines as (columns, octets): the first is worth compressing, the second is not."""
    lines = message[:-1].split(b"\n")
    writer = Writer()
    signature = _signature(lines[1]) if len(lines) > 1 else None
    writer.number(0 if signature is None else 1)
    if signature is not None:
        writer.octets += signature
        del lines[1]
    templates: dict[tuple[bytes, ...], int] = {}
    columns: dict[bytes, list[bytes]] = {}
    order: list[int] = []
    parted = map(_VALUE.split, lines)
    for pieces, alike in groupby(parted, key=lambda parts: tuple(parts[0::2])):
        rows = [parts[1::2] for parts in alike]
        order += [templates.setdefault(pieces, len(templates))] * len(rows)
        _add_rows(columns, pieces[:-1], rows)
    _write_templates(writer, templates)
    writer.number(len(lines))
    for number in order:
        writer.number(number)
    before: list[list[bytes]] = []
    for values in columns.values():
        _write_column(writer, values, before)
        before.append(values)
    return bytes(writer.out), bytes(writer.octets)


def _add_rows(columns: dict[bytes, list[bytes]], pieces: Sequence[bytes], rows: Sequence[list[bytes]]) -> None:
    """Add the values of lines of one template to their columns: line by line where a piece stands in it twice."""
    places: dict[bytes, list[int]] = {}
    for place, piece in enumerate(pieces):
        places.setdefault(piece, []).append(place)
    by_place = list(zip(*rows, strict=True))
    for piece, found in places.items():
        if len(found) == 1:
            columns.setdefault(piece, []).extend(by_place[found[0]])
        else:
            columns.setdefault(piece, []).extend([row[place] for row in rows for place in found])


def put_together(columns: bytes, octets: bytes, *, bytes_max: int) -> bytes:
    """Return the message that `lay_out` laid out.

    Raises: ValueError or IndexError when it cannot be one, or would be larger than `bytes_max`.
    """
    reader = Reader(columns, octets)
    signed = reader.number()
    signature = base64.b64encode(reader.take_octets(_SIGNATURE_BYTES)) if signed else None
    templates = _read_templates(reader)
    count = reader.number()
    if count > LINES_MAX:
        raise ValueError("too many lines")
    order = [reader.number() for _ in range(count)]
    sizes: dict[bytes, int] = {}
    for number, times in Counter(order).items():
        for piece in templates[number][:-1]:
            sizes[piece] = sizes.get(piece, 0) + times
    values: dict[bytes, list[bytes]] = {}
    for piece, size in sizes.items():
        values[piece] = _read_column(reader, size, list(values.values()))
    reader.finish()
    lines = _lines(templates, order, values, bytes_max)
    if signature is not None:
        lines.insert(1, signature)
    return b"\n".join(lines) + b"\n"


def _lines(
    templates: Sequence[tuple[bytes, ...]], order: Sequence[int], values: dict[bytes, list[bytes]], bytes_max: int
) -> list[bytes]:
    """Put each line together: its template with a gap for each value, filled from the columns in turn."""
    feeds = {piece: iter(column) for piece, column in values.items()}
    gapped = [b"%b".join(piece.replace(b"%", b"%%") for piece in pieces) for pieces in templates]
    taken = [[feeds[piece] for piece in pieces[:-1]] for pieces in templates]
    lines: list[bytes] = []
    total = 0
    for number in order:
        line = gapped[number] % tuple(map(next, taken[number]))
        total += len(line)
        if total > bytes_max:
            raise ValueError("the message is too large")
        lines.append(line)
    return lines


def _signature(line: bytes) -> bytes | None:
    try:
        octets = base64.b64decode(line, validate=True)
    except (ValueError, binascii.Error):
        return None
    return octets if len(octets) == _SIGNATURE_BYTES and base64.b64encode(octets) == line else None


def _write_templates(writer: Writer, templates: dict[tuple[bytes, ...], int]) -> None:
    """Known pieces are numbered from 1 by their distance from the one before: in their usual order, each is a 1."""
    writer.number(len(templates))
    last = -1
    for pieces in templates:
        writer.number(len(pieces))
        for piece in pieces:
            place = _PLACE.get(piece)
            if place is None:
                writer.number(0)
                writer.text(piece)
            else:
                writer.number(1 + (place - last - 1) % _PLACES)
                last = place


def _read_templates(reader: Reader) -> list[tuple[bytes, ...]]:
    templates: list[tuple[bytes, ...]] = []
    last = -1
    for _ in range(reader.number()):
        pieces: list[bytes] = []
        for _ in range(reader.number()):
            step = reader.number()
            if step:
                last = (last + step) % _PLACES
                pieces.append(KNOWN[last])
            else:
                pieces.append(reader.text())
        if not pieces:
            raise ValueError("a template of nothing")
        templates.append(tuple(pieces))
    return templates


def _write_column(writer: Writer, values: list[bytes], before: Sequence[list[bytes]]) -> None:
    """Write a column in the first way that fits it."""
    for name, (write, _) in WAYS.items():
        attempt = Writer()
        if write(attempt, values, before):
            writer.out += name
            writer.out += attempt.out
            writer.octets += attempt.octets
            return
    raise AssertionError("the last way fits everything")


def _read_column(reader: Reader, size: int, before: Sequence[list[bytes]]) -> list[bytes]:
    way = WAYS.get(reader.take(1))
    if way is None:
        raise ValueError("a column written in an unknown way")
    values = way[1](reader, size, before)
    if len(values) != size:
        raise ValueError("a column of another length")
    return values
