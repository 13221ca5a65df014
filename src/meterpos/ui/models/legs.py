"""How a payment is paid, without widgets: one method for all of it, or several legs that add up to it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from meterpos.errors import UserError
from meterpos.ledger.money import format_amount, parse_amount
from meterpos.ledger.rules.tenders import TooLittleCash, change_minor, normalise_reference, reference_warning
from meterpos.ui import words

Used = Mapping[tuple[str, str], str]


@dataclass(frozen=True, slots=True)
class Leg:
    """One method. `amount_text` as typed; empty takes what the others leave."""

    method: str = "cash"
    amount_text: str = ""
    reference: str = ""

    @property
    def typed_minor(self) -> int | None:
        """The amount as typed, None while empty or unreadable."""
        return read_amount(self.amount_text)


def read_amount(text: str) -> int | None:
    """Return the money in a text, None where there is none or it cannot be read."""
    try:
        return parse_amount(text) if text.strip() else None
    except UserError:
        return None


def amounts(legs: Sequence[Leg], total_minor: int) -> tuple[int, ...]:
    """Return what each leg pays: the first without an amount takes the rest of the total, never less than nothing."""
    typed = [leg.typed_minor for leg in legs]
    rest_minor = max(total_minor - sum(amount or 0 for amount in typed), 0)
    found = []
    for leg, amount in zip(legs, typed, strict=True):
        if leg.amount_text.strip():
            found.append(amount or 0)
        else:
            found.append(rest_minor)
            rest_minor = 0
    return tuple(found)


def left_minor(legs: Sequence[Leg], total_minor: int) -> int:
    """Return what no leg pays yet; below zero where they pay too much."""
    return total_minor - sum(amounts(legs, total_minor))


def cash_minor(legs: Sequence[Leg], total_minor: int) -> int:
    """Return what is paid in cash."""
    paid = zip(legs, amounts(legs, total_minor), strict=True)
    return sum(amount for leg, amount in paid if leg.method == "cash")


def change(legs: Sequence[Leg], total_minor: int, received_text: str) -> int | None:
    """Return the change to give, None where there is no cash or while it cannot be told."""
    if all(leg.method != "cash" for leg in legs):
        return None
    if not received_text.strip():
        return 0
    received = read_amount(received_text)
    cash = cash_minor(legs, total_minor)
    return None if received is None or received < cash else received - cash


def problems(legs: Sequence[Leg], total_minor: int, received_text: str) -> dict[str, str]:
    """Return a sentence for each field that is wrong: leg:N, reference:N (reference where there is one leg), tendered.

    `split` is what concerns their sum.
    """
    found: dict[str, str] = {}
    for number, (leg, amount) in enumerate(zip(legs, amounts(legs, total_minor), strict=True)):
        if leg.amount_text.strip() and leg.typed_minor is None:
            found[f"leg:{number}"] = words.say("wrong.amount", text=leg.amount_text.strip()[:24])
        elif total_minor and not amount:
            found[f"leg:{number}"] = words.say("wrong.empty_leg")
        if leg.method != "cash" and not normalise_reference(leg.reference):
            name = "reference" if len(legs) == 1 else f"reference:{number}"
            found[name] = words.say(f"wrong.no_reference.{leg.method}")
    left = left_minor(legs, total_minor)
    if left and not any(name.startswith("leg:") for name in found):
        key = "wrong.split_short" if left > 0 else "wrong.split_over"
        found["split"] = words.say(key, amount=format_amount(abs(left)))
    return found | _cash_problems(legs, total_minor, received_text)


def _cash_problems(legs: Sequence[Leg], total_minor: int, received_text: str) -> dict[str, str]:
    cash = cash_minor(legs, total_minor)
    if not received_text.strip() or all(leg.method != "cash" for leg in legs):
        return {}
    try:
        change_minor(cash_minor=cash, tendered_minor=parse_amount(received_text))
    except TooLittleCash:
        missing = cash - (read_amount(received_text) or 0)
        return {"tendered": words.say("wrong.too_little", amount=format_amount(missing))}
    except UserError:
        return {"tendered": words.say("wrong.amount", text=received_text.strip()[:24])}
    return {}


def doubt(leg: Leg, used: Used) -> str:
    """Return a sentence when the reference was used before or does not look like one of its method.

    The shape stops no payment; `used` has the payment's number by method and reference.
    """
    reference = normalise_reference(leg.reference)
    if (leg.method, reference) in used:
        return words.say("doubt.used", number=used[leg.method, reference])
    if leg.method == "cash" or not reference or reference_warning(leg.method, reference) is None:
        return ""
    return words.say(f"doubt.{leg.method}", n=len(reference))
