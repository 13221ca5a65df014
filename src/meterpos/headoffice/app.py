"""Head office as an HTTP server: routes put together, errors turned into sentences, the database kept tidy."""

import asyncio
import contextlib
import gc
import logging
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any, Final

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import DBAPIError
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse

from meterpos import __version__
from meterpos.errors import UserError
from meterpos.headoffice import logs
from meterpos.headoffice.admission import Gate
from meterpos.headoffice.checking import check_at_start, check_now, whole_is_due
from meterpos.headoffice.matching import desk, same_money
from meterpos.headoffice.metrics import Requests
from meterpos.headoffice.office import Office, open_office
from meterpos.headoffice.problems import Problem
from meterpos.headoffice.routes import (
    accounts,
    billing,
    c2b,
    exchange,
    health,
    messages,
    notes,
    outbox,
    payments,
    plans,
    prices,
    sums,
)
from meterpos.headoffice.routes import office as office_routes
from meterpos.headoffice.sms import sending
from meterpos.headoffice.watch import Limits, Watch
from meterpos.ledger.store import DiskFull, UnknownOutcome
from meterpos.settings import load_every_headoffice, load_headoffice_settings
from meterpos.sync.lock import HomeBusy, only_one

log: Final = logging.getLogger(__name__)
CHECKPOINT_EVERY_S: Final = 20
CHECK_AGAIN_S: Final = 60
"""How long after the start, and how often then, is asked whether everything is to be checked again."""
FOLLOW_UP_EVERY_S: Final = 10
MESSAGES_LOCK: Final = "messages.lock"
MESSAGES_AT_ONCE: Final = 64
"""How many a round sends at most: a server that is told to stop waits for the end of one."""
SHUTDOWN_MAX_S: Final = 30
COLLECT_AFTER_OBJECTS: Final = 50_000
KEEP_ALIVE_S: Final = 75
"""Longer than a till keeps an idle connection (`sync.client.IDLE_S`), so that it is the till that lets go of it."""
_BUSY: Final = "Head office is busy. The till tries again later; nothing is lost."


class NothingToServe(UserError):
    """No utility is set up on this machine."""


def create_app(office: Office, *, limits: Limits | None = None) -> FastAPI:
    """Return the server of one open head office, which it closes at the end."""
    app = FastAPI(
        title="meterpos head office",
        version=__version__,
        lifespan=_life,
        docs_url=None,
        redoc_url=None,
    )
    app.state.office = office
    app.state.gate = Gate()
    app.state.requests = Requests()
    app.add_middleware(Watch, utility=office.settings.utility, requests=app.state.requests, limits=limits or Limits())
    app.include_router(exchange.router)
    app.include_router(health.router)
    app.include_router(messages.router)
    app.include_router(c2b.router)
    app.include_router(office_routes.router)
    for routes in (billing, prices, notes, accounts, payments, plans, outbox, sums):
        app.include_router(routes.router)
    app.add_exception_handler(Problem, _problem)
    app.add_exception_handler(UserError, _user_error)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(RequestValidationError, _wrong_request)
    for kind in (DBAPIError, UnknownOutcome, DiskFull):
        app.add_exception_handler(kind, _database_error)
    return app


def from_environment() -> FastAPI:
    """Return the server that the environment describes: how each worker of `serve --workers` begins."""
    logs.set_up()
    return create_app(open_office(load_headoffice_settings()))


def create_several(offices: Sequence[Office]) -> FastAPI:
    """Return the server of several utilities: each below its name, with its own database, keys and limits.

    Nothing is shared between them but the process, so that no request can reach another's data.
    """
    apps = {office.settings.utility: create_app(office) for office in offices}
    root = FastAPI(title="meterpos head offices", version=__version__, lifespan=_lives, openapi_url=None)
    root.state.apps = apps

    @root.get("/health")
    async def health_of_all() -> dict[str, Any]:
        return {"status": "ok", "version": __version__, "utilities": sorted(apps)}

    for name, app in apps.items():
        root.mount(f"/{name}", app)
    root.add_exception_handler(HTTPException, _no_such_utility)
    return root


def several_from_environment() -> FastAPI:
    """Return the server of every utility on this machine: how each worker of `serve --all --workers` begins."""
    logs.set_up()
    return create_several(open_every())


def open_every() -> tuple[Office, ...]:
    """Open the head office of every utility on this machine. Raises: what `open_office` raises; NothingToServe."""
    with contextlib.ExitStack() as opened:
        offices = []
        for settings in load_every_headoffice():
            office = open_office(settings)
            opened.callback(office.close)
            offices.append(office)
        if not offices:
            raise NothingToServe("No utility is set up here. Begin with: meterpos headoffice --utility NAME init")
        opened.pop_all()
    return tuple(offices)


