"""Sending what is due, at the gateway's pace: the first of a round alone, then some side by side.

Messages are taken before they are sent, and what came of them is written after, both in transactions of their own.
Should this program die between the two, they are *unsure*: they are not sent again by themselves, since money told of
twice is worse than told of late (decision record 0023).
"""

import logging
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, bindparam, func, literal_column, select, update

from meterpos.headoffice import exceptions
from meterpos.headoffice.exceptions import Opening
from meterpos.headoffice.office import Office
from meterpos.headoffice.sms import drafting, outbox, setup
from meterpos.headoffice.sms.gateways import LANES_MAX, Gateway, Outcome, Outgoing, gateway_of
from meterpos.headoffice.tables import sms

log: Final = logging.getLogger(__name__)

AT_ONCE_MAX: Final = 1000
LANES: Final = LANES_MAX
"""How many go side by side, so that a slow gateway does not make the last of a bill run wait for hours."""
TRIES_MAX: Final = 8
FIRST_WAIT: Final = timedelta(minutes=1)
LONGEST_WAIT: Final = timedelta(hours=6)
HELD_FOR: Final = timedelta(minutes=10)
"""How long one who took a message may be silent before it is unsure."""
AT_ANY_HOUR: Final = ("payment", "reversal")
"""What somebody who has just paid waits for; the rest wakes nobody."""
KEPT_FOR: Final = timedelta(days=3)
"""A message that could not go for so long goes no more: what it says is no news."""
MINUTE: Final = timedelta(minutes=1)
STOPPED: Final = "sms_gateway"
GATHERS_MAX: Final = 10_000

PACE_ASKED_EVERY: Final = 50
"""After how many batches the pace is counted anew: each time all messages of a minute are counted."""

_AWAITED: Final = sms.c.state.in_([literal_column("'queued'"), literal_column("'sending'")])
"""Written out as the index of what is due has it: only so SQLite uses it; else it reads every message ever sent."""
_TRIED: Final = select(func.count()).where(sms.c.tried_at > bindparam("since"))
_DUE: Final = (
    select(sms.c.sms_id, sms.c.phone, sms.c.text, sms.c.parts)
    .where(_AWAITED, sms.c.state == "queued", sms.c.due_at <= bindparam("at"))
    .order_by(sms.c.due_at, sms.c.sms_id)
    .limit(bindparam("most"))
    .with_for_update(skip_locked=True)
)
_DUE_AT_ANY_HOUR: Final = _DUE.where(sms.c.kind.in_(AT_ANY_HOUR))
_HOLD: Final = (
    update(sms)
    .where(sms.c.sms_id.in_(bindparam("taken", expanding=True)))
    .values(state="sending", tries=sms.c.tries + 1, tried_at=bindparam("at"), due_at=bindparam("held"))
)
_SENT: Final = (
    update(sms)
    .where(sms.c.sms_id == bindparam("of"), sms.c.state == "sending")
    .values(state="sent", detail=bindparam("said"), gateway_id=bindparam("number"), cost_minor=bindparam("cost"))
)


@dataclass(slots=True, kw_only=True)
class Sent:
    """What a round of sending did; ``stopped`` is why the gateway takes nothing, ``slowed`` if it is its pace."""

    queued: int = 0
    accepted: int = 0
    failed: int = 0
    later: int = 0
    unsure: int = 0
    stopped: str = ""
    slowed: bool = False


def work(office: Office, *, gateway: Gateway | None = None, limit: int = AT_ONCE_MAX) -> Sent:
    """Make messages of new facts and send what is due; a door: opens its own transactions, none across the network.

    Nothing where no gateway was chosen. ``gateway`` stands in for the chosen one.
    """
    done = Sent()
    with office.store.read() as conn:
        chosen = setup.find(conn)
        news = drafting.is_news(conn)
    if chosen is None:
        return done
    if news:
        done.queued = gather_all(office)
    way = gateway if gateway is not None else gateway_of(chosen, key=setup.kept_key(office.settings.home))
    with ThreadPoolExecutor(LANES, thread_name_prefix="sms") as lanes:
        tried = batches = room = 0
        while tried < limit and not done.stopped:
            # One alone first: where the gateway takes nothing, no more are tried.
            count = 1 if tried == 0 else min(LANES, limit - tried)
            with office.store.write() as conn:
                moment = office.moment()
                if tried == 0:
                    _end_overdue(conn, at=moment.at)
                if room < count or batches % PACE_ASKED_EVERY == 0:
                    room = _room(conn, at=moment.at, per_minute=chosen.per_minute)
                done.slowed = room <= 0
                messages = _take(conn, min(count, room), at=moment.at, all_kinds=chosen.is_day(moment.local.hour))
            if not messages:
                break
            room, batches = room - len(messages), batches + 1
            outcomes = list(lanes.map(way.send, messages))
            with office.write() as (conn, _):
                pairs = list(zip(messages, outcomes, strict=True))
                _write_all(conn, pairs, at=office.moment().at, kind=chosen.kind)
            for outcome in outcomes:
                _count(done, outcome)
            tried += len(messages)
            if done.unsure:
                # Who does not answer is not asked on: each question would be one more message nobody knows the end of.
                break
    if done.stopped:
        log.error("the sms gateway takes nothing: %s", done.stopped)
    return done


