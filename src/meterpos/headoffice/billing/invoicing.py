"""One invoice for each account that has bills waiting: what they come to, and what it owed just before."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import Connection, select

from meterpos.headoffice import books, bulk, exceptions, invoice_papers
from meterpos.headoffice.billing.runs import BALANCE, Lot, Run
from meterpos.headoffice.exceptions import Opening
from meterpos.headoffice.importing.sink import Sink
from meterpos.headoffice.locks import hold_accounts
from meterpos.headoffice.tables import bills
from meterpos.ledger.balances import recalculate
from meterpos.ledger.queries.settings import utility_settings
from meterpos.ledger.rules.facts import invoice_id
from meterpos.ledger.tables import accounts

BILL_SERIES: Final = "BILL"
BILL_COLUMNS: Final = (
    "bill_no", "account_no", "kind", "amount_minor", "description", "reference", "made_on", "period", "run_id",
    "read_on", "through_milli", "lines", "invoice_no",
)  # fmt: skip

_SET_SQLITE: Final = "UPDATE bills SET invoice_no = ? WHERE bill_no = ? AND invoice_no IS NULL"
_SET_POSTGRESQL: Final = (
    "UPDATE bills SET invoice_no = made.invoice_no FROM unnest(%s::text[], %s::text[]) AS made (invoice_no, bill_no) "
    "WHERE bills.bill_no = made.bill_no AND bills.invoice_no IS NULL"
)


@dataclass(slots=True)
class Pending:
    """What waits for an account's next invoice. ``balances_minor`` is what its BALANCE bills say, None without any."""

    bill_nos: list[str] = field(default_factory=list)
    amount_minor: int = 0
    balances_minor: int | None = None

    def add(self, bill_no: str, kind: str, amount_minor: int) -> None:
        """Add a bill that waits."""
        self.bill_nos.append(bill_no)
        if kind == BALANCE:
            self.balances_minor = (self.balances_minor or 0) + amount_minor
        else:
            self.amount_minor += amount_minor


def invoice_next(conn: Connection, run: Run, *, after: str, limit: int, at: datetime) -> Lot:
    """Invoice the next accounts that got bills in a run."""
    account_nos = conn.execute(_waiting(run, after).distinct().limit(limit)).scalars().all()
    made = issue(conn, account_nos, made_on=run.made_on, due_on=run.due_on, at=at)
    return Lot(account_nos[-1] if account_nos else None, len(account_nos), len(made))


def next_waiting(conn: Connection, run: Run, after: str) -> str | None:
    """Return the next account that got bills in a run and no invoice for them."""
    found: str | None = conn.execute(_waiting(run, after).limit(1)).scalar()
    return found


def _waiting(run: Run, after: str) -> Any:
    of_run = bills.c.run_id == run.run_id, bills.c.invoice_no.is_(None), bills.c.account_no > after
    return select(bills.c.account_no).where(*of_run).order_by(bills.c.account_no)


def issue(conn: Connection, account_nos: Sequence[str], *, made_on: date, due_on: date, at: datetime) -> dict[str, str]:
    """Make one invoice for each of these accounts that has bills waiting, for all of them; return account -> invoice.

    What was owed just before is its balance brought forward: a bill of kind BALANCE, made here unless one waits. An
    earlier invoice stays open and ages by its own day. Its places in the feed are taken here. Raises: NumberTaken.
    """
    if not account_nos:
        return {}
    hold_accounts(conn, account_nos)
    pending = _pending(conn, account_nos)
    numbers = books.take_numbers(conn, utility_settings(conn).invoice_series, len(pending))
    made = dict(zip(pending, numbers, strict=True))
    _refuse_taken(conn, numbers)
    places = _places(conn, list(made))
    owed = {account_no: place.net_minor for account_no, place in places.items()}
    forward = _bring_forward(conn, pending, made, owed, made_on=made_on, at=at)
    _put_on_invoices(conn, [(made[account], bill) for account, one in pending.items() for bill in one.bill_nos])
    books.note_namings(conn, {number: account_no for account_no, number in made.items()}, at=at)
    frame = invoice_papers.keep_frame(conn)
    sink = Sink(conn)  # holds the feed's counter from here on: whatever else is to be locked was locked before
    day, due = made_on.isoformat(), due_on.isoformat()
    for account_no, number in made.items():
        amount_minor = pending[account_no].amount_minor
        sink.invoice(number, account_no, places[account_no].zone, day, due, amount_minor, forward[account_no])
    sink.finish()
    invoice_papers.freeze(conn, {number: account_no for account_no, number in made.items()}, frame=frame)
    recalculate(conn, made.keys())
    return made


