"""Head office's side of an exchange by stick: a till's file in, an answer out; pages for a till that sent nothing.

A file is judged whole before anything of it is used. Each batch is then taken in as if it had come over the network,
in a transaction of its own, so the same file may be read again after any interruption.
"""

import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, select, update

from meterpos.headoffice import auth, chain, feed
from meterpos.headoffice.legacy import pulled
from meterpos.headoffice.office import Office
from meterpos.headoffice.problems import Problem
from meterpos.headoffice.routes import exchange as routes
from meterpos.headoffice.tables import tills
from meterpos.ledger.tables.base import format_instant
from meterpos.sync import courier_file, wire
from meterpos.sync.courier_file import Header, UnusableCourier
from meterpos.sync.framing import WireError, header_digest, open_unverified
from meterpos.sync.steps import Cursor
from meterpos.sync.talk import common_place

PURPOSES: Final = ("push", "pull", "recall", "witness")
UNASKED: Final = "0" * 64
"""What a page that nobody asked for names as its question."""
PAGES_MAX: Final = 100_000


@dataclass(slots=True, kw_only=True)
class Answered:
    """What was taken from a till's file, and what goes back: entries received, those that are new, rows, its bytes."""

    till_name: str
    entries: int = 0
    new: int = 0
    exceptions: int = 0
    rows: int = 0
    held: bool = False
    data: bytes = b""


def answer(office: Office, data: bytes) -> Answered:
    """Take in a till's courier file and return the answer to it. The same file twice gives the same result.

    Raises: UnusableCourier with nothing changed.
    """
    header = courier_file.read_header(data)
    device = _sender(office, header)
    content_key = courier_file.unwrap(header, private=office.keys.box)
    messages = courier_file.read(data, header, content_key=content_key, signer=device.public_key)
    asked = [(_purpose(message, device), message) for message in messages]
    _remember_key(office, header, device)
    done = Answered(till_name=device.till_name, held=device.revoked)
    answers: list[bytes] = []
    for purpose, message in asked:
        if purpose == "push":
            answers.append(_take(office, message, done))
            _tell(office, wire.read_push(message, key=device.public_key), device)
        elif device.revoked:
            continue
        elif purpose == "recall":
            answers += _recalled(office, message, device)
        elif purpose == "witness":
            answers.append(_hear(office, message))
        else:
            answers += _asked_pages(office, message, device, done)
    done.data = _sealed(office, device, answers, request=header.request, reader=header.reply)
    return done


def pages_for(office: Office, *, till_name: str) -> Answered:
    """Return a file with everything a till has not told it has, for a stick that goes out before one came in.

    Raises: UnusableCourier when the till never sent a file, or was revoked.
    """
    with office.store.read() as conn:
        row = conn.execute(select(tills).where(tills.c.till_name == till_name)).one_or_none()
        device = auth.find_device(conn, row.device_id) if row is not None and row.device_id else None
    if row is None or device is None:
        raise UnusableCourier(f"There is no enrolled till {till_name}. See: meterpos headoffice till list")
    if row.courier_key is None:
        raise UnusableCourier(
            f"Till {till_name} has not sent a courier file yet: its first one says how to encrypt for it. "
            "At the till: meterpos till sync --courier-out FILE"
        )
    if device.revoked:
        raise UnusableCourier(f"Till {till_name} was revoked: it is told nothing.")
    done = Answered(till_name=till_name)
    cursor = Cursor(row.reported_generation or 0, row.reported_position or 0)
    pages = list(_pages(office, device, cursor, request=UNASKED, limit=wire.ROWS_MAX, done=done))
    done.data = _sealed(office, device, pages, request="", reader=row.courier_key)
    return done


def _sender(office: Office, header: Header) -> auth.Device:
    if header.kind == "answer":
        raise UnusableCourier(f"This file is an answer for till {header.till[:20]}: take it there.")
    if header.kind == "mirror":
        raise UnusableCourier("This file is a till's mirror. Read it with: meterpos headoffice mirror read FILE")
    with office.store.read() as conn:
        device = auth.find_device(conn, header.device)
    if device is None or device.till_name != header.till:
        raise UnusableCourier(
            f"The file is of till {header.till[:20]}, of a machine that is not known here. Nothing was changed."
        )
    return device


