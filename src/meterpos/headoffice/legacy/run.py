"""The steps, each one transaction that commits whole or not at all: killed in its middle, a step was never begun.

A dry run does them all in one transaction and takes it back. A door: opens the write blocks, and is handed the clock.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from time import monotonic
from typing import Any, Final, Literal

from sqlalchemy import Connection

from meterpos.errors import UserError
from meterpos.headoffice.legacy import backups, decisions, papers, posting, reading, state
from meterpos.headoffice.legacy.decisions import Decision
from meterpos.headoffice.legacy.progress import Progress, Tell, say_nothing
from meterpos.headoffice.legacy.sources import Source
from meterpos.headoffice.legacy.steps import amounts, checks, customers, meters, parts, places, plans, proof
from meterpos.headoffice.legacy.steps.checks import GROUPS, Group
from meterpos.headoffice.office import Office

STEPS: Final = state.ORDER[1:-1]
"""What `meter-financials` runs."""

Ambiguous = Literal["first", "suspense"]
Counts = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """How a migration is made; what the command line says of it."""

    ambiguous: Ambiguous = "first"
    skip_validation: bool = False
    zone: str = "main"
    service: Literal["water", "power"] = "water"
    decisions: tuple[Decision, ...] | None = None
    """Decided of payments; None leaves what was decided before."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a step went; `failed` is the sentence of one that did not."""

    step: str
    counts: Mapping[str, Any]
    seconds: float
    failed: str | None = None


@dataclass(slots=True)
class Runner:
    """Runs steps on one head office; `tell` hears of the progress."""

    office: Office
    choices: Choices = field(default_factory=Choices)
    tell: Tell = say_nothing
    backup: Path | None = None
    """Where the backup is, once one was made."""
    reports: Path | None = None
    """A folder for every report as CSV, written at the end of all steps: of a dry run nothing else is left."""
    _open: Connection | None = None

    def import_books(self, source: Source, *, tenant: int, named: str) -> Outcome:
        """Read one tenant's old rows into staging. Raises: what `read_books` raises; AlreadyPosted."""

        def work(conn: Connection, progress: Progress) -> Counts:
            state.refuse_posted(conn)
            read = reading.read_books(conn, source, tenant=tenant, progress=progress)
            counts: Counts = dict(read.rows)
            extra = {"source": named, "tenant": tenant, "unknown columns": read.unknown, "missing": read.missing}
            return {**counts, **extra, "problems": read.problems}

        return self._run(state.IMPORT, work)

    def step(self, name: str) -> Outcome:
        """Run one step by its name; what it finds is kept, also where it fails by it.

        Raises: StepMissing, AlreadyPosted, and what the step raises; then nothing is kept.
        """

        def work(conn: Connection, progress: Progress) -> Counts:
            if name == state.METERS and state.done(conn, state.IMPORT) and not state.done(conn, state.PLACES):
                meters.refuse_payments_nowhere(conn, placed=False)
            state.require(conn, name)
            return _WORK[name](conn, progress, self)

        return self._run(name, work, _VERDICTS.get(name))

    def validate(self, groups: Sequence[Group]) -> Outcome:
        """Run the checks of these groups, also after posting; what they ask of the proof is computed first."""
        if {"balances"}.intersection(groups) and self._lacks_proof():
            self.step(state.PROOF)

        def work(conn: Connection, progress: Progress) -> Counts:
            if tuple(groups) != ("journals",):
                before = state.PLACES if tuple(groups) == ("payments",) else state.VALIDATE
                state.require_before(conn, before, name="validate")
            return dict(checks.validate(conn, progress, step=state.VALIDATE, groups=groups))

        return self._run(state.VALIDATE, work)

    def _lacks_proof(self) -> bool:
        with self.office.store.read() as conn:
            return state.done(conn, state.CUSTOMERS) is not None and state.done(conn, state.PROOF) is None

    def all_steps(self, *, dry_run: bool) -> Iterator[Outcome]:
        """Run every step in order and post; yields as each is done.

        Live, the first that fails ends it and is the last outcome, and nothing is posted. A dry run goes on to show
        all, and leaves the database as it was.
        """
        if dry_run:
            yield from self._dry(STEPS)
            return
        for name in self._wanted(STEPS):
            began = monotonic()
            try:
                if name == state.POSTING:
                    self.backup = backups.before_posting(self.office)
                outcome = self.step(name)
            except UserError as error:
                outcome = Outcome(name, {}, monotonic() - began, str(error))
            yield outcome
            if outcome.failed is not None:
                break
        if self.reports is not None:
            with self.office.store.read() as conn:
                papers.write_all(conn, self.reports)

    def dry(self, name: str) -> Outcome:
        """Run one step and take it back."""
        return next(iter(self._dry((name,))))

    def _dry(self, names: Sequence[str]) -> Iterator[Outcome]:
        outcomes: list[Outcome] = []
        try:
            with self.office.store.write() as conn, parts.room_to_work(conn):
                self._open = conn
                for name in self._wanted(names):
                    outcomes.append(self._tried(conn, name))
                if self.reports is not None:
                    papers.write_all(conn, self.reports)
                raise _TakeBack
        except _TakeBack:
            pass
        finally:
            self._open = None
        yield from outcomes

    def _tried(self, conn: Connection, name: str) -> Outcome:
        """Run a step inside a savepoint, so that one that fails leaves the transaction usable."""
        began = monotonic()
        inner = conn.begin_nested()
        try:
            outcome = self.step(name)
        except UserError as error:
            inner.rollback()
            return Outcome(name, {}, monotonic() - began, str(error))
        inner.commit()
        return outcome

    def _wanted(self, names: Sequence[str]) -> Iterator[str]:
        skipped = (state.VALIDATE_PAYMENTS, state.VALIDATE) if self.choices.skip_validation else ()
        return (name for name in names if name not in skipped)

    def _run(
        self,
        name: str,
        work: Callable[[Connection, Progress], Counts],
        verdict: Callable[[Counts], str | None] | None = None,
    ) -> Outcome:
        began = monotonic()
        progress = Progress(name, self.tell)
        with self._transaction() as conn:
            counts = work(conn, progress)
            seconds = monotonic() - began
            failed = verdict(counts) if verdict is not None else None
            state.note(conn, name, at=self.office.moment().at, seconds=seconds, details=counts, stands=failed is None)
        if self._open is None:
            self.office.store.checkpoint_before_leaving()
        return Outcome(name, counts, monotonic() - began, failed)

    @contextmanager
    def _transaction(self) -> Iterator[Connection]:
        if self._open is not None:
            yield self._open
        else:
            with self.office.store.write() as conn, parts.room_to_work(conn):
                yield conn

    def at(self) -> datetime:
        """Return this moment."""
        return self.office.moment().at


