"""The statement: what changed what a meter or a customer owes between two days, line by line, with the balance."""

from collections.abc import Sequence
from typing import Final

from meterpos.ledger.money import format_amount, format_decimal
from meterpos.ledger.queries.statements import Addressee, Statement, StatementLine
from meterpos.printing import report
from meterpos.printing.document import (
    Blank,
    Column,
    Document,
    Element,
    Row,
    Rule,
    Sides,
    Size,
    Table,
    Tiles,
    pair,
    text,
)
from meterpos.printing.report import Imprint, Report
from meterpos.printing.report_labels import ReportLabels, report_labels_in

COLUMNS: Final = ("account_no", "date", "kind", "number", "method", "reference", "text", "debit", "credit", "balance")
"""The columns of a statement's CSV: people script against them."""

_PARTS_MAX: Final = 3
"""More meters than this are not named one by one at the head of a statement."""


def compose_statement(statements: Sequence[Statement], *, to: Addressee, imprint: Imprint) -> Report:
    """Compose one paper of a customer's statements over one period: one meter's, one a meter, or one over all."""
    assert statements, "a statement of nothing"
    labels = report_labels_in(imprint.language)
    first, last = (
        report.say_day(day, language=imprint.language) for day in (statements[0].from_date, statements[0].to_date)
    )
    period = report.say_period(statements[0].from_date, statements[0].to_date, language=imprint.language)
    elements: list[Element] = report.opening(imprint, title=labels.statement, below=(period,))
    elements += [Rule(), _customer(statements, to, labels, imprint)]
    if len(statements) > 1:
        elements += [text(labels.together, bold=True, size=Size.HEADING), _sums(statements, labels)]
    for one in statements:
        elements += _section(one, labels, imprint, alone=len(statements) == 1)
    elements += [Blank(), text(labels.below_zero), report.closing(imprint)]
    whom = to.name or to.customer_no
    return Report(
        document=Document(
            title=labels.statement_of.format(whom=whom, first=first, last=last).replace("\u00a0", " "),
            language=imprint.language,
            elements=tuple(elements),
        ),
        columns=COLUMNS,
        rows=[row for one in statements for row in _rows(one)],
        stem=f"statement-{_whose(statements, to)}-{statements[0].from_date}-{statements[0].to_date}",
        money=frozenset({"debit", "credit", "balance"}),
    )


def _whose(statements: Sequence[Statement], to: Addressee) -> str:
    accounts = [account for one in statements for account in one.accounts]
    return (accounts[0].meter_no or accounts[0].account_no) if len(accounts) == 1 else to.customer_no


def _customer(statements: Sequence[Statement], to: Addressee, labels: ReportLabels, imprint: Imprint) -> Sides:
    """Return whom the statement is for, and in which currency its figures are."""
    accounts = [account for one in statements for account in one.accounts]
    closing = sum(one.closing_minor for one in statements)
    named = ", ".join(account.meter_no or account.account_no for account in accounts[:_PARTS_MAX])
    more = f" +{len(accounts) - _PARTS_MAX}" if len(accounts) > _PARTS_MAX else ""
    return Sides(
        left=(
            *([text(to.name, bold=True)] if to.name else []),
            *([text(f"{labels.customer} {to.customer_no}")] if to.customer_no else []),
            *(text(line) for line in (to.phone, to.place) if line),
        ),
        right=(
            pair(labels.meter if any(account.meter_no for account in accounts) else labels.account, f"{named}{more}"),
            pair(labels.closing_balance, f"{imprint.currency} {format_amount(closing)}", bold=True),
        ),
    )


def _section(one: Statement, labels: ReportLabels, imprint: Imprint, *, alone: bool) -> list[Element]:
    """Return one statement: its heading where there are several, its figures and its lines."""
    elements: list[Element] = (
        [] if alone else [Rule(), text(_heading(one, labels, imprint), bold=True, size=Size.HEADING)]
    )
    elements += [_sums([one], labels), Blank(), _table(one, labels, imprint)]
    if not one.lines:
        elements.append(text(labels.nothing_happened))
    if one.pending_minor:
        amount = f"{imprint.currency} {format_amount(one.pending_minor)}"
        elements.append(text(labels.pending.format(amount=amount)))
    return elements


def _heading(one: Statement, labels: ReportLabels, imprint: Imprint) -> str:
    (account,) = one.accounts
    parts = [f"{labels.meter} {account.meter_no}" if account.meter_no else f"{labels.account} {account.account_no}"]
    parts += [account.location] if account.location else []
    if account.closed_on is not None:
        parts.append(labels.closed_on.format(date=report.say_day(account.closed_on, language=imprint.language)))
    return " · ".join(parts)


