"""The QR of a paper: frozen bytes, readable and verifiable by anyone who has the public key."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meterpos.ledger import journal, signing
from meterpos.ledger.journal import Entry
from meterpos.ledger.seal import NotASeal, is_signed_by, read_seal, seal_text

KEY = bytes(range(32))
PUBLIC = signing.public_of(KEY)


def entry_of(number: str = "KSM01-B7K-000123", meters: tuple[str, ...] = ("MTR-001",), amount: int = 250_000) -> Entry:
    data = journal.content_bytes(
        kind="tender",
        at=datetime(2026, 11, 20, 6, 41, 7, tzinfo=UTC),
        business_date=date(2026, 11, 20),
        shift=214,
        clerk="achieng",
        body={"number": number, "parts": [{"meter": meter, "amount": amount} for meter in meters]},
    )
    return journal.make_entry(stream=bytes(16), seq=7, prev=bytes(32), data=data)


def test_a_seal_says_what_its_receipt_says() -> None:
    entry = entry_of()
    seal = read_seal(seal_text(entry, device_private=KEY))
    assert (seal.stream, seal.seq, seal.entry_prefix) == (entry.stream, 7, entry.entry_id[:16])
    assert (seal.number, seal.till_name, seal.meter_no, seal.parts) == ("KSM01-B7K-000123", "KSM01", "MTR-001", 1)
    assert (seal.amount_minor, seal.at) == (250_000, entry.content.at)
    assert is_signed_by(seal, public_key=PUBLIC)


def test_a_seal_of_several_meters_counts_them() -> None:
    seal = read_seal(seal_text(entry_of(meters=("A", "B", "C")), device_private=KEY))
    assert (seal.meter_no, seal.parts, seal.amount_minor) == ("", 3, 750_000)


def test_a_seal_by_another_device_is_not_this_ones() -> None:
    seal = read_seal(seal_text(entry_of(), device_private=bytes(32)))
    assert not is_signed_by(seal, public_key=PUBLIC)


def test_a_seal_holds_only_what_a_qr_writes_densely() -> None:
    assert set(seal_text(entry_of(), device_private=KEY)) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZ1234567890")


def test_the_seal_is_what_it_was_when_the_format_was_frozen() -> None:
    assert seal_text(entry_of(), device_private=KEY) == (
        "MP1AEAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAADYZKCRJAION56C2J4Q3YAQUIVSAAAAAAB5BEAANL76X"
        "AYAAAAHWAKCG5FQKS2TJUYDCB2NKRJC2MBQGG5AK5V36F5OPGIS3NRQJSHP6RURMGIF4V3WS6K4L2ZH5"
        "QNSGMSQD7JXBRVQJPKMPBVV2VHM5PXZY27D3CWWBT7RPASB5NQMITPHKEIP"
    )


@given(st.data())
def test_no_letter_of_a_seal_can_be_changed(data: st.DataObject) -> None:
    text = seal_text(entry_of(), device_private=KEY)
    index = data.draw(st.integers(3, len(text) - 2))
    other = data.draw(st.sampled_from("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567").filter(lambda sign: sign != text[index]))
    try:
        seal = read_seal(text[:index] + other + text[index + 1 :])
    except NotASeal:
        return
    assert not is_signed_by(seal, public_key=PUBLIC)


@given(st.text(max_size=300) | st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", max_size=300).map("MP1".__add__))
def test_any_other_text_is_not_a_seal(text: str) -> None:
    with pytest.raises(NotASeal, match="meterpos"):
        read_seal(text)
