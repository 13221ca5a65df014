"""What every paper shares: the head, who made it where and when, the marks of copies and training, the foot."""

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from meterpos.ledger.journal import Entry
from meterpos.printing.document import NO_BREAK, Align, Banner, Blank, Element, Pair, Qr, Rule, Size, pair, text
from meterpos.printing.labels import Labels

_HALF_DAY_MINUTES: Final = 12 * 60


def local_instant(at: datetime, *, like: Entry) -> datetime:
    """Return what the wall's clock said at the instant ``at``, by the zone of the till that made ``like``.

    An entry holds its instant in UTC and the wall's time ("HH:MM"); their difference is the zone, at most half a day.
    """
    made, wall = like.content.at, like.content.body["local_time"]
    minutes = int(wall[:2]) * 60 + int(wall[3:]) - made.hour * 60 - made.minute
    offset = timedelta(minutes=(minutes + _HALF_DAY_MINUTES) % (2 * _HALF_DAY_MINUTES) - _HALF_DAY_MINUTES)
    return at.astimezone(UTC) + offset


def say_day(day: date, *, labels: Labels) -> str:
    """Return "20 Nov 2026", which no line's end tears apart."""
    return NO_BREAK.join((str(day.day), labels.months[day.month - 1], str(day.year)))


def say_short_day(day: date, *, labels: Labels, year: int) -> str:
    """Return "10 Nov", with the year only where it is not ``year``."""
    return say_day(day, labels=labels).removesuffix(f"{NO_BREAK}{year}")


def say_instant(local: str, *, labels: Labels) -> tuple[str, str]:
    """Return ("20 Nov 2026", "09:14") of the local instant "2026-11-20T09:14"."""
    instant = datetime.fromisoformat(local)
    return say_day(instant.date(), labels=labels), f"{instant:%H:%M}"


def opening(entry: Entry, *, title: str, labels: Labels, copy_no: int, number: str | None = None) -> list[Element]:
    """Return the head of a paper: marks, the utility, the paper's name and number, when, who and where.

    ``number`` is the paper's own where it is not the entry's.
    """
    body = entry.content.body
    day = local_instant(entry.content.at, like=entry).date()
    elements: list[Element] = [*_marks(body, labels=labels, copy_no=copy_no)]
    elements += [
        text(line, bold=not index, align=Align.CENTRE, size=Size.NORMAL if index else Size.LARGE)
        for index, line in enumerate(body["head"])
    ]
    elements += [
        Rule(),
        Pair(
            left=pair(title, "", bold=True).left,
            right=pair("", number or body["number"]).right,
            stacked_left=True,
        ),
        pair(
            f"{say_day(day, labels=labels)}  {body['local_time']}",
            body["clerk_name"],
            stacked_left=True,
        ),
        pair(
            body["till_title"],
            "" if entry.content.shift is None else labels.shift.format(n=entry.content.shift),
            stacked_left=True,
        ),
    ]
    if day != entry.content.business_date:
        business_day = say_day(entry.content.business_date, labels=labels)
        elements.append(text(labels.business_day.format(date=business_day)))
    return elements


def closing(body: Mapping[str, Any], *, foot: Iterable[str], seal: str | None, labels: Labels) -> list[Element]:
    """Return the end of a paper: the QR that tells if it is genuine, and the utility's last words."""
    elements: list[Element] = []
    if seal:
        elements += [Qr(seal), text(labels.genuine, align=Align.CENTRE)]
    elements += [text(line, align=Align.CENTRE) for line in foot]
    if body["training"]:
        elements += [Blank(), Banner(labels.training)]
    return elements


def _marks(body: Mapping[str, Any], *, labels: Labels, copy_no: int) -> list[Element]:
    marks: list[Element] = []
    if copy_no:
        marks += _mark(labels.copy.format(n=copy_no), labels.copy_note)
    if body["training"]:
        marks += _mark(labels.training, labels.training_note)
    return marks


def _mark(word: str, note: str) -> list[Element]:
    return [Banner(word), text(note, align=Align.CENTRE), Blank()]
