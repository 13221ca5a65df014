"""What people and programs with a token ask: reports, lists, the desk and the fleet; and figures for Prometheus."""

import io
import ipaddress
from collections.abc import Callable, Iterator
from datetime import date, datetime
from typing import Annotated, Any, Final, Literal, TypeVar

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import PlainTextResponse, StreamingResponse
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool

from meterpos.headoffice import access, exceptions, metrics, reports
from meterpos.headoffice import fleet as tills
from meterpos.headoffice.access import Scope, Token
from meterpos.headoffice.office import Office
from meterpos.headoffice.problems import Problem
from meterpos.headoffice.routes.asking import Asked, Line, NumberInPath, json_body, read_model
from meterpos.ledger.queries import listings, statements
from meterpos.printing.report import imprint
from meterpos.printing.statement import compose_statement

router: Final = APIRouter()
PART_BYTES: Final = 64_000
NAME_MAX: Final = 64
Answer = TypeVar("Answer")


class Complaint(BaseModel):
    """What is said where something cannot be done: a sentence for people, a word for programs."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"error": "This token is not known here.", "code": "token"}]}
    )
    error: str
    code: str


class Item(BaseModel):
    """One item of the desk. Details name accounts and receipts, as the desk shows them."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": "K7Q2M4XP",
                    "code": "duplicate_reference",
                    "meaning": "The reference is already another payment's; the money waits in the till's suspense.",
                    "subject": "mpesa:SJK4T2LM9Q",
                    "till": "KSM01",
                    "details": {"number": "KSM01-B7K-000123"},
                    "owner": "accounts",
                    "assigned_to": "achieng",
                    "assigned_by": "wanjiru",
                    "assigned_at": "2026-11-21T08:00:00Z",
                    "note": "The customer comes on Friday.",
                    "opened_at": "2026-11-20T06:41:07.123Z",
                    "age_days": 3,
                    "resolved_at": None,
                    "resolved_by": None,
                    "resolution": None,
                }
            ]
        }
    )
    id: str
    code: str
    meaning: str
    subject: str
    till: str | None
    details: dict[str, Any]
    owner: str
    assigned_to: str | None
    assigned_by: str | None
    assigned_at: datetime | None
    note: str
    opened_at: datetime
    age_days: int
    resolved_at: datetime | None
    resolved_by: str | None
    resolution: str | None


class Items(BaseModel):
    """Items of the desk, the oldest first."""

    exceptions: list[Item]


class Resolution(Asked):
    """What was done about an item; who did is the token's name."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"resolution": "Moved by TRF-000004"}]})
    resolution: Line


class Giving(Asked):
    """To whom an item is given, empty: back to those who look at its kind. Who gives it is the token's name."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"to": "achieng", "note": "The customer comes on Friday."}]}
    )
    to: Annotated[str, Field(max_length=exceptions.NAME_MAX)]
    note: Annotated[str, Field(max_length=exceptions.NOTE_MAX)] = ""


