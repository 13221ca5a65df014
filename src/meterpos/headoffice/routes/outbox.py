"""Messages to customers over HTTP: to many at once, and what became of each."""

from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Final, Literal

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import Connection

from meterpos.headoffice.access import Token
from meterpos.headoffice.feed import Outgoing
from meterpos.headoffice.office import Office
from meterpos.headoffice.routes.asking import Amount, Asked, Line, Number, json_body, read_model
from meterpos.headoffice.routes.office import REFUSALS, allowed
from meterpos.headoffice.routes.once import REFUSALS_ONCE, IdempotencyKey, once
from meterpos.headoffice.sms import bulk, outbox

router: Final = APIRouter()
OWES_LEAST_MINOR: Final = 1
"""Who owes nothing is not reminded."""
ANY_MAX: Final = 500


class BulkAsked(Asked):
    """One message to each of many customers; the same name again reaches only whom it has not reached."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"kind": "reminder", "name": "november", "zones": ["Kondele"], "overdue_days": 30}]
        }
    )
    kind: Literal["reminder", "disconnection", "notice"]
    name: Annotated[Line, Field(max_length=bulk.NAME_MAX)]
    text: Line | None = None
    per_meter: bool = False
    zones: Annotated[list[Number], Field(max_length=ANY_MAX, default_factory=list)]
    customers: Annotated[list[Number], Field(max_length=ANY_MAX, default_factory=list)]
    meter_status: Literal["active", "disconnected"] | None = None
    least_minor: Amount | None = None
    overdue_days: Annotated[int | None, Field(ge=0, le=36_500)] = None
    dry_run: bool = False

    def selection(self) -> bulk.Selection:
        """Return whom it is about; but for a notice, who owes, and is to be cut off, who is late."""
        least = OWES_LEAST_MINOR if self.least_minor is None and self.kind != "notice" else self.least_minor
        late = 0 if self.overdue_days is None and self.kind == "disconnection" else self.overdue_days
        return bulk.Selection(
            zones=tuple(self.zones),
            customer_nos=tuple(self.customers),
            meter_status=self.meter_status,
            balance_least_minor=least,
            overdue_days=late,
        )


class Bulk(BaseModel):
    """What a bulk does, or would: `unreached` are the first customers no phone reaches."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "customers": 120,
                    "messages": 131,
                    "parts": 140,
                    "cost_minor": 11200,
                    "queued": 131,
                    "opted_out": 2,
                    "unreached": ["AC-10077"],
                    "samples": ["Dear Grace Akinyi, you owe KES 2,300.00 in all for MTR-001. Please pay."],
                }
            ]
        }
    )
    customers: int
    messages: int
    parts: int
    cost_minor: int
    queued: int
    opted_out: int
    unreached: list[str]
    samples: list[str]


class Message(BaseModel):
    """One message and what became of it."""

    sms_id: str
    kind: str
    phone: str
    customer_no: str | None
    account_no: str | None
    language: str
    text: str
    parts: int
    state: str
    tries: int
    queued_at: datetime
    ended_at: datetime | None
    cost_minor: int | None
    detail: str


class Outbox(BaseModel):
    """How many messages there are of each state, and the latest."""

    counts: dict[str, int]
    messages: list[Message]


@router.get("/v1/office/messages", summary="What became of messages to customers", responses=REFUSALS)
async def list_messages(
    request: Request,
    *,
    state: Annotated[
        Literal["queued", "sending", "sent", "unsure", "delivered", "failed", "cancelled"] | None, Query()
    ] = None,
    customer: Number | None = None,
    limit: Annotated[int, Query(ge=1, le=1_000)] = 50,
) -> Outbox:
    """List the latest messages as `sms outbox` does; they hold phones and what customers owe."""

    def work(office: Office, _token: Token) -> Outbox:
        with office.store.read() as conn:
            found = outbox.listed(conn, state=state, customer_no=customer, limit=limit)
            return Outbox(counts=dict(outbox.counted(conn)), messages=[Message(**asdict(one)) for one in found])

    return await allowed(request, "books", work)


@router.post(
    "/v1/office/messages",
    summary="Send one message to each of many customers",
    responses=REFUSALS_ONCE,
    openapi_extra=json_body(BulkAsked),
)
async def send_bulk(request: Request, key: IdempotencyKey) -> Bulk:
    """Queue a bulk as `sms bulk` does; with `dry_run` only say whom it reaches and what it costs."""
    asked = await read_model(request, BulkAsked)

    def work(conn: Connection, _outgoing: Outgoing, office: Office, _token: Token) -> Bulk:
        moment = office.moment()
        done = bulk.send_bulk(
            conn,
            kind=asked.kind,
            name=asked.name,
            selection=asked.selection(),
            at=moment.at,
            today=moment.today,
            per_meter=asked.per_meter,
            text=asked.text,
            dry_run=asked.dry_run,
        )
        return Bulk(
            customers=done.customers,
            messages=done.messages,
            parts=done.parts,
            cost_minor=done.cost_minor,
            queued=done.queued,
            opted_out=done.unwanted,
            unreached=done.unreached[:ANY_MAX],
            samples=[one.text for one in done.samples],
        )

    return await once(request, "books", key, asked, Bulk, work)
