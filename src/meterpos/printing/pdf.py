"""Papers as PDF: a roll as long as the paper is, with its fonts inside and its text to be found and copied."""

import io
from collections.abc import Iterable
from typing import Any, Final, assert_never

from meterpos.printing import code128, fonts, qr
from meterpos.printing.document import Document
from meterpos.printing.layout import (
    LETTER_DOTS,
    LINE_DOTS,
    BarcodeLine,
    BlankLine,
    Cell,
    Line,
    QrLine,
    RuleLine,
    TextLine,
    set_lines,
)

_MM: Final = 72 / 25.4
_EDGE_MM: Final = 4
_COLUMN, _LETTER = LETTER_DOTS
_EM: Final = 20
_BASELINE_IN_LETTER: Final = 19
_BASELINE: Final = (LINE_DOTS - _LETTER) // 2 + _BASELINE_IN_LETTER
"""From the top of a line to its baseline, in dots; with large letters, the second."""

_BASELINE_LARGE: Final = _BASELINE + _BASELINE_IN_LETTER

_PICTURE_SCALE: Final = 6
_INVISIBLE: Final = 3
_NARROWEST_FOR_48_MM: Final = 72


def render_pdf(document: Document, *, width_mm: int | None = None, columns: int | None = None) -> bytes:
    """Return the paper as a PDF of one page, ``width_mm`` wide and as high as it needs.

    ``None`` takes what goes with the other: 32 columns with a roll of 58 mm, else 48 (or 42, where asked) with 80 mm.
    """
    from reportlab.pdfgen.canvas import Canvas

    width_mm = width_mm or (58 if columns == 32 else 80)
    columns = columns or (48 if width_mm >= _NARROWEST_FOR_48_MM else 32)
    lines = set_lines(document, columns=columns)
    dot = (width_mm - 2 * _EDGE_MM) * _MM / (columns * _COLUMN)
    edge = _EDGE_MM * _MM
    height = sum(_height(line) for line in lines) * dot + 2 * edge
    buffer = io.BytesIO()
    canvas = Canvas(buffer, pagesize=(width_mm * _MM, height), invariant=1, lang=document.language)
    canvas.setTitle(document.title)
    canvas.setCreator("meterpos")
    canvas.translate(edge, height - edge)
    canvas.scale(dot, dot)
    top = 0
    for line in lines:
        _draw(canvas, line, top=top, columns=columns)
        top += _height(line)
    canvas.save()
    return buffer.getvalue()


def _height(line: Line) -> int:
    """Return how high a line is, in dots."""
    match line:
        case TextLine():
            return LINE_DOTS * (2 if line.tall else 1)
        case QrLine():
            return (len(qr.modules(line.text)) + 2 * qr.QUIET_MODULES) * qr.MODULE_DOTS
        case BarcodeLine():
            return code128.DOTS_ABOVE + code128.DOTS_HIGH
        case RuleLine() | BlankLine():
            return LINE_DOTS
        case _:
            assert_never(line)


def _draw(canvas: Any, line: Line, *, top: int, columns: int) -> None:
    match line:
        case TextLine():
            _draw_text(canvas, line, top=top, columns=columns)
        case RuleLine():
            canvas.setLineWidth(2)
            canvas.setDash(8, _COLUMN - 8)
            middle = -top - LINE_DOTS / 2
            canvas.line(2, middle, columns * _COLUMN, middle)
        case QrLine():
            _draw_qr(canvas, line, top=top, columns=columns)
        case BarcodeLine():
            _draw_barcode(canvas, line, top=top, columns=columns)
        case BlankLine():
            pass
        case _:
            assert_never(line)


def _draw_text(canvas: Any, line: TextLine, *, top: int, columns: int) -> None:
    canvas.saveState()
    if line.inverse:
        height = _height(line)
        canvas.rect(0, -top - height, columns * _COLUMN, height, stroke=0, fill=1)
        canvas.setFillGray(1)
    baseline = -top - (_BASELINE_LARGE if line.tall else _BASELINE)
    for cell in line.cells:
        if fonts.is_own(cell.text):
            name = fonts.BOLD if cell.bold else fonts.REGULAR
            _write(canvas, cell, ((name, cell.text),), baseline=baseline)
        elif cell.columns:
            at_end = cell.column > 0 and cell.column + cell.columns == columns
            _draw_other(canvas, cell, baseline=baseline, at_end=at_end)
    canvas.restoreState()


def _write(
    canvas: Any, cell: Cell, stretches: Iterable[tuple[str, str]], *, baseline: int, visible: bool = True
) -> None:
    """Write letters, each stretch in its font, from the cell's place on."""
    written = canvas.beginText(cell.column * _COLUMN, baseline)
    if not visible:
        written.setTextRenderMode(_INVISIBLE)
    for name, letters in stretches:
        fonts.register(name)
        written.setFont(name, _EM * (2 if cell.large else 1))
        written.textOut(letters)
    canvas.saveState()
    canvas.drawText(written)
    canvas.restoreState()


def _draw_other(canvas: Any, cell: Cell, *, baseline: int, at_end: bool) -> None:
    """Draw letters of other scripts as a picture, with the text unseen above it, to be found and copied."""
    from reportlab.lib.utils import ImageReader

    from meterpos.printing import picture

    mask = picture.draw_cell(cell, scale=_PICTURE_SCALE, at_end=at_end)
    times = 2 if cell.large else 1
    bottom = baseline - (_LETTER - _BASELINE_IN_LETTER) * times
    size = (cell.columns * _COLUMN, _LETTER * times)
    drawn = ImageReader(mask.point(lambda grey: 255 - grey))
    canvas.drawImage(drawn, cell.column * _COLUMN, bottom, *size)
    stretches = ((name, fonts.as_seen(letters)) for name, letters in fonts.stretches(cell.text, bold=cell.bold))
    _write(canvas, cell, stretches, baseline=baseline, visible=False)


def _draw_qr(canvas: Any, line: QrLine, *, top: int, columns: int) -> None:
    rows = qr.modules(line.text)
    dots = qr.MODULE_DOTS
    left = (columns * _COLUMN - len(rows) * dots) / 2
    down = top + qr.QUIET_MODULES * dots
    for y, row in enumerate(rows):
        for start, length in qr.dark_runs(row):
            bottom = -down - (y + 1) * dots
            canvas.rect(left + start * dots, bottom, length * dots, dots, stroke=0, fill=1)


def _draw_barcode(canvas: Any, line: BarcodeLine, *, top: int, columns: int) -> None:
    dots = line.module_dots
    left = (columns * _COLUMN - code128.width_modules(line.text) * dots) / 2
    bottom = -top - code128.DOTS_ABOVE - code128.DOTS_HIGH
    for start, wide in code128.bars(line.text):
        canvas.rect(left + start * dots, bottom, wide * dots, code128.DOTS_HIGH, stroke=0, fill=1)
