"""How facts are told on a page: phones, meters' money, lines of a ledger. No widgets."""

import re
from datetime import date
from typing import TYPE_CHECKING, Final

from meterpos.ledger.money import format_amount
from meterpos.ui import words

if TYPE_CHECKING:
    from meterpos.ledger.queries.accounts import Transaction
    from meterpos.ledger.queries.customers import MeterCard

_RECEIPT: Final = re.compile(r"([A-Z0-9]{1,24})-[A-Z0-9]{3}-[0-9]{6,}", re.ASCII)


def phone(text: str) -> str:
    """Return a Kenyan phone number in groups, "0712 345 678"; anything else as it is."""
    local = re.sub(r"^\+?254", "0", re.sub(r"[\s-]", "", text))
    return f"{local[:4]} {local[4:7]} {local[7:]}" if re.fullmatch(r"0\d{9}", local) else text


def meter_money(card: "MeterCard", currency: str) -> tuple[str, str]:
    """Return what a meter owes or holds and the token of its colour."""
    if card.balance_minor:
        tone = "danger" if card.days_overdue > 0 else "ink"
        return f"{currency} {format_amount(card.balance_minor)}", tone
    if card.overpayment_minor:
        return words.say("money.credit", amount=format_amount(card.overpayment_minor)), "action"
    return words.say("money.clear"), "muted"


def meter_more(card: "MeterCard", today: date) -> str:
    """Return the line under a meter's money: its invoice and due date, or how many are open and how late."""
    if card.days_overdue > 0:
        late = words.say("pay.days_overdue", n=card.days_overdue)
        return f"{words.say('pay.open', n=card.open_invoices)} · {late}"
    if card.balance_minor and card.latest_invoice_no:
        due = (
            words.say("pay.due", day=words.day(card.latest_invoice_due, today=today)) if card.latest_invoice_due else ""
        )
        return " · ".join(part for part in (card.latest_invoice_no, due) if part)
    if card.balance_minor:
        return words.say("pay.open", n=card.open_invoices)
    return words.say("pay.no_open_invoice")


def transaction(line: "Transaction") -> tuple[str, str, str]:
    """Return a transaction's description, its signed amount and the token of its colour."""
    what = words.say(f"kind.{line.kind}")
    if line.kind in ("payment", "reversal") and line.method:
        detail = " ".join(part for part in (words.say(f"method.{line.method}"), line.reference or line.number) if part)
        what = f"{what} · {detail}"
    elif line.number:
        what = f"{what} {line.number}"
    if line.reversed:
        what = f"{what} · {words.say('kind.reversed')}"
    elif not line.counts:
        what = f"{what} · {words.say('kind.pending')}"
    sign = "+" if line.amount_minor >= 0 else "−"
    tone = "ink" if line.amount_minor >= 0 else "action"
    return what, f"{sign}{format_amount(abs(line.amount_minor))}", tone


def done_by(line: "Transaction") -> str:
    """Return who took a payment, or took it back; empty for what is no clerk's doing."""
    return taken_by(line.clerk_name, line.number) if line.kind in ("payment", "reversal") else ""


def taken_by(clerk_name: str, number: str) -> str:
    """Return who took the money of a receipt: where that was not told the till in its number, empty for nobody."""
    if clerk_name:
        return clerk_name
    till = taken_at(number)
    return words.say("plans.elsewhere", till=till) if till else ""


def taken_at(number: str) -> str:
    """Return the till in a receipt's number, empty where it is no till's: money by paybill, from the books before."""
    found = _RECEIPT.fullmatch(number)
    return found[1] if found is not None else ""


def place(utility: str, location: str) -> str:
    """Return where a meter stands, or what it measures when nobody wrote that down."""
    return location or words.say(f"utility.{utility}")
