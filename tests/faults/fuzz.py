"""Parsers fed with what nobody would write: samples with bits turned, ends cut, pieces repeated, values exchanged.

A parser may say what it read or refuse it as its docstring says; any other exception is wrong. Messages are tried
twice: as bytes, and with altered headers signed by the right key, as a till gone mad would send them.
"""

import base64
import contextlib
import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from random import Random
from typing import Any, Final

from meterpos import vault
from meterpos.errors import MeterposError, UserError
from meterpos.headoffice.office import Office
from meterpos.ledger import journal, marks, seal, signing
from meterpos.ledger.operations.tenders import LegRequest, PartRequest, TenderRequest
from meterpos.ledger.rules import approvals
from meterpos.printing.devices.conversation import Conversation, PrinterError
from meterpos.sync import courier_file, framing, packing, wire
from meterpos.sync.exchange import exchange
from meterpos.sync.steps import Failure
from tests.faults import fuzz_files as files
from tests.faults.world import CLERK, World, answer_of, approval, build_world, give_back_dice, scratch
from tests.support.tills import DEVICE_KEY, STREAM
from tests.sync.samples import tenders

NASTY: Final = (
    0, 1, -1, 2**31, 2**53 - 1, 2**53, 2**63, 2**64, 10**400, 1.5, "", "\x00", "\ud800", "\u202e", "'; DROP TABLE",
    "9" * 5_000, None, True, [], {}, [[[[[[]]]]]], {"": {"": {"": None}}}, "2026-02-30", "0000", "\n", "🜍",
)  # fmt: skip
BYTES_MAX: Final = 20_000
AT: Final = "2026-11-20T06:41:07.123Z"

Parse = Callable[[bytes], object]


class Refused(Exception):
    """Head office said no, in a sentence."""


@dataclass
class Target:
    """One parser: samples it reads, and what it may raise."""

    samples: list[bytes]
    parse: Parse
    may_raise: tuple[type[Exception], ...]
    mutate: Callable[[bytes, Random], bytes] | None = None
    """How a sample is altered; as bytes unless given."""


@dataclass
class Fuzzed:
    """What came of so many executions."""

    runs: Counter[str] = field(default_factory=Counter)
    read: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    def add(self, other: "Fuzzed") -> None:
        """Add another's figures to these."""
        self.runs += other.runs
        self.read += other.read
        self.wrong += other.wrong


def fuzz(name: str, *, runs: int, seed: int) -> Fuzzed:
    """Feed one parser so many times."""
    target, dice, done = targets()[name], Random(f"fuzz {name} {seed}"), Fuzzed()
    for _ in range(runs):
        sample = (target.mutate or altered)(dice.choice(target.samples), dice)
        done.runs[name] += 1
        try:
            target.parse(sample)
            done.read[name] += 1
        except target.may_raise:
            pass
        except Exception as error:  # noqa: BLE001 - it is what this is looking for
            shown = base64.b64encode(sample[:3_000]).decode()
            done.wrong.append(f"{name}: {type(error).__name__}: {str(error)[:150]} for {shown}")
            if len(done.wrong) > 5:
                break
    return done


# --- altering


def altered(sample: bytes, dice: Random) -> bytes:
    """Return a sample with one to four things done to it."""
    made = bytearray(sample)
    for _ in range(dice.choice((1, 1, 1, 2, 4))):
        place, length = dice.randrange(len(made) + 1), dice.choice((1, 1, 2, 8, 64))
        match dice.randrange(7):
            case 0 if made:
                made[place % len(made)] ^= 1 << dice.randrange(8)
            case 1:
                del made[place:]
            case 2:
                del made[place : place + length]
            case 3:
                made[place:place] = dice.randbytes(length)
            case 4:
                made[place:place] = made[place : place + length]
            case 5:
                made[place : place + length] = dice.choice((b"\x00", b"\xff", b"9", b'"', b"\n", b",")) * length
            case _:
                made[place:place] = str(dice.choice(NASTY)).encode("utf-8", "surrogatepass")[:200]
    return bytes(made[:BYTES_MAX])


def _altered_value(value: Any, dice: Random) -> Any:
    """Return a JSON value in which one thing is another."""
    if isinstance(value, dict) and value and dice.random() < 0.9:
        name = dice.choice(sorted(value))
        others = {key: one for key, one in value.items() if key != name}
        extra = {str(dice.choice(NASTY)): dice.choice(NASTY)} if dice.random() < 0.1 else {}
        return (
            {**others, **extra} if dice.random() < 0.1 else {**value, **extra, name: _altered_value(value[name], dice)}
        )
    if isinstance(value, list) and value and dice.random() < 0.8:
        place = dice.randrange(len(value))
        return [*value[:place], _altered_value(value[place], dice), *value[place + dice.randrange(2) :]]
    return _altered_leaf(value, dice)


