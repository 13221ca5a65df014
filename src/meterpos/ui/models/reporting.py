"""Reports without widgets: what is wanted, and how it is made, shown, written and printed, off the GUI thread.

A report may read the whole ledger. It is made in the pool, from one snapshot, like a check: never in the lane, where
it would hold a payment up.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QImage

from meterpos.errors import UserError
from meterpos.ui import words
from meterpos.ui.desk import Desk

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from meterpos.printing.report import Imprint, Report
    from meterpos.till import Till

Kind = Literal["statement", "collections", "aging", "finances", "recalculation"]
KINDS: Final[tuple[Kind, ...]] = ("statement", "collections", "aging", "finances", "recalculation")
PERIODS: Final = ("this_month", "last_month", "this_year", "five_years", "today", "other")
Paper = Literal["page", "roll"]
Progress = Callable[[int, int], object]

ROLL_LINES_MAX: Final = 2_000
"""A roll longer than this is not drawn on the screen: 8 metres of paper."""


class Cancelled(UserError):
    """A person ended the making of a report."""


class NotWritten(UserError):
    """The file cannot be written there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Whose:
    """Whom a statement is of: a customer, or one meter by its number or its account's."""

    name: str
    customer_no: str | None = None
    account_no: str | None = None
    beside: str = ""
    beneath: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A report as it was asked for; ``first`` is not asked by aged debt and recalculation.

    ``clerk`` (user name and name) and ``method`` narrow collections down.
    """

    kind: Kind
    first: date
    last: date
    whose: Whose | None = None
    consolidated: bool = False
    language: str = "en"
    clerk: tuple[str, str] | None = None
    method: str | None = None


@dataclass(frozen=True, slots=True)
class Picture:
    """One page of a report, or its roll, as wide as it is shown; ``count`` is how many pages there are."""

    image: QImage
    text: str
    number: int
    count: int


def period(name: str, *, today: date) -> tuple[date, date]:
    """Return the first and last day of a period by its name; *other* is this month."""
    month = today.replace(day=1)
    if name == "today":
        return today, today
    if name == "last_month":
        last = month - timedelta(days=1)
        return last.replace(day=1), last
    if name == "this_year":
        return today.replace(month=1, day=1), today
    if name == "five_years":
        return date(today.year - 5, 1, 1), today
    return month, today


def clerks(conn: "Connection") -> tuple[tuple[str, str], ...]:
    """Return whose collections can be asked for: user name and name."""
    from meterpos.ledger.queries.collections import collecting_clerks

    return collecting_clerks(conn)


# --- making: runs in the pool -----------------------------------------------------------------------------------------


def make(till: "Till", wanted: Wanted, progress: Progress) -> "Report":
    """Make a report. Raises: what its queries raise; what ``progress`` raises."""
    from meterpos.printing.report import imprint

    with till.store.read() as connection:
        made_by = imprint(connection, moment=till.moment(), language=wanted.language, is_till=True)
        return _MAKERS[wanted.kind](connection, wanted, made_by, progress)


def _statement(connection: "Connection", wanted: Wanted, made_by: "Imprint", _progress: Progress) -> "Report":
    from dataclasses import replace

    from meterpos.ledger.queries import statements
    from meterpos.printing.statement import compose_statement

    whose, days = wanted.whose, {"from_date": wanted.first, "to_date": wanted.last}
    assert whose is not None, "a statement of nobody"
    several = whose.account_no is None and not wanted.consolidated
    found = (
        statements.statements_per_meter(connection, whose.customer_no or "", **days)
        if several
        else (
            statements.statement(connection, whose.account_no, **days)
            if whose.account_no is not None
            else statements.consolidated_statement(connection, whose.customer_no or "", **days),
        )
    )
    to = statements.addressee(connection, found[0])
    return compose_statement(found, to=to, imprint=replace(made_by, language=to.language))


def _collections(connection: "Connection", wanted: Wanted, made_by: "Imprint", _progress: Progress) -> "Report":
    from meterpos.ledger.queries.collections import collections
    from meterpos.printing.collections import compose_collections

    user_name, name = wanted.clerk or (None, None)
    found = collections(connection, from_date=wanted.first, to_date=wanted.last, clerk=user_name, method=wanted.method)
    return compose_collections(
        found, from_date=wanted.first, to_date=wanted.last, imprint=made_by, clerk=name, method=wanted.method
    )


def _aging(connection: "Connection", wanted: Wanted, made_by: "Imprint", progress: Progress) -> "Report":
    from meterpos.ledger.queries.debts import aged_debt
    from meterpos.printing.aging import compose_aging

    return compose_aging(aged_debt(connection, as_of=wanted.last, progress=progress), imprint=made_by)


def _finances(connection: "Connection", wanted: Wanted, made_by: "Imprint", _progress: Progress) -> "Report":
    from meterpos.ledger.queries.finances import finances
    from meterpos.printing.finances import compose_finances

    return compose_finances(finances(connection, from_date=wanted.first, to_date=wanted.last), imprint=made_by)


def _recalculation(connection: "Connection", wanted: Wanted, made_by: "Imprint", progress: Progress) -> "Report":
    from meterpos.ledger.queries.accounts import accounts_of_customer, resolve
    from meterpos.ledger.queries.differences import kept_wrong
    from meterpos.printing.recalculation import compose_recalculation

    whose, numbers = wanted.whose, None
    if whose is not None and whose.account_no is not None:
        numbers = [resolve(connection, whose.account_no).account_no]
    elif whose is not None:
        numbers = [one.account_no for one in accounts_of_customer(connection, whose.customer_no or "")]
    found = kept_wrong(connection, numbers, progress=progress)
    return compose_recalculation(found, whose="" if whose is None else whose.name, imprint=made_by)


_MAKERS: Final = {
    "statement": _statement,
    "collections": _collections,
    "aging": _aging,
    "finances": _finances,
    "recalculation": _recalculation,
}


def wrong_numbers(report: "Report") -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the accounts and the customers a recalculation found wrong."""
    accounts, customers = (tuple(str(row[1]) for row in report.rows if row[0] == of) for of in ("account", "customer"))
    return accounts, customers


