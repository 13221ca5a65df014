"""The printer behind a command: which one, and what became of a paper. Money taken stays taken whatever it does."""

from dataclasses import replace
from typing import TYPE_CHECKING

from meterpos.cli import show

if TYPE_CHECKING:
    from meterpos.ledger.journal import Entry
    from meterpos.till import Till


def use_printer(till: "Till", device: str | None) -> None:
    """Print on ``device`` instead of the printer of the settings; None keeps that. Raises: UnknownDevice."""
    from meterpos.printing.devices import open_device

    if device is not None:
        open_device(device)
        till.settings = replace(till.settings, printer=device)


def print_queued(till: "Till", entry: "Entry") -> str | None:
    """Print what waits and return what became of the (last) paper of ``entry``; None where the till has no printer.

    What did not come out is told on stderr, with what to do; it is never a reason to say that the payment failed.
    """
    from meterpos.ledger.journal import papers_of
    from meterpos.ledger.queries.spool import jobs_of
    from meterpos.printing.spool import Spooler

    if till.settings.printer is None:
        return None
    Spooler(till).run_once()
    numbers = [paper.content.body["number"] for paper in papers_of(entry)] or [entry.content.body["number"]]
    with till.store.read() as connection:
        printed = [jobs_of(connection, number)[-1] for number in numbers]
    for job in printed:
        if job.state in {"failed", "unconfirmed"}:
            show.tell_aside(f"{job.number} is saved. {job.detail}")
    return printed[-1].state
