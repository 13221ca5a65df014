"""The messages: what is made is read back the same, and nothing else is read at all."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meterpos.ledger import signing
from meterpos.sync import framing, packing, wire
from meterpos.sync.framing import decode, encode, seal
from meterpos.sync.records import OUTCOMES
from meterpos.sync.rows import ROW_BYTES_MAX
from meterpos.sync.wire import WireError
from tests.sync.samples import tenders

DEVICE_KEY, SERVER_KEY = bytes(range(32)), bytes(range(1, 33))
DEVICE, SERVER = signing.public_of(DEVICE_KEY), signing.public_of(SERVER_KEY)
AT = "2026-11-20T06:41:07.123Z"
NONCE = bytes(8)
STREAM = bytes(range(16))

words = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=20)
ids = st.binary(min_size=32, max_size=32)
numbers = st.integers(0, 2**53 - 1)
instants = st.integers(-(3 * 10**13), 25 * 10**13).map(
    lambda moment: (
        (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=moment))
        .isoformat(timespec="milliseconds")
        .replace("+00:00", "Z")
    )
)
lineages = st.lists(
    st.builds(wire.Lineage, generation=numbers, parent=numbers, parent_through=numbers), max_size=3
).map(tuple)
data = st.dictionaries(words, st.none() | st.booleans() | words | st.integers(-(2**53) + 1, 2**53 - 1), max_size=4)


def a_push(**changed: Any) -> bytes:
    """Return a batch of three tenders."""
    said: dict[str, Any] = {
        "key": DEVICE_KEY, "device": "device-1", "stream": STREAM, "from_seq": 5, "prev": b"p" * 32, "head": b"h" * 32,
        "entries": tenders(3), "generation": 1, "position": 8812, "software": "test", "nonce": NONCE,
    }  # fmt: skip
    return wire.make_push(**(said | changed))


def an_ack(**changed: Any) -> bytes:
    """Return an acknowledgement with answers of several kinds."""
    answers = [
        wire.Answer(seq=5, outcome="had"), wire.Answer(seq=6, outcome="stored"), wire.Answer(seq=7, outcome="stored"),
        wire.Answer(seq=8, outcome="exception", code="duplicate_reference"),
    ]  # fmt: skip
    said: dict[str, Any] = {
        "key": SERVER_KEY, "batch": "b" * 64, "generation": 2, "stream": STREAM, "through_seq": 8, "head": b"h" * 32,
        "at": AT, "count": 3, "sum_minor": -500, "answers": answers, "held": True,
        "lineage": (wire.Lineage(generation=2, parent=1, parent_through=40),),
    }  # fmt: skip
    return wire.make_ack(**(said | changed))


def a_page(**changed: Any) -> bytes:
    """Return the last page of a feed."""
    rows = [
        wire.FeedRow(position=9, zone="*", kind="setting", key="utility", version=1, data=b'{"name":"Maji"}'),
        wire.FeedRow(position=11, zone="K", kind="fact", key="i:1", version=1, data=b'{"amount_minor":5}'),
    ]
    said: dict[str, Any] = {
        "key": SERVER_KEY, "request": "r" * 64, "generation": 2, "after": 8, "through": 12, "at": AT, "more": False,
        "zones": ["*", "K"], "rows": rows, "digests": {"K": wire.ZoneDigest(count=1, total=2**64 - 1)},
    }  # fmt: skip
    return wire.make_page(**(said | changed))


def a_pull(**changed: Any) -> bytes:
    """Return a question for a page."""
    said: dict[str, Any] = {
        "key": DEVICE_KEY, "device": "device-1", "generation": 1, "after": 8, "limit": 100, "software": "test",
        "nonce": NONCE, "zones": ["K"], "differs": ["K"],
    }  # fmt: skip
    return wire.make_pull(**(said | changed))


def an_enrol(**changed: Any) -> bytes:
    """Return a request to be let in."""
    said: dict[str, Any] = {
        "key": DEVICE_KEY, "public_key": DEVICE, "code": "ABC", "title": "", "software": "test", "nonce": NONCE,
    }  # fmt: skip
    return wire.make_enrol(**(said | changed))


def a_certificate(**changed: Any) -> bytes:
    """Return a certificate."""
    said: dict[str, Any] = {
        "key": SERVER_KEY, "request": "r" * 64, "device": "device-1", "till": "KSM01", "title": "Market",
        "zones": ["K"], "public_key": DEVICE, "server_key": SERVER, "box_key": bytes(32), "utility": "lake",
        "generation": 1, "at": AT,
    }  # fmt: skip
    return wire.make_certificate(**(said | changed))


def a_witness(**changed: Any) -> bytes:
    """Return what a till remembers of another generation."""
    rows = [wire.FeedRow(position=9, zone="K", kind="fact", key="i:1", version=1, data=b"{}")]
    said: dict[str, Any] = {
        "key": DEVICE_KEY, "device": "device-1", "generation": 1, "rows": rows, "software": "test", "nonce": NONCE,
    }  # fmt: skip
    return wire.make_witness(**(said | changed))


def a_recall(**changed: Any) -> bytes:
    """Return a restored till's question for the end of its stream."""
    said: dict[str, Any] = {
        "key": DEVICE_KEY, "device": "device-1", "stream": STREAM, "after_seq": 5, "head": bytes(range(32)),
        "limit": 10, "software": "test", "nonce": NONCE,
    }  # fmt: skip
    return wire.make_recall(**(said | changed))


