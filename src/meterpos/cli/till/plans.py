"""Instalment plans at the till: making one, looking at it, and paying on it."""

from datetime import datetime
from typing import Annotated

import typer

from meterpos.cli import show
from meterpos.cli.instalments import tell_plan
from meterpos.cli.style import Clerk, Json, PinFile, Print, example
from meterpos.cli.till.approvals import Agreement, approvable, of_tender
from meterpos.cli.till.opened import opened, who_acts
from meterpos.cli.till.payments import (
    Leg,
    MethodOption,
    NoSms,
    Reference,
    SmsTo,
    Tendered,
    TenderId,
    legs_of,
    request_of,
    sms_of,
    take,
)


def add_to(group: typer.Typer) -> None:
    """Add this file's commands to the group."""
    group.command(
        "pay-plan",
        epilog=example("meterpos till pay-plan --plan PL-0042 --amount 20000 --method bank --reference UTR0081"),
    )(pay_plan)
    group.command(
        "plan-request",
        epilog=example(
            "meterpos till plan-request --customer AC-10482 --capacity 5 --total 240000 "
            "--approver wanjiru --approver-pin-file pin.txt"
        ),
    )(plan_request)
    group.command("plan", epilog=example("meterpos till plan PL-0042"))(plan)


@approvable
def pay_plan(
    context: typer.Context,
    *,
    plan_no: Annotated[str, typer.Option("--plan", metavar="NO", help="The plan's number.")],
    amount: Annotated[str, typer.Option("--amount", metavar="A", help="What is paid; at most what is pending.")],
    method: MethodOption = None,
    reference: Reference = None,
    leg: Leg = None,
    date: Annotated[
        datetime | None,
        typer.Option("--date", metavar="D", formats=["%Y-%m-%d"], help="When the payer paid; else today."),
    ] = None,
    notes: Annotated[str, typer.Option("--notes", metavar="TEXT", help="What the payer says; it is kept.")] = "",
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
    """Take a payment on an instalment plan; the receipt says what is paid and pending."""
    from meterpos.ledger.money import parse_amount
    from meterpos.ledger.operations.tenders import PartRequest
    from meterpos.ledger.queries.plans import find_plan

    amount_minor = parse_amount(amount)
    with opened(context) as till:
        with till.store.read() as connection:
            account = find_plan(connection, plan_no).account
        part = PartRequest(
            account_no=account.account_no,
            amount_minor=amount_minor,
            paid_on=date.date() if date is not None else None,
            notes=notes,
        )
        request = request_of(
            customer_no=account.customer_no,
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
def plan_request(
    context: typer.Context,
    *,
    customer: Annotated[str, typer.Option("--customer", metavar="C", help="The customer's number.")],
    capacity: Annotated[str, typer.Option("--capacity", metavar="KW", help="The capacity in kilowatts; set once.")],
    total: Annotated[str, typer.Option("--total", metavar="A", help="What is to be paid in all; set once.")],
    notes: Annotated[str, typer.Option("--notes", metavar="TEXT", help="What head office should know.")] = "",
    request_id: Annotated[
        str | None, typer.Option("--request-id", metavar="UUID", help="The same again makes the same plan, once.")
    ] = None,
    agreement: Agreement,
    clerk: Clerk = None,
    pin_file: PinFile = None,
    json: Json = False,
) -> None:
    """Make an instalment plan, as a manager or approved by one: usable here at once, numbered by head office."""
    from meterpos.ledger.money import format_amount, parse_amount
    from meterpos.ledger.rules.approvals import Wanted, subject_of
    from meterpos.till import new_tender_id

    total_minor = parse_amount(total, field="total")
    with opened(context) as till:
        name = who_acts(till, clerk=clerk, pin_file=pin_file)
        approval = agreement.approve(till, lambda: Wanted("plan", subject_of(customer), total_minor), clerk=name)
        entry = till.request_plan(
            customer_no=customer,
            capacity_kw=capacity,
            total_minor=total_minor,
            request_id=request_id or new_tender_id(),
            notes=notes,
            clerk=name,
            approval=approval,
        )
    body = entry.content.body
    if json:
        show.as_json(
            {
                "plan_no": body["account"],
                "entry_id": entry.entry_id,
                "customer_no": body["customer"]["no"],
                "capacity_kw": body["capacity_kw"],
                "total_minor": body["total"],
            }
        )
        return
    show.tell(f"Plan {body['account']}: {body['capacity_kw']} kW, {format_amount(total_minor)} in all, {customer}.")
    show.tell("It can be paid here at once; head office gives it its number at the next exchange.")


def plan(
    context: typer.Context,
    number: Annotated[str, typer.Argument(metavar="PLAN", help="The plan's number.")],
    json: Json = False,
) -> None:
    """Show an instalment plan: total, paid, pending, and every payment with who took it and when."""
    from meterpos.ledger.queries.plans import find_plan

    with opened(context) as till, till.store.read() as connection:
        found = find_plan(connection, number)
    tell_plan(found, json=json)
