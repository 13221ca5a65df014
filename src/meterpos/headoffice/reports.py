"""Head office's reports by name: made from its books, written as CSV, a workbook, PDF or text."""

import io
import re
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from typing import Final, Literal

from sqlalchemy import Connection

from meterpos.errors import UserError
from meterpos.headoffice.workbook import Sheet, write_workbook
from meterpos.ledger.queries.books import book_balances
from meterpos.ledger.queries.collections import collections
from meterpos.ledger.queries.custody import custody
from meterpos.ledger.queries.debts import aged_debt, owing_customers
from meterpos.ledger.queries.finances import finances
from meterpos.printing.aging import compose_owing
from meterpos.printing.collections import compose_collections
from meterpos.printing.custody import compose_custody
from meterpos.printing.finances import compose_finances
from meterpos.printing.report import Imprint, Report, as_csv
from meterpos.printing.trial_balance import compose_trial_balance

Kind = Literal["financial", "collections", "custody", "aging", "trial-balance"]
Format = Literal["text", "pdf", "csv", "xlsx"]
COLUMNS: Final = 48
MEDIA_TYPES: Final[Mapping[Format, str]] = {
    "text": "text/plain; charset=utf-8",
    "pdf": "application/pdf",
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


class WrongPeriod(UserError):
    """The first day comes after the last."""


def make(connection: Connection, kind: Kind, *, first: date, last: date, imprint: Imprint) -> Report:
    """Make a report of a period, both days included; aging looks at everything open. Raises: WrongPeriod."""
    if first > last:
        raise WrongPeriod(f"The first day, {first}, comes after the last, {last}.", field="from")
    return _MAKERS[kind](connection, first, last, imprint)


def _financial(connection: Connection, first: date, last: date, imprint: Imprint) -> Report:
    found = finances(connection, from_date=first, to_date=last)
    return compose_finances(found, imprint=imprint, debt=aged_debt(connection, as_of=last))


def _collections(connection: Connection, first: date, last: date, imprint: Imprint) -> Report:
    found = collections(connection, from_date=first, to_date=last, elsewhere=True)
    return compose_collections(found, from_date=first, to_date=last, imprint=imprint)


def _custody(connection: Connection, first: date, last: date, imprint: Imprint) -> Report:
    return compose_custody(custody(connection, from_date=first, to_date=last), imprint=imprint)


def _aging(connection: Connection, _first: date, last: date, imprint: Imprint) -> Report:
    return compose_owing(owing_customers(connection, as_of=last), imprint=imprint)


def _trial_balance(connection: Connection, first: date, last: date, imprint: Imprint) -> Report:
    before = book_balances(connection, until=first - timedelta(days=1))
    after = book_balances(connection, until=last)
    return compose_trial_balance(before, after, from_date=first, to_date=last, imprint=imprint)


_MAKERS: Final[Mapping[Kind, Callable[[Connection, date, date, Imprint], Report]]] = {
    "financial": _financial,
    "collections": _collections,
    "custody": _custody,
    "aging": _aging,
    "trial-balance": _trial_balance,
}


def write(made: Report, format_: Format) -> bytes:
    """Return a report as a file. Raises: TooLong, where a workbook cannot hold it."""
    if format_ == "csv":
        return as_csv(made.columns, made.rows).encode()
    if format_ == "xlsx":
        return _workbook(made)
    if format_ == "pdf":
        from meterpos.printing.a4 import render_a4

        return render_a4(made.document)
    from meterpos.printing.preview import render_text

    return render_text(made.document, columns=COLUMNS).encode()


def _workbook(made: Report) -> bytes:
    named = re.match(r"[a-z]+(-[a-z]+)*", made.stem)
    assert named is not None, f"the files of a report are named after what it is: {made.stem}"
    sheets = [Sheet(name=named[0], columns=made.columns, rows=made.rows, money=made.money)]
    sheets += [Sheet(name=one.name, columns=one.columns, rows=one.rows, money=one.money) for one in made.sheets]
    out = io.BytesIO()
    write_workbook(sheets, out, title=made.document.title)
    return out.getvalue()
