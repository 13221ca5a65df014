"""Entries to compose papers from: canonical bytes in the shape a till writes, one for every kind of paper."""

import copy
from datetime import UTC, date, datetime
from typing import Any

from meterpos.ledger.journal import FIRST_PREV, Approval, Entry, content_bytes, make_entry

STREAM = bytes(range(16))
SEAL = "MP1" + "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567" * 7 + "AB3"
"""As long as a real seal (about 230 characters), of the same letters."""

AT = datetime(2026, 11, 20, 6, 41, 7, 123_000, tzinfo=UTC)


def entry_of(
    kind: str,
    body: dict[str, Any],
    *,
    at: datetime = AT,
    business_date: date = date(2026, 11, 20),
    shift: int | None = 214,
    approval: Approval | None = None,
) -> Entry:
    """Return the entry with this body as the till would have stored it."""
    data = content_bytes(
        kind=kind,
        at=at,
        business_date=business_date,
        shift=shift,
        clerk="achieng",
        body=body,
        approval=approval,
    )
    return make_entry(stream=STREAM, seq=1202, prev=FIRST_PREV, data=data)


def common(language: str = "en") -> dict[str, Any]:
    """Return what every paper's body holds."""
    return {
        "number": "KSM01-B7K-000123",
        "template": 1,
        "language": language,
        "currency": "KES",
        "training": False,
        "head": ["LAKE WATER COMPANY", "Kisumu  0800 720 111  lakewater.example"],
        "foot": ["Asante. Thank you."],
        "till": "KSM01",
        "till_title": "KSM01 Kisumu Market",
        "clerk_name": "Achieng O.",
        "local_time": "09:41",
    }


def invoice_line(number: str, *, amount: int, left: int = 0, day: str = "2026-11-10") -> dict[str, Any]:
    """Return what one invoice lost by a payment."""
    return {"to": number, "kind": "invoice", "date": day, "amount": amount, "left": left}


def part_of(meter: str | None = "MTR-001", *, amount: int = 250_000, **changes: Any) -> dict[str, Any]:
    """Return a part of a tender; all of it goes to one invoice unless said otherwise."""
    return {
        "account": f"A-{meter}",
        "meter": meter,
        "utility": "water",
        "place": "House, Kondele Rd",
        "invoice": None,
        "invoice_known": True,
        "amount": amount,
        "lines": [invoice_line("INV-2026-00456", amount=amount)],
        "credit": 0,
        "balance_after": 0,
        "credit_after": 0,
        "suspense": None,
    } | changes


def leg_of(method: str = "cash", *, amount: int = 250_000, **changes: Any) -> dict[str, Any]:
    """Return a leg of a tender."""
    return {
        "method": method,
        "amount": amount,
        "reference": None,
        "counts": True,
        "unconfirmed": False,
    } | changes


def tender_body(language: str = "en", **changes: Any) -> dict[str, Any]:
    """Return the tender of the design's receipt: 2,500.00 in cash on one meter, a little of it credit."""
    return (
        common(language)
        | {
            "tender_id": "0" * 32,
            "known": {
                "generation": 1,
                "position": 8812,
                "as_of": "2026-11-20T06:14:02.000Z",
                "as_of_local": "2026-11-20T09:14",
            },
            "customer": {"no": "AC-10482", "name": "Grace Akinyi Otieno"},
            "legs": [leg_of()],
            "parts": [
                part_of(
                    lines=[invoice_line("INV-2026-00456", amount=230_000)],
                    credit=20_000,
                    credit_after=20_000,
                )
            ],
            "tendered": 300_000,
            "change": 50_000,
            "sms_to": None,
        }
        | changes
    )


def tender(language: str = "en", **changes: Any) -> Entry:
    """Return the entry of ``tender_body`` with ``changes``."""
    return entry_of("tender", copy.deepcopy(tender_body(language, **changes)))


def mpesa(amount: int = 250_000, **changes: Any) -> dict[str, Any]:
    return leg_of("mpesa", amount=amount, reference="SKL4XYZ123", unconfirmed=True, **changes)


