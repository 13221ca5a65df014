"""Canonical JSON, the form in which entries, feed rows and headers stand, travel and are signed: UTF-8, sorted keys, no
spaces, whole numbers only. There is one way to write a value, and nothing else is read.
"""

from typing import Any, Final, NoReturn

import msgspec


def write(value: object) -> bytes:
    """Return the one way to write ``value``, which holds text, whole numbers, yes/no, nothing, lists and objects."""
    return _ENCODER.encode(value)


def read(data: bytes) -> Any:
    """Return what canonical bytes say; ValueError or RecursionError when they are not the bytes `write` would make."""
    value = _DECODER.decode(data)
    if _ENCODER.encode(value) != data:
        raise ValueError("not in canonical form")
    return value


def _refuse_number(text: str) -> NoReturn:
    raise ValueError(f"number {text[:20]} is not whole")


_ENCODER: Final = msgspec.json.Encoder(order="sorted")
_DECODER: Final = msgspec.json.Decoder(float_hook=_refuse_number)
"""Its errors are ValueErrors. All that JSON has besides what is written here are numbers that are not whole."""
