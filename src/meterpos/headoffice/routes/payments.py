"""What becomes of payments, over HTTP: statements are matched, and what no statement says is said by a person."""

from collections.abc import Callable
from datetime import date, datetime
from typing import Annotated, Final, Literal, TypedDict

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, ConfigDict
from sqlalchemy import Connection

from meterpos.headoffice import books, putting_right
from meterpos.headoffice.access import Token
from meterpos.headoffice.feed import Outgoing
from meterpos.headoffice.matching import desk
from meterpos.headoffice.matching import waiting as waiting_money
from meterpos.headoffice.matching.money import COUNTED
from meterpos.headoffice.matching.statements import read_statement
from meterpos.headoffice.matching.taking import take_statement
from meterpos.headoffice.office import Office
from meterpos.headoffice.problems import Problem
from meterpos.headoffice.routes.asking import (
    FILE_BYTES_MAX,
    Asked,
    Day,
    Line,
    Number,
    NumberInPath,
    Reason,
    as_file,
    csv_body,
    json_body,
    read_model,
)
from meterpos.headoffice.routes.body import read_body
from meterpos.headoffice.routes.office import REFUSALS, allowed
from meterpos.headoffice.routes.once import REFUSALS_ONCE, IdempotencyKey, once
from meterpos.ledger.queries.accounts import resolve

router: Final = APIRouter()
_EVENTS: Final[dict[str, books.Event]] = {"confirm": "confirmation", "clear": "clearing", "bounce": "bounce"}


class AllWaiting(BaseModel):
    """What waits, the oldest first."""

    waiting: list[waiting_money.Waiting]


class Matched(BaseModel):
    """What came of a statement, in lines."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"kind": "mpesa", "dry_run": False, "left_out": 2, "counts": {"confirmed": 118, "posted": 9}}]
        }
    )
    kind: str
    dry_run: bool
    left_out: int
    counts: dict[str, int]


class Said(Asked):
    """Since when, and why: a bounce wants a reason."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"reason": "No funds"}]})
    reason: Line | None = None
    on: Day | None = None


class Placed(Reason):
    """Where money goes: to a meter or an account; and why."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"to": "MTR-010", "reason": "The payer called"}]})
    to: Number


class Given(TypedDict):
    """What moving and placing are given alike."""

    to_account: str
    reason: str
    on: date
    at: datetime


class Done(BaseModel):
    """What was done: the number under which it stands in the books, the amount, and where it went."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"number": "TRF-000004", "amount_minor": 250000, "account": "A00107"}]}
    )
    number: str
    amount_minor: int | None = None
    account: str | None = None


@router.get("/v1/office/payments/waiting", summary="Payments and money that wait for each other", responses=REFUSALS)
async def list_waiting(
    request: Request, method: Annotated[Literal["mpesa", "bank", "cheque"] | None, Query()] = None
) -> AllWaiting:
    """List them as `payments waiting` does."""

    def work(office: Office, _token: Token) -> AllWaiting:
        with office.store.read() as conn:
            found = waiting_money.waiting(conn, method=method)
        return AllWaiting(waiting=list(found))

    return await allowed(request, "lists", work)


@router.post(
    "/v1/office/statements",
    summary="Match a statement of M-Pesa or of a bank with payments",
    responses=REFUSALS,
    openapi_extra=csv_body("Date,Reference,Description,Debit,Credit\n2026-11-20,SKJ3XY71AB,A00107,,2500.00\n"),
)
async def match(
    request: Request, dry_run: Annotated[bool, Query(description="Only say what would be done.")] = False
) -> Matched:
    """Match a file as `match` does: all of it or nothing; the same again finds everything known."""
    body = await read_body(request, bytes_max=FILE_BYTES_MAX)

    def work(office: Office, _token: Token) -> Matched:
        moment = office.moment()
        with as_file(body, "statement.csv") as file:
            statement = read_statement(file)
        with office.rehearse() if dry_run else office.write() as (conn, outgoing):
            done = take_statement(conn, outgoing, statement, at=moment.at, today=moment.today)
        counts = {name: getattr(done, name) for name in COUNTED}
        return Matched(kind=statement.kind, dry_run=dry_run, left_out=statement.left_out, counts=counts)

    return await allowed(request, "books", work)


