"""Reading papers as their readers do: a scanner for the codes, an eye for the columns."""

import unicodedata

import zxingcpp
from PIL import Image


def read_qr(picture: Image.Image, *, margin: int = 24) -> str | None:
    """Return what a barcode reader finds in the picture; None when it finds no code or several."""
    found = _found(picture, zxingcpp.BarcodeFormat.QRCode, margin)
    return found[0] if len(found) == 1 else None


def read_bars(picture: Image.Image, *, margin: int = 0) -> str | None:
    """Return what a reader of Code 128 finds in the picture, a ``margin`` of paper around it; None as ``read_qr``."""
    found = _found(picture, zxingcpp.BarcodeFormat.Code128, margin)
    return found[0] if len(found) == 1 else None


def _found(picture: Image.Image, kind: zxingcpp.BarcodeFormat, margin: int) -> list[str]:
    sheet = Image.new("L", (picture.width + 2 * margin, picture.height + 2 * margin), 255)
    sheet.paste(picture.convert("L"), (margin, margin))
    return [code.text for code in zxingcpp.read_barcodes(sheet, formats=kind)]


def columns_of(line: str) -> int:
    """Return how many columns a terminal would give this line."""
    wide = sum(unicodedata.east_asian_width(letter) in {"W", "F"} for letter in line)
    marks = sum(unicodedata.category(letter) in {"Mn", "Me"} for letter in line)
    return len(line) + wide - marks
