"""What the utility set at head office, with what holds where it set nothing."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import Connection, select

from meterpos.ledger.tables import settings

COUNTING_POLICY: Final[Mapping[str, str]] = {
    "cash": "final",
    "mpesa": "unconfirmed",
    "bank": "unconfirmed",
    "cheque": "pending",
}
"""final: counts; unconfirmed: counts and shows so until head office matches it; pending: counts once cleared."""

KEYS: Final = frozenset(
    {
        "utility_name",
        "receipt_head",
        "receipt_foot",
        "currency",
        "policy",
        "unusual_factor",
        "offline_amber_hours",
        "offline_amber_minor",
        "cash_warn_minor",
        "cash_stop_minor",
        "count_total_alone",
        "sms_supply",
        "paybill",
        "due_days",
        "invoice_series",
        "approval_from_minor",
        "change_listed_minor",
    }
)
"""What head office may set; anything else is refused there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UtilitySettings:
    """The utility's name, what stands at head and foot of its papers, and its policies.

    With more than `cash_warn_minor` in the drawer the clerk is asked for a drop, with more than `cash_stop_minor` it
    takes no more cash; 0 is no limit. `count_total_alone`: a drawer may be counted as a sum alone. `paybill`: the
    number customers pay to by telephone, empty where there is none.

    Invoices are due `due_days` after their day and numbered in `invoice_series`; credit and debit notes of
    `approval_from_minor` and more want a second person, 0: none does. A recalculation lists changes above
    `change_listed_minor`. `sms_supply`: whether a customer hears that a meter was disconnected or connected again.
    """

    utility_name: str = "Water and Power"
    receipt_head: tuple[str, ...] = ()
    receipt_foot: tuple[str, ...] = ("Asante. Thank you.",)
    currency: str = "KES"
    policy: Mapping[str, str] = field(default_factory=lambda: COUNTING_POLICY)
    unusual_factor: int = 5
    offline_amber_hours: int = 24
    offline_amber_minor: int = 10_000_000
    cash_warn_minor: int = 0
    cash_stop_minor: int = 0
    count_total_alone: bool = True
    sms_supply: bool = True
    paybill: str = ""
    due_days: int = 14
    invoice_series: str = "INV"
    approval_from_minor: int = 0
    change_listed_minor: int = 100_00


_all: Final = select(settings.c.key, settings.c.value)


def utility_settings(connection: Connection) -> UtilitySettings:
    """Return the settings in force; unknown keys are left for the version that knows them."""
    found: dict[str, Any] = {row.key: row.value for row in connection.execute(_all) if row.key in KEYS}
    for name in ("receipt_head", "receipt_foot"):
        if name in found:
            found[name] = tuple(found[name])
    if "policy" in found:
        found["policy"] = {**COUNTING_POLICY, **found["policy"]}
    return UtilitySettings(**found)
