"""What a recalculation finds: each kept sum that is not what was billed and paid, before and after."""

from collections.abc import Sequence

from meterpos.ledger.money import format_amount, format_decimal
from meterpos.ledger.queries.differences import KeptWrong
from meterpos.printing import report
from meterpos.printing.document import Blank, Column, Document, Element, Row, Rule, Table, pair, text
from meterpos.printing.report import Imprint, Report
from meterpos.printing.report_labels import ReportLabels, report_labels_in


def compose_recalculation(found: Sequence[KeptWrong], *, whose: str, imprint: Imprint) -> Report:
    """Compose what a recalculation found; ``whose`` names the one that was looked at, empty for all."""
    labels = report_labels_in(imprint.language)
    elements: list[Element] = report.opening(imprint, title=labels.recalculation, below=(whose or labels.all_accounts,))
    elements.append(Rule())
    if found:
        elements += [text(labels.kept_wrong.format(n=f"{len(found):,}")), Blank(), _table(found, labels)]
    else:
        elements.append(text(labels.kept_right))
    elements.append(report.closing(imprint))
    made = f"{imprint.made_at:%Y-%m-%d}"
    return Report(
        document=Document(title=f"{labels.recalculation} {made}", language=imprint.language, elements=tuple(elements)),
        columns=("of", "number", "name", "was", "is"),
        rows=[
            (one.of, one.number, one.name, format_decimal(one.kept_minor), format_decimal(one.computed_minor))
            for one in found
        ],
        stem=f"recalculation-{made}",
    )


def _table(found: Sequence[KeptWrong], labels: ReportLabels) -> Table:
    return Table(
        columns=(
            Column(title=f"{labels.account} / {labels.customer}"),
            Column(title=labels.meter, grows=1),
            Column(title=labels.kept_was, figures=True),
            Column(title=labels.kept_is, figures=True),
        ),
        rows=tuple(
            Row(
                cells=(one.number, one.name, format_amount(one.kept_minor), format_amount(one.computed_minor)),
                narrow=(
                    text(f"{one.number} {one.name}".strip(), bold=True),
                    pair(labels.kept_was, format_amount(one.kept_minor), indent=1),
                    pair(labels.kept_is, format_amount(one.computed_minor), indent=1),
                ),
            )
            for one in found
        ),
    )
