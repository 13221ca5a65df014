"""Slips of cash that was moved, and reports of shifts in which it was, as a till writes them."""

import functools
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from meterpos.ledger.journal import Approval, Entry
from tests.printing.samples import common, entry_of, shift_body, shift_report

MOVED: dict[str, dict[str, Any]] = {
    "shift-drop": {"kind": "drop", "amount": 5_000_000},
    "shift-payout": {"kind": "payout", "amount": 35_000, "reason": "Drinking water for the people who wait"},
    "shift-banking": {"kind": "banking", "amount": 12_000_000, "slip": "EQTY-2026-0099812"},
    "shift-handover": {
        "kind": "handover",
        "amount": 3_490_000,
        "held": 3_500_000,
        "difference": -10_000,
        "to": "wafula",
        "to_name": "Wafula K.",
    },
    "shift-handover-counted": {
        "kind": "handover",
        "amount": 3_490_000,
        "held": 3_500_000,
        "difference": -10_000,
        "to": "wafula",
        "to_name": "Wafula K.",
        "count": [
            {"denomination": denomination, "count": count}
            for denomination, count in ((100_000, 34), (50_000, 1), (20_000, 2), (10_000, 0))
        ],
        "earlier_counts": [3_480_000],
    },
}


def cash_slip(name: str, language: str = "en") -> Entry:
    """Return the entry of one slip by its name."""
    body = common(language) | {
        "number": "KSM01-B7K-C00031",
        "local_time": "13:02",
        "movement_id": "0" * 32,
        "held": 8_650_000,
        "difference": 0,
        "slip": None,
        "reason": "",
        "to": None,
        "to_name": None,
    }
    approval = Approval(by="otieno", how="pin", nonce="00") if name == "shift-payout" else None
    at = datetime(2026, 11, 20, 10, 2, tzinfo=UTC)
    return entry_of("cash_movement", body | MOVED[name], at=at, approval=approval)


CASH_SLIPS: dict[str, Callable[[str], Entry]] = {name: functools.partial(cash_slip, name) for name in MOVED}


MOVEMENTS = [
    {"kind": "drop", "number": "KSM01-B7K-C00030", "amount": 3_000_000, "slip": None, "to": None},
    {"kind": "drop", "number": "KSM01-B7K-C00031", "amount": 4_000_000, "slip": None, "to": None},
    {"kind": "payout", "number": "KSM01-B7K-C00032", "amount": 35_000, "slip": None, "to": None},
    {"kind": "handover", "number": "KSM01-B7K-C00033", "amount": 900_000, "slip": None, "to": "wafula"},
    {"kind": "banking", "number": "KSM01-B7K-C00034", "amount": 7_000_000, "slip": "EQTY-2026-0099812", "to": None},
]
COUNT = [(100_000, 12), (50_000, 7), (20_000, 2), (10_000, 0), (2_000, 1), (50, 40)]


def full_report(language: str = "en") -> Entry:
    """Return the report of a shift in which everything happened that may."""
    counted = sum(denomination * count for denomination, count in COUNT)
    return shift_report(
        language,
        movements=MOVEMENTS,
        recounted=-1_000,
        drawer_openings=2,
        abandoned=3,
        expected=1_614_000,
        counted=counted,
        difference=counted - 1_614_000,
        count=[{"denomination": denomination, "count": count} for denomination, count in COUNT],
        earlier_counts=[1_544_000],
    )


def report_so_far(language: str = "en") -> Entry:
    """Return the X report: nothing is counted yet."""
    body = shift_body(language, movements=MOVEMENTS[:1], expected=5_650_000, number="KSM01-B7K-X00214")
    for name in ("count", "counted", "difference"):
        del body[name]
    return entry_of("shift_report", body, at=datetime(2026, 11, 20, 14, 32, tzinfo=UTC))


REPORTS: dict[str, Callable[[str], Entry]] = {"shift-full": full_report, "shift-so-far": report_so_far}
