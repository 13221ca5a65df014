"""Whether head office is there: for load balancers and for people with a browser."""

from fastapi import APIRouter, Request
from pydantic import BaseModel
from starlette.concurrency import run_in_threadpool

from meterpos import __version__
from meterpos.headoffice import feed
from meterpos.headoffice.office import Office
from meterpos.ledger.tables.base import format_instant

router = APIRouter()


class Health(BaseModel):
    """Head office answers and its database can be read."""

    status: str
    utility: str
    version: str
    generation: int
    at: str


@router.get("/health", summary="Is head office there?")
async def health(request: Request) -> Health:
    """Read one row and say who this is."""
    return await run_in_threadpool(_health, request.app.state.office)


def _health(office: Office) -> Health:
    with office.store.read() as conn:
        generation = feed.generation(conn)
    return Health(
        status="ok",
        utility=office.settings.utility,
        version=__version__,
        generation=generation,
        at=format_instant(office.moment().at),
    )
