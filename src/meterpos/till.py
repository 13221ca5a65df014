"""The assembled till: one home opened, its ledger, keys and clock, and what the window and the commands do with it.

Every method that changes something is one transaction. They may wait for the disk: never call them on a GUI thread.
"""

import secrets
import uuid
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

from sqlalchemy import Connection

from meterpos import vault
from meterpos.errors import UserError
from meterpos.ledger import search_index
from meterpos.ledger.journal import Approval, Entry, papers_of
from meterpos.ledger.moment import Moment
from meterpos.ledger.operations import (
    approvals,
    cash,
    corrections,
    papers,
    people,
    reports,
    reversals,
    shifts,
    spool,
    tenders,
)
from meterpos.ledger.queries.identity import Identity, find_identity
from meterpos.ledger.queries.receipts import entry_of_tender
from meterpos.ledger.rules.approvals import NONCE_BYTES, Wanted, new_nonce
from meterpos.ledger.seal import seal_text
from meterpos.ledger.store import Store, UnknownOutcome, UnreadableDatabase, WrongKey
from meterpos.ledger.upgrade import upgrade
from meterpos.settings import TillSettings, load_till_settings

if TYPE_CHECKING:
    from meterpos.sync.exchange import ExchangeResult, Progress
    from meterpos.sync.steps import Memory

DATABASE_KEY: Final = "ledger"
DEVICE_KEY: Final = "device"
PEPPER: Final = "pepper"


class NotSaved(UserError):
    """The commit failed and the ledger, asked again, does not have it."""


def new_tender_id() -> str:
    """Return the id a tender keeps from the moment its form opens."""
    return uuid.uuid4().hex


