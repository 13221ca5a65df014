"""Slips of cash that was moved, as a till writes them."""

import functools
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from meterpos.ledger.journal import Approval, Entry
from tests.printing.samples import common, entry_of

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
