"""Undoing a receipt of this till, with a second person's approval."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from meterpos.cli import show
from meterpos.cli.files import read_pin
from meterpos.cli.style import Clerk, Json, PinFile, Print, example
from meterpos.cli.till.opened import opened, who_acts
from meterpos.cli.till.printer import print_queued, use_printer


def add_to(group: typer.Typer) -> None:
    """Add this file's commands to the group."""
    group.command(
        "reverse",
        epilog=example(
            "meterpos till reverse KSM01-B7K-000123 --reason 'wrong amount' --refund cash "
            "--approver otieno --approver-pin-file pin.txt"
        ),
    )(reverse)


def reverse(
    context: typer.Context,
    number: Annotated[str, typer.Argument(metavar="RECEIPT_NO", help="The receipt to undo.")],
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why; it stands on the paper.")],
    refund: Annotated[
        Literal["cash", "none"],
        typer.Option("--refund", metavar="cash|none", help="Whether its cash is given back from the drawer."),
    ],
    approver: Annotated[str, typer.Option("--approver", metavar="NAME", help="The supervisor or manager who agrees.")],
    approver_pin_file: Annotated[
        Path,
        typer.Option("--approver-pin-file", metavar="FILE", help="A file whose first line is the approver's PIN."),
    ],
    clerk: Clerk = None,
    pin_file: PinFile = None,
    device: Print = None,
    json: Json = False,
) -> None:
    """Reverse a whole receipt of this till in the open shift; the receipt stays, its reversal stands beside it."""
    from meterpos.ledger.money import format_amount, format_money
    from meterpos.till import new_tender_id

    approver_pin = read_pin(approver_pin_file)
    with opened(context) as till:
        use_printer(till, device)
        name = who_acts(till, clerk=clerk, pin_file=pin_file)
        entry = till.reverse(
            number=number.strip().upper(),
            reason=reason,
            refund=refund,
            tender_id=new_tender_id(),
            clerk=name,
            approval=till.approve(approver=approver, pin=approver_pin, clerk=name),
        )
        printed = print_queued(till, entry)
    body = entry.content.body
    given_back_minor = sum(one["amount"] for one in body["refund"] if one["how"] == "cash")
    if json:
        show.as_json(
            {
                "receipt_no": body["number"],
                "entry_id": entry.entry_id,
                "reverses": body["of"]["number"],
                "reason": body["reason"],
                "approved_by": approver,
                "total_minor": body["total"],
                "refund_cash_minor": given_back_minor,
                "balance_after_minor": sum(part["balance_after"] for part in body["parts"]),
                "credit_after_minor": sum(part["credit_after"] for part in body["parts"]),
                "printed": printed,
            }
        )
        return
    show.tell(f"Reversed {format_money(body['total'], currency=body['currency'])} of {number}: {body['number']}")
    show.tell(f"Give back {format_amount(given_back_minor)} in cash." if given_back_minor else "No cash is given back.")
    for part in body["parts"]:
        show.tell(
            f"{part['meter'] or part['account']}: balance {format_amount(part['balance_after'])}, "
            f"credit {format_amount(part['credit_after'])}"
        )