def recalled(**changed: Any) -> bytes:
    """Return the end of a stream."""
    said: dict[str, Any] = {
        "key": SERVER_KEY, "request": "r" * 64, "stream": STREAM, "after_seq": 5, "entries": [b'{"a":1}', b'{"a":2}'],
    }  # fmt: skip
    return wire.make_recalled(**(said | changed))


def read_ack(packed: bytes) -> wire.Ack:
    """Read the acknowledgement of `an_ack`."""
    return wire.read_ack(packed, key=SERVER, batch="b" * 64, stream=STREAM)


READERS: dict[str, tuple[Callable[..., bytes], Callable[[bytes], Any]]] = {
    "push": (a_push, lambda packed: wire.read_push(packed, key=DEVICE)),
    "ack": (an_ack, read_ack),
    "pull": (a_pull, lambda packed: wire.read_pull(packed, key=DEVICE)),
    "page": (a_page, lambda packed: wire.read_page(packed, key=SERVER, request="r" * 64)),
    "enrol": (an_enrol, wire.read_enrol),
    "certificate": (a_certificate, lambda packed: wire.read_certificate(packed, server_key=SERVER, request="r" * 64)),
    "witness": (a_witness, lambda packed: wire.read_witness(packed, key=DEVICE)),
    "recall": (a_recall, lambda packed: wire.read_recall(packed, key=DEVICE)),
    "recalled": (recalled, lambda packed: wire.read_recalled(packed, key=SERVER, request="r" * 64)),
}
OF_THE_SERVER = ("ack", "page", "certificate", "recalled")


def reason(read: Callable[[bytes], Any], packed: bytes) -> str:
    """Return why a message is refused."""
    with pytest.raises(WireError) as refused:
        read(packed)
    return refused.value.reason


def forged(kind: str, key: bytes, body: list[bytes] | None = None, **changed: Any) -> bytes:
    """Return a message of this kind with other header fields, rightly signed: what a server with a bug would send."""
    make, _ = READERS[kind]
    sealed = framing.open_unverified(make(), purpose=kind).sealed
    header = {**sealed.header, **changed}
    header = {name: value for name, value in header.items() if value is not None}
    return seal(header, key=key, body=sealed.body if body is None else body)


# --- there and back


@given(
    entries=st.lists(st.binary(max_size=80).map(lambda line: line.replace(b"\n", b"")), max_size=8),
    from_seq=st.integers(1, 2**53 - 1),
    device=words,
    prev=ids,
    head=ids,
    generation=numbers,
    position=numbers,
    nonce=st.binary(min_size=8, max_size=8),
)
def test_a_batch_is_read_as_it_was_made(entries: list[bytes], **said: Any) -> None:
    head = said.pop("head") if entries else said["prev"]
    if not entries:
        said.pop("head", None)
    packed = a_push(entries=entries, head=head, **said)
    push = wire.read_push(packed, key=DEVICE)
    assert (push.entries, push.head, push.digest) == (tuple(entries), head, wire.header_digest(packed))
    assert push.through_seq == push.from_seq + len(entries) - 1
    del said["nonce"]
    assert {name: getattr(push, name) for name in said} == said
    assert wire.sender_of(wire.open_unverified(packed, purpose="push")) == said["device"]


