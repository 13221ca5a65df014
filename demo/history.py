"""The life of one account: what is billed each month and how its people pay."""

from dataclasses import dataclass, field
from random import Random
from typing import Final

from demo.days import DUE_DAYS, Calendar

_ALPHABET: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_TRIPLES: Final = tuple(a + b + c for a in _ALPHABET for b in _ALPHABET for c in _ALPHABET)
_CODES: Final = 36**7

# What a household does with a bill, per mille: pays it, rounds it up, pays late or in part, pays ahead, hardly pays.
_HABITS: Final = (("prompt", 520), ("rounds", 240), ("late", 150), ("ahead", 50), ("rarely", 40))


@dataclass(frozen=True, slots=True)
class AccountLife:
    """One account as the town's story needs it; days are ordinals, money is minor units."""

    account_no: str
    customer_no: str
    meter_no: str
    cycle: int
    utility: str
    is_business: bool
    opened: int
    closed: int | None
    opening_minor: int


@dataclass(slots=True)
class Lines:
    """CSV lines waiting to be written, by file."""

    invoices: list[str] = field(default_factory=list)
    payments: list[str] = field(default_factory=list)
    adjustments: list[str] = field(default_factory=list)


def decimal(minor: int) -> str:
    """Return minor units as a decimal string; the town writes its files with nothing but the standard library."""
    sign = "-" if minor < 0 else ""
    whole, cents = divmod(abs(minor), 100)
    return f"{sign}{whole}.{cents:02d}"


