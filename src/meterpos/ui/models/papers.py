"""Papers of entries: composed, shown, queued and printed. Everything here runs off the GUI thread."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtGui import QImage

from meterpos.errors import UserError

if TYPE_CHECKING:
    from meterpos.ledger.journal import Entry
    from meterpos.printing.document import Document
    from meterpos.till import Till


class NotWritten(UserError):
    """The file could not be written."""


@dataclass(frozen=True, slots=True)
class Picture:
    """One paper for the screen: its picture, unpacked for painting, and the same as text."""

    number: str
    image: QImage
    text: str


def document_of(till: "Till", entry: "Entry", *, copy_no: int = 0) -> "Document":
    """Compose the paper of an entry, whichever kind it is."""
    if entry.content.kind in ("shift_closed", "shift_report"):
        from meterpos.printing.shift_report import compose_shift_report

        return compose_shift_report(entry, copy_no=copy_no)
    if entry.content.kind == "cash_movement":
        from meterpos.printing.shift_report import compose_cash_slip

        return compose_cash_slip(entry, copy_no=copy_no)
    from meterpos.printing.receipt import compose_receipt

    return compose_receipt(entry, seal=till.seal(entry), copy_no=copy_no)


def picture(till: "Till", entry: "Entry", *, copy_no: int = 0) -> Picture:
    """Render the paper of an entry for the screen, as it is printed."""
    from meterpos.printing.preview import render_png, render_text

    document = document_of(till, entry, copy_no=copy_no)
    columns = till.settings.columns
    body: dict[str, Any] = entry.content.body
    image = QImage.fromData(render_png(document, columns=columns)).convertToFormat(QImage.Format.Format_RGB32)
    return Picture(body["number"], image, render_text(document, columns=columns))


def slip_of(entry: "Entry") -> str | None:
    """Return the number of the reconnection slip that came with a receipt, None where none did."""
    from meterpos.ledger.queries.papers import reconnections_of, slip_number

    return slip_number(entry.content.body["number"]) if reconnections_of(entry) else None


def thermal(till: "Till", entry: "Entry") -> bytes:
    """Return the bytes of a paper that stands in no queue, as the till's printer wants them."""
    from meterpos.printing.thermal import render_escpos

    return render_escpos(document_of(till, entry), columns=till.settings.columns)


def save_pdf(till: "Till", entry: "Entry") -> Path:
    """Write the paper of an entry as a PDF into the user's documents and return where it is.

    Raises: NotWritten when that folder takes no file.
    """
    from platformdirs import user_documents_path

    from meterpos.printing.pdf import render_pdf

    folder = user_documents_path() / "meterpos"
    path = folder / f"{entry.content.body['number']}.pdf"
    data = render_pdf(document_of(till, entry), columns=till.settings.columns)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    except OSError as error:
        raise NotWritten(
            f"{path} could not be written: {error.strerror}. See to that folder, then try again."
        ) from error
    return path
