"""What happens to papers after they were made: copies asked for, papers that did not come out."""

from typing import Final

from sqlalchemy import Connection, bindparam, select

from meterpos.errors import UserError
from meterpos.ledger.journal import Entry, short_id
from meterpos.ledger.moment import Moment
from meterpos.ledger.operations.entries import stand_at_counter, write_entry
from meterpos.ledger.tables import papers, tenders


class NoSuchPaper(UserError):
    """No paper has this number here."""


_paper: Final = select(tenders.c.entry_id).where(tenders.c.number == bindparam("number"))
_copies: Final = select(papers.c.copies).where(papers.c.number == bindparam("number"))


def record_reprint(connection: Connection, *, number: str, moment: Moment, clerk: str) -> Entry:
    """Count one more copy of the receipt or reversal ``number``; the entry's body says which copy it is.

    Raises: NoSuchPaper.
    """
    entry_id = connection.execute(_paper, {"number": number}).scalar_one_or_none()
    if entry_id is None:
        raise NoSuchPaper(f"No receipt {number} was made at this till. Check the number.", field="number")
    copies = connection.execute(_copies, {"number": number}).scalar_one_or_none() or 0
    counter = stand_at_counter(connection, moment=moment, clerk=clerk)
    body = {"number": number, "entry": short_id(entry_id), "copy": copies + 1}
    return write_entry(connection, counter, kind="reprinted", body=body)


def record_print_failure(connection: Connection, *, number: str, reason: str, moment: Moment, clerk: str) -> Entry:
    """Record that the paper ``number`` may not have come out, with the printer's ``reason``."""
    counter = stand_at_counter(connection, moment=moment, clerk=clerk)
    return write_entry(connection, counter, kind="print_failed", body={"number": number, "reason": reason})
