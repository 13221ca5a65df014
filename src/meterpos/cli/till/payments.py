"""Taking money: one meter, or several in one tender, by one method or several."""

import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from meterpos.cli import show
from meterpos.cli.files import read_payments
from meterpos.cli.style import Clerk, Json, PinFile, Print, example
from meterpos.cli.till.approvals import Agreement, approvable, of_tender
from meterpos.cli.till.opened import opened, who_acts
from meterpos.cli.till.printer import print_queued, use_printer
from meterpos.errors import UserError
from meterpos.ledger.rules.tenders import METHODS, Method

if TYPE_CHECKING:
    from meterpos.ledger.journal import Approval, Entry
    from meterpos.ledger.operations.tenders import LegRequest, PartRequest, TenderRequest
    from meterpos.till import Till


class UnusableLegs(UserError):
    """The methods of a payment were not given in a usable form."""


MethodOption = Annotated[
    Method | None, typer.Option("--method", metavar="|".join(METHODS), help="How it is paid, where by one.")
]
Reference = Annotated[
    str | None,
    typer.Option("--reference", metavar="R", help="M-Pesa code, bank slip or cheque number; all but cash need one."),
]
Leg = Annotated[
    list[str] | None,
    typer.Option("--leg", metavar="METHOD:AMOUNT[:REFERENCE]", help="Instead of --method, once for each method."),
]
Tendered = Annotated[
    str | None, typer.Option("--tendered", metavar="AMOUNT", help="The cash handed over; else exactly what is paid.")
]
TenderId = Annotated[
    uuid.UUID | None,
    typer.Option("--tender-id", metavar="UUID", help="Your own id of this payment: sent twice, it is taken once."),
]
SmsTo = Annotated[str | None, typer.Option("--sms-to", metavar="PHONE", help="Where the SMS receipt goes.")]
NoSms = Annotated[bool, typer.Option("--no-sms", help="Send no SMS, which is what happens without --sms-to too.")]


def add_to(group: typer.Typer) -> None:
    """Add this file's commands to the group."""
    group.command("pay", epilog=example("meterpos till pay --meter MTR-001 --amount 2500 --method cash"))(pay)
    group.command(
        "pay-many",
        epilog=example("meterpos till pay-many meters.csv --leg cash:1000 --leg mpesa:1500:SKJ3XY71AB"),
    )(pay_many)


@approvable
def pay(
    context: typer.Context,
    *,
    meter: Annotated[str, typer.Option("--meter", metavar="M", help="The meter's or the account's number.")],
    amount: Annotated[str, typer.Option("--amount", metavar="A", help="What is paid.")],
    method: MethodOption = None,
    reference: Reference = None,
    leg: Leg = None,
    invoice: Annotated[str | None, typer.Option("--invoice", metavar="NO", help="The invoice it is for.")] = None,
    tendered: Tendered = None,
    unknown_name: Annotated[
        str | None,
        typer.Option(
            "--unknown-name",
            metavar="NAME",
            help="Take it although the meter is not known here, from this person; head office places it.",
        ),
    ] = None,
    unknown_phone: Annotated[
        str, typer.Option("--unknown-phone", metavar="PHONE", help="With --unknown-name: that person's phone.")
    ] = "",
    tender_id: TenderId = None,
    sms_to: SmsTo = None,
    no_sms: NoSms = False,
    agreement: Agreement,
    clerk: Clerk = None,
    pin_file: PinFile = None,
    device: Print = None,
    json: Json = False,
) -> None:
    """Take a payment for one meter; its receipt is printed where the till has a printer."""
    from meterpos.ledger.money import parse_amount

    amount_minor = parse_amount(amount)
    with opened(context) as till:
        customer_no, part = _part(till, meter, amount_minor, invoice, unknown_name, unknown_phone)
        request = request_of(
            customer_no=customer_no,
            parts=(part,),
            legs=legs_of(method, reference, leg, total_minor=amount_minor),
            tendered=tendered,
            tender_id=tender_id,
            sms_to=sms_of(sms_to, no_sms),
        )
        name = who_acts(till, clerk=clerk, pin_file=pin_file)
        approval = agreement.approve(till, lambda: of_tender(till, request), clerk=name)
        take(till, request, clerk=name, approval=approval, device=device, json=json)


