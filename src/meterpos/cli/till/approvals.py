"""The second person behind a command: their name and PIN."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from meterpos.cli.files import read_pin
from meterpos.cli.till.opened import NobodyActs

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


def approved(till: "Till", *, clerk: str, approver: str | None, pin_file: Path | None) -> "Approval | None":
    """Return the approval a command was given, None where it was given none.

    Raises: NobodyActs when only half of it was given; what `Till.approve` raises.
    """
    if approver is None and pin_file is None:
        return None
    if approver is None or pin_file is None:
        raise NobodyActs("Approve with both: --approver NAME --approver-pin-file FILE.", field="approver")
    return till.approve(approver=approver, pin=read_pin(pin_file), clerk=clerk)
