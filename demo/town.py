"""A made-up town as an import set: customers, contacts, meters, accounts, invoices, payments, adjustments.

    python3 -m demo.town DIRECTORY [--customers 20000] [--months 12] [--seed 1] [--as-of 2026-11-20]

The same arguments give the same files, byte for byte. The people of the reference picture live here too.
"""

import argparse
import csv
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from random import Random
from typing import IO, Final, Self

from demo.days import CYCLE_OFFSETS, Calendar
from demo.history import AccountLife, Historian, decimal
from demo.names import BUSINESSES, COMMUNITIES, PLACES, STREETS, ZONES
from demo.reference import PEOPLE, Person, write_reference

FIRST_NUMBER: Final = 10_001
_FLUSH_ACCOUNTS: Final = 2_000
_HEADERS: Final = {
    "customers": "customer_no,name,phone,zone,status,opened_on,language",
    "contacts": "customer_no,name,phone,consent",
    "meters": "meter_no,serial_no,utility,status,location",
    "accounts": "account_no,customer_no,meter_no,opened_on,closed_on,opening_balance",
    "invoices": "invoice_no,account_no,invoice_date,due_date,amount,balance_brought_forward",
    "payments": "payment_no,account_no,paid_on,amount,method,reference,invoice_no,status,reversed_on",
    "adjustments": "adjustment_no,account_no,made_on,amount,reason",
}


@dataclass(frozen=True, slots=True)
class Town:
    """How much was written."""

    customers: int
    meters: int
    accounts: int


@dataclass(frozen=True, slots=True)
class Customer:
    """One made-up customer; `zone` is an index into the zones, `opened` an ordinal day."""

    customer_no: str
    name: str
    phone: str
    zone: int
    is_business: bool
    is_closed: bool
    opened: int


def write_town(directory: Path, *, as_of: date, customers: int = 20_000, months: int = 12, seed: int = 1) -> Town:
    """Write the import set of a town into ``directory`` and return its size; today is ``as_of``."""
    directory.mkdir(parents=True, exist_ok=True)
    with _Files(directory) as files:
        return _Builder(files, customers=customers, months=months, rng=Random(seed), as_of=as_of).build()


def make_name(rng: Random, *, zone: str) -> tuple[str, bool]:
    """Return a made-up name and whether it is that of a business."""
    community = rng.choices(COMMUNITIES, weights=_WEIGHTS)[0]
    is_woman = rng.random() < 0.5
    given, family = rng.choice(community.women if is_woman else community.men), rng.choice(community.family)
    if rng.random() < 0.04:
        return rng.choice(BUSINESSES).format(given=given, family=family, zone=zone), True
    middle = rng.choice(community.women_middle if is_woman else community.men_middle)
    if middle == family or rng.random() < 0.38:
        return f"{given} {family}", False
    return f"{given} {middle} {family}", False


def make_phone(rng: Random) -> str:
    """Return a made-up Kenyan mobile number as people write it."""
    prefix = rng.choice(("070", "071", "072", "079", "074", "075", "073", "011", "010"))
    return f"{prefix}{rng.randrange(10_000_000):07d}"


_WEIGHTS: Final = [community.weight for community in COMMUNITIES]


