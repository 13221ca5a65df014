"""The exchange with tills: enrol, push, pull. Each is one transaction; whatever is answered is signed."""

import logging
import time
from datetime import datetime
from typing import Any, Final

from fastapi import APIRouter, Request, Response
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError
from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse

from meterpos.headoffice import auth, chain, exceptions, feed, intake, witnesses
from meterpos.headoffice.admission import Gate, NoRoom
from meterpos.headoffice.exceptions import Opening
from meterpos.headoffice.legacy import pulled
from meterpos.headoffice.office import Office
from meterpos.headoffice.problems import Problem, of_wire
from meterpos.headoffice.routes.body import read_body
from meterpos.headoffice.tables import exceptions as exceptions_table
from meterpos.ledger.feedrows import UnreadableRow
from meterpos.ledger.journal import FIRST_PREV
from meterpos.ledger.tables.base import format_instant
from meterpos.sync import wire
from meterpos.sync.wire import WireError

log: Final = logging.getLogger(__name__)
router: Final = APIRouter(prefix="/v1")

TRIES_MAX: Final = 5
_AGAIN: Final = frozenset({"40P01", "40001"})
"""PostgreSQL broke a deadlock, or could not serialise: nothing was done, and doing it again will do."""


class Message(Response):
    """A signed message."""

    media_type = "application/octet-stream"


@router.post("/enrol", summary="Become a till: a one-time code and a new key for a certificate", response_class=Message)
async def enrol(request: Request) -> Response:
    """Answer a code and a key with a signed certificate."""
    return await _answer(request, _enrol)


@router.post("/push", summary="Deliver entries of a till's journal", response_class=Message)
async def push(request: Request) -> Response:
    """Answer a batch with a signed acknowledgement."""
    return await _answer(request, take_push)


@router.post("/pull", summary="Ask for the next page of the feed", response_class=Message)
async def pull(request: Request) -> Response:
    """Answer a cursor with a signed page."""
    return await _answer(request, _pull)


@router.post("/recall", summary="Ask for the end of a stream a restored till lost", response_class=Message)
async def recall(request: Request) -> Response:
    """Answer a place in a till's own stream with the entries that follow it."""
    return await _answer(request, _recall)


@router.post("/witness", summary="Tell what a restored head office has lost", response_class=Message)
async def witness(request: Request) -> Response:
    """Answer what a till remembers with a signed acknowledgement of no entries."""
    return await _answer(request, take_witness)


async def _answer(request: Request, work: Any) -> Response:
    """Work on a message when it is its turn; an exchange begins with a push, so all others belong to one begun."""
    packed = await read_body(request)
    gate: Gate = request.app.state.gate
    try:
        async with gate.turn(begun=work is not take_push):
            return Message(await run_in_threadpool(work, request.app.state.office, packed))
    except NoRoom as full:
        return _come_again(full.wait_s)
    except WireError as error:
        raise of_wire(error) from error


def _come_again(wait_s: int) -> Response:
    """Say when; the connection is let go, lest thousands that wait at home keep one each."""
    said = {"error": f"Head office is busy. Come again in {wait_s} s; nothing is lost.", "code": "busy"}
    return JSONResponse(said, status_code=503, headers={"Retry-After": str(wait_s), "Connection": "close"})


def _enrol(office: Office, packed: bytes) -> bytes:
    request = wire.read_enrol(packed)
    at = office.moment().at
    try:
        with office.write() as (conn, outgoing):
            device = auth.enrol(conn, outgoing, request=request, at=at)
            title = auth.till_title(conn, device.till_name)
            generation = feed.generation(conn)
    except auth.CodeRefused as error:
        log.warning("an enrolment was refused")
        raise Problem(403, "code", str(error)) from error
    log.info("till %s enrolled", device.till_name)
    return wire.make_certificate(
        key=office.keys.server,
        request=request.digest,
        device=device.device_id,
        till=device.till_name,
        title=title,
        zones=device.zones,
        public_key=device.public_key,
        server_key=office.keys.server_public,
        box_key=office.keys.box_public,
        utility=office.settings.utility,
        generation=generation,
        at=format_instant(at),
    )


def take_push(office: Office, packed: bytes) -> bytes:
    """Take in one batch, however it came, and return the signed acknowledgement. Raises: WireError, Problem."""
    began = time.monotonic()
    opened = wire.open_unverified(packed, purpose="push")
    device = _sender(office, opened)
    at = office.moment().at
    try:
        batch = wire.read_push(opened, key=device.public_key)
    except WireError as error:
        if error.reason == "signature":
            _report_once(
                office, Opening(code="bad_signature", subject=device.till_name, till_name=device.till_name), at
            )
        raise
    received = receive_batch(office, batch, device, at)
    log.info(
        "till %s pushed %d entries through %d in %.0f ms",
        device.till_name,
        len(batch.entries),
        received.through_seq,
        (time.monotonic() - began) * 1000,
    )
    return wire.make_ack(
        key=office.keys.server,
        batch=batch.digest,
        generation=received.generation,
        stream=batch.stream,
        through_seq=received.through_seq,
        head=received.head,
        at=format_instant(at),
        count=received.count,
        sum_minor=received.sum_minor,
        answers=received.answers,
        held=received.held,
        lineage=received.lineage,
    )


