"""The payment form without widgets: what is typed, what it comes to, what it does to each meter, what is wrong."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from meterpos.errors import UserError
from meterpos.ledger.money import format_amount, parse_amount
from meterpos.ledger.rules.allocation import PaymentEffect, apply_payment
from meterpos.ledger.rules.tenders import cells, normalise_reference
from meterpos.ui import words
from meterpos.ui.models import legs
from meterpos.ui.models.asking import MeterView
from meterpos.ui.models.legs import Leg, Used, read_amount
from meterpos.ui.models.owing import usual_minor

if TYPE_CHECKING:
    from meterpos.ledger.operations.tenders import LegRequest, TenderRequest

REFERENCE_LEAST: Final = 4
NOTES_MINOR: Final = (50_00, 100_00, 500_00, 1_000_00, 5_000_00, 10_000_00)


@dataclass(frozen=True, slots=True)
class Unknown:
    """A meter this till does not know, as the customer names it."""

    meter_no: str
    name: str
    phone: str = ""


@dataclass(frozen=True, slots=True)
class Part:
    """One meter being paid; `amount_text` as typed. Of a meter the till does not know, `view` is None."""

    view: MeterView | None
    amount_text: str
    invoice_no: str | None = None

    @property
    def amount_minor(self) -> int | None:
        """The amount, None while empty or unreadable."""
        return read_amount(self.amount_text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """Everything the clerk entered so far. `tender_id` is made when the form opens."""

    tender_id: str
    customer_no: str | None
    payer: str
    parts: tuple[Part, ...]
    legs: tuple[Leg, ...] = (Leg(),)
    received_text: str = ""
    sms_to: str | None = None
    unknown: Unknown | None = None
    used: Used = field(default_factory=dict)
    policy: dict[str, str] = field(default_factory=dict)

    @property
    def total_minor(self) -> int:
        """What is to be paid; unreadable amounts count nothing."""
        return sum(part.amount_minor or 0 for part in self.parts)

    @property
    def paying(self) -> tuple[Part, ...]:
        """The parts with an amount."""
        return tuple(part for part in self.parts if part.amount_minor)

    @property
    def meters(self) -> str:
        """The meters being paid, as the button names them."""
        if self.unknown is not None:
            return self.unknown.meter_no
        names = [part.view.card.meter_no for part in (self.paying or self.parts) if part.view is not None]
        return names[0] if len(names) == 1 else words.say("pay.meters", n=len(names))

    @property
    def legs_minor(self) -> tuple[int, ...]:
        """What each leg pays."""
        return legs.amounts(self.legs, self.total_minor)

    @property
    def received_minor(self) -> int | None:
        """The cash received; None for exactly what is paid in cash, and where nothing is."""
        has_cash = any(leg.method == "cash" for leg in self.legs)
        return read_amount(self.received_text) if has_cash else None

    @property
    def counting_minor(self) -> tuple[int, ...]:
        """How much of each part counts at once (a cheque waits for its clearing), by the rule that fills the parts."""
        counting = [part.amount_minor or 0 for part in self.parts]
        paid = [(leg.method, amount) for leg, amount in zip(self.legs, self.legs_minor, strict=True) if amount]
        if sum(amount for _, amount in paid) != self.total_minor or not self.total_minor:
            return tuple(counting)
        numbers = [number for number, amount in enumerate(counting) if amount]
        for cell in cells([amount for _, amount in paid], [counting[number] for number in numbers]):
            if self.policy.get(paid[cell.leg][0]) == "pending":
                counting[numbers[cell.part]] -= cell.amount_minor
        return tuple(counting)

    @property
    def waits(self) -> bool:
        """Whether some of it counts later only."""
        return sum(self.counting_minor) != self.total_minor


def problems(form: Form) -> dict[str, str]:
    """Return a sentence for each field that keeps the payment from being taken: amount (amount:N), reference, …"""
    found: dict[str, str] = {}
    for number, part in enumerate(form.parts):
        name = "amount" if len(form.parts) == 1 else f"amount:{number}"
        try:
            if part.amount_text.strip():
                parse_amount(part.amount_text)
        except UserError:
            found[name] = words.say("wrong.amount", text=part.amount_text.strip()[:24])
    if not found and form.total_minor <= 0:
        found["amount"] = words.say("wrong.no_amount")
    found.update(legs.problems(form.legs, form.total_minor, form.received_text))
    if form.unknown is not None:
        if not form.unknown.meter_no.strip():
            found["meter_no"] = words.say("wrong.no_meter_no")
        if not form.unknown.name.strip():
            found["name"] = words.say("wrong.no_name")
    return found


def effect(part: Part, counting_minor: int) -> PaymentEffect | None:
    """Return what this part would do to its meter with so much of it counting, by the same rule that posts it."""
    if part.view is None or part.amount_minor is None:
        return None
    ledger = part.view.ledger
    return apply_payment(ledger.charges, ledger.credits, counting_minor, part.invoice_no)


def unusual(form: Form, factor: int) -> tuple[Part, int] | None:
    """Return the first part far above its meter's usual bill and above what it owes, with that bill."""
    for part in form.paying:
        usual = usual_minor(part.view) if part.view is not None else None
        if part.view is None or usual is None or part.amount_minor is None:
            continue
        if part.amount_minor > factor * usual and part.amount_minor > part.view.card.balance_minor:
            return part, usual
    return None


