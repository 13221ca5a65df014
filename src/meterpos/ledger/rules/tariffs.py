"""What units cost: blocks, standing charge, minimum, levies and penalty of a tariff, each line rounded half-up.

Prices are decimals of the currency (a price of 0.0575 a unit is not a whole cent); amounts are whole minor units.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Final, Literal, NamedTuple

from meterpos.errors import UserError
from meterpos.ledger.money import round_minor
from meterpos.ledger.rules.metering import MILLI

LineKind = Literal["block", "standing", "minimum", "levy"]
LevyKind = Literal["percent", "fixed", "unit"]
_MINOR: Final = 100
_PERCENT: Final = 100


class UnusableTariff(UserError):
    """A tariff makes no sense, or does not fit to the versions beside it."""


class TariffGap(UserError):
    """No version of a tariff is in force on a day."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """Units up to a bound (None: all beyond) at a price of the currency a unit."""

    upto_milli: int | None
    price: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Levy:
    """What is added for somebody else: a percentage of the charges, a fixed amount, or a price a unit."""

    name: str
    kind: LevyKind
    value: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Tariff:
    """One version of a tariff, in force from a day to another (None: on and on), both included.

    The minimum is what blocks and standing charge come to at least; either is asked whole with each bill, or by the
    days of its month on which the account was open. The penalty is asked once a bill run for what is overdue then: a
    percentage of it and a fixed amount.
    """

    name: str
    starts_on: date
    ends_on: date | None = None
    blocks: tuple[Block, ...]
    standing_minor: int = 0
    minimum_minor: int = 0
    levies: tuple[Levy, ...] = ()
    penalty_percent: Decimal = Decimal(0)
    penalty_minor: int = 0
    standing_by_days: bool = False
    minimum_by_days: bool = False


class Days(NamedTuple):
    """How many days of a month a bill is asked for."""

    asked: int
    of: int

    def share(self, amount_minor: int) -> int:
        """Return what these days are of a month's amount, half a cent and more going up."""
        return round_minor(Decimal(amount_minor) * self.asked / self.of)


WHOLE: Final = Days(1, 1)