def _purpose(message: bytes, device: auth.Device) -> str:
    """Return what a message is, after judging it whole. Raises: UnusableCourier."""
    readers = {"push": wire.read_push, "pull": wire.read_pull, "recall": wire.read_recall, "witness": wire.read_witness}
    for purpose in PURPOSES:
        try:
            readers[purpose](open_unverified(message, purpose=purpose), key=device.public_key)
        except WireError as error:
            if error.reason == "purpose":
                continue
            raise UnusableCourier(
                f"The file holds what cannot be read ({error.detail}). Nothing was changed."
            ) from error
        return purpose
    raise UnusableCourier(
        "The file holds a message this version does not know. Upgrade head office; nothing was changed."
    )


def _remember_key(office: Office, header: Header, device: auth.Device) -> None:
    with office.write() as (conn, _):
        conn.execute(update(tills).where(tills.c.till_name == device.till_name).values(courier_key=header.reply))


def _take(office: Office, message: bytes, done: Answered) -> bytes:
    try:
        packed = routes.take_push(office, message)
    except Problem as error:
        raise UnusableCourier(f"{error} What was taken in until here stands; read the file again.") from error
    ack = wire.read_ack(packed, key=office.keys.server_public, batch=None, stream=None)
    done.entries += len(ack.answers)
    done.new += sum(one.outcome != "had" for one in ack.answers)
    done.exceptions += sum(one.outcome in ("exception", "quarantined") for one in ack.answers)
    return packed


def _hear(office: Office, message: bytes) -> bytes:
    try:
        return routes.take_witness(office, message)
    except Problem as error:
        raise UnusableCourier(f"{error} What was taken in until here stands; read the file again.") from error


def _tell(office: Office, batch: wire.Push, device: auth.Device) -> None:
    if batch.entries:
        with office.write() as (conn, outgoing):
            chain.tell_of_growth(conn, outgoing, batch.stream, till_name=device.till_name)


def _recalled(office: Office, message: bytes, device: auth.Device) -> Iterator[bytes]:
    """Yield the whole end of a stream, in as many pieces as it needs."""
    asked = wire.read_recall(message, key=device.public_key)
    with office.store.read() as conn:
        for _ in range(PAGES_MAX):
            entries = chain.entries_after(conn, asked, till_name=device.till_name)
            if not entries:
                return
            yield wire.make_recalled(
                key=office.keys.server,
                request=asked.digest,
                stream=asked.stream,
                after_seq=asked.after_seq,
                entries=entries,
            )
            asked = chain.going_on(asked, entries)


def _asked_pages(office: Office, message: bytes, device: auth.Device, done: Answered) -> Iterator[bytes]:
    asked = wire.read_pull(message, key=device.public_key)
    cursor = Cursor(asked.generation, asked.after)
    yield from _pages(office, device, cursor, request=header_digest(message), limit=asked.limit, done=done)


def _pages(
    office: Office, device: auth.Device, cursor: Cursor, *, request: str, limit: int, done: Answered
) -> Iterator[bytes]:
    """Yield signed pages from where the feed is what the till knows to its end, as one transaction sees it."""
    at = format_instant(office.moment().at)
    with office.store.read() as conn:
        generation, lineage = feed.generation(conn), feed.lineage(conn)
        after = common_place(cursor, generation=generation, lineage=lineage)
        for _ in range(PAGES_MAX):
            page = _page(conn, device, after=after, limit=limit)
            done.rows += len(page.rows)
            if pulled.is_first(conn, page.rows):
                with office.write() as (noting, _):
                    pulled.note(noting, till_name=device.till_name, at=office.moment().at)
            yield wire.make_page(
                key=office.keys.server,
                request=request,
                generation=generation,
                after=after,
                through=page.through,
                at=at,
                more=page.more,
                zones=device.pulled,
                rows=page.rows,
                digests=page.digests,
                lineage=lineage,
            )
            if not page.more:
                return
            after = page.through


def _page(conn: Connection, device: auth.Device, *, after: int, limit: int) -> feed.PageOfFeed:
    return feed.page(conn, zones=device.pulled, after=after, limit=limit)


def _sealed(office: Office, device: auth.Device, messages: list[bytes], *, request: str, reader: bytes) -> bytes:
    content_key = secrets.token_bytes(courier_file.KEY_BYTES)
    try:
        header = courier_file.new_header(
            kind="answer",
            till=device.till_name,
            device=device.device_id,
            request=request,
            content_key=content_key,
            reader=reader,
        )
    except ValueError as error:
        raise UnusableCourier("The file does not say how to answer it. Make a new one at the till.") from error
    return courier_file.write(header, messages, content_key=content_key, signer=office.keys.server)
