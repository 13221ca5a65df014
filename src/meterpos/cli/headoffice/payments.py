"""What becomes of payments: statements, confirming, moving, placing, taking back."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from meterpos.cli import show
from meterpos.cli.headoffice.money import Reason
from meterpos.cli.headoffice.opened import Day, day, opened, tell
from meterpos.cli.style import Json, example, new_group

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from meterpos.headoffice.books import Event
    from meterpos.headoffice.feed import Outgoing

payments_app = new_group(help="What becomes of payments: confirmed, cleared, bounced, placed, moved, taken back.")

Receipt = Annotated[str, typer.Argument(metavar="RECEIPT_NO", help="The receipt's number.")]
Number = Annotated[str, typer.Argument(metavar="NUMBER", help="The receipt's number, or the payment's reference.")]
To = Annotated[str, typer.Option("--to", metavar="M", help="The meter or account it is meant for.")]


def add_to(group: typer.Typer) -> None:
    """Add this file's commands to the group."""
    group.command("match", epilog=example("meterpos headoffice match statement.csv --dry-run"))(match)


@payments_app.command("confirm", epilog=example("meterpos headoffice payments confirm SKJ3XY71AB"))
def confirm(context: typer.Context, number: Number, on: Day = None, json: Json = False) -> None:
    """Note that an M-Pesa or bank payment was found in the statement."""
    _say(context, "confirmation", number, on, None, json=json)


@payments_app.command("clear", epilog=example("meterpos headoffice payments clear KSM01-B7K-000123"))
def clear(context: typer.Context, number: Number, on: Day = None, json: Json = False) -> None:
    """Note that a cheque was paid; it counts from now."""
    _say(context, "clearing", number, on, None, json=json)


@payments_app.command("bounce", epilog=example("meterpos headoffice payments bounce 104482 --reason 'no funds'"))
def bounce(context: typer.Context, number: Number, *, reason: Reason, on: Day = None, json: Json = False) -> None:
    """Note that a cheque, transfer or M-Pesa payment was not honoured; it counts no more."""
    _say(context, "bounce", number, on, reason, json=json)


@payments_app.command(
    "reverse", epilog=example("meterpos headoffice payments reverse KSM01-B7K-000123 --reason 'paid twice'")
)
def reverse(context: typer.Context, number: Receipt, *, reason: Reason, on: Day = None, json: Json = False) -> None:
    """Take back all payments of a receipt, whichever till made it; every till hears of it."""
    from meterpos.headoffice import putting_right
    from meterpos.ledger.money import format_amount

    with opened(context) as office, office.write() as (conn, outgoing):
        made_by, amount_minor = putting_right.reverse_receipt(
            conn, outgoing, number=number.strip().upper(), reason=reason, on=day(office, on), at=office.moment().at
        )
    tell(
        f"{made_by}: {format_amount(amount_minor)} of receipt {number} taken back. Give back what is due to its payer.",
        {"number": made_by, "receipt": number, "amount_minor": amount_minor},
        json=json,
    )


@payments_app.command(
    "move", epilog=example("meterpos headoffice payments move KSM01-B7K-000123 --to MTR-010 --reason 'wrong meter'")
)
def move(
    context: typer.Context, number: Receipt, *, to: To, reason: Reason, on: Day = None, json: Json = False
) -> None:
    """Move what a receipt paid to the account it was meant for, whichever till made it."""
    from meterpos.headoffice import putting_right
    from meterpos.ledger.money import format_amount

    with _moving(context, to, reason, on) as (conn, outgoing, where):
        made_by, amount_minor = putting_right.move_receipt(conn, outgoing, number=number.strip().upper(), **where)
    account_no = where["to_account"]
    tell(
        f"{made_by}: {format_amount(amount_minor)} of receipt {number} moved to {account_no}.",
        {"number": made_by, "receipt": number, "to": account_no, "amount_minor": amount_minor},
        json=json,
    )


@payments_app.command(
    "place", epilog=example("meterpos headoffice payments place SKJ3XY71AB --to MTR-010 --reason 'payer called'")
)
def place(
    context: typer.Context, number: Number, *, to: To, reason: Reason, on: Day = None, json: Json = False
) -> None:
    """Place money that waits: in suspense, or on a statement without a payment that names it."""
    from meterpos.headoffice.matching import desk
    from meterpos.ledger.money import format_amount

    with _moving(context, to, reason, on) as (conn, outgoing, where):
        done = desk.place(conn, outgoing, number=number, **where)
    account_no = where["to_account"]
    tell(
        f"{done.number}: {format_amount(done.amount_minor)} placed on {account_no}.",
        {"number": done.number, "account": account_no, "amount_minor": done.amount_minor},
        json=json,
    )