def gather_all(office: Office) -> int:
    """Queue the messages of every fact that came since the last time; return how many."""
    queued = 0
    for _ in range(GATHERS_MAX):
        moment = office.moment()
        with office.store.write() as conn:
            found = drafting.gather(conn, at=moment.at, today=moment.today)
        queued += found.queued
        if not found.more:
            break
    return queued


def _room(conn: Connection, *, at: datetime, per_minute: int) -> int:
    """Return how many more may go now, so that no more than so many go in a minute."""
    return per_minute - int(conn.execute(_TRIED, {"since": at - MINUTE}).scalar_one())


def _take(conn: Connection, count: int, *, at: datetime, all_kinds: bool = True) -> list[Outgoing]:
    """Take the next messages that are due, at most so many."""
    if count <= 0:
        return []
    due = _DUE if all_kinds else _DUE_AT_ANY_HOUR
    rows = conn.execute(due, {"at": at, "most": count}).all()
    if rows:
        conn.execute(_HOLD, {"at": at, "held": at + HELD_FOR, "taken": [row.sms_id for row in rows]})
    return [Outgoing(**row._mapping) for row in rows]


def _end_overdue(conn: Connection, *, at: datetime) -> None:
    """Say of messages whose sender was not heard of again, and of those that waited too long, what they are."""
    silent = update(sms).where(_AWAITED, sms.c.state == "sending", sms.c.due_at <= at)
    conn.execute(silent.values(state="unsure", detail="the program ended while it was being sent"))
    old = update(sms).where(_AWAITED, sms.c.state == "queued", sms.c.due_at <= at, sms.c.queued_at <= at - KEPT_FOR)
    old = old.where(sms.c.tries > 0)
    conn.execute(old.values(state="failed", ended_at=at, detail="could not be sent for three days: " + sms.c.detail))


def _write_all(conn: Connection, pairs: Sequence[tuple[Outgoing, Outcome]], *, at: datetime, kind: str) -> None:
    """Write down what came of some messages, unless a report already said more."""
    accepted = [
        {"of": message.sms_id, "said": outcome.detail, "number": outcome.gateway_id, "cost": outcome.cost_minor}
        for message, outcome in pairs
        if outcome.word == "accepted"
    ]
    if accepted:
        conn.execute(_SENT, accepted)
        exceptions.settle(conn, STOPPED, [kind], at=at, resolution="The gateway takes messages again.")
    for message, outcome in pairs:
        if outcome.word != "accepted":
            _write(conn, message, outcome, at=at, kind=kind)


def _write(conn: Connection, message: Outgoing, outcome: Outcome, *, at: datetime, kind: str) -> None:
    row = update(sms).where(sms.c.sms_id == message.sms_id, sms.c.state == "sending")
    conn.execute(row.values(_values(conn, message, outcome, at=at)))
    if outcome.wants_none:
        outbox.opt_out(conn, message.phone, why="said so to the gateway", at=at)
    if outcome.word == "stopped":
        opening = Opening(code=STOPPED, subject=kind, details={"said": outcome.detail})
        exceptions.open_all(conn, [opening], at=at)


def _values(conn: Connection, message: Outgoing, outcome: Outcome, *, at: datetime) -> dict[str, Any]:
    said = {"detail": outcome.detail}
    if outcome.word == "refused":
        return {**said, "state": "failed", "ended_at": at}
    if outcome.word == "unsure":
        return {**said, "state": "unsure"}
    tries = int(conn.execute(select(sms.c.tries).where(sms.c.sms_id == message.sms_id)).scalar_one())
    if outcome.word == "stopped":
        # Not this message's fault: it keeps its tries.
        return {**said, "state": "queued", "tries": tries - 1, "due_at": at + wait_after(tries)}
    if tries >= TRIES_MAX:
        return {"state": "failed", "ended_at": at, "detail": f"given up after {tries} tries: {outcome.detail}"}
    wait = wait_after(tries)
    if outcome.wait_s is not None:
        wait = min(max(wait, timedelta(seconds=outcome.wait_s)), LONGEST_WAIT)
    return {**said, "state": "queued", "due_at": at + wait}


def wait_after(tries: int) -> timedelta:
    """Return how long to wait after so many tries: a minute, then twice as long each time."""
    return min(FIRST_WAIT * (1 << min(max(tries - 1, 0), 16)), LONGEST_WAIT)


def _count(done: Sent, outcome: Outcome) -> None:
    if outcome.word == "accepted":
        done.accepted += 1
    elif outcome.word == "refused":
        done.failed += 1
    elif outcome.word == "later":
        done.later += 1
    elif outcome.word == "unsure":
        done.unsure += 1
    else:
        done.stopped = outcome.detail
