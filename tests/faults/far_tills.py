"""Thousands of tills that were away: each with a zone, customers and a key of its own, and a signed batch that waits,
rewritten from the day of a real till.
"""

import csv
import re
import secrets
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from sqlalchemy import func, select

from meterpos.headoffice import auth
from meterpos.headoffice.importing import import_directory
from meterpos.headoffice.office import Office
from meterpos.headoffice.tables import feed
from meterpos.ledger import signing
from meterpos.ledger.journal import FIRST_PREV, entry_id
from meterpos.ledger.tables import journal
from meterpos.sync import wire
from meterpos.till import open_till
from tests.faults import speed

ROWS: Final = 4_000
SOFTWARE: Final = "0.1.0"
TOGETHER: Final = 100
"""So many tills are enrolled in one transaction, and signed for in one go."""
_ACCOUNT: Final = re.compile(rb'(?<="account":")\w+')
_SLOTS: Final = re.compile(
    rb'(?<="account":")\w+|(?<="meter":")[\w-]+|(?<="no":")AC-\w+|(?<="tender_id":")\w+|(?<="reference":")\w+'
    rb'|(?<="public_key":")\w+|(?<="device":")[^"]+|KSM01'
)
_KEYS: Final = re.compile(rb'"(\w+)":"$')


@dataclass(frozen=True)
class Far:
    """One simulated till: who it is, the batch that waits, and the question that follows it."""

    number: int
    key: bytes
    device: str
    stream: bytes
    push: bytes
    push_digest: str
    pull: bytes
    payments: int

    def ask(self, after: int) -> bytes:
        """Sign the question for the page after a place."""
        return _question(self.key, self.device, after)


@dataclass(frozen=True)
class Template:
    """One entry in pieces: what stays as it is, and what each till writes between, by name."""

    pieces: tuple[bytes, ...]
    slots: tuple[bytes, ...]
    place: int
    """Which of a till's customers it is about."""


def day_of_a_till(folder: Path, payments: int) -> list[bytes]:
    """Return the journal of a real till that took so many payments."""
    waiting = speed.make(folder, f"sqlite:///{folder}/office.db", payments=payments)
    till = open_till(waiting.folder / "till")
    with till.store.read() as connection:
        made = list(connection.execute(select(journal.c.data).order_by(journal.c.seq)).scalars())
    till.close()
    return made


def make_tills(office: Office, folder: Path, day: Sequence[bytes], count: int) -> list[Far]:
    """Make tills known with their zones' customers, and sign what each has to tell."""
    known = sorted({_place(found) for data in day for found in _ACCOUNT.findall(data)})
    _import_customers(office, folder / "import", known, count)
    keys = [signing.generate_key() for _ in range(count)]
    devices: list[str] = []
    for first in range(0, count, TOGETHER):
        devices += _enrol(office, first, keys[first : first + TOGETHER])
    with office.store.read() as conn:
        after = int(conn.execute(select(func.max(feed.c.position))).scalar_one())
    who = list(zip(range(count), keys, devices, strict=True))
    make = partial(_far, tuple(map(_template, day)), after)
    with ProcessPoolExecutor() as pool:
        return list(pool.map(make, who, chunksize=TOGETHER))


def zone(number: int) -> str:
    """Return the zone of a till."""
    return f"zone {number:04d}"


def _name(number: int) -> str:
    return f"T{number:04d}"


def _enrol(office: Office, first: int, keys: Sequence[bytes]) -> list[str]:
    """Make these tills known and certify their keys; return their devices."""
    devices = []
    at = office.moment().at
    with office.write() as (conn, outgoing):
        for number, key in enumerate(keys, first):
            name, code = _name(number), auth.make_till_code(secrets.token_bytes(8), keys=office.keys)
            asked = wire.Enrol(
                code=code, public_key=signing.public_of(key), title=name, software=SOFTWARE,
                digest=secrets.token_hex(32),
            )  # fmt: skip
            auth.add_till(conn, outgoing, till_name=name, title=name, zones=(zone(number),), code=code, at=at)
            devices.append(auth.enrol(conn, outgoing, request=asked, at=at).device_id)
    return devices


