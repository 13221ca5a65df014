"""The invoice: what an account is asked to pay and for what, with the code the till finds it by."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from meterpos.ledger.money import format_amount, format_money
from meterpos.ledger.rules.metering import MILLI, format_units
from meterpos.printing import report
from meterpos.printing.document import (
    Align,
    Barcode,
    Blank,
    Column,
    Document,
    Element,
    Pair,
    Row,
    Rule,
    Run,
    Sides,
    Size,
    Table,
    Text,
    pair,
    text,
)
from meterpos.printing.invoice_labels import InvoiceLabels, invoice_labels_in


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadBetween:
    """From which reading to which a bill goes; both in thousandths."""

    from_on: date
    from_milli: int
    to_on: date
    to_milli: int
    units_milli: int
    is_estimated: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceLine:
    """What a part of an amount is for, by its kind or its bill's; ``units_milli`` and ``price`` of a block alone.

    ``days`` are how many of how many days of a month it is asked for, where that is not the whole of it.
    """

    kind: str
    amount_minor: int
    text: str = ""
    units_milli: int | None = None
    price: str | None = None
    days: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoicedBill:
    """One bill on an invoice: its readings and lines where it follows from a tariff."""

    kind: str
    lines: tuple[InvoiceLine, ...]
    read: ReadBetween | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Invoice:
    """Everything an invoice says; ``amount_minor`` counts, ``forward_minor`` repeats what was owed before."""

    number: str
    made_on: date
    due_on: date
    period: str | None
    amount_minor: int
    forward_minor: int
    customer_no: str
    customer_name: str
    phone: str
    place: str
    account_no: str
    meter_no: str
    location: str
    bills: tuple[InvoicedBill, ...]
    head: tuple[str, ...]
    foot: tuple[str, ...]
    currency: str
    paybill: str
    language: str

    @property
    def total_minor(self) -> int:
        """Return what is to be paid in all; below zero, what is held."""
        return self.amount_minor + self.forward_minor


def compose_invoice(invoice: Invoice) -> Document:
    """Compose an invoice, for a page or a roll."""
    labels = invoice_labels_in(invoice.language)
    return Document(
        title=invoice.number,
        language=invoice.language,
        elements=(
            _head(invoice, labels),
            Rule(),
            _whom(invoice, labels),
            Blank(),
            _table(invoice, labels),
            Rule(),
            Sides(left=(), right=_sums(invoice, labels)),
            *_how(invoice, labels),
        ),
    )


def _day(day: date, invoice: Invoice) -> str:
    return report.say_day(day, language=invoice.language)


def _head(invoice: Invoice, labels: InvoiceLabels) -> Sides:
    utility = [
        text(line, bold=not place, align=Align.CENTRE, size=Size.NORMAL if place else Size.LARGE)
        for place, line in enumerate(invoice.head)
    ]
    return Sides(
        left=tuple(utility),
        right=(
            Text(runs=(Run(f"{labels.invoice} {invoice.number}", bold=True),), size=Size.HEADING),
            pair(labels.made, _day(invoice.made_on, invoice)),
            *([pair(labels.period, invoice.period)] if invoice.period else []),
            pair(labels.due, _day(invoice.due_on, invoice), bold=True),
        ),
    )


def _whom(invoice: Invoice, labels: InvoiceLabels) -> Sides:
    return Sides(
        left=(
            text(invoice.customer_name, bold=True),
            text(f"{labels.customer} {invoice.customer_no}"),
            *(text(line) for line in (invoice.phone, invoice.place) if line),
        ),
        right=(
            pair(labels.meter, invoice.meter_no),
            *([text(invoice.location)] if invoice.location else []),
            pair(labels.account, invoice.account_no),
        ),
    )


def _table(invoice: Invoice, labels: InvoiceLabels) -> Table:
    return Table(
        columns=(
            Column(title=labels.what, grows=1),
            Column(title=labels.amount, figures=True),
        ),
        rows=tuple(row for bill in invoice.bills for row in _rows(bill, invoice, labels)),
    )


def _rows(bill: InvoicedBill, invoice: Invoice, labels: InvoiceLabels) -> list[Row]:
    name = labels.kinds.get(bill.kind, bill.kind.replace("_", " ").capitalize() or labels.charges)
    if bill.read is None and len(bill.lines) == 1:
        line = bill.lines[0]
        said = f"{name}: {line.text}" if line.text else name
        return [Row(cells=(said, format_amount(line.amount_minor)), narrow=(_pair(said, line.amount_minor),))]
    rows = [Row(cells=(name, ""), narrow=(text(name, bold=True),), bold=True)]
    if bill.read is not None:
        rows.append(_reading(bill.read, invoice, labels))
    return [*rows, *(_line(line, labels) for line in bill.lines)]


def _reading(read: ReadBetween, invoice: Invoice, labels: InvoiceLabels) -> Row:
    said_to = labels.estimated if read.is_estimated else labels.reading
    before = labels.reading.format(date=_day(read.from_on, invoice), reading=format_units(read.from_milli))
    after = said_to.format(date=_day(read.to_on, invoice), reading=format_units(read.to_milli))
    said_units = labels.one_unit if read.units_milli == MILLI else labels.units
    units = said_units.format(units=_grouped(read.units_milli))
    return Row(cells=(f"{before} – {after} – {units}", ""), narrow=(text(before), pair(after, units)))


def _line(line: InvoiceLine, labels: InvoiceLabels) -> Row:
    said = line.text or {"standing": labels.standing, "minimum": labels.minimum}.get(line.kind, labels.charges)
    if line.units_milli is not None:
        said_priced = labels.one_priced if line.units_milli == MILLI else labels.priced
        said = said_priced.format(units=_grouped(line.units_milli), price=line.price)
    if line.days is not None:
        said = labels.days.format(what=said, days=line.days[0], of=line.days[1])
    return Row(cells=(said, format_amount(line.amount_minor)), narrow=(_pair(said, line.amount_minor),))


def _grouped(units_milli: int) -> str:
    """Return units as amounts are written, "15,777.249"; a reading stands as the register shows it."""
    return f"{Decimal(format_units(units_milli)):,}"


def _pair(said: str, amount_minor: int) -> Pair:
    return pair(said, format_amount(amount_minor))


def _sums(invoice: Invoice, labels: InvoiceLabels) -> tuple[Text | Pair, ...]:
    total_minor = invoice.total_minor
    said = format_money(max(total_minor, 0), currency=invoice.currency)
    sums: list[Text | Pair] = [pair(labels.to_pay, said, bold=True, size=Size.LARGE)]
    if invoice.forward_minor:
        made_of = (labels.this_invoice, invoice.amount_minor), (labels.brought_forward, invoice.forward_minor)
        sums = [*(_pair(name, minor) for name, minor in made_of), *sums]
    if total_minor < 0:
        held = format_money(-total_minor, currency=invoice.currency)
        sums.append(text(labels.nothing_to_pay.format(amount=held)))
    return tuple(sums)


def _how(invoice: Invoice, labels: InvoiceLabels) -> Sequence[Element]:
    elements: list[Element] = [Blank()]
    if invoice.total_minor > 0:
        elements.append(text(labels.pay_by.format(date=_day(invoice.due_on, invoice)), align=Align.CENTRE))
        if invoice.paybill:
            said = labels.paybill.format(paybill=invoice.paybill, meter=invoice.meter_no)
            elements.append(text(said, align=Align.CENTRE))
    elements += [Barcode(invoice.number), text(labels.scan, align=Align.CENTRE)]
    return [*elements, *(text(line, align=Align.CENTRE) for line in invoice.foot)]