def note_chips(total_minor: int, *, most: int = 4) -> tuple[int, ...]:
    """Return the sums of notes a customer is likely to hand over, above the total, the smallest first."""
    if total_minor <= 0:
        return ()
    rounded = {-(-total_minor // note) * note for note in NOTES_MINOR}
    return tuple(sorted(amount for amount in rounded if amount > total_minor))[:most]


def short(amount_minor: int) -> str:
    """Return an amount for a chip: without the cents where there are none."""
    text = format_amount(amount_minor)
    return text.removesuffix(".00")


def request(form: Form) -> "TenderRequest":
    """Return the form as the operation takes it; asked for only when there are no problems."""
    from meterpos.ledger.operations.tenders import PartRequest, TenderRequest, UnknownMeter

    def part_request(part: Part) -> PartRequest:
        assert part.amount_minor is not None
        if part.view is None:
            assert form.unknown is not None
            known = form.unknown
            unknown = UnknownMeter(meter_no=known.meter_no.strip(), name=known.name.strip(), phone=known.phone.strip())
            return PartRequest(amount_minor=part.amount_minor, unknown=unknown)
        return PartRequest(
            account_no=part.view.card.account_no,
            amount_minor=part.amount_minor,
            invoice_no=part.invoice_no,
            closed=part.view.card.closed,
        )

    return TenderRequest(
        tender_id=form.tender_id,
        customer_no=form.customer_no,
        parts=tuple(part_request(part) for part in form.paying),
        legs=leg_requests(form),
        tendered_minor=form.received_minor,
        sms_to=form.sms_to,
    )


def leg_requests(form: Form) -> "tuple[LegRequest, ...]":
    """Return how it is paid as the operation takes it."""
    from meterpos.ledger.operations.tenders import LegRequest

    return tuple(
        LegRequest(method=leg.method, amount_minor=amount, reference=leg.reference if leg.method != "cash" else None)
        for leg, amount in zip(form.legs, form.legs_minor, strict=True)
    )


def references(paid: Sequence[Leg]) -> frozenset[tuple[str, str]]:
    """Return the methods and references typed so far that are long enough to be looked up."""
    typed = ((leg.method, normalise_reference(leg.reference)) for leg in paid if leg.method != "cash")
    return frozenset((method, reference) for method, reference in typed if len(reference) >= REFERENCE_LEAST)


def first_field(found: dict[str, str], order: Sequence[str]) -> str | None:
    """Return the first field, in the order of the form, that has a problem."""
    return min(found, key=lambda name: order.index(name.split(":")[0])) if found else None
