"""Papers of entries: composed, shown, queued and printed. Everything here runs off the GUI thread."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from meterpos.ledger.journal import Entry
    from meterpos.printing.document import Document
    from meterpos.till import Till


@dataclass(frozen=True, slots=True)
class Picture:
    """One paper for the screen: a PNG and the same as text."""

    number: str
    png: bytes
    text: str


def document_of(till: "Till", entry: "Entry", *, copy_no: int = 0) -> "Document":
    """Compose the paper of an entry, whichever kind it is."""
    if entry.content.kind == "shift_closed":
        from meterpos.printing.shift_report import compose_shift_report

        return compose_shift_report(entry, copy_no=copy_no)
    from meterpos.printing.receipt import compose_receipt

    return compose_receipt(entry, seal=till.seal(entry), copy_no=copy_no)


def picture(till: "Till", entry: "Entry", *, copy_no: int = 0) -> Picture:
    """Render the paper of an entry for the screen, as it is printed."""
    from meterpos.printing.preview import render_png, render_text

    document = document_of(till, entry, copy_no=copy_no)
    columns = till.settings.columns
    body: dict[str, Any] = entry.content.body
    return Picture(body["number"], render_png(document, columns=columns), render_text(document, columns=columns))
