"""Lines and pages drawn in real type: for the preview, and for what a printer has no letters for."""

from collections.abc import Sequence
from functools import cache
from typing import Final, assert_never

from PIL import Image, ImageChops, ImageDraw, ImageFont, features

from meterpos.printing import code128, fonts, qr, typeset
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
)
from meterpos.printing.letters import width
from meterpos.printing.page import PAGE, Block, Box, Code, Letters, Mark, Page, Stripes

_COLUMN, _LETTER = LETTER_DOTS
_EM: Final = 20
"""The type size in dots: the paper's own font is 0.6 em wide, so its letters are a column wide."""

_BASELINE: Final = 19
_EDGE: Final = {32: 40, 42: 68, 48: 32}
"""Empty dots at either side of the printed columns, as on the roll; at the top and foot too."""

_TOP: Final = 32
_INK, _PAPER = 0x12, 0xFF


_KNOWS_FEATURES: Final = bool(features.check("raqm"))
"""Whether letters are set by the engine that knows features of fonts; else digits are set one by one."""

_PAGE_PAPER: Final = "#FFFFFF"
_BOLDER: Final = 30
"""How much of a letter's size those of fonts without a bold weight are smeared by, as one part of so many."""


def draw_page(page: Page, *, foot: Block, scale: float) -> Image.Image:
    """Return one page of A4 in colour, ``scale`` pixels a point."""
    wide, high = (round(side * scale) for side in PAGE)
    paper = Image.new("RGB", (wide, high), _PAGE_PAPER)
    draw = ImageDraw.Draw(paper)
    for down, block in (*page.blocks, (0.0, foot)):
        for mark in block.marks:
            _draw_mark(paper, draw, mark, down=down, scale=scale)
    return paper


