"""Reading papers as their readers do: a scanner for the QR, an eye for the columns."""

import unicodedata

import zxingcpp
from PIL import Image


def read_qr(picture: Image.Image, *, margin: int = 24) -> str | None:
    """Return what a barcode reader finds in the picture; None when it finds no code or several."""
    sheet = Image.new("L", (picture.width + 2 * margin, picture.height + 2 * margin), 255)
    sheet.paste(picture.convert("L"), (margin, margin))
    found = zxingcpp.read_barcodes(sheet, formats=zxingcpp.BarcodeFormat.QRCode)
    return found[0].text if len(found) == 1 else None


def columns_of(line: str) -> int:
    """Return how many columns a terminal would give this line."""
    wide = sum(unicodedata.east_asian_width(letter) in {"W", "F"} for letter in line)
    marks = sum(unicodedata.category(letter) in {"Mn", "Me"} for letter in line)
    return len(line) + wide - marks