@approvable
def pay_many(
    context: typer.Context,
    *,
    file: Annotated[Path, typer.Argument(metavar="FILE.csv", help="Rows of meter_no,amount under that header.")],
    method: MethodOption = None,
    reference: Reference = None,
    leg: Leg = None,
    tendered: Tendered = None,
    tender_id: TenderId = None,
    sms_to: SmsTo = None,
    no_sms: NoSms = False,
    agreement: Agreement,
    clerk: Clerk = None,
    pin_file: PinFile = None,
    device: Print = None,
    json: Json = False,
) -> None:
    """Take one payment for several meters of one customer: one receipt, all or nothing."""
    payments = read_payments(file)
    with opened(context) as till:
        found = [_part(till, meter, amount_minor, None, None, "") for meter, amount_minor in payments]
        request = request_of(
            customer_no=found[0][0],
            parts=tuple(part for _, part in found),
            legs=legs_of(method, reference, leg, total_minor=sum(amount for _, amount in payments)),
            tendered=tendered,
            tender_id=tender_id,
            sms_to=sms_of(sms_to, no_sms),
        )
        name = who_acts(till, clerk=clerk, pin_file=pin_file)
        approval = agreement.approve(till, lambda: of_tender(till, request), clerk=name)
        take(till, request, clerk=name, approval=approval, device=device, json=json)


def _part(
    till: "Till", meter: str, amount_minor: int, invoice: str | None, unknown_name: str | None, unknown_phone: str
) -> "tuple[str | None, PartRequest]":
    """Return whose money it is and which account it is for; no customer where the meter is not known here."""
    from meterpos.ledger.operations.tenders import PartRequest, UnknownMeter
    from meterpos.ledger.queries.accounts import UnknownMeterOrAccount, resolve

    try:
        with till.store.read() as connection:
            account = resolve(connection, meter)
    except UnknownMeterOrAccount as error:
        if unknown_name is None:
            raise UnknownMeterOrAccount(f"{error} Or let head office place it: add --unknown-name NAME.") from error
        unknown = UnknownMeter(meter_no=meter.strip(), name=unknown_name, phone=unknown_phone)
        return None, PartRequest(amount_minor=amount_minor, invoice_no=invoice, unknown=unknown)
    return account.customer_no, PartRequest(
        account_no=account.account_no,
        amount_minor=amount_minor,
        invoice_no=invoice,
        closed=account.closed_on is not None,
    )


def legs_of(
    method: str | None, reference: str | None, legs: Sequence[str] | None, *, total_minor: int
) -> "tuple[LegRequest, ...]":
    """Return how it is paid: --method for all of it, or one --leg a method."""
    from meterpos.ledger.operations.tenders import LegRequest

    if legs and (method or reference):
        raise typer.BadParameter("give --method (with --reference) or --leg, not both", param_hint="--leg")
    if legs:
        return tuple(_leg(text) for text in legs)
    if method is None:
        raise typer.BadParameter("say how it is paid: --method, or --leg once for each method", param_hint="--method")
    return (LegRequest(method=method, amount_minor=total_minor, reference=reference),)


def _leg(text: str) -> "LegRequest":
    from meterpos.ledger.money import parse_amount
    from meterpos.ledger.operations.tenders import LegRequest

    method, colon, rest = text.partition(":")
    amount, _, reference = rest.partition(":")
    if not colon:
        raise UnusableLegs(
            f"'{text[:40]}' is no leg. Write METHOD:AMOUNT[:REFERENCE], for example mpesa:1500:SKJ3XY71AB.",
            field="leg",
        )
    return LegRequest(method=method.strip(), amount_minor=parse_amount(amount), reference=reference or None)


def sms_of(sms_to: str | None, no_sms: bool) -> str | None:
    """Return the phone the SMS receipt goes to, None for none."""
    from meterpos.ledger.operations.reports import clean_phone

    if sms_to is not None and no_sms:
        raise typer.BadParameter("give --sms-to or --no-sms, not both", param_hint="--no-sms")
    return clean_phone(sms_to) if sms_to is not None else None


def request_of(
    *,
    customer_no: str | None,
    parts: "tuple[PartRequest, ...]",
    legs: "tuple[LegRequest, ...]",
    tendered: str | None,
    tender_id: uuid.UUID | None,
    sms_to: str | None,
) -> "TenderRequest":
    """Return one act of paying as the options name it."""
    from meterpos.ledger.money import parse_amount
    from meterpos.ledger.operations.tenders import TenderRequest
    from meterpos.till import new_tender_id

    return TenderRequest(
        tender_id=tender_id.hex if tender_id is not None else new_tender_id(),
        customer_no=customer_no,
        parts=parts,
        legs=legs,
        tendered_minor=parse_amount(tendered, field="tendered") if tendered is not None else None,
        sms_to=sms_to,
    )


