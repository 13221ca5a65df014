"""Entries as tills make them, for measuring and for packing: names, meters and amounts drawn from a seed."""

import random
from datetime import UTC, datetime, timedelta
from typing import Any

from meterpos.ledger.journal import canonical

NAMES = (
    "Grace Achieng Akinyi Otieno Wanjiku Kamau Njoroge Mwangi Odhiambo Ouma Atieno Moraa Nyaboke Kiprono Chebet "
    "Kipchoge Wafula Nekesa Barasa Mutua Mwende Kioko Juma Halima Abdi Hassan Fatuma Omar Onyango Okoth Adhiambo "
    "Awuor Anyango Ochieng Owino Wambui Nyambura Muthoni Karanja Kariuki"
).split()
PLACES = "Kondele Rd|Oginga Odinga St|Milimani|Nyalenda B|Manyatta|Obunga|Mamboleo|Migosi|Lolwe|Dunga Beach".split("|")
BUILDINGS = ["House", "Shop", "Kiosk", "Flat 2", "Borehole", "Stall 14"]
SIGNS = "ABCDEFGHJKLMNPQRSTUVWXYZ0123456789"


def tenders(count: int, *, seed: int = 5) -> list[bytes]:
    """Return so many tenders of one shift, with everything their papers say."""
    dice = random.Random(seed)
    at = datetime(2026, 11, 20, 6, 0, tzinfo=UTC)
    made = []
    for number in range(count):
        at += timedelta(milliseconds=int(dice.expovariate(1 / 90_000)) + 15_000)
        made.append(canonical(_content(dice, number, at)))
    return made


def _content(dice: random.Random, number: int, at: datetime) -> dict[str, Any]:
    return {
        "schema": 1,
        "kind": "tender",
        "at": at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "business_date": "2026-11-20",
        "shift": 214,
        "clerk": "achieng",
        "body": _body(dice, number, at),
    }


def _body(dice: random.Random, number: int, at: datetime) -> dict[str, Any]:
    lines, amount, credit = _lines(dice)
    method = dice.choice(["cash", "cash", "cash", "mpesa"])
    cash = method == "cash"
    tendered = -(-amount // 100_000) * 100_000 if cash and dice.random() < 0.8 else None
    return {
        "tender_id": f"{dice.getrandbits(128):032x}",
        "number": f"KSM01-B7K-{123 + number:06d}",
        "template": 1,
        "language": dice.choice(["en", "en", "sw"]),
        "currency": "KES",
        "training": False,
        "head": ["LAKE WATER COMPANY", "Kisumu  0800 720 111  lakewater.example"],
        "foot": ["Asante. Thank you."],
        "till": "KSM01",
        "till_title": "KSM01 Kisumu Market",
        "clerk_name": "Achieng O.",
        "local_time": (at + timedelta(hours=3)).strftime("%H:%M"),
        "known": {
            "generation": 1,
            "position": 8812,
            "as_of": "2026-11-20T06:14:02.000Z",
            "as_of_local": "2026-11-20T09:14",
        },
        "customer": {"no": f"AC-{dice.randrange(10_000, 30_000)}", "name": " ".join(dice.sample(NAMES, 3))},
        "legs": [
            {
                "method": method,
                "amount": amount,
                "reference": None if cash else "S" + "".join(dice.choices(SIGNS, k=9)),
                "counts": True,
                "unconfirmed": not cash,
            }
        ],
        "parts": [_part(dice, amount, lines, credit)],
        "tendered": tendered,
        "change": 0 if tendered is None else tendered - amount,
        "sms_to": f"07{dice.randrange(10**8):08d}" if dice.random() < 0.5 else None,
    }


def _lines(dice: random.Random) -> tuple[list[dict[str, Any]], int, int]:
    lines: list[dict[str, Any]] = [
        {
            "to": f"INV-2026-{dice.randrange(1, 99_999):05d}",
            "kind": "invoice",
            "date": f"2026-{month:02d}-10",
            "amount": dice.randrange(200, 6_000) * dice.choice([100, 50, 100]),
            "left": 0,
        }
        for month in range(12 - dice.choice([1, 1, 1, 2, 3]), 12)
    ]
    amount = sum(line["amount"] for line in lines)
    if dice.random() < 0.5:
        rounded = -(-amount // 50_000) * 50_000
        return lines, rounded, rounded - amount
    cut = dice.randrange(100, 5_000) // 100 * 100
    lines[-1]["amount"] -= cut
    lines[-1]["left"] = cut
    return lines, amount - cut, 0


def _part(dice: random.Random, amount: int, lines: list[dict[str, Any]], credit: int) -> dict[str, Any]:
    return {
        "account": f"A{dice.randrange(1, 40_000):05d}",
        "meter": f"MTR-{dice.randrange(1, 40_000):05d}",
        "utility": dice.choice(["water", "water", "power"]),
        "place": f"{dice.choice(BUILDINGS)}, {dice.choice(PLACES)}",
        "invoice": None,
        "invoice_known": True,
        "amount": amount,
        "lines": lines,
        "credit": credit,
        "balance_after": sum(line["left"] for line in lines),
        "credit_after": credit,
        "suspense": None,
    }