class Historian:
    """Writes the invoices, payments and adjustments of accounts, with numbers that never repeat."""

    def __init__(self, *, rng: Random, calendar: Calendar, accounts_max: int) -> None:
        self.lines = Lines()
        self._rng = rng
        self.calendar = calendar
        self._stride = accounts_max
        self._payments = 0
        self._adjustments = 0
        self._salt = rng.randrange(_CODES)

    def write(self, life: AccountLife, *, place: int) -> int:
        """Add the life of one account and return what it owes at the end; ``place`` is its place in the billing run.

        Each invoice brings forward what the account owed just before it: everything else happens strictly
        between two invoice days.
        """
        rng = self._rng
        habit = _pick_habit(rng.random() * 1000)
        usual = _usual_amount(rng, life)
        net = life.opening_minor
        days = self.calendar.cycles[life.cycle]
        last = self.calendar.today if life.closed is None else life.closed
        for index, day in enumerate(days):
            if day <= life.opened or day >= last:
                continue
            until = min(days[index + 1] if index + 1 < len(days) else last + 1, last + 1)
            amount = max(usual * (60 + int(rng.random() * 80)) // 100 // 50 * 50, 5000)
            number = self.invoice_number(day, place)
            self.invoice(number, life.account_no, day, amount, max(net, 0))
            net += amount
            if rng.random() < 0.004 and until - day > 3:
                net += self._adjust(life.account_no, day + 1, amount)
            net -= self._pay(life, habit, net, number, day, until)
        return net

    def invoice_number(self, day: int, place: int) -> str:
        """Return the number of the invoice that a billing run of that day gives to one place."""
        year, month = self.calendar.month_of(day)
        return f"INV-{year}-{(month - 1) * self._stride + place + 1:06d}"

    def invoice(self, number: str, account_no: str, day: int, amount_minor: int, brought_minor: int) -> None:
        """Add one invoice."""
        texts = self.calendar.texts
        whole, cents = divmod(amount_minor, 100)
        brought, rest = divmod(brought_minor, 100)
        self.lines.invoices.append(
            f"{number},{account_no},{texts[day]},{texts[day + DUE_DAYS]},{whole}.{cents:02d},{brought}.{rest:02d}\n"
        )

    def payment(
        self,
        account_no: str,
        day: int,
        amount_minor: int,
        *,
        method: str,
        reference: str = "",
        number: str | None = None,
        invoice_no: str = "",
        status: str = "completed",
        reversed_on: int | None = None,
    ) -> None:
        """Add one payment; a reversed one stays with the day of its reversal."""
        texts = self.calendar.texts
        self._payments += 1
        whole, cents = divmod(amount_minor, 100)
        undone = "" if reversed_on is None else texts[reversed_on]
        self.lines.payments.append(
            f"{number or f'P{self._payments:08d}'},{account_no},{texts[day]},{whole}.{cents:02d},{method},{reference},"
            f"{invoice_no},{status},{undone}\n"
        )

    def _pay(self, life: AccountLife, habit: str, net: int, invoice_no: str, day: int, until: int) -> int:
        """Add this month's payment, if there is one, and return by how much it lowers what is owed."""
        rng = self._rng
        roll = rng.random()
        amount = _amount_paid(habit, net, roll)
        room = until - day - 1
        paid_on = day + 1 + int(rng.random() * 24)
        if amount <= 0 or room < 1 or paid_on >= until:
            return 0
        method = _pick_method(rng.random(), life.is_business)
        chance = rng.random()
        undone = paid_on + min(int(chance * 600), until - 1 - paid_on) if chance < 0.005 else None
        waits = method == "cheque" and paid_on > self.calendar.today - 10
        self.payment(
            life.account_no,
            paid_on,
            amount,
            method=method,
            reference=self._reference(method, paid_on),
            invoice_no=invoice_no if 0.8 < roll < 0.95 else "",
            status="pending" if waits and undone is None else "completed",
            reversed_on=undone,
        )
        return 0 if waits or undone is not None else amount

    def _adjust(self, account_no: str, day: int, amount: int) -> int:
        reasons = (("meter reading corrected", -1), ("reconnection fee", 1), ("leak allowance", -1))
        reason, sign = reasons[int(self._rng.random() * 3)]
        signed = sign * max(amount // 400 * 100, 10000)
        self._adjustments += 1
        self.lines.adjustments.append(
            f"ADJ-{self._adjustments:05d},{account_no},{self.calendar.texts[day]},{decimal(signed)},{reason}\n"
        )
        return signed

    def _reference(self, method: str, day: int) -> str:
        """Return a reference of the method's shape that no other payment carries; cash has none."""
        if method == "cash":
            return ""
        if method == "mpesa":
            year, month = self.calendar.month_of(day)
            code = (self._payments * 1_234_577 + self._salt) % _CODES
            high, low = divmod(code, 46656)
            top, middle = divmod(high, 46656)
            day_letter = _ALPHABET[int(self.calendar.texts[day][8:])]
            return (
                f"{chr(65 + (year - 2007) % 26)}{_ALPHABET[9 + month]}{day_letter}"
                f"{_ALPHABET[top]}{_TRIPLES[middle]}{_TRIPLES[low]}"
            )
        return f"FT{day}{self._payments:07d}" if method == "bank" else f"CHQ{self._payments:07d}"


def _pick_habit(roll: float) -> str:
    for habit, share in _HABITS:
        roll -= share
        if roll < 0:
            return habit
    return "prompt"


def _usual_amount(rng: Random, life: AccountLife) -> int:
    """Return the household's usual bill in minor units: mostly modest, a few large, businesses larger."""
    base = 40_000 if life.utility == "water" else 70_000
    usual = base + int(rng.random() * rng.random() * 6 * base)
    return usual * 3 if life.is_business else usual


def _amount_paid(habit: str, net: int, roll: float) -> int:
    """Return what is paid towards ``net`` this month: 0 where nothing is."""
    if habit == "ahead":
        return (max(net, 0) // 100_000 + 3) * 100_000 if net > 0 and roll < 0.7 else 0
    if net <= 0:
        return 0
    if habit == "prompt":
        return net if roll < 0.95 else 0
    if habit == "rounds":
        return -(-net // 5000) * 5000 if roll < 0.9 else 0
    if habit == "late":
        return net if roll < 0.25 else max(net // 20000 * 10000, 0) if roll < 0.6 else 0
    return 50_000 if roll < 0.15 and net > 50_000 else 0


def _pick_method(roll: float, is_business: bool) -> str:
    if is_business:
        return "cheque" if roll < 0.25 else "bank" if roll < 0.6 else "mpesa" if roll < 0.9 else "cash"
    return "mpesa" if roll < 0.6 else "cash" if roll < 0.93 else "bank" if roll < 0.98 else "cheque"
