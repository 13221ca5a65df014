"""One act of paying: how its legs fill its parts, what the change is, and what a reference should look like."""

import re
import unicodedata
from collections.abc import Sequence
from typing import Final, Literal, NamedTuple

from meterpos.errors import UserError
from meterpos.ledger.money import format_amount

Method = Literal["cash", "mpesa", "bank", "cheque"]
METHODS: Final[tuple[Method, ...]] = ("cash", "mpesa", "bank", "cheque")
REFERENCE_NAMES: Final[dict[str, str]] = {
    "mpesa": "M-Pesa code",
    "bank": "bank slip or transfer number",
    "cheque": "cheque number",
}
REFERENCE_MAX: Final = 64

_SHAPES: Final[dict[str, tuple[re.Pattern[str], str]]] = {
    "mpesa": (
        re.compile(r"[A-Z0-9]{10}", re.ASCII),
        "An M-Pesa code has 10 letters and digits, for example SKJ3XY71AB; {reference} has {length}. "
        "Compare it with the customer's message.",
    ),
    "bank": (
        re.compile(r"(?=.*\d).{4,}"),
        "A bank slip or transfer number has at least 4 characters, a digit among them; this is {reference}. "
        "Compare it with the slip.",
    ),
    "cheque": (
        re.compile(r"(?=.*\d).{3,}"),
        "A cheque number has at least 3 characters, a digit among them; this is {reference}. "
        "Compare it with the cheque.",
    ),
}


class TenderDoesNotAdd(UserError):
    """What is paid in and what it is paid for differ, or an amount is not above zero."""


class TooLittleCash(UserError):
    """The cash received is less than the cash to be paid."""


class ReferenceMissing(UserError):
    """The method needs a reference and none was given, or it is unusable."""


class Cell(NamedTuple):
    """One payment: what one leg gives to one part, both counted from 0."""

    leg: int
    part: int
    amount_minor: int


def cells(legs_minor: Sequence[int], parts_minor: Sequence[int]) -> tuple[Cell, ...]:
    """Fill the parts from the legs in the order in which both are listed; cell n is the tender's fact n.

    Raises: TenderDoesNotAdd when the sums differ or an amount is not above zero.
    """
    check_sums(legs_minor, parts_minor)
    if len(legs_minor) == len(parts_minor) == 1:
        return (Cell(0, 0, legs_minor[0]),)
    filled = []
    leg = part = 0
    leg_left, part_left = legs_minor[0], parts_minor[0]
    while True:
        amount_minor = min(leg_left, part_left)
        filled.append(Cell(leg, part, amount_minor))
        leg_left -= amount_minor
        part_left -= amount_minor
        if not leg_left and not part_left and leg + 1 == len(legs_minor):
            return tuple(filled)
        if not leg_left:
            leg += 1
            leg_left = legs_minor[leg]
        if not part_left:
            part += 1
            part_left = parts_minor[part]


def check_sums(legs_minor: Sequence[int], parts_minor: Sequence[int]) -> None:
    """Check that what is paid in is what it is paid for, to the cent.

    Raises: TenderDoesNotAdd with both sums and their difference.
    """
    if not legs_minor or not parts_minor:
        raise TenderDoesNotAdd("A payment needs a meter and a method. Choose both.", field="amount")
    if min(*legs_minor, *parts_minor) <= 0:
        raise TenderDoesNotAdd("Every amount of a payment is above zero. Correct or remove the others.", field="amount")
    paid_minor, due_minor = sum(legs_minor), sum(parts_minor)
    if paid_minor != due_minor:
        more = "too much" if paid_minor > due_minor else "missing"
        raise TenderDoesNotAdd(
            f"The methods add up to {format_amount(paid_minor)} and the meters to {format_amount(due_minor)}: "
            f"{format_amount(abs(paid_minor - due_minor))} {more}. Make them equal.",
            field="amount",
        )


def change_minor(*, cash_minor: int, tendered_minor: int | None) -> int:
    """Return the change for the cash part of a tender; no cash received named means it was exact.

    Raises: TooLittleCash when less was received than is to be paid in cash.
    """
    if tendered_minor is None:
        return 0
    if tendered_minor < cash_minor:
        raise TooLittleCash(
            f"Cash received {format_amount(tendered_minor)}, to pay {format_amount(cash_minor)}: "
            f"{format_amount(cash_minor - tendered_minor)} missing. Ask for the rest or lower the amount.",
            field="tendered",
        )
    return tendered_minor - cash_minor


def normalise_reference(text: str) -> str:
    """Write a reference the one way it is kept and compared: upper case, no spaces, no dashes."""
    folded = unicodedata.normalize("NFKC", text).upper()
    return "".join(letter for letter in folded if not letter.isspace() and unicodedata.category(letter) not in _DROPPED)


_DROPPED: Final = frozenset({"Pd", "Cc", "Cf", "Cs"})  # dashes of every kind; what cannot be seen


def required_reference(method: str, text: str | None) -> str | None:
    """Return the normalised reference of a leg, None for cash.

    Raises: ReferenceMissing when a method other than cash has none, or one that no document can carry.
    """
    if method == "cash":
        return None
    reference = normalise_reference(text or "")
    name = REFERENCE_NAMES[method]
    if not reference:
        raise ReferenceMissing(f"Enter the {name}.", field="reference")
    if len(reference) > REFERENCE_MAX:
        raise ReferenceMissing(
            f"The {name} has {len(reference)} characters, {REFERENCE_MAX} at most. Enter it again.", field="reference"
        )
    return reference


def reference_warning(method: str, reference: str) -> str | None:
    """Return a sentence when a normalised reference does not look like one of its method; it is never refused."""
    if method not in _SHAPES:
        return None
    shape, sentence = _SHAPES[method]
    if shape.fullmatch(reference):
        return None
    return sentence.format(reference=reference, length=len(reference))
