"""Money: whole minor units (KES 1.00 = 100). Parsing, formatting and rounding live only here."""

import re
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from meterpos.errors import UserError

AMOUNT_MAX: Final = 999_999_999_999_99
"""The largest amount a person may enter, in minor units: enough for a dam, small enough for 64 bits."""

_AMOUNT: Final = re.compile(r"(?P<sign>[+-]?)(?P<whole>\d+)(?:\.(?P<cents>\d{1,2}))?", re.ASCII)
_GROUPED: Final = re.compile(r"[+-]?\d{1,3}(?:,\d{3})+(?:\.\d{1,2})?", re.ASCII)


class AmountError(UserError):
    """The text is not an amount of money."""


def parse_amount(text: str, *, field: str | None = "amount", signed: bool = False) -> int:
    """Return the minor units that ``text`` says: ``"2,500.5"`` is 250050.

    Thousands may be grouped by commas in threes; a sign is taken only where ``signed``.

    Raises: AmountError when the text is anything else, names more than two decimals, or is out of range.
    """
    stripped = text.strip()
    if not stripped:
        raise AmountError("Enter an amount, for example 2500 or 2,500.50.", field=field)
    plain = stripped.replace(",", "") if _GROUPED.fullmatch(stripped) else stripped
    match = _AMOUNT.fullmatch(plain)
    if match is None:
        raise AmountError(
            f"'{stripped[:40]}' is not an amount. Use digits and at most two decimals, for example 2500.50.",
            field=field,
        )
    if match["sign"] and not signed:
        raise AmountError("An amount has no sign here. Enter it as a plain number.", field=field)
    minor = int(match["whole"][:20]) * 100 + int((match["cents"] or "").ljust(2, "0"))
    if len(match["whole"].lstrip("0")) > 12 or minor > AMOUNT_MAX:
        raise AmountError(
            f"'{stripped[:40]}' is more than {format_amount(AMOUNT_MAX)}. Check the amount.",
            field=field,
        )
    return -minor if match["sign"] == "-" else minor


def round_minor(minor: Decimal) -> int:
    """Return the whole minor units nearest to a number of them; a half goes away from zero."""
    return int(minor.to_integral_value(ROUND_HALF_UP))


def format_amount(minor: int) -> str:
    """Return ``minor`` as people read it: ``250000`` is ``"2,500.00"``."""
    sign = "-" if minor < 0 else ""
    whole, cents = divmod(abs(minor), 100)
    return f"{sign}{whole:,}.{cents:02d}"


def format_decimal(minor: int) -> str:
    """Return ``minor`` as a decimal string for CSV: ``250000`` is ``"2500.00"``."""
    sign = "-" if minor < 0 else ""
    whole, cents = divmod(abs(minor), 100)
    return f"{sign}{whole}.{cents:02d}"


def format_money(minor: int, *, currency: str = "KES") -> str:
    """Return ``minor`` with its currency: ``"KES 2,500.00"``."""
    return f"{currency} {format_amount(minor)}"
