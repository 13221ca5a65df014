"""The aged debt: how much is open how late, in figures, bars and the largest debts one by one."""

from meterpos.ledger.money import format_amount, format_decimal
from meterpos.ledger.queries.debts import AgedDebt, Debtor
from meterpos.ledger.queries.listings import AgingRow
from meterpos.ledger.rules.aging import BUCKETS
from meterpos.printing import report
from meterpos.printing.document import Bar, Bars, Blank, Column, Document, Element, Row, Rule, Table, Tiles, pair, text
from meterpos.printing.report import Imprint, Report
from meterpos.printing.report_labels import ReportLabels, report_labels_in


def compose_aging(debt: AgedDebt, *, imprint: Imprint) -> Report:
    """Compose the aged debt; its CSV is that of the listing, every account in it."""
    labels = report_labels_in(imprint.language)
    day = report.say_day(debt.as_of, language=imprint.language)
    elements: list[Element] = report.opening(imprint, title=labels.aging, below=(labels.on_day.format(date=day),))
    elements.append(Rule())
    elements += _figures(debt, labels, imprint) if debt.rows else [text(labels.nothing_owed)]
    if len(debt.rows) > len(debt.largest):
        elements.append(text(labels.largest_shown.format(n=len(debt.largest), m=f"{len(debt.rows):,}")))
    if debt.largest:
        elements += [Blank(), _table(debt, labels)]
    elements.append(report.closing(imprint))
    return Report(
        document=Document(title=f"{labels.aging} {debt.as_of}", language=imprint.language, elements=tuple(elements)),
        columns=tuple(name.removesuffix("_minor") for name in AgingRow._fields),
        rows=[(*row[:3], *map(format_decimal, row[3:])) for row in debt.rows],
        stem=f"aging-{debt.as_of}",
    )


def _figures(debt: AgedDebt, labels: ReportLabels, imprint: Imprint) -> list[Element]:
    total = debt.aging.total_minor
    tones = {"not_due": "plain", "d1_30": "plain"}
    return [
        Tiles(
            (
                pair(labels.total, f"{imprint.currency} {format_amount(total)}"),
                pair(labels.oldest, format_amount(total - debt.aging.not_due_minor)),
                pair(labels.owing_meters, f"{len(debt.rows):,}"),
            )
        ),
        Bars(
            tuple(
                Bar(
                    labels.buckets[name],
                    minor,
                    labels.share.format(amount=format_amount(minor), percent=minor * 100 // total),
                    "plain" if name in tones else "bad",
                )
                for name, minor in zip(BUCKETS, debt.aging.columns_minor, strict=True)
            )
        ),
    ]


def _table(debt: AgedDebt, labels: ReportLabels) -> Table:
    return Table(
        columns=(
            Column(title=labels.meter, grows=1),
            *(Column(title=labels.buckets[name], figures=True) for name in BUCKETS),
            Column(title=labels.total, figures=True),
        ),
        rows=tuple(_row(debtor, labels) for debtor in debt.largest),
    )


def _row(debtor: Debtor, labels: ReportLabels) -> Row:
    row = debtor.row
    meter = row.meter_no or row.account_no
    amounts = row[3:8]
    return Row(
        cells=(
            " ".join(part for part in (meter, debtor.name, debtor.phone) if part),
            *(format_amount(minor) if minor else "" for minor in amounts),
            format_amount(row.total_minor),
        ),
        narrow=(
            pair(meter, format_amount(row.total_minor), bold=True),
            *([text(" ".join(part for part in (debtor.name, debtor.phone) if part), indent=1)] if debtor.name else []),
            *(
                pair(labels.buckets[name], format_amount(minor), indent=1)
                for name, minor in zip(BUCKETS, amounts, strict=True)
                if minor
            ),
        ),
    )
