"""Accounts and meters through time: the last bill of who leaves, a new register, what was done to a meter and when."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final, Literal

from sqlalchemy import Connection, insert, select, update

from meterpos.headoffice import master
from meterpos.headoffice.billing import invoicing, periods
from meterpos.headoffice.billing import readings as readings_of_meters
from meterpos.headoffice.billing.runs import due_after, wait_turn
from meterpos.headoffice.billing.tariffs import load_tariffs
from meterpos.headoffice.feed import Outgoing
from meterpos.headoffice.sms import supply
from meterpos.headoffice.tables import bills, meter_events, metering, readings
from meterpos.headoffice.tables import feed as feed_table
from meterpos.ledger.rules.metering import (
    Reading,
    ReadingRefused,
    format_units,
    parse_units,
    start_register,
)
from meterpos.ledger.rules.tariffs import days_of, in_force
from meterpos.ledger.tables import accounts, customers, meters

SupplyKind = Literal["disconnected", "reconnected"]
EventKind = SupplyKind | Literal["replaced"]
_STATUS: Final[dict[SupplyKind, str]] = {"disconnected": "disconnected", "reconnected": "active"}
SERIAL_MAX: Final = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Happened:
    """One thing in the life of a meter."""

    on: date
    what: str
    text: str


def close_account(
    conn: Connection, outgoing: Outgoing, *, account_no: str, reading: str | None, on: date, at: datetime
) -> str | None:
    """Close an account with a last invoice over what waits, and over its meter's last units where it was read.

    Return the invoice's number, None where there was nothing to invoice. What is owed or held stays on the account.
    Raises: UnknownAccount, AccountClosed, ReadingRefused, TariffGap, CannotRun.
    """
    wait_turn(conn)
    if reading is not None:
        _bill_last_units(conn, account_no, reading, on=on, at=at)
    invoice_no = _invoice_what_waits(conn, account_no, on=on, at=at)
    master.close_account(conn, outgoing, account_no=account_no, closed_on=on)
    return invoice_no


def hand_over(
    conn: Connection,
    outgoing: Outgoing,
    *,
    meter_no: str,
    to_customer: str,
    account_no: str,
    reading: str | None,
    on: date,
    at: datetime,
) -> tuple[str, str | None]:
    """Give a meter to another customer; who leaves gets a last invoice, as `close_account` makes it.

    Return the old account and that invoice. The new account counts from the reading of that day.
    Raises: UnknownAccount, CannotOpen, ReadingRefused, TariffGap.
    """
    wait_turn(conn)
    old = active_account(conn, meter_no)
    _hold(conn, meter_no, to_customer)
    if reading is not None:
        _bill_last_units(conn, old, reading, on=on, at=at)
    invoice_no = _invoice_what_waits(conn, old, on=on, at=at)
    master.hand_over(conn, outgoing, meter_no=meter_no, to_customer=to_customer, account_no=account_no, on=on)
    return old, invoice_no


def _hold(conn: Connection, meter_no: str, customer_no: str) -> None:
    """Lock meter and customer before the feed's counter is: others lock them first and wait for the counter then."""
    conn.execute(select(meters.c.meter_no).where(meters.c.meter_no == meter_no).with_for_update()).all()
    query = select(customers.c.customer_no).where(customers.c.customer_no == customer_no)
    conn.execute(query.with_for_update()).all()


def active_account(conn: Connection, meter_no: str) -> str:
    """Return the active account of a meter. Raises: UnknownAccount."""
    active = accounts.c.meter_no == meter_no, accounts.c.closed_on.is_(None)
    found = conn.execute(select(accounts.c.account_no).where(*active)).scalar()
    if found is None:
        raise master.UnknownAccount(f"Meter {meter_no} has no active account. Open one.", field="meter")
    return str(found)


def _bill_last_units(conn: Connection, account_no: str, reading: str, *, on: date, at: datetime) -> None:
    """Read an account's meter for the last time and bill what went through since its last bill."""
    row = master.find_account(conn, account_no)
    if row.closed_on is not None:
        raise master.AccountClosed(f"Account {account_no} was closed on {row.closed_on:%d %b %Y} already.")
    if row.meter_no is None:
        raise ReadingRefused(f"{account_no} has no meter to be read. Close it without a reading.", field="reading")
    readings_of_meters.add_reading(
        conn, meter_no=row.meter_no, read_on=on, reading=reading, at=at, source="final", noted_from=account_no
    )
    last = periods.last_billed(conn, [account_no]).get(account_no)
    since = last.read_on if last is not None else date.min
    taken = periods.readings_of(conn, [row.meter_no], since, on)[row.meter_no]
    name = _tariff_of(conn, row.meter_no)
    tariff = in_force(load_tariffs(conn).get(name, ()), name=name, day=on)
    closing = next(one for one in reversed(taken) if one.kind == "read")
    month = periods.read_period(f"{on:%Y-%m}")
    days = days_of(first=month.starts_on, last=month.ends_on, opened_on=row.opened_on, closed_on=on)
    if last is not None and last.period == month.name:
        days = days._replace(asked=0)  # the month's own bill asked for all of them
    bill = periods.bill_units(row, taken, closing, last, tariff, kind=periods.FINAL, days=days)
    periods.keep_bills(conn, [bill], made_on=on, period=month.name, run_id=None)


def _tariff_of(conn: Connection, meter_no: str) -> str:
    row = conn.execute(
        select(meters.c.utility, metering.c.tariff)
        .outerjoin(metering, metering.c.meter_no == meters.c.meter_no)
        .where(meters.c.meter_no == meter_no)
    ).one()
    return str(row.tariff or row.utility)


