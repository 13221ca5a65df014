"""Billing over HTTP, for people and programs with a token: readings in, a month billed, invoices out."""

from datetime import date
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, ConfigDict
from sqlalchemy import Connection

from meterpos.headoffice import books
from meterpos.headoffice.access import Token
from meterpos.headoffice.billing import papers, periods, readings, runs
from meterpos.headoffice.feed import Outgoing
from meterpos.headoffice.office import Office
from meterpos.headoffice.routes.asking import (
    FILE_BYTES_MAX,
    Amount,
    Asked,
    Day,
    Number,
    NumberInPath,
    as_file,
    csv_body,
    json_body,
    read_model,
)
from meterpos.headoffice.routes.body import read_body
from meterpos.headoffice.routes.office import REFUSALS, allowed
from meterpos.headoffice.routes.once import REFUSALS_ONCE, IdempotencyKey, once
from meterpos.printing.invoice import compose_invoice

router: Final = APIRouter()
PAPER_COLUMNS: Final = 48
MEDIA: Final = {"text": "text/plain; charset=utf-8", "pdf": "application/pdf", "escpos": "application/octet-stream"}


class Taken(BaseModel):
    """What a file of readings brought."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"taken": 120, "estimated": 3, "had": 0}]})
    taken: int
    estimated: int
    had: int


class Month(Asked):
    """Which month to bill; `run` names a run other than the month's own, `on` another day than today."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"period": "2026-11"}]})
    period: str
    run: Number | None = None
    on: Day | None = None
    due: Day | None = None


class Run(BaseModel):
    """What a run came to: in all, and this time. `reasons` are the first thousand accounts that could not be billed."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "run": "2026-11",
                    "period": "2026-11",
                    "bills": 20000,
                    "invoices": 20000,
                    "amount_minor": 3151200000,
                    "errors": 1,
                    "reasons": {"A00107": "Meter MTR-001 has no reading of 2026-11. Read or estimate it."},
                    "new_bills": 20000,
                    "new_invoices": 20000,
                    "seconds": 3.1,
                }
            ]
        }
    )
    run: str
    period: str | None
    bills: int
    invoices: int
    amount_minor: int
    errors: int
    reasons: dict[str, str]
    new_bills: int
    new_invoices: int
    seconds: float


@router.post(
    "/v1/office/readings",
    summary="Take readings: all of them, or none",
    responses=REFUSALS,
    openapi_extra=csv_body("meter_no,read_on,reading\nMTR-001,2026-11-18,1204.5\n"),
)
async def take_readings(request: Request) -> Taken:
    """Take a file of readings as `readings import` does; what is wrong is told with line, column and reason."""
    body = await read_body(request, bytes_max=FILE_BYTES_MAX)
    return await allowed(request, "readings", lambda office, token: _take(office, token, body))


def _take(office: Office, _token: Token, body: bytes) -> Taken:
    moment = office.moment()
    with as_file(body, "readings.csv") as file, office.store.write() as conn:
        runs.wait_turn(conn)
        done = readings.import_readings(conn, file, at=moment.at, today=moment.today)
    return Taken(taken=done.taken, estimated=done.estimated, had=done.had)


@router.post(
    "/v1/office/bill-runs",
    summary="Bill a month, or go on with it",
    responses=REFUSALS,
    openapi_extra=json_body(Month),
)
async def bill_month(request: Request) -> Run:
    """Bill a month as `bill run` does, and answer when it is done; asked again, it goes on with what is missing."""
    asked = await read_model(request, Month)
    return await allowed(request, "billing", lambda office, _: _run(office, asked))


def _run(office: Office, asked: Month) -> Run:
    done = periods.run_period(
        office.store,
        period=periods.read_period(asked.period),
        run_id=asked.run,
        on=asked.on or office.moment().today,
        due_on=asked.due,
        now=office.now,
    )
    return run_of(done)


def run_of(done: runs.RunResult) -> Run:
    """Return what a run is told as."""
    return Run(
        run=done.run_id,
        period=done.period,
        bills=done.bills,
        invoices=done.invoices,
        amount_minor=done.amount_minor,
        errors=done.errors,
        reasons=dict(done.reasons),
        new_bills=done.new_bills,
        new_invoices=done.new_invoices,
        seconds=round(done.seconds, 3),
    )


class InvoiceAsked(Asked):
    """An invoice by its own number over one amount; due by the setting where it names no day."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"invoice": "INV-2026-00456", "account": "A00107", "amount_minor": 230000}]}
    )
    invoice: Number
    account: Number
    amount_minor: Amount
    on: Day | None = None
    due: Day | None = None


class Issued(BaseModel):
    """An invoice that was issued."""

    invoice: str
    due: date


@router.post(
    "/v1/office/invoices", summary="Issue one invoice", responses=REFUSALS_ONCE, openapi_extra=json_body(InvoiceAsked)
)
async def add_invoice(request: Request, key: IdempotencyKey) -> Issued:
    """Issue an invoice as `invoice add` does; one whose bills are known here comes from a run or a list."""
    asked = await read_model(request, InvoiceAsked)

    def work(conn: Connection, outgoing: Outgoing, office: Office, _token: Token) -> Issued:
        moment = office.moment()
        made_on = asked.on or moment.today
        invoice = books.Invoice(
            invoice_no=asked.invoice,
            account_no=asked.account,
            invoice_date=made_on,
            due_date=asked.due or runs.due_after(conn, made_on),
            amount_minor=asked.amount_minor,
        )
        books.add_invoices(conn, outgoing, [invoice], at=moment.at)
        return Issued(invoice=invoice.invoice_no, due=invoice.due_date)

    return await once(request, "books", key, asked, Issued, work)


_PAPER: Final[dict[int | str, dict[str, Any]]] = {
    200: {"description": "The invoice.", "content": {media: {} for media in MEDIA.values()}},
    **REFUSALS,
}


@router.get("/v1/office/invoices/{number}", summary="An invoice as a paper", responses=_PAPER, response_class=Response)
async def show_invoice(
    request: Request,
    number: NumberInPath,
    format: Annotated[Literal["text", "pdf", "escpos"], Query()] = "pdf",
) -> Response:
    """Write an invoice as `invoice show` does: text, an A4 page, or bytes for a roll of 48 letters."""

    def work(office: Office, _token: Token) -> Response:
        with office.store.read() as conn:
            paper = compose_invoice(papers.find_invoice(conn, number))
        return Response(_rendered(paper, format), media_type=MEDIA[format])

    return await allowed(request, "lists", work)


def _rendered(paper: Any, format_: str) -> bytes:
    if format_ == "pdf":
        from meterpos.printing.a4 import render_a4

        return render_a4(paper)
    if format_ == "escpos":
        from meterpos.printing.thermal import render_escpos

        return render_escpos(paper, columns=PAPER_COLUMNS)
    from meterpos.printing.preview import render_text

    return render_text(paper, columns=PAPER_COLUMNS).encode()