@dataclass(slots=True, kw_only=True)
class Till:
    """One open till. ``now`` is the clock; tests hand in another."""

    settings: TillSettings
    store: Store
    pepper: bytes
    database_key: bytes | None
    now: Callable[[], datetime] = field(default=lambda: datetime.now(UTC))
    _device_key: bytes | None = None
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

    def enrol(self, *, server: str, code: str, title: str = "") -> Identity:
        """Become a till of the head office at ``server``; waits for the network.

        Raises: what `meterpos.sync.enrolment.enrol` raises.
        """
        from meterpos.sync.enrolment import enrol

        identity = enrol(
            self.store,
            home=self.settings.home,
            server=server,
            code=code,
            database_key=self.database_key,
            moment=self.moment(),
            title=title,
        )
        self._device_key = None  # a new one was made
        return identity

    def exchange(
        self,
        *,
        memory: "Memory | None" = None,
        progress: "Callable[[Progress], None] | None" = None,
        cancelled: Callable[[], bool] | None = None,
    ) -> "ExchangeResult":
        """Exchange once with head office; waits for the network. What goes wrong on the line is an outcome.

        Raises: NotEnrolled, ExchangeRunning, DiskFull.
        """
        from meterpos.sync.exchange import exchange

        return exchange(
            self.store,
            home=self.settings.home,
            device_key=self.device_key,
            memory=memory,
            now=self.now,
            progress=progress,
            cancelled=cancelled,
        )

    def claimed_jobs(self) -> tuple[int, ...]:
        """Return, once, the print jobs of papers this process has just committed: printed next, by this process alone.

        They are *sent* from the start, so that one sync lies between the button and the first byte; after a crash the
        clerk is asked to look at the paper.
        """
        jobs: list[int] = []
        while self._claimed:
            jobs.append(self._claimed.popleft())
        return tuple(jobs)

    def take(self, *, request: tenders.TenderRequest, clerk: str, approval: Approval | None = None) -> Entry:
        """Take a tender and queue its receipt, in one durable transaction.

        Raises: what `take_tender` raises, with nothing changed; NotSaved when the disk would not have it.
        """
        moment = self.moment()

        def work(connection: Connection) -> tuple[Entry, tuple[int | None, ...]]:
            again = entry_of_tender(connection, request.tender_id)
            entry = tenders.take_tender(connection, request=request, moment=moment, clerk=clerk, approval=approval)
            cash = any(leg.method == "cash" for leg in request.legs)
            printed = again is not None
            return entry, () if printed else (self._queue(connection, entry, paper="receipt", drawer=cash),)

        return self._settled(work, tender_id=request.tender_id)

    def reverse(
        self,
        *,
        number: str,
        reason: str,
        refund: Literal["cash", "none"],
        tender_id: str,
        clerk: str,
        approval: Approval,
    ) -> Entry:
        """Reverse a receipt of this till and queue its paper. Raises: what `reverse_tender` raises; NotSaved."""
        moment = self.moment()

        def work(connection: Connection) -> tuple[Entry, tuple[int | None, ...]]:
            again = entry_of_tender(connection, tender_id)
            entry = reversals.reverse_tender(
                connection,
                number=number,
                reason=reason,
                refund=refund,
                tender_id=tender_id,
                moment=moment,
                clerk=clerk,
                approval=approval,
            )
            printed = again is not None
            return entry, () if printed else (self._queue(connection, entry, paper="reversal"),)

        return self._settled(work, tender_id=tender_id)

    def correct(
        self,
        *,
        number: str,
        to_meter: str,
        from_meter: str | None = None,
        reason: str,
        tender_id: str,
        clerk: str,
        approval: Approval,
    ) -> Entry:
        """Move a receipt of this till from the wrong meter to the right one and queue both papers.

        Raises: what `correct_tender` raises; NotSaved.
        """
        moment = self.moment()

        def work(connection: Connection) -> tuple[Entry, tuple[int | None, ...]]:
            again = entry_of_tender(connection, tender_id)
            entry = corrections.correct_tender(
                connection,
                number=number,
                to_meter=to_meter,
                from_meter=from_meter,
                reason=reason,
                tender_id=tender_id,
                moment=moment,
                clerk=clerk,
                approval=approval,
            )
            if again is not None:
                return entry, ()
            undone, made = papers_of(entry)
            return entry, (
                self._queue(connection, undone, paper="reversal"),
                self._queue(connection, made, paper="receipt"),
            )

        return self._settled(work, tender_id=tender_id)

    def open_shift(self, *, float_minor: int, clerk: str, business_date: date | None = None) -> Entry:
        """Open a shift. Raises: what `open_shift` raises."""
        with self.store.write() as connection:
            return shifts.open_shift(
                connection, float_minor=float_minor, moment=self.moment(), clerk=clerk, business_date=business_date
            )

    def close_shift(self, *, counted_minor: int, clerk: str, notes: Sequence[tuple[int, int]] = ()) -> Entry:
        """Close the open shift and queue its report; ``notes`` as counted. Raises: what `close_shift` raises."""
        moment = self.moment()
        with self.store.write() as connection:
            entry = shifts.close_shift(connection, counted_minor=counted_minor, moment=moment, clerk=clerk, notes=notes)
            job = self._queue(connection, entry, paper="shift_report")
        self._claim(job)
        return entry

    def report_so_far(self, *, clerk: str) -> Entry:
        """Return the X report of the open shift, never stored. Raises: what `report_so_far` raises."""
        with self.store.read() as connection:
            return shifts.report_so_far(connection, moment=self.moment(), clerk=clerk)

    def move_cash(self, *, request: cash.CashRequest, clerk: str, approval: Approval | None = None) -> Entry:
        """Move cash out of the drawer or the safe, or to the next clerk, and queue its slip; a repeat prints nothing.

        A handover says who takes over: the door checked their PIN. Raises: what `move_cash` raises.
        """
        moment = self.moment()
        job: int | None = None
        with self.store.write() as connection:
            again = cash.entry_of_movement(connection, request.movement_id)
            entry = cash.move_cash(connection, request=request, moment=moment, clerk=clerk, approval=approval)
            if again is None:
                job = self._queue(connection, entry, paper="cash_slip", drawer=request.kind != "banking")
        self._claim(job)
        return entry

    def reprint(self, *, number: str, clerk: str) -> Entry:
        """Queue any paper of this till again: as the original where none came out, else as a counted COPY.

        The entry says which copy it is, 0 for the original. Raises: NoSuchPaper, NoPrinter.
        """
        moment = self.moment()
        with self.store.write() as connection:
            again = spool.enqueue_original_again(
                connection, number=number, device=self.settings.printer, columns=self.settings.columns, moment=moment
            )
            if again is not None:
                return papers.record_reprint(connection, number=number, moment=moment, clerk=clerk, original=True)
            entry = papers.record_reprint(connection, number=number, moment=moment, clerk=clerk)
            spool.enqueue_copy(
                connection,
                number=number,
                copy_no=entry.content.body["copy"],
                device=self.settings.printer,
                columns=self.settings.columns,
                moment=moment,
            )
            return entry

    def report_change(self, *, customer_no: str, field: reports.Field, new: str, clerk: str) -> Entry:
        """Record what a customer said of their phone, name or place. Raises: UnusableReport."""
        with self.store.write() as connection:
            return reports.report_change(
                connection, customer_no=customer_no, field=field, new=new, moment=self.moment(), clerk=clerk
            )

    def set_pin(self, *, user_name: str, code: str, pin: str) -> None:
        """Set a user's PIN with the code from head office. Raises: what `people.set_pin` raises."""
        with self.store.write() as connection:
            people.set_pin(connection, user_name=user_name, code=code, pin=pin, pepper=self.pepper)

    def sign_in(self, *, user_name: str, pin: str, approving: bool = False) -> None:
        """Check a PIN and note it in the journal; wrong tries are counted there and slow the next ones down.

        Raises: WrongPin, UnknownUser, TooManyTries.
        """
        with self.store.write() as connection:
            right = people.sign_in(
                connection, user_name=user_name, pin=pin, pepper=self.pepper, moment=self.moment(), approving=approving
            )
        if not right:
            raise people.WrongPin("That PIN is not right. Try again.", field="pin")

    def approve(self, *, approver: str, pin: str, clerk: str) -> Approval:
        """Return the approval of a second person, by PIN.

        Raises: NotApproved when the clerk approves their own act, MayNotApprove, WrongPin, TooManyTries.
        """
        if approver == clerk:
            raise reversals.NotApproved("A second person has to approve. Ask a supervisor.", field="approver")
        with self.store.read() as connection:
            people.require_approver(connection, user_name=approver, moment=self.moment())
        self.sign_in(user_name=approver, pin=pin, approving=True)
        return Approval(by=approver, how="pin", nonce=secrets.token_hex(8))

    def ask_approval(self, wanted: Wanted) -> str:
        """Return what to read to head office for an approval by telephone. Raises: NotEnrolled."""
        nonce = new_nonce(secrets.token_bytes(NONCE_BYTES))
        with self.store.write() as connection:
            return approvals.ask_approval(connection, wanted=wanted, nonce=nonce).text

    def approve_by_code(self, wanted: Wanted, *, code: str, clerk: str) -> Approval:
        """Return the approval head office's digits give, once. Raises: NotAskedFor, WrongApprovalCode."""
        key, moment = vault.read_or_make(self.settings.home, vault.APPROVAL_KEY), self.moment()
        with self.store.write() as connection:
            found = approvals.use_code(connection, wanted=wanted, code=code, key=key, moment=moment, clerk=clerk)
        if found is None:
            raise approvals.WrongApprovalCode(
                "Those digits are not right. Have them read again.", field="approval_code"
            )
        return found

    def close(self) -> None:
        """Let go of the ledger, its log moved into the database first."""
        self.store.checkpoint()
        self.store.close()

    def _queue(self, connection: Connection, entry: Entry, *, paper: str, drawer: bool = False) -> int | None:
        if self.settings.printer is None:
            return None
        return spool.enqueue(
            connection,
            entry_id=entry.entry_id,
            paper=paper,
            number=entry.content.body["number"],
            device=self.settings.printer,
            columns=self.settings.columns,
            drawer=drawer,
            moment=self.moment(),
            claimed=True,
        )

    def _claim(self, *jobs: int | None) -> None:
        self._claimed.extend(job for job in jobs if job is not None)

    def _settled(self, work: Callable[[Connection], tuple[Entry, tuple[int | None, ...]]], *, tender_id: str) -> Entry:
        """Run ``work`` in one transaction; when its commit is in doubt, look at the ledger and tell the truth."""
        jobs: tuple[int | None, ...] = ()
        try:
            with self.store.write() as connection:
                entry, jobs = work(connection)
        except UnknownOutcome as doubt:
            with self.store.read() as connection:
                found = entry_of_tender(connection, tender_id)
            if found is None:
                raise NotSaved(
                    "The disk did not take the payment: nothing was saved. Check the disk, then try again."
                ) from doubt
            entry = found
        self._claim(*jobs)
        return entry


def open_till(home: Path | None = None) -> Till:
    """Open the till in ``home``, making its ledger and keys where there are none.

    Raises: UnusableSettings, WrongKey, UnreadableDatabase, NewerDatabase, ExposedSecret.
    """
    settings = load_till_settings(home)
    try:
        settings.home.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise UnreadableDatabase(f"{settings.home} cannot be used: {error.strerror}. Choose another --home.") from error
    key = None if settings.plain_sqlite else _database_key(settings)
    store = Store(f"sqlite:///{settings.ledger_path}", key=key)
    upgrade(store)
    with store.read() as connection:
        is_searchable = search_index.is_present(connection)
    if not is_searchable:
        with store.write() as connection:
            search_index.ensure(connection)
    return Till(settings=settings, store=store, pepper=vault.read_or_make(settings.home, PEPPER), database_key=key)


def _database_key(settings: TillSettings) -> bytes:
    key = vault.read_secret(settings.home, DATABASE_KEY)
    if key is None and settings.ledger_path.exists():
        raise WrongKey(
            f"The key of {settings.ledger_path} is missing on this machine. Restore it, or ask head office to unwrap "
            "the copy it holds."
        )
    return key if key is not None else vault.read_or_make(settings.home, DATABASE_KEY)
