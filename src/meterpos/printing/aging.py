"""The aged debt: how much is open how late, in figures and bars; the largest debts, or who owes longest, one by one."""

from collections.abc import Sequence

from meterpos.ledger.money import format_amount, format_decimal
from meterpos.ledger.queries.debts import LARGEST, AgedDebt, Owing, OwingRow
from meterpos.ledger.queries.listings import AgingRow
from meterpos.ledger.rules.aging import BUCKETS, Aging
from meterpos.printing import report
from meterpos.printing.aged import aged_table, whom
from meterpos.printing.document import (
    Bar,
    Bars,
    Blank,
    Column,
    Document,
    Element,
    Pair,
    Row,
    Rule,
    Table,
    Tiles,
    pair,
    text,
)
from meterpos.printing.report import Imprint, Report
from meterpos.printing.report_labels import ReportLabels, report_labels_in


def compose_aging(debt: AgedDebt, *, imprint: Imprint) -> Report:
    """Compose the aged debt; its CSV is that of the listing, every account in it."""
    labels = report_labels_in(imprint.language)
    day = report.say_day(debt.as_of, language=imprint.language)
    elements: list[Element] = report.opening(imprint, title=labels.aging, below=(labels.on_day.format(date=day),))
    elements.append(Rule())
    count = pair(labels.owing_meters, f"{len(debt.rows):,}")
    elements += _figures(debt.aging, count, labels, imprint) if debt.rows else [text(labels.nothing_owed)]
    if len(debt.rows) > len(debt.largest):
        elements.append(text(labels.largest_shown.format(n=len(debt.largest), m=f"{len(debt.rows):,}")))
    if debt.largest:
        elements += [Blank(), aged_table(debt.largest, labels)]
    elements.append(report.closing(imprint))
    return Report(
        document=Document(title=f"{labels.aging} {debt.as_of}", language=imprint.language, elements=tuple(elements)),
        columns=tuple(name.removesuffix("_minor") for name in AgingRow._fields),
        rows=[(*row[:3], *map(format_decimal, row[3:])) for row in debt.rows],
        stem=f"aging-{debt.as_of}",
        money=frozenset(name.removesuffix("_minor") for name in AgingRow._fields[3:]),
    )


def _figures(aging: Aging, count: Pair, labels: ReportLabels, imprint: Imprint) -> list[Element]:
    total = aging.total_minor
    tones = {"not_due": "plain", "d1_30": "plain"}
    percents = percents_of(aging.columns_minor)
    return [
        Tiles(
            (
                pair(labels.total, f"{imprint.currency} {format_amount(total)}"),
                pair(labels.oldest, format_amount(total - aging.not_due_minor)),
                count,
            )
        ),
        Bars(
            tuple(
                Bar(
                    labels.buckets[name],
                    minor,
                    labels.share.format(amount=format_amount(minor), percent=percent),
                    "plain" if name in tones else "bad",
                )
                for name, minor, percent in zip(BUCKETS, aging.columns_minor, percents, strict=True)
            )
        ),
    ]


def percents_of(parts: Sequence[int]) -> list[int]:
    """Return what each part is of all, in whole percent that come to 100: what was cut off most is made up first."""
    total = sum(parts)
    percents = [part * 100 // total for part in parts]
    most_cut_off = sorted(range(len(parts)), key=lambda place: -(parts[place] * 100 % total))
    for place in most_cut_off[: 100 - sum(percents)]:
        percents[place] += 1
    return percents


# --- who owes longest -------------------------------------------------------------------------------------------------


def compose_owing(owing: Owing, *, imprint: Imprint) -> Report:
    """Compose who owes, the most overdue first, with the oldest open invoice of each; its rows name everybody."""
    labels = report_labels_in(imprint.language)
    day = report.say_day(owing.as_of, language=imprint.language)
    elements: list[Element] = report.opening(imprint, title=labels.aging, below=(labels.on_day.format(date=day),))
    elements.append(Rule())
    if owing.rows:
        elements += _figures(owing.aging, pair(labels.owing_customers, f"{len(owing.rows):,}"), labels, imprint)
    else:
        elements.append(text(labels.nothing_owed))
    shown = owing.rows[:LARGEST]
    if len(owing.rows) > len(shown):
        elements.append(text(labels.latest_shown.format(n=len(shown), m=f"{len(owing.rows):,}")))
    if shown:
        elements += [Blank(), _owing_table(shown, labels, imprint)]
    elements.append(report.closing(imprint))
    columns = tuple(name.removesuffix("_minor") for name in OwingRow._fields)
    return Report(
        document=Document(title=f"{labels.aging} {owing.as_of}", language=imprint.language, elements=tuple(elements)),
        columns=columns,
        rows=[(*row[:8], *map(format_decimal, row[8:])) for row in owing.rows],
        stem=f"aging-{owing.as_of}",
        money=frozenset(columns[8:]),
    )


def _owing_table(rows: Sequence[OwingRow], labels: ReportLabels, imprint: Imprint) -> Table:
    return Table(
        columns=(
            Column(title=labels.customer, grows=1),
            Column(title=labels.oldest_open),
            Column(title=labels.date),
            Column(title=labels.days_overdue, figures=True),
            Column(title=labels.total, figures=True),
        ),
        rows=tuple(_owing_row(row, labels, imprint) for row in rows),
    )


def _owing_row(row: OwingRow, labels: ReportLabels, imprint: Imprint) -> Row:
    day = report.say_day(row.oldest_date, language=imprint.language)
    days = f"{row.days_overdue:,}" if row.days_overdue else ""
    amount = format_amount(row.total_minor)
    return Row(
        cells=(whom(row.customer_no, row.name, row.phone), row.oldest_invoice, day, days, amount),
        narrow=(
            pair(" ".join(part for part in (row.customer_no, row.name) if part), amount, bold=True),
            *([text(row.phone, indent=1)] if row.phone else []),
            pair(f"{row.oldest_invoice} {day}".strip(), days and labels.days.format(n=days), indent=1),
        ),
    )
