"""Whose meter it is, over HTTP: accounts open and close, meters change hands and hardware, customers are put right."""

from collections.abc import Callable
from datetime import date
from typing import Annotated, Any, Final, Literal, TypeVar

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import Connection

from meterpos.headoffice import master
from meterpos.headoffice.access import Token
from meterpos.headoffice.billing import lifetimes
from meterpos.headoffice.feed import Outgoing
from meterpos.headoffice.office import Office
from meterpos.headoffice.routes.asking import Asked, Day, Line, Number, NumberInPath, Reason, json_body, read_model
from meterpos.headoffice.routes.office import REFUSALS, allowed
from meterpos.headoffice.routes.once import REFUSALS_ONCE, IdempotencyKey, once
from meterpos.headoffice.zones import move_customer
from meterpos.ledger.money import AMOUNT_MAX

router: Final = APIRouter()
Route = TypeVar("Route", bound=Callable[..., Any])
Reading = Annotated[str, Field(min_length=1, max_length=20)]
"""What a register shows, as a decimal."""


class Opened(Asked):
    """An account to open; `opening_minor` is what is owed from before, below zero what is held."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"account": "A00107", "customer": "AC-10482", "meter": "MTR-001"}]}
    )
    account: Number
    customer: Number
    meter: Number
    opening_minor: Annotated[int, Field(ge=-AMOUNT_MAX, le=AMOUNT_MAX, strict=True)] = 0
    on: Day | None = None


class Closed(Asked):
    """How an account ends: with what the meter shows, where it was read."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"reading": "1204.5"}]})
    reading: Reading | None = None
    on: Day | None = None


class HandedOver(Asked):
    """Who gets a meter, and on which new account."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"customer": "AC-10077", "account": "A00108", "reading": "1204.5"}]}
    )
    customer: Number
    account: Number
    reading: Reading | None = None
    on: Day | None = None


class Replaced(Asked):
    """What hardware is fitted; `final` is what the old register showed, `start` what the new one shows."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"serial": "SN-77120", "final": "1204.5", "start": "0"}]})
    serial: Number
    final: Reading | None = None
    start: Reading = "0"
    digits: Annotated[int | None, Field(ge=3, le=12)] = None
    on: Day | None = None


class Corrected(Asked):
    """What is right of a customer; what is left out stays."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"phone": "0712345678"}]})
    name: Line | None = None
    phone: Line | None = None
    place: Line | None = None


class Moved(Asked):
    """The zone whose tills serve a customer from now."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"zone": "Migosi"}]})
    zone: Number


class Done(BaseModel):
    """What was done: which account is open or closed now, and the last invoice of who left."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"meter": "MTR-001", "closed": "A00107", "invoice": "INV-000456"}]}
    )
    meter: str | None = None
    customer: str | None = None
    opened: str | None = None
    closed: str | None = None
    invoice: str | None = None


class Event(BaseModel):
    """One thing in the life of a meter."""

    on: date
    what: str
    text: str


class History(BaseModel):
    """The life of a meter, from its beginning."""

    meter: str
    history: list[Event]


def _post(path: str, summary: str, asked: type[BaseModel]) -> Callable[[Route], Route]:
    return router.post(f"/v1/office/{path}", summary=summary, responses=REFUSALS_ONCE, openapi_extra=json_body(asked))


@_post("accounts", "Assign a meter to a customer", Opened)
async def open_account(request: Request, key: IdempotencyKey) -> Done:
    """Open an account as `account open` does."""
    asked = await read_model(request, Opened)

    def work(conn: Connection, outgoing: Outgoing, office: Office, _token: Token) -> Done:
        master.open_account(
            conn,
            outgoing,
            account_no=asked.account,
            customer_no=asked.customer,
            meter_no=asked.meter,
            opened_on=asked.on or office.moment().today,
            opening_minor=asked.opening_minor,
        )
        return Done(meter=asked.meter, customer=asked.customer, opened=asked.account)

    return await once(request, "books", key, asked, Done, work)


@_post("accounts/{account_no}/close", "End a meter's assignment", Closed)
async def close_account(request: Request, account_no: NumberInPath, key: IdempotencyKey) -> Done:
    """Close an account with a last invoice as `account close` does; what is owed or held stays on it."""
    asked = await read_model(request, Closed)

    def work(conn: Connection, outgoing: Outgoing, office: Office, _token: Token) -> Done:
        moment = office.moment()
        day = asked.on or moment.today
        invoice = lifetimes.close_account(
            conn, outgoing, account_no=account_no, reading=asked.reading, on=day, at=moment.at
        )
        return Done(closed=account_no, invoice=invoice)

    return await once(request, "books", key, asked, Done, work)


@_post("meters/{meter_no}/handover", "Give a meter to another customer", HandedOver)
async def hand_over(request: Request, meter_no: NumberInPath, key: IdempotencyKey) -> Done:
    """Hand a meter over as `account handover` does: debt and credit stay with who leaves."""
    asked = await read_model(request, HandedOver)

    def work(conn: Connection, outgoing: Outgoing, office: Office, _token: Token) -> Done:
        moment = office.moment()
        old, invoice = lifetimes.hand_over(
            conn,
            outgoing,
            meter_no=meter_no,
            to_customer=asked.customer,
            account_no=asked.account,
            reading=asked.reading,
            on=asked.on or moment.today,
            at=moment.at,
        )
        return Done(meter=meter_no, customer=asked.customer, closed=old, opened=asked.account, invoice=invoice)

    return await once(request, "books", key, asked, Done, work)


@_post("meters/{meter_no}/replace", "Fit other hardware at a meter", Replaced)
async def replace_meter(request: Request, meter_no: NumberInPath, key: IdempotencyKey) -> Done:
    """Replace a meter's hardware as `account replace-meter` does: its account and debt stay, its units count on."""
    asked = await read_model(request, Replaced)

    def work(conn: Connection, outgoing: Outgoing, office: Office, _token: Token) -> Done:
        moment = office.moment()
        lifetimes.replace_meter(
            conn,
            outgoing,
            meter_no=meter_no,
            serial_no=asked.serial,
            final_reading=asked.final,
            start_reading=asked.start,
            digits=asked.digits,
            on=asked.on or moment.today,
            at=moment.at,
        )
        return Done(meter=meter_no)

    return await once(request, "books", key, asked, Done, work)


