"""What became of messages that were accepted, as the gateway reports it later; a report that comes twice is one.

Statuses, reasons and fields of Africa's Talking: docs.africastalking.com/sms/notifications.
"""

from datetime import datetime
from typing import Final

from sqlalchemy import Connection, or_, select, update

from meterpos.headoffice.sms import outbox
from meterpos.headoffice.sms.phones import international
from meterpos.headoffice.tables import sms

_DELIVERED: Final = frozenset({"success", "delivered"})
_FAILED: Final = frozenset({"failed", "rejected", "absentsubscriber", "expired", "undelivered"})
_WANTS_NONE: Final = "userinblacklist"
_STOP: Final = frozenset({"stop", "acha", "simama", "unsubscribe", "ondoa"})
_START: Final = frozenset({"start", "anza", "rudisha"})
_OPEN: Final = ("sending", "sent", "unsure")
_SAID_MAX: Final = 80


def take_report(conn: Connection, *, number: str, status: str, reason: str = "", at: datetime) -> bool:
    """Write down what became of a message, by the gateway's number of it or ours; False when there is none of it here.

    The first end stands: a report that came twice, or another after it, changes nothing.
    """
    row = conn.execute(
        select(sms.c.sms_id, sms.c.phone).where(or_(sms.c.gateway_id == number, sms.c.sms_id == number)).limit(1)
    ).one_or_none()
    if row is None:
        return False
    word = status.strip().lower()
    said = f"reported: {status.strip()} {reason.strip()}".strip()[:_SAID_MAX]
    still = update(sms).where(sms.c.sms_id == row.sms_id, sms.c.state.in_(_OPEN))
    if word in _DELIVERED:
        conn.execute(still.values(state="delivered", ended_at=at, detail=said))
    elif word in _FAILED:
        conn.execute(still.values(state="failed", ended_at=at, detail=said))
        if reason.strip().lower() == _WANTS_NONE:
            outbox.opt_out(conn, row.phone, why="reported by the gateway", at=at)
    return True


def take_opt_out(conn: Connection, *, phone: str, country: str, at: datetime) -> str:
    """End messages to a phone whose owner opted out at the gateway itself. Return what was done: stopped or nothing."""
    number = international(phone, country=country)
    if number is None:
        return "nothing"
    outbox.opt_out(conn, number, why="opted out at the gateway", at=at)
    return "stopped"


def take_answer(conn: Connection, *, phone: str, text: str, country: str, at: datetime) -> str:
    """Act on what a customer wrote back: STOP or ACHA ends messages, START or ANZA begins them again.

    Return what was done: stopped, started or nothing.
    """
    number = international(phone, country=country)
    word = text.strip().lower()
    if number is None or word not in _STOP | _START:
        return "nothing"
    if word in _STOP:
        outbox.opt_out(conn, number, why="wrote STOP", at=at)
        return "stopped"
    outbox.opt_in(conn, number)
    return "started"