def _altered_leaf(value: Any, dice: Random) -> Any:
    if isinstance(value, str) and value and dice.random() < 0.5:
        place = dice.randrange(len(value))
        return value[:place] + dice.choice(("0", "z", "\n", "", "é", value)) + value[place + 1 :]
    if isinstance(value, int) and dice.random() < 0.5:
        return value + dice.choice((-1, 1, 2**32, -(2**60)))
    return dice.choice(NASTY)


def altered_json(sample: bytes, dice: Random) -> bytes:
    """Return canonical JSON in which one value is another; now and then it is no longer canonical."""
    value = _altered_value(json.loads(sample), dice)
    made = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return made.encode("utf-8", "surrogatepass")


@cache
def _unpacked(sample: bytes) -> bytes:
    return packing.unpack(sample)


def _signed_otherwise(sample: bytes, dice: Random, *, key: bytes = DEVICE_KEY) -> bytes:
    """Return a message whose header or body says something else, signed by the right key."""
    header_line, _, lines = _unpacked(sample).split(b"\n", 2)
    header = json.loads(header_line)
    purpose = header["purpose"]
    header.pop("hash")
    body = lines.split(b"\n")[:-1]
    if body and dice.random() < 0.5:
        place = dice.randrange(len(body))
        alter = dice.choice((altered_json, altered))
        body[place] = alter(body[place], dice).replace(b"\n", b"")
    else:
        header = _altered_value(header, dice)
        if not isinstance(header, dict) or not isinstance(header.get("purpose"), str):
            return altered(sample, dice)
    try:
        return framing.seal(header, key=key, body=body, alike=purpose == "push" and dice.random() < 0.2)
    except (ValueError, TypeError, AssertionError):
        return altered(sample, dice)


# --- the parsers


@cache
def targets() -> dict[str, Target]:
    """Return every parser there is, by name."""
    public = signing.public_of(DEVICE_KEY)
    entries = tenders(6)
    push, page, ack, pull = _messages(entries)
    entry = journal.make_entry(stream=STREAM, seq=7, prev=bytes(32), data=entries[0])
    text = seal.seal_text(entry, device_private=DEVICE_KEY).encode()
    courier = _courier(push)
    mark = marks.write_mark({STREAM: marks.Place(seq=7, head=bytes(32), papers=5, sum_minor=9)}, secret=DEVICE_KEY)
    refused = (MeterposError,)
    return {
        "push": Target([push], lambda data: wire.read_push(data, key=public), refused),
        "push, signed": Target([push], lambda data: _read_push(data, public), refused, _signed_otherwise),
        "acknowledgement": Target([ack], lambda data: _read_ack(data, public), refused),
        "acknowledgement, signed": Target([ack], lambda data: _read_ack(data, public), refused, _signed_otherwise),
        "pull, signed": Target([pull], lambda data: wire.read_pull(data, key=public), refused, _signed_otherwise),
        "page": Target([page], lambda data: wire.read_page(data, key=public, request=None), refused),
        "page, signed": Target(
            [page], lambda data: wire.read_page(data, key=public, request=None), refused, _signed_otherwise
        ),
        "courier file": Target([courier], lambda data: _open_courier(data, public), refused),
        "entry": Target(list(entries), journal.parse, refused),
        "entry, altered values": Target(list(entries), journal.parse, refused, altered_json),
        "receipt's code": Target([text], lambda data: seal.read_seal(data.decode("utf-8", "replace")), refused),
        "approval challenge": Target(
            [b"KSM01 / B7K / reverse / KSM01-B7K-000002 / 11136103 / 3TEJ FMLJ / 4Q"],
            lambda data: approvals.read_challenge(data.decode("utf-8", "replace")),
            refused,
        ),
        "mark of the check": Target([mark], lambda data: marks.read_mark(data, secret=DEVICE_KEY), refused),
        "printer's answers": Target([b"\x12\x12\x12\x00", b"\x16\x12\x72\x0c"], _printed, (PrinterError,)),
        "head office": Target(_asked(), _answered, (Refused,), _asked_otherwise),
        "import": Target(files.imports(), files.imported, (UserError,)),
        "rows of CSV": Target(files.tables(), files.read_rows, ()),
        "statement": Target(files.statements(), files.read_statement, (UserError,)),
        "M-Pesa's message": Target([files.MESSAGE], files.read_message, (UserError,)),
        "M-Pesa's message, altered values": Target([files.MESSAGE], files.read_message, (UserError,), altered_json),
    }


