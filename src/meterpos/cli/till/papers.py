"""Papers after they were made: shown or written again, counted copies, and whether a QR is true."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from meterpos.cli import show
from meterpos.cli.rendering import Columns, PaperFormat, PaperSize, check_columns, rendered
from meterpos.cli.style import CHECK_FOUND, Clerk, Json, PinFile, Print, example
from meterpos.cli.till.opened import NobodyActs, opened, who_acts
from meterpos.cli.till.printer import print_queued, use_printer

if TYPE_CHECKING:
    from meterpos.ledger.journal import Entry
    from meterpos.ledger.queries.seals import Verdict
    from meterpos.printing.document import Document
    from meterpos.till import Till


def add_to(group: typer.Typer) -> None:
    """Add this file's commands to the group."""
    group.command("receipt", epilog=example("meterpos till receipt KSM01-B7K-000123 --format pdf > r.pdf"))(receipt)
    group.command("verify-receipt", epilog=example("meterpos till verify-receipt MP1AEBAGBAFAYDQ..."))(verify_receipt)
    group.command("jobs", epilog=example("meterpos till jobs --limit 10"))(jobs)


def receipt(
    context: typer.Context,
    number: Annotated[str, typer.Argument(metavar="RECEIPT_NO", help="A receipt or a reversal of this till.")],
    format_: Annotated[
        PaperFormat,
        typer.Option("--format", metavar="text|escpos|pdf|png", help="text, printer bytes, PDF, or a picture."),
    ] = "text",
    columns: Columns = None,
    paper_size: PaperSize = None,
    copy: Annotated[
        bool, typer.Option("--copy", help="Make a counted copy that says COPY, as for handing out; else just look.")
    ] = False,
    reconnection: Annotated[
        bool, typer.Option("--reconnection", help="The slip to connect a meter again that came with this receipt.")
    ] = False,
    device: Print = None,
    clerk: Clerk = None,
    pin_file: PinFile = None,
    json: Json = False,
) -> None:
    """Write a receipt to the standard output as it was made, or print a counted copy of it with --copy."""
    from meterpos.ledger.queries.papers import slip_number
    from meterpos.ledger.queries.receipts import find_receipt

    check_columns(columns)
    if device is not None and not copy:
        raise typer.BadParameter("what is printed again is a copy: add --copy", param_hint="--print")
    with opened(context) as till:
        with till.store.read() as connection:
            found = find_receipt(connection, number)
        entry, copy_no, printed = found.entry, 0, None
        if copy:
            use_printer(till, device)
            number = slip_number(found.number) if reconnection else found.number
            copy_no, printed = _copied(till, number, clerk=clerk, pin_file=pin_file, printing=device is not None)
        paper = _composed(till, entry, copy_no=copy_no, reconnection=reconnection)
        width = columns or till.settings.columns
    if json:
        show.as_json(
            {
                "receipt_no": found.number,
                "kind": found.kind,
                "entry_id": entry.entry_id,
                "seal": till.seal(entry),
                "copy": copy_no,
                "copies": max(found.copies, copy_no),
                "reversed_by": found.reversed_by,
                "reverses": found.reverses,
                "printed": printed,
                "text": rendered(paper, "text", columns=width).decode(),
            }
        )
    elif device is None:
        show.as_bytes(rendered(paper, format_, columns=width, size=paper_size))
    else:
        named = f"Copy {copy_no} of {found.number}" if copy_no else f"{found.number}, which had not come out"
        show.tell(f"{named}: {printed}")


def verify_receipt(
    context: typer.Context,
    qr_text: Annotated[str, typer.Argument(metavar="QR_TEXT", help="What a scanner reads from the QR: MP1...")],
    json: Json = False,
) -> None:
    """Say whether a receipt is genuine, from its QR alone and with no network. Exit code 3 unless it is and stands."""
    from meterpos.ledger.queries.seals import verdict

    with opened(context) as till:
        with till.store.read() as connection:
            found = verdict(connection, qr_text)
        at = till.moment().localise(found.seal.at)
    seal = found.seal
    if json:
        show.as_json(
            {
                "verdict": found.truth,
                "receipt_no": seal.number,
                "till": seal.till_name,
                "amount_minor": seal.amount_minor,
                "meter_no": seal.meter_no or None,
                "parts": seal.parts,
                "at": seal.at,
                "is_reversal": found.is_reversal,
                "reversed_by": found.reversed_by,
                "by_revoked_device": found.by_revoked_device,
            }
        )
    else:
        show.tell(_VERDICTS[found.truth].format(till=seal.till_name, by=found.reversed_by))
        _tell_seal(found, f"{at:%d %b %Y %H:%M}")
    if found.truth != "genuine" or found.by_revoked_device:
        raise typer.Exit(CHECK_FOUND)


