"""What must lie in the drawer and in the safe, and how a count differs from it.

Custody goes one way: drawer, safe, bank. A payout leaves the drawer for good; a handover leaves the cash where it is
and changes who answers for it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal, get_args

from meterpos.ledger.money import format_amount

MovementKind = Literal["drop", "payout", "banking", "handover"]
MOVEMENT_KINDS: Final[tuple[MovementKind, ...]] = get_args(MovementKind)
Fullness = Literal["room", "near", "full"]

NOTES_AND_COINS: Final[Mapping[str, tuple[int, ...]]] = {
    "KES": (1_000_00, 500_00, 200_00, 100_00, 50_00, 20_00, 10_00, 5_00, 1_00, 50),
    "TZS": (10_000_00, 5_000_00, 2_000_00, 1_000_00, 500_00, 200_00, 100_00, 50_00),
    "UGX": (50_000_00, 20_000_00, 10_000_00, 5_000_00, 2_000_00, 1_000_00, 500_00, 200_00, 100_00, 50_00),
}
"""What is counted in a drawer, in minor units, the largest first; of another currency a total alone is counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawerCash:
    """The cash of one shift. Change is never cash taken: what counts is what was applied.

    `taken_minor` cash applied by tenders, `refunded_minor` cash given back by reversals, `moved_out_minor` drops and
    payouts; all of them not below zero. `recounted_minor` is what the counts of handovers were over (short, negative):
    the next clerk answers for what was counted.
    """

    float_minor: int = 0
    taken_minor: int = 0
    refunded_minor: int = 0
    moved_out_minor: int = 0
    recounted_minor: int = 0

    @property
    def expected_minor(self) -> int:
        """Return what must lie in the drawer. Below zero when more was given back than was there."""
        gained_minor = self.float_minor + self.taken_minor + self.recounted_minor
        return gained_minor - self.refunded_minor - self.moved_out_minor

    def difference_minor(self, counted_minor: int) -> int:
        """Return what the count is over (positive) or short (negative)."""
        return counted_minor - self.expected_minor


def drawer_cash(
    *, float_minor: int, drawer_minor: Iterable[int], moved_out_minor: int = 0, recounted_minor: int = 0
) -> DrawerCash:
    """Gather a shift's cash from what each of its papers did to the drawer: gains positive, refunds negative."""
    taken_minor = refunded_minor = 0
    for minor in drawer_minor:
        taken_minor += max(minor, 0)
        refunded_minor += max(-minor, 0)
    return DrawerCash(
        float_minor=float_minor,
        taken_minor=taken_minor,
        refunded_minor=refunded_minor,
        moved_out_minor=moved_out_minor,
        recounted_minor=recounted_minor,
    )


def safe_minor(*, dropped_minor: int, banked_minor: int, counted_minor: int, floats_minor: int) -> int:
    """Return what a pay point's safe holds: drops, and what closed shifts counted beyond their float, less bankings."""
    return dropped_minor + counted_minor - floats_minor - banked_minor


def difference_sentence(difference_minor: int) -> str:
    """Say in words how a count differs from what is expected."""
    if difference_minor == 0:
        return "The count is exact."
    return f"{format_amount(abs(difference_minor))} {'over' if difference_minor > 0 else 'short'}."


def fullness(held_minor: int, *, warn_minor: int, stop_minor: int) -> Fullness:
    """Return whether the drawer has room for more cash, is near its limit, or takes none; a limit of 0 is none."""
    if 0 < stop_minor <= held_minor:
        return "full"
    return "near" if 0 < warn_minor < held_minor else "room"


def limit_sentence(held_minor: int, *, warn_minor: int, stop_minor: int) -> str:
    """Say that the drawer holds more than it should, empty while it does not; a limit of 0 is none."""
    held = f"The drawer holds {format_amount(held_minor)}"
    if 0 < stop_minor < held_minor:
        return f"{held}, above the limit of {format_amount(stop_minor)}: no more cash until some is put into the safe."
    if 0 < warn_minor < held_minor:
        return f"{held}, more than {format_amount(warn_minor)}. Put some into the safe."
    return ""


def wrong_with_count(notes: Sequence[tuple[int, int]], *, counted_minor: int, alone: bool) -> str:
    """Return what is wrong with a drawer's count by note and coin, one sentence; "" where it may stand.

    ``alone`` says whether the utility takes a total without its notes.
    """
    if any(denomination <= 0 or count < 0 for denomination, count in notes):
        return "A note or coin has a value, and is counted from zero up. Count again."
    added_minor = sum(denomination * count for denomination, count in notes)
    if notes and added_minor != counted_minor:
        return (
            f"The notes and coins add up to {format_amount(added_minor)}, not {format_amount(counted_minor)}. "
            "Count again."
        )
    return "" if notes or alone else "Here a drawer is counted by note and coin, not as a total alone."


def said_of_count(notes: Sequence[tuple[int, int]], earlier_minor: Sequence[int]) -> dict[str, object]:
    """Return what an entry says of a count: how many of each note and coin, and what was counted before it."""
    return {
        "count": [{"denomination": denomination, "count": count} for denomination, count in notes],
        "earlier_counts": list(earlier_minor),
    }
