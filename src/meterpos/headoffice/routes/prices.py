"""What is asked for, over HTTP: tariffs and who goes by which, lists of bills, readings nobody could bring."""

from datetime import date
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, ConfigDict

from meterpos.headoffice.access import Token
from meterpos.headoffice.billing import estimates, lists, periods, runs, tariffs
from meterpos.headoffice.office import Office
from meterpos.headoffice.routes.asking import (
    FILE_BYTES_MAX,
    Asked,
    Day,
    Number,
    NumberInPath,
    as_file,
    csv_body,
    json_body,
    read_model,
)
from meterpos.headoffice.routes.billing import Run, run_of
from meterpos.headoffice.routes.body import read_body
from meterpos.headoffice.routes.office import REFUSALS, allowed
from meterpos.ledger.rules.tariffs import Tariff

router: Final = APIRouter()
_VERSION: Final[dict[str, Any]] = {
    "tariff": "water",
    "starts_on": "2027-01-01",
    "ends_on": None,
    "blocks": [{"upto": 6000, "price": "55"}, {"upto": None, "price": "72.505"}],
    "standing": 5000,
    "minimum": 0,
    "levies": [{"name": "Sewer", "kind": "percent", "value": "7.5"}],
    "penalty_percent": "2.5",
    "penalty": 0,
}


class Version(BaseModel):
    """One version of a tariff: bounds in thousandths of a unit, fixed amounts in minor units, prices as text."""

    model_config = ConfigDict(extra="allow", json_schema_extra={"examples": [_VERSION]})
    tariff: str
    starts_on: date
    ends_on: date | None


class Versions(BaseModel):
    """Every tariff with its versions."""

    tariffs: list[Version]


class TariffsTaken(BaseModel):
    """What a file of tariffs brought: the versions that are new, and how many were here already."""

    new: list[Version]
    had: int


class Assignment(Asked):
    """The tariff a meter goes by; null: its utility's, named water or power."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"tariff": "trade"}]})
    tariff: Number | None


class Assigned(BaseModel):
    """The tariff a meter goes by from now."""

    meter: str
    tariff: str | None


class Unread(Asked):
    """The month whose missing readings are guessed; `on`: for another day of it than today."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"period": "2026-11", "on": "2026-11-28"}]})
    period: str
    on: Day | None = None


class Guessed(BaseModel):
    """How many meters were estimated; `reasons` are the first thousand that could not be."""

    estimated: int
    errors: int
    reasons: dict[str, str]


@router.get("/v1/office/tariffs", summary="The tariffs with their versions", responses=REFUSALS)
async def list_tariffs(request: Request) -> Versions:
    """List them as `tariff list` does."""

    def work(office: Office, _token: Token) -> Versions:
        with office.store.read() as conn:
            found = tariffs.load_tariffs(conn)
        return Versions(tariffs=[_told(one) for versions in found.values() for one in versions])

    return await allowed(request, "lists", work)


@router.post(
    "/v1/office/tariffs",
    summary="Take tariff versions: all of them, or none",
    responses=REFUSALS,
    openapi_extra=csv_body(
        "tariff,starts_on,ends_on,item,upto,price,name\nwater,2027-01-01,,block,6,55,\nwater,2027-01-01,,block,,72.505,\n"
    ),
)
async def take_tariffs(request: Request) -> TariffsTaken:
    """Take a file as `tariff import` does; the same again makes nothing."""
    body = await read_body(request, bytes_max=FILE_BYTES_MAX)

    def work(office: Office, _token: Token) -> TariffsTaken:
        with as_file(body, "tariffs.csv") as file, office.store.write() as conn:
            runs.wait_turn(conn)
            done = tariffs.import_tariffs(conn, file)
        return TariffsTaken(new=[_told(one) for one in done.new], had=done.had)

    return await allowed(request, "billing", work)


@router.put(
    "/v1/office/meters/{meter_no}/tariff",
    summary="Bill a meter by another tariff",
    responses=REFUSALS,
    openapi_extra=json_body(Assignment),
)
async def assign_tariff(request: Request, meter_no: NumberInPath) -> Assigned:
    """Let a meter go by a tariff, as `tariff assign` does, from its next bill on."""
    asked = await read_model(request, Assignment)

    def work(office: Office, _token: Token) -> Assigned:
        with office.store.write() as conn:
            tariffs.assign_tariff(conn, meter_no=meter_no, tariff=asked.tariff)
        return Assigned(meter=meter_no, tariff=asked.tariff)

    return await allowed(request, "billing", work)


@router.post(
    "/v1/office/bills",
    summary="Make the bills of a list",
    responses=REFUSALS,
    openapi_extra=csv_body("account_no,kind,amount,description,reference\nA00107,RECONNECTION,500.00,,JOB-7\n"),
)
async def make_bills(
    request: Request,
    *,
    invoice: Annotated[bool, Query(description="Also make the invoices, one an account.")] = False,
    run: Annotated[
        str | None, Query(max_length=64, description="A name for the list; else one after its content.")
    ] = None,
    on: Day | None = None,
    due: Day | None = None,
) -> Run:
    """Make bills of a file as `bill create` does; the same file again, or one of the same name, makes nothing."""
    body = await read_body(request, bytes_max=FILE_BYTES_MAX)

    def work(office: Office, _token: Token) -> Run:
        with as_file(body, "bills.csv") as file:
            done = lists.create_bills(
                office.store,
                file,
                run_id=run,
                invoice=invoice,
                on=on or office.moment().today,
                due_on=due,
                now=office.now,
            )
        return run_of(done)

    return await allowed(request, "billing", work)


@router.post(
    "/v1/office/readings/estimates",
    summary="Guess the readings nobody brought",
    responses=REFUSALS,
    openapi_extra=json_body(Unread),
)
async def estimate_readings(request: Request) -> Guessed:
    """Estimate the active meters without a reading of a month, as `readings estimate` does; again, what is missing."""
    asked = await read_model(request, Unread)

    def work(office: Office, _token: Token) -> Guessed:
        moment = office.moment()
        period = periods.read_period(asked.period)
        done = estimates.estimate_missing(office.store, period=period, on=asked.on or moment.today, at=moment.at)
        return Guessed(estimated=done.estimated, errors=done.errors, reasons=done.reasons)

    return await allowed(request, "billing", work)


def _told(tariff: Tariff) -> Version:
    terms: dict[str, Any] = tariffs.terms_of(tariff)
    return Version(tariff=tariff.name, starts_on=tariff.starts_on, ends_on=tariff.ends_on, **terms)
