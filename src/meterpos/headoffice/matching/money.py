"""Money from outside, and what came of it: the words that matching, placing and callbacks share."""

from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final, Literal

from meterpos.headoffice.exceptions import Opening
from meterpos.ledger.rules.facts import Fact

Source = Literal["callback", "statement"]
OPEN: Final = ("waiting", "wrong_amount")
NEW: Final = "new"
_SERIES: Final = {"mpesa": "PB", "bank": "BK"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Money:
    """Money that came in. ``words`` are what else may be its reference."""

    method: str
    reference: str
    amount_minor: int
    paid_on: date
    account_ref: str = ""
    payer: str = ""
    words: tuple[str, ...] = ()

    @property
    def subject(self) -> str:
        """What an item of the desk about it is called."""
        return f"{self.method}:{self.reference}"


COUNTED: Final = (
    "confirmed", "posted", "in_suspense", "waiting", "wrong_amount", "known", "doubled", "taken_back", "not_found",
    "unseen_payments", "unseen_callbacks",
)  # fmt: skip
"""What is counted of a statement's lines."""


@dataclass(slots=True, kw_only=True)
class Taken:
    """What came of it, in lines; ``numbers`` by reference. ``altered`` are known references with other content."""

    confirmed: int = 0
    posted: int = 0
    in_suspense: int = 0
    waiting: int = 0
    wrong_amount: int = 0
    known: int = 0
    doubled: int = 0
    taken_back: int = 0
    not_found: int = 0
    unseen_payments: int = 0
    unseen_callbacks: int = 0
    numbers: dict[str, str] = field(default_factory=dict)
    altered: list[str] = field(default_factory=list)
    facts: list[Fact] = field(default_factory=list)
    decided: list[dict[str, Any]] = field(default_factory=list)
    used: set[str] = field(default_factory=set)
    openings: list[Opening] = field(default_factory=list)
    settled: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Open:
    """Money to be matched: what became of it until now, and whether a statement showed it."""

    money: Money
    outcome: str
    seen: bool


def number_of(method: str, reference: str) -> str:
    """Return the number of the payment that money under a reference becomes: ``PB-SKJ3XY71AB``."""
    return f"{_SERIES[method]}-{reference}"
