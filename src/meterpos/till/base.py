"""What every verb of the till stands on: settings, ledger, keys and clock, the print queue, and a commit in doubt."""

import uuid
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from sqlalchemy import Connection

from meterpos import vault
from meterpos.errors import UserError
from meterpos.ledger import journal
from meterpos.ledger.journal import Entry
from meterpos.ledger.moment import Moment
from meterpos.ledger.operations import spool
from meterpos.ledger.queries.identity import Identity, find_identity
from meterpos.ledger.seal import seal_text
from meterpos.ledger.store import Store, UnknownOutcome, WrongKey
from meterpos.settings import TillSettings
from meterpos.sync.lock import HomeUser

if TYPE_CHECKING:
    from meterpos.sync.client import Line

DEVICE_KEY: Final = "device"


class NotSaved(UserError):
    """The commit failed and the ledger, asked again, does not have it."""


class MaybeSaved(UserError):
    """The commit failed, and the disk takes nothing more that could make it certain whether it stands."""


def new_tender_id() -> str:
    """Return the id a tender keeps from the moment its form opens."""
    return uuid.uuid4().hex


@dataclass(slots=True, kw_only=True)
class TillBase:
    """One open till, without its verbs. ``now`` is the clock; tests hand in another."""

    settings: TillSettings
    store: Store
    pepper: bytes
    database_key: bytes | None
    now: Callable[[], datetime] = field(default=lambda: datetime.now(UTC))
    hold: HomeUser | None = None
    """The seat in the home: nobody restores it meanwhile."""
    _device_key: bytes | None = None
    _line: "Line | None" = None
    """The line to head office, open between exchanges that follow each other soon."""
    _claimed: deque[int] = field(default_factory=deque)

    def moment(self) -> Moment:
        """Return this moment in the utility's time zone."""
        return Moment(self.now().astimezone(self.settings.time_zone))

    def identity(self) -> Identity | None:
        """Return who this till is, None before it is enrolled."""
        with self.store.read() as connection:
            return find_identity(connection)

    @property
    def device_key(self) -> bytes:
        """The private key that signs batches and receipts; made at enrolment."""
        if self._device_key is None:
            self._device_key = vault.read_secret(self.settings.home, DEVICE_KEY)
        if self._device_key is None:
            raise WrongKey(
                "The key this till signs with is missing. Ask head office for a new code and enrol the till again."
            )
        return self._device_key

    def seal(self, entry: Entry) -> str:
        """Return the QR text of a receipt or reversal."""
        return seal_text(entry, device_private=self.device_key)

    def claimed_jobs(self) -> tuple[int, ...]:
        """Return, once, the print jobs of papers this process has just committed: printed next, by this process alone.

        They are *sent* from the start, so that one sync lies between the button and the first byte; after a crash the
        clerk is asked to look at the paper.
        """
        jobs: list[int] = []
        while self._claimed:
            jobs.append(self._claimed.popleft())
        return tuple(jobs)

    def close(self) -> None:
        """Let go of the line and the ledger, its log moved into the database first where the disk takes it."""
        if self._line is not None:
            self._line.close()
        self.store.checkpoint_before_leaving()
        self.store.close()
        if self.hold is not None:
            self.hold.release()

    def _queue(
        self, connection: Connection, entry: Entry, *, paper: str, drawer: bool = False, number: str | None = None
    ) -> int | None:
        if self.settings.printer is None:
            return None
        return spool.enqueue(
            connection,
            entry_id=entry.entry_id,
            paper=paper,
            number=number or entry.content.body["number"],
            device=self.settings.printer,
            columns=self.settings.columns,
            drawer=drawer,
            moment=self.moment(),
            claimed=True,
        )

    def _claim(self, *jobs: int | None) -> None:
        self._claimed.extend(job for job in jobs if job is not None)

    def _settled(self, work: Callable[[Connection], tuple[Entry, tuple[int | None, ...]]]) -> Entry:
        """Run ``work`` in one transaction; when its commit is in doubt, look at the ledger and tell the truth.

        Raises: NotSaved when the disk would not have it; MaybeSaved when that cannot be known until the ledger is
        opened anew; what ``work`` raises, with nothing changed.
        """
        made: list[Entry] = []
        jobs: tuple[int | None, ...] = ()
        try:
            with self.store.write() as connection:
                entry, jobs = work(connection)
                made.append(entry)
        except UnknownOutcome as doubt:
            with self.store.read() as connection:
                is_kept = journal.is_kept(connection, made[0].entry_id)
            if not is_kept:
                self._rule_out(doubt)
                raise NotSaved(
                    "The disk did not take it: nothing was saved. Check the disk, then try again."
                ) from doubt
        self._claim(*jobs)
        return made[0]

    def _rule_out(self, doubt: UnknownOutcome) -> None:
        """Make certain that what was not confirmed does not stand. Raises: MaybeSaved when the disk does not let us."""
        try:
            self.store.overwrite_doubt()
        except (UnknownOutcome, UserError):
            raise MaybeSaved(
                "The disk failed while this was being saved: it is not known whether it stands. Take or give no money "
                "for it again. Check the disk, start the till again, and look for it under Receipts."
            ) from doubt
