"""A period's bills: each active meter's units since its last bill, priced by the tariff of the day it was read."""

import json
import re
from bisect import bisect_right
from calendar import monthrange
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from time import monotonic
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, func, select

from meterpos.errors import UserError
from meterpos.headoffice import books, bulk
from meterpos.headoffice.billing import invoicing, runs
from meterpos.headoffice.billing.invoicing import BILL_COLUMNS, BILL_SERIES
from meterpos.headoffice.billing.runs import CannotRun, Lot, Run, RunResult
from meterpos.headoffice.billing.tariffs import load_tariffs
from meterpos.headoffice.importing.reader import YEARS
from meterpos.headoffice.tables import bills, metering, readings
from meterpos.ledger.queries.overdue import overdue_amounts
from meterpos.ledger.rules.metering import to_bill
from meterpos.ledger.rules.tariffs import WHOLE, Days, Line, Tariff, charge, days_of, in_force, penalty_of
from meterpos.ledger.store import Store
from meterpos.ledger.tables import accounts, meters

PENALTY: Final = "PENALTY"
FINAL: Final = "FINAL"
_PERIOD: Final = re.compile(r"(\d{4})-(0[1-9]|1[0-2])", re.ASCII)

Tariffs = Mapping[str, Sequence[Tariff]]


@dataclass(frozen=True, slots=True)
class Period:
    """A month that is billed."""

    name: str
    starts_on: date
    ends_on: date


def read_period(text: str) -> Period:
    """Return the month in ``text``, as in ``2026-11``. Raises: CannotRun."""
    match = _PERIOD.fullmatch(text.strip())
    if match is None or int(match[1]) not in YEARS:
        raise CannotRun(f"'{text[:40]}' is no period. Write the month as 2026-11.", field="period")
    year, month = int(match[1]), int(match[2])
    return Period(text.strip(), date(year, month, 1), date(year, month, monthrange(year, month)[1]))


def run_period(
    store: Store, *, period: Period, run_id: str | None, on: date, due_on: date | None, now: Callable[[], datetime]
) -> RunResult:
    """Bill a period and invoice what was billed. A door: opens a write block for each lot of accounts.

    Taken up again, a run goes on with what is missing; two at once give one result. Raises: CannotRun.
    """
    if period.starts_on > on:
        raise CannotRun(f"{period.name} has not begun yet on {on:%d %b %Y}. Check the period.", field="period")
    began = monotonic()
    with store.write() as conn:
        run, _ = runs.begin(conn, run_id=run_id or period.name, period=period.name, on=on, due_on=due_on, at=now())
        biller = _Biller(run, period, load_tariffs(conn))
    made = runs.walk(store, run, biller.bill_next, biller.find_next)
    issued = invoice_run(store, run, now=now)
    with store.write() as conn:
        runs.end(conn, run, at=now())
        return runs.result(conn, run, new_bills=made, new_invoices=issued, seconds=monotonic() - began)


def invoice_run(store: Store, run: Run, *, now: Callable[[], datetime]) -> int:
    """Make the invoices of what a run billed; return how many. A door."""

    def step(conn: Connection, *, after: str, limit: int) -> Lot:
        runs.wait_turn(conn)
        return invoicing.invoice_next(conn, run, after=after, limit=limit, at=now())

    return runs.walk(store, run, step, lambda conn, after: invoicing.next_waiting(conn, run, after))


# --- one lot of accounts


class Billed(NamedTuple):
    """What one bill says, before it has a number. A tuple: there are many."""

    account_no: str
    kind: str
    amount_minor: int
    read_on: date | None = None
    through_milli: int | None = None
    lines: str | None = None


@dataclass(slots=True)
class _Known:
    """What is known of the accounts of one transaction."""

    accounts: Sequence[Any]
    closed: Mapping[str, "LastBilled"]
    readings: Mapping[str, Sequence[Any]]
    overdue: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class LastBilled:
    """Until which day, and through where of its meter's total, an account is billed; and the last month of that."""

    read_on: date
    through_milli: int
    period: str


