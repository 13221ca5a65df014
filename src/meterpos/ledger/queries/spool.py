"""The queue before the printer: its jobs, and what became of them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal

from sqlalchemy import Connection, bindparam, func, select

from meterpos.ledger.tables import spool

State = Literal["queued", "sent", "confirmed", "unconfirmed", "failed"]
Paper = Literal["receipt", "reversal", "shift_report", "cash_slip", "reconnection"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One paper on its way: ``copy_no`` 0 is the original; ``detail`` is a sentence for the clerk, or empty."""

    job_id: int
    entry_id: bytes
    paper: Paper
    number: str
    copy_no: int
    device: str
    columns: int
    drawer: bool
    state: State
    queued_at: datetime
    sent_at: datetime | None
    detail: str


_one: Final = select(spool).where(spool.c.job_id == bindparam("job_id"))
_latest: Final = select(spool).order_by(spool.c.job_id.desc()).limit(bindparam("limit"))
_of_number: Final = select(spool).where(spool.c.number == bindparam("number")).order_by(spool.c.job_id)
_out: Final = (
    select(func.count()).select_from(spool).where(spool.c.number == bindparam("number"), spool.c.state != "failed")
)
_waiting: Final = select(func.count()).select_from(spool).where(spool.c.state == "queued")


def find_job(connection: Connection, job_id: int) -> Job:
    """Return one job."""
    return _job(connection.execute(_one, {"job_id": job_id}).one())


def jobs(connection: Connection, *, limit: int = 50) -> tuple[Job, ...]:
    """Return the latest jobs, the latest first."""
    return tuple(_job(row) for row in connection.execute(_latest, {"limit": limit}))


def jobs_of(connection: Connection, number: str) -> tuple[Job, ...]:
    """Return every job of one paper, its original and its copies, in the order they were asked for."""
    return tuple(_job(row) for row in connection.execute(_of_number, {"number": number}))


def may_be_out(connection: Connection, number: str) -> bool:
    """Tell whether a paper of this number may have come out, or still may: a job of it is not known to have failed."""
    return connection.execute(_out, {"number": number}).scalar_one() > 0


def queued_count(connection: Connection) -> int:
    """Return how many papers wait for the printer."""
    return int(connection.execute(_waiting).scalar_one())


def _job(row: Any) -> Job:
    return Job(**row._mapping)