# --- showing, writing, printing: runs in the pool ---------------------------------------------------------------------


def picture(report: "Report", paper: Paper, number: int, *, columns: int, wide_px: int) -> Picture:
    """Return a report as it will be on paper: one of its pages, or the roll.

    Raises: UserError when the roll is too long to be drawn.
    """
    from meterpos.printing import preview, sheet

    text = preview.render_text(report.document, columns=columns)
    if paper == "page":
        count = sheet.count_pages(report.document)
        number = min(max(number, 1), count)
        return Picture(_shrunk(preview.render_page(report.document, number), wide_px), text, number, count)
    if text.count("\n") > ROLL_LINES_MAX:
        raise UserError(words.say("reports.long_roll"))
    return Picture(_shrunk(preview.render_png(report.document, columns=columns, scale=1), wide_px), text, 1, 1)


def _shrunk(png: bytes, wide_px: int) -> QImage:
    """Decode a picture and make it as wide as it will be shown, here where nobody waits."""
    image = QImage.fromData(png)
    return image.scaledToWidth(min(image.width(), wide_px), Qt.TransformationMode.SmoothTransformation)


def printer_bytes(report: "Report", *, columns: int) -> bytes:
    """Return a report as bytes for the roll printer."""
    from meterpos.printing.thermal import render_escpos

    return render_escpos(report.document, columns=columns)


def write_pdf(report: "Report", paper: Paper, path: str, *, columns: int, progress: Progress) -> str:
    """Write a report as PDF and return where. Raises: NotWritten."""
    if paper == "page":
        from meterpos.printing.a4 import render_a4

        return _write(path, render_a4(report.document, progress=progress))
    from meterpos.printing.pdf import render_pdf

    return _write(path, render_pdf(report.document, columns=columns))


def write_csv(report: "Report", path: str) -> str:
    """Write the figures of a report as CSV and return where. Raises: NotWritten."""
    from meterpos.printing.report import as_csv

    return _write(path, as_csv(report.columns, report.rows).encode())


def _write(path: str, content: bytes) -> str:
    try:
        Path(path).write_bytes(content)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise NotWritten(words.say("reports.not_written", path=path, reason=reason)) from error
    return path


class Reporting(QObject):
    """One piece of work at a time, with its progress; what was cancelled or overtaken answers nobody."""

    progressed = Signal(int, int)
    _far = Signal(int, int, int)

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        self._turn = 0
        self._ended = threading.Event()
        self._far.connect(self._hear)

    def _hear(self, turn: int, done: int, whole: int) -> None:
        if turn == self._turn:
            self.progressed.emit(done, whole)

    def run(
        self,
        work: "Callable[[Progress], Report | Picture | str]",
        then: Callable[..., object],
        failed: Callable[[UserError], object],
    ) -> None:
        """Do work in the pool; it is handed what to tell its progress to, which ends it once it is cancelled."""
        self.cancel()
        turn, ended = self._turn, self._ended

        def progress(done: int, whole: int) -> None:
            if ended.is_set():
                raise Cancelled("The report was cancelled.")
            self._far.emit(turn, done, whole)

        self._desk.tasks.outside(
            lambda: work(progress),
            lambda made: then(made) if turn == self._turn else None,
            lambda error: failed(error) if turn == self._turn else None,
        )

    def cancel(self) -> None:
        """End what is under way; nobody hears of it any more."""
        self._ended.set()
        self._ended = threading.Event()
        self._turn += 1
