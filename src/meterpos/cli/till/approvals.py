"""The second person behind a command: their name and PIN, or head office's digits."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from meterpos.cli import show
from meterpos.cli.files import read_pin
from meterpos.cli.style import Json, example
from meterpos.cli.till.opened import NobodyActs, opened
from meterpos.ledger.rules.approvals import ASKED, Asked, Wanted, subject_of

if TYPE_CHECKING:
    from meterpos.ledger.journal import Approval
    from meterpos.till import Till

Approver = Annotated[
    str | None, typer.Option("--approver", metavar="NAME", help="The supervisor or manager who agrees.")
]
ApproverPinFile = Annotated[
    Path | None,
    typer.Option("--approver-pin-file", metavar="FILE", help="A file whose first line is the approver's PIN."),
]
ApprovalCode = Annotated[
    str | None,
    typer.Option("--approval-code", metavar="CODE", help="Instead: head office's answer to `meterpos till challenge`."),
]


def add_to(group: typer.Typer) -> None:
    """Add this file's command to the group."""
    line = "meterpos till challenge --kind reverse --receipt KSM01-B7K-000123"
    group.command("challenge", epilog=example(line))(challenge)


def challenge(
    context: typer.Context,
    kind: Annotated[Asked, typer.Option("--kind", metavar="|".join(ASKED), help="What is to be approved.")],
    receipt: Annotated[
        str | None, typer.Option("--receipt", metavar="RECEIPT_NO", help="The receipt to reverse or correct.")
    ] = None,
    amount: Annotated[str | None, typer.Option("--amount", metavar="A", help="Else how much: a payout, cash.")] = None,
    subject: Annotated[
        str | None,
        typer.Option("--subject", metavar="S", help="With --amount: a plan's customer, or the reference used again."),
    ] = None,
    json: Json = False,
) -> None:
    """Show what to read to head office on the telephone; its answer is used as --approval-code, once."""
    from meterpos.ledger.money import parse_amount

    if (receipt is None) == (amount is None):
        raise typer.BadParameter("give --receipt or --amount", param_hint="--receipt")
    with opened(context) as till:
        if receipt is not None:
            wanted = of_receipt(till, kind, receipt)
        else:
            wanted = Wanted(kind, subject_of(subject or ""), parse_amount(amount or ""))
        text = till.ask_approval(wanted)
    if json:
        show.as_json({"challenge": text})
    else:
        show.tell(text)


def of_receipt(till: "Till", kind: Asked, number: str) -> Wanted:
    """Return what the reversal or correction of a receipt is asked for as. Raises: NoSuchReceipt."""
    from meterpos.ledger.queries.receipts import find_receipt

    with till.store.read() as connection:
        found = find_receipt(connection, number)
    return Wanted(kind, found.number, sum(part["amount"] for part in found.entry.content.body["parts"]))


def approved(
    till: "Till",
    *,
    clerk: str,
    approver: str | None,
    pin_file: Path | None,
    code: str | None = None,
    wanted: Wanted | None = None,
) -> "Approval | None":
    """Return the approval a command was given, None where it was given none; ``wanted`` is what digits must be for.

    Raises: NobodyActs when only half of it was given; what `Till.approve` and `Till.approve_by_code` raise.
    """
    if code is not None and wanted is not None:
        return till.approve_by_code(wanted, code=code, clerk=clerk)
    if approver is None and pin_file is None:
        return None
    if approver is None or pin_file is None:
        raise NobodyActs("Approve with both: --approver NAME --approver-pin-file FILE.", field="approver")
    return till.approve(approver=approver, pin=read_pin(pin_file), clerk=clerk)


def must_be_approved(
    till: "Till", *, kind: Asked, number: str, clerk: str, approver: str | None, pin_file: Path | None, code: str | None
) -> "Approval":
    """Return the approval of putting a receipt right. Raises: as `approved`; NobodyActs when there is none."""
    wanted = None if code is None else of_receipt(till, kind, number)
    given = approved(till, clerk=clerk, approver=approver, pin_file=pin_file, code=code, wanted=wanted)
    if given is None:
        raise NobodyActs(
            "A second person has to approve: --approver NAME --approver-pin-file FILE, or --approval-code CODE.",
            field="approver",
        )
    return given