def _sums(statements: Sequence[Statement], labels: ReportLabels) -> Tiles:
    """Return opening + invoiced + adjusted - paid = closing, over one statement or several."""
    adjusted = sum(one.adjusted_minor for one in statements)
    figures = [
        (labels.opening_balance, sum(one.opening_minor for one in statements)),
        (labels.invoiced, sum(one.invoiced_minor for one in statements)),
        (labels.paid, sum(one.paid_minor for one in statements)),
        *([(labels.adjusted, adjusted)] if adjusted else []),
        (labels.closing_balance, sum(one.closing_minor for one in statements)),
    ]
    return Tiles(tuple(pair(name, format_amount(minor)) for name, minor in figures))


def _table(one: Statement, labels: ReportLabels, imprint: Imprint) -> Table:
    several = len(one.accounts) > 1
    meters = {account.account_no: account.meter_no or account.account_no for account in one.accounts}
    return Table(
        columns=(
            Column(title=labels.date),
            *([Column(title=labels.meter)] if several else []),
            Column(title=labels.what),
            Column(title=labels.reference, grows=1),
            Column(title=labels.debit, figures=True),
            Column(title=labels.credit, figures=True),
            Column(title=labels.balance, figures=True),
        ),
        rows=(
            _edge(
                labels.brought_forward,
                report.say_day(one.from_date, language=imprint.language),
                one.opening_minor,
                several=several,
            ),
            *(_line(line, meters[line.account_no] if several else "", labels, imprint) for line in one.lines),
            _totals(one, labels, several=several),
            _edge(
                labels.carried_forward,
                report.say_day(one.to_date, language=imprint.language),
                one.closing_minor,
                several=several,
            ),
        ),
    )


def _edge(name: str, day: str, balance_minor: int, *, several: bool) -> Row:
    """Return what was brought or is carried forward."""
    cells = (day, *([""] if several else []), name, "", "", "", format_amount(balance_minor))
    return Row(cells=cells, narrow=(pair(f"{day} {name}", format_amount(balance_minor), bold=True),), bold=True)


def _totals(one: Statement, labels: ReportLabels, *, several: bool) -> Row:
    debit, credit = (sum(getattr(line, side) for line in one.lines) for side in ("debit_minor", "credit_minor"))
    cells = ("", *([""] if several else []), labels.totals, "", format_amount(debit), format_amount(credit), "")
    return Row(
        cells=cells,
        narrow=(pair(labels.debit, format_amount(debit)), pair(labels.credit, format_amount(credit))),
        bold=True,
    )


def _line(line: StatementLine, meter_no: str, labels: ReportLabels, imprint: Imprint) -> Row:
    day = report.say_day(line.date, language=imprint.language)
    kind = labels.kinds[line.kind]
    method = labels.methods.get(line.method or "", line.method or "")
    said = [part for part in (line.number, line.reference, line.text) if part]
    signed = f"+{format_amount(line.debit_minor)}" if line.debit_minor else f"-{format_amount(line.credit_minor)}"
    return Row(
        cells=(
            day,
            *([meter_no] if meter_no else []),
            f"{kind} · {method}" if method else kind,
            " · ".join(said),
            format_amount(line.debit_minor) if line.debit_minor else "",
            format_amount(line.credit_minor) if line.credit_minor else "",
            format_amount(line.balance_minor),
        ),
        narrow=(
            pair(f"{day} {kind}", signed),
            pair(" ".join(part for part in (meter_no, method, *said) if part), format_amount(line.balance_minor)),
        ),
    )


def _rows(one: Statement) -> list[tuple[object, ...]]:
    """Return the statement's rows between what was brought and what is carried forward."""
    whose = " ".join(account.account_no for account in one.accounts)
    nothing = ("", "", "", "", "", "")
    return [
        (whose, one.from_date, "brought_forward", *nothing, format_decimal(one.opening_minor)),
        *(_row(line) for line in one.lines),
        (whose, one.to_date, "carried_forward", *nothing, format_decimal(one.closing_minor)),
    ]


def _row(line: StatementLine) -> tuple[object, ...]:
    return (
        line.account_no,
        line.date,
        line.kind,
        line.number,
        line.method,
        line.reference,
        line.text,
        format_decimal(line.debit_minor),
        format_decimal(line.credit_minor),
        format_decimal(line.balance_minor),
    )
