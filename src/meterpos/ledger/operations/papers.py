"""What happens to papers after they were made: copies asked for, papers that did not come out."""

from dataclasses import replace
from typing import Final

from sqlalchemy import Connection, bindparam, select

from meterpos.errors import UserError
from meterpos.ledger.journal import Entry, short_id
from meterpos.ledger.moment import Moment
from meterpos.ledger.operations.entries import stand_at_counter, write_entry
from meterpos.ledger.operations.people import require_right
from meterpos.ledger.queries.papers import made_paper
from meterpos.ledger.tables import papers
from meterpos.ledger.texts import readable


class NoSuchPaper(UserError):
    """No paper has this number here."""


_copies: Final = select(papers.c.copies).where(papers.c.number == bindparam("number"))


def record_reprint(connection: Connection, *, number: str, moment: Moment, clerk: str, original: bool = False) -> Entry:
    """Count one more copy of any paper made here, by its number; the entry's body says which copy it is.

    ``original`` says that no paper of it ever came out: copy 0 is printed, and counts as none.

    Raises: NoSuchPaper, MayNot.
    """
    made = made_paper(connection, number)
    if made is None:
        raise NoSuchPaper(f"No receipt {number} was made at this till. Check the number.", field="number")
    copies = connection.execute(_copies, {"number": number}).scalar_one_or_none() or 0
    counter = stand_at_counter(connection, moment=moment, clerk=clerk)
    require_right(connection, counter, "reprint")
    body = {"number": number, "entry": short_id(made.entry_id), "copy": 0 if original else copies + 1}
    return write_entry(connection, counter, kind="reprinted", body=body)


def record_print_failure(connection: Connection, *, number: str, reason: str, moment: Moment) -> Entry:
    """Record that the paper ``number`` did not come out, with the printer's ``reason``; its clerk is the shift's."""
    counter = stand_at_counter(connection, moment=moment, clerk="")
    if counter.shift is not None:
        counter = replace(counter, clerk=counter.shift.clerk)
    return write_entry(connection, counter, kind="print_failed", body={"number": number, "reason": readable(reason)})
