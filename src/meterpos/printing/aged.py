"""The table of what is open on each account by lateness, as more than one report shows it."""

from collections.abc import Sequence

from meterpos.ledger.money import format_amount
from meterpos.ledger.queries.debts import Debtor
from meterpos.ledger.rules.aging import BUCKETS
from meterpos.printing.document import Column, Row, Table, pair, text
from meterpos.printing.report_labels import ReportLabels


def aged_table(debtors: Sequence[Debtor], labels: ReportLabels) -> Table:
    """Return a row an account: its meter and whose it is, what is open by lateness, and the sum."""
    return Table(
        columns=(
            Column(title=labels.meter, grows=1),
            *(Column(title=labels.buckets[name], figures=True) for name in BUCKETS),
            Column(title=labels.total, figures=True),
        ),
        rows=tuple(_row(debtor, labels) for debtor in debtors),
    )


def whom(number: str, name: str, phone: str) -> str:
    """Return who owes, in a cell that is broken where it is too narrow: number, name and phone, as far as known."""
    named = f"{number} {name}".strip()
    return f"{named}, {phone}" if phone else named


def _row(debtor: Debtor, labels: ReportLabels) -> Row:
    row = debtor.row
    meter = row.meter_no or row.account_no
    amounts = row[3:8]
    return Row(
        cells=(
            whom(meter, debtor.name, debtor.phone),
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