class _Biller:
    """Bills lots of accounts of one period in their order."""

    def __init__(self, run: Run, period: Period, tariffs: Tariffs) -> None:
        self._run: Final = run
        self._period: Final = period
        self._tariffs: Final = tariffs
        self._asks_penalties: Final = any(
            one.penalty_percent or one.penalty_minor for versions in tariffs.values() for one in versions
        )

    def find_next(self, conn: Connection, after: str) -> str | None:
        """Return the next account to bill."""
        row = conn.execute(self._unbilled(after).limit(1)).first()
        return None if row is None else str(row.account_no)

    def bill_next(self, conn: Connection, *, after: str, limit: int) -> Lot:
        """Bill the next accounts that have no bill of the period."""
        runs.wait_turn(conn)
        found = conn.execute(self._unbilled(after).limit(limit)).all()
        if not found:
            return Lot(None, 0, 0)
        lot = self._lot(conn, found)
        made: list[Billed] = []
        reasons: dict[str, str] = {}
        for account in found:
            try:
                made += self._bills_of(account, lot)
            except UserError as error:
                reasons[account.account_no] = str(error)
        keep_bills(conn, made, made_on=self._run.made_on, period=self._period.name, run_id=self._run.run_id)
        runs.note_errors(conn, self._run, reasons, of=[account.account_no for account in found])
        return Lot(found[-1].account_no, len(found), len(made))

    def _unbilled(self, after: str) -> Any:
        done = (
            select(bills.c.bill_no)
            .where(
                bills.c.account_no == accounts.c.account_no,
                bills.c.period == self._period.name,
                bills.c.kind == func.upper(meters.c.utility),
            )
            .exists()
        )
        return (
            select(
                accounts.c.account_no,
                accounts.c.meter_no,
                accounts.c.opened_on,
                accounts.c.net_minor,
                meters.c.utility,
                meters.c.status,
                func.coalesce(metering.c.tariff, meters.c.utility).label("tariff"),
            )
            .join_from(accounts, meters, meters.c.meter_no == accounts.c.meter_no)
            .outerjoin(metering, metering.c.meter_no == accounts.c.meter_no)
            .where(
                accounts.c.account_no > after,
                accounts.c.kind == "meter",
                accounts.c.closed_on.is_(None),
                accounts.c.opened_on <= self._period.ends_on,
                ~done,
            )
            .order_by(accounts.c.account_no)
        )

    def _lot(self, conn: Connection, found: Sequence[Any]) -> _Known:
        closed = last_billed(conn, [one.account_no for one in found])
        since = min(closed[one.account_no].read_on if one.account_no in closed else date.min for one in found)
        lot = _Known(found, closed, readings_of(conn, [one.meter_no for one in found], since, self._period.ends_on))
        if self._asks_penalties:
            nets = {one.account_no: one.net_minor for one in found}
            lot.overdue = overdue_amounts(conn, nets, today=self._run.made_on)
        return lot

    def _bills_of(self, account: Any, lot: _Known) -> list[Billed]:
        """Return the bills of one account. Raises: CannotRun, TariffGap."""
        taken = lot.readings.get(account.meter_no, ())
        closing = next((one for one in reversed(taken) if one.kind == "read"), None)
        if closing is None or closing.read_on < self._period.starts_on:
            if account.status != "active":
                return []
            raise CannotRun(f"Meter {account.meter_no} has no reading of {self._period.name}. Read or estimate it.")
        tariff = in_force(self._tariffs.get(account.tariff, ()), name=account.tariff, day=closing.read_on)
        last = lot.closed.get(account.account_no)
        days = days_of(first=self._period.starts_on, last=self._period.ends_on, opened_on=account.opened_on)
        made = [bill_units(account, taken, closing, last, tariff, kind=account.utility.upper(), days=days)]
        penalty_minor = penalty_of(tariff, overdue_minor=lot.overdue.get(account.account_no, 0))
        if penalty_minor:
            made.append(Billed(account.account_no, PENALTY, penalty_minor))
        return made


def bill_units(
    account: Any,
    taken: Sequence[Any],
    closing: Any,
    last: LastBilled | None,
    tariff: Tariff,
    *,
    kind: str,
    days: Days,
) -> Billed:
    """Return the bill over what went through an account's meter since its last bill; ``taken`` are all since then.

    ``days`` are those of the month for which what a tariff asks by days is asked.

    The first bill of an account counts from the last reading of the day it was opened or before, else from the first.
    """
    before = _opening_reading(taken, account.opened_on if last is None else last.read_on)
    through_milli = before.total_milli if last is None else last.through_milli
    units_milli, through_milli = to_bill(total_milli=closing.total_milli, through_milli=through_milli)
    priced = _priced(tariff, units_milli, days if tariff.standing_by_days or tariff.minimum_by_days else WHOLE)
    # Whole numbers, days and three known words: written out, a bill in ten microseconds less.
    read = (
        f'{{"kind":"read","from_on":"{before.read_on}","from":{before.reading_milli},"to_on":"{closing.read_on}",'
        f'"to":{closing.reading_milli},"source":"{closing.source}","units":{units_milli}}}'
    )
    return Billed(
        account.account_no,
        kind,
        priced.amount_minor,
        closing.read_on,
        through_milli,
        f"[{read}{priced.lines}]",
    )