@given(
    outcomes=st.lists(st.tuples(st.sampled_from(sorted(OUTCOMES)), st.sampled_from(["", "x"])), max_size=30),
    first=st.integers(1, 10**9),
    through_seq=st.integers(1, 2**53 - 1),
    count=numbers,
    sum_minor=st.integers(-(2**53) + 1, 2**53 - 1),
    at=instants,
    held=st.booleans(),
    lineage=lineages,
)
def test_an_acknowledgement_is_read_as_it_was_made(outcomes: list[Any], first: int, **said: Any) -> None:
    answers = tuple(wire.Answer(seq=first + n, outcome=o, code=c) for n, (o, c) in enumerate(outcomes))
    ack = read_ack(an_ack(answers=answers, **said))
    assert ack.answers == answers
    assert {name: getattr(ack, name) for name in said} == said


@given(
    rows=st.lists(
        st.tuples(st.integers(1, 1_000), st.sampled_from(["*", "K"]), words, words, numbers, data), max_size=6
    ),
    digests=st.dictionaries(
        words, st.builds(wire.ZoneDigest, count=numbers, total=st.integers(0, 2**64 - 1)), max_size=3
    ),
    lineage=lineages,
    at=instants,
)
def test_a_page_is_read_as_it_was_made(rows: list[Any], **said: Any) -> None:
    made, position = [], 8
    for step, zone, kind, key, version, value in rows:
        position += step
        made.append(wire.FeedRow(position=position, zone=zone, kind=kind, key=key, version=version, data=encode(value)))
    page = READERS["page"][1](a_page(rows=made, through=position, **said))
    assert page.rows == tuple(made)
    assert {name: getattr(page, name) for name in said} == said


@pytest.mark.parametrize("kind", READERS)
def test_every_message_is_read_by_its_reader(kind: str) -> None:
    make, read = READERS[kind]
    assert read(make()) == read(make())


def test_five_thousand_times_stored_is_one_short_line() -> None:
    answers = [wire.Answer(seq=seq, outcome="stored") for seq in range(1, 5_001)]
    packed = an_ack(answers=answers)
    assert len(packed) < 600
    assert read_ack(packed).answers == tuple(answers)


# --- and nothing else


@pytest.mark.parametrize("kind", READERS)
def test_every_byte_that_is_changed_is_noticed(kind: str) -> None:
    """The first bytes of gzip hold a time and a system that mean nothing; there the message stays the same message."""
    make, read = READERS[kind]
    packed, honest = make(), read(make())
    changed_something = 0
    for place in range(len(packed)):
        for change in (0x01, 0x80, 0xFF):
            broken = bytearray(packed)
            broken[place] ^= change
            try:
                assert read(bytes(broken)) == honest
            except WireError:
                changed_something += 1
    assert changed_something >= 3 * (len(packed) - 7)


@pytest.mark.parametrize("kind", READERS)
def test_every_byte_inside_the_envelope_is_signed_for(kind: str) -> None:
    make, read = READERS[kind]
    message = packing.unpack(make())
    for place in range(len(message)):
        broken = bytearray(message)
        broken[place] ^= 0x01
        with pytest.raises(WireError):
            read(packing.pack(bytes(broken)))
    assert read(packing.pack(message)) == read(make())


@pytest.mark.parametrize("kind", READERS)
def test_a_message_is_read_as_its_own_kind_only(kind: str) -> None:
    make, _ = READERS[kind]
    for other, (_, read) in READERS.items():
        if other != kind:
            assert reason(read, make()) == "purpose"


@pytest.mark.parametrize("kind", READERS)
def test_a_signature_for_one_purpose_is_none_for_another(kind: str) -> None:
    """The same words, signed as something else by the right key."""
    make, read = READERS[kind]
    key = SERVER_KEY if kind in OF_THE_SERVER else DEVICE_KEY
    header_line, _, lines = packing.unpack(make()).split(b"\n", 2)
    signature = signing.sign(key, purpose="receipt", message=header_line)
    import base64

    packed = packing.pack(header_line + b"\n" + base64.b64encode(signature) + b"\n" + lines)
    assert reason(read, packed) == "signature"


