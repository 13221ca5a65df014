"""The second person behind a command: their name and PIN, or head office's digits."""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from meterpos.cli import show
from meterpos.cli.files import read_pin
from meterpos.cli.style import Json, example
from meterpos.cli.till.opened import NobodyActs, opened
from meterpos.ledger.rules.approvals import ASKED, Asked, Wanted, subject_of

if TYPE_CHECKING:
    from meterpos.ledger.journal import Approval
    from meterpos.ledger.operations.tenders import TenderRequest
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


def of_tender(till: "Till", request: "TenderRequest") -> Wanted:
    """Return what a payment needs a second person for: the rest of a used reference, else cash over the limit."""
    from meterpos.ledger.operations.tenders import wanted_approval

    with till.store.read() as connection:
        return wanted_approval(connection, request)


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """What a command was told of a second person: their name and PIN, or head office's digits, or nothing."""

    approver: str | None
    pin_file: Path | None
    code: str | None

    def approve(self, till: "Till", wanted: Callable[[], Wanted], *, clerk: str) -> "Approval | None":
        """Return the approval it gives, None where it says nothing; ``wanted`` tells what digits must be for.

        Raises: NobodyActs when only half of it was given; what `Till.approve` and `Till.approve_by_code` raise.
        """
        if self.code is not None:
            return till.approve_by_code(wanted(), code=self.code, clerk=clerk)
        if self.approver is None and self.pin_file is None:
            return None
        if self.approver is None or self.pin_file is None:
            raise NobodyActs("Approve with both: --approver NAME --approver-pin-file FILE.", field="approver")
        return till.approve(approver=self.approver, pin=read_pin(self.pin_file), clerk=clerk)

    def require(self, till: "Till", wanted: Callable[[], Wanted], *, clerk: str) -> "Approval":
        """Return the approval it gives. Raises: as `approve`; NobodyActs when it says nothing."""
        given = self.approve(till, wanted, clerk=clerk)
        if given is None:
            raise NobodyActs(
                "A second person has to approve: --approver NAME --approver-pin-file FILE, or --approval-code CODE.",
                field="approver",
            )
        return given


def approvable(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options of an approval, before --clerk; it gets what they say as its ``agreement``."""

    @wraps(command)
    def run(
        *arguments: object,
        approver: str | None = None,
        approver_pin_file: Path | None = None,
        approval_code: str | None = None,
        **options: object,
    ) -> None:
        agreement = Agreement(approver=approver, pin_file=approver_pin_file, code=approval_code)
        command(*arguments, agreement=agreement, **options)

    run.__signature__ = _with_options(inspect.signature(command))  # type: ignore[attr-defined]
    kept = {name: kind for name, kind in command.__annotations__.items() if name != "agreement"}
    run.__annotations__ = {**kept, **OPTIONS}
    return run


OPTIONS: Final[Mapping[str, Any]] = {
    "approver": Approver,
    "approver_pin_file": ApproverPinFile,
    "approval_code": ApprovalCode,
}


def _with_options(signature: inspect.Signature) -> inspect.Signature:
    """Return the signature with the three options where its ``agreement`` stands."""
    parameters: list[inspect.Parameter] = []
    for parameter in signature.parameters.values():
        if parameter.name != "agreement":
            parameters.append(parameter)
            continue
        parameters += [
            parameter.replace(name=name, default=None, annotation=annotation) for name, annotation in OPTIONS.items()
        ]
    return signature.replace(parameters=parameters)
