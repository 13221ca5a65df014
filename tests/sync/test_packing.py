"""Packing: every byte restored, every limit held, and as small as promised."""

import hashlib
import lzma
import zlib

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from meterpos.ledger import signing
from meterpos.sync import columns, packing, wire
from meterpos.sync.column_ways import Writer
from meterpos.sync.pieces import KNOWN
from tests.sync.samples import tenders

KEY = bytes(range(32))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**18), 10**18) | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4),
    max_leaves=12,
)


def push(entries: list[bytes]) -> bytes:
    """Return a batch as a till sends it, names and hashes as unforeseeable as real ones."""
    noise = hashlib.sha256(b"".join(entries)).digest()
    return wire.make_push(
        key=KEY, device=noise.hex()[:16], stream=noise[:16], from_seq=1, prev=noise, head=noise[::-1], entries=entries,
        generation=1, position=8812, software="meterpos 0.1.0", nonce=noise[:8],
    )  # fmt: skip


@pytest.mark.parametrize(("count", "bytes_max"), [(50, 80), (100, 70), (500, 60)])
def test_a_payment_with_all_its_paper_says_travels_in_80_bytes(count: int, bytes_max: int) -> None:
    packed = push(tenders(count))
    assert len(packed) / count <= bytes_max
    assert wire.read_push(packed, key=signing.public_of(KEY)).entries == tuple(tenders(count))


def test_a_day_of_a_hundred_payments_sent_one_by_one_is_still_a_small_file() -> None:
    """With every payment in a batch of its own the day costs what one photo does; in one batch, 15 KB at most."""
    assert len(push(tenders(100))) <= 15_000
    assert sum(len(push([entry])) for entry in tenders(100)) <= 75_000


@given(st.lists(st.binary(max_size=60).map(lambda line: line.replace(b"\n", b"")), min_size=1, max_size=12))
@example([b'{"a":"x"}', b"A" * 86 + b"==", b'{"a":"y"}'])
@example([b'{"a":"2026-11-20T06:41:07.123Z"}', b'{"a":"2026-11-20T06:41:07.122Z"}'])
@example([b'{"a":"2026-13-20T06:41:07.123Z"}', b'{"a":"2026-13-20T06:41:07.122Z"}'])
@example([b'{"a":"0001-01-01T00:00:00.000Z"}', b'{"a":"9999-12-31T23:59:59.999Z"}'])
@example([b'{"a":"x-0009"}', b'{"a":"x-0010"}', b'{"a":"x-0010"}', b'{"a":"x-0012"}'])
@example([b'{"a":-5}', b'{"a":-4}'])
@example([b'{"a":"000000000000000000000000deadbeef"}', b'{"a":"000000000000000000000000DEADBEEF"}'])
@example([b'{"a":1,"b":1}', b'{"a":2,"b":2}', b'{"a":3,"b":0}'])
def test_any_lines_come_back_byte_for_byte(lines: list[bytes]) -> None:
    message = b"".join(line + b"\n" for line in lines)
    laid, octets = columns.lay_out(message)
    assert columns.put_together(laid, octets, bytes_max=10_000) == message
    assert packing.unpack(packing.pack_columns(message)) == message


@given(st.lists(JSON, min_size=1, max_size=20))
def test_any_json_lines_come_back_byte_for_byte(values: list[object]) -> None:
    from meterpos.sync.framing import encode

    message = b"".join(encode(value).replace(b"\n", b"") + b"\n" for value in values)
    assert columns.put_together(*columns.lay_out(message), bytes_max=100_000) == message


@given(st.binary(max_size=200), st.binary(max_size=40))
@example(b"\x00\x01\x01\x01\x00\x7f", b"")
@example(b"\x00\x00\x01\x00", b"")
@example(b"\x00\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x7f", b"")
def test_columns_that_nobody_laid_out_are_refused_or_harmless(laid: bytes, octets: bytes) -> None:
    try:
        message = columns.put_together(laid, octets, bytes_max=1_000)
    except (ValueError, IndexError, OverflowError):
        return
    assert len(message) <= 3_000


@given(st.binary(max_size=300))
def test_bytes_that_nobody_packed_are_refused_in_one_way(packed: bytes) -> None:
    for attempt in (packed, b"\xc1" + packed, b"\xc1\0\0\0\0" + packed, b"\x1f\x8b\x08" + packed):
        with pytest.raises(packing.Unpackable):
            packing.unpack(attempt)


def test_a_packed_batch_cut_anywhere_is_refused() -> None:
    packed = push(tenders(4))
    assert packed.startswith(b"\xc1")
    for length in range(len(packed)):
        with pytest.raises(packing.Unpackable):
            packing.unpack(packed[:length])
    with pytest.raises(packing.Unpackable, match="follows"):
        packing.unpack(packed + b"x")


# --- bombs


def gzip_bomb() -> bytes:
    """Return 64 MB of nothing as gzip."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    return packer.compress(bytes(2 * packing.UNPACKED_BYTES_MAX)) + packer.flush()


def lzma_bomb() -> bytes:
    """Return 64 MB of nothing as columns."""
    inside = lzma.compress(
        bytes(2 * packing.UNPACKED_BYTES_MAX), format=lzma.FORMAT_RAW, filters=list(packing._FILTERS)
    )
    return b"\xc1\0\0\0\0" + inside


def template_bomb(*, lines: int = 10_000) -> bytes:
    """Return a hundred bytes that would say a long line very often."""
    laid = Writer()
    for number in (0, 1, 1, 0):
        laid.number(number)
    laid.text(b"x" * 100_000)
    laid.number(lines)
    laid.out += bytes(lines)
    inside = lzma.compress(bytes(laid.out), format=lzma.FORMAT_RAW, filters=list(packing._FILTERS))
    return b"\xc1\0\0\0\0" + inside


@pytest.mark.parametrize("bomb", [gzip_bomb, lzma_bomb, template_bomb, lambda: template_bomb(lines=20_001)])
def test_a_bomb_is_refused_before_it_has_been_blown_up(bomb: object) -> None:
    import tracemalloc

    packed = bomb()  # type: ignore[operator]
    assert len(packed) < 200_000
    tracemalloc.start()
    with pytest.raises(packing.Unpackable):
        packing.unpack(packed)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 3 * packing.UNPACKED_BYTES_MAX


def test_what_is_too_large_even_packed_is_not_looked_at() -> None:
    with pytest.raises(packing.Unpackable) as refused:
        packing.unpack(bytes(packing.PACKED_BYTES_MAX + 1))
    assert refused.value.reason == "size"


def test_a_message_with_too_many_lines_for_columns_travels_as_gzip() -> None:
    message = b"x\n" * (columns.LINES_MAX + 1)
    assert packing.pack_columns(message).startswith(b"\x1f\x8b")


def test_the_known_pieces_never_change_for_they_are_what_numbers_mean() -> None:
    """A piece may be added at the end; then add a line here, and leave those above."""
    known = {113: "4ec3"}
    for count, begins in known.items():
        assert hashlib.sha256(b"\n".join(KNOWN[:count])).hexdigest().startswith(begins)
    assert len(set(KNOWN)) == len(KNOWN) < 4096
