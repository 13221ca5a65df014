"""The plain tender, as nearly all entries are: one customer pays one account by one method, and nothing besides.

Its bytes are read straight into their types, in half the time of reading whatever an entry may say. What is not exactly
this, to the last byte, is read the other way (`journal.parse`); both say the same of what both can read.
"""

import re
from datetime import date, datetime
from typing import Final, Literal

import msgspec


class Leg(msgspec.Struct, frozen=True, forbid_unknown_fields=True, gc=False):
    """The method, its reference and the amount."""

    amount: int
    counts: bool
    method: str
    reference: str | None
    unconfirmed: bool


class Line(msgspec.Struct, frozen=True, forbid_unknown_fields=True, gc=False):
    """What a charge got of it."""

    amount: int
    date: str
    kind: str
    left: int
    to: str


class Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True, gc=False):
    """The account, and what its paper says of it."""

    account: str
    amount: int
    balance_after: int
    credit: int
    credit_after: int
    invoice: str | None
    invoice_known: bool
    lines: list[Line]
    meter: str | None
    place: str
    suspense: None
    utility: str | None


class Customer(msgspec.Struct, frozen=True, forbid_unknown_fields=True, gc=False):
    """Who paid."""

    name: str
    no: str


class Known(msgspec.Struct, frozen=True, forbid_unknown_fields=True, gc=False):
    """How far the till knew head office's feed."""

    as_of: str | None
    as_of_local: str | None
    generation: int
    position: int


class Body(msgspec.Struct, frozen=True, forbid_unknown_fields=True, gc=False):
    """The paper."""

    change: int
    clerk_name: str
    currency: str
    customer: Customer
    foot: list[str]
    head: list[str]
    known: Known
    language: str
    legs: tuple[Leg]
    local_time: str
    number: str
    parts: tuple[Part]
    sms_to: str | None
    template: int
    tender_id: str
    tendered: int | None
    till: str
    till_title: str
    training: bool


class PlainTender(msgspec.Struct, frozen=True, forbid_unknown_fields=True, gc=False):
    """What the bytes of a plain tender say; the names, of all of these, in the order in which JSON is canonical."""

    at: str
    body: Body
    business_date: date
    clerk: str
    kind: Literal["tender"]
    schema: Literal[1]
    shift: int


_DECODER: Final = msgspec.json.Decoder(PlainTender)
_ENCODER: Final = msgspec.json.Encoder()
_INSTANT: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", re.ASCII)
_NUL: Final = rb"\u0000"


def read(data: bytes) -> PlainTender | None:
    """Return the plain tender that canonical bytes say, None where they say anything else, or are not canonical."""
    try:
        said = _DECODER.decode(data)
        datetime.fromisoformat(said.at)
    except ValueError:
        return None
    if _ENCODER.encode(said) != data or _INSTANT.fullmatch(said.at) is None or _NUL in data:
        return None
    return said if said.body.legs[0].amount == said.body.parts[0].amount > 0 else None
