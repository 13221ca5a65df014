"""Credit and debit notes, waivers, write-offs and transfers over HTTP: one token asks for them, another agrees."""

from typing import Annotated, Final

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, ConfigDict, RootModel, model_validator
from sqlalchemy import Connection

from meterpos.headoffice.access import Token
from meterpos.headoffice.billing import notes
from meterpos.headoffice.feed import Outgoing
from meterpos.headoffice.office import Office
from meterpos.headoffice.routes.asking import Amount, Asked, Day, Line, Number, NumberInPath, json_body, read_model
from meterpos.headoffice.routes.office import REFUSALS, allowed
from meterpos.headoffice.routes.once import REFUSALS_ONCE, IdempotencyKey, once

router: Final = APIRouter()


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
        if self.amount_minor is None and self.kind not in notes.WHOLE:
            raise ValueError("amount_minor is missing")
        return self


class NoteStanding(RootModel[notes.Note]):
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


class Notes(BaseModel):
    """Notes, the oldest first."""

    notes: list[notes.Note]


@router.get("/v1/office/notes", summary="The notes that wait for a second person", responses=REFUSALS)
async def list_notes(
    request: Request,
    everything: Annotated[bool, Query(description="Also those that were agreed to or refused.")] = False,
) -> Notes:
    """List them as `note list` does."""

    def work(office: Office, _token: Token) -> Notes:
        with office.store.read() as conn:
            return Notes(notes=list(notes.listed(conn, every=everything)))

    return await allowed(request, "lists", work)


@router.get("/v1/office/notes/{note_no}", summary="One note", responses=REFUSALS)
async def show_note(request: Request, note_no: NumberInPath) -> NoteStanding:
    """Say how a note stands."""

    def work(office: Office, _token: Token) -> NoteStanding:
        with office.store.read() as conn:
            return NoteStanding(notes.find(conn, note_no))

    return await allowed(request, "lists", work)


@router.post(
    "/v1/office/notes",
    summary="Ask for a credit or debit note, a waiver, a write-off or a transfer",
    responses=REFUSALS_ONCE,
    openapi_extra=json_body(NoteAsked),
)
async def ask_for_note(request: Request, key: IdempotencyKey) -> NoteStanding:
    """Ask as `note`, `account write-off`, `adjust` and `transfer` do, in the token's name: posted at once, or it waits
    for a second person where the utility wants one.
    """
    asked = await read_model(request, NoteAsked)

    def work(conn: Connection, outgoing: Outgoing, office: Office, token: Token) -> NoteStanding:
        moment = office.moment()
        amount_minor = asked.amount_minor
        if amount_minor is None:
            amount_minor = notes.WHOLE[asked.kind](conn, asked.account)
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
        return NoteStanding(made)

    return await once(request, "books", key, asked, NoteStanding, work)


@router.post("/v1/office/notes/{note_no}/approve", summary="Agree to a note", responses=REFUSALS_ONCE)
async def approve_note(request: Request, note_no: NumberInPath, key: IdempotencyKey) -> NoteStanding:
    """Agree to a note that waits: it is posted now. The token's name is that of a supervisor or manager who is not who
    asked.
    """

    def work(conn: Connection, outgoing: Outgoing, office: Office, token: Token) -> NoteStanding:
        moment = office.moment()
        return NoteStanding(
            notes.approve(conn, outgoing, note_no=note_no, by=token.name, on=moment.today, at=moment.at)
        )

    return await once(request, "books", key, None, NoteStanding, work)


@router.post("/v1/office/notes/{note_no}/refuse", summary="Refuse a note", responses=REFUSALS_ONCE)
async def refuse_note(request: Request, note_no: NumberInPath, key: IdempotencyKey) -> NoteStanding:
    """Refuse a note that waits: it changes nothing. The token's name is that of a supervisor or manager."""

    def work(conn: Connection, _outgoing: Outgoing, office: Office, token: Token) -> NoteStanding:
        moment = office.moment()
        return NoteStanding(notes.refuse(conn, note_no=note_no, by=token.name, on=moment.today, at=moment.at))

    return await once(request, "books", key, None, NoteStanding, work)
