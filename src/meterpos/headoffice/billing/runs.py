"""A bill run from its beginning to its result: who may begin it, what it could not bill, what it came to.

What it made is counted from its bills, so that a run that was cut off and taken up again tells the whole.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final, NamedTuple, Protocol

from sqlalchemy import Connection, delete, func, insert, select, update
from sqlalchemy.exc import DBAPIError

from meterpos.errors import UserError
from meterpos.headoffice import bulk
from meterpos.headoffice.importing.reader import YEARS
from meterpos.headoffice.tables import bill_errors, bill_runs, bills, counters
from meterpos.ledger.queries.settings import utility_settings
from meterpos.ledger.store import Store

AT_ONCE: Final = 2_000
"""How many accounts one transaction bills; what a run holds in memory does not grow beyond them."""

REASONS_SHOWN: Final = 1_000
BALANCE: Final = "BALANCE"
"""The kind of a bill that repeats what is owed; it stands on the paper and never counts."""

NAME_MAX: Final = 64
_TURN: Final = "billing"


class CannotRun(UserError):
    """A bill run cannot be made so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A run that has begun."""

    run_id: str
    period: str | None
    made_on: date
    due_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class RunResult:
    """What a run came to: in all, and this time (a run may be taken up again). ``reasons`` are the first thousand."""

    run_id: str
    period: str | None
    bills: int
    invoices: int
    amount_minor: int
    errors: int
    reasons: Mapping[str, str]
    new_bills: int
    new_invoices: int
    seconds: float

    @property
    def bills_a_second(self) -> float:
        """Return how fast it went this time."""
        return self.new_bills / self.seconds if self.seconds else 0.0


class Lot(NamedTuple):
    """The accounts of one transaction: the last of them, how many there were, and how many things were made."""

    last: str | None
    accounts: int
    made: int


class Step(Protocol):
    """What is done for the next accounts after one, in one transaction."""

    def __call__(self, conn: Connection, *, after: str, limit: int) -> "Lot": ...


def wait_turn(conn: Connection) -> None:
    """Let those who read, bill and invoice take turns: what the one before made is seen from here on."""
    taking = update(counters).where(counters.c.name == _TURN).values(value=counters.c.value + 1)
    if conn.execute(taking).rowcount == 0:
        bulk.insert_new(conn, counters, [{"name": _TURN, "value": 0}])
        conn.execute(taking)


def begin(
    conn: Connection, *, run_id: str, period: str | None, on: date, due_on: date | None, at: datetime
) -> tuple[Run, bool]:
    """Begin a run, or take it up where it was left; return it and whether it is new. Its days are those of its start.

    Raises: CannotRun.
    """
    if not run_id.strip() or len(run_id) > NAME_MAX or not run_id.isprintable():
        raise CannotRun(f"A run's name is one line of 1 to {NAME_MAX} letters.", field="run")
    wait_turn(conn)
    row = conn.execute(select(bill_runs).where(bill_runs.c.run_id == run_id)).one_or_none()
    if row is not None:
        if row.period != period:
            raise CannotRun(f"Run {run_id} bills {row.period or 'a list'}. Choose another name.", field="run")
        return Run(run_id=run_id, period=period, made_on=row.made_on, due_on=row.due_on), False
    if period is not None:
        other = conn.execute(select(bill_runs.c.run_id).where(bill_runs.c.period == period)).scalar()
        if other is not None:
            raise CannotRun(
                f"{period} is billed by run {other}. Nothing is billed twice; go on with that run: "
                f"meterpos headoffice bill run --period {period} --run {other}",
                field="run",
            )
    due_on = due_on or due_after(conn, on)
    if due_on < on:
        raise CannotRun(f"Due on {due_on:%d %b %Y} would be before {on:%d %b %Y}. Give a later day.", field="due")
    values = {"run_id": run_id, "period": period, "made_on": on, "due_on": due_on, "started_at": at}
    conn.execute(insert(bill_runs), values)
    return Run(run_id=run_id, period=period, made_on=on, due_on=due_on), True


def due_after(conn: Connection, on: date) -> date:
    """Return when what is invoiced on a day is due, by the utility's setting. Raises: CannotRun."""
    if on.year not in YEARS:
        raise CannotRun(f"{on} is no day anything is billed on. Check the year.", field="on")
    return on + timedelta(days=utility_settings(conn).due_days)


def end(conn: Connection, run: Run, *, at: datetime) -> None:
    """Note that every account was looked at."""
    of_run = bill_runs.c.run_id == run.run_id, bill_runs.c.ended_at.is_(None)
    conn.execute(update(bill_runs).where(*of_run).values(ended_at=at))


def walk(store: Store, run: Run, step: Step, find_next: Callable[[Connection, str], str | None]) -> int:
    """Take one transaction of accounts after the other and return how many things were made.

    Where the database refuses something in one, its accounts are taken singly: what goes wrong with one account is
    noted as that account's error, and the run goes on.
    """
    after, made = "", 0
    while True:
        try:
            with store.write() as conn:
                lot = step(conn, after=after, limit=AT_ONCE)
        except DBAPIError:
            lot = _singly(store, run, step, find_next, after)
        made += lot.made
        if lot.last is None or lot.accounts < AT_ONCE:
            return made
        after = lot.last


def _singly(store: Store, run: Run, step: Step, find_next: Callable[[Connection, str], str | None], after: str) -> Lot:
    looked_at = made = 0
    last: str | None = None
    while looked_at < AT_ONCE:
        with store.read() as conn:
            account_no = find_next(conn, last or after)
        if account_no is None:
            break
        try:
            with store.write() as conn:
                made += step(conn, after=last or after, limit=1).made
        except DBAPIError as error:
            with store.write() as conn:
                note_errors(conn, run, {account_no: f"The database refused it: {str(error.orig)[:200]}"}, of=())
        last = account_no
        looked_at += 1
    return Lot(last, looked_at, made)


def note_errors(conn: Connection, run: Run, reasons: Mapping[str, str], *, of: Sequence[str]) -> None:
    """Keep why accounts could not be billed; of the accounts ``of``, looked at again, forget what was noted before."""
    looked_at = bulk.among(conn, bill_errors.c.account_no, [*of, *reasons])
    conn.execute(delete(bill_errors).where(bill_errors.c.run_id == run.run_id, looked_at))
    bulk.insert(conn, bill_errors, [(run.run_id, account_no, reason) for account_no, reason in reasons.items()])


def result(conn: Connection, run: Run, *, new_bills: int, new_invoices: int, seconds: float) -> RunResult:
    """Count what a run has made so far."""
    counted = conn.execute(
        select(
            func.count(),
            func.count(bills.c.invoice_no.distinct()),
            func.coalesce(func.sum(bills.c.amount_minor).filter(bills.c.kind != BALANCE), 0),
        ).where(bills.c.run_id == run.run_id)
    ).one()
    of_run = bill_errors.c.run_id == run.run_id
    errors = conn.execute(select(func.count()).select_from(bill_errors).where(of_run)).scalar_one()
    listed = select(bill_errors).where(of_run).order_by(bill_errors.c.account_no).limit(REASONS_SHOWN)
    return RunResult(
        run_id=run.run_id,
        period=run.period,
        bills=counted[0],
        invoices=counted[1],
        amount_minor=int(counted[2]),
        errors=errors,
        reasons={row.account_no: row.reason for row in conn.execute(listed)},
        new_bills=new_bills,
        new_invoices=new_invoices,
        seconds=seconds,
    )
