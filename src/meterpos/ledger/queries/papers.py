"""Any paper of this till by its number: customers' papers, cash slips, shift reports."""

from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, bindparam, select

from meterpos.ledger.journal import Entry, paper_of, parse, read_back
from meterpos.ledger.queries.spool import Paper
from meterpos.ledger.tables import cash_movements, journal, streams, tenders


@dataclass(frozen=True, slots=True)
class MadePaper:
    """A paper that was made here and the entry it is composed from."""

    number: str
    paper: Paper
    entry_id: bytes


_customers: Final = select(tenders.c.entry_id, tenders.c.kind).where(tenders.c.number == bindparam("number"))
_slips: Final = select(cash_movements.c.entry_id).where(cash_movements.c.number == bindparam("number"))
_reports: Final = (
    select(journal.c.entry_id, journal.c.data)
    .join(streams, streams.c.stream == journal.c.stream)
    .where(journal.c.kind == "shift_closed", streams.c.label == bindparam("label"))
    .order_by(journal.c.seq.desc())
)


_SLIP: Final = "-R"
"""What stands behind a receipt's number on the reconnection slip that comes with it."""


def slip_number(number: str) -> str:
    """Return the number of the reconnection slip that comes with a receipt."""
    return number + _SLIP


def receipt_number(number: str) -> str:
    """Return the number of the receipt a reconnection slip came with; any other paper's own."""
    return number.removesuffix(_SLIP)


def reconnections_of(entry: Entry) -> list[dict[str, Any]]:
    """Return the parts of a receipt that cleared what a disconnected meter owed; of a correction, ask its new one."""
    if entry.content.kind != "tender":
        return []
    return [part for part in entry.content.body["parts"] if "reconnect" in part]


def made_paper(connection: Connection, number: str) -> MadePaper | None:
    """Return the paper ``number`` of this till, None when none was made here."""
    row = connection.execute(_customers, {"number": number}).first()
    if row is not None:
        return MadePaper(number, "reversal" if row.kind == "reversal" else "receipt", row.entry_id)
    if number.endswith(_SLIP):
        return _reconnection(connection, number)
    slip = connection.execute(_slips, {"number": number}).scalars().first()
    if slip is not None:
        return MadePaper(number, "cash_slip", slip)
    _, label, counter = ("", "", *number.rsplit("-", 2))[-3:]
    if counter.startswith("Z"):
        for report in connection.execute(_reports, {"label": label}):
            if parse(report.data).body["number"] == number:
                return MadePaper(number, "shift_report", report.entry_id)
    return None


def _reconnection(connection: Connection, number: str) -> MadePaper | None:
    receipt = receipt_number(number)
    row = connection.execute(_customers, {"number": receipt}).first()
    if row is None or not reconnections_of(paper_of(read_back(connection, row.entry_id), receipt)):
        return None
    return MadePaper(number, "reconnection", row.entry_id)