def _invoice_what_waits(conn: Connection, account_no: str, *, on: date, at: datetime) -> str | None:
    waiting = bills.c.account_no == account_no, bills.c.invoice_no.is_(None)
    if conn.execute(select(bills.c.bill_no).where(*waiting).limit(1)).first() is None:
        return None
    return invoicing.issue(conn, [account_no], made_on=on, due_on=due_after(conn, on), at=at).get(account_no)


# --- meters


def replace_meter(
    conn: Connection,
    outgoing: Outgoing,
    *,
    meter_no: str,
    serial_no: str,
    final_reading: str | None,
    start_reading: str,
    digits: int | None,
    on: date,
    at: datetime,
) -> None:
    """Fit other hardware at a meter: its account, number and debt stay, its units count on.

    ``final_reading`` is what the old register showed, None where it could not be read any more.
    Raises: ReadingRefused, UnknownAccount.
    """
    wait_turn(conn)
    old = conn.execute(select(meters.c.serial_no).where(meters.c.meter_no == meter_no).with_for_update()).scalar()
    if old is None:
        raise master.UnknownAccount(f"There is no meter {meter_no}. Check the number.", field="meter")
    serial = serial_no.strip()
    if not serial or len(serial) > SERIAL_MAX or not serial.isprintable() or serial == old:
        raise ReadingRefused(f"Give the serial number of the new meter, another than {old or 'none'}.", field="serial")
    if final_reading is not None:
        readings_of_meters.add_reading(
            conn, meter_no=meter_no, read_on=on, reading=final_reading, at=at, source="final", noted_from=old
        )
    started = _start(conn, meter_no, start_reading, on=on)
    readings_of_meters.keep(conn, [(meter_no, started)], at=at, noted_from=serial)
    if digits is not None:
        readings_of_meters.note_digits(conn, {meter_no: digits})
    conn.execute(update(meters).where(meters.c.meter_no == meter_no).values(serial_no=serial))
    _send_meter(conn, outgoing, meter_no)
    _note(conn, meter_no, "replaced", f"{old} by {serial}", on=on, at=at)


def _start(conn: Connection, meter_no: str, reading: str, *, on: date) -> Reading:
    register = readings_of_meters.registers(conn, {meter_no})[meter_no]
    last = register.last
    if last is not None and (last.read_on, last.kind) == (on, "start"):
        raise ReadingRefused(f"A register was fitted at {meter_no} on {on:%d %b %Y} already.", field="on")
    return start_register(register, read_on=on, reading_milli=parse_units(reading))


def set_connected(
    conn: Connection, outgoing: Outgoing, *, meter_no: str, kind: SupplyKind, reason: str, on: date, at: datetime
) -> None:
    """Note that a meter was disconnected or connected again, when and why; whose it is hears of it by message.

    What is said again of a meter that is so already is noted and told nobody. Raises: UnknownAccount.
    """
    query = select(meters.c.status).where(meters.c.meter_no == meter_no)
    before = conn.execute(query.with_for_update()).scalar()
    master.set_meter_status(conn, outgoing, meter_no=meter_no, status=_STATUS[kind])
    _note(conn, meter_no, kind, reason.strip(), on=on, at=at)
    if before != _STATUS[kind]:
        supply.tell(conn, meter_no=meter_no, kind=kind, on=on, at=at)


def _send_meter(conn: Connection, outgoing: Outgoing, meter_no: str) -> None:
    sent_to = select(feed_table.c.zone).where(feed_table.c.kind == "meter", feed_table.c.key == meter_no)
    for zone in conn.execute(sent_to).scalars().all():
        outgoing.send("meter", meter_no, zone=zone)


def _note(conn: Connection, meter_no: str, kind: EventKind, text: str, *, on: date, at: datetime) -> None:
    row = {"meter_no": meter_no, "noted_at": at, "kind": kind, "event_date": on, "text": text}
    conn.execute(insert(meter_events), row)


def history(conn: Connection, meter_no: str) -> Sequence[Happened]:
    """Return the life of a meter: whose it was, what was done to it, what it showed. Raises: UnknownAccount."""
    if conn.execute(select(meters.c.meter_no).where(meters.c.meter_no == meter_no)).first() is None:
        raise master.UnknownAccount(f"There is no meter {meter_no}. Check the number.", field="meter")
    found: list[Happened] = []
    for row in conn.execute(select(accounts).where(accounts.c.meter_no == meter_no)):
        whose = f"{row.account_no} of customer {row.customer_no}"
        found += [Happened(on=row.opened_on, what="opened", text=whose)] if row.opened_on else []
        found += [Happened(on=row.closed_on, what="closed", text=whose)] if row.closed_on else []
    for row in conn.execute(select(meter_events).where(meter_events.c.meter_no == meter_no)):
        found.append(Happened(on=row.event_date, what=row.kind, text=row.text))
    for row in conn.execute(select(readings).where(readings.c.meter_no == meter_no)):
        found.append(_read(row))
    return sorted(found, key=lambda one: one.on)


def _read(row: Any) -> Happened:
    shown = format_units(row.reading_milli)
    if row.kind == "start":
        return Happened(on=row.read_on, what="register fitted", text=shown)
    guessed = "" if row.source == "actual" else f" ({row.source})"
    return Happened(on=row.read_on, what="read", text=f"{shown}{guessed}: {format_units(row.usage_milli)} units")
