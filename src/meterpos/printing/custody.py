"""The custody of cash: what lies in drawers and safes, what was banked, and each shift and movement of a period."""

from collections.abc import Iterator

from meterpos.ledger.money import format_amount, format_decimal
from meterpos.ledger.queries.custody import Custody, Moved, ShiftKept, TillCash
from meterpos.printing import report
from meterpos.printing.document import Column, Document, Element, Row, Rule, Size, Table, Tiles, pair, text
from meterpos.printing.report import Imprint, Report
from meterpos.printing.report_labels import ReportLabels, report_labels_in

_COLUMNS = ("till", "day", "shift", "clerk", "what", "number", "amount", "difference", "slip", "reason")


def compose_custody(found: Custody, *, imprint: Imprint) -> Report:
    """Compose where the cash is and how it went there; the CSV has a row for each shift opened, closed and movement."""
    labels = report_labels_in(imprint.language)
    period = report.say_period(found.from_date, found.to_date, language=imprint.language)
    elements: list[Element] = [*report.opening(imprint, title=labels.custody, below=(period,)), Rule()]
    if found.tills:
        elements += [_sums(found, labels, imprint), text(labels.by_till, bold=True, size=Size.HEADING)]
        elements.append(_tills(found, labels))
    if found.shifts:
        elements += [text(labels.shifts, bold=True, size=Size.HEADING), _shifts(found, labels, imprint)]
    if found.moved:
        elements += [text(labels.moved, bold=True, size=Size.HEADING), _movements(found, labels, imprint)]
    if not (found.shifts or found.moved):
        elements.append(text(labels.no_shifts))
    elements.append(report.closing(imprint))
    return Report(
        document=Document(
            title=f"{labels.custody} {found.from_date} - {found.to_date}",
            language=imprint.language,
            elements=tuple(elements),
        ),
        columns=_COLUMNS,
        rows=list(_rows(found)),
        stem=f"custody-{found.from_date}-{found.to_date}",
        money=frozenset({"amount", "difference"}),
    )


def _sums(found: Custody, labels: ReportLabels, imprint: Imprint) -> Tiles:
    drawers, safes = (sum(getattr(one, name) for one in found.tills) for name in ("drawer_minor", "safe_minor"))
    return Tiles(
        (
            pair(labels.in_drawers, f"{imprint.currency} {format_amount(drawers)}"),
            pair(labels.in_safes, format_amount(safes)),
            pair(labels.banked, format_amount(sum(one.banked_minor for one in found.tills))),
            pair(labels.over_short, format_amount(sum(one.difference_minor for one in found.tills))),
        )
    )


def _tills(found: Custody, labels: ReportLabels) -> Table:
    names = (labels.in_drawers, labels.in_safes, labels.banked, labels.over_short)
    return Table(
        columns=(Column(title=labels.till, grows=1), *(Column(title=name, figures=True) for name in names)),
        rows=tuple(_till(one, names) for one in found.tills),
    )


def _till(one: TillCash, names: tuple[str, ...]) -> Row:
    sums = [format_amount(minor) for minor in (one.drawer_minor, one.safe_minor, one.banked_minor)]
    sums.append(format_amount(one.difference_minor) if one.difference_minor else "")
    told = (pair(name, amount, indent=1) for name, amount in zip(names, sums, strict=True) if amount)
    return Row(cells=(one.till, *sums), narrow=(text(one.till, bold=True), *told))


def _shifts(found: Custody, labels: ReportLabels, imprint: Imprint) -> Table:
    names = (labels.shift_float, labels.expected, labels.counted, labels.over_short)
    return Table(
        columns=(
            Column(title=labels.till),
            Column(title=labels.day),
            Column(title=labels.clerk, grows=1),
            *(Column(title=name, figures=True) for name in names),
        ),
        rows=tuple(_shift(one, names, labels, imprint) for one in found.shifts),
    )


def _shift(one: ShiftKept, names: tuple[str, ...], labels: ReportLabels, imprint: Imprint) -> Row:
    day = report.say_day(one.day, language=imprint.language)
    is_open = one.counted_minor is None
    sums = (
        format_amount(one.float_minor),
        "" if one.expected_minor is None else format_amount(one.expected_minor),
        labels.still_open if one.counted_minor is None else format_amount(one.counted_minor),
        format_amount(one.difference_minor) if one.difference_minor else "",
    )
    told = (pair(name, amount, indent=1) for name, amount in zip(names, sums, strict=True) if amount)
    return Row(
        cells=(one.till, day, one.clerk, *sums),
        narrow=(text(f"{one.till} {day} {one.clerk}", bold=True), *told),
        bold=is_open,
    )


def _movements(found: Custody, labels: ReportLabels, imprint: Imprint) -> Table:
    return Table(
        columns=(
            Column(title=labels.till),
            Column(title=labels.day),
            Column(title=labels.clerk),
            Column(title=labels.what),
            Column(title=labels.reference, grows=1),
            Column(title=labels.amount, figures=True),
            Column(title=labels.over_short, figures=True),
        ),
        rows=tuple(_moved(one, labels, imprint) for one in found.moved),
    )


def _moved(one: Moved, labels: ReportLabels, imprint: Imprint) -> Row:
    day = report.say_day(one.day, language=imprint.language)
    why = [part for part in (one.number, one.slip, one.reason) if part]
    amount = format_amount(one.amount_minor)
    over = format_amount(one.difference_minor) if one.difference_minor else ""
    return Row(
        cells=(one.till, day, one.clerk, labels.movements[one.kind], " · ".join(why), amount, over),
        narrow=(
            pair(f"{one.till} {day} {labels.movements[one.kind]}", amount),
            text(" ".join((one.clerk, *why)), indent=1),
            *([pair(labels.over_short, over, indent=1)] if over else []),
        ),
    )


def _rows(found: Custody) -> Iterator[tuple[object, ...]]:
    for one in found.tills:
        yield one.till, found.to_date, "", "", "in_drawer", "", format_decimal(one.drawer_minor), "", "", ""
        yield one.till, found.to_date, "", "", "in_safe", "", format_decimal(one.safe_minor), "", "", ""
    for shift in found.shifts:
        whose = (shift.till, shift.day, shift.shift, shift.clerk)
        yield *whose, "opened", "", format_decimal(shift.float_minor), "", "", ""
        if shift.counted_minor is not None:
            counted, difference = format_decimal(shift.counted_minor), format_decimal(shift.difference_minor)
            yield *whose, "counted", "", counted, difference, "", ""
    for moved in found.moved:
        amounts = (format_decimal(moved.amount_minor), format_decimal(moved.difference_minor))
        shift_no = "" if moved.shift is None else moved.shift
        whose_moved = (moved.till, moved.day, shift_no, moved.clerk, moved.kind, moved.number)
        yield *whose_moved, *amounts, moved.slip, moved.reason