@pytest.mark.parametrize("kind", ["push", "ack", "pull", "page", "witness", "recall", "recalled"])
def test_a_message_of_another_signer_is_refused(kind: str) -> None:
    make, read = READERS[kind]
    assert reason(read, make(key=b"x" * 32)) == "signature"


@pytest.mark.parametrize("kind", READERS)
def test_a_newer_protocol_is_told_from_a_broken_message(kind: str) -> None:
    key = SERVER_KEY if kind in OF_THE_SERVER else DEVICE_KEY
    assert reason(READERS[kind][1], forged(kind, key, protocol=2)) == "protocol"


@pytest.mark.parametrize("kind", READERS)
def test_a_field_too_many_or_too_few_is_refused(kind: str) -> None:
    key = SERVER_KEY if kind in OF_THE_SERVER else DEVICE_KEY
    _, read = READERS[kind]
    assert reason(read, forged(kind, key, extra=1)) == "header"
    sealed = framing.open_unverified(READERS[kind][0](), purpose=kind).sealed
    for name in set(sealed.header) - {"purpose", "hash"}:
        assert reason(read, forged(kind, key, **{name: None})) in ("header", "protocol")


@pytest.mark.parametrize(
    ("kind", "changed", "why"),
    [
        ("push", {"from_seq": 0}, "range"),
        ("push", {"from_seq": True}, "range"),
        ("push", {"from_seq": "5"}, "range"),
        ("push", {"stream": "00"}, "range"),
        ("push", {"stream": "G" * 32}, "range"),
        ("push", {"stream": "A" * 32}, "range"),
        ("push", {"count": 2}, "range"),
        ("push", {"count": wire.ENTRIES_MAX + 1}, "range"),
        ("push", {"device": ""}, "range"),
        ("push", {"device": "d" * 501}, "range"),
        ("ack", {"batch": "c" * 64}, "binding"),
        ("ack", {"stream": "ff" * 16}, "binding"),
        ("ack", {"through_seq": 0}, "range"),
        ("ack", {"head": "00" * 32}, "range"),
        ("ack", {"held": 1}, "header"),
        ("ack", {"at": "2026-11-20"}, "header"),
        ("ack", {"at": "2026-11-20T09:41:07.123+03:00"}, "header"),
        ("ack", {"at": "yesterday"}, "header"),
        ("ack", {"answers": [[7, 6, "stored", ""]]}, "range"),
        ("ack", {"answers": [[1, 1, "stored", ""], [1, 1, "stored", ""]]}, "range"),
        ("ack", {"answers": [[1, 5_001, "stored", ""]]}, "range"),
        ("ack", {"answers": [[1, 1, "rejected", ""]]}, "range"),
        ("ack", {"answers": [[1, 1, "stored"]]}, "range"),
        ("ack", {"answers": "stored"}, "header"),
        ("ack", {"lineage": [[2, 1]]}, "range"),
        ("pull", {"limit": 0}, "range"),
        ("pull", {"limit": wire.ROWS_MAX + 1}, "range"),
        ("pull", {"zones": "K"}, "header"),
        ("page", {"request": "c" * 64}, "binding"),
        ("page", {"from": 9}, "range"),
        ("page", {"to": 10}, "range"),
        ("page", {"zones": ["*"]}, "range"),
        ("page", {"more": True}, "range"),
        ("page", {"digests": [1]}, "header"),
        ("page", {"digests": {"K": [1]}}, "range"),
        ("page", {"digests": {"K": [1, "ff"]}}, "range"),
        ("certificate", {"request": "c" * 64}, "binding"),
        ("witness", {"count": 2}, "range"),
        ("recall", {"limit": 0}, "range"),
        ("recalled", {"count": 3}, "range"),
        ("recalled", {"request": "c" * 64}, "binding"),
    ],
)
def test_a_value_out_of_its_range_is_refused_even_rightly_signed(kind: str, changed: dict[str, Any], why: str) -> None:
    key = SERVER_KEY if kind in OF_THE_SERVER else DEVICE_KEY
    assert reason(READERS[kind][1], forged(kind, key, **changed)) == why