def _messages(entries: list[bytes]) -> tuple[bytes, bytes, bytes, bytes]:
    common: dict[str, Any] = {"key": DEVICE_KEY, "generation": 1, "nonce": bytes(8)}
    head = bytes(32)
    for number, data in enumerate(entries):
        head = journal.entry_id(stream=STREAM, seq=number + 1, prev=head, data=data)
    push = wire.make_push(
        **common,
        device="KSM01-1",
        stream=STREAM,
        from_seq=1,
        prev=bytes(32),
        head=head,
        entries=entries,
        position=5,
        software="0.1.0",
    )
    data = (b'{"name":"Grace","phone":"0712345678"}', b'{"n":[1,{"a":null}],"name":"James"}')
    rows = [
        wire.FeedRow(position=7 + place, zone="Kondele", kind="customer", key=f"AC-{place}", version=1, data=one)
        for place, one in enumerate(data)
    ]
    page = wire.make_page(
        key=DEVICE_KEY,
        request="ab" * 32,
        generation=1,
        after=6,
        through=9,
        at=AT,
        more=False,
        zones=("Kondele",),
        rows=rows,
        digests={"Kondele": wire.ZoneDigest(count=3, total=77)},
        lineage=(wire.Lineage(generation=1, parent=0, parent_through=0),),
    )
    answers = [wire.Answer(seq=number + 1, outcome="stored") for number in range(len(entries))]
    ack = wire.make_ack(
        key=DEVICE_KEY, batch="ab" * 32, generation=1, stream=STREAM, through_seq=6, head=head, at=AT, count=6,
        sum_minor=500, answers=answers,
    )  # fmt: skip
    pull = wire.make_pull(**common, device="KSM01-1", after=6, limit=100, software="0.1.0", zones=("Kondele",))
    return push, page, ack, pull


def _courier(message: bytes) -> bytes:
    header = courier_file.new_header(
        kind="request", till="KSM01", device="KSM01-1", request="ab" * 16, content_key=bytes(32), reader=_reader()
    )
    return courier_file.write(header, [message, message], content_key=bytes(32), signer=DEVICE_KEY)


def _reader() -> bytes:
    return vault.box_public_of(DEVICE_KEY)


def _open_courier(data: bytes, public: bytes) -> object:
    header = courier_file.read_header(data)
    return courier_file.read(data, header, content_key=bytes(32), signer=public)


def _read_push(data: bytes, public: bytes) -> object:
    push = wire.read_push(data, key=public)
    for entry in push.entries:
        with contextlib.suppress(journal.BrokenEntry):  # head office keeps it in quarantine
            journal.parse(entry)
    return push


def _read_ack(data: bytes, public: bytes) -> object:
    return wire.read_ack(data, key=public, batch="ab" * 32, stream=STREAM)


@dataclass
class _Babble:
    """A printer that says these bytes, a few at a time, whatever it is asked."""

    says: bytes

    def write(self, data: bytes, *, timeout_s: float) -> int:
        del timeout_s
        return len(data)

    def read(self, *, timeout_s: float) -> bytes | None:
        del timeout_s
        said, self.says = self.says[:3], self.says[3:]
        return said or None


def _printed(data: bytes) -> object:
    return Conversation(_Babble(data), timeout_s=0.01).send(b"paper")


@dataclass
class _Listening:
    """A line that keeps what a till asks."""

    office: Office
    asked: list[bytes] = field(default_factory=list)

    def send(self, path: str, message: bytes) -> bytes | Failure:
        self.asked.append(path.encode() + b" " + message)
        return answer_of(self.office, path, message)


@cache
def _world() -> World:
    world = build_world(scratch())
    give_back_dice()
    return world


def _asked() -> list[bytes]:
    """Return what a till asks head office, path and message: pushes with papers of all kinds, and pulls."""
    world = _world()
    place = world.places["KSM01"]
    made = []
    for number in range(4):
        part = PartRequest(account_no="A0", amount_minor=700 + number)
        leg = LegRequest(method="cash", amount_minor=700 + number)
        asked = TenderRequest(tender_id=f"fuzz-{number}", customer_no="AC-0", parts=(part,), legs=(leg,))
        made.append(place.till.take(request=asked, clerk=CLERK))
    number = made[0].content.body["number"]
    place.till.reverse(
        number=number, reason="wrong", refund="cash", tender_id="fuzz-r", clerk=CLERK, approval=approval()
    )
    place.till.close_shift(counted_minor=0, clerk=CLERK)
    line = _Listening(world.office)
    exchange(place.store, home=place.home, device_key=place.till.device_key, line=line, now=place.till.now)
    return line.asked


def _asked_otherwise(sample: bytes, dice: Random) -> bytes:
    path, _, message = sample.partition(b" ")
    key = _world().places["KSM01"].till.device_key
    alter = altered(message, dice) if dice.random() < 0.1 else _signed_otherwise(message, dice, key=key)
    return path + b" " + alter


def _answered(data: bytes) -> object:
    """Ask head office; what would be an answer of 500 and more is wrong."""
    path, _, message = data.partition(b" ")
    answer = answer_of(_world().office, path.decode(), message)
    if isinstance(answer, Failure):
        raise Refused if answer.trouble != "busy" else RuntimeError(answer.sentence)
    return answer
