"""What an invoice says, in every language."""

from dataclasses import dataclass
from typing import Final


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


_EN: Final = InvoiceLabels(
    invoice="INVOICE",
    invoice_of="Invoice {number} of {whom}",
    made="Date",
    period="Period",
    due="Due",
    customer="Customer",
    account="Account",
    meter="Meter",
    what="What for",
    units="{units} units",
    one_unit="1 unit",
    amount="Amount",
    kinds={
        "WATER": "Water",
        "POWER": "Power",
        "PENALTY": "Late payment",
        "RECONNECTION": "Reconnection",
        "FINAL": "Final bill",
    },
    reading="{date}: {reading}",
    estimated="{date}: {reading} (estimated)",
    priced="{units} units at {price}",
    one_priced="1 unit at {price}",
    standing="Standing charge",
    minimum="Up to the minimum",
    days="{what}, {days} of {of} days",
    charges="Charges",
    this_invoice="This invoice",
    brought_forward="Balance brought forward",
    to_pay="TO PAY",
    nothing_to_pay="Nothing to pay; {amount} is held for you.",
    pay_by="Please pay by {date} at any pay point.",
    paybill="By telephone: paybill {paybill}, account {meter}.",
    scan="The pay point scans this code.",
)
_SW: Final = InvoiceLabels(
    invoice="ANKARA",
    invoice_of="Ankara {number} ya {whom}",
    made="Tarehe",
    period="Kipindi",
    due="Mwisho wa kulipa",
    customer="Mteja",
    account="Akaunti",
    meter="Mita",
    what="Malipo ya",
    units="vipimo {units}",
    one_unit="kipimo 1",
    amount="Kiasi",
    kinds={
        "WATER": "Maji",
        "POWER": "Umeme",
        "PENALTY": "Kuchelewa kulipa",
        "RECONNECTION": "Kuunganishwa tena",
        "FINAL": "Ankara ya mwisho",
    },
    reading="{date}: {reading}",
    estimated="{date}: {reading} (makadirio)",
    priced="Vipimo {units} kwa {price}",
    one_priced="Kipimo 1 kwa {price}",
    standing="Ada ya kudumu",
    minimum="Hadi kiwango cha chini",
    days="{what}, siku {days} kati ya {of}",
    charges="Malipo",
    this_invoice="Ankara hii",
    brought_forward="Salio la awali",
    to_pay="JUMLA",
    nothing_to_pay="Hakuna cha kulipa; tunakuwekea {amount}.",
    pay_by="Tafadhali lipa kabla ya {date} katika kituo chochote cha malipo.",
    paybill="Kwa simu: paybill {paybill}, akaunti {meter}.",
    scan="Kituo cha malipo husoma alama hii.",
)
_ALL: Final = {"en": _EN, "sw": _SW}


def invoice_labels_in(language: str) -> InvoiceLabels:
    """Return the texts in a language; English where there is none."""
    return _ALL.get(language, _EN)
