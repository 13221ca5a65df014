"""Working off the queue before the printer: read the entry back, compose, render, send, record what became of it."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol

from meterpos.errors import MeterposError
from meterpos.ledger.journal import Entry, paper_of, read_back
from meterpos.ledger.moment import Moment
from meterpos.ledger.operations import spool
from meterpos.ledger.operations.papers import record_print_failure
from meterpos.ledger.queries.papers import receipt_number
from meterpos.ledger.queries.spool import Job, State, find_job
from meterpos.ledger.store import Store
from meterpos.printing.devices import Device, PrinterError, open_device
from meterpos.printing.document import Document
from meterpos.printing.receipt import compose_receipt
from meterpos.printing.reconnection import compose_reconnection
from meterpos.printing.shift_report import compose_cash_slip, compose_shift_report
from meterpos.printing.thermal import render_escpos

JOBS_MAX: Final = 100
"""How many papers one run prints at most."""

_log = logging.getLogger(__name__)


class Till(Protocol):
    """What the spooler needs of the till it prints for."""

    @property
    def store(self) -> Store: ...

    def moment(self) -> Moment: ...

    def seal(self, entry: Entry) -> str: ...

    def claimed_jobs(self) -> tuple[int, ...]: ...


@dataclass(frozen=True, slots=True)
class Printed:
    """What became of one job: its state and a sentence for the clerk, or an empty one."""

    job: Job
    state: State
    detail: str


@dataclass(frozen=True, slots=True)
class Spooler:
    """Prints what is queued, one paper after another; every change of state is a short transaction of its own.

    Call it on one thread that may wait for a printer, never on the GUI's. ``open_printer`` makes the device of a job.
    """

    till: Till
    open_printer: Callable[[str], Device] = open_device

    def run_once(self) -> tuple[Printed, ...]:
        """Print what was just committed here, then what is queued, and return what became of it.

        A paper that fails does not keep the next one waiting. Never raises for a paper or a printer; a ledger that
        cannot be written raises as the store does.
        """
        done = self._claimed()
        with self.till.store.write() as connection:
            spool.settle_left_behind(connection, at=self.till.moment().at)
        while len(done) < JOBS_MAX:
            with self.till.store.write() as connection:
                job = spool.claim_next(connection, at=self.till.moment().at)
            printed = [] if job is None else [self._print(job)]
            # Payments go on while a printer works: their papers, already claimed, come before what only waits.
            printed += self._claimed()
            if not printed:
                break
            done += printed
        return tuple(done)

    def print_claimed(self, job_id: int) -> Printed:
        """Print a job that was claimed when it was queued (``enqueue(..., claimed=True)``), once it is committed.

        One that was settled in the meantime, because it waited longer than any printer is waited for, is left alone.
        """
        with self.till.store.read() as connection:
            job = find_job(connection, job_id)
        return self._print(job) if job.state == "sent" else Printed(job, job.state, job.detail)

    def _claimed(self) -> list[Printed]:
        return [self.print_claimed(job_id) for job_id in self.till.claimed_jobs()]

    def _print(self, job: Job) -> Printed:
        state, detail = self._send(job)
        with self.till.store.write() as connection:
            is_news = spool.settle(connection, job_id=job.job_id, state=state, detail=detail)
            if is_news and state == "failed":
                record_print_failure(connection, number=job.number, reason=detail, moment=self.till.moment())
        return Printed(job, state, detail)

    def _send(self, job: Job) -> tuple[State, str]:
        """Send one paper; nothing that goes wrong with it may stop the queue."""
        try:
            data = self._bytes_of(job)
            device = self.open_printer(job.device)
        except MeterposError as error:
            return "failed", str(error)
        except Exception:  # noqa: BLE001  (the queue behind a broken paper goes on)
            _log.exception("composing paper %s failed", job.number)
            return "failed", f"{job.number} could not be laid out. The payment stands; report this to head office."
        try:
            sent = device.send(data)
        except PrinterError as error:
            return "failed", str(error)
        except Exception:  # noqa: BLE001  (the queue behind a broken paper goes on)
            _log.exception("sending paper %s broke off", job.number)
            return "unconfirmed", "Printing broke off. Look at the paper; if it is not whole, press Print again."
        return ("confirmed" if sent.confirmed else "unconfirmed"), sent.detail

    def _bytes_of(self, job: Job) -> bytes:
        """Raises: BrokenEntry when the stored entry is not the one that was hashed."""
        with self.till.store.read() as connection:
            entry = paper_of(read_back(connection, job.entry_id), receipt_number(job.number))
        document = self._compose(entry, job)
        drawer = job.drawer and not job.copy_no
        return render_escpos(document, columns=job.columns, drawer=drawer)

    def _compose(self, entry: Entry, job: Job) -> Document:
        if job.paper == "shift_report":
            return compose_shift_report(entry, copy_no=job.copy_no)
        if job.paper == "cash_slip":
            return compose_cash_slip(entry, copy_no=job.copy_no)
        if job.paper == "reconnection":
            return compose_reconnection(entry, seal=self.till.seal(entry), copy_no=job.copy_no)
        return compose_receipt(entry, seal=self.till.seal(entry), copy_no=job.copy_no)