@contextmanager
def _moving(
    context: typer.Context, to: str, reason: str, on: datetime | None
) -> Iterator[tuple["Connection", "Outgoing", dict[str, Any]]]:
    """Yield a transaction, and where money goes in it, why and when."""
    from meterpos.ledger.queries.accounts import resolve

    with opened(context) as office, office.write() as (conn, outgoing):
        where = {
            "to_account": resolve(conn, to).account_no,
            "reason": reason,
            "on": day(office, on),
            "at": office.moment().at,
        }
        yield conn, outgoing, where


@payments_app.command("waiting", epilog=example("meterpos headoffice payments waiting --method cheque"))
def waiting(
    context: typer.Context,
    *,
    method: Annotated[
        str | None, typer.Option("--method", metavar="mpesa|bank|cheque", help="Only those by this method.")
    ] = None,
    json: Json = False,
) -> None:
    """List payments whose money was not seen yet, cheques in hand, and money whose payment is not known."""
    from meterpos.headoffice.matching.waiting import waiting as listed
    from meterpos.ledger.money import format_amount

    with opened(context) as office, office.store.read() as conn:
        found = listed(conn, method=method)
        today = office.moment().today
    if json:
        show.as_json({"waiting": [asdict(one) for one in found]})
        return
    rows = [
        (
            one.state,
            one.number,
            show.METHOD_NAMES[one.method],
            one.reference,
            one.account_no,
            f"{(today - one.on).days} d",
            format_amount(one.amount_minor),
        )
        for one in found
    ]
    columns = ("state", "number", "method", "reference", "account", "age", "amount")
    show.as_table(columns, rows, right=("age", "amount"))
    total_minor = sum(one.amount_minor for one in found)
    show.tell(f"{len(found):,} wait, {format_amount(total_minor)} in all.")


@payments_app.command("callback", epilog=example("meterpos headoffice payments callback"))
def callback(context: typer.Context, json: Json = False) -> None:
    """Show the addresses to give M-Pesa for payments by paybill; whoever knows them can tell of payments."""
    from meterpos.headoffice.matching import callbacks

    with opened(context) as office:
        secret = callbacks.secret(office.settings.home)
    paths = {f"{what}_path": f"/v1/c2b/{secret}/{what}" for what in ("confirmation", "validation")}
    tell(
        f"Give M-Pesa these addresses of this server, and nobody else: {' and '.join(paths.values())}",
        {**paths, "secret": secret},
        json=json,
    )


def match(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A statement of M-Pesa or of a bank, as CSV.")],
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be done.")] = False,
    json: Json = False,
) -> None:
    """Match a statement with payments: confirm what it shows, post paybill money, and name what does not fit."""
    from meterpos.headoffice.matching.money import COUNTED
    from meterpos.headoffice.matching.statements import read_statement
    from meterpos.headoffice.matching.taking import take_statement

    statement = read_statement(file)
    with opened(context) as office:
        moment = office.moment()
        with office.rehearse() if dry_run else office.write() as (conn, outgoing):
            done = take_statement(conn, outgoing, statement, at=moment.at, today=moment.today)
    counts = {name: getattr(done, name) for name in COUNTED}
    if json:
        show.as_json({"kind": statement.kind, "dry_run": dry_run, "left_out": statement.left_out, **counts})
        return
    show.as_pairs([(_MATCHED[name], f"{count:,}") for name, count in counts.items() if count])
    what = "would be matched; nothing was changed" if dry_run else "matched"
    looked = "" if dry_run else " What has to be looked at: meterpos headoffice exceptions list"
    show.tell(f"{len(statement.lines):,} lines {what}, {statement.left_out:,} left out.{looked}")


_MATCHED: Final = {
    "confirmed": "confirmed or cleared",
    "posted": "posted to their meters",
    "in_suspense": "posted to suspense, account unknown",
    "waiting": "wait for their payment",
    "wrong_amount": "with another amount than paid",
    "known": "known already",
    "doubled": "with a reference twice",
    "taken_back": "taken back (bounced)",
    "not_found": "taken back, payment unknown",
    "unseen_payments": "payments the statement does not show",
    "unseen_callbacks": "callbacks the statement does not show",
}


_SAID: Final = {"confirmation": "confirmed", "clearing": "cleared", "bounce": "bounced"}


def _say(
    context: typer.Context, event: "Event", number: str, on: datetime | None, text: str | None, *, json: bool
) -> None:
    from meterpos.headoffice import books

    with opened(context) as office, office.write() as (conn, outgoing):
        made = books.say_of_payments(conn, outgoing, event=event, number=number, on=day(office, on), text=text)
    receipt = made[0].number
    tell(
        f"The payment of {receipt} is {_SAID[event]}.",
        {"receipt": receipt, "event": event, "payments": [fact.of_fact_id for fact in made]},
        json=json,
    )
