"""A plain tender, read by its types, says what reading it as any entry says; what is anything else is not read so."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from meterpos.ledger import plain
from meterpos.ledger.canonical import write
from meterpos.ledger.journal import FIRST_PREV, Entry, make_entry
from meterpos.ledger.projection import facts_of, paper_rows
from tests.support.tills import Counter

texts = st.text(max_size=12)
maybe = st.none() | texts
amounts = st.integers(1, 2**53)
known = st.fixed_dictionaries({"as_of": maybe, "as_of_local": maybe, "generation": amounts, "position": amounts})
lines = st.fixed_dictionaries({"amount": amounts, "date": texts, "kind": texts, "left": amounts, "to": texts})


@st.composite
def contents(draw: st.DrawFn) -> dict[str, Any]:
    """What a plain tender may say."""
    amount = draw(amounts)
    leg = {"amount": amount, "counts": draw(st.booleans()), "method": draw(st.sampled_from(["cash", "mpesa", "x"]))}
    part = {
        "account": draw(texts),
        "amount": amount,
        "balance_after": draw(amounts),
        "credit": 0,
        "credit_after": 0,
        "invoice": draw(maybe),
        "invoice_known": draw(st.booleans()),
        "lines": draw(st.lists(lines, max_size=2)),
        "meter": draw(maybe),
        "place": draw(texts),
        "suspense": None,
        "utility": draw(maybe),
    }
    body = {
        "change": 0,
        "clerk_name": draw(texts),
        "currency": "KES",
        "customer": {"name": draw(texts), "no": draw(texts)},
        "foot": draw(st.lists(texts, max_size=2)),
        "head": ["Lake Water"],
        "known": draw(known),
        "language": "sw",
        "legs": [{**leg, "reference": draw(maybe), "unconfirmed": draw(st.booleans())}],
        "local_time": "07:19",
        "number": f"{draw(texts)}-{draw(st.integers(0, 999_999)):06d}",
        "parts": [part],
        "sms_to": draw(maybe),
        "template": 1,
        "tender_id": draw(texts),
        "tendered": draw(st.none() | amounts),
        "till": "KSM01",
        "till_title": "Market",
        "training": False,
    }
    at = draw(st.datetimes()).isoformat(timespec="milliseconds") + "Z"
    day = draw(st.dates(date(1000, 1, 1))).isoformat()
    made = {"at": at, "body": body, "business_date": day, "clerk": draw(texts), "kind": "tender"}
    return {**made, "schema": 1, "shift": draw(st.integers(1, 999))}


def entry_of(data: bytes) -> Entry:
    return make_entry(stream=bytes(16), seq=1, prev=FIRST_PREV, data=data)


def read_as_any(data: bytes) -> Entry:
    entry = entry_of(data)
    entry.__dict__["plain"] = None
    return entry


@given(contents())
def test_a_plain_tender_means_the_same_read_either_way(content: dict[str, Any]) -> None:
    data = write(content)
    entry, other = entry_of(data), read_as_any(data)
    assert (entry.plain is None) == (rb"\u0000" in data)
    assert facts_of(entry, decision="account") == facts_of(other, decision="account")
    assert paper_rows(entry) == paper_rows(other)
    assert (entry.kind, entry.short_id) == (other.kind, other.short_id)


def changed(content: dict[str, Any], path: str, value: object) -> bytes:
    """Return the bytes of what says something else in one place; a value of ... takes the place away."""
    content = json.loads(write(content))
    inside: Any = content
    *above, last = [int(name) if name.isdigit() else name for name in path.split(".")]
    for name in above:
        inside = inside[name]
    if value is ...:
        del inside[last]
    else:
        inside[last] = value
    return write(content)


ODD = [
    ("kind", "reversal"),
    ("schema", 2),
    ("shift", None),
    ("approval", {"by": "otieno", "how": "pin", "nonce": "00"}),
    ("at", "2026-11-20T06:41:07Z"),
    ("at", "2026-11-20 06:41:07.123Z"),
    ("at", "2026-13-20T06:41:07.123Z"),
    ("business_date", "2026-13-20"),
    ("body.customer", None),
    ("body.number", ...),
    ("body.more", 1),
    ("body.legs.0.counts", 1),
    ("body.legs.0.amount", 1),
    ("body.legs.0.reference", 7),
    ("body.legs", []),
    ("body.parts.0.suspense", {"meter_no": "M", "name": "", "phone": ""}),
    ("body.parts.0.notes", "by instalments"),
    ("body.parts.0.place", "a\0b"),
]


@pytest.mark.parametrize(("path", "value"), ODD, ids=[f"{path}={str(value)[:20]}" for path, value in ODD])
@settings(max_examples=10)
@given(content=contents())
def test_what_is_not_quite_a_plain_tender_is_not_read_as_one(content: dict[str, Any], path: str, value: object) -> None:
    content["body"]["legs"][0]["amount"] = content["body"]["parts"][0]["amount"] = 500
    data = changed(content, path, value)
    assert plain.read(data) is None


@given(contents(), st.data())
def test_a_plain_tender_is_read_from_its_canonical_bytes_alone(content: dict[str, Any], drawn: st.DataObject) -> None:
    data = write(content)
    at = drawn.draw(st.integers(0, len(data) - 1))
    other = data[:at] + drawn.draw(st.binary(max_size=2)) + data[at + drawn.draw(st.integers(0, 2)) :]
    entry, as_any = entry_of(other), read_as_any(other)
    if entry.plain is not None:
        assert as_any.content.kind == "tender"
        assert facts_of(entry) == facts_of(as_any)


def test_what_a_till_makes_of_one_method_and_one_meter_is_plain(tmp_path: Path) -> None:
    counter = Counter.at(tmp_path / "till")
    counter.open_shift()
    for method, reference in (("cash", None), ("mpesa", "SKJ3XY71AB"), ("cheque", "000123")):
        entry = counter.pay(method=method, reference=reference)
        assert entry_of(entry.data).plain is not None, entry.data
    counter.till.close()
