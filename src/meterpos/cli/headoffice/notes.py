"""`meterpos headoffice note`: credit and debit notes and waivers, asked for by one person, agreed to by another."""

from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from meterpos.cli import show
from meterpos.cli.headoffice.opened import Day, day, opened
from meterpos.cli.style import Json, example, new_group

if TYPE_CHECKING:
    from meterpos.headoffice.billing.notes import Note, NoteKind

app = new_group(help="Credit and debit notes, waivers and write-offs: asked for, agreed to, refused.")

Account = Annotated[str, typer.Argument(metavar="ACCOUNT", help="The account's number.")]
Number = Annotated[str, typer.Argument(metavar="NOTE", help="The note's number.")]
Amount = Annotated[str, typer.Option("--amount", metavar="A", help="How much, for example 2500 or 2,500.50.")]
Reason = Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why; it stands on the statement.")]
AskedBy = Annotated[str, typer.Option("--by", metavar="USER", help="Who asks for it.")]
DecidedBy = Annotated[str, typer.Option("--by", metavar="USER", help="The supervisor or manager who decides.")]


@app.command("credit", epilog=example("meterpos headoffice note credit A00107 --amount 150 --reason leak --by achieng"))
def credit(
    context: typer.Context,
    account: Account,
    *,
    amount: Amount,
    reason: Reason,
    by: AskedBy,
    on: Day = None,
    json: Json = False,
) -> None:
    """Ask to credit an account."""
    tell_note(ask(context, "credit-note", account, amount, reason, by, on), json=json)


@app.command(
    "debit", epilog=example("meterpos headoffice note debit A00107 --amount 150 --reason misread --by achieng")
)
def debit(
    context: typer.Context,
    account: Account,
    *,
    amount: Amount,
    reason: Reason,
    by: AskedBy,
    on: Day = None,
    json: Json = False,
) -> None:
    """Ask to charge an account; a debit is due the day it is agreed to."""
    tell_note(ask(context, "debit-note", account, amount, reason, by, on), json=json)


@app.command("waive", epilog=example("meterpos headoffice note waive A00107 --reason 'was in hospital' --by achieng"))
def waive(
    context: typer.Context,
    account: Account,
    *,
    reason: Reason,
    by: AskedBy,
    amount: Annotated[
        str | None, typer.Option("--amount", metavar="A", help="How much; else its late-payment penalties.")
    ] = None,
    on: Day = None,
    json: Json = False,
) -> None:
    """Ask to give up what an account was asked for being late, or another part of what it owes."""
    tell_note(ask(context, "waiver", account, amount, reason, by, on), json=json)


def ask(
    context: typer.Context,
    kind: "NoteKind",
    account: str,
    amount: str | None,
    reason: str,
    by: str,
    on: datetime | None,
    *,
    to_account: str | None = None,
) -> "Note":
    """Ask for a note, over what its kind is over as a whole where no amount is given."""
    from meterpos.headoffice.billing import notes
    from meterpos.ledger.money import parse_amount

    with opened(context) as office, office.write() as (conn, outgoing):
        return notes.ask(
            conn,
            outgoing,
            kind=kind,
            account_no=account,
            to_account=to_account,
            amount_minor=parse_amount(amount) if amount is not None else notes.WHOLE[kind](conn, account),
            reason=reason,
            by=by,
            on=day(office, on),
            at=office.moment().at,
        )


@app.command("approve", epilog=example("meterpos headoffice note approve NOTE-000012 --by otieno"))
def approve(context: typer.Context, number: Number, *, by: DecidedBy, on: Day = None, json: Json = False) -> None:
    """Agree to a note that waits: it is posted, and the tills hear of it."""
    from meterpos.headoffice.billing import notes

    with opened(context) as office, office.write() as (conn, outgoing):
        note = notes.approve(conn, outgoing, note_no=number, by=by, on=day(office, on), at=office.moment().at)
    tell_note(note, json=json)


@app.command("refuse", epilog=example("meterpos headoffice note refuse NOTE-000012 --by otieno"))
def refuse(context: typer.Context, number: Number, *, by: DecidedBy, on: Day = None, json: Json = False) -> None:
    """Refuse a note that waits: it changes nothing."""
    from meterpos.headoffice.billing import notes

    with opened(context) as office, office.store.write() as conn:
        note = notes.refuse(conn, note_no=number, by=by, on=day(office, on), at=office.moment().at)
    tell_note(note, json=json)


@app.command("list", epilog=example("meterpos headoffice note list --all"))
def list_notes(
    context: typer.Context,
    *,
    every: Annotated[bool, typer.Option("--all", help="Also those that were agreed to or refused.")] = False,
    json: Json = False,
) -> None:
    """List the notes that wait for a second person."""
    from meterpos.headoffice.billing import notes
    from meterpos.ledger.money import format_amount

    with opened(context) as office, office.store.read() as conn:
        found = notes.listed(conn, every=every)
    if json:
        show.as_json({"notes": [asdict(note) for note in found]})
        return
    show.as_table(
        ("note", "kind", "account", "amount", "asked by", "reason", "status"),
        [
            (
                note.note_no,
                note.kind,
                note.account_no,
                format_amount(note.amount_minor),
                note.asked_by,
                note.reason,
                note.status if note.decided_by is None else f"{note.status} by {note.decided_by}",
            )
            for note in found
        ],
        right=("amount",),
    )


def tell_note(note: "Note", *, json: bool) -> None:
    """Say how a note stands."""
    from meterpos.ledger.money import format_amount

    if json:
        show.as_json(asdict(note))
        return
    said = f"{note.note_no}: {note.kind} of {format_amount(note.amount_minor)} on account {note.account_no}"
    if note.status == "waiting":
        show.tell(f"{said} waits for a second person: meterpos headoffice note approve {note.note_no} --by USER")
    elif note.status == "refused":
        show.tell(f"{said} is refused; nothing was changed.")
    else:
        show.tell(f"{said} is posted as {note.adjustment_no}.")
