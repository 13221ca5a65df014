"""Telephone numbers as gateways want them: ``+254712345678``."""

import re
from typing import Final

KENYA: Final = "254"
_DIGITS_LEAST: Final = 10
_DIGITS_MOST: Final = 15


def international(text: str, *, country: str = KENYA) -> str | None:
    """Return a number with its country code, None where ``text`` is no number a message can go to."""
    digits = re.sub(r"[\s\-().]", "", text)
    if digits.startswith("+"):
        digits = digits[1:]
    elif digits.startswith("00"):
        digits = digits[2:]
    elif digits.startswith("0"):
        digits = country + digits[1:]
    elif len(digits) <= 9:
        digits = country + digits
    whole = digits.isascii() and digits.isdigit() and not digits.startswith("0")
    return f"+{digits}" if whole and _DIGITS_LEAST <= len(digits) <= _DIGITS_MOST else None


def masked(phone: str) -> str:
    """Return a number as logs may hold it: ``+2547…678``."""
    return f"{phone[:5]}…{phone[-3:]}"
