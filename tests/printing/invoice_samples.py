"""Invoices to compose papers from, in the shape head office gathers them."""

from collections.abc import Callable
from datetime import date
from typing import Any

from meterpos.printing.invoice import Invoice, InvoicedBill, InvoiceLine, ReadBetween

WATER = InvoicedBill(
    kind="WATER",
    read=ReadBetween(
        from_on=date(2026, 10, 28),
        from_milli=100_000,
        to_on=date(2026, 11, 18),
        to_milli=123_001,
        units_milli=23_001,
        is_estimated=False,
    ),
    lines=(
        InvoiceLine(kind="block", amount_minor=330_00, units_milli=6_000, price="55"),
        InvoiceLine(kind="block", amount_minor=1_015_07, units_milli=14_000, price="72.505"),
        InvoiceLine(kind="block", amount_minor=270_84, units_milli=3_001, price="90.25"),
        InvoiceLine(kind="standing", amount_minor=50_00),
        InvoiceLine(kind="levy", amount_minor=124_94, text="Sewer"),
        InvoiceLine(kind="levy", amount_minor=7_71, text="Regulator"),
        InvoiceLine(kind="levy", amount_minor=5_00, text="Fund"),
    ),
)
ESTIMATED = InvoicedBill(
    kind="WATER",
    read=ReadBetween(
        from_on=date(2026, 10, 29),
        from_milli=0,
        to_on=date(2026, 11, 19),
        to_milli=1_000,
        units_milli=1_000,
        is_estimated=True,
    ),
    lines=(
        InvoiceLine(kind="block", amount_minor=55_00, units_milli=1_000, price="55"),
        InvoiceLine(kind="minimum", amount_minor=245_00),
    ),
)


def invoice(language: str, **changes: Any) -> Invoice:
    """Return an invoice."""
    fields: dict[str, Any] = {
        "number": "INV-000456",
        "made_on": date(2026, 11, 20),
        "due_on": date(2026, 12, 4),
        "period": "2026-11",
        "amount_minor": 2_393_56,
        "forward_minor": 1_000_00,
        "customer_no": "AC-10482",
        "customer_name": "Grace Akinyi Otieno",
        "phone": "0712345678",
        "place": "Kondele",
        "account_no": "A00107",
        "meter_no": "MTR-001",
        "location": "House, Kondele Rd",
        "bills": (
            WATER,
            InvoicedBill(
                kind="RECONNECTION",
                lines=(InvoiceLine(kind="bill", amount_minor=500_00, text="Connected again · JOB-7"),),
            ),
            InvoicedBill(kind="PENALTY", lines=(InvoiceLine(kind="bill", amount_minor=90_00),)),
        ),
        "head": ("LAKE WATER COMPANY", "Kisumu  0800 720 111  lakewater.example"),
        "foot": ("Asante. Thank you.",),
        "currency": "KES",
        "paybill": "522522",
        "language": language,
    }
    return Invoice(**(fields | changes))


POWER = InvoicedBill(
    kind="POWER",
    read=ReadBetween(
        from_on=date(2026, 10, 28),
        from_milli=104_222_750,
        to_on=date(2026, 11, 18),
        to_milli=119_999_999,
        units_milli=15_777_249,
        is_estimated=False,
    ),
    lines=(
        InvoiceLine(kind="block", amount_minor=20_970_00, units_milli=1_000_000, price="20.97"),
        InvoiceLine(kind="block", amount_minor=12_345_678_90, units_milli=14_777_249, price="835.45"),
        InvoiceLine(kind="standing", amount_minor=20_00, days=(12, 30)),
        InvoiceLine(kind="minimum", amount_minor=45_00, days=(12, 30)),
        InvoiceLine(kind="levy", amount_minor=7_77, text="Rural Electrification and Energy Regulatory Commission levy"),
    ),
)
LISTED = tuple(
    InvoicedBill(kind=kind, lines=(InvoiceLine(kind="bill", amount_minor=500_00, text=text),))
    for kind, text in (
        ("RECONNECTION", "Connected again at the third attempt, the gate was locked · JOB-2026-000778/B"),
        ("NEW CONNECTION", "40 m of pipe"),
        ("METER_RENT", ""),
    )
    * 5
)


def long(language: str) -> Invoice:
    """An invoice of more than a page, everything on it as long as it gets."""
    bills = (WATER, POWER, *LISTED)
    return invoice(
        language,
        number="INV-2026-1000456",
        amount_minor=sum(line.amount_minor for bill in bills for line in bill.lines),
        forward_minor=98_765_432_10,
        customer_no="AC-20001-KISUMU-EAST",
        customer_name="Wilhelmina Nasimiyu Wanyonyi-Ochieng’ Makokha wa Nang’ombe",
        place="Nyalenda B, behind the posho mill that was closed in the year of the great flood",
        account_no="A00107-2026",
        meter_no="MTR-KSM-EAST-000123456",
        location="Second shop on the left, Jaramogi Oginga Odinga Street",
        bills=bills,
        head=("LAKE VICTORIA SOUTH WATER AND SANITATION COMPANY", "P.O. Box 3210-40100, Tom Mboya Drive, Milimani"),
        foot=("Complaints: 0800 720 111, day and night, free of charge",),
    )


INVOICES: dict[str, Callable[[str], Invoice]] = {
    "issued": invoice,
    "issued-long": long,
    "issued-held": lambda language: invoice(
        language, amount_minor=300_00, forward_minor=-500_00, bills=(ESTIMATED,), paybill=""
    ),
    "issued-imported": lambda language: invoice(
        language,
        amount_minor=500_00,
        forward_minor=0,
        period=None,
        paybill="",
        phone="",
        place="",
        location="",
        bills=(InvoicedBill(kind="", lines=(InvoiceLine(kind="charges", amount_minor=500_00),)),),
    ),
}
