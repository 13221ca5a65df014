"""What happens at a counter: somebody pays, a receipt is reversed, a shift ends; the power may go meanwhile."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from sqlalchemy import select

from meterpos.errors import UserError
from meterpos.ledger.journal import Entry
from meterpos.ledger.operations.entries import stand_at_counter
from meterpos.ledger.operations.tenders import LegRequest, PartRequest, ReferenceUsed, TenderRequest, UnknownMeter
from meterpos.ledger.tables import tenders
from tests.faults.terms import Receipt, TillCut, Wrong
from tests.faults.world import CLERK, Place, account_rows, approval

if TYPE_CHECKING:
    from tests.faults.schedule import Schedule


def pay(schedule: "Schedule") -> None:
    """Take one payment; after a power cut the clerk looks, and presses again."""
    place = schedule.some_place()
    ensure_shift(schedule, place)
    request = _tender(schedule, place)
    approved = approval() if schedule.random.random() < 0.2 else None
    try:
        _at_counter(
            schedule, place, lambda: place.till.take(request=request, clerk=CLERK, approval=approved), request.tender_id
        )
    except ReferenceUsed:
        schedule.tell(f"{place.name}: a reference was used before; nothing taken")
        return
    schedule.payments += 1


def _tender(schedule: "Schedule", place: Place) -> TenderRequest:
    dice = schedule.random
    rows = [row for row in account_rows(place.store) if row.closed_on is None]
    amount = dice.choice((1, 500, 10_000, 100_000, 250_000))
    if not rows or dice.random() < 0.05:  # every customer may have moved out of this till's zones
        part = PartRequest(amount_minor=amount, unknown=UnknownMeter(meter_no="MTR-X", name="Somebody"))
        parts, customer = (part,), None
    else:
        row = dice.choice(rows)
        same = [other for other in rows if other.customer_no == row.customer_no and other != row]
        also = same[:1] if dice.random() < 0.2 else []
        invoice = f"INV-NEW-{dice.randrange(4)}-{row.account_no}" if dice.random() < 0.1 else None
        parts = (
            PartRequest(account_no=row.account_no, amount_minor=amount, invoice_no=invoice),
            *(PartRequest(account_no=other.account_no, amount_minor=700) for other in also),
        )
        customer = row.customer_no
    total = sum(part.amount_minor for part in parts)
    return TenderRequest(
        tender_id=f"t{schedule.next_number():06d}", customer_no=customer, parts=parts, legs=_legs(schedule, total)
    )


def _legs(schedule: "Schedule", total: int) -> tuple[LegRequest, ...]:
    dice = schedule.random
    if total > 1 and dice.random() < 0.3:
        shared = dice.random() < 0.5
        reference = f"SHARED{dice.randrange(2):04d}" if shared else f"REF{schedule.next_number():07d}"
        first = dice.choice((total, total // 2))
        legs = [LegRequest(method="mpesa", amount_minor=first, reference=reference)]
        if total - first:
            legs.append(LegRequest(method="cash", amount_minor=total - first))
        return tuple(legs)
    return (LegRequest(method="cash", amount_minor=total),)


def ensure_shift(schedule: "Schedule", place: Place) -> None:
    """Open a shift where none is open."""
    with place.store.read() as connection:
        if stand_at_counter(connection, moment=place.till.moment(), clerk=CLERK).shift is not None:
            return
    schedule.calmly(lambda: place.till.open_shift(float_minor=0, clerk=CLERK))


def _at_counter(schedule: "Schedule", place: Place, work: Callable[[], Entry], tender_id: str) -> None:
    """Make a paper. It counts as printed once `work` has returned; a power cut in between makes the clerk look."""
    try:
        entry = work()
    except TillCut:
        schedule.start_again(place)
        with place.store.read() as connection:
            made = connection.execute(
                select(tenders.c.entry_id).where(tenders.c.tender_id == tender_id)
            ).scalar_one_or_none()
        schedule.tell(f"{place.name}: {tender_id} was {'kept' if made else 'not kept'}; pressed again")
        entry = schedule.calmly(work)
        if made is not None and entry.entry_id != made:
            raise Wrong(f"{tender_id} was kept, and pressing again made another entry") from None
        remember(schedule, place, entry)
        if place.name in schedule.under_way:
            raise
        return
    remember(schedule, place, entry)


def remember(schedule: "Schedule", place: Place, entry: Entry) -> None:
    """Remember a paper outside the system."""
    number = str(entry.content.body["number"])
    schedule.receipts[entry.entry_id] = Receipt(place.name, number, entry, was_printed=True)
    schedule.tell(f"{place.name}: {entry.content.kind} {number} (entry {entry.seq})")


def reverse(schedule: "Schedule") -> None:
    """Reverse some receipt of this till, its own or one its twin made."""
    place = schedule.some_place()
    machine = place.name.removesuffix("-copy")
    theirs = [
        one
        for one in schedule.receipts.values()
        if one.place.removesuffix("-copy") == machine and one.entry.content.kind == "tender"
    ]
    if not theirs:
        return
    ensure_shift(schedule, place)
    reverse_one(schedule, place, schedule.random.choice(theirs).number)


def reverse_one(schedule: "Schedule", place: Place, number: str) -> None:
    """Reverse one receipt, where the till may."""
    tender_id = f"t{schedule.next_number():06d}"

    def work() -> Entry:
        return place.till.reverse(
            number=number, reason="wrong", refund="cash", tender_id=tender_id, clerk=CLERK, approval=approval()
        )

    try:
        _at_counter(schedule, place, work, tender_id)
    except UserError as error:
        schedule.tell(f"{place.name}: {number} is not reversed: {error}")


def change_shift(schedule: "Schedule") -> None:
    """Close the shift."""
    place = schedule.some_place()
    ensure_shift(schedule, place)
    schedule.calmly(lambda: place.till.close_shift(counted_minor=0, clerk=CLERK))
    schedule.tell(f"{place.name}: shift closed")
