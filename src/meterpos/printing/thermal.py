"""Bytes for an ESC/POS printer.

Every line says all of its own state, nothing leaks into the next; the code page is named after each reset; letters the
page lacks are written as near as it can, or the line is drawn as a picture: a letter never becomes a silent "?".
python-escpos gives the names of commands alone: its printer object forgets the code page and loads a database for
a fifth of a second.
"""

import unicodedata
from collections.abc import Iterator, Sequence
from typing import Final, assert_never

from escpos import constants

from meterpos.errors import UserError
from meterpos.printing import code128, qr
from meterpos.printing.document import Document
from meterpos.printing.layout import (
    LETTER_DOTS,
    LINE_DOTS,
    BarcodeLine,
    BlankLine,
    Line,
    QrLine,
    RuleLine,
    TextLine,
    set_lines,
)

CODE_PAGES: Final = {
    "cp437": 0,
    "cp850": 2,
    "cp860": 3,
    "cp863": 4,
    "cp865": 5,
    "cp1252": 16,
    "cp866": 17,
    "cp852": 18,
    "cp858": 19,
}
"""Code pages by their Python name, with the number ``ESC t`` knows them by (Epson's list, which others follow)."""

ESC: Final[bytes] = constants.ESC
GS: Final[bytes] = constants.GS
_RESET: Final[bytes] = constants.HW_INIT
_CODE_PAGE: Final[bytes] = constants.CODEPAGE_CHANGE
_OPEN_DRAWER: Final[bytes] = constants.CD_KICK_2
_NO_DOUBLE_BYTES: Final = b"\x1c."  # FS .  Chinese printers else read two accented letters as one sign
_AMERICAN: Final = ESC + b"R\x00"  # national letters in place of # and $ would be silent errors too
_LINE_SPACING: Final = ESC + b"3" + bytes([LINE_DOTS])
_MODE: Final = ESC + b"!"
_NORMAL, _BOLD, _TALL, _WIDE = 0x00, 0x08, 0x10, 0x20
_INVERSE: Final = GS + b"B"
_RASTER: Final = GS + b"v0\x00"
_FEED_AND_CUT: Final = ESC + b"d\x03" + GS + b"VB\x00"
_INK_FROM: Final = 96
"""Grey (255 is ink) from which a dot is burnt: below the half, since thin strokes in dots else break up."""

_NEAREST: Final = str.maketrans(
    {
        **dict.fromkeys("‘’‚‛ʻʼʽ`´ʹ", "'"),  # noqa: RUF001
        **dict.fromkeys("“”„‟«»″", '"'),
        **dict.fromkeys("‐‑‒–—―−", "-"),  # noqa: RUF001
        "…": "...",
        "•": "*",
        "·": ".",
        "€": "EUR",
        "×": "x",
        "Ł": "L",
        "ł": "l",
        "Đ": "D",
        "đ": "d",
        "Ø": "O",
        "ø": "o",
        "Æ": "AE",
        "æ": "ae",
        "Œ": "OE",
        "œ": "oe",
        "ß": "ss",
        "Ŋ": "Ng",
        "ŋ": "ng",
        "Þ": "Th",
        "þ": "th",
        "ı": "i",  # noqa: RUF001
    }
)


class UnknownCodePage(UserError):
    """The settings name a code page that this program has no number for."""


def render_escpos(document: Document, *, columns: int, drawer: bool = False, code_page: str = "cp858") -> bytes:
    """Return the bytes that print the paper once and cut it; ``drawer`` opens the cash drawer first.

    Raises: UnknownCodePage when ``code_page`` is none of CODE_PAGES.
    """
    number = CODE_PAGES.get(code_page)
    if number is None:
        known = ", ".join(CODE_PAGES)
        raise UnknownCodePage(
            f"The printer's code page is set to '{code_page}', which is none of {known}. Choose one of these.",
            field="code_page",
        )
    lines = set_lines(document, columns=columns, spell=lambda text: _spell(text, code_page))
    return b"".join(
        (
            _RESET,
            _NO_DOUBLE_BYTES,
            _AMERICAN,
            _CODE_PAGE + bytes([number]),
            _LINE_SPACING,
            _OPEN_DRAWER if drawer else b"",
            *(_line(line, columns=columns, code_page=code_page) for line in lines),
            _FEED_AND_CUT,
        )
    )


def drawer_pulse() -> bytes:
    """Return the bytes that open the cash drawer and print nothing."""
    return _OPEN_DRAWER


def _spell(text: str, code_page: str) -> str:
    """Return ``text`` in letters of the code page; as it was where only a picture can show it."""
    if text.isascii():
        return text
    spelt = "".join(_nearest(letter, code_page) for letter in text)
    return spelt if _is_on_page(spelt, code_page) else text