@pytest.mark.parametrize(
    ("row", "why"),
    [
        (b"[]", "form"),
        (b'[9,"K","fact","i:1",1,[]]', "form"),
        (b'{"position":9}', "form"),
        (b'[0,"K","fact","i:1",1,{}]', "range"),
        (b'[9,"","fact","i:1",1,{}]', "range"),
        (b'[9,"K","fact","i:1",1.0,{}]', "form"),
        (b'[9, "K","fact","i:1",1,{}]', "form"),
        (b'[9,"K","fact","i:1",1,{"b":1,"a":2}]', "form"),
        (b'[9,"K","fact","i:1",1,{"a":1,"a":1}]', "form"),
        (b'[9,"K","fact","i:1",1,{"a":NaN}]', "form"),
        (b'[9,"K","fact","i:1",1,{"a":9007199254740992}]', "form"),
        (b'[9,"K","fact","i:1",1,{"a":' + b"[" * 20 + b"]" * 20 + b"}]", "form"),
        (b'[9,"K","fact","i:1",1,{"a":"\\u0041"}]', "form"),
        (b'[9,"K","fact","i:1",1,{"a":"\xff"}]', "form"),
        (b'[9,"K","fact","i:1",1,{"a":"' + b"x" * ROW_BYTES_MAX + b'"}]', "size"),
    ],
)
def test_a_feed_row_of_another_form_is_refused(row: bytes, why: str) -> None:
    packed = forged("page", SERVER_KEY, body=[row], count=1, digests={})
    assert reason(READERS["page"][1], packed) == why


def test_an_entry_is_kept_whatever_it_says_unless_it_is_too_large() -> None:
    odd = [b"", b"not json", b"{}" * 9]
    assert wire.read_push(a_push(entries=odd), key=DEVICE).entries == tuple(odd)
    large = a_push(entries=[b"x" * (wire.ENTRY_BYTES_MAX + 1)])
    assert reason(READERS["push"][1], large) == "size"


def test_an_empty_batch_has_no_head_of_its_own() -> None:
    assert reason(READERS["push"][1], a_push(entries=[])) == "range"


def test_a_page_with_more_to_come_moves_on_and_has_no_digests() -> None:
    assert reason(READERS["page"][1], a_page(more=True)) == "range"
    assert reason(READERS["page"][1], a_page(more=True, rows=[], through=8, digests={})) == "range"


@pytest.mark.parametrize("kind", ["ack", "pull", "enrol", "certificate"])
def test_a_message_that_is_all_header_has_no_body(kind: str) -> None:
    key = SERVER_KEY if kind in ("ack", "certificate") else DEVICE_KEY
    assert reason(READERS[kind][1], forged(kind, key, body=[b"{}"])) == "form"


@pytest.mark.parametrize(
    ("message", "why"),
    [
        (b"", "form"),
        (b"{}", "form"),
        (b"{}\n", "form"),
        (b"[]\n" + b"A" * 86 + b"==\n", "header"),
        (b"{}\n" + b"A" * 86 + b"==\n", "purpose"),
        (b'{"purpose":"pull"}\n' + b"A" * 86 + b"==\n", "hash"),
        (b"x" * (framing.HEADER_BYTES_MAX + 1) + b"\n", "form"),
        (b"[" * 100_000 + b"\n" + b"A" * 86 + b"==\n", "form"),
        (b"1" * 10_000 + b"\n" + b"A" * 86 + b"==\n", "form"),
    ],
)
def test_what_is_no_message_is_refused(message: bytes, why: str) -> None:
    assert reason(READERS["pull"][1], packing.pack(message)) == why


def test_lines_that_do_not_end_and_signatures_that_are_not_base64_are_refused() -> None:
    header_line, signature, _ = packing.unpack(a_pull()).split(b"\n", 2)
    for line in (b"-" * 88, signature[:-1] + b"A", signature[:-4], b""):
        assert reason(READERS["pull"][1], packing.pack(header_line + b"\n" + line + b"\n")) in ("form", "signature")
    packed = packing.pack(header_line + b"\n" + signature + b"\nrest")
    assert reason(READERS["pull"][1], packed) == "hash"
    with pytest.raises(WireError, match="no end"):
        framing._split_lines(b"rest")