def draw_letters(letters: str, *, name: str, size: int, bold: bool) -> tuple[Image.Image, int]:
    """Return letters of one font as a mask, and how far below its top their baseline is, in pixels."""
    font = _font(name, size)
    rise, fall = font.getmetrics()
    smear = max(1, size // _BOLDER) if bold else 0
    mask = Image.new("L", (max(1, round(font.getlength(letters))) + smear, rise + fall), 0)
    draw = ImageDraw.Draw(mask)
    for offset in (0, smear) if bold else (0,):
        draw.text((offset, rise), letters, fill=255, font=font, anchor="ls")
    return mask, rise


def _draw_mark(paper: Image.Image, draw: ImageDraw.ImageDraw, mark: Mark, *, down: float, scale: float) -> None:
    match mark:
        case Letters():
            _draw_letters(draw, mark, baseline=(down + mark.baseline) * scale, scale=scale)
        case Box():
            left, top = mark.left * scale, (down + mark.top) * scale
            right, bottom = left + max(mark.width * scale, 1), top + max(mark.height * scale, 1)
            draw.rectangle((left, top, max(right - 1, left), max(bottom - 1, top)), fill=mark.ink)
        case Code():
            side = round(mark.side * scale)
            place = (round(mark.left * scale), round((down + mark.top) * scale))
            paper.paste((_INK,) * 3, place, _code(mark.text).resize((side, side), Image.Resampling.NEAREST))
        case Stripes():
            _draw_stripes(paper, mark, down=down, scale=scale)
        case _:
            assert_never(mark)


def _draw_letters(draw: ImageDraw.ImageDraw, mark: Letters, *, baseline: float, scale: float) -> None:
    size = max(1, round(mark.size * scale))
    is_tabular = mark.figures and _KNOWS_FEATURES
    if is_tabular and fonts.is_own(mark.text, family=fonts.SANS):
        right = mark.left + typeset.width(mark.text, size=mark.size, bold=mark.bold, figures=True)
        font = _font(fonts.SANS[mark.bold], size)
        draw.text((right * scale, baseline), mark.text, fill=mark.ink, font=font, anchor="rs", features=["tnum"])
        return
    for piece in typeset.pieces(mark.text, size=mark.size, bold=mark.bold, figures=mark.figures):
        left = (mark.left + piece.left) * scale
        draw.text((left, baseline), piece.text, fill=mark.ink, font=_font(piece.font, size), anchor="ls")


def draw_paper(lines: Sequence[Line], *, columns: int, scale: int) -> Image.Image:
    """Return the whole paper in grey, ``scale`` pixels a dot."""
    strips = [draw_line(line, columns=columns, scale=scale) for line in lines]
    edge, top = _EDGE[columns] * scale, _TOP * scale
    size = (columns * _COLUMN * scale + 2 * edge, sum(strip.height for strip in strips) + 2 * top)
    paper = Image.new("L", size, _PAPER)
    for strip in strips:
        paper.paste(_INK, (edge, top), strip)
        top += strip.height
    return paper


def draw_line(line: Line, *, columns: int, scale: int) -> Image.Image:
    """Return one line as a mask, 255 where there is ink, ``scale`` pixels a dot."""
    match line:
        case TextLine():
            return _draw_text(line, columns=columns, scale=scale)
        case RuleLine():
            return _draw_rule(columns=columns, scale=scale)
        case BlankLine():
            return _empty(columns, LINE_DOTS, scale)
        case QrLine():
            return _draw_qr(line, columns=columns, scale=scale)
        case BarcodeLine():
            return _draw_barcode(line, columns=columns, scale=scale)
        case _:
            assert_never(line)


def draw_cell(cell: Cell, *, scale: int, at_end: bool = False) -> Image.Image:
    """Return the letters of one cell as a mask; ``at_end`` puts what is narrower than its columns at their right."""
    scale *= 2 if cell.large else 1
    mask = Image.new("L", (width(cell.text) * _COLUMN * scale, _LETTER * scale), 0)
    left = 0
    for name, letters in fonts.stretches(cell.text, bold=cell.bold):
        right = left + width(letters) * _COLUMN * scale
        if name in (fonts.REGULAR, fonts.BOLD):
            _draw_own(mask, letters, name=name, left=left, scale=scale)
        else:
            drawn = _draw_other(letters, name=name, scale=scale, room=right - left, bold=cell.bold)
            mask.paste(drawn, (right - drawn.width if at_end else left, 0))
        left = right
    return mask


def _draw_text(line: TextLine, *, columns: int, scale: int) -> Image.Image:
    strip = _empty(columns, LINE_DOTS * (2 if line.tall else 1), scale)
    for cell in line.cells:
        if cell.columns:
            at_end = cell.column > 0 and cell.column + cell.columns == columns
            mask = draw_cell(cell, scale=scale, at_end=at_end)
            strip.paste(mask, (cell.column * _COLUMN * scale, letter_top(line, cell) * scale))
    return ImageChops.invert(strip) if line.inverse else strip


def letter_top(line: TextLine, cell: Cell) -> int:
    """Return from the top of the line to the top of the cell's letters, in dots: all stand on one baseline."""
    return (LINE_DOTS - _LETTER) // 2 + (_BASELINE if line.tall and not cell.large else 0)


def _draw_rule(*, columns: int, scale: int) -> Image.Image:
    strip = _empty(columns, LINE_DOTS, scale)
    draw = ImageDraw.Draw(strip)
    middle = LINE_DOTS // 2 * scale
    for column in range(columns):
        left = (column * _COLUMN + 2) * scale
        draw.rectangle((left, middle, left + 8 * scale - 1, middle + 2 * scale - 1), fill=255)
    return strip


def _draw_qr(line: QrLine, *, columns: int, scale: int) -> Image.Image:
    code = _code(line.text)
    size = code.width * qr.MODULE_DOTS * scale
    strip = _empty(columns, code.width * qr.MODULE_DOTS, scale)
    strip.paste(code.resize((size, size), Image.Resampling.NEAREST), ((strip.width - size) // 2, 0))
    return strip


def _draw_barcode(line: BarcodeLine, *, columns: int, scale: int) -> Image.Image:
    strip = _empty(columns, code128.DOTS_ABOVE + code128.DOTS_HIGH, scale)
    code = _stripes(line.text).resize(
        (code128.width_modules(line.text) * line.module_dots * scale, code128.DOTS_HIGH * scale),
        Image.Resampling.NEAREST,
    )
    strip.paste(code, ((strip.width - code.width) // 2, code128.DOTS_ABOVE * scale))
    return strip


def _draw_stripes(paper: Image.Image, mark: Stripes, *, down: float, scale: float) -> None:
    """Draw bars of as many whole pixels a module as come nearest: a bar half a pixel wider is another sign."""
    code = _stripes(mark.text)
    middle = (mark.left + code.width * mark.module / 2) * scale
    size = (code.width * max(1, round(mark.module * scale)), round(mark.height * scale))
    place = (round(middle - size[0] / 2), round((down + mark.top) * scale))
    paper.paste((_INK,) * 3, place, code.resize(size, Image.Resampling.NEAREST))


def _stripes(text: str) -> Image.Image:
    """Return a bar code without its quiet zone, a pixel a module."""
    code = Image.new("L", (code128.width_modules(text), 1), 0)
    for start, wide in code128.bars(text):
        code.paste(255, (start, 0, start + wide, 1))
    return code


def _code(text: str) -> Image.Image:
    """Return a QR code with its quiet zone, a pixel a module."""
    rows = qr.modules(text)
    side = len(rows) + 2 * qr.QUIET_MODULES
    code = Image.new("L", (side, side), 0)
    for y, row in enumerate(rows):
        for x, is_dark in enumerate(row):
            if is_dark:
                code.putpixel((x + qr.QUIET_MODULES, y + qr.QUIET_MODULES), 255)
    return code


def _draw_own(mask: Image.Image, letters: str, *, name: str, left: int, scale: int) -> None:
    """Draw letters of the monospaced font, each in its column."""
    draw = ImageDraw.Draw(mask)
    font = _font(name, _EM * scale)
    for cluster in fonts.clusters(letters):
        draw.text((left, _BASELINE * scale), cluster, fill=255, font=font, anchor="ls")
        left += width(cluster) * _COLUMN * scale


def _draw_other(letters: str, *, name: str, scale: int, room: int, bold: bool) -> Image.Image:
    """Draw letters of any other font in one go, so that scripts that join are joined; squeezed into their columns."""
    font = _font(name, _EM * scale)
    length = max(1, round(font.getlength(letters))) + (scale if bold else 0)
    drawn = Image.new("L", (length, _LETTER * scale), 0)
    draw = ImageDraw.Draw(drawn)
    for offset in (0, scale) if bold else (0,):
        draw.text((offset, _BASELINE * scale), letters, fill=255, font=font, anchor="ls")
    return drawn if length <= room else drawn.resize((max(1, room), drawn.height))


def _empty(columns: int, dots: int, scale: int) -> Image.Image:
    return Image.new("L", (columns * _COLUMN * scale, dots * scale), 0)


@cache
def _font(name: str, size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(fonts.font_file(name), size)