def jobs(
    context: typer.Context,
    limit: Annotated[int, typer.Option("--limit", metavar="N", min=1, max=1000, help="How many at most.")] = 20,
    json: Json = False,
) -> None:
    """List what was sent to the printer and what became of it, the latest first."""
    from meterpos.ledger.queries import spool

    with opened(context) as till:
        with till.store.read() as connection:
            found = spool.jobs(connection, limit=limit)
        moment = till.moment()
    if json:
        rows = [
            {
                "job": job.job_id,
                "number": job.number,
                "paper": job.paper,
                "copy": job.copy_no,
                "device": job.device,
                "state": job.state,
                "queued_at": job.queued_at,
                "sent_at": job.sent_at,
                "detail": job.detail,
            }
            for job in found
        ]
        show.as_json({"jobs": rows})
    elif found:
        show.as_table(
            ("job", "queued", "number", "copy", "printer", "state", ""),
            [
                (
                    str(job.job_id),
                    f"{moment.localise(job.queued_at):%Y-%m-%d %H:%M}",
                    job.number,
                    str(job.copy_no or ""),
                    job.device,
                    job.state,
                    job.detail,
                )
                for job in found
            ],
            right=("job", "copy"),
        )
    else:
        show.tell("Nothing was sent to a printer yet.")


def _composed(till: "Till", entry: "Entry", *, copy_no: int, reconnection: bool) -> "Document":
    """Return the paper of a receipt, or the reconnection slip that came with it. Raises: NoSuchPaper."""
    from meterpos.ledger.operations.papers import NoSuchPaper
    from meterpos.ledger.queries.papers import reconnections_of
    from meterpos.printing.receipt import compose_receipt
    from meterpos.printing.reconnection import compose_reconnection

    if not reconnection:
        return compose_receipt(entry, seal=till.seal(entry), copy_no=copy_no)
    if not reconnections_of(entry):
        number = entry.content.body["number"]
        raise NoSuchPaper(f"{number} cleared no debt of a disconnected meter: no slip came with it.", field="number")
    return compose_reconnection(entry, seal=till.seal(entry), copy_no=copy_no)


def _copied(
    till: "Till", number: str, *, clerk: str | None, pin_file: Path | None, printing: bool
) -> tuple[int, str | None]:
    """Count one more copy and return its number; with ``printing`` also print it and return what became of it."""
    from meterpos.ledger.operations.papers import record_reprint

    name = who_acts(till, clerk=clerk, pin_file=pin_file)
    if not name:
        raise NobodyActs("No shift is open, so say who asks for the copy: --clerk NAME --pin-file FILE.", field="clerk")
    if not printing:
        with till.store.write() as connection:
            entry = record_reprint(connection, number=number, moment=till.moment(), clerk=name)
        return entry.content.body["copy"], None
    entry = till.reprint(number=number, clerk=name)
    return entry.content.body["copy"], print_queued(till, entry)


_VERDICTS: Final = {
    "genuine": "Genuine when printed: made by till {till}.",
    "reversed": "Genuine when printed by till {till}, but reversed since by {by}: it no longer stands.",
    "forged": "NOT genuine: no device of till {till} made this receipt. Keep the paper and tell a supervisor.",
    "unknown_till": "Cannot say: the keys of till {till} are not known here. Sync, or ask head office.",
}


def _tell_seal(found: "Verdict", at: str) -> None:
    from meterpos.ledger.money import format_money

    seal = found.seal
    if found.by_revoked_device:
        show.tell("Its device was turned away by head office since. Ask there before you trust this paper.")
    show.as_pairs(
        [
            ("Number", seal.number),
            ("Amount", format_money(seal.amount_minor)),
            ("Meter", seal.meter_no or f"{seal.parts} meters"),
            ("Made", at),
        ]
    )
