"""The trial balance: what every book held before, what moved, and what it holds, in debit and credit."""

from collections.abc import Mapping
from datetime import date
from typing import get_args

from meterpos.ledger.money import format_amount, format_decimal
from meterpos.ledger.rules.postings import Book
from meterpos.printing import report
from meterpos.printing.document import Column, Document, Element, Row, Rule, Table, Text, pair, text
from meterpos.printing.report import Imprint, Report
from meterpos.printing.report_labels import ReportLabels, report_labels_in

_COLUMNS = ("book", "brought_forward", "change", "debit", "credit")
BOOKS: tuple[Book, ...] = get_args(Book)
Line = tuple[str, int, int, int, int]


def compose_trial_balance(
    before: Mapping[Book, int], after: Mapping[Book, int], *, from_date: date, to_date: date, imprint: Imprint
) -> Report:
    """Compose the trial balance of a period from what the books held before it and hold after it."""
    labels = report_labels_in(imprint.language)
    period = report.say_period(from_date, to_date, language=imprint.language)
    lines = [_line(book, before.get(book, 0), after.get(book, 0)) for book in BOOKS if book in before or book in after]
    total = _total(lines)
    elements: list[Element] = report.opening(imprint, title=labels.trial_balance, below=(period,))
    elements += [Rule(), _table(lines, total, labels), _verdict(total, labels), report.closing(imprint)]
    return Report(
        document=Document(
            title=f"{labels.trial_balance} {from_date} - {to_date}",
            language=imprint.language,
            elements=tuple(elements),
        ),
        columns=_COLUMNS,
        rows=[(line[0], *map(format_decimal, line[1:])) for line in (*lines, total)],
        stem=f"trial-balance-{from_date}-{to_date}",
        money=frozenset(_COLUMNS[1:]),
    )


def _line(book: str, before_minor: int, after_minor: int) -> Line:
    return book, before_minor, after_minor - before_minor, max(after_minor, 0), max(-after_minor, 0)


def _total(lines: list[Line]) -> Line:
    amounts = [line[1:] for line in lines] or [(0, 0, 0, 0)]
    brought, change, debit, credit = (sum(column) for column in zip(*amounts, strict=True))
    return "total", brought, change, debit, credit


def _verdict(total: Line, labels: ReportLabels) -> Text:
    difference = total[3] - total[4]
    if not difference:
        return text(labels.books_balance)
    return text(labels.books_differ.format(amount=format_amount(difference)), bold=True)


def _table(lines: list[Line], total: Line, labels: ReportLabels) -> Table:
    titles = (labels.brought_forward, labels.change, labels.debit, labels.credit)
    return Table(
        columns=(Column(title=labels.book, grows=1), *(Column(title=title, figures=True) for title in titles)),
        rows=(
            *(_row(line, labels.books[line[0]], titles) for line in lines),
            _row(total, labels.totals, titles, bold=True),
        ),
    )


def _row(line: Line, name: str, titles: tuple[str, ...], *, bold: bool = False) -> Row:
    sums = [format_amount(minor) if minor or bold else "" for minor in line[1:]]
    told = (pair(title, amount, indent=1) for title, amount in zip(titles, sums, strict=True) if amount)
    return Row(cells=(name, *sums), narrow=(text(name, bold=True), *told), bold=bold)
