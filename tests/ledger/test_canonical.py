"""Canonical JSON: one way to write a value, and nothing else is read."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from meterpos.ledger.canonical import read, write

texts = st.text(st.characters(codec="utf-8"))
values = st.recursive(
    st.none() | st.booleans() | st.integers() | texts,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(texts, inner, max_size=5),
)


def written_by_python(value: Any) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


@given(value=values)
@settings(max_examples=300)
def test_a_value_is_written_as_it_was_when_entries_were_first_made(value: Any) -> None:
    assert write(value) == written_by_python(value)
    assert read(write(value)) == value


def test_every_letter_is_written_as_it_was_when_entries_were_first_made() -> None:
    for start in range(0, 0x110000, 0x400):
        block = "".join(chr(code) for code in range(start, start + 0x400) if not 0xD800 <= code < 0xE000)
        assert write({block: block}) == written_by_python({block: block})


@pytest.mark.parametrize(
    "data",
    [b'{"b":1,"a":2}', b'{"a":1,"a":1}', b"[1, 2]", b"1.5", b"1e5", b"-0", b"-0.0", b"NaN", b"Infinity", b"01", b"+1",
     b'"\\u0041"', b'"\\/"', b'"\\ud800"', b'"\xed\xa0\x80"', b'"\xff"', b"\xef\xbb\xbf1", b"1 ", b"", b'"a', b"[1,]",
     b'"\\u001F"', b"True", b"[" * 5000],
)  # fmt: skip
def test_no_other_spelling_is_read(data: bytes) -> None:
    with pytest.raises((ValueError, RecursionError)):
        read(data)


@given(data=st.binary(max_size=40) | values.map(json.dumps).map(str.encode))
def test_what_is_read_is_what_would_be_written(data: bytes) -> None:
    try:
        value = read(data)
    except (ValueError, RecursionError):
        return
    assert written_by_python(value) == data
