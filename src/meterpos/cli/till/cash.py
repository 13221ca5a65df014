"""Cash that is moved other than by a payment: to the safe, to the bank, out of the drawer, to the next clerk."""

import uuid
from pathlib import Path
from typing import Annotated, Final

import typer

from meterpos.cli import show
from meterpos.cli.files import Counted, read_counted
from meterpos.cli.style import Clerk, Json, PinFile, Print, example
from meterpos.cli.till.approvals import Agreement, approvable
from meterpos.cli.till.opened import NobodyActs, opened, signed_in, who_acts
from meterpos.cli.till.printer import print_queued, use_printer
from meterpos.ledger.rules.approvals import NO_SUBJECT, Wanted
from meterpos.ledger.rules.cash import MOVEMENT_KINDS, MovementKind


def add_to(group: typer.Typer) -> None:
    """Add this file's commands to the group."""
    group.command("cash", epilog=example("meterpos till cash --kind drop --amount 20000"))(cash)
    group.command("open-drawer", epilog=example('meterpos till open-drawer --reason "change for the next clerk"'))(
        open_drawer
    )


@approvable
def cash(
    context: typer.Context,
    *,
    kind: Annotated[
        MovementKind,
        typer.Option(
            "--kind",
            metavar="|".join(MOVEMENT_KINDS),
            help="Into the safe; out of the drawer for good; from the safe to the bank; to the next clerk.",
        ),
    ],
    amount: Annotated[
        str | None, typer.Option("--amount", metavar="A", help="How much; of a handover, what was counted.")
    ] = None,
    counted: Annotated[
        Path | None,
        typer.Option("--counted", metavar="FILE", help="Of a handover: rows of denomination,count, as at the close."),
    ] = None,
    slip: Annotated[str, typer.Option("--slip", metavar="NO", help="The bank's deposit slip.")] = "",
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why; a payout needs it.")] = "",
    to: Annotated[str, typer.Option("--to", metavar="NAME", help="The clerk who takes the drawer over.")] = "",
    to_pin_file: Annotated[
        Path | None, typer.Option("--to-pin-file", metavar="FILE", help="A file whose first line is that clerk's PIN.")
    ] = None,
    agreement: Agreement,
    movement_id: Annotated[
        uuid.UUID | None,
        typer.Option("--movement-id", metavar="UUID", help="Your own id of this: sent twice, it is moved once."),
    ] = None,
    clerk: Clerk = None,
    pin_file: PinFile = None,
    device: Print = None,
    json: Json = False,
) -> None:
    """Move cash: each time its own number and slip. A payout needs a second person, a handover the next clerk's PIN."""
    from meterpos.ledger.money import format_money, parse_amount
    from meterpos.ledger.operations.cash import CashRequest

    if (amount is None) == (counted is None) or (counted is not None and kind != "handover"):
        raise typer.BadParameter("give --amount, or for a handover --counted FILE", param_hint="--amount")
    count = read_counted(counted) if counted is not None else Counted(parse_amount(amount or "", field="amount"))
    with opened(context) as till:
        use_printer(till, device)
        name = who_acts(till, clerk=clerk, pin_file=pin_file)
        if not name:
            raise NobodyActs("No shift is open, so say who acts: --clerk NAME --pin-file FILE.", field="clerk")
        if kind == "handover" and to:
            signed_in(till, clerk=to, pin_file=to_pin_file)
        request = CashRequest(
            movement_id=(movement_id or uuid.uuid4()).hex,
            kind=kind,
            amount_minor=count.minor,
            notes=count.notes,
            slip=slip,
            reason=reason,
            to=to,
        )
        approval = agreement.approve(till, lambda: Wanted("payout", NO_SUBJECT, count.minor), clerk=name)
        entry = till.move_cash(request=request, clerk=name, approval=approval)
        printed = print_queued(till, entry)
    body = entry.content.body
    if json:
        show.as_json(
            {
                "number": body["number"],
                "entry_id": entry.entry_id,
                "kind": body["kind"],
                "amount_minor": body["amount"],
                "difference_minor": body["difference"],
                "slip": body["slip"],
                "to": body["to"],
                "count": [
                    {"denomination_minor": one["denomination"], "count": one["count"]} for one in body.get("count", ())
                ],
                "printed": printed,
            }
        )
        return
    moved = format_money(body["amount"], currency=body["currency"])
    show.tell(f"{_DONE[kind].format(to=to)} {moved}: {body['number']}")
    if kind == "handover":
        from meterpos.ledger.rules.cash import difference_sentence

        show.tell(difference_sentence(body["difference"]))


def open_drawer(
    context: typer.Context,
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why; the shift report counts it.")],
    clerk: Clerk = None,
    pin_file: PinFile = None,
    device: Print = None,
    json: Json = False,
) -> None:
    """Open the cash drawer without a payment: noted first, counted on the reports of the shift (X and Z)."""
    from meterpos.printing.devices import PrinterError
    from meterpos.printing.trial import open_drawer as send_pulse

    with opened(context) as till:
        use_printer(till, device)
        entry = till.open_drawer(reason=reason, clerk=who_acts(till, clerk=clerk, pin_file=pin_file))
        printer, trouble = till.settings.printer, ""
        try:
            told = printer is not None and bool(send_pulse(printer))
        except PrinterError as error:
            told, trouble = False, str(error)
    if json:
        said = entry.content.body["reason"]
        show.as_json({"entry_id": entry.entry_id, "reason": said, "told_to_open": told, "detail": trouble})
        return
    show.tell("The drawer is told to open; the report counts it." if told else "Noted: open the drawer with its key.")
    if trouble:
        show.tell_aside(trouble)


_DONE: Final = {
    "drop": "Put into the safe",
    "payout": "Paid out",
    "banking": "Taken to the bank",
    "handover": "Handed over to {to}",
}
