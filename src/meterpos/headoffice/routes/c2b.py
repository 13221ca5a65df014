"""Payments by paybill as M-Pesa tells of them: under an address that holds a secret, or signed; taken once."""

import logging
from collections.abc import Callable
from datetime import timedelta
from typing import Annotated, Final

from fastapi import APIRouter, Header, Path, Request
from pydantic import BaseModel
from starlette.concurrency import run_in_threadpool

from meterpos.headoffice import exceptions
from meterpos.headoffice.exceptions import Opening
from meterpos.headoffice.matching import callbacks, taking
from meterpos.headoffice.matching.callbacks import Callback, UnusableCallback
from meterpos.headoffice.matching.places import place_of
from meterpos.headoffice.office import Office
from meterpos.headoffice.problems import Problem
from meterpos.headoffice.routes.body import read_body
from meterpos.ledger.queries.settings import utility_settings

log: Final = logging.getLogger(__name__)
router: Final = APIRouter(prefix="/v1/c2b")
AHEAD_MAX: Final = timedelta(days=1)
UNKNOWN_ACCOUNT: Final = "C2B00012"
WRONG_AMOUNT: Final = "C2B00013"

_EXAMPLE: Final = {
    "TransactionType": "Pay Bill",
    "TransID": "SKJ3XY71AB",
    "TransTime": "20261118094107",
    "TransAmount": "700.00",
    "BusinessShortCode": "522522",
    "BillRefNumber": "MTR-001",
    "MSISDN": "2547****678",
    "FirstName": "GRACE",
}
_BODY: Final = {
    "requestBody": {
        "required": True,
        "content": {"application/json": {"schema": {"type": "object"}, "example": _EXAMPLE}},
    }
}
Secret = Annotated[str, Path(description="The secret of `meterpos headoffice payments callback`.", max_length=200)]
Signature = Annotated[str, Header(description="t=UNIX_SECONDS,v1=HEX, HMAC-SHA256 of 't.body' under the secret.")]


class Result(BaseModel):
    """M-Pesa's own form of an answer: 0 is yes."""

    ResultCode: str
    ResultDesc: str


@router.post("/{secret}/validation", summary="May this payment by paybill be made?", openapi_extra=_BODY)
async def validate(request: Request, secret: Secret) -> Result:
    """Say whether the account is known, before the money moves. Keeps nothing."""
    return await _by_secret(request, secret, _validate)


@router.post("/{secret}/confirmation", summary="A payment by paybill was made", openapi_extra=_BODY)
async def confirm(request: Request, secret: Secret) -> Result:
    """Post the payment to its meter, once; one for nobody known waits in suspense."""
    return await _by_secret(request, secret, _confirm)


@router.post("/confirmation", summary="A payment by paybill was made, signed", openapi_extra=_BODY)
async def confirm_signed(request: Request, x_meterpos_signature: Signature = "") -> Result:
    """The same for a gateway between: signed with the secret, at most five minutes ago."""
    office: Office = request.app.state.office
    body = await read_body(request, bytes_max=callbacks.BODY_BYTES_MAX)
    try:
        callbacks.check_signature(office.settings.home, x_meterpos_signature, body, at=office.moment().at)
    except callbacks.Unsigned as error:
        await run_in_threadpool(_note_forged, office, str(error))
        raise Problem(401, "signature", str(error)) from error
    return await run_in_threadpool(_confirm, office, body)


async def _by_secret(request: Request, secret: str, work: Callable[[Office, bytes], Result]) -> Result:
    office: Office = request.app.state.office
    body = await read_body(request, bytes_max=callbacks.BODY_BYTES_MAX)
    if not callbacks.is_secret(office.settings.home, secret):
        sentence = "This address is not the one M-Pesa was given. Nothing was kept."
        await run_in_threadpool(_note_forged, office, sentence)
        raise Problem(401, "secret", sentence)
    return await run_in_threadpool(work, office, body)


def _note_forged(office: Office, why: str) -> None:
    """Open one item a day, however often somebody tries."""
    moment = office.moment()
    log.warning("a callback was refused: %s", why)
    subject = f"{moment.today}"
    number = exceptions.exception_id("forged_callback", subject)
    with office.store.read() as conn:
        if exceptions.is_open(conn, number):
            return
    with office.write() as (conn, _):
        exceptions.open_all(
            conn, [Opening(code="forged_callback", subject=subject, details={"why": why})], at=moment.at
        )


def _read(office: Office, body: bytes) -> Callback:
    with office.store.read() as conn:
        paybill = utility_settings(conn).paybill
    try:
        return callbacks.read_callback(body, paybill=paybill)
    except UnusableCallback as error:
        raise Problem(400, "unreadable", f"{error} Nothing was kept.") from error


def _validate(office: Office, body: bytes) -> Result:
    try:
        told = _read(office, body)
    except Problem as error:
        is_amount = "TransAmount" in str(error)
        return Result(ResultCode=WRONG_AMOUNT if is_amount else UNKNOWN_ACCOUNT, ResultDesc=str(error))
    with office.store.read() as conn:
        known = place_of(conn, told.money.account_ref) is not None
    if not known:
        return Result(ResultCode=UNKNOWN_ACCOUNT, ResultDesc="Nobody has this account number. Check it.")
    return Result(ResultCode="0", ResultDesc="Accepted")


def _confirm(office: Office, body: bytes) -> Result:
    told = _read(office, body)
    moment = office.moment()
    if told.money.paid_on > moment.today + AHEAD_MAX:
        raise Problem(400, "unreadable", "TransTime lies ahead of today. Nothing was kept.")
    with office.write() as (conn, outgoing):
        done = taking.take_in(conn, outgoing, [told.money], source="callback", at=moment.at, today=moment.today)
    if done.altered:
        raise Problem(
            409, "altered", f"{told.money.reference} came before with another amount, which stands. Nothing was posted."
        )
    if done.known:
        return Result(ResultCode="0", ResultDesc="Recorded before; nothing was changed.")
    return Result(ResultCode="0", ResultDesc="Accepted")