def days_of(*, first: date, last: date, opened_on: date | None, closed_on: date | None = None) -> Days:
    """Return on how many days of a month an account was open; the day it was closed is who came after it's."""
    begins = max(first, opened_on or first)
    ends = last if closed_on is None else min(last, closed_on - timedelta(days=1))
    return Days(max((ends - begins).days + 1, 0), (last - first).days + 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of a bill. ``units_milli`` and ``price`` where it is units at a price; ``text`` a levy's name.

    ``days`` where it is a part of a month's amount.
    """

    kind: LineKind
    amount_minor: int
    text: str = ""
    units_milli: int | None = None
    price: str | None = None
    days: Days | None = None


def check_tariff(tariff: Tariff) -> None:
    """Refuse a version that could not bill every amount of units. Raises: UnusableTariff."""
    said = f"Tariff {tariff.name} of {tariff.starts_on:%d %b %Y}"
    if tariff.ends_on is not None and tariff.ends_on < tariff.starts_on:
        raise UnusableTariff(f"{said} ends on {tariff.ends_on:%d %b %Y}, before it starts.", field="ends_on")
    if not tariff.blocks or tariff.blocks[-1].upto_milli is not None:
        raise UnusableTariff(
            f"{said} has no price for the units beyond its last bound. Give its last block no bound.", field="upto"
        )
    bounds = [block.upto_milli for block in tariff.blocks[:-1]]
    if any(bound is None for bound in bounds):
        raise UnusableTariff(f"{said} has two blocks without a bound. Only the last has none.", field="upto")
    if any(low >= high for low, high in pairwise([0, *(bound or 0 for bound in bounds)])):
        raise UnusableTariff(f"{said}: each block's bound is above the one before it.", field="upto")


def charge(tariff: Tariff, *, units_milli: int, days: Days = WHOLE) -> tuple[Line, ...]:
    """Return the lines of a bill over this many thousandths of a unit, asked for these days of its month."""
    lines = list(_blocks(tariff, units_milli))
    standing_minor, standing_days = _by_days(tariff.standing_minor, days, tariff.standing_by_days)
    if standing_minor:
        lines.append(Line(kind="standing", amount_minor=standing_minor, days=standing_days))
    charges_minor = sum(line.amount_minor for line in lines)
    minimum_minor, minimum_days = _by_days(tariff.minimum_minor, days, tariff.minimum_by_days)
    if charges_minor < minimum_minor:
        lines.append(Line(kind="minimum", amount_minor=minimum_minor - charges_minor, days=minimum_days))
        charges_minor = minimum_minor
    return (*lines, *_levies(tariff, units_milli, charges_minor))


def _by_days(amount_minor: int, days: Days, is_by_days: bool) -> tuple[int, Days | None]:
    """Return a month's amount, or these days' part of it and the days, where they are not the whole month."""
    if not is_by_days or days.asked == days.of:
        return amount_minor, None
    return days.share(amount_minor), days


def _blocks(tariff: Tariff, units_milli: int) -> Iterator[Line]:
    low_milli = 0
    for block in tariff.blocks:
        high_milli = units_milli if block.upto_milli is None else min(units_milli, block.upto_milli)
        within_milli = high_milli - low_milli
        if within_milli <= 0:
            return
        yield Line(
            kind="block",
            amount_minor=_priced(within_milli, block.price),
            units_milli=within_milli,
            price=f"{block.price:f}",
        )
        low_milli = high_milli


def _levies(tariff: Tariff, units_milli: int, charges_minor: int) -> Iterator[Line]:
    for levy in tariff.levies:
        if levy.kind == "percent":
            amount_minor = round_minor(Decimal(charges_minor) * levy.value / _PERCENT)
        elif levy.kind == "fixed":
            amount_minor = round_minor(levy.value * _MINOR)
        else:
            amount_minor = _priced(units_milli, levy.value)
        if amount_minor:
            yield Line(kind="levy", amount_minor=amount_minor, text=levy.name)


def _priced(units_milli: int, price: Decimal) -> int:
    return round_minor(Decimal(units_milli) * price * _MINOR / MILLI)


def penalty_of(tariff: Tariff, *, overdue_minor: int) -> int:
    """Return what is asked for being late with an amount; nothing where nothing is overdue."""
    if overdue_minor <= 0:
        return 0
    return round_minor(Decimal(overdue_minor) * tariff.penalty_percent / _PERCENT) + tariff.penalty_minor


# --- versions


def check_versions(versions: Sequence[Tariff]) -> None:
    """Refuse versions of one tariff that overlap or leave days between them. Raises: UnusableTariff, TariffGap."""
    for one, after in pairwise(sorted(versions, key=lambda version: version.starts_on)):
        if one.ends_on is None or one.ends_on >= after.starts_on:
            raise UnusableTariff(
                f"Tariff {one.name} has two versions in force on {after.starts_on:%d %b %Y}. Let the one of "
                f"{one.starts_on:%d %b %Y} end the day before.",
                field="ends_on",
            )
        if one.ends_on + timedelta(days=1) < after.starts_on:
            raise TariffGap(
                f"Tariff {one.name} has nothing in force between {one.ends_on:%d %b %Y} and "
                f"{after.starts_on:%d %b %Y}. Let one version begin the day after the other ends.",
                field="starts_on",
            )


def in_force(versions: Sequence[Tariff], *, name: str, day: date) -> Tariff:
    """Return the version in force on a day. Raises: TariffGap."""
    for version in versions:
        if version.starts_on <= day and (version.ends_on is None or day <= version.ends_on):
            return version
    raise TariffGap(
        f"Tariff {name} has nothing in force on {day:%d %b %Y}. Import the version of that day: "
        "meterpos headoffice tariff import FILE",
        field="tariff",
    )
