"""Head office as an HTTP server: routes put together, errors turned into sentences, the database kept tidy."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable
from typing import Any, Final

from fastapi import FastAPI, Request
from sqlalchemy.exc import DBAPIError
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse

from meterpos import __version__
from meterpos.errors import UserError
from meterpos.headoffice.office import Office, open_office
from meterpos.headoffice.problems import Problem
from meterpos.headoffice.routes import exchange, health
from meterpos.ledger.store import DiskFull, UnknownOutcome
from meterpos.settings import load_headoffice_settings

log: Final = logging.getLogger(__name__)
CHECKPOINT_EVERY_S: Final = 20
SHUTDOWN_MAX_S: Final = 30
_BUSY: Final = "Head office is busy. The till tries again later; nothing is lost."


def create_app(office: Office) -> FastAPI:
    """Return the server of one open head office, which it closes at the end."""
    app = FastAPI(
        title="meterpos head office",
        version=__version__,
        lifespan=_life,
        docs_url=None,
        redoc_url=None,
    )
    app.state.office = office
    app.include_router(exchange.router)
    app.include_router(health.router)
    app.add_exception_handler(Problem, _problem)
    app.add_exception_handler(UserError, _user_error)
    app.add_exception_handler(HTTPException, _http_error)
    for kind in (DBAPIError, UnknownOutcome, DiskFull):
        app.add_exception_handler(kind, _database_error)
    return app


def from_environment() -> FastAPI:
    """Return the server that the environment describes: how each worker of `serve --workers` begins."""
    return create_app(open_office(load_headoffice_settings()))


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
    )


@contextlib.asynccontextmanager
async def _life(app: FastAPI) -> AsyncIterator[None]:
    office: Office = app.state.office
    tidying = asyncio.create_task(_tidy(office))
    yield
    tidying.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await tidying
    office.close()


async def _tidy(office: Office) -> None:
    """Move SQLite's log into its file now and then; writers never pay for it."""
    while office.store.dialect == "sqlite":
        await asyncio.sleep(CHECKPOINT_EVERY_S)
        try:
            await run_in_threadpool(office.store.checkpoint)
        except Exception:
            log.exception("a checkpoint failed; the next one will do")


async def _problem(request: Request, error: Any) -> JSONResponse:
    del request
    return _say(error.status, error.code, str(error))


async def _user_error(request: Request, error: Any) -> JSONResponse:
    del request
    return _say(400, "refused", str(error))


async def _http_error(request: Request, error: Any) -> JSONResponse:
    del request
    return _say(error.status_code, "http", f"Head office does not do that ({error.detail}).")


async def _database_error(request: Request, error: Any) -> JSONResponse:
    log.error("%s %s: the database did not take it: %s", request.method, request.url.path, type(error).__name__)
    return _say(503, "busy", _BUSY)


def _say(status: int, code: str, sentence: str) -> JSONResponse:
    return JSONResponse({"error": sentence, "code": code}, status_code=status)