def several_parts(language: str = "en") -> Entry:
    return tender(
        language,
        legs=[leg_of(amount=495_000)],
        parts=[
            part_of(
                lines=[
                    {"to": "A00001", "kind": "opening", "date": "2025-12-31", "amount": 70_000, "left": 0},
                    invoice_line("INV-2026-00391", amount=160_000, day="2026-10-10"),
                    invoice_line("INV-2026-00456", amount=20_000, left=210_000),
                ],
                balance_after=210_000,
            ),
            part_of(
                "MTR-002",
                amount=165_000,
                utility="power",
                place="Shop 14, Oginga Odinga Street",
                lines=[invoice_line("INV-2026-00457", amount=120_000)],
                credit=45_000,
                credit_after=45_000,
            ),
            part_of("MTR-077", amount=80_000, place=None, lines=[], credit=80_000, credit_after=95_000),
        ],
        tendered=500_000,
        change=5_000,
        sms_to="0712345678",
    )


def reconnection(language: str = "en") -> Entry:
    """A payment that cleared what two disconnected meters owed, and a third that is not."""
    serial = {"serial": "KE-2019-0081177", "owed": 230_000}
    return tender(
        language,
        legs=[leg_of(amount=460_000)],
        parts=[
            part_of(amount=230_000, reconnect=serial),
            part_of(
                "MTR-2026-000452", amount=130_000, place="", utility="power", reconnect={"serial": "", "owed": 130_000}
            ),
            part_of("MTR-078", amount=100_000, place="Rental, Migosi"),
        ],
        tendered=None,
        change=0,
    )


def several_legs(language: str = "en") -> Entry:
    return tender(
        language,
        legs=[
            leg_of(amount=100_000),
            mpesa(amount=130_000),
            leg_of("bank", amount=20_000, reference="KCB 20-11 0081", unconfirmed=True),
        ],
        tendered=100_000,
        change=0,
    )


def unknown_meter(language: str = "en") -> Entry:
    return tender(
        language,
        customer=None,
        legs=[leg_of(amount=50_000)],
        parts=[
            part_of(
                None,
                amount=50_000,
                utility=None,
                place=None,
                lines=[],
                suspense={"meter_no": "WM-88-7719", "name": "Otieno Ouma", "phone": "0722000111"},
            )
        ],
        tendered=None,
        change=0,
    )


def known_and_unknown_meter(language: str = "en") -> Entry:
    unknown = unknown_meter(language).content.body["parts"][0]
    unknown["suspense"]["phone"] = None
    return tender(
        language,
        legs=[mpesa(amount=300_000)],
        parts=[part_of(), unknown],
        tendered=None,
        change=0,
    )


def pending_cheque(language: str = "en") -> Entry:
    return tender(
        language,
        legs=[leg_of("cheque", amount=1_000_000, reference="000451", counts=False)],
        parts=[part_of(amount=1_000_000, lines=[], balance_after=230_000)],
        tendered=None,
        change=0,
    )


def mpesa_unconfirmed(language: str = "en") -> Entry:
    return tender(language, legs=[mpesa()], tendered=None, change=0, sms_to="0712345678")


def advance(language: str = "en") -> Entry:
    return tender(
        language,
        parts=[part_of(lines=[], credit=250_000, credit_after=250_000)],
        tendered=250_000,
        change=0,
    )


def invoice_to_come(language: str = "en") -> Entry:
    return tender(
        language,
        parts=[
            part_of(
                invoice="INV-2026-00512",
                invoice_known=False,
                lines=[],
                credit=250_000,
                credit_after=250_000,
            )
        ],
    )


def never_synced(language: str = "en") -> Entry:
    known = {"generation": 0, "position": 0, "as_of": None, "as_of_local": None}
    return tender(language, known=known, customer=None)


def long_names(language: str = "en") -> Entry:
    return tender(
        language,
        head=["KISUMU AND NYANZA REGIONAL WATER AND SANITATION COMPANY", "Customer care 0800 720 111"],
        customer={
            "no": "AC-10482",
            "name": "Ng'ang'a Wambũi-Mũthoni Ochieng' and Daughters Hardware & General Supplies Ltd",
        },
        till_title="KSM01 Kisumu Municipal Market, Gate B",
        clerk_name="Bénédicte Nyirahabimana-Uwase",
        legs=[leg_of("bank", amount=123_456_789_05, reference="RTGS-2026-11-20-0000817253-KCBLKENX")],
        parts=[
            part_of(
                "MTR-2026-000000000001",
                amount=123_456_789_05,
                place="Plot 1187/14, behind the Good Shepherd Primary School, Nyalenda B",
                lines=[
                    invoice_line("INV-2026-00456-SUPPLEMENTARY", amount=23_456_789_05, day="2025-11-10"),
                    {"to": "ADJ-7", "kind": "adjustment", "date": "2026-11-12", "amount": 100_000_000_00, "left": 5},
                ],
            )
        ],
        tendered=None,
        change=0,
        sms_to="+254 712 345 678",
    )


