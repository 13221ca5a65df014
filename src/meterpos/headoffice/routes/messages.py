"""What an SMS gateway tells: delivery reports, who opted out, what customers wrote back. The address holds a secret."""

import hmac
import json
from typing import Annotated, Any, Final
from urllib.parse import parse_qsl

from fastapi import APIRouter, Path, Request
from pydantic import BaseModel
from starlette.concurrency import run_in_threadpool

from meterpos.headoffice.office import Office
from meterpos.headoffice.problems import Problem
from meterpos.headoffice.routes.body import read_body
from meterpos.headoffice.sms import reports, setup
from meterpos.ledger.texts import readable

router: Final = APIRouter(prefix="/v1/sms/{secret}")
REPORT_BYTES_MAX: Final = 8_000


def _body(example: dict[str, str]) -> dict[str, Any]:
    content = {"schema": {"type": "object"}, "example": example}
    kinds = ("application/x-www-form-urlencoded", "application/json")
    return {"requestBody": {"required": True, "content": dict.fromkeys(kinds, content)}}


_REPORT: Final = _body({"id": "ATXid_1", "status": "Failed", "failureReason": "UserInBlackList"})
_OPT_OUT: Final = _body({"senderId": "LAKEWATER", "phoneNumber": "+254712345678"})
_INCOMING: Final = _body({"from": "+254712345678", "text": "STOP"})
Secret = Annotated[str, Path(description="The secret of `meterpos headoffice sms setup`.", max_length=200)]


class Taken(BaseModel):
    """What was done about it."""

    done: str


@router.post("/report", summary="Report what became of a message", openapi_extra=_REPORT)
async def report(request: Request, secret: Secret) -> Taken:
    """Take a delivery report as a form or as JSON: id, status, failureReason. The same again changes nothing."""
    return await _take(request, secret, _report)


@router.post("/incoming", summary="Tell what a customer wrote back", openapi_extra=_INCOMING)
async def incoming(request: Request, secret: Secret) -> Taken:
    """Take a message from a phone as a form or as JSON: from, text. STOP ends messages to it, START begins them."""
    return await _take(request, secret, _incoming)


@router.post("/opt-out", summary="Tell that a customer opted out at the gateway", openapi_extra=_OPT_OUT)
async def opt_out(request: Request, secret: Secret) -> Taken:
    """Take an opt-out as a form or as JSON: phoneNumber. Nothing goes to that phone any more. The same again is one."""
    return await _take(request, secret, _opted_out)


async def _take(request: Request, secret: str, work: Any) -> Taken:
    office: Office = request.app.state.office
    if not hmac.compare_digest(secret.encode(), setup.callback_secret(office.settings.home).encode()):
        raise Problem(401, "secret", "This address is not the gateway's. Ask: meterpos headoffice sms setup")
    fields = _fields(await read_body(request, bytes_max=REPORT_BYTES_MAX))
    return Taken(done=await run_in_threadpool(work, office, fields))


def _fields(body: bytes) -> dict[str, str]:
    """Read a form or a flat JSON object. Raises: Problem."""
    try:
        text = body.decode()
        found = json.loads(text) if text.lstrip().startswith("{") else dict(parse_qsl(text, max_num_fields=40))
    except (ValueError, RecursionError) as error:
        raise Problem(400, "unreadable", "The report is neither a form nor JSON.") from error
    return {readable(str(name)): readable(str(value)) for name, value in found.items()}


def _report(office: Office, fields: dict[str, str]) -> str:
    number, status = fields.get("id", ""), fields.get("status", "")
    if not number or not status:
        raise Problem(400, "unreadable", "The report names no message (id) or no status.")
    with office.store.write() as conn:
        known = reports.take_report(
            conn, number=number, status=status, reason=fields.get("failureReason", ""), at=office.moment().at
        )
    if not known:
        # Perhaps it came before the answer to the message was written down: the gateway shall say it again.
        raise Problem(404, "unknown", "No such message is known here yet.")
    return "noted"


def _opted_out(office: Office, fields: dict[str, str]) -> str:
    phone = fields.get("phoneNumber", "")
    if not phone:
        raise Problem(400, "unreadable", "The notice names no phone (phoneNumber).")
    with office.store.write() as conn:
        chosen = setup.required(conn)
        return reports.take_opt_out(conn, phone=phone, country=chosen.country, at=office.moment().at)


def _incoming(office: Office, fields: dict[str, str]) -> str:
    with office.store.write() as conn:
        chosen = setup.required(conn)
        return reports.take_answer(
            conn,
            phone=fields.get("from", ""),
            text=fields.get("text", ""),
            country=chosen.country,
            at=office.moment().at,
        )
