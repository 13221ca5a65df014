"""What head office does meanwhile: it bills, adjusts, confirms, bounces, hands meters over."""

from typing import TYPE_CHECKING

from meterpos.errors import UserError
from meterpos.headoffice.books import Invoice, add_invoices, adjust, say_of_payments
from meterpos.headoffice.master import hand_over
from meterpos.headoffice.zones import move_customer
from tests.faults.terms import OfficeCut
from tests.faults.world import ZONES, account_rows

if TYPE_CHECKING:
    from tests.faults.schedule import Schedule


def work(schedule: "Schedule") -> None:
    """Head office bills, adjusts, confirms, bounces, or hands a meter over; the power may go meanwhile."""
    office, dice = schedule.world.office, schedule.random
    rows = [row for row in account_rows(office.store) if row.closed_on is None]
    row = dice.choice(rows)
    what = dice.choices(
        ("invoice", "adjust", "confirmation", "bounce", "hand over", "zone"), weights=(5, 3, 3, 3, 3, 3)
    )[0]
    moves = what in ("hand over", "zone")
    today = office.moment().today
    try:
        with office.write() as (conn, outgoing):
            if what == "invoice":
                number = f"INV-NEW-{dice.randrange(4)}-{row.account_no}"
                add_invoices(
                    conn,
                    outgoing,
                    [
                        Invoice(
                            invoice_no=number,
                            account_no=row.account_no,
                            invoice_date=today,
                            due_date=today,
                            amount_minor=50_000 + schedule.next_number(),
                        )
                    ],
                    at=office.moment().at,
                )
            elif what == "adjust":
                adjust(
                    conn,
                    outgoing,
                    account_no=row.account_no,
                    amount_minor=dice.choice((-700, 900)),
                    reason="put right",
                    on=today,
                )
            elif what == "hand over":
                others = sorted({other.customer_no for other in rows} - {row.customer_no})
                meter = f"MTR-{row.account_no[1:].split('-')[0]}"
                hand_over(
                    conn,
                    outgoing,
                    meter_no=meter,
                    to_customer=dice.choice(others),
                    account_no=f"{row.account_no}-{schedule.next_number()}",
                    on=today,
                )
            elif what == "zone":
                zone = dice.choice(sorted({zone for zones in ZONES.values() for zone in zones}))
                move_customer(conn, outgoing, customer_no=row.customer_no, zone=zone)
            else:
                number = _some_receipt(schedule)
                say_of_payments(conn, outgoing, event=what, number=number, on=today)  # type: ignore[arg-type]
        schedule.moved |= moves
        schedule.tell(f"office: {what} {row.account_no}")
    except UserError as error:
        schedule.tell(f"office: no {what}: {error}")
    except OfficeCut:
        schedule.moved |= moves  # it may stand: the power may go once it is committed
        schedule.world.office_store.lose_power()


def _some_receipt(schedule: "Schedule") -> str:
    numbers = [one.number for one in schedule.receipts.values() if one.entry.content.kind == "tender"]
    return schedule.random.choice(numbers) if numbers else "NONE"