class _Priced(NamedTuple):
    """What units cost, and the lines that say so, each after a comma, as they are kept."""

    amount_minor: int
    lines: str


_prices: Final[dict[tuple[int, int, Days], tuple[Tariff, _Priced]]] = {}
_PRICES_MAX: Final = 10_000


def _priced(tariff: Tariff, units_milli: int, days: Days) -> _Priced:
    """Return what units cost by a tariff; many meters use as many units."""
    key = id(tariff), units_milli, days
    kept = _prices.get(key)
    if kept is not None and kept[0] is tariff:
        return kept[1]
    lines = charge(tariff, units_milli=units_milli, days=days)
    said = "".join(f",{_json(_said(line))}" for line in lines)
    priced = _Priced(sum(line.amount_minor for line in lines), said)
    if len(_prices) >= _PRICES_MAX:
        _prices.clear()
    _prices[key] = tariff, priced
    return priced


def _json(said: dict[str, Any]) -> str:
    return json.dumps(said, separators=(",", ":"), ensure_ascii=False)


def _opening_reading(taken: Sequence[Any], day: date) -> Any:
    index = bisect_right([one.read_on for one in taken], day)
    return taken[max(index - 1, 0)]


def _said(line: Line) -> dict[str, Any]:
    said: dict[str, Any] = {"kind": line.kind, "amount": line.amount_minor}
    if line.text:
        said["text"] = line.text
    if line.units_milli is not None:
        said |= {"units": line.units_milli, "price": line.price}
    if line.days is not None:
        said |= {"days": line.days.asked, "of_days": line.days.of}
    return said


def last_billed(conn: Connection, account_nos: Sequence[str]) -> dict[str, LastBilled]:
    """Return until where each of these accounts is billed; those that never were are left out."""
    query = (
        select(bills.c.account_no, func.max(bills.c.read_on), func.max(bills.c.through_milli), func.max(bills.c.period))
        .where(
            bulk.among(conn, bills.c.account_no, account_nos),
            bills.c.period.is_not(None),
            bills.c.through_milli.is_not(None),
        )
        .group_by(bills.c.account_no)
    )
    return {row[0]: LastBilled(row[1], row[2], row[3]) for row in conn.execute(query).all()}


def readings_of(conn: Connection, meter_nos: Sequence[str], since: date, until: date) -> dict[str, list[Any]]:
    """Return the readings of these meters between two days, both included, in their order; rows of their table."""
    found: dict[str, list[Any]] = defaultdict(list)
    query = (
        select(
            readings.c.meter_no,
            readings.c.read_on,
            readings.c.kind,
            readings.c.source,
            readings.c.reading_milli,
            readings.c.total_milli,
        )
        .where(
            bulk.among(conn, readings.c.meter_no, meter_nos), readings.c.read_on >= since, readings.c.read_on <= until
        )
        .order_by(readings.c.meter_no, readings.c.read_on, readings.c.kind)
    )
    for row in conn.execute(query).all():
        found[row[0]].append(row)
    return found


def keep_bills(
    conn: Connection, made: Sequence[Billed], *, made_on: date, period: str | None, run_id: str | None
) -> list[str]:
    """Write bills under the next numbers and return those."""
    numbers = books.take_numbers(conn, BILL_SERIES, len(made))
    day = made_on.isoformat()
    rows = [
        (
            number, one.account_no, one.kind, one.amount_minor, "", "", day, period, run_id,
            one.read_on.isoformat() if one.read_on else None, one.through_milli,
            one.lines, None,
        )
        for number, one in zip(numbers, made, strict=True)
    ]  # fmt: skip
    bulk.insert(conn, bills, rows, columns=BILL_COLUMNS)
    return numbers
