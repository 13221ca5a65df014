"""Copies of the ledger for the day the disk dies, and coming back from one."""

from pathlib import Path
from typing import Annotated

import typer

from meterpos.cli import show
from meterpos.cli.files import read_scanned
from meterpos.cli.style import Clerk, Json, PinFile, Yes, example, make_sure
from meterpos.cli.till.opened import opened, who_acts
from meterpos.errors import UserError


class UnusableKey(UserError):
    """The key file cannot be read, or holds no key."""


def add_to(group: typer.Typer) -> None:
    """Add this file's commands to the group."""
    group.command("backup", epilog=example("meterpos till backup /media/stick/ksm01-2026-11-20.db"))(backup)
    group.command("rebuild-from-receipts", epilog=example("meterpos till rebuild-from-receipts scanned.csv"))(
        rebuild_from_receipts
    )
    group.command("restore", epilog=example("meterpos till restore /media/stick/ksm01-2026-11-20.db"))(restore)


def backup(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A new file, best on another medium.")],
    json: Json = False,
) -> None:
    """Copy the ledger, encrypted as it is, while the till works on; the copy is opened and looked at."""
    with opened(context) as till:
        saved = till.backup(file)
    if json:
        answer = {"file": str(file), "till": saved.till_name, "entries": saved.entries, "bytes": saved.size_bytes}
        show.as_json(answer)
        return
    show.tell(f"{file} holds till {saved.till_name} with {saved.entries} entries ({saved.size_bytes / 2**20:.1f} MB).")
    show.tell("It was opened and is whole. It opens with this machine's key, or with the copy head office holds.")


def restore(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="What `backup` made.")],
    *,
    key_file: Annotated[
        Path | None,
        typer.Option("--key-file", metavar="FILE", help="The ledger's key, where this machine has lost it."),
    ] = None,
    yes: Yes = False,
    json: Json = False,
) -> None:
    """Put a backup in the ledger's place, in a new stream; newer entries are saved from the old ledger if it opens."""
    from meterpos.till.restoring import restore_till

    make_sure("The till's ledger will be replaced by this backup (the present one is laid aside).", yes=yes)
    done = restore_till(context.obj, file, key=None if key_file is None else _read_key(key_file))
    if json:
        show.as_json(
            {
                "till": done.till_name,
                "label": done.label,
                "entries": done.entries,
                "saved": done.saved,
                "laid_aside": None if done.laid_aside is None else str(done.laid_aside),
                "needs_code": done.needs_code,
            }
        )
        return
    show.tell(f"Till {done.till_name} is back with {done.entries} entries; its papers go on as {done.label}.")
    if done.laid_aside is not None:
        show.tell(f"{done.saved} newer entries were saved from the ledger that was here; it lies in {done.laid_aside}.")
    if done.needs_code:
        show.tell(
            "This machine lacks the key the till signed with. Ask head office for a code (meterpos headoffice till add "
            f"{done.till_name} --again), then run: meterpos till enrol --server ADDRESS --code CODE"
        )
    show.tell("Now fetch what head office holds of the rest: meterpos till sync")


def rebuild_from_receipts(
    context: typer.Context,
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="A line a receipt: its QR as scanned, then a comma and its method.")
    ],
    *,
    clerk: Clerk = None,
    pin_file: PinFile = None,
    json: Json = False,
) -> None:
    """Claim payments from the QR of receipts customers hold, after every disk died; head office posts them at the sync.

    The method is cash unless the line names mpesa, bank or cheque. Only receipts of payments: a QR does not say whether
    its paper is a reversal, the paper does. All lines are claimed or none.
    """
    receipts = read_scanned(file)
    with opened(context) as till:
        name = who_acts(till, clerk=clerk, pin_file=pin_file)
        done = till.claim_receipts(receipts=receipts, clerk=name)
    if json:
        numbers = [entry.content.body["number"] for entry in done.entries]
        show.as_json({"claimed": numbers, "known": done.known})
        return
    show.tell(f"{len(done.entries)} receipts are claimed; {done.known} are here, or were claimed before.")
    show.tell("Head office posts them when they arrive: meterpos till sync")


def _read_key(file: Path) -> bytes:
    try:
        return bytes.fromhex(file.read_text(encoding="ascii").strip())
    except (OSError, ValueError) as error:
        raise UnusableKey(f"{file} holds no key: 64 hexadecimal digits on one line.", field="key_file") from error
