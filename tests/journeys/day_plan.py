"""The plan of a working day: who comes, in which order, and what each of them pays; and what it must come to."""

import random
from collections import Counter
from dataclasses import dataclass, field
from typing import Final, Literal

Kind = Literal["cash", "mpesa", "cheque", "several", "split", "plan", "unknown", "reversal", "correction"]
MIX: Final[dict[Kind, int]] = {
    "mpesa": 60,
    "cheque": 10,
    "several": 10,
    "split": 5,
    "plan": 5,
    "unknown": 5,
    "reversal": 5,
    "correction": 3,
}
"""Of 300 customers; the others pay cash."""

WHOLE: Final = 300
SEED: Final = 20261120
DAY_H, OFFLINE_H = 9, 2
FLOAT_MINOR: Final = 5_000_00


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """One customer at the counter. ``owed_minor`` is what each of their meters owes, ``received_minor`` cash given."""

    kind: Kind
    place: int
    owed_minor: tuple[int, ...]
    pays_minor: int
    received_minor: int | None = None

    @property
    def name(self) -> str:
        """A name nobody else has, of letters alone."""
        return f"{_NAMES[self.place % len(_NAMES)]} {_letters(self.place)}"

    @property
    def customer_no(self) -> str:
        return f"AC-{30_000 + self.place}"

    @property
    def meters(self) -> tuple[str, ...]:
        if self.kind == "unknown":
            return (f"ZZ-{70_000 + self.place}",)
        return tuple(f"MTR-{self.place:04d}{letter}" for letter in "ABC"[: len(self.owed_minor)])

    @property
    def accounts(self) -> tuple[str, ...]:
        return tuple(meter.replace("MTR", "A") for meter in self.meters) if self.kind != "unknown" else ()

    @property
    def plan_no(self) -> str:
        return f"PL-{self.place:04d}"

    @property
    def cash_minor(self) -> int:
        """What the drawer gains by it."""
        if self.kind in ("mpesa", "cheque", "reversal", "plan"):
            return 0  # a reversal gives it back
        return self.pays_minor // 2 if self.kind == "split" else self.pays_minor

    @property
    def mpesa_minor(self) -> int:
        if self.kind == "split":
            return self.pays_minor - self.cash_minor
        return self.pays_minor if self.kind == "mpesa" else 0

    @property
    def reference(self) -> str:
        """An M-Pesa code, cheque number or bank reference of this visit's own."""
        if self.kind == "cheque":
            return f"{600_000 + self.place}"
        return f"UTR{80_000 + self.place}" if self.kind == "plan" else f"SK{_letters(self.place, 8).upper()}"


@dataclass(frozen=True, slots=True)
class Plan:
    """A day: its visits in their order, and between which of them the rest happens."""

    visits: tuple[Visit, ...]
    offline: range = field(repr=False)
    paper_outs: tuple[int, ...]
    hand_over: int

    def count(self, kind: Kind) -> int:
        return sum(visit.kind == kind for visit in self.visits)


def plan_day(customers: int) -> Plan:
    """Return the day of so many customers, with the same mix whatever their number; the same each time."""
    dice = random.Random(SEED)
    kinds: list[Kind] = []
    for kind, of_300 in MIX.items():
        kinds += [kind] * max(1, round(of_300 * customers / WHOLE))
    kinds += ["cash"] * (customers - len(kinds))
    dice.shuffle(kinds)
    visits = tuple(_visit(kind, place, dice) for place, kind in enumerate(kinds))
    assert Counter(visit.kind for visit in visits)["cash"] > customers // 2
    plain = [place for place, visit in enumerate(visits) if visit.kind == "cash"]
    third, two_thirds = customers // 3, 2 * customers // 3
    outs = (next(place for place in plain if place > third // 2), next(place for place in plain if place > two_thirds))
    return Plan(visits, range(third, third + customers * OFFLINE_H // DAY_H), outs, customers // 2)


def _visit(kind: Kind, place: int, dice: random.Random) -> Visit:
    meters = {"several": 3, "correction": 2}.get(kind, 1)
    owed = tuple(100_00 * dice.randint(4, 30) for _ in range(meters))
    pays = sum(owed) if kind == "several" else owed[0]
    received = None
    if kind == "cash":
        pays = dice.choice((pays, pays, pays, pays - 100_00, pays + 50_00))
        received = dice.choice((None, -(-pays // 1_000_00) * 1_000_00, pays + 200_00))
    return Visit(kind=kind, place=place, owed_minor=owed, pays_minor=pays, received_minor=received)


def notes_of(amount_minor: int, pieces: tuple[int, ...]) -> list[int]:
    """Return how many of each note and coin an amount is, the largest first."""
    counts = []
    for piece in pieces:
        counts.append(amount_minor // piece)
        amount_minor %= piece
    assert amount_minor == 0
    return counts


def _letters(number: int, length: int = 3) -> str:
    letters = ""
    for _ in range(length):
        number, rest = divmod(number, 26)
        letters = chr(ord("a") + rest) + letters
    return letters.capitalize()


_NAMES: Final = (
    "Grace Akinyi", "James Otieno", "Mary Atieno", "Peter Wafula", "Joyce Wanjiru", "Daniel Kiptoo", "Amina Hassan",
    "Lucy Nasimiyu", "Samuel Ouma", "Ruth Chebet",
)  # fmt: skip
