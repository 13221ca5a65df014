"""What an invoice says, by name."""

from dataclasses import dataclass
from functools import cache

from meterpos.printing.texts import texts_of


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceLabels:
    """The fixed texts of an invoice in one language; names in braces are filled in by the composer."""

    invoice: str
    invoice_of: str
    made: str
    period: str
    due: str
    customer: str
    account: str
    meter: str
    what: str
    units: str
    one_unit: str
    amount: str
    kinds: dict[str, str]
    reading: str
    estimated: str
    priced: str
    one_priced: str
    standing: str
    minimum: str
    days: str
    charges: str
    this_invoice: str
    brought_forward: str
    to_pay: str
    nothing_to_pay: str
    pay_by: str
    paybill: str
    scan: str


@cache
def invoice_labels_in(language: str) -> InvoiceLabels:
    """Return the texts in ``language`` ("en" or "sw"); any other language reads English."""
    return texts_of(InvoiceLabels, "invoice", language)
