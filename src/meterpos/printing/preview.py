"""Papers on the screen: as plain text, and as a picture of the roll or of a page in real type."""

import io
from typing import assert_never

from meterpos.printing import picture, sheet
from meterpos.printing.document import Document
from meterpos.printing.layout import BarcodeLine, BlankLine, Line, QrLine, RuleLine, TextLine, set_lines
from meterpos.printing.report_labels import report_labels_in


def render_text(document: Document, *, columns: int) -> str:
    """Return the paper as lines of at most ``columns`` columns; every line ends in a newline."""
    lines = set_lines(document, columns=columns, plain=True)
    return "".join(f"{_text_of(line, columns)}\n" for line in lines)


def render_png(document: Document, *, columns: int, scale: int = 2) -> bytes:
    """Return the paper as a PNG picture, ``scale`` pixels for each of the printer's dots."""
    drawn = picture.draw_paper(set_lines(document, columns=columns), columns=columns, scale=scale)
    buffer = io.BytesIO()
    drawn.save(buffer, format="PNG")
    return buffer.getvalue()


def render_page(document: Document, number: int, *, scale: float = 2.0) -> bytes:
    """Return one A4 page (from 1; the last where there are fewer) as a PNG picture, ``scale`` pixels a point."""
    assert number >= 1, f"Pages are numbered from 1; there is no page {number}."
    count = sheet.count_pages(document)
    page = next(page for page in sheet.pages(document) if page.number == min(number, count))
    said = report_labels_in(document.language).page_of.format(n=page.number, m=count)
    drawn = picture.draw_page(page, foot=sheet.foot(document, said=said), scale=scale)
    buffer = io.BytesIO()
    drawn.save(buffer, format="PNG", compress_level=1)
    return buffer.getvalue()


def _text_of(line: Line, columns: int) -> str:
    match line:
        case TextLine():
            return _cells_of(line, columns)
        case RuleLine():
            return "-" * columns
        case BlankLine():
            return ""
        case QrLine():
            return "[QR]".center(columns).rstrip()
        case BarcodeLine():
            return "[|||||||||||]".center(columns).rstrip()
        case _:
            assert_never(line)


def _cells_of(line: TextLine, columns: int) -> str:
    text, end = "", 0
    for cell in line.cells:
        text += " " * (cell.column - end) + cell.text
        end = cell.column + cell.columns
    if line.inverse:
        return f" {text.strip()} ".center(columns, "#")
    return text