def other_scripts(language: str = "en") -> Entry:
    return tender(
        language,
        customer={"no": "AC-20011", "name": "王小明 Wáng Xiǎomíng"},
        parts=[part_of(place="شارع الميناء القديم"), part_of("MTR-009", place="አዲስ አበባ መንገድ")],
        legs=[leg_of(amount=500_000)],
        tendered=500_000,
        change=0,
    )


def after_midnight(language: str = "en") -> Entry:
    body = tender_body(language, local_time="00:20")
    return entry_of("tender", body, at=datetime(2026, 11, 20, 21, 20, tzinfo=UTC), business_date=date(2026, 11, 20))


def training(language: str = "en") -> Entry:
    return tender(language, training=True)


def reversal_body(language: str = "en", **changes: Any) -> dict[str, Any]:
    tendered = tender_body(language)
    return (
        common(language)
        | {
            "tender_id": "1" * 32,
            "number": "KSM01-B7K-000124",
            "local_time": "09:58",
            "of": {
                "number": "KSM01-B7K-000123",
                "entry": "A" * 22,
                "at": "2026-11-20T06:41:07.123Z",
            },
            "reason": "Paid on the wrong meter: the customer meant MTR-010",
            "known": tendered["known"],
            "customer": tendered["customer"],
            "refund": [{"leg": 0, "method": "cash", "how": "cash", "amount": 250_000}],
            "parts": [
                {
                    "account": "A00001",
                    "meter": "MTR-001",
                    "utility": "water",
                    "place": "House, Kondele Rd",
                    "amount": 250_000,
                    "balance_after": 230_000,
                    "credit_after": 0,
                }
            ],
            "total": 250_000,
        }
        | changes
    )


def reversal(language: str = "en", *, how: str = "pin", **changes: Any) -> Entry:
    return entry_of(
        "reversal",
        copy.deepcopy(reversal_body(language, **changes)),
        at=datetime(2026, 11, 20, 6, 58, tzinfo=UTC),
        approval=Approval(by="Otieno J.", how=how, nonce="00"),
    )


def reversal_of_several(language: str = "en") -> Entry:
    parts = reversal_body(language)["parts"]
    return reversal(
        language,
        how="code",
        refund=[
            {"leg": 0, "method": "cash", "how": "none", "amount": 100_000},
            {"leg": 1, "method": "mpesa", "how": "cash", "amount": 100_000},
            {"leg": 2, "method": "bank", "how": "none", "amount": 215_050},
        ],
        parts=[
            parts[0],
            parts[0] | {"meter": "MTR-002", "utility": "power", "place": None, "amount": 165_050},
        ],
        total=415_050,
    )


def shift_body(language: str = "en", **changes: Any) -> dict[str, Any]:
    return (
        common(language)
        | {
            "number": "KSM01-B7K-000164",
            "local_time": "17:32",
            "opened_local": "2026-11-20T07:58",
            "shift": 214,
            "float": 500_000,
            "cash_taken": 8_250_000,
            "cash_refunded": 100_000,
            "expected": 8_650_000,
            "recounted": 0,
            "movements": [],
            "drawer_openings": 0,
            "count": [],
            "counted": 8_600_000,
            "difference": -50_000,
            "totals": [
                {"method": "cash", "count": 31, "amount": 8_250_000},
                {"method": "mpesa", "count": 9, "amount": 2_140_050},
                {"method": "cheque", "count": 1, "amount": 1_000_000},
            ],
            "reversals": {"count": 1, "amount": 100_000},
            "receipts": {"count": 41, "first": "KSM01-B7K-000123", "last": "KSM01-B7K-000163"},
            "reprints": 3,
            "grand_total": 123_456_789,
            "chain_head": "4fRk0aZq-Lw_7Yt2pQxN9A",
            "waiting": {"count": 3, "amount": 415_000},
            "through_seq": 1199,
        }
        | changes
    )


