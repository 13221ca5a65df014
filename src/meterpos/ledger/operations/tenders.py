"""Taking money: one tender, its legs and parts checked, frozen into an entry, posted."""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from sqlalchemy import Connection, bindparam, select

from meterpos.errors import UserError
from meterpos.ledger.journal import Approval, Entry, read_back
from meterpos.ledger.moment import Moment
from meterpos.ledger.operations.cash import refuse_cash_above_limit
from meterpos.ledger.operations.entries import (
    Counter,
    known_as_of,
    next_number,
    paper_frame,
    stand_at_counter,
    write_entry,
)
from meterpos.ledger.operations.instalments import instalment_of
from meterpos.ledger.operations.payees import Payee, UnknownAccount, chosen_payee, reconnection
from meterpos.ledger.operations.people import require_right
from meterpos.ledger.queries.accounts import ledger_of
from meterpos.ledger.queries.identity import suspense_account
from meterpos.ledger.queries.references import used_reference
from meterpos.ledger.rules.allocation import PaymentEffect, allocate, apply_payment
from meterpos.ledger.rules.approvals import NO_SUBJECT, Wanted, subject_of
from meterpos.ledger.rules.facts import invoice_id
from meterpos.ledger.rules.tenders import METHODS, TenderDoesNotAdd, cells, change_minor, required_reference
from meterpos.ledger.tables import customers, facts, tenders


class InvoiceOfAnotherAccount(UserError):
    """The invoice named belongs to another meter."""


class ReferenceUsed(UserError):
    """The reference already stands on another payment."""