def _place(account_no: bytes) -> int:
    return int(account_no[1:]) % 1_000


def _import_customers(office: Office, folder: Path, known: Sequence[int], count: int) -> None:
    folder.mkdir()
    names = [f"{number:04d}{place:03d}" for number in range(count) for place in known]
    customers = [(f"C{name}", f"Somebody {name}", "", zone(int(name[:4]))) for name in names]
    rows: dict[str, list[tuple[str, ...]]] = {
        "customers": [("customer_no", "name", "phone", "zone"), *customers],
        "meters": [("meter_no", "utility"), *((f"M{n}", "water") for n in names)],
        "accounts": [
            ("account_no", "customer_no", "meter_no", "opened_on"),
            *((f"B{n}", f"C{n}", f"M{n}", "2026-01-01") for n in names),
        ],
    }  # fmt: skip
    for name, lines in rows.items():
        with (folder / f"{name}.csv").open("w", newline="") as file:
            csv.writer(file).writerows(lines)
    import_directory(office.store, folder)


def _template(data: bytes) -> Template:
    """Take an entry apart where each till has something of its own."""
    pieces, slots, end = list[bytes](), list[bytes](), 0
    for found in _SLOTS.finditer(data):
        pieces.append(data[end : found.start()])
        key = _KEYS.search(data[: found.start()])
        slots.append(b"till" if found[0] == b"KSM01" or key is None else key[1])
        end = found.end()
    account = _ACCOUNT.search(data)
    return Template((*pieces, data[end:]), tuple(slots), 0 if account is None else _place(account[0]))


def _written(template: Template, seq: int, number: int, key: bytes, device: str) -> bytes:
    """Return one entry as this till would have made it; references drawn by chance would meet among so many."""
    own = f"{number:04d}{template.place:03d}".encode()
    said = {
        b"account": b"B" + own, b"meter": b"M" + own, b"no": b"C" + own, b"till": _name(number).encode(),
        b"public_key": signing.public_of(key).hex().encode() if b"public_key" in template.slots else b"",
        b"device": device.encode(), b"tender_id": secrets.token_hex(16).encode(),
        b"reference": b"SK%04X%04X" % (number, seq),
    }  # fmt: skip
    parts = [template.pieces[0]]
    for slot, piece in zip(template.slots, template.pieces[1:], strict=True):
        parts += (said[slot], piece)
    return b"".join(parts)


def _far(day: Sequence[Template], after: int, who: tuple[int, bytes, str]) -> Far:
    """Write the day of one till, and sign it."""
    number, key, device = who
    entries = [_written(template, seq, number, key, device) for seq, template in enumerate(day, 1)]
    stream, prev = secrets.token_bytes(16), FIRST_PREV
    for seq, data in enumerate(entries, 1):
        prev = entry_id(stream=stream, seq=seq, prev=prev, data=data)
    push = wire.make_push(
        key=key, device=device, stream=stream, from_seq=1, prev=FIRST_PREV, head=prev, entries=entries,
        generation=1, position=0, software=SOFTWARE, nonce=secrets.token_bytes(wire.NONCE_BYTES),
    )  # fmt: skip
    payments = sum(b'"kind":"tender"' in data for data in entries)
    digest = wire.header_digest(push)
    return Far(number, key, device, stream, bytes(push), digest, _question(key, device, after), payments)


def _question(key: bytes, device: str, after: int) -> bytes:
    return bytes(
        wire.make_pull(
            key=key, device=device, after=after, limit=ROWS, software=SOFTWARE, generation=1,
            nonce=secrets.token_bytes(wire.NONCE_BYTES), zones=(), differs=(),
        )
    )  # fmt: skip