class Fleet(BaseModel):
    """Every till; amounts in minor units."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "tills": [
                        {
                            "till_name": "KSM01",
                            "last_contact_at": "2026-11-17T06:41:07.123Z",
                            "software": "meterpos 1.0",
                            "silent_days": 3,
                            "behind": 0,
                            "waiting_minor": 0,
                            "at_risk_minor": 300000,
                            "warnings": ["silent"],
                        }
                    ]
                }
            ]
        }
    )
    tills: list[dict[str, Any]]


REFUSALS: Final[dict[int | str, dict[str, Any]]] = {
    401: {"model": Complaint, "description": "No token, or none that is in force."},
    403: {"model": Complaint, "description": "The token's role may not do this."},
    429: {"model": Complaint, "description": "Too many requests; Retry-After says how long to wait."},
}
_FILE: Final[dict[int | str, dict[str, Any]]] = {
    200: {"description": "The file.", "content": {media: {} for media in reports.MEDIA_TYPES.values()}},
    **REFUSALS,
}
Day = Annotated[date | None, Query(examples=["2026-11-30"])]


async def allowed(request: Request, scope: Scope, work: Callable[[Office, Token], Answer]) -> Answer:
    """Do the work for whoever holds a token of this scope. Raises: Problem."""
    return await run_in_threadpool(_do, request.app.state.office, request.headers.get("authorization", ""), scope, work)


def _do(office: Office, header: str, scope: Scope, work: Callable[[Office, Token], Answer]) -> Answer:
    moment = office.moment()
    try:
        with office.store.read() as conn:
            token = access.holder_of(conn, header, scope=scope, at=moment.at)
    except access.Refused as error:
        raise Problem(error.status, "token", str(error)) from error
    if token.last_used_on != moment.today:
        with office.store.write() as conn:
            access.note_use(conn, token, today=moment.today)
    return work(office, token)


@router.get("/v1/office/reports/{kind}", summary="A report as a file", responses=_FILE, response_class=Response)
async def report(
    request: Request,
    kind: reports.Kind,
    *,
    first: Annotated[date | None, Query(alias="from", examples=["2026-11-01"])] = None,
    to: Day = None,
    format: reports.Format = "csv",
    language: Literal["en", "sw"] = "en",
) -> Response:
    """Make a report of a period: by default of this month up to today; aging looks at everything open."""

    def work(office: Office, _token: Token) -> Response:
        moment = office.moment()
        last = to or moment.today
        with office.store.read() as conn:
            made_by = imprint(conn, moment=moment, language=language, is_till=False)
            made = reports.make(conn, kind, first=first or last.replace(day=1), last=last, imprint=made_by)
        return Response(reports.write(made, format), media_type=reports.MEDIA_TYPES[format])

    return await allowed(request, "reports", work)


@router.get("/v1/office/statement", summary="A statement as a file", responses=_FILE, response_class=Response)
async def statement(
    request: Request,
    *,
    meter: Annotated[str | None, Query(max_length=NAME_MAX, examples=["MTR-001"])] = None,
    customer: Annotated[str | None, Query(max_length=NAME_MAX, examples=["AC-10482"])] = None,
    consolidated: bool = False,
    first: Annotated[date | None, Query(alias="from", examples=["2026-01-01"])] = None,
    to: Day = None,
    format: reports.Format = "csv",
) -> Response:
    """Make the statement of a meter, of every meter of a customer (`consolidated`: all in one), or of one of theirs.

    By default of this year up to today; in the language of the customer.
    """
    if meter is None and customer is None:
        raise Problem(400, "whose", "Say whose: ?meter=MTR-001 or ?customer=AC-10482.")
    if consolidated and meter is not None:
        raise Problem(400, "whose", "A consolidated statement is a customer's, over all meters. Leave meter out.")

    def work(office: Office, _token: Token) -> Response:
        moment = office.moment()
        last = to or moment.today
        with office.store.read() as conn:
            found = statements.statements_asked(
                conn,
                meter=meter,
                customer=customer,
                is_consolidated=consolidated,
                from_date=first or last.replace(month=1, day=1),
                to_date=last,
            )
            addressed = statements.addressee(conn, found[0])
            made_by = imprint(conn, moment=moment, language=addressed.language, is_till=False)
        made = compose_statement(found, to=addressed, imprint=made_by)
        return Response(reports.write(made, format), media_type=reports.MEDIA_TYPES[format])

    return await allowed(request, "reports", work)


@router.get("/v1/office/lists/{name}", summary="A list as CSV", responses=_FILE, response_class=StreamingResponse)
async def listing(
    request: Request, name: Literal["balances", "invoices", "aging", "plans"], as_of: Day = None
) -> Response:
    """Write a list row by row, in the columns that the commands of that name write."""
    return await allowed(request, "lists", lambda office, _: _stream(office, name, as_of))


def _stream(office: Office, name: str, as_of: date | None) -> Response:
    day = as_of or office.moment().today
    return StreamingResponse(_parts(office, name, day), media_type=reports.MEDIA_TYPES["csv"])


def _parts(office: Office, name: str, day: date) -> Iterator[str]:
    with office.store.read() as conn:
        found: Any = (
            listings.balances(conn)
            if name == "balances"
            else listings.invoices(conn, as_of=day)
            if name == "invoices"
            else listings.aging(conn, as_of=day)
            if name == "aging"
            else listings.plans(conn)
        )
        written = io.StringIO(newline="")
        for _ in listings.csv_rows(found, written):
            if written.tell() >= PART_BYTES:
                yield written.getvalue()
                written.seek(0)
                written.truncate()
        yield written.getvalue()


@router.get("/v1/office/exceptions", summary="What a person has to look at", responses=REFUSALS)
async def list_items(
    request: Request, everything: bool = False, code: str | None = None, owner: str | None = None
) -> Items:
    """List the open items, the oldest first; with `everything` the resolved ones too.

    `owner` is whoever looks at a kind, or the person an item was given to.
    """

    def work(office: Office, _token: Token) -> Items:
        with office.store.read() as conn:
            found = exceptions.listed(conn, resolved=everything, code=code, owner=owner)
        at = office.moment().at
        return Items(exceptions=[_item(one, at) for one in found])

    return await allowed(request, "exceptions", work)


@router.get("/v1/office/exceptions/{number}", summary="One item whole", responses=REFUSALS)
async def show_item(request: Request, number: NumberInPath) -> Item:
    """Show one item."""

    def work(office: Office, _token: Token) -> Item:
        with office.store.read() as conn:
            return _item(exceptions.find(conn, number), office.moment().at)

    return await allowed(request, "exceptions", work)


@router.post(
    "/v1/office/exceptions/{number}/resolve",
    summary="Close an item, saying what was done about it",
    responses=REFUSALS,
    openapi_extra=json_body(Resolution),
)
async def resolve(request: Request, number: NumberInPath) -> Item:
    """Close an item; what it asks for is posted by its own commands."""
    told = await read_model(request, Resolution)

    def work(office: Office, token: Token) -> Item:
        at = office.moment().at
        with office.write() as (conn, _):
            return _item(exceptions.resolve(conn, number, by=token.name, resolution=told.resolution, at=at), at)

    return await allowed(request, "resolve", work)


@router.post(
    "/v1/office/exceptions/{number}/assign",
    summary="Give an item to a person",
    responses=REFUSALS,
    openapi_extra=json_body(Giving),
)
async def assign(request: Request, number: NumberInPath) -> Item:
    """Give an open item to a person, or back. Nothing is overwritten; the same again is one."""
    told = await read_model(request, Giving)

    def work(office: Office, token: Token) -> Item:
        at = office.moment().at
        with office.write() as (conn, _):
            given = exceptions.assign(conn, number, to=told.to, by=token.name, note=told.note, at=at)
            return _item(given, at)

    return await allowed(request, "resolve", work)


def _item(item: exceptions.Item, at: datetime) -> Item:
    return Item(
        id=item.exception_id,
        code=item.code,
        meaning=item.meaning,
        subject=item.subject,
        till=item.till_name,
        details=dict(item.details),
        owner=item.owner,
        assigned_to=item.assigned_to,
        assigned_by=item.assigned_by,
        assigned_at=item.assigned_at,
        note=item.note,
        opened_at=item.opened_at,
        age_days=max((at - item.opened_at).days, 0),
        resolved_at=item.resolved_at,
        resolved_by=item.resolved_by,
        resolution=item.resolution,
    )


@router.get("/v1/office/fleet", summary="How the tills in the field are", responses=REFUSALS)
async def fleet(request: Request) -> Fleet:
    """Show every till: last contact, version, how far behind, what may be lost with it, and what to look at."""

    def work(office: Office, _token: Token) -> Fleet:
        with office.store.read() as conn:
            found = tills.fleet(conn, at=office.moment().at)
        return Fleet(tills=[one.as_answer() for one in found])

    return await allowed(request, "fleet", work)


@router.get("/metrics", summary="Figures for Prometheus", response_class=PlainTextResponse, responses=REFUSALS)
async def show_metrics(request: Request) -> Response:
    """Tell this worker's answers and how head office stands: to this machine, and to tokens of the role monitor."""
    counted: metrics.Requests = request.app.state.requests
    lines = "".join(counted.lines())

    def work(office: Office, _token: Token | None) -> Response:
        with office.store.read() as conn:
            return Response(lines + "".join(metrics.office_lines(conn)), media_type=metrics.MEDIA_TYPE)

    if _is_this_machine(request):
        return await run_in_threadpool(work, request.app.state.office, None)
    return await allowed(request, "metrics", work)


def _is_this_machine(request: Request) -> bool:
    """Tell whether the request comes from this machine itself, and through no proxy on it."""
    if request.client is None or "x-forwarded-for" in request.headers or "forwarded" in request.headers:
        return False
    try:
        return ipaddress.ip_address(request.client.host).is_loopback
    except ValueError:
        return False
