"""The financial summary: meters, what is owed and held, billed and collected by month, the largest debts."""

from collections.abc import Iterator

from meterpos.ledger.money import format_amount, format_decimal
from meterpos.ledger.queries.debts import AgedDebt
from meterpos.ledger.queries.finances import Finances
from meterpos.ledger.queries.listings import AgingRow
from meterpos.ledger.rules.aging import BUCKETS
from meterpos.printing import report
from meterpos.printing.aged import aged_table
from meterpos.printing.document import Bar, Bars, Blank, Document, Element, Rule, Size, Tiles, pair, text
from meterpos.printing.report import Imprint, Report, Sheet
from meterpos.printing.report_labels import ReportLabels, report_labels_in

_MONTHS_SHOWN = 12
_NO_RATE = "–"


def compose_finances(found: Finances, *, imprint: Imprint, debt: AgedDebt | None = None) -> Report:
    """Compose the financial summary; its CSV names each figure. With ``debt`` the aging of every meter is in it too."""
    labels = report_labels_in(imprint.language)
    period = report.say_period(found.from_date, found.to_date, language=imprint.language)
    elements: list[Element] = report.opening(imprint, title=labels.finances, below=(period,))
    elements += [Rule(), *_figures(found, labels, imprint), text(labels.by_month, bold=True, size=Size.HEADING)]
    elements.append(_months(found, labels, imprint) if found.months else text(labels.nothing_billed))
    elements.append(text(labels.largest_debts, bold=True, size=Size.HEADING))
    elements.append(_debts(found) if found.debts else text(labels.nothing_owed))
    elements += _aging(debt, labels) if debt is not None else []
    elements += [Blank(), report.closing(imprint)]
    return Report(
        document=Document(
            title=f"{labels.finances} {found.from_date} - {found.to_date}",
            language=imprint.language,
            elements=tuple(elements),
        ),
        columns=("figure", "of", "value"),
        rows=[*_rows(found), *(_aging_rows(debt) if debt is not None else ())],
        stem=f"finances-{found.from_date}-{found.to_date}",
        money=frozenset({"value"}),
        sheets=() if debt is None else (_sheet(debt),),
    )


def _aging(debt: AgedDebt, labels: ReportLabels) -> list[Element]:
    """Return what is open of each meter by lateness: of very many the largest."""
    elements: list[Element] = [text(labels.aging_by_meter, bold=True, size=Size.HEADING)]
    if not debt.rows:
        return [*elements, text(labels.nothing_owed)]
    if len(debt.rows) > len(debt.largest):
        elements.append(text(labels.largest_shown.format(n=len(debt.largest), m=f"{len(debt.rows):,}")))
    return [*elements, aged_table(debt.largest, labels)]


def _aging_rows(debt: AgedDebt) -> Iterator[tuple[object, ...]]:
    for name, minor in zip(BUCKETS, debt.aging.columns_minor, strict=True):
        yield f"aging_{name}", "", format_decimal(minor)
    for row in debt.rows:
        for name, minor in zip(BUCKETS, row[3:8], strict=True):
            if minor:
                yield f"aging_{name}", row.account_no, format_decimal(minor)


def _sheet(debt: AgedDebt) -> Sheet:
    columns = tuple(name.removesuffix("_minor") for name in AgingRow._fields)
    rows = [(*row[:3], *map(format_decimal, row[3:])) for row in debt.rows]
    return Sheet(name="aging by meter", columns=columns, rows=rows, money=frozenset(columns[3:]))


def _figures(found: Finances, labels: ReportLabels, imprint: Imprint) -> list[Element]:
    rate = _rate(found)
    return [
        Tiles(
            (
                pair(labels.outstanding, f"{imprint.currency} {format_amount(found.outstanding_minor)}"),
                pair(labels.overpayments, format_amount(found.overpayments_minor)),
                pair(labels.active_meters, f"{found.active_meters:,}"),
                pair(labels.owing_meters, f"{found.owing_accounts:,}"),
            )
        ),
        Tiles(
            (
                pair(labels.billed, format_amount(found.billed_minor)),
                pair(labels.collected, format_amount(found.collected_minor)),
                pair(labels.collection_rate, labels.rate_said.format(percent=rate) if rate else labels.no_rate),
            )
        ),
    ]


def _rate(found: Finances) -> str:
    """Return the collection rate in percent, empty where nothing was billed."""
    permille = found.collection_permille
    return "" if permille is None else f"{'-' if permille < 0 else ''}{abs(permille) // 10}.{abs(permille) % 10}"


def _months(found: Finances, labels: ReportLabels, imprint: Imprint) -> Bars:
    """Return two bars a month, the last twelve: their names say which is which, colours only repeat it."""
    bars = []
    for month in found.months[-_MONTHS_SHOWN:]:
        name = report.say_month(month.first, language=imprint.language)
        billed, collected = month.billed_minor, month.collected_minor
        bars.append(Bar(labels.month_billed.format(month=name), billed, format_amount(billed)))
        bars.append(Bar(labels.month_collected.format(month=name), max(collected, 0), format_amount(collected), "good"))
    return Bars(tuple(bars))


def _debts(found: Finances) -> Bars:
    return Bars(
        tuple(
            Bar(
                " ".join(part for part in (debt.meter_no or debt.account_no, debt.customer_name) if part),
                debt.balance_minor,
                format_amount(debt.balance_minor),
                "bad",
            )
            for debt in found.debts
        )
    )


def _rows(found: Finances) -> Iterator[tuple[object, ...]]:
    yield "active_meters", "", found.active_meters
    yield "owing_meters", "", found.owing_accounts
    yield "outstanding", "", format_decimal(found.outstanding_minor)
    yield "overpayments", "", format_decimal(found.overpayments_minor)
    yield "collection_rate", "", _rate(found) or _NO_RATE
    for month in found.months:
        yield "billed", f"{month.first:%Y-%m}", format_decimal(month.billed_minor)
        yield "collected", f"{month.first:%Y-%m}", format_decimal(month.collected_minor)
    for debt in found.debts:
        yield "debt", debt.account_no, format_decimal(debt.balance_minor)
