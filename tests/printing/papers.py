"""Every paper at every width and in every language, as golden files.

`python -m tests.printing.papers --write` writes them anew, after a paper was changed on purpose; look at what differs.
"""

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from meterpos.printing import sheet
from meterpos.printing.document import Document
from meterpos.printing.invoice import compose_invoice
from meterpos.printing.layout import COLUMNS
from meterpos.printing.page import Box, Code, Letters, Stripes
from meterpos.printing.preview import render_text
from meterpos.printing.receipt import compose_receipt
from meterpos.printing.reconnection import compose_reconnection
from meterpos.printing.shift_report import compose_cash_slip, compose_shift_report
from meterpos.printing.thermal import render_escpos
from tests.printing.invoice_samples import INVOICES
from tests.printing.report_samples import REPORTS as REPORTS_ON_PAPER
from tests.printing.samples import RECEIPTS, SEAL, SHIFT_REPORTS, reconnection
from tests.printing.shift_samples import CASH_SLIPS, REPORTS

GOLDEN = Path(__file__).parent / "golden"
LANGUAGES = ("en", "sw")
IN_BYTES = ("cash", "cash-copy", "several-parts", "long-names", "training", "reversal", "shift-report")
"""The papers whose bytes are kept too; with other scripts they would hang on the version of the font engine."""

ON_PAGES = ("cash", "several-parts", "long-names", "reversal", "shift-report", *INVOICES)
"""The papers of rolls whose A4 pages are kept too, besides every statement and report in letters of one script."""


@dataclass(frozen=True)
class Case:
    """One paper in one language at one width."""

    name: str
    language: str
    columns: int

    def __str__(self) -> str:
        return f"{self.name}-{self.language}-{self.columns}"

    @property
    def document(self) -> Document:
        """The paper; a name that ends in -copy is the second copy of the paper named before it."""
        if self.name in REPORTS_ON_PAPER:
            return REPORTS_ON_PAPER[self.name](self.language).document
        if self.name in INVOICES:
            return compose_invoice(INVOICES[self.name](self.language))
        name, copy_no = self.name.removesuffix("-copy"), 2 if self.name.endswith("-copy") else 0
        if name in _REPORTS:
            return compose_shift_report(_REPORTS[name](self.language), copy_no=copy_no)
        if name == "reconnection":
            return compose_reconnection(reconnection(self.language), seal=SEAL, copy_no=copy_no)
        if name in CASH_SLIPS:
            return compose_cash_slip(CASH_SLIPS[name](self.language), copy_no=copy_no)
        return compose_receipt(RECEIPTS[name](self.language), seal=SEAL, copy_no=copy_no)

    @property
    def text_file(self) -> Path:
        return GOLDEN / f"{self}.txt"

    @property
    def bytes_file(self) -> Path:
        return GOLDEN / f"{self}.bin"

    @property
    def page_file(self) -> Path:
        return GOLDEN / f"{self.name}-{self.language}-a4.txt"

    def page(self) -> str:
        """What stands on the paper's A4 pages: a line a mark, with its place in points from the top left."""
        return "".join(_marks(self.document))

    def text(self) -> str:
        return render_text(self.document, columns=self.columns)

    def bytes(self) -> bytes:
        document = self.document
        return render_escpos(document, columns=self.columns, drawer=document.drawer)


def _marks(document: Document) -> Iterator[str]:
    for page in sheet.pages(document):
        yield f"=== page {page.number}\n"
        for down, block in page.blocks:
            for mark in block.marks:
                match mark:
                    case Letters():
                        weight = "bold" if mark.bold else "    "
                        place = f"{mark.left:6.1f} {down + mark.baseline:6.1f}"
                        yield f"{place} {mark.size:4.1f} {weight} {mark.text}\n"
                    case Box():
                        size = f"{mark.width:.1f} x {mark.height:.1f}"
                        yield f"{mark.left:6.1f} {down + mark.top:6.1f} box {size} {mark.ink}\n"
                    case Code():
                        yield f"{mark.left:6.1f} {down + mark.top:6.1f} code {mark.side:.1f}\n"
                    case Stripes():
                        place = f"{mark.left:6.1f} {down + mark.top:6.1f}"
                        yield f"{place} stripes {mark.height:.1f} by {mark.module} {mark.text}\n"


_REPORTS = {**SHIFT_REPORTS, **REPORTS}
EVERY = (
    *RECEIPTS,
    "cash-copy",
    "reconnection",
    *SHIFT_REPORTS,
    "shift-report-copy",
    *REPORTS,
    *CASH_SLIPS,
    *REPORTS_ON_PAPER,
    *INVOICES,
)


def cases(names: tuple[str, ...] = EVERY) -> Iterator[Case]:
    """Yield the cases of these papers."""
    for name in names:
        for language in LANGUAGES:
            for columns in COLUMNS:
                yield Case(name, language, columns)


TEXTS = tuple(cases())
PAGES = tuple(
    case for case in cases((*ON_PAGES, *REPORTS_ON_PAPER)) if case.columns == 48 and case.name != "statement-per-meter"
)
BYTES = tuple(case for case in cases(IN_BYTES) if case.language == "en" or case.name == "cash")


def write() -> None:
    """Write every golden file anew and remove those that no case has any more."""
    GOLDEN.mkdir(exist_ok=True)
    for old in GOLDEN.iterdir():
        old.unlink()
    for case in TEXTS:
        case.text_file.write_text(case.text(), encoding="utf-8", newline="\n")
    for case in PAGES:
        case.page_file.write_text(case.page(), encoding="utf-8", newline="\n")
    for case in BYTES:
        case.bytes_file.write_bytes(case.bytes())


if __name__ == "__main__":
    if sys.argv[1:] != ["--write"]:
        sys.exit(__doc__)
    write()
