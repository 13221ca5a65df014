"""The queue before the printer: queued → sent → confirmed, unconfirmed or failed.

A job is marked *sent* and committed before its first byte leaves: whatever happens then, nothing prints it a second
time by itself. What a crash left *sent* becomes *unconfirmed*: the paper may be out, a person looks.
"""

from datetime import datetime, timedelta
from typing import Any, Final, get_args

from sqlalchemy import Connection, bindparam, insert, select, update

from meterpos.errors import UserError
from meterpos.ledger.moment import Moment
from meterpos.ledger.queries.papers import made_paper
from meterpos.ledger.queries.spool import Job, Paper, State, find_job, may_be_out
from meterpos.ledger.tables import spool
from meterpos.ledger.texts import readable

DETAIL_MAX: Final = 300
SENT_TOO_LONG: Final = timedelta(minutes=2)
"""No printer is talked to for longer: what is *sent* since then was left behind by a crash."""

_LEFT_BEHIND: Final = (
    "meterpos stopped while this was printing. See whether the paper came out; if not, press Print again."
)

_queued: Final = select(spool.c.job_id).where(spool.c.state == "queued").order_by(spool.c.job_id).limit(1)
_earlier: Final = (
    select(spool.c.entry_id, spool.c.paper)
    .where(spool.c.number == bindparam("number"))
    .order_by(spool.c.job_id)
    .limit(1)
)
_original: Final = (
    select(spool.c.entry_id, spool.c.paper, spool.c.drawer)
    .where(spool.c.number == bindparam("number"), spool.c.copy_no == 0)
    .order_by(spool.c.job_id)
    .limit(1)
)


class NoPrinter(UserError):
    """The settings of this till name no printer."""


class NothingToPrint(UserError):
    """No paper of this number was made here."""


def enqueue(
    connection: Connection,
    *,
    entry_id: bytes,
    paper: str,
    number: str,
    device: str,
    columns: int,
    moment: Moment,
    copy_no: int = 0,
    drawer: bool = False,
    claimed: bool = False,
) -> int:
    """Queue one paper and return its job; ``drawer`` opens the cash drawer, on an original alone.

    ``claimed`` makes it *sent* from the start, for a caller that prints it as soon as this is committed: then one sync
    of the disk, not two, lies between the payment and the first byte.
    """
    assert paper in get_args(Paper), f"no such paper: {paper}"
    assert not (drawer and copy_no), "a copy opens no drawer"
    row = {
        "entry_id": entry_id,
        "paper": paper,
        "number": number,
        "copy_no": copy_no,
        "device": device,
        "columns": columns,
        "drawer": drawer,
        "state": "sent" if claimed else "queued",
        "queued_at": moment.at,
        "sent_at": moment.at if claimed else None,
    }
    return int(connection.execute(insert(spool).returning(spool.c.job_id), row).scalar_one())


def enqueue_copy(
    connection: Connection, *, number: str, copy_no: int, device: str | None, columns: int, moment: Moment
) -> int:
    """Queue the ``copy_no``-th copy of a paper made here; it says COPY and opens no drawer.

    Raises: NoPrinter when ``device`` is None; NothingToPrint when no paper has this number.
    """
    assert copy_no > 0, "the original is copy 0"
    entry_id, paper = _paper_of(connection, number)
    return enqueue(
        connection,
        entry_id=entry_id,
        paper=paper,
        number=number,
        copy_no=copy_no,
        device=_some(device),
        columns=columns,
        moment=moment,
    )


def enqueue_original_again(
    connection: Connection, *, number: str, device: str | None, columns: int, moment: Moment
) -> int | None:
    """Queue the original once more where each earlier try is known to have failed; None where a paper may be out.

    Raises: NoPrinter when ``device`` is None.
    """
    original = connection.execute(_original, {"number": number}).one_or_none()
    if original is None or may_be_out(connection, number):
        return None
    return enqueue(
        connection,
        entry_id=original.entry_id,
        paper=original.paper,
        number=number,
        device=_some(device),
        columns=columns,
        drawer=original.drawer,
        moment=moment,
    )


def claim_next(connection: Connection, *, at: datetime) -> Job | None:
    """Mark the job that waited longest *sent* and return it; None when nothing is queued.

    Two spoolers never get the same job.
    """
    job_id = connection.execute(_queued).scalar_one_or_none()
    if job_id is None or not _move(connection, job_id, come_from="queued", state="sent", sent_at=at):
        return None
    return find_job(connection, job_id)


def settle(connection: Connection, *, job_id: int, state: State, detail: str = "") -> bool:
    """Record what became of a job that was *sent*, and tell whether that was news.

    One settled in the meantime keeps what it was given first.
    """
    assert state in {"confirmed", "unconfirmed", "failed"}, f"{state} settles nothing"
    return _move(connection, job_id, come_from="sent", state=state, detail=readable(detail)[:DETAIL_MAX])


def settle_left_behind(connection: Connection, *, at: datetime) -> int:
    """Turn jobs that a crash left *sent* into *unconfirmed*, never back into *queued*; return how many."""
    left = (
        update(spool)
        .where(spool.c.state == "sent", spool.c.sent_at < at - SENT_TOO_LONG)
        .values(state="unconfirmed", detail=_LEFT_BEHIND)
    )
    return connection.execute(left).rowcount


def _move(connection: Connection, job_id: int, *, come_from: State, **values: Any) -> bool:
    moved = connection.execute(
        update(spool).where(spool.c.job_id == job_id, spool.c.state == come_from).values(**values)
    )
    return moved.rowcount == 1


def _paper_of(connection: Connection, number: str) -> tuple[bytes, str]:
    made = made_paper(connection, number)
    if made is not None:
        return made.entry_id, made.paper
    earlier = connection.execute(_earlier, {"number": number}).one_or_none()
    if earlier is None:
        raise NothingToPrint(f"No paper {number} was made at this till. Check the number.", field="number")
    return earlier.entry_id, earlier.paper


def _some(device: str | None) -> str:
    if device is None:
        raise NoPrinter("This till has no printer. Name one in its settings, then print again.", field="printer")
    return device
