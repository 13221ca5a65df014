"""The file on a stick: read as it was written, or refused in a sentence, whatever happened to it on the way."""

from collections.abc import Callable
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meterpos import vault
from meterpos.ledger import signing
from meterpos.sync import courier_file
from meterpos.sync.courier_file import Header, UnusableCourier

SIGNER: Final = bytes(range(32))
READER: Final = bytes(range(1, 33))
KEY: Final = bytes(range(2, 34))
MESSAGES: Final = (b"one", b"", b"three" * 50)


def header(kind: courier_file.Kind = "request") -> Header:
    return courier_file.new_header(
        kind=kind, till="KSM01", device="d1", request="ab", reply=bytes(32), content_key=KEY,
        reader=vault.box_public_of(READER),
    )  # fmt: skip


WRITTEN: Final = courier_file.write(header(), MESSAGES, content_key=KEY, signer=SIGNER)


def read(data: bytes) -> tuple[bytes, ...]:
    """Read a file as its reader does."""
    found = courier_file.read_header(data)
    key = courier_file.unwrap(found, private=READER)
    return courier_file.read(data, found, content_key=key, signer=signing.public_of(SIGNER))


@given(st.lists(st.binary(max_size=300), max_size=6))
def test_what_was_written_is_read(messages: list[bytes]) -> None:
    assert read(courier_file.write(header(), messages, content_key=KEY, signer=SIGNER)) == tuple(messages)


@given(st.data())
def test_a_file_that_was_changed_anywhere_is_refused_in_a_sentence(data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(WRITTEN) - 1))
    spoil: Callable[[], bytes] = data.draw(
        st.sampled_from(
            [
                lambda: WRITTEN[:at],
                lambda: WRITTEN[:at] + bytes([WRITTEN[at] ^ 1 << at % 8]) + WRITTEN[at + 1 :],
                lambda: WRITTEN[:at] + b"\0" + WRITTEN[at:],
                lambda: WRITTEN + WRITTEN[:at] if at else b"",
                lambda: WRITTEN[at:] + WRITTEN[:at] if at else b"",
            ]
        )
    )
    with pytest.raises(UnusableCourier):
        read(spoil())


@given(st.binary(max_size=2000))
def test_any_bytes_behind_the_first_line_are_refused_in_a_sentence(rest: bytes) -> None:
    with pytest.raises(UnusableCourier):
        read(courier_file.MAGIC + rest)


_NAMES: Final = ("kind", "till", "device", "request", "reply", "wrapped")
_PLAIN: Final = st.none() | st.booleans() | st.integers() | st.text(max_size=9)


@given(st.recursive(_PLAIN, lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(_NAMES), inner)))
def test_any_header_of_the_wrong_form_is_refused_in_a_sentence(said: object) -> None:
    import json

    with pytest.raises(UnusableCourier):
        courier_file.read_header(courier_file.MAGIC + json.dumps(said).encode() + b"\n")


def test_another_signer_another_reader_and_frames_out_of_order_are_refused() -> None:
    found = courier_file.read_header(WRITTEN)
    with pytest.raises(UnusableCourier, match="does not come from whom it says"):
        courier_file.read(WRITTEN, found, content_key=KEY, signer=signing.public_of(bytes(32)))
    with pytest.raises(UnusableCourier, match="cannot be opened"):
        courier_file.unwrap(found, private=bytes(range(3, 35)))
    short = courier_file.new_header(
        kind="request", till="K", device="d", request="", content_key=b"short", reader=vault.box_public_of(READER)
    )
    with pytest.raises(UnusableCourier, match="damaged"):
        courier_file.unwrap(short, private=READER)
    swapped = courier_file.message_frame(found, 1, b"b", content_key=KEY) + courier_file.message_frame(
        found, 0, b"a", content_key=KEY
    )
    assert list(courier_file.frames_of(courier_file.MAGIC + found.line + swapped, found, content_key=KEY)) == []
