"""What a meter owes, as the pay page asks it: open charges, open invoices, the usual bill. No widgets."""

from collections.abc import Sequence
from datetime import date
from typing import Final

from meterpos.ledger.money import format_amount
from meterpos.ledger.rules.allocation import ChargeState, allocate, spread_oldest_first
from meterpos.ui import words
from meterpos.ui.models.asking import MeterView

USUAL_OF: Final = 6


def latest_invoice_open(view: MeterView) -> int:
    """Return what is open of a meter's latest invoice."""
    invoices = open_invoices(view)
    return invoices[0].open_minor if invoices else 0


def open_invoices(view: MeterView) -> tuple[ChargeState, ...]:
    """Return the invoices of a meter that are still open, the newest first."""
    found = [state for state in view.open if state.charge.kind == "invoice"]
    return tuple(sorted(found, key=lambda state: (state.charge.fact_date, state.charge.number), reverse=True))


def matching(invoices: Sequence[ChargeState], text: str, *, today: date) -> tuple[ChargeState, ...]:
    """Return the invoices whose number, open amount or due date holds every word of a text."""
    wanted = text.casefold().replace(",", "").split()

    def said(state: ChargeState) -> str:
        due = words.day(state.charge.due_date, today=today)
        amount = format_amount(state.open_minor).replace(",", "")
        return f"{state.charge.number} {amount} {due} {state.charge.due_date.isoformat()}".casefold()

    return tuple(state for state in invoices if all(word in said(state) for word in wanted))


def usual_minor(view: MeterView) -> int | None:
    """Return the median of the meter's last six invoices, None without any."""
    invoices = sorted(
        (charge for charge in view.ledger.charges if charge.kind == "invoice"), key=lambda charge: charge.fact_date
    )
    amounts = sorted(charge.amount_minor for charge in invoices[-USUAL_OF:])
    return amounts[(len(amounts) - 1) // 2] if amounts else None


def spread(amount_minor: int, views: Sequence[MeterView]) -> dict[str, int]:
    """Return what each of several meters gets of one amount, the oldest due of all first, by account."""
    states = {view.card.account_no: allocate(view.ledger.charges, view.ledger.credits) for view in views}
    return spread_oldest_first(amount_minor, states)
