"""Readings of a meter's register: which may follow which, and what went through since; in whole thousandths of a unit.

What went through is kept as one growing total a meter, so that a register that rolls over or is replaced, and an
estimate that was too high, change no bill that was made: a bill takes the total from where the last one left it.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal

from meterpos.errors import UserError

Source = Literal["actual", "estimated", "final"]
ReadingKind = Literal["read", "start"]
SOURCES: Final = ("actual", "estimated", "final")
MILLI: Final = 1_000
DIGITS: Final = range(3, 13)
"""How many digits before the point a register may show."""

_READING: Final = re.compile(r"(?P<whole>\d{1,12})(?:\.(?P<part>\d{1,3}))?", re.ASCII)


class ReadingRefused(UserError):
    """A reading cannot be what the meter showed, as far as is known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What a register showed on a day, what went through since the reading before, and through the meter in all."""

    read_on: date
    reading_milli: int
    kind: ReadingKind = "read"
    source: Source = "actual"
    usage_milli: int = 0
    total_milli: int = 0
    rolled_over: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Register:
    """What is known of a meter before a reading: its last reading, the last one somebody saw, its digits if known."""

    last: Reading | None = None
    last_seen: Reading | None = None
    digits: int | None = None

    def after(self, reading: Reading) -> "Register":
        """Return what is known once ``reading`` was taken."""
        seen = self.last_seen if reading.source == "estimated" else reading
        return Register(last=reading, last_seen=seen, digits=self.digits)


def parse_units(text: str) -> int:
    """Return the thousandths that ``text`` says: ``"120.5"`` is 120500. Raises: ReadingRefused."""
    match = _READING.fullmatch(text.strip())
    if match is None:
        raise ReadingRefused(
            f"'{text.strip()[:40]}' is no reading. Use digits and at most three decimals, for example 120.5.",
            field="reading",
        )
    return int(match["whole"]) * MILLI + int((match["part"] or "").ljust(3, "0"))


def format_units(milli: int) -> str:
    """Return thousandths as people read them: ``120500`` is ``"120.5"``, ``120000`` is ``"120"``."""
    whole, part = divmod(abs(milli), MILLI)
    decimals = f".{part:03d}".rstrip("0") if part else ""
    return f"{'-' if milli < 0 else ''}{whole}{decimals}"


def take_reading(
    register: Register, *, read_on: date, reading_milli: int, source: Source = "actual", rolled_over: bool = False
) -> Reading | None:
    """Return the reading with what went through since the last one; None where it is the last one once more.

    The first reading of a meter is where counting begins. A reading below the last is taken where the last was an
    estimate (what was estimated too much is set against what comes), or where the register is said to have rolled over.

    Raises: ReadingRefused.
    """
    digits = register.digits
    if digits is not None and reading_milli >= 10**digits * MILLI:
        raise ReadingRefused(
            f"{format_units(reading_milli)} has more than the {digits} digits of this meter. Read it again.",
            field="reading",
        )
    last = register.last
    if last is None:
        return Reading(read_on=read_on, reading_milli=reading_milli, source=source)
    if read_on < last.read_on or (read_on == last.read_on and last.kind == "read"):
        _check_again(last, read_on, reading_milli, source)
        return None
    usage_milli = reading_milli - last.reading_milli
    if rolled_over:
        usage_milli = _rolled_over(last, reading_milli, digits)
    elif usage_milli < 0 and not _corrects_estimate(register, reading_milli):
        raise ReadingRefused(
            f"{format_units(reading_milli)} is below the last reading, {format_units(last.reading_milli)} of "
            f"{last.read_on:%d %b %Y}: {format_units(-usage_milli)} less. Read the meter again; say so if its register "
            "rolled over, or note that it was replaced.",
            field="reading",
        )
    return Reading(
        read_on=read_on,
        reading_milli=reading_milli,
        source=source,
        usage_milli=usage_milli,
        total_milli=last.total_milli + usage_milli,
        rolled_over=rolled_over,
    )


def start_register(register: Register, *, read_on: date, reading_milli: int) -> Reading:
    """Return the first reading of a register just fitted: nothing went through it yet. Raises: ReadingRefused."""
    last = register.last
    if last is not None and read_on < last.read_on:
        raise ReadingRefused(
            f"The meter was read on {last.read_on:%d %b %Y}, after {read_on:%d %b %Y}. Check the day.", field="read_on"
        )
    total_milli = last.total_milli if last is not None else 0
    return Reading(read_on=read_on, reading_milli=reading_milli, kind="start", total_milli=total_milli)


def estimate(register: Register, earlier: Sequence[tuple[date, int]], *, read_on: date) -> Reading:
    """Return a guess of what a meter shows on a day: it went on as between the first and the last of ``earlier``.

    ``earlier`` are days and the meter's total in thousandths, oldest first. The guess is in whole units, rounded down:
    a customer is rather asked too little. Raises: ReadingRefused where nothing went before, or the day has a reading.
    """
    last = register.last
    days = (earlier[-1][0] - earlier[0][0]).days if earlier else 0
    if last is None or days <= 0:
        raise ReadingRefused("There are no two readings of different days to estimate from. Read the meter.")
    went_milli = max(earlier[-1][1] - earlier[0][1], 0)
    usage_milli = went_milli * max((read_on - last.read_on).days, 0) // days // MILLI * MILLI
    shown_milli = last.reading_milli + usage_milli
    size_milli = 10**register.digits * MILLI if register.digits is not None else None
    rolled_over = size_milli is not None and shown_milli >= size_milli
    guess = take_reading(
        register,
        read_on=read_on,
        reading_milli=shown_milli - size_milli if rolled_over and size_milli is not None else shown_milli,
        source="estimated",
        rolled_over=rolled_over,
    )
    if guess is None:
        raise ReadingRefused(f"There is a reading of {read_on:%d %b %Y} already.")
    return guess


def _check_again(last: Reading, read_on: date, reading_milli: int, source: Source) -> None:
    """Pass over the last reading once more. Raises: ReadingRefused for any other of its day or of an earlier one."""
    if (last.read_on, last.reading_milli, last.source) == (read_on, reading_milli, source):
        return
    if read_on == last.read_on:
        raise ReadingRefused(
            f"There is a reading of {read_on:%d %b %Y} already, {format_units(last.reading_milli)}, not "
            f"{format_units(reading_milli)}. Find out which is right; a wrong bill is put right by a note.",
            field="reading",
        )
    raise ReadingRefused(
        f"{read_on:%d %b %Y} is before the last reading, of {last.read_on:%d %b %Y}. Readings come in their order.",
        field="read_on",
    )


def _rolled_over(last: Reading, reading_milli: int, digits: int | None) -> int:
    if digits is None:
        raise ReadingRefused(
            "A register rolls over at its last digit: give the meter's digits, for example 5.", field="digits"
        )
    size_milli: int = 10**digits * MILLI
    usage_milli = size_milli - last.reading_milli + reading_milli
    if usage_milli * 2 > size_milli:
        raise ReadingRefused(
            f"From {format_units(last.reading_milli)} over {10**digits - 1} to {format_units(reading_milli)} is "
            f"{format_units(usage_milli)}, more than half of what the register can show. Read it again.",
            field="reading",
        )
    return usage_milli


def _corrects_estimate(register: Register, reading_milli: int) -> bool:
    last, seen = register.last, register.last_seen
    is_estimate = last is not None and last.source == "estimated"
    return is_estimate and (seen is None or reading_milli >= seen.reading_milli)


def to_bill(*, total_milli: int, through_milli: int) -> tuple[int, int]:
    """Return the units to bill, and through where the meter's total is billed then.

    Where more was billed by estimates than went through, nothing is billed until the total has caught up.
    """
    return max(total_milli - through_milli, 0), max(total_milli, through_milli)
