"""The people of the reference picture, so that the demo's screens can stand beside it."""

from typing import Final, NamedTuple

from demo.history import Historian

_KONDELE: Final = 0  # the cycle whose latest invoices are ten days old


class Meter(NamedTuple):
    """One meter of a reference customer; ``months`` are the latest bills in minor units, oldest first."""

    meter_no: str
    utility: str
    location: str
    story: str
    months: tuple[int, ...]


class Person(NamedTuple):
    """One customer of the reference picture."""

    name: str
    phone: str
    zone: str
    meters: tuple[Meter, ...]


PEOPLE: Final = {
    10077: Person(
        "James Otieno",
        "0722118904",
        "Kondele",
        (Meter("MTR-112", "water", "House, Ring Rd", "clear", (90_000, 110_000, 120_000)),),
    ),
    10482: Person(
        "Grace Akinyi Otieno",
        "0712345678",
        "Kondele",
        (
            Meter("MTR-001", "water", "House, Kondele Rd", "due", (205_000, 185_000, 230_000)),
            Meter("MTR-045", "power", "Shop, Oginga St", "credit", (310_000, 280_000, 250_000)),
            Meter("MTR-078", "water", "Rental, Migosi", "overdue", (240_000, 260_000, 250_000)),
        ),
    ),
    11930: Person(
        "Otieno & Sons Hardware",
        "0733870112",
        "Kondele",
        (
            Meter("MTR-203", "water", "Shop, Oginga St", "due", (540_000, 610_000, 678_000)),
            Meter("MTR-204", "power", "Workshop, Obote Rd", "due", (990_000, 1_020_000, 1_148_000)),
        ),
    ),
    12204: Person(
        "Mary Atieno Otieno",
        "0790441230",
        "Kondele",
        (Meter("MTR-131", "water", "House, Market Rd", "credit_350", (70_000, 80_000, 85_000)),),
    ),
    12877: Person(
        "Peter Otieno",
        "0701556019",
        "Kondele",
        (Meter("MTR-150", "power", "Stall, Jomo Kenyatta Hwy", "due", (98_000, 105_000, 112_000)),),
    ),
}

NUMBERS: Final = {"MTR-001": ("00398", "00456")}
CASH_NUMBER: Final = "KSM01-A2C-000871"


def write_reference(historian: Historian, meter: Meter, *, account_no: str, today: int, days: tuple[int, ...]) -> None:
    """Add the last three months of one reference meter: settled month by month, but for what its story leaves open.

    The overdue one is billed in a cycle of its own: its older open bill is 26 days old and so 12 days overdue.
    """
    months = _months(meter, today=today, days=days)
    owed = 0
    for index, (day, amount) in enumerate(months):
        names = NUMBERS.get(meter.meter_no, ())
        short = len(names) - len(months) + index
        year = historian.calendar.month_of(day)[0]
        number = f"INV-{year}-{names[short]}" if short >= 0 else f"INV-{year}-R{account_no[-4:]}{index}"
        historian.invoice(number, account_no, day, amount, max(owed, 0))
        owed += amount
        paid = _paid(meter.story, owed, is_last=index == len(months) - 1)
        if paid:
            _pay(historian, account_no, meter, day=day, index=index, amount=paid)
            owed -= paid


def _months(meter: Meter, *, today: int, days: tuple[int, ...]) -> tuple[tuple[int, int], ...]:
    if meter.story == "overdue":
        return tuple(zip((today - 57, today - 26, today - 4), meter.months, strict=True))
    latest = days[-3:]
    return tuple(zip(latest, meter.months[-len(latest) :], strict=True))


def _paid(story: str, owed: int, *, is_last: bool) -> int:
    """Return what is paid after a bill: all of it, unless the story leaves something open or over."""
    if not is_last:
        return 0 if story == "overdue" and owed > 240_000 else owed
    return {"clear": owed, "credit": owed + 50_000, "credit_350": owed + 35_000}.get(story, 0)


def _pay(historian: Historian, account_no: str, meter: Meter, *, day: int, index: int, amount: int) -> None:
    if meter.meter_no == "MTR-001" and index == 0:
        historian.payment(account_no, day + 8, amount, method="cash", number=CASH_NUMBER)
    elif meter.meter_no == "MTR-001":
        historian.payment(account_no, day + 11, amount, method="mpesa", reference="SJK4T2LM9Q")
    else:
        historian.payment(account_no, day + 3, amount, method="cash", number=f"KSM01-A2C-{account_no[-4:]}{index:02d}")