@given(st.binary(max_size=400))
def test_any_bytes_are_refused_in_one_way(noise: bytes) -> None:
    for _, read in READERS.values():
        for packed in (noise, packing.pack(noise), packing.pack(b'{"purpose":"push"}\n' + noise)):
            with pytest.raises(WireError):
                read(packed)


@given(st.binary(max_size=60))
def test_what_is_decoded_is_encoded_again_the_same(line: bytes) -> None:
    try:
        value = decode(line)
    except WireError:
        return
    assert encode(value) == line
    assert json.loads(line) == value


# --- codes and certificates


@given(st.binary(min_size=8, max_size=8), st.booleans(), st.sampled_from([" ", "-", ""]))
def test_a_code_is_read_as_people_type_it(random: bytes, lower: bool, gap: str) -> None:
    code = wire.make_code(random, server_key=SERVER)
    typed = gap.join(code[start : start + 4] for start in range(0, len(code), 4))
    typed = typed.lower() if lower else typed
    assert wire.read_code(f" {typed} ") == (code, wire.code_fingerprint(SERVER))
    assert wire.read_code(typed.replace("O", "0").replace("I", "1").replace("B", "8"))[0] == code


@pytest.mark.parametrize("code", ["", "ABC", "é" * 26, "A" * 25, "A" * 27, "A" * 25 + "B", "?" * 26])
def test_a_mistyped_code_is_refused(code: str) -> None:
    with pytest.raises(WireError, match="code"):
        wire.read_code(code)


def test_a_certificate_of_another_head_office_is_refused() -> None:
    other = bytes(range(2, 34))
    packed = a_certificate(key=other, server_key=signing.public_of(other))
    fingerprint = wire.code_fingerprint(SERVER)
    with pytest.raises(WireError, match="another head office"):
        wire.read_certificate(packed, fingerprint=fingerprint)
    with pytest.raises(WireError, match="another head office"):
        wire.read_certificate(packed, server_key=SERVER)
    with pytest.raises(WireError, match="signature"):
        wire.read_certificate(a_certificate(key=other), fingerprint=fingerprint)
    assert wire.read_certificate(a_certificate(), fingerprint=fingerprint).till == "KSM01"


def test_a_till_must_own_the_key_it_brings() -> None:
    assert reason(wire.read_enrol, an_enrol(key=SERVER_KEY)) == "signature"


def test_a_recalled_entry_larger_than_an_entry_may_be_is_refused() -> None:
    large = recalled(entries=[b"x" * (wire.ENTRY_BYTES_MAX + 1)])
    assert reason(READERS["recalled"][1], large) == "size"


def test_the_end_of_a_stream_is_read_as_it_was_made() -> None:
    asked = wire.read_recall(a_recall(), key=DEVICE)
    assert (asked.device, asked.stream, asked.after_seq, asked.head, asked.limit) == (
        "device-1", STREAM, 5, bytes(range(32)), 10,
    )  # fmt: skip
    answer = wire.read_recalled(recalled(request=asked.digest), key=SERVER, request=asked.digest)
    assert (answer.stream, answer.after_seq, answer.entries) == (STREAM, 5, (b'{"a":1}', b'{"a":2}'))


def test_a_till_says_how_it_is_and_what_is_not_known_of_it_is_passed_over() -> None:
    said = {"waiting": 3, "waiting_minor": 415_000, "disk_free_mb": 12, "last_seq": 40, "mood": 7}
    push = wire.read_push(a_push(condition=said), key=signing.public_of(DEVICE_KEY))
    assert push.condition == {name: value for name, value in said.items() if name != "mood"}
    assert wire.read_push(a_push(), key=signing.public_of(DEVICE_KEY)).condition == {}


@pytest.mark.parametrize("said", [{"waiting": -1}, {"waiting": "3"}, {"waiting": 1.5}, {str(n): n for n in range(51)}])
def test_a_till_cannot_say_what_it_cannot_be(said: dict[str, Any]) -> None:
    with pytest.raises(WireError):
        wire.read_push(a_push(condition=said), key=signing.public_of(DEVICE_KEY))
