"""Writes that a doubled request must not double: each names itself, and the second one hears the first one's answer."""

import hashlib
from collections.abc import Callable
from datetime import timedelta
from typing import Annotated, Any, Final

from fastapi import Header
from pydantic import BaseModel
from sqlalchemy import Connection, delete, select, update
from starlette.requests import Request

from meterpos.headoffice import bulk
from meterpos.headoffice.access import Scope, Token
from meterpos.headoffice.feed import Outgoing
from meterpos.headoffice.office import Office
from meterpos.headoffice.problems import Problem
from meterpos.headoffice.routes.asking import Model
from meterpos.headoffice.routes.office import REFUSALS, allowed
from meterpos.headoffice.tables import done_once

KEPT_DAYS: Final = 30
KEY_MAX: Final = 64
REFUSALS_ONCE: Final[dict[int | str, dict[str, Any]]] = {
    **REFUSALS,
    409: {"model": REFUSALS[401]["model"], "description": "This key was another request's."},
}

IdempotencyKey = Annotated[
    str,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=KEY_MAX,
        pattern=r"^[!-~]+$",
        description="A name of your own for this request, for example a UUID: sent again, it is answered as the first "
        "time and does nothing. Kept for 30 days.",
        examples=["0c6c2f1e-3c0f-4b7e-9d0a-2f6f1f9b8f11"],
    ),
]
Write = Callable[[Connection, Outgoing, Office, Token], Model]


async def once(
    request: Request, scope: Scope, key: str, asked: BaseModel | None, kind: type[Model], work: Write[Model]
) -> Model:
    """Do the work for whoever holds a token of this scope, once for each key of that token; answer with this kind.

    Work that is refused leaves no trace: the same key may be sent again. Raises: Problem, and what the work raises.
    """
    said = "" if asked is None else asked.model_dump_json()
    digest = hashlib.sha256(f"{request.url.path}\n{said}".encode()).hexdigest()

    def do(office: Office, token: Token) -> Model:
        with office.write() as (conn, outgoing):
            before = _answer_before(conn, office, f"{token.token_id} {key}", digest)
            if before is not None:
                return kind.model_validate(before)
            answer = work(conn, outgoing, office, token)
            of_key = done_once.c.request == f"{token.token_id} {key}"
            conn.execute(update(done_once).where(of_key).values(answer=answer.model_dump(mode="json")))
            return answer

    return await allowed(request, scope, do)


def _answer_before(conn: Connection, office: Office, name: str, digest: str) -> Any:
    """Return what this request was answered before; None: it is new, and noted now. Raises: Problem.

    Two at once: the second waits here for the first.
    """
    at = office.moment().at
    conn.execute(delete(done_once).where(done_once.c.done_at < at - timedelta(days=KEPT_DAYS)))
    bulk.insert_new(conn, done_once, [{"request": name, "digest": digest, "answer": None, "done_at": at}])
    row = conn.execute(select(done_once).where(done_once.c.request == name)).one()
    if row.digest != digest:
        raise Problem(409, "key", "This Idempotency-Key was another request's. Give each request a key of its own.")
    return row.answer