def serve(make: Callable[[], FastAPI] | str, *, host: str, port: int, workers: int = 1) -> None:
    """Serve until told to stop; requests under way are finished first.

    `make` is a factory or, for several workers, its name.
    """
    import uvicorn

    uvicorn.run(
        make,
        factory=True,
        host=host,
        port=port,
        workers=workers,
        access_log=False,
        log_level="warning",
        server_header=False,
        timeout_graceful_shutdown=SHUTDOWN_MAX_S,
        timeout_keep_alive=KEEP_ALIVE_S,
    )


@contextlib.asynccontextmanager
async def _lives(root: FastAPI) -> AsyncIterator[None]:
    """Begin and end with every utility's own life."""
    async with contextlib.AsyncExitStack() as begun:
        for app in root.state.apps.values():
            await begun.enter_async_context(_life(app))
        yield


@contextlib.asynccontextmanager
async def _life(app: FastAPI) -> AsyncIterator[None]:
    office: Office = app.state.office
    _collect_seldom()
    under_way = [asyncio.create_task(work(office)) for work in (_tidy, _check_daily, _follow_up)]
    yield
    for task in under_way:
        task.cancel()
    await asyncio.gather(*under_way, return_exceptions=True)
    office.close()


def _collect_seldom() -> None:
    """Look for circles of forgotten objects less often: a batch makes ten thousand objects that hold none, and looking
    through them again and again took a tenth of its time.
    """
    gc.freeze()
    gc.set_threshold(COLLECT_AFTER_OBJECTS, 20, 20)


async def _tidy(office: Office) -> None:
    """Move SQLite's log into its file now and then; writers never pay for it."""
    while office.store.dialect == "sqlite":
        await asyncio.sleep(CHECKPOINT_EVERY_S)
        try:
            await run_in_threadpool(office.store.checkpoint)
        except Exception:
            log.exception("a checkpoint failed; the next one will do")


async def _check_daily(office: Office) -> None:
    """Check what came since the last start at once, and everything once a day, by one of the workers."""
    due = check_at_start
    while True:
        try:
            await run_in_threadpool(due, office)
        except Exception:
            log.exception("%s could not be done", due.__name__)
        due = _check_whole
        await asyncio.sleep(CHECK_AGAIN_S)


def _check_whole(office: Office) -> None:
    if whole_is_due(office):
        check_now(office)


async def _follow_up(office: Office) -> None:
    """Match money and send messages of what was posted since, by one of the workers; no payment waits for either."""
    while True:
        await asyncio.sleep(FOLLOW_UP_EVERY_S)
        for work in (match_now, send_now):
            try:
                while await run_in_threadpool(work, office):
                    pass
            except Exception:
                log.exception("%s failed; the next one will do", work.__name__)


def send_now(office: Office) -> bool:
    """Make and send some messages, nothing while another worker does so; tell whether more may be due at once."""
    with contextlib.suppress(HomeBusy), only_one(office.settings.home, MESSAGES_LOCK, HomeBusy("Sending.")):
        return sending.work(office, limit=MESSAGES_AT_ONCE).accepted == MESSAGES_AT_ONCE
    return False


def match_now(office: Office) -> bool:
    """Match money that waits with payments that came since; tell whether there may be more."""
    with office.store.read() as conn:
        if not desk.has_arrivals(conn) and not same_money.find(conn):
            return False
    moment = office.moment()
    with office.write() as (conn, outgoing):
        done = desk.match_arrivals(conn, outgoing, at=moment.at, today=moment.today)
        for twice in same_money.find(conn):
            same_money.settle(conn, outgoing, twice, at=moment.at, today=moment.today)
    return done.confirmed > 0


async def _problem(request: Request, error: Any) -> JSONResponse:
    del request
    return _say(error.status, error.code, str(error))


async def _user_error(request: Request, error: Any) -> JSONResponse:
    del request
    return _say(400, "refused", str(error))


async def _http_error(request: Request, error: Any) -> JSONResponse:
    del request
    return _say(error.status_code, "http", f"Head office does not do that ({error.detail}).")


async def _no_such_utility(request: Request, error: Any) -> JSONResponse:
    name = request.url.path.split("/")[1][:40]
    if error.status_code != 404:
        return await _http_error(request, error)
    return _say(404, "utility", f"There is no utility '{name}' here. Ask head office for the address of yours.")


async def _wrong_request(request: Request, error: Any) -> JSONResponse:
    del request
    wrong = ", ".join(sorted({str(one["loc"][-1]) for one in error.errors()}))
    return _say(422, "request", f"Head office cannot read this: {wrong}. See /openapi.json.")


async def _database_error(request: Request, error: Any) -> JSONResponse:
    log.error("%s %s: the database did not take it: %s", request.method, request.url.path, type(error).__name__)
    return _say(503, "busy", _BUSY)


def _say(status: int, code: str, sentence: str) -> JSONResponse:
    return JSONResponse({"error": sentence, "code": code}, status_code=status)
