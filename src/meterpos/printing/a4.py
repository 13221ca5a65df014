"""Papers as PDF on A4: pages with their number at the foot, fonts inside, text to be found and copied."""

import io
from collections.abc import Callable
from typing import Any, Final, assert_never

from meterpos.printing import code128, fonts, qr, sheet, typeset
from meterpos.printing.document import Document
from meterpos.printing.page import PAGE, Box, Code, Letters, Mark, Page, Stripes
from meterpos.printing.report_labels import report_labels_in

Progress = Callable[[int, int], object]
"""Hears of each page: its number and how many there are; what it raises ends the work."""

_HIGH: Final = PAGE[1]
_PICTURE_EM: Final = 100
_VISIBLE, _INVISIBLE = 0, 3


def render_a4(document: Document, *, progress: Progress | None = None) -> bytes:
    """Return the paper as a PDF of A4 pages."""
    from reportlab.pdfgen.canvas import Canvas

    count = sheet.count_pages(document)
    labels = report_labels_in(document.language)
    buffer = io.BytesIO()
    canvas = Canvas(buffer, pagesize=PAGE, invariant=1, lang=document.language, pageCompression=1)
    canvas.setTitle(document.title)
    canvas.setCreator("meterpos")
    for page in sheet.pages(document):
        if progress is not None:
            progress(page.number, count)
        _draw_page(canvas, page)
        said = labels.page_of.format(n=page.number, m=count)
        for mark in sheet.foot(document, said=said).marks:
            _draw(canvas, mark, down=0)
        canvas.showPage()
    canvas.save()
    return buffer.getvalue()


def _draw_page(canvas: Any, page: Page) -> None:
    for down, block in page.blocks:
        for mark in block.marks:
            _draw(canvas, mark, down=down)


def _draw(canvas: Any, mark: Mark, *, down: float) -> None:
    match mark:
        case Letters():
            _write(canvas, mark, baseline=_HIGH - down - mark.baseline)
        case Box():
            canvas.setFillColor(mark.ink)
            canvas.rect(mark.left, _HIGH - down - mark.top - mark.height, mark.width, mark.height, stroke=0, fill=1)
        case Code():
            _draw_code(canvas, mark, top=_HIGH - down - mark.top)
        case Stripes():
            _draw_stripes(canvas, mark, bottom=_HIGH - down - mark.top - mark.height)
        case _:
            assert_never(mark)


def _write(canvas: Any, mark: Letters, *, baseline: float) -> None:
    canvas.setFillColor(mark.ink)
    written = canvas.beginText()
    for piece in typeset.pieces(mark.text, size=mark.size, bold=mark.bold):
        is_own = piece.font in fonts.SANS
        written.setFont(fonts.register(piece.font, figures=is_own and mark.figures), mark.size)
        written.setTextOrigin(mark.left + piece.left, baseline)
        if not is_own:
            _draw_other(canvas, piece, mark, baseline=baseline)
        written.setTextRenderMode(_VISIBLE if is_own else _INVISIBLE)
        written.textOut(piece.text if is_own else fonts.as_seen(piece.text))
    canvas.saveState()
    canvas.drawText(written)
    canvas.restoreState()


def _draw_other(canvas: Any, piece: typeset.Piece, mark: Letters, *, baseline: float) -> None:
    """Draw letters of other scripts as a picture, so that those that join are joined; their text lies unseen above."""
    from reportlab.lib.utils import ImageReader

    from meterpos.printing import picture

    mask, rise = picture.draw_letters(piece.text, name=piece.font, size=_PICTURE_EM, bold=mark.bold)
    scale = mark.size / _PICTURE_EM
    bottom = baseline - (mask.height - rise) * scale
    drawn = ImageReader(mask.point(lambda grey: 255 - grey))
    canvas.drawImage(drawn, mark.left + piece.left, bottom, mask.width * scale, mask.height * scale)


def _draw_code(canvas: Any, code: Code, *, top: float) -> None:
    rows = qr.modules(code.text)
    module = code.side / (len(rows) + 2 * qr.QUIET_MODULES)
    canvas.setFillColor("#000000")
    for y, row in enumerate(rows, start=qr.QUIET_MODULES):
        for start, length in qr.dark_runs(row):
            left = code.left + (start + qr.QUIET_MODULES) * module
            canvas.rect(left, top - (y + 1) * module, length * module, module, stroke=0, fill=1)


def _draw_stripes(canvas: Any, mark: Stripes, *, bottom: float) -> None:
    canvas.setFillColor("#000000")
    for start, wide in code128.bars(mark.text):
        canvas.rect(mark.left + start * mark.module, bottom, wide * mark.module, mark.height, stroke=0, fill=1)