class TenderChanged(UserError):
    """The same tender id came with other content."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UnknownMeter:
    """What the customer said of a meter this till does not know."""

    meter_no: str
    name: str
    phone: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PartRequest:
    """Money for one account; ``unknown`` instead sends it to the till's suspense account.

    ``closed`` is whether the clerk saw the account as closed when it was chosen. ``paid_on`` (None: the business date)
    and ``notes`` are what the payer of an instalment says.
    """

    account_no: str = ""
    amount_minor: int
    invoice_no: str | None = None
    unknown: UnknownMeter | None = None
    closed: bool = False
    paid_on: date | None = None
    notes: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LegRequest:
    """Money by one method: cash, mpesa, bank or cheque; all but cash have a reference."""

    method: str
    amount_minor: int
    reference: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TenderRequest:
    """One act of paying as the clerk entered it. ``tender_id`` is made when the form opens: pressing twice pays once.

    ``tendered_minor`` is the cash handed over, None for exact. ``language`` None means the customer's.
    """

    tender_id: str
    customer_no: str | None
    parts: tuple[PartRequest, ...]
    legs: tuple[LegRequest, ...]
    tendered_minor: int | None = None
    sms_to: str | None = None
    language: str | None = None


_same_tender: Final = select(tenders.c.entry_id).where(tenders.c.tender_id == bindparam("tender_id"))
_customer: Final = select(customers.c.customer_no, customers.c.name, customers.c.language).where(
    customers.c.customer_no == bindparam("customer_no")
)
_invoice: Final = select(facts.c.stands_on).where(facts.c.fact_id == bindparam("fact_id"))


def take_tender(
    connection: Connection,
    *,
    request: TenderRequest,
    moment: Moment,
    clerk: str,
    approval: Approval | None = None,
    language: str = "en",
) -> Entry:
    """Take the money of ``request`` and return its entry, whose bytes hold everything the receipt says.

    The same request again returns the same entry and takes nothing. ``language`` is the till's: what a receipt speaks
    that is for nobody known here.

    Raises: a UserError naming what is wrong, before anything is written: NotEnrolled, NoOpenShift, TenderDoesNotAdd,
        MayNot, TooLittleCash, TooMuchCash, ReferenceMissing, ReferenceUsed, UnknownAccount, AccountMoved,
        InvoiceOfAnotherAccount, TenderChanged.
    """
    again = connection.execute(_same_tender, {"tender_id": request.tender_id}).scalars().first()
    if again is not None:
        return _taken_before(read_back(connection, again), request)
    counter = stand_at_counter(connection, moment=moment, clerk=clerk)
    counter.require_shift()
    require_right(connection, counter, "take_money")
    if approval is None:
        refuse_cash_above_limit(
            connection, counter, cash_minor=sum(leg.amount_minor for leg in request.legs if leg.method == "cash")
        )
    legs = _legs(connection, counter, request, approval)
    body = {
        **tender_frame(connection, counter, request, language=language),
        "tender_id": request.tender_id,
        "number": next_number(connection, counter),
        "known": known_as_of(counter),
        "legs": legs,
        "parts": parts_of(connection, counter, request, legs),
        "tendered": request.tendered_minor,
        "change": _change(request),
        "sms_to": request.sms_to,
    }
    return write_entry(connection, counter, kind="tender", body=body, approval=approval)


def _taken_before(entry: Entry, request: TenderRequest) -> Entry:
    body = entry.content.body
    if entry.content.kind != "tender":
        raise TenderChanged(f"{body['number']} was made under this id, and is no payment. Begin a new payment.")
    taken = (
        [(leg["method"], leg["amount"], leg["reference"]) for leg in body["legs"]],
        [(part["account"], part["amount"], part["invoice"]) for part in body["parts"]],
        body["tendered"],
    )
    asked = (
        [(leg.method, leg.amount_minor, required_reference(leg.method, leg.reference)) for leg in request.legs],
        [
            (part.account_no or suspense_account(body["till"]), part.amount_minor, part.invoice_no)
            for part in request.parts
        ],
        request.tendered_minor,
    )
    if taken != asked:
        raise TenderChanged(
            f"This payment was already taken as {body['number']} with other amounts. "
            "Look at that receipt; for another payment begin a new one."
        )
    return entry


def _change(request: TenderRequest) -> int:
    cash = sum(leg.amount_minor for leg in request.legs if leg.method == "cash")
    return change_minor(cash_minor=cash, tendered_minor=request.tendered_minor)


def _legs(
    connection: Connection, counter: Counter, request: TenderRequest, approval: Approval | None
) -> list[dict[str, Any]]:
    legs: list[dict[str, Any]] = []
    for leg in request.legs:
        if leg.method not in METHODS:
            raise TenderDoesNotAdd(f"'{leg.method}' is no method of paying. Use {', '.join(METHODS)}.", field="method")
        reference = required_reference(leg.method, leg.reference)
        if reference is not None:
            if any((leg.method, reference) == (other["method"], other["reference"]) for other in legs):
                raise ReferenceUsed(f"Reference {reference} stands twice in this payment.", field="reference")
            if approval is None:
                _refuse_used(connection, leg.method, reference)
        policy = counter.settings.policy[leg.method]
        legs.append(
            {
                "method": leg.method,
                "amount": leg.amount_minor,
                "reference": reference,
                "counts": policy != "pending",
                "unconfirmed": policy == "unconfirmed",
            }
        )
    return legs


def wanted_approval(connection: Connection, request: TenderRequest) -> Wanted:
    """Return what a second person has to agree to: the rest of a reference used before, else cash over the limit."""
    total_minor = sum(leg.amount_minor for leg in request.legs)
    for leg in request.legs:
        reference = required_reference(leg.method, leg.reference)
        if reference is not None and used_reference(connection, method=leg.method, reference=reference) is not None:
            return Wanted("reference", subject_of(reference), total_minor)
    return Wanted("over-limit", NO_SUBJECT, total_minor)


def _refuse_used(connection: Connection, method: str, reference: str) -> None:
    used = used_reference(connection, method=method, reference=reference)
    if used is not None:
        raise ReferenceUsed(
            f"Reference {reference} was already used for payment {used}. Check the code with the customer; "
            "a supervisor can approve using the rest of it.",
            field="reference",
        )


def parts_of(
    connection: Connection,
    counter: Counter,
    request: TenderRequest,
    legs: Sequence[Mapping[str, Any]],
    *,
    gone: Set[str] = frozenset(),
) -> list[dict[str, Any]]:
    """Return the parts as the receipt tells them, each with what it does to its account.

    ``gone`` are payments that the same entry takes back.

    Raises: UnknownAccount, AccountMoved, InvoiceOfAnotherAccount, TenderDoesNotAdd.
    """
    counting = _counting(legs, request.parts)
    return [
        _part(connection, counter, request, part, counting_minor, gone)
        for part, counting_minor in zip(request.parts, counting, strict=True)
    ]


def _counting(legs: Sequence[Mapping[str, Any]], parts: Sequence[PartRequest]) -> list[int]:
    """Return how much of each part counts at once (a pending cheque does not)."""
    counting = [0] * len(parts)
    for cell in cells([leg["amount"] for leg in legs], [part.amount_minor for part in parts]):
        if legs[cell.leg]["counts"]:
            counting[cell.part] += cell.amount_minor
    return counting


def tender_frame(
    connection: Connection, counter: Counter, request: TenderRequest, *, language: str = "en"
) -> dict[str, Any]:
    """Return what the paper of a tender says at head and foot, and who pays. Raises: UnknownAccount."""
    customer = None
    if request.customer_no is not None:
        customer = connection.execute(_customer, {"customer_no": request.customer_no}).one_or_none()
        if customer is None:
            raise UnknownAccount(f"Customer {request.customer_no} is not known here. Search again.")
    spoken = request.language or (customer.language if customer is not None else language)
    frame = paper_frame(connection, counter, language=spoken)
    frame["customer"] = None if customer is None else {"no": customer.customer_no, "name": customer.name}
    return frame


def _part(
    connection: Connection,
    counter: Counter,
    request: TenderRequest,
    part: PartRequest,
    counting_minor: int,
    gone: Set[str],
) -> dict[str, Any]:
    if part.unknown is not None:
        payee = Payee(counter.identity.suspense_account, None, None, "")
        instalment: dict[str, Any] = {}
        effect = PaymentEffect((), part.amount_minor, 0, 0)
        known_invoice = True
    else:
        if sum(other.account_no == part.account_no for other in request.parts) > 1:
            raise TenderDoesNotAdd("A meter stands twice in this payment. Put its amounts together.", field="amount")
        payee = chosen_payee(
            connection, account_no=part.account_no, customer_no=request.customer_no, seen_closed=part.closed
        )
        known_invoice = _invoice_known(connection, part)
        ledger = ledger_of(connection, part.account_no)
        standing = [credit for credit in ledger.credits if credit.fact_id not in gone]
        effect = apply_payment(ledger.charges, standing, counting_minor, part.invoice_no)
        instalment = {}
        if payee.is_plan:
            instalment = instalment_of(
                connection,
                account_no=part.account_no,
                amount_minor=part.amount_minor,
                before=allocate(ledger.charges, standing),
                effect=effect,
                paid_on=part.paid_on,
                notes=part.notes,
                business_date=counter.require_shift().business_date,
                gone=gone,
            )
    unknown = part.unknown
    return {
        "account": payee.account_no,
        "meter": payee.meter_no,
        "utility": payee.utility,
        "place": payee.place,
        "invoice": part.invoice_no,
        "invoice_known": known_invoice,
        "amount": part.amount_minor,
        "lines": [
            {
                "to": line.charge.number,
                "kind": line.charge.kind,
                "date": line.charge.fact_date.isoformat(),
                "amount": line.amount_minor,
                "left": line.left_minor,
            }
            for line in effect.lines
        ],
        "credit": effect.credit_minor,
        "balance_after": effect.balance_after_minor,
        "credit_after": effect.credit_after_minor,
        "suspense": None
        if unknown is None
        else {"meter_no": unknown.meter_no, "name": unknown.name, "phone": unknown.phone},
        **instalment,
        **reconnection(payee, effect),
    }


def _invoice_known(connection: Connection, part: PartRequest) -> bool:
    """Tell whether the named invoice is here. Raises: InvoiceOfAnotherAccount when it is another account's."""
    if part.invoice_no is None:
        return True
    stands_on = connection.execute(_invoice, {"fact_id": invoice_id(part.invoice_no)}).scalar_one_or_none()
    if stands_on is not None and stands_on != part.account_no:
        raise InvoiceOfAnotherAccount(
            f"Invoice {part.invoice_no} belongs to another meter. Choose one of this meter's invoices, or none.",
            field="invoice",
        )
    return stands_on is not None