def _refuse_taken(conn: Connection, numbers: Sequence[str]) -> None:
    try:
        books.refuse_taken(conn, [invoice_id(number) for number in numbers])
    except books.NumberTaken as error:
        raise books.NumberTaken(
            f"{error} Number on in a series of your own: meterpos headoffice setting set invoice_series INVB"
        ) from error


def _pending(conn: Connection, account_nos: Sequence[str]) -> dict[str, Pending]:
    waiting: dict[str, Pending] = {}
    query = (
        select(bills.c.account_no, bills.c.bill_no, bills.c.kind, bills.c.amount_minor)
        .where(bulk.among(conn, bills.c.account_no, account_nos), bills.c.invoice_no.is_(None))
        .order_by(bills.c.account_no, bills.c.bill_no)
    )
    for account_no, bill_no, kind, amount_minor in conn.execute(query).all():
        if account_no not in waiting:
            waiting[account_no] = Pending()
        waiting[account_no].add(bill_no, kind, amount_minor)
    return waiting


def _places(conn: Connection, account_nos: Sequence[str]) -> dict[str, Any]:
    """Return zone and net of each account, which are locked."""
    query = select(accounts.c.account_no, accounts.c.zone, accounts.c.net_minor)
    found = conn.execute(query.where(bulk.among(conn, accounts.c.account_no, account_nos)))
    return {row[0]: row for row in found.all()}


def _bring_forward(
    conn: Connection,
    pending: Mapping[str, Pending],
    made: Mapping[str, str],
    owed: Mapping[str, int],
    *,
    made_on: date,
    at: datetime,
) -> dict[str, int]:
    """Return what each invoice brings forward; a BALANCE bill that says other than what is owed is an open item."""
    without = [account_no for account_no, one in pending.items() if one.balances_minor is None and owed[account_no]]
    rows = [
        (number, account_no, BALANCE, owed[account_no], "", "", made_on.isoformat(), None, None, None, None, None,
         made[account_no])
        for account_no, number in zip(without, books.take_numbers(conn, BILL_SERIES, len(without)), strict=True)
    ]  # fmt: skip
    bulk.insert(conn, bills, rows, columns=BILL_COLUMNS)
    forward = {
        account_no: owed[account_no] if one.balances_minor is None else one.balances_minor
        for account_no, one in pending.items()
    }
    openings = [
        Opening(
            code="brought_forward_differs",
            subject=made[account_no],
            details={"account": account_no, "bill_minor": minor, "owed_minor": owed[account_no]},
        )
        for account_no, minor in forward.items()
        if minor != owed[account_no]
    ]
    if openings:
        exceptions.open_all(conn, openings, at=at)
    return forward


def _put_on_invoices(conn: Connection, pairs: Sequence[tuple[str, str]]) -> None:
    """Put each waiting bill on its invoice, once and for ever."""
    if conn.dialect.name == "sqlite":
        bulk.driver_of(conn).executemany(_SET_SQLITE, pairs)
        return
    with bulk.driver_of(conn).cursor() as cursor:
        cursor.execute(_SET_POSTGRESQL, ([pair[0] for pair in pairs], [pair[1] for pair in pairs]))