def shift_report(language: str = "en", **changes: Any) -> Entry:
    body = copy.deepcopy(shift_body(language, **changes))
    return entry_of("shift_closed", body, at=datetime(2026, 11, 20, 14, 32, tzinfo=UTC))


def quiet_shift(language: str = "en") -> Entry:
    return shift_report(
        language,
        cash_taken=0,
        cash_refunded=0,
        expected=500_000,
        counted=500_000,
        difference=0,
        totals=[],
        reversals={"count": 0, "amount": 0},
        receipts={"count": 0, "first": None, "last": None},
        reprints=0,
        waiting={"count": 0, "amount": 0},
    )


def shift_with_more(language: str = "en") -> Entry:
    return shift_report(language, counted=8_700_000, difference=50_000)


def plan(language: str = "en") -> Entry:
    """Return an instalment on a plan: an account without a meter, and a charge of a kind of its own."""
    return tender(
        language,
        legs=[leg_of("bank", reference="UTR0081", unconfirmed=True)],
        parts=[
            part_of(
                None,
                utility=None,
                place="",
                lines=[{"to": "PL-0042", "kind": "plan", "date": "2026-07-01", "amount": 240_000, "left": 60_000}],
                credit=10_000,
                balance_after=60_000,
                credit_after=10_000,
            )
            | {"account": "PL-0042"}
        ],
        tendered=None,
        change=0,
    )


def instalment(language: str = "en") -> Entry:
    """Return a payment on a plan as tills make it: it says how far the plan is paid."""
    entry = plan(language)
    (part,) = entry.content.body["parts"]
    part |= {
        "lines": [{"to": "PL-0042", "kind": "opening", "date": "2026-07-01", "amount": 250_000, "left": 6_000_000}],
        "credit": 0,
        "balance_after": 6_000_000,
        "credit_after": 0,
        "plan": {"capacity_kw": "5", "total": 24_000_000, "paid": 18_000_000, "pending": 6_000_000, "n": 4},
        "paid_on": "2026-11-18",
        "notes": "Paid by her brother in Nairobi",
    }
    return tender(language, legs=entry.content.body["legs"], parts=[part], tendered=None, change=0)


def reversal_of_unknown_meter(language: str = "en") -> Entry:
    """Return the reversal of money that was kept for a meter not known here; nothing was given back."""
    part = unknown_meter(language).content.body["parts"][0]
    kept = ("account", "meter", "utility", "place", "amount", "suspense", "balance_after", "credit_after")
    return reversal(
        language,
        customer=None,
        refund=[{"leg": 0, "method": "cash", "how": "none", "amount": 50_000}],
        parts=[{name: part[name] for name in kept}],
        total=50_000,
    )


def moved_away(language: str = "en") -> Entry:
    """Return the first paper of a correction: what was paid on the wrong meter is taken back."""
    return reversal(
        language,
        reason="wrong meter",
        refund=[{"leg": 0, "method": "cash", "how": "moved", "amount": 250_000}],
        corrected_by={"number": "KSM01-B7K-000125", "meter": "MTR-010"},
    )


def moved_here(language: str = "en") -> Entry:
    """Return the second paper of a correction: the same money on the right meter."""
    return tender(
        language,
        number="KSM01-B7K-000125",
        tendered=None,
        change=0,
        parts=[part_of("MTR-010")],
        corrects={"number": "KSM01-B7K-000123", "reversal": "KSM01-B7K-000124"},
    )


RECEIPTS = {
    "cash": tender,
    "several-parts": several_parts,
    "several-legs": several_legs,
    "unknown-meter": unknown_meter,
    "known-and-unknown-meter": known_and_unknown_meter,
    "pending-cheque": pending_cheque,
    "mpesa-unconfirmed": mpesa_unconfirmed,
    "advance": advance,
    "invoice-to-come": invoice_to_come,
    "never-synced": never_synced,
    "long-names": long_names,
    "other-scripts": other_scripts,
    "after-midnight": after_midnight,
    "training": training,
    "reversal": reversal,
    "reversal-of-several": reversal_of_several,
    "reversal-of-unknown-meter": reversal_of_unknown_meter,
    "plan": plan,
    "plan-instalment": instalment,
    "correction-taken-back": moved_away,
    "correction-paid-again": moved_here,
}
SHIFT_REPORTS = {
    "shift-report": shift_report,
    "shift-quiet": quiet_shift,
    "shift-with-more": shift_with_more,
}
