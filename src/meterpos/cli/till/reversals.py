"""Putting a receipt right with a second person's approval: undone, or moved; another till's is head office's to do."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from meterpos.cli import show
from meterpos.cli.style import Clerk, Json, PinFile, Print, example
from meterpos.cli.till.approvals import Agreement, approvable, of_receipt
from meterpos.cli.till.opened import opened, who_acts
from meterpos.cli.till.payments import part_answer, tell_slips
from meterpos.cli.till.printer import print_queued, use_printer

if TYPE_CHECKING:
    from meterpos.ledger.journal import Entry

Reason = Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why; it stands on the paper.")]


def add_to(group: typer.Typer) -> None:
    """Add this file's commands to the group."""
    group.command(
        "reverse",
        epilog=example(
            "meterpos till reverse KSM01-B7K-000123 --reason 'wrong amount' --refund cash "
            "--approver otieno --approver-pin-file pin.txt"
        ),
    )(reverse)
    group.command(
        "ask-put-right",
        epilog=example("meterpos till ask-put-right KSM02-C4T-000118 --to-meter MTR-010 --reason 'wrong meter'"),
    )(ask_put_right)
    group.command(
        "correct",
        epilog=example(
            "meterpos till correct KSM01-B7K-000123 --to-meter MTR-010 --reason 'wrong meter' "
            "--approver otieno --approver-pin-file pin.txt"
        ),
    )(correct)


def ask_put_right(
    context: typer.Context,
    number: Annotated[str, typer.Argument(metavar="RECEIPT_NO", help="A receipt that another till made.")],
    *,
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why; head office decides by it.")],
    to_meter: Annotated[
        str | None, typer.Option("--to-meter", metavar="M", help="The meter it was meant for; else take it back.")
    ] = None,
    seal: Annotated[
        str | None, typer.Option("--seal", metavar="QR_TEXT", help="What a scanner reads from its QR: MP1...")
    ] = None,
    clerk: Clerk = None,
    pin_file: PinFile = None,
    json: Json = False,
) -> None:
    """Ask head office to put another till's receipt right; nothing changes here until it has decided."""
    with opened(context) as till:
        entry = till.request_putting_right(
            number=number,
            what="reverse" if to_meter is None else "correct",
            reason=reason,
            to_meter=to_meter,
            seal=seal,
            clerk=who_acts(till, clerk=clerk, pin_file=pin_file),
        )
    body = entry.content.body
    if json:
        show.as_json({"receipt_no": body["number"], "entry_id": entry.entry_id, **body})
        return
    show.tell(f"Head office is asked about {body['number']} at the next exchange.")


@approvable
def reverse(
    context: typer.Context,
    number: Annotated[str, typer.Argument(metavar="RECEIPT_NO", help="The receipt to undo.")],
    reason: Reason,
    refund: Annotated[
        Literal["cash", "none"],
        typer.Option("--refund", metavar="cash|none", help="Whether its cash is given back from the drawer."),
    ],
    agreement: Agreement,
    clerk: Clerk = None,
    pin_file: PinFile = None,
    device: Print = None,
    json: Json = False,
) -> None:
    """Reverse a whole receipt of this till in the open shift; the receipt stays, its reversal stands beside it."""
    from meterpos.ledger.money import format_amount, format_money
    from meterpos.till import new_tender_id

    with opened(context) as till:
        use_printer(till, device)
        name = who_acts(till, clerk=clerk, pin_file=pin_file)
        entry = till.reverse(
            number=number.strip().upper(),
            reason=reason,
            refund=refund,
            tender_id=new_tender_id(),
            clerk=name,
            approval=agreement.require(till, lambda: of_receipt(till, "reverse", number), clerk=name),
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
                "approved_by": _approved_by(entry),
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
    _tell_balances(body["parts"])


@approvable
def correct(
    context: typer.Context,
    number: Annotated[str, typer.Argument(metavar="RECEIPT_NO", help="The receipt that names the wrong meter.")],
    *,
    to_meter: Annotated[str, typer.Option("--to-meter", metavar="M", help="The meter it was meant for.")],
    from_meter: Annotated[
        str | None,
        typer.Option("--from-meter", metavar="M", help="The wrong meter, where the receipt has several."),
    ] = None,
    reason: Reason,
    agreement: Agreement,
    clerk: Clerk = None,
    pin_file: PinFile = None,
    device: Print = None,
    json: Json = False,
) -> None:
    """Move a payment to the meter it was meant for: its reversal and its new receipt in one; no cash moves."""
    from meterpos.till import new_tender_id

    with opened(context) as till:
        use_printer(till, device)
        name = who_acts(till, clerk=clerk, pin_file=pin_file)
        entry = till.correct(
            number=number.strip().upper(),
            to_meter=to_meter,
            from_meter=from_meter,
            reason=reason,
            tender_id=new_tender_id(),
            clerk=name,
            approval=agreement.require(till, lambda: of_receipt(till, "correct", number), clerk=name),
        )
        printed = print_queued(till, entry)
    if json:
        show.as_json(
            {
                **_corrected(entry),
                "approved_by": _approved_by(entry),
                "printed": printed,
            }
        )
        return
    undone, made = entry.content.body["reversal"], entry.content.body["tender"]
    show.tell(f"Put right {undone['of']['number']}: taken back by {undone['number']}, paid again as {made['number']}.")
    _tell_balances(undone["parts"])
    _tell_balances(made["parts"])
    tell_slips(made)


def _corrected(entry: "Entry") -> dict[str, Any]:
    undone, made = entry.content.body["reversal"], entry.content.body["tender"]
    return {
        "receipt_no": made["number"],
        "reversal_no": undone["number"],
        "corrects": undone["of"]["number"],
        "entry_id": entry.entry_id,
        "reason": undone["reason"],
        "total_minor": undone["total"],
        "customer_no": made["customer"]["no"] if made["customer"] else None,
        "allocation": [part_answer(part) for part in made["parts"]],
        "balance_after_minor": sum(part["balance_after"] for part in made["parts"]),
        "credit_after_minor": sum(part["credit_after"] for part in made["parts"]),
    }


def _tell_balances(parts: Sequence[Mapping[str, Any]]) -> None:
    from meterpos.ledger.money import format_amount

    for part in parts:
        show.tell(
            f"{part['meter'] or part['account']}: balance {format_amount(part['balance_after'])}, "
            f"credit {format_amount(part['credit_after'])}"
        )


def _approved_by(entry: "Entry") -> str | None:
    approval = entry.content.approval
    return None if approval is None else approval.by