def take(
    till: "Till",
    request: "TenderRequest",
    *,
    clerk: str,
    approval: "Approval | None",
    device: str | None,
    json: bool,
) -> None:
    """Take a tender, print its receipt and tell what was done."""
    from meterpos.ledger.queries.cash import cash_warning

    use_printer(till, device)
    entry = till.take(request=request, clerk=clerk, approval=approval)
    with till.store.read() as connection:
        too_much = cash_warning(connection)
    for sentence in (*_doubts(entry), too_much):
        if sentence:
            show.tell_aside(sentence)
    printed = print_queued(till, entry)
    if json:
        show.as_json(_answer(entry, printed) | {"cash_warning": too_much or None})
    else:
        _tell(entry)


def _doubts(entry: "Entry") -> list[str]:
    """Return a sentence for each reference that does not look like one of its method; none is refused for that."""
    from meterpos.ledger.rules.tenders import reference_warning

    legs = entry.content.body["legs"]
    found = [reference_warning(leg["method"], leg["reference"]) for leg in legs if leg["reference"]]
    return [sentence for sentence in found if sentence is not None]


def _answer(entry: "Entry", printed: str | None) -> dict[str, Any]:
    body = entry.content.body
    parts = body["parts"]
    return {
        "receipt_no": body["number"],
        "entry_id": entry.entry_id,
        "tender_id": body["tender_id"],
        "business_date": entry.content.business_date,
        "shift": entry.content.shift,
        "clerk": entry.content.clerk,
        "customer_no": body["customer"]["no"] if body["customer"] else None,
        "total_minor": sum(part["amount"] for part in parts),
        "tendered_minor": body["tendered"],
        "change_minor": body["change"],
        "legs": [
            {
                "method": leg["method"],
                "amount_minor": leg["amount"],
                "reference": leg["reference"],
                "counts": leg["counts"],
            }
            for leg in body["legs"]
        ],
        "allocation": [part_answer(part) for part in parts],
        "balance_after_minor": sum(part["balance_after"] for part in parts),
        "credit_after_minor": sum(part["credit_after"] for part in parts),
        "printed": printed,
    }


def part_answer(part: dict[str, Any]) -> dict[str, Any]:
    """Return what a payment did to one account, as commands answer."""
    return {
        "account_no": part["account"],
        "meter_no": part["suspense"]["meter_no"] if part["suspense"] else part["meter"],
        "in_suspense": part["suspense"] is not None,
        "amount_minor": part["amount"],
        "lines": [
            {
                "number": line["to"],
                "kind": line["kind"],
                "date": line["date"],
                "amount_minor": line["amount"],
                "left_minor": line["left"],
            }
            for line in part["lines"]
        ],
        "credit_minor": part["credit"],
        "balance_after_minor": part["balance_after"],
        "credit_after_minor": part["credit_after"],
        "reconnects": "reconnect" in part,
    }


def _tell(entry: "Entry") -> None:
    from meterpos.ledger.money import format_amount, format_money

    body = entry.content.body
    total_minor = sum(part["amount"] for part in body["parts"])
    customer = body["customer"]["name"] if body["customer"] else "customer not known here"
    show.tell(f"Took {format_money(total_minor, currency=body['currency'])} from {customer}: {body['number']}")
    if body["tendered"] is not None:
        show.tell(f"Change {format_amount(body['change'])}")
    for part in body["parts"]:
        if part["suspense"]:
            show.tell(
                f"{part['suspense']['meter_no']}: {format_amount(part['amount'])} kept aside for head office to place"
            )
            continue
        for line in part["lines"]:
            show.tell(
                f"{part['meter'] or part['account']}: {format_amount(line['amount'])} to {line['to']}, "
                f"{format_amount(line['left'])} left on it"
            )
        show.tell(
            f"{part['meter'] or part['account']}: balance {format_amount(part['balance_after'])}, "
            f"credit {format_amount(part['credit_after'])}"
        )
    tell_slips(body)


def tell_slips(receipt: Mapping[str, Any]) -> None:
    """Tell which disconnected meters a receipt cleared, and where their slip is."""
    for part in receipt["parts"]:
        if "reconnect" in part:
            show.tell(
                f"{part['meter']}: its debt is paid off; `receipt {receipt['number']} --reconnection` is its slip"
            )