def receive_batch(office: Office, batch: wire.Push, device: auth.Device, at: datetime) -> intake.Received:
    """Take the batch in, again where the database asks for it. What can be done before others wait is done before."""
    entries = intake.read_entries(batch)
    for tries in range(1, TRIES_MAX + 1):
        try:
            with office.write() as (conn, outgoing):
                return intake.receive(conn, outgoing, push=batch, entries=entries, device=device, at=at)
        except DBAPIError as error:
            if getattr(error.orig, "sqlstate", None) not in _AGAIN or tries == TRIES_MAX:
                raise
    raise AssertionError("the last try either returns or raises")


def _pull(office: Office, packed: bytes) -> bytes:
    opened = wire.open_unverified(packed, purpose="pull")
    device = _sender(office, opened)
    asked = wire.read_pull(opened, key=device.public_key)
    if device.revoked:
        raise Problem(403, "revoked", f"Till {device.till_name} was revoked. Ask head office.")
    if not set(asked.zones) <= set(device.pulled):
        raise Problem(403, "zone", f"Till {device.till_name} does not serve that zone. Ask head office.")
    at = office.moment().at
    zones = tuple(asked.zones) or device.pulled
    with office.store.read() as conn:
        generation, lineage = feed.generation(conn), feed.lineage(conn)
        page = None
        if asked.generation == generation:
            page = feed.page(conn, zones=zones, after=asked.after, limit=asked.limit, facts=asked.facts)
        first_migrated = page is not None and pulled.is_first(conn, page.rows)
    if first_migrated:
        with office.write() as (conn, _):
            pulled.note(conn, till_name=device.till_name, at=at)
    for zone in asked.differs:
        subject = f"{device.till_name} {zone}"
        _report_once(office, Opening(code="digest_mismatch", subject=subject, till_name=device.till_name), at)
    return wire.make_page(
        key=office.keys.server,
        request=asked.digest,
        generation=generation,
        after=asked.after,
        through=page.through if page else asked.after,
        at=format_instant(at),
        more=page.more if page else False,
        zones=zones,
        rows=page.rows if page else (),
        digests=page.digests if page else {},
        lineage=lineage,
    )


def _recall(office: Office, packed: bytes) -> bytes:
    opened = wire.open_unverified(packed, purpose="recall")
    device = _sender(office, opened)
    asked = wire.read_recall(opened, key=device.public_key)
    if device.revoked:
        raise Problem(403, "revoked", f"Till {device.till_name} was revoked. Ask head office.")
    with office.store.read() as conn:
        entries = chain.entries_after(conn, asked, till_name=device.till_name)
    log.info("till %s fetched %d of its own entries after %d", device.till_name, len(entries), asked.after_seq)
    return wire.make_recalled(
        key=office.keys.server, request=asked.digest, stream=asked.stream, after_seq=asked.after_seq, entries=entries
    )


def take_witness(office: Office, packed: bytes) -> bytes:
    """Hear what a till remembers, however it came, and return the signed answer. Raises: WireError, Problem."""
    opened = wire.open_unverified(packed, purpose="witness")
    device = _sender(office, opened)
    said = wire.read_witness(opened, key=device.public_key)
    if device.revoked:
        raise Problem(403, "revoked", f"Till {device.till_name} was revoked. Ask head office.")
    at = office.moment().at
    try:
        with office.write() as (conn, _):
            lost = witnesses.take_in(conn, said, device=device, at=at)
            generation, lineage = feed.generation(conn), feed.lineage(conn)
    except UnreadableRow as error:
        raise Problem(400, "form", str(error)) from error
    log.info("till %s remembers %d facts that are not here", device.till_name, lost)
    return wire.make_ack(
        key=office.keys.server,
        batch=said.digest,
        generation=generation,
        stream=wire.NO_STREAM,
        through_seq=0,
        head=FIRST_PREV,
        at=format_instant(at),
        count=0,
        sum_minor=0,
        answers=(),
        lineage=lineage,
    )


def _sender(office: Office, opened: wire.Opened) -> auth.Device:
    """Return the device a message says it comes from; its signature is still to be checked."""
    name = wire.sender_of(opened)
    with office.store.read() as conn:
        device = auth.find_device(conn, name)
    if device is None:
        raise Problem(401, "unknown_device", "This till is not known here. Enrol it with a code from head office.")
    return device


def _report_once(office: Office, opening: Opening, at: datetime) -> None:
    """Open an item unless it is open, so that repeating it costs one read."""
    number = exceptions.exception_id(opening.code, opening.subject)
    is_open = select(exceptions_table.c.exception_id).where(
        exceptions_table.c.exception_id == number, exceptions_table.c.resolved_at.is_(None)
    )
    with office.store.read() as conn:
        if conn.execute(is_open).first() is not None:
            return
    with office.write() as (conn, _):
        exceptions.open_all(conn, [opening], at=at)
