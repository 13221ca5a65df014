"""The collections: what was taken by method, by clerk and by day, with what was taken back."""

import re
from collections.abc import Callable, Sequence
from datetime import date

from meterpos.ledger.money import format_amount, format_decimal
from meterpos.ledger.queries.collections import Collected
from meterpos.ledger.rules.tenders import METHODS
from meterpos.printing import report
from meterpos.printing.document import Bar, Bars, Column, Document, Element, Row, Rule, Size, Table, Tiles, pair, text
from meterpos.printing.report import Imprint, Report
from meterpos.printing.report_labels import ReportLabels, report_labels_in

_COLUMNS = ("day", "clerk", "method", "receipts", "taken", "taken_back", "net")
_MONEY = frozenset(_COLUMNS[4:])
_DAYS_DRAWN_MAX = 31
"""A chart of more days than a month has fills pages and shows nothing."""


def compose_collections(
    found: Sequence[Collected],
    *,
    from_date: date,
    to_date: date,
    imprint: Imprint,
    clerk: str | None = None,
    method: str | None = None,
) -> Report:
    """Compose the collections of a period; the CSV has a row for each day, clerk and method, at head office by till.

    ``clerk`` (a name) and ``method`` are said where the report leaves the others out.
    """
    labels = report_labels_in(imprint.language)
    period = report.say_period(from_date, to_date, language=imprint.language)
    only = [f"{labels.clerk}: {clerk}"] if clerk else []
    only += [f"{labels.method}: {labels.methods[method]}"] if method else []
    elements: list[Element] = report.opening(imprint, title=labels.collections, below=(period, *only))
    elements += [Rule(), *_parts(found, labels, imprint)] if found else [Rule(), text(labels.nothing_taken)]
    if not imprint.is_till:
        elements.append(report.closing(imprint))
    return Report(
        document=Document(
            title=f"{labels.collections} {from_date} - {to_date}", language=imprint.language, elements=tuple(elements)
        ),
        columns=_COLUMNS if imprint.is_till else ("till", *_COLUMNS),
        rows=[
            (
                *(() if imprint.is_till else (one.till,)),
                one.day,
                one.clerk,
                one.method,
                one.receipts,
                *map(format_decimal, (one.taken_minor, one.taken_back_minor, one.taken_minor - one.taken_back_minor)),
            )
            for one in found
        ],
        stem="-".join(("collections", f"{from_date}-{to_date}", *_plain(clerk, method))),
        money=_MONEY,
    )


def _plain(*names: str | None) -> list[str]:
    """Return names as files are called: letters and digits."""
    return [re.sub(r"[^A-Za-z0-9]+", "-", name).strip("-").lower() for name in names if name]


def _parts(found: Sequence[Collected], labels: ReportLabels, imprint: Imprint) -> list[Element]:
    taken, back = (sum(getattr(one, name) for one in found) for name in ("taken_minor", "taken_back_minor"))
    days = sorted({one.day for one in found})
    methods = [method for method in METHODS if any(one.method == method for one in found)]
    elements: list[Element] = [
        Tiles(
            (
                pair(labels.taken, format_amount(taken)),
                pair(labels.taken_back, format_amount(back)),
                pair(labels.net, f"{imprint.currency} {format_amount(taken - back)}"),
            )
        ),
        *_section(
            labels.by_method, labels.method, methods, found, lambda one: one.method, labels.methods.__getitem__, labels
        ),
        _bars(methods, found, lambda one: one.method, labels.methods.__getitem__),
    ]
    if not imprint.is_till:
        tills = sorted({one.till for one in found})
        name = lambda till: till or labels.elsewhere  # noqa: E731
        elements += _section(labels.by_till, labels.till, tills, found, lambda one: one.till, name, labels)
    clerks = sorted({one.clerk for one in found if one.clerk})
    if clerks:
        by_clerks = [one for one in found if one.clerk]
        elements += _section(labels.by_clerk, labels.clerk, clerks, by_clerks, lambda one: one.clerk, str, labels)
    say = lambda day: report.say_day(day, language=imprint.language)  # noqa: E731
    elements += _section(labels.by_day, labels.day, days, found, lambda one: one.day, say, labels)
    if 1 < len(days) <= _DAYS_DRAWN_MAX:
        elements.append(_bars(days, found, lambda one: one.day, say))
    return elements


def _section(
    heading: str,
    title: str,
    keys: Sequence[object],
    found: Sequence[Collected],
    of: Callable[[Collected], object],
    say: Callable[..., str],
    labels: ReportLabels,
) -> list[Element]:
    """Return a heading and a table with a row for each key, and their sum."""
    rows = [_row(say(key), [one for one in found if of(one) == key], labels) for key in keys]
    if len(keys) > 1:
        rows.append(_row(labels.total, found, labels, bold=True))
    columns = (
        Column(title=title, grows=1),
        *(Column(title=name, figures=True) for name in (labels.count, labels.taken, labels.taken_back, labels.net)),
    )
    return [text(heading, bold=True, size=Size.HEADING), Table(columns=columns, rows=tuple(rows))]


def _row(name: str, found: Sequence[Collected], labels: ReportLabels, *, bold: bool = False) -> Row:
    receipts = sum(one.receipts for one in found)
    taken, back = (sum(getattr(one, side) for one in found) for side in ("taken_minor", "taken_back_minor"))
    return Row(
        cells=(
            name,
            f"{receipts:,}",
            format_amount(taken),
            format_amount(back) if back else "",
            format_amount(taken - back),
        ),
        narrow=(
            pair(f"{name} ({receipts:,})", format_amount(taken - back), bold=bold),
            *([pair(labels.taken_back, format_amount(back), indent=1)] if back else []),
        ),
        bold=bold,
    )


def _bars(
    keys: Sequence[object],
    found: Sequence[Collected],
    of: Callable[[Collected], object],
    say: Callable[..., str],
) -> Bars:
    nets = {key: sum(one.taken_minor - one.taken_back_minor for one in found if of(one) == key) for key in keys}
    return Bars(tuple(Bar(say(key), max(net, 0), format_amount(net)) for key, net in nets.items()), on_roll=False)