class _Files:
    """The open files of one import set."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._open: dict[str, IO[str]] = {}

    def __enter__(self) -> Self:
        for name, header in _HEADERS.items():
            self._open[name] = (self._directory / f"{name}.csv").open("w", encoding="utf-8", newline="")
            self._open[name].write(header + "\n")
        self._writers = {name: csv.writer(file, lineterminator="\n") for name, file in self._open.items()}
        return self

    def __exit__(self, *_: object) -> None:
        for file in self._open.values():
            file.close()

    def row(self, name: str, *values: str) -> None:
        self._writers[name].writerow(values)

    def lines(self, name: str, lines: list[str]) -> None:
        self._open[name].writelines(lines)
        lines.clear()


class _Builder:
    """Makes the town customer by customer; only one stretch of lines is held in memory."""

    def __init__(self, files: _Files, *, customers: int, months: int, rng: Random, as_of: date) -> None:
        self._files = files
        self._customers = max(customers, len(PEOPLE))
        self._rng = rng
        self._calendar = Calendar(as_of=as_of, months=months)
        self._historian = Historian(rng=rng, calendar=self._calendar, accounts_max=10 ** len(str(self._customers * 4)))
        self._meters = 0
        self._accounts = 0
        self._previous: Customer | None = None

    def build(self) -> Town:
        for number in self._numbers():
            person = PEOPLE.get(number)
            if person is None:
                self._ordinary(number)
            else:
                self._reference(number, person)
            if self._accounts % _FLUSH_ACCOUNTS < 4:
                self._flush()
        self._flush()
        return Town(customers=self._customers, meters=self._meters, accounts=self._accounts)

    def _flush(self) -> None:
        lines = self._historian.lines
        self._files.lines("invoices", lines.invoices)
        self._files.lines("payments", lines.payments)
        self._files.lines("adjustments", lines.adjustments)

    def _numbers(self) -> Iterator[int]:
        """Yield as many customer numbers as wanted; the reference people's are always among them."""
        last = FIRST_NUMBER + self._customers - 1
        beyond = [number for number in sorted(PEOPLE) if number > last]
        yield from range(FIRST_NUMBER, last + 1 - len(beyond))
        yield from beyond

    def _ordinary(self, number: int) -> None:
        rng = self._rng
        zone = int(rng.random() * len(ZONES))
        name, is_business = make_name(rng, zone=ZONES[zone])
        customer = Customer(
            customer_no=f"AC-{number}",
            name=name,
            phone="" if rng.random() < 0.04 else make_phone(rng),
            zone=zone,
            is_business=is_business,
            is_closed=rng.random() < 0.015,
            opened=self._calendar.first - int(rng.random() * 700) if rng.random() < 0.9 else self._joined(),
        )
        self._write_customer(customer)
        for _ in range(rng.choices((1, 2, 3, 4), weights=(78, 15, 5, 2))[0]):
            self._write_meter(customer)
        self._previous = None if customer.is_closed else customer

    def _joined(self) -> int:
        """Return a day on which a newer customer came, some time within the town's months."""
        return self._calendar.first + int(self._rng.random() * (self._calendar.today - self._calendar.first))

    def _write_customer(self, customer: Customer) -> None:
        rng = self._rng
        self._files.row(
            "customers",
            customer.customer_no,
            customer.name,
            customer.phone,
            ZONES[customer.zone],
            "closed" if customer.is_closed else "active",
            self._calendar.texts[customer.opened],
            "sw" if rng.random() < 0.3 else "en",
        )
        if rng.random() < 0.2:
            name, _ = make_name(rng, zone=ZONES[customer.zone])
            consent = "yes" if rng.random() < 0.8 else "no"
            self._files.row("contacts", customer.customer_no, name, make_phone(rng), consent)

    def _write_meter(self, customer: Customer) -> None:
        """Write one meter with its accounts; a few were the previous customer's until they were handed over."""
        rng = self._rng
        utility = "water" if rng.random() < 0.65 else "power"
        meter_no = self._meter(
            utility=utility,
            location=f"{rng.choice(PLACES)}, {rng.choice(STREETS)}",
            status="inactive" if customer.is_closed else "disconnected" if rng.random() < 0.02 else "active",
        )
        today, first = self._calendar.today, self._calendar.first
        opened, before = customer.opened, self._previous
        if before is not None and rng.random() < 0.03:
            handed_over = max(first + int(rng.random() * (today - first)), opened, before.opened)
            self._write_account(before, meter_no, utility, opened=before.opened, closed=handed_over)
            opened = handed_over
        closed = max(opened, today - int(rng.random() * 200)) if customer.is_closed else None
        self._write_account(customer, meter_no, utility, opened=opened, closed=closed)

    def _meter(self, *, utility: str, location: str, status: str, meter_no: str | None = None) -> str:
        self._meters += 1
        place = self._meters
        number = meter_no or (f"MTR-{10_000 + place}" if utility == "water" else f"37{14_000_000_000 + place * 7:011d}")
        self._files.row("meters", number, f"SN{place:08d}", utility, status, location)
        return number

    def _write_account(
        self, customer: Customer, meter_no: str, utility: str, *, opened: int, closed: int | None
    ) -> None:
        rng = self._rng
        roll = rng.random()
        opening = 0
        if opened < self._calendar.first and roll < 0.18:
            opening = int(rng.random() * 60) * 5000 if roll < 0.14 else -int(rng.random() * 12) * 5000
        life = AccountLife(
            account_no=self._account(customer.customer_no, meter_no, opened, closed, opening),
            customer_no=customer.customer_no,
            meter_no=meter_no,
            cycle=customer.zone,
            utility=utility,
            is_business=customer.is_business,
            opened=opened,
            closed=closed,
            opening_minor=opening,
        )
        self._historian.write(life, place=self._accounts)

    def _account(self, customer_no: str, meter_no: str, opened: int, closed: int | None, opening: int) -> str:
        self._accounts += 1
        number = f"A{self._accounts:07d}"
        texts = self._calendar.texts
        ended = "" if closed is None else texts[closed]
        self._files.row("accounts", number, customer_no, meter_no, texts[opened], ended, decimal(opening))
        return number

    def _reference(self, number: int, person: Person) -> None:
        opened = self._calendar.first - 400
        self._write_customer(
            Customer(
                customer_no=f"AC-{number}",
                name=person.name,
                phone=person.phone,
                zone=ZONES.index(person.zone),
                is_business=False,
                is_closed=False,
                opened=opened,
            )
        )
        for meter in person.meters:
            self._meter(utility=meter.utility, location=meter.location, status="active", meter_no=meter.meter_no)
            account_no = self._account(f"AC-{number}", meter.meter_no, opened, None, 0)
            write_reference(
                self._historian,
                meter,
                account_no=account_no,
                today=self._calendar.today,
                days=self._calendar.cycles[ZONES.index(person.zone)],
            )


assert len(ZONES) == len(CYCLE_OFFSETS), "each zone has one billing cycle"


def main() -> None:
    """Write a town from the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("directory", type=Path)
    parser.add_argument("--customers", type=int, default=20_000)
    parser.add_argument("--months", type=int, default=12)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--as-of", type=date.fromisoformat, default=datetime.now().astimezone().date())
    given = parser.parse_args()
    town = write_town(
        given.directory, customers=given.customers, months=given.months, seed=given.seed, as_of=given.as_of
    )
    print(f"{town.customers} customers, {town.meters} meters, {town.accounts} accounts in {given.directory}")


if __name__ == "__main__":
    main()
