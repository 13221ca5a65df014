"""Credit and debit notes, waivers, write-offs and transfers over HTTP: one token asks for them, another agrees."""

from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Final

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, ConfigDict, model_validator
from sqlalchemy import Connection

from meterpos.headoffice.access import Token
from meterpos.headoffice.billing import notes
from meterpos.headoffice.feed import Outgoing
from meterpos.headoffice.office import Office
from meterpos.headoffice.routes.asking import Amount, Asked, Day, Line, Number, NumberInPath, json_body, read_model
from meterpos.headoffice.routes.office import REFUSALS, allowed
from meterpos.headoffice.routes.once import REFUSALS_ONCE, IdempotencyKey, once

router: Final = APIRouter()
_WHOLE: Final = {"waiver": notes.penalties, "write-off": notes.owed}
"""What a note is over where it names no amount."""


class NoteAsked(Asked):
    """A note: over its late-payment penalties (a waiver) or all that is owed (a write-off) where it names no amount."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "kind": "credit-note",
                    "account": "A00107",
                    "amount_minor": 15000,
                    "reason": "Leak before the meter, JOB-7",
                }
            ]
        }
    )
    kind: notes.NoteKind
    account: Number
    to_account: Number | None = None
    amount_minor: Amount | None = None
    reason: Line
    on: Day | None = None

    @model_validator(mode="after")
    def _is_whole(self) -> "NoteAsked":
        if (self.kind == "transfer") != (self.to_account is not None):
            raise ValueError("a transfer, and nothing else, names to_account")
        if self.amount_minor is None and self.kind not in _WHOLE:
            raise ValueError("amount_minor is missing")
        return self


class Note(BaseModel):
    """How a note stands: waiting, approved (then `adjustment_no` is what it made) or refused."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "note_no": "NOTE-000012",
                    "kind": "credit-note",
                    "account_no": "A00107",
                    "to_account": None,
                    "amount_minor": 15000,
                    "reason": "Leak before the meter, JOB-7",
                    "asked_by": "achieng",
                    "asked_at": "2026-11-20T06:41:07.123Z",
                    "decided_by": None,
                    "decided_at": None,
                    "status": "waiting",
                    "adjustment_no": None,
                }
            ]
        }
    )
    note_no: str
    kind: str
    account_no: str
    to_account: str | None
    amount_minor: int
    reason: str
    asked_by: str
    asked_at: datetime
    decided_by: str | None
    decided_at: datetime | None
    status: str
    adjustment_no: str | None


class Notes(BaseModel):
    """Notes, the oldest first."""

    notes: list[Note]


@router.get("/v1/office/notes", summary="The notes that wait for a second person", responses=REFUSALS)
async def list_notes(
    request: Request,
    everything: Annotated[bool, Query(description="Also those that were agreed to or refused.")] = False,
) -> Notes:
    """List them as `note list` does."""

    def work(office: Office, _token: Token) -> Notes:
        with office.store.read() as conn:
            return Notes(notes=[_told(one) for one in notes.listed(conn, every=everything)])

    return await allowed(request, "lists", work)


@router.get("/v1/office/notes/{note_no}", summary="One note", responses=REFUSALS)
async def show_note(request: Request, note_no: NumberInPath) -> Note:
    """Say how a note stands."""

    def work(office: Office, _token: Token) -> Note:
        with office.store.read() as conn:
            return _told(notes.find(conn, note_no))

    return await allowed(request, "lists", work)


@router.post(
    "/v1/office/notes",
    summary="Ask for a credit or debit note, a waiver, a write-off or a transfer",
    responses=REFUSALS_ONCE,
    openapi_extra=json_body(NoteAsked),
)
async def ask_for_note(request: Request, key: IdempotencyKey) -> Note:
    """Ask as `note`, `account write-off`, `adjust` and `transfer` do, in the token's name: posted at once, or it waits
    for a second person where the utility wants one.
    """
    asked = await read_model(request, NoteAsked)

    def work(conn: Connection, outgoing: Outgoing, office: Office, token: Token) -> Note:
        moment = office.moment()
        amount_minor = asked.amount_minor
        if amount_minor is None:
            amount_minor = _WHOLE[asked.kind](conn, asked.account)
        made = notes.ask(
            conn,
            outgoing,
            kind=asked.kind,
            account_no=asked.account,
            to_account=asked.to_account,
            amount_minor=amount_minor,
            reason=asked.reason,
            by=token.name,
            on=asked.on or moment.today,
            at=moment.at,
        )
        return _told(made)

    return await once(request, "books", key, asked, Note, work)


@router.post("/v1/office/notes/{note_no}/approve", summary="Agree to a note", responses=REFUSALS_ONCE)
async def approve_note(request: Request, note_no: NumberInPath, key: IdempotencyKey) -> Note:
    """Agree to a note that waits: it is posted now. The token's name is that of a supervisor or manager who is not who
    asked.
    """

    def work(conn: Connection, outgoing: Outgoing, office: Office, token: Token) -> Note:
        moment = office.moment()
        return _told(notes.approve(conn, outgoing, note_no=note_no, by=token.name, on=moment.today, at=moment.at))

    return await once(request, "books", key, None, Note, work)


@router.post("/v1/office/notes/{note_no}/refuse", summary="Refuse a note", responses=REFUSALS_ONCE)
async def refuse_note(request: Request, note_no: NumberInPath, key: IdempotencyKey) -> Note:
    """Refuse a note that waits: it changes nothing. The token's name is that of a supervisor or manager."""

    def work(conn: Connection, _outgoing: Outgoing, office: Office, token: Token) -> Note:
        moment = office.moment()
        return _told(notes.refuse(conn, note_no=note_no, by=token.name, on=moment.today, at=moment.at))

    return await once(request, "books", key, None, Note, work)


def _told(note: notes.Note) -> Note:
    return Note(**asdict(note))