def _nearest(letter: str, code_page: str) -> str:
    if _is_on_page(letter, code_page):
        return letter
    near = letter.translate(_NEAREST)
    if near != letter:
        return near
    bare = "".join(part for part in unicodedata.normalize("NFKD", letter) if not unicodedata.combining(part)).translate(
        _NEAREST
    )
    return bare if bare.isascii() else letter


def _is_on_page(text: str, code_page: str) -> bool:
    try:
        text.encode(code_page)
    except UnicodeEncodeError:
        return False
    return True


def _line(line: Line, *, columns: int, code_page: str) -> bytes:
    match line:
        case TextLine():
            if all(_is_on_page(cell.text, code_page) for cell in line.cells):
                return _text_line(line, columns=columns, code_page=code_page)
            return _picture(line, columns=columns)
        case RuleLine():
            return _mode() + b"-" * columns + b"\n"
        case BlankLine():
            return _mode() + b"\n"
        case QrLine():
            return _mode() + _qr(line, columns=columns)
        case BarcodeLine():
            return _mode() + _barcode(line, columns=columns)
        case _:
            assert_never(line)


def _text_line(line: TextLine, *, columns: int, code_page: str) -> bytes:
    """Return a line in the printer's own letters; its bytes begin and end in normal type."""
    gap = _mode(_TALL if line.inverse and line.tall else _NORMAL)
    printed, end = [], 0
    for cell in line.cells:
        weight = _BOLD if cell.bold else _NORMAL
        size = _TALL | _WIDE if cell.large else _NORMAL
        printed.append(gap + b" " * (cell.column - end))
        printed.append(_mode(weight | size) + cell.text.encode(code_page))
        end = cell.column + cell.columns
    if line.inverse:
        inside = b"".join(printed) + gap + b" " * (columns - end)
        return _INVERSE + b"\x01" + inside + _mode() + _INVERSE + b"\x00\n"
    return b"".join(printed) + _mode() + b"\n"


def _mode(mode: int = _NORMAL) -> bytes:
    """Return ``ESC !``, which sets weight, height and width at once."""
    return _MODE + bytes([mode])


def _picture(line: TextLine, *, columns: int) -> bytes:
    """Return a line as an image: some of its letters are on no page of the printer."""
    # Imaging is heavy and few lines need it.
    from meterpos.printing import picture

    mask = picture.draw_line(line, columns=columns, scale=1)
    dots = mask.point(lambda grey: 255 if grey >= _INK_FROM else 0).convert("1")
    return _mode() + _raster(dots.tobytes(), width_bytes=(dots.width + 7) // 8)


def _qr(line: QrLine, *, columns: int) -> bytes:
    """Return the QR as an image, which every printer knows, with empty dots at its left to stand in the middle."""
    rows = qr.modules(line.text)
    dots = qr.MODULE_DOTS
    side = (len(rows) + 2 * qr.QUIET_MODULES) * dots
    left = (columns * LETTER_DOTS[0] - side) // 2 + qr.QUIET_MODULES * dots
    width_bytes = (left + len(rows) * dots + 7) // 8
    quiet = bytes(width_bytes * qr.QUIET_MODULES * dots)
    inner = b"".join(_row(row, left=left, width_bytes=width_bytes) * dots for row in rows)
    return _raster(quiet + inner + quiet, width_bytes=width_bytes)


def _barcode(line: BarcodeLine, *, columns: int) -> bytes:
    """Return the bars as an image too: what is tested is what is printed, on printers that know no bar code as well."""
    dots = line.module_dots
    side = code128.width_modules(line.text) * dots
    left = (columns * LETTER_DOTS[0] - side) // 2
    width_bytes = (left + side + 7) // 8
    bits = 0
    for start, wide in code128.bars(line.text):
        end = left + (start + wide) * dots
        bits |= (1 << wide * dots) - 1 << width_bytes * 8 - end
    above = bytes(width_bytes * code128.DOTS_ABOVE)
    return _raster(above + bits.to_bytes(width_bytes, "big") * code128.DOTS_HIGH, width_bytes=width_bytes)


def _row(row: Sequence[bool], *, left: int, width_bytes: int) -> bytes:
    bits = 0
    for dot in _dots(row):
        bits = bits << 1 | dot
    printed = left + len(row) * qr.MODULE_DOTS
    return (bits << width_bytes * 8 - printed).to_bytes(width_bytes, "big")


def _dots(row: Sequence[bool]) -> Iterator[bool]:
    for module in row:
        for _ in range(qr.MODULE_DOTS):
            yield module


def _raster(image: bytes, *, width_bytes: int) -> bytes:
    """Return ``GS v 0``: rows of ``width_bytes`` bytes, a bit a dot, the leftmost first."""
    height = len(image) // width_bytes
    return _RASTER + width_bytes.to_bytes(2, "little") + height.to_bytes(2, "little") + image
