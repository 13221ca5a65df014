"""What every report shares: whose it is, what it is called, when and from what it was made; and its rows as CSV."""

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection

from meterpos.ledger.moment import Moment
from meterpos.ledger.queries.identity import find_identity
from meterpos.ledger.queries.settings import utility_settings
from meterpos.printing.document import NO_BREAK, Align, Banner, Document, Element, Run, Sides, Size, Text, text
from meterpos.printing.labels import labels_in
from meterpos.printing.report_labels import report_labels_in


@dataclass(frozen=True, slots=True, kw_only=True)
class Imprint:
    """Who issues a report and when, in local time; ``source`` is the till or head office that made it.

    ``as_of`` is when a till last heard from head office, None where it never did; ``is_till`` false is head office.
    """

    head: tuple[str, ...]
    source: str
    currency: str
    language: str
    made_at: datetime
    as_of: datetime | None = None
    is_till: bool = True
    training: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """Figures of a report that stand beside its own in a workbook; money is decimal strings."""

    name: str
    columns: tuple[str, ...]
    rows: Sequence[Sequence[object]]
    money: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """One report: the paper, and its figures for programs; ``stem`` begins the name of its files.

    ``money`` names the columns whose texts are amounts; ``sheets`` are more figures, where a file can hold them apart.
    """

    document: Document
    columns: tuple[str, ...]
    rows: Sequence[Sequence[object]]
    stem: str
    money: frozenset[str] = frozenset()
    sheets: tuple[Sheet, ...] = ()


def imprint(connection: Connection, *, moment: Moment, language: str, is_till: bool) -> Imprint:
    """Return what a report made here and now says of itself."""
    settings, who = utility_settings(connection), find_identity(connection)
    as_of = who.as_of if who is not None else None
    return Imprint(
        head=(settings.utility_name, *settings.receipt_head),
        source=who.full_title if who is not None else "",
        currency=settings.currency,
        language=language,
        made_at=moment.local,
        as_of=moment.localise(as_of) if as_of is not None else None,
        is_till=is_till,
        training=who is not None and who.training,
    )


def say_day(day: date, *, language: str) -> str:
    """Return "20 Nov 2026", which no line's end tears apart."""
    return NO_BREAK.join((str(day.day), labels_in(language).months[day.month - 1], str(day.year)))


def say_period(first: date, last: date, *, language: str) -> str:
    """Return "1 Sep 2026 to 20 Nov 2026", or the day where it is one."""
    begin, end = (say_day(day, language=language) for day in (first, last))
    return begin if first == last else report_labels_in(language).period.format(first=begin, last=end)


def say_month(day: date, *, language: str) -> str:
    """Return "Nov 2026"."""
    return NO_BREAK.join((labels_in(language).months[day.month - 1], str(day.year)))


def opening(imprint: Imprint, *, title: str, below: Iterable[str]) -> list[Element]:
    """Return the head of a report: whose it is at the left, what it is at the right."""
    labels = report_labels_in(imprint.language)
    made = labels.made.format(
        date=say_day(imprint.made_at.date(), language=imprint.language), time=f"{imprint.made_at:%H:%M}"
    )
    utility = [
        text(line, bold=not place, align=Align.CENTRE, size=Size.NORMAL if place else Size.LARGE)
        for place, line in enumerate(imprint.head)
    ]
    return [
        *([Banner(labels.training)] if imprint.training else []),
        Sides(
            left=tuple(utility),
            right=(
                Text(runs=(Run(title, bold=True),), size=Size.HEADING),
                *(text(line) for line in below),
                *([text(imprint.source)] if imprint.source else []),
                text(made),
            ),
        ),
    ]


def closing(imprint: Imprint) -> Text:
    """Return from whose knowledge the figures are, and of when."""
    labels = report_labels_in(imprint.language)
    if not imprint.is_till:
        return text(labels.all_known)
    if imprint.as_of is None:
        return text(labels.never_heard)
    day = say_day(imprint.as_of.date(), language=imprint.language)
    return text(labels.as_known.format(date=day, time=f"{imprint.as_of:%H:%M}"))


def as_csv(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return rows as CSV with a header, lines ended by LF; amounts come as decimal strings."""
    written = io.StringIO(newline="")
    writer = csv.writer(written, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    return written.getvalue()