@_post("meters/{meter_no}/{what}", "Disconnect a meter, or connect it again", Reason)
async def set_connected(
    request: Request, meter_no: NumberInPath, what: Literal["disconnect", "reconnect"], key: IdempotencyKey
) -> Done:
    """Note that a meter was disconnected or connected again, as `account disconnect` and `reconnect` do."""
    asked = await read_model(request, Reason)

    def work(conn: Connection, outgoing: Outgoing, office: Office, _token: Token) -> Done:
        moment = office.moment()
        lifetimes.set_connected(
            conn,
            outgoing,
            meter_no=meter_no,
            kind="disconnected" if what == "disconnect" else "reconnected",
            reason=asked.reason,
            on=asked.on or moment.today,
            at=moment.at,
        )
        return Done(meter=meter_no)

    return await once(request, "books", key, asked, Done, work)


@router.get("/v1/office/meters/{meter_no}/history", summary="The life of a meter", responses=REFUSALS)
async def show_history(request: Request, meter_no: NumberInPath) -> History:
    """Say whose a meter was, what was done to it and what it showed, as `account history` does."""

    def work(office: Office, _token: Token) -> History:
        with office.store.read() as conn:
            found = lifetimes.history(conn, meter_no)
        return History(meter=meter_no, history=[Event(on=one.on, what=one.what, text=one.text) for one in found])

    return await allowed(request, "lists", work)


@_post("customers/{customer_no}/correct", "Put right what is known of a customer", Corrected)
async def correct_customer(request: Request, customer_no: NumberInPath, key: IdempotencyKey) -> Done:
    """Correct name, phone or place as `customer correct` does."""
    asked = await read_model(request, Corrected)

    def work(conn: Connection, outgoing: Outgoing, _office: Office, _token: Token) -> Done:
        values = asked.model_dump(exclude_none=True)
        master.correct_customer(conn, outgoing, customer_no=customer_no, values=values)
        return Done(customer=customer_no)

    return await once(request, "books", key, asked, Done, work)


@_post("customers/{customer_no}/move", "Let another zone's tills serve a customer", Moved)
async def move(request: Request, customer_no: NumberInPath, key: IdempotencyKey) -> Done:
    """Move a customer to another zone as `customer move` does."""
    asked = await read_model(request, Moved)

    def work(conn: Connection, outgoing: Outgoing, _office: Office, _token: Token) -> Done:
        move_customer(conn, outgoing, customer_no=customer_no, zone=asked.zone)
        return Done(customer=customer_no)

    return await once(request, "books", key, asked, Done, work)
