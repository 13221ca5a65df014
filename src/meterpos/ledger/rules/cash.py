"""What must lie in the drawer, and how a count differs from it."""

from collections.abc import Iterable
from dataclasses import dataclass

from meterpos.ledger.money import format_amount


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawerCash:
    """The cash of one shift. Change is never cash taken: what counts is what was applied.

    `taken_minor` cash applied by tenders, `refunded_minor` cash given back by reversals, `moved_out_minor` drops,
    payouts, bankings and handovers; all of them not below zero.
    """

    float_minor: int = 0
    taken_minor: int = 0
    refunded_minor: int = 0
    moved_out_minor: int = 0

    @property
    def expected_minor(self) -> int:
        """Return what must lie in the drawer. Below zero when more was given back than was there."""
        return self.float_minor + self.taken_minor - self.refunded_minor - self.moved_out_minor

    def difference_minor(self, counted_minor: int) -> int:
        """Return what the count is over (positive) or short (negative)."""
        return counted_minor - self.expected_minor


def drawer_cash(*, float_minor: int, drawer_minor: Iterable[int], moved_out_minor: int = 0) -> DrawerCash:
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
    )


def difference_sentence(difference_minor: int) -> str:
    """Say in words how a count differs from what is expected."""
    if difference_minor == 0:
        return "The count is exact."
    return f"{format_amount(abs(difference_minor))} {'over' if difference_minor > 0 else 'short'}."