@router.post(
    "/v1/office/payments/{number}/reverse",
    summary="Take back all payments of a receipt",
    responses=REFUSALS_ONCE,
    openapi_extra=json_body(Reason),
)
async def reverse(request: Request, number: NumberInPath, key: IdempotencyKey) -> Done:
    """Reverse a receipt as `payments reverse` does, whichever till made it."""
    asked = await read_model(request, Reason)

    def work(conn: Connection, outgoing: Outgoing, office: Office, _token: Token) -> Done:
        moment = office.moment()
        made_by, amount_minor = putting_right.reverse_receipt(
            conn,
            outgoing,
            number=number.strip().upper(),
            reason=asked.reason,
            on=asked.on or moment.today,
            at=moment.at,
        )
        return Done(number=made_by, amount_minor=amount_minor)

    return await once(request, "books", key, asked, Done, work)


@router.post(
    "/v1/office/payments/{number}/move",
    summary="Move what a receipt paid to the account it was meant for",
    responses=REFUSALS_ONCE,
    openapi_extra=json_body(Placed),
)
async def move(request: Request, number: NumberInPath, key: IdempotencyKey) -> Done:
    """Move a receipt's money as `payments move` does."""

    def moved(conn: Connection, outgoing: Outgoing, given: Given) -> tuple[str, int]:
        return putting_right.move_receipt(conn, outgoing, number=number.strip().upper(), **given)

    return await _put(request, key, moved)


@router.post(
    "/v1/office/payments/{number}/place",
    summary="Place money that waits",
    responses=REFUSALS_ONCE,
    openapi_extra=json_body(Placed),
)
async def place(request: Request, number: NumberInPath, key: IdempotencyKey) -> Done:
    """Place money in suspense, or on a statement without a payment, as `payments place` does."""

    def placed(conn: Connection, outgoing: Outgoing, given: Given) -> tuple[str, int]:
        done = desk.place(conn, outgoing, number=number, **given)
        return done.number, done.amount_minor

    return await _put(request, key, placed)


async def _put(request: Request, key: str, put: Callable[[Connection, Outgoing, Given], tuple[str, int]]) -> Done:
    """Bring money to the meter or account that is asked for."""
    asked = await read_model(request, Placed)

    def work(conn: Connection, outgoing: Outgoing, office: Office, _token: Token) -> Done:
        moment = office.moment()
        account_no = resolve(conn, asked.to).account_no
        given = Given(to_account=account_no, reason=asked.reason, on=asked.on or moment.today, at=moment.at)
        number, amount_minor = put(conn, outgoing, given)
        return Done(number=number, amount_minor=amount_minor, account=account_no)

    return await once(request, "books", key, asked, Done, work)


@router.post(
    "/v1/office/payments/{number}/{what}",
    summary="Say that a payment's money came, or did not",
    responses=REFUSALS_ONCE,
    openapi_extra=json_body(Said),
)
async def say(
    request: Request, number: NumberInPath, what: Literal["confirm", "clear", "bounce"], key: IdempotencyKey
) -> Done:
    """Confirm, clear or bounce a payment as `payments confirm`, `clear` and `bounce` do."""
    asked = await read_model(request, Said)
    if what == "bounce" and asked.reason is None:
        raise Problem(400, "unreadable", 'Say why it bounced: {"reason": "No funds"}.')

    def work(conn: Connection, outgoing: Outgoing, office: Office, _token: Token) -> Done:
        day = asked.on or office.moment().today
        text = None if what != "bounce" else asked.reason
        made = books.say_of_payments(conn, outgoing, event=_EVENTS[what], number=number, on=day, text=text)
        return Done(number=str(made[0].number))

    return await once(request, "books", key, asked, Done, work)