class _TakeBack(Exception):
    """Ends the transaction of a dry run without a commit."""


def _places(conn: Connection, progress: Progress, runner: Runner) -> Counts:
    if runner.choices.decisions is not None:
        decisions.keep(conn, runner.choices.decisions)
    return {**places.place(conn, progress, ambiguous=runner.choices.ambiguous), **plans.compute(conn)}


def _amounts(conn: Connection, progress: Progress, runner: Runner) -> Counts:
    del runner
    return dict(amounts.rebuild(conn, progress))


def _validate_payments(conn: Connection, progress: Progress, runner: Runner) -> Counts:
    del runner
    found = checks.validate(conn, progress, step=state.VALIDATE_PAYMENTS, groups=("payments",))
    return dict(found)


def _meters(conn: Connection, progress: Progress, runner: Runner) -> Counts:
    del runner
    return dict(meters.compute(conn, progress))


def _customers(conn: Connection, progress: Progress, runner: Runner) -> Counts:
    del runner
    return dict(customers.compute(conn, progress))


def _proof(conn: Connection, progress: Progress, runner: Runner) -> Counts:
    del runner
    return dict(proof.prove(conn, progress))


def _validate(conn: Connection, progress: Progress, runner: Runner) -> Counts:
    del runner
    found = checks.validate(conn, progress, step=state.VALIDATE, groups=GROUPS)
    return dict(found)


def _post(conn: Connection, progress: Progress, runner: Runner) -> Counts:
    moment = runner.office.moment()
    posted = posting.post(
        conn,
        progress,
        zone=runner.choices.zone,
        service=runner.choices.service,
        at=moment.at,
        today=moment.today.isoformat(),
    )
    posting.refuse_differences(conn)
    places = {"feed_first": posted.first, "feed_last": posted.last}
    return {**posted.rows, **places, "backup": str(runner.backup) if runner.backup else None}


_WORK: Final[Mapping[str, Callable[[Connection, Progress, Runner], Counts]]] = {
    state.PLACES: _places,
    state.AMOUNTS: _amounts,
    state.VALIDATE_PAYMENTS: _validate_payments,
    state.METERS: _meters,
    state.CUSTOMERS: _customers,
    state.PROOF: _proof,
    state.VALIDATE: _validate,
    state.POSTING: _post,
}

_VERDICTS: Final[Mapping[str, Callable[[Counts], str | None]]] = {
    state.VALIDATE_PAYMENTS: checks.verdict,
    state.VALIDATE: checks.verdict,
    state.PROOF: proof.verdict,
}
"""What a step's counts say of it: the sentence with which it stops a live run, or None."""
